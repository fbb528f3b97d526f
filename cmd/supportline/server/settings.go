package server

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// inForce are the company's settings as they hold at this moment: what the configuration says, under what people edited of the lines'
// dates in the console. A change holds for the very next webhook; reading costs one atomic load.
type inForce struct {
	configured policy.Settings
	store      *store.Store
	now        atomic.Pointer[policy.Settings]

	mu       sync.Mutex // one who takes an edition at a time, so that what holds never goes back
	read     bool       // the store's editions were
	editions map[policy.Phone]policy.Edition
}

// newInForce begins with the configuration alone.
func newInForce(configured policy.Settings, opened *store.Store) *inForce {
	f := &inForce{configured: configured, store: opened, editions: map[policy.Phone]policy.Edition{}}
	f.now.Store(&configured)
	return f
}

// Settings are what holds now. They are a webhook's to keep, and nobody's to change.
func (f *inForce) Settings() *policy.Settings { return f.now.Load() }

// InForce is Settings for readers outside of calls.
func (f *inForce) InForce() policy.Settings { return *f.now.Load() }

// Configured are the settings without any edit.
func (f *inForce) Configured() policy.Settings { return f.configured }

// load takes the editions that the store has. After an error what held before holds on.
func (f *inForce) load(ctx context.Context) error {
	stored, err := f.store.Editions(ctx)
	if err != nil {
		return err
	}
	f.take(true, stored...)
	return nil
}

// take puts editions in force, unless a newer one of their line is.
func (f *inForce) take(all bool, editions ...policy.Edition) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read = f.read || all
	for _, e := range editions {
		if e.Version > f.editions[e.Line].Version {
			f.editions[e.Line] = e
		}
	}
	edited := f.configured.With(slices.Collect(maps.Values(f.editions)))
	f.now.Store(&edited)
}

// Editions are the store's of a line before a version (0: all), newest first.
func (f *inForce) Editions(ctx context.Context, line policy.Phone, before, limit int) ([]policy.Edition, error) {
	return f.store.LineEditions(ctx, line, before, limit)
}

// ChangeDates changes the dates of a line in the store (see store.Store.ChangeDates), and puts the change in force before it returns. Where
// the editions could not be read at the start, it tries that again.
func (f *inForce) ChangeDates(ctx context.Context, line policy.Phone, seen int, c policy.DatesChange) (policy.Edition, error) {
	after, err := f.store.ChangeDates(ctx, line, seen, c)
	if err != nil {
		return policy.Edition{}, err
	}
	f.take(false, after)
	f.mu.Lock()
	read := f.read
	f.mu.Unlock()
	if !read {
		_ = f.load(ctx) // the server's log has why it could not be read; this change holds all the same
	}
	return after, nil
}

// YAML are the dates in force as the configuration's file writes them.
func (f *inForce) YAML() []byte { return config.DatesYAML(f.now.Load().Lines) }
