package main

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

	mu        sync.Mutex // one who takes an revision at a time, so that what holds never goes back
	read      bool       // the store's revisions were
	revisions map[policy.Phone]policy.ScheduleRevision
}

// newInForce begins with the configuration alone.
func newInForce(configured policy.Settings, opened *store.Store) *inForce {
	f := &inForce{configured: configured, store: opened, revisions: map[policy.Phone]policy.ScheduleRevision{}}
	f.now.Store(&configured)
	return f
}

// Settings are what holds now. They are a webhook's to keep, and nobody's to change.
func (f *inForce) Settings() *policy.Settings { return f.now.Load() }

// InForce is Settings for readers outside of calls.
func (f *inForce) InForce() policy.Settings { return *f.now.Load() }

// Configured are the settings without any edit.
func (f *inForce) Configured() policy.Settings { return f.configured }

// load takes the revisions that the store has. After an error what held before holds on.
func (f *inForce) load(ctx context.Context) error {
	stored, err := f.store.ScheduleRevisions(ctx)
	if err != nil {
		return err
	}
	f.take(true, stored...)
	return nil
}

// take puts revisions in force, unless a newer one of their line is.
func (f *inForce) take(all bool, revisions ...policy.ScheduleRevision) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read = f.read || all
	for _, e := range revisions {
		if e.Version > f.revisions[e.Line].Version {
			f.revisions[e.Line] = e
		}
	}
	edited := f.configured.With(slices.Collect(maps.Values(f.revisions)))
	f.now.Store(&edited)
}

// ScheduleRevisions are the store's of a line before a version (0: all), newest first.
func (f *inForce) ScheduleRevisions(ctx context.Context, line policy.Phone, before, limit int) ([]policy.ScheduleRevision, error) {
	return f.store.LineRevisions(ctx, line, before, limit)
}

// ChangeDates changes the dates of a line in the store (see store.Store.ChangeDates), and puts the change in force before it returns. Where
// the revisions could not be read at the start, it tries that again.
func (f *inForce) ChangeDates(ctx context.Context, line policy.Phone, seen int, c policy.ScheduleChange) (policy.ScheduleRevision, error) {
	after, err := f.store.ChangeDates(ctx, line, seen, c)
	if err != nil {
		return policy.ScheduleRevision{}, err
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
