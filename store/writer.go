package store

import (
	"context"
	"fmt"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// queueLength is how many can wait before the next has to wait to wait.
const queueLength = 1024

// request is one change that waits to be applied.
type request struct {
	ctx   context.Context
	apply func(*batch) error // changes nothing when it fails, unless it runs alone
	alone bool               // in a transaction of its own, which is open in the batch, and rolled back when apply fails
	done  chan error

	mu      sync.Mutex // held while apply runs
	applied bool
	dropped bool  // its sender has left
	err     error // of apply; the commit's comes through done
}

var requests = sync.Pool{New: func() any { return &request{done: make(chan error, 1)} }}

// write changes the file in a transaction of its own.
func (s *Store) write(ctx context.Context, change func(*bolt.Tx) error) error {
	return s.submit(ctx, true, func(b *batch) error { return change(b.tx) })
}

// submit queues a change and waits for the commit that holds it, or for the end of the context: nobody can be made to wait for a disk
// that hangs. A change that was not applied by then never will be. One that was is in a commit under way, and what becomes of it is not
// known to whom leaves.
func (s *Store) submit(ctx context.Context, alone bool, apply func(*batch) error) error {
	r := requests.Get().(*request)
	r.ctx, r.apply, r.alone = ctx, apply, alone
	r.applied, r.dropped, r.err = false, false, nil
	if err := s.enqueue(r); err != nil {
		return err
	}
	select {
	case err := <-r.done:
		r.ctx, r.apply = nil, nil
		requests.Put(r)
		return err
	case <-ctx.Done():
	}
	r.mu.Lock() // a change that is running right now is let finish: it may write to its sender's variables
	defer r.mu.Unlock()
	r.dropped = true
	if r.applied {
		return fmt.Errorf("%w during the commit, so that its outcome is not known", ctx.Err())
	}
	return ctx.Err()
}

func (s *Store) enqueue(r *request) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock()
	defer s.closing.RUnlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.options.ReadOnly:
		return ErrReadOnly
	}
	select {
	case s.queue <- r:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}
