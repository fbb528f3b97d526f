package store

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

const (
	// maxBatch bounds a commit, so that the first of a batch does not wait for an endless queue.
	maxBatch = 256
	// queueLength is how many can wait before the next has to wait to wait.
	queueLength = 1024
)

// request is one change that waits to be applied.
type request struct {
	ctx   context.Context
	apply func(*batch) error // changes nothing when it fails, unless it runs alone
	alone bool               // in a transaction of its own, rolled back when apply fails
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

// serve is the writer: one goroutine for the life of the store. It ends when the queue is closed and empty.
func (s *Store) serve() {
	defer close(s.stopped)
	var waiting []*request
	for {
		var open bool
		if waiting, open = s.collect(waiting[:0]); len(waiting) > 0 {
			s.commitAll(waiting)
		}
		clear(waiting)
		if !open {
			return
		}
	}
}

// collect waits for a request and takes those that wait behind it. While more of them come, it lets their senders go first: a crowd that
// was just answered comes back at once, and each commit that it shares is one less. A lone request waits for nobody.
func (s *Store) collect(waiting []*request) (all []*request, open bool) {
	r, open := <-s.queue
	if !open {
		return waiting, false
	}
	waiting = append(waiting, r)
	seen := 0
	for len(waiting) < maxBatch {
		select {
		case r, open := <-s.queue:
			if !open {
				return waiting, false
			}
			waiting = append(waiting, r)
		default:
			if len(waiting) == seen || len(waiting) == 1 {
				return waiting, true
			}
			seen = len(waiting)
			runtime.Gosched()
		}
	}
	return waiting, true
}

// commitAll applies requests in their order, in as few transactions as can be: those that want to be alone part them.
func (s *Store) commitAll(waiting []*request) {
	for len(waiting) > 0 {
		n := 1
		for !waiting[0].alone && n < len(waiting) && !waiting[n].alone {
			n++
		}
		s.commit(waiting[:n])
		waiting = waiting[n:]
	}
}

// commit applies requests in one transaction and answers each: with its own error, or with the commit's.
func (s *Store) commit(group []*request) {
	started := time.Now()
	b := &batch{recent: &s.recent}
	err := s.transact(b, group)
	s.recent.settle(b, err)
	if err != nil {
		err = fmt.Errorf("the store cannot write: %w", err)
		s.broken.Store(&err)
	} else if b.dirty {
		s.broken.Store(nil)
	}
	if s.options.OnCommit != nil && (b.dirty || err != nil) {
		s.options.OnCommit(time.Since(started), len(group), err)
	}
	for _, r := range group {
		if r.err != nil {
			r.done <- r.err
		} else {
			r.done <- err
		}
	}
}

// transact runs a group in one transaction, committed if anything changed. A panic of bbolt's own fails the group, not the process.
func (s *Store) transact(b *batch, group []*request) (err error) {
	b.tx, err = s.db.Begin(true)
	if err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", ErrDamaged, p, debug.Stack())
		}
		if err != nil || !b.dirty {
			_ = b.tx.Rollback() // after a failed commit there is nothing left to roll back
		}
	}()
	b.open()
	for _, r := range group {
		if b.attempt(r); r.err != nil && r.alone {
			b.dirty = false
		}
	}
	if !b.dirty {
		return nil
	}
	if failure := s.failure.Load(); failure != nil {
		return *failure
	}
	s.growAhead(b.tx.Size())
	return b.tx.Commit()
}
