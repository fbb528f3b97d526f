package store

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	bolt "go.etcd.io/bbolt"
)

const queueLength = 1024

// request is one change that waits to be applied.
type request struct {
	ctx   context.Context
	apply func(*batch) error // leaves the batch unchanged when it fails, unless it runs alone
	alone bool               // in a transaction of its own, the batch's tx, which is rolled back when apply fails
	done  chan error

	mu      sync.Mutex // held while apply runs
	applied bool
	dropped bool  // its sender has left
	err     error // of apply; the commit's is sent on done
}

var requests = sync.Pool{New: func() any { return &request{done: make(chan error, 1)} }}

// write runs change in a transaction of its own.
func (s *Store) write(ctx context.Context, change func(*bolt.Tx) error) error {
	return s.submit(ctx, true, func(b *batch) error { return change(b.tx) })
}

// submit queues a change and waits for the commit that holds it, or for the end of ctx: nobody has to wait for a disk that hangs. A change
// that was not applied when ctx ends never is. If ctx ends while the commit is under way, the outcome is unknown to the caller.
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
	r.mu.Lock() // let a change that is running finish: it may write to its sender's variables
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

// maxBatch bounds the requests in a commit, so that the first of them does not wait for an endless queue.
const maxBatch = 256

// Two goroutines write. applyAll applies the requests, in their order, to the calls that it holds in memory; commitAll writes what was
// applied, a batch in one commit, and answers. So the next batch is prepared while the disk is busy with the last. At most one batch is under
// way. If its commit fails, the requests that were applied on top of it fail too, and the calls in memory are forgotten.

// applyAll runs for the life of the store. It ends when the queue is closed and empty, and everything is committed.
func (s *Store) applyAll() {
	defer close(s.batches)
	next, open := s.newBatch(), true
	for {
		open = s.drain(next, open)
		next.indexEnded()
		queue, batches := s.queue, s.batches // a nil channel is never ready
		if !open || len(next.requests) == maxBatch {
			queue = nil
		}
		if len(next.requests) == 0 {
			batches = nil
		}
		if !open && batches == nil && s.underWay == nil {
			return
		}
		select {
		case r, ok := <-queue:
			open = s.take(next, r, ok)
		case batches <- next:
			s.underWay, next = next, s.newBatch()
		case err := <-s.committed:
			next = s.afterCommit(next, err)
		}
	}
}

// drain applies the requests that wait, and reports whether the queue is still open.
func (s *Store) drain(next *batch, open bool) bool {
	for open && len(next.requests) < maxBatch {
		select {
		case r, ok := <-s.queue:
			open = s.take(next, r, ok)
		default:
			return true
		}
	}
	return open
}

// take applies one request. A request that runs alone waits until nothing else is under way.
func (s *Store) take(next *batch, r *request, open bool) bool {
	switch {
	case !open:
		return false
	case r.alone:
		s.flush(next)
		s.alone(r)
	default:
		if next.attempt(r); r.err != nil {
			r.done <- r.err
		} else {
			next.requests = append(next.requests, r)
		}
	}
	return true
}

// flush commits everything that was applied.
func (s *Store) flush(next *batch) {
	if s.underWay != nil {
		*next = *s.afterCommit(next, <-s.committed)
	}
	if len(next.requests) > 0 {
		last := *next
		s.batches <- &last
		s.underWay = &last
		*next = *s.newBatch()
		*next = *s.afterCommit(next, <-s.committed)
	}
}

// afterCommit handles the result of the commit under way, and returns the batch to go on with. After a commit that failed the content of the
// file is unknown until it is read again, so the requests that were applied on top of it fail as well.
func (s *Store) afterCommit(next *batch, err error) *batch {
	s.underWay = nil
	if err == nil {
		s.recent.shrink(next.changed)
		return next
	}
	s.recent.forget()
	next.answer(err)
	return s.newBatch()
}

// attempt runs one request, unless its sender has left. A panic fails that request alone: a change function runs before anything of it is
// kept.
func (b *batch) attempt(r *request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("a change panicked: %v\n%s", p, debug.Stack())
		}
	}()
	if r.err = r.ctx.Err(); r.err != nil || r.dropped {
		return
	}
	r.applied = true
	r.err = r.apply(b)
}
