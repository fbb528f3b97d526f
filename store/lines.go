package store

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/officernd/supportline/policy"
)

// Lines are a company's lines in force: the configuration, with the dates that people edited in the console. A change is in force for the very next
// webhook, and reading costs one atomic load.
type Lines struct {
	configured policy.Settings
	store      *Store
	now        atomic.Pointer[policy.Settings]

	mu        sync.Mutex // serializes changes, so that what is in force never goes back
	read      bool       // the stored revisions were read
	revisions map[policy.Phone]policy.ScheduleRevision
}

// NewLines returns the lines as configured. Reload puts the stored edits in force.
func NewLines(configured policy.Settings, s *Store) *Lines {
	l := &Lines{configured: configured, store: s, revisions: map[policy.Phone]policy.ScheduleRevision{}}
	l.now.Store(&configured)
	return l
}

// Settings returns what is in force. The caller may keep it, and must not change it.
func (l *Lines) Settings() *policy.Settings { return l.now.Load() }

// InForce returns a copy of Settings.
func (l *Lines) InForce() policy.Settings { return *l.now.Load() }

// Configured returns the settings without any edit.
func (l *Lines) Configured() policy.Settings { return l.configured }

// Reload puts the stored edits in force. After an error, what was in force stays so.
func (l *Lines) Reload(ctx context.Context) error {
	stored, err := l.store.ScheduleRevisions(ctx)
	if err != nil {
		return err
	}
	l.take(true, stored...)
	return nil
}

// take puts revisions in force, unless a newer one of their line is. all reports whether they are all that are stored.
func (l *Lines) take(all bool, revisions ...policy.ScheduleRevision) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read = l.read || all
	for _, e := range revisions {
		if e.Version > l.revisions[e.Line].Version {
			l.revisions[e.Line] = e
		}
	}
	edited := l.configured.With(slices.Collect(maps.Values(l.revisions)))
	l.now.Store(&edited)
}

// ScheduleRevisions returns the revisions of a line before a version (0: all), newest first.
func (l *Lines) ScheduleRevisions(ctx context.Context, line policy.Phone, before, limit int) ([]policy.ScheduleRevision, error) {
	return l.store.LineRevisions(ctx, line, before, limit)
}

// ChangeDates changes the dates of a line in the store (see Store.ChangeDates), and puts the change in force before it returns. If the stored edits
// could not be read at the start, it tries again.
func (l *Lines) ChangeDates(ctx context.Context, line policy.Phone, seen int, c policy.ScheduleChange) (policy.ScheduleRevision, error) {
	after, err := l.store.ChangeDates(ctx, line, seen, c)
	if err != nil {
		return policy.ScheduleRevision{}, err
	}
	l.take(false, after)
	l.mu.Lock()
	read := l.read
	l.mu.Unlock()
	if !read {
		_ = l.Reload(ctx) // the server's log has why it could not be read; this change is in force all the same
	}
	return after, nil
}
