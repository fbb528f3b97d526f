package store

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
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
	err   error              // of apply; the commit's comes through done
	taken atomic.Bool        // by the writer to apply it, or by its sender to drop it
	done  chan error
}

var requests = sync.Pool{New: func() any { return &request{done: make(chan error, 1)} }}

// write changes the file in a transaction of its own.
func (s *Store) write(ctx context.Context, change func(*bolt.Tx) error) error {
	return s.submit(ctx, true, func(b *batch) error { return change(b.tx) })
}

// submit queues a change and waits for the commit that holds it. A request whose context ends before it is applied is dropped; once
// applied it is waited for, so that the answer is always the truth.
func (s *Store) submit(ctx context.Context, alone bool, apply func(*batch) error) error {
	r := requests.Get().(*request)
	r.ctx, r.apply, r.alone, r.err = ctx, apply, alone, nil
	r.taken.Store(false)
	if err := s.enqueue(r); err != nil {
		return err
	}
	select {
	case err := <-r.done:
		requests.Put(r)
		return err
	case <-ctx.Done():
	}
	if r.taken.CompareAndSwap(false, true) {
		return ctx.Err() // the writer will come past it and leave it
	}
	err := <-r.done
	requests.Put(r)
	return err
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

// collect waits for a request and takes those that wait behind it.
func (s *Store) collect(waiting []*request) (all []*request, open bool) {
	r, open := <-s.queue
	if !open {
		return waiting, false
	}
	waiting = append(waiting, r)
	for len(waiting) < maxBatch {
		select {
		case r, open := <-s.queue:
			if !open {
				return waiting, false
			}
			waiting = append(waiting, r)
		default:
			return waiting, true
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
	group = taken(group)
	if len(group) == 0 {
		return
	}
	started := time.Now()
	b := &batch{live: &s.live}
	err := s.transact(b, group)
	s.live.settle(b, err)
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

// taken leaves out the requests that nobody waits for any more.
func taken(group []*request) []*request {
	kept := group[:0]
	for _, r := range group {
		if !r.taken.CompareAndSwap(false, true) {
			continue
		}
		if err := r.ctx.Err(); err != nil {
			r.done <- err
			continue
		}
		kept = append(kept, r)
	}
	return kept
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
		if r.err = b.attempt(r); r.err != nil && r.alone {
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
