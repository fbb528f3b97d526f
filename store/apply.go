package store

import (
	"fmt"
	"runtime/debug"
)

// maxBatch bounds a commit, so that the first of a batch does not wait for an endless queue.
const maxBatch = 256

// Two goroutines write. This one applies the requests, in their order, to the calls as it holds them in memory; the other one brings what
// was applied into the file, a batch in one commit, and answers. So the next batch is made ready while the disk is busy with the last.
// At most one batch is on its way. If its commit fails, what was applied on top of it fails too, and memory is forgotten.

// applyAll runs for the life of the store. It ends when the queue is closed and empty, and everything is committed.
func (s *Store) applyAll() {
	defer close(s.batches)
	next, open := s.newBatch(), true
	for {
		open = s.drain(next, open)
		next.settleEnded()
		queue, batches := s.queue, s.batches // a nil channel is never ready
		if !open || len(next.requests) == maxBatch {
			queue = nil
		}
		if len(next.requests) == 0 {
			batches = nil
		}
		if !open && batches == nil && !s.underWay {
			return
		}
		select {
		case r, ok := <-queue:
			open = s.take(next, r, ok)
		case batches <- next:
			s.underWay, next = true, s.newBatch()
		case err := <-s.committed:
			next = s.settle(next, err)
		}
	}
}

// drain applies what waits already.
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

// take applies one request. Those that want a transaction of their own wait until nothing else is under way.
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

// flush brings everything that was applied into the file.
func (s *Store) flush(next *batch) {
	if s.underWay {
		*next = *s.settle(next, <-s.committed)
	}
	if len(next.requests) > 0 {
		last := *next
		s.batches <- &last
		s.underWay = true
		*next = *s.newBatch()
		*next = *s.settle(next, <-s.committed)
	}
}

// settle takes in how the commit under way ended, and gives the batch to go on with: after a commit that failed nobody knows what the
// file holds until it is read again, so what was applied on top of it fails as well.
func (s *Store) settle(next *batch, err error) *batch {
	s.underWay = false
	if err == nil {
		s.recent.shrink(next.changed)
		return next
	}
	s.recent.forget()
	next.answer(err)
	return s.newBatch()
}

// attempt runs one request, unless its sender has left. What panics fails that request alone: a change function runs before anything of
// it is kept.
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
