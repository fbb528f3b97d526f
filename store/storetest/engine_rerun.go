package storetest

import (
	"context"
	"errors"

	"github.com/officernd/supportline/store"
)

// Rerunning returns an engine that makes the worst of what store.Engine allows: each function of View and Update runs for the first time in vain, on a
// reader that is lost after some reads, and now and then a group of changes fails, as if others had been in the way.
func Rerunning(e store.Engine) store.Engine { return &rerunning{Engine: e} }

type rerunning struct {
	store.Engine
	calls, commits counter
}

var errLost = errors.New("the connection was lost")

// lives are how many reads succeed before the reader is lost.
const lives = 7

func (e *rerunning) View(ctx context.Context, read func(store.Reader) error) error {
	left := e.calls.add() % lives
	err := e.Engine.View(ctx, func(r store.Reader) error {
		_ = read(&losing{Reader: r, left: &left}) // the engine's error counts
		return errLost
	})
	if !errors.Is(err, errLost) {
		return err
	}
	return e.Engine.View(ctx, read)
}

func (e *rerunning) Update(ctx context.Context, change func(store.Writer) error) error {
	left := e.calls.add() % lives
	err := e.Engine.Update(ctx, func(w store.Writer) error {
		_ = change(&losingWriter{losing{Reader: w, left: &left}, w})
		return errLost
	})
	if !errors.Is(err, errLost) {
		return err
	}
	return e.Engine.Update(ctx, change)
}

func (e *rerunning) Commit(ctx context.Context, changes []store.Change) (held []bool, err error) {
	if e.commits.add()%3 != 0 {
		return e.Engine.Commit(ctx, changes)
	}
	var others []store.Change // those that nobody can be in the way of
	var at []int
	for i, c := range changes {
		if len(c.Expect) == 0 {
			others, at = append(others, c), append(at, i)
		}
	}
	some, err := e.Engine.Commit(ctx, others)
	if err != nil {
		return nil, err
	}
	held = make([]bool, len(changes))
	for i, h := range some {
		held[at[i]] = h
	}
	return held, nil
}

// losing is a reader that is lost after some reads.
type losing struct {
	store.Reader
	left *int
}

func (l *losing) lost() bool {
	*l.left--
	return *l.left < 0
}

func (l *losing) Get(b store.Bucket, key []byte) []byte {
	if l.lost() {
		return nil
	}
	return l.Reader.Get(b, key)
}

func (l *losing) Fetch(entries []store.Entry) {
	if !l.lost() {
		l.Reader.Fetch(entries)
		return
	}
	for i := range entries {
		entries[i].Value = nil
	}
}

func (l *losing) Scan(spans ...store.Span) []store.Cursor {
	cursors := l.Reader.Scan(spans...)
	for i, c := range cursors {
		cursors[i] = &losingCursor{c, l}
	}
	return cursors
}

func (l *losing) Count(s store.Span, most int) int {
	if l.lost() {
		return 0
	}
	return l.Reader.Count(s, most)
}

type losingCursor struct {
	store.Cursor
	losing *losing
}

func (c *losingCursor) Next() (key, value []byte) {
	if c.losing.lost() {
		return nil, nil
	}
	return c.Cursor.Next()
}

func (c *losingCursor) Seek(key []byte) (k, value []byte) {
	if c.losing.lost() {
		return nil, nil
	}
	return c.Cursor.Seek(key)
}

type losingWriter struct {
	losing
	w store.Writer
}

func (l *losingWriter) Put(b store.Bucket, key, value []byte) { l.w.Put(b, key, value) }
func (l *losingWriter) Delete(b store.Bucket, key []byte)     { l.w.Delete(b, key) }
func (l *losingWriter) Clear(b store.Bucket)                  { l.w.Clear(b) }
