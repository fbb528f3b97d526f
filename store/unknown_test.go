package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// unsure is an engine whose commits can fail after they wrote, as one does whose last sync fails.
type unsure struct {
	store.Engine
	commits int
	fails   bool
}

func (e *unsure) Commit(ctx context.Context, changes []store.Change) ([]bool, error) {
	held, err := e.Engine.Commit(ctx, changes)
	if e.commits++; e.fails {
		return nil, errors.Join(err, fmt.Errorf("%w: %w", store.ErrUnknown, syscall.EIO))
	}
	return held, err
}

// TestWhatMayBeGoneIsNotAcknowledged: a request comes again after a commit whose outcome is unknown, and finds that it is done. Its answer waits for a
// commit, which is what makes the one before durable, and fails while there is none.
func TestWhatMayBeGoneIsNotAcknowledged(t *testing.T) {
	file, err := bolt.Open(filepath.Join(t.TempDir(), "supportline.db"), bolt.Options{Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	e := &unsure{Engine: file}
	s, err := store.Open(t.Context(), e, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	there := false // what the request is to do
	answer := func() error {
		_, err := s.Advance(t.Context(), "CA1", func(c policy.Call) policy.Call {
			there, c.Customer = c.Customer != "", "204518"
			return c
		})
		return err
	}
	e.fails = true
	for range 3 {
		if err := answer(); !errors.Is(err, store.ErrUnknown) || !errors.Is(err, syscall.EIO) {
			t.Errorf("while no outcome is known: %v", err)
		}
	}
	e.fails = false
	for range 2 {
		if err := answer(); err != nil || !there {
			t.Errorf("it comes again: %v; it finds its effect: %v", err, there)
		}
	}
	if e.commits != 4 {
		t.Errorf("%d commits, want 3 that failed and one", e.commits)
	}
}
