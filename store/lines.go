package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
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

// Reload puts the stored edits in force, also those that another process stored. From the second time on it reads the newest edit of each configured
// line alone, in one round trip. After an error, what was in force stays so.
func (l *Lines) Reload(ctx context.Context) error {
	l.mu.Lock()
	read := l.read
	l.mu.Unlock()
	stored, err := []policy.ScheduleRevision(nil), error(nil)
	if read {
		stored, err = l.store.newestRevisions(ctx, l.configured.Lines)
	} else {
		stored, err = l.store.ScheduleRevisions(ctx)
	}
	if err != nil {
		return err
	}
	l.take(true, stored...)
	return nil
}

// take puts revisions in force, unless a newer one of their line is. all reports whether they are all that are stored, and read whether those
// were ever read.
func (l *Lines) take(all bool, revisions ...policy.ScheduleRevision) (read bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read = l.read || all
	news := false
	for _, e := range revisions {
		if e.Version > l.revisions[e.Line].Version {
			l.revisions[e.Line], news = e, true
		}
	}
	if !news {
		return l.read
	}
	edited := l.configured.With(slices.Collect(maps.Values(l.revisions)))
	l.now.Store(&edited)
	return l.read
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
	if read := l.take(false, after); !read {
		_ = l.Reload(ctx) // the server's log has why it could not be read; this change is in force all the same
	}
	return after, nil
}

// ScheduleRevisions returns the newest revision of each line whose dates were ever edited, by line.
func (s *Store) ScheduleRevisions(ctx context.Context) ([]policy.ScheduleRevision, error) {
	all, err := fetch(ctx, s, func(tx Reader) ([]policy.ScheduleRevision, error) { return revisionTable.in(tx, span{back: true}) })
	newest := slices.CompactFunc(all, func(a, b policy.ScheduleRevision) bool { return a.Line == b.Line })
	slices.SortFunc(newest, func(a, b policy.ScheduleRevision) int { return strings.Compare(a.Line.Full(), b.Line.Full()) })
	return newest, err
}

// newestRevisions returns the newest revision of each of some lines whose dates were ever edited.
func (s *Store) newestRevisions(ctx context.Context, lines []policy.Line) ([]policy.ScheduleRevision, error) {
	return fetch(ctx, s, func(tx Reader) (found []policy.ScheduleRevision, err error) {
		var spans []Span
		for _, l := range lines {
			spans = append(spans, under(revisionPrefix(l.Number)).backwards().first(1).of(datesBucket))
		}
		for _, newest := range tx.Scan(spans...) {
			k, v := newest.Next()
			if k == nil {
				continue
			}
			e, err := revisionTable.decode(k, v)
			if err != nil {
				return nil, err
			}
			found = append(found, e)
		}
		return found, nil
	})
}

// LineRevisions returns the revisions of a line before a version (0 for all), newest first, at most limit.
func (s *Store) LineRevisions(ctx context.Context, line policy.Phone, before, limit int) ([]policy.ScheduleRevision, error) {
	return newestVersions(ctx, s, revisionTable, revisionPrefix(line), before, limit)
}

// ChangeDates adds an revision of a line's dates and notes it in the audit, in one step, if seen is still the newest version. Otherwise the
// error is policy.ErrScheduleChanged, with what somebody else changed. The other errors are those of policy.ScheduleRevision.Changed.
func (s *Store) ChangeDates(ctx context.Context, line policy.Phone, seen int, c policy.ScheduleChange) (policy.ScheduleRevision, error) {
	return update(ctx, s, func(t *step) (after policy.ScheduleRevision, err error) {
		before, since, err := newestSince(t.tx, revisionTable, revisionPrefix(line), seen, func(e policy.ScheduleRevision) int { return e.Version })
		switch {
		case err != nil:
			return after, err
		case before.Version != seen:
			return after, overtaken(policy.ErrScheduleChanged, since, func(e policy.ScheduleRevision) (string, time.Time) { return e.Words(), e.At })
		}
		before.Line = line
		if after, err = before.Changed(c); err != nil {
			return after, err
		}
		if err := revisionTable.put(t.tx, versionKey(revisionPrefix(line), after.Version), nil, after); err != nil {
			return after, err
		}
		detail := fmt.Sprintf("version %d: %s", after.Version, after.Change)
		return after, s.note(ctx, t.tx, users.AuditEntry{At: c.At, By: c.By, Act: users.ActLineDates, Subject: line.Full(), Detail: detail, Reason: c.Reason})
	})
}

// versionsBack returns the versions of a table's record, whose keys begin with a prefix and end with the version, before a version (0 for all), newest
// first.
func versionsBack[T any](tx Reader, t table[T], prefix []byte, before int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		own := under(prefix).backwards()
		if before > 0 {
			own.to = versionKey(prefix, before)
		}
		for k, v := range own.in(tx, t.bucket) {
			if e, err := t.decode(k, v); !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// newestVersions returns the versions of a table's record before a version (0 for all), newest first, at most limit.
func newestVersions[T any](ctx context.Context, s *Store, t table[T], prefix []byte, before, limit int) ([]T, error) {
	return fetch(ctx, s, func(tx Reader) (found []T, err error) {
		for e, err := range versionsBack(tx, t, prefix, before) {
			if err != nil || len(found) == limit {
				return found, err
			}
			found = append(found, e)
		}
		return found, nil
	})
}

// newestSince returns the newest version of a table's record, the zero record if there is none, and all that are newer than the version that somebody saw,
// newest first.
func newestSince[T any](tx Reader, t table[T], prefix []byte, seen int, version func(T) int) (newest T, since []T, err error) {
	first := true
	for e, err := range versionsBack(tx, t, prefix, 0) {
		if err != nil {
			return newest, nil, err
		}
		if first {
			newest, first = e, false
		}
		if version(e) <= seen {
			break
		}
		since = append(since, e)
	}
	return newest, since, nil
}

// versionKey returns a key of a prefix and a version: the newest version has the last key.
func versionKey(prefix []byte, version int) []byte {
	return binary.BigEndian.AppendUint32(bytes.Clone(prefix), uint32(version))
}

func revisionPrefix(line policy.Phone) []byte { return indexKey(nil).part(line.Full()) }

// maxTold is how many changes of others a person is told of who saw an earlier version.
const maxTold = 5

// overtaken returns an error for a person who saw an earlier version, with the changes of others since, newest first; change returns one in words.
func overtaken[T any](changed error, since []T, change func(T) (words string, at time.Time)) error {
	var told []string
	for _, e := range since[:min(len(since), maxTold)] {
		words, at := change(e)
		told = append(told, fmt.Sprintf("%s at %s", words, at.UTC().Format("2006-01-02 15:04:05 UTC")))
	}
	slices.Reverse(told)
	switch more := len(since) - len(told); {
	case len(told) == 0:
		return fmt.Errorf("%w since you looked", changed)
	case more > 0:
		told = slices.Insert(told, 0, fmt.Sprintf("%d earlier changes", more))
	}
	return fmt.Errorf("%w since you looked: %s", changed, strings.Join(told, "; "))
}
