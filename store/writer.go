package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/officernd/supportline/policy"
)

const queueLength = 1024

// commitPatience bounds a commit, and the reading before it: longer than an engine takes that is there at all. Who waits for one leaves sooner.
const commitPatience = 10 * time.Second

// updatePatience bounds an update, such as an import of a whole directory.
const updatePatience = 10 * time.Minute

// request is one change that waits to be applied.
type request struct {
	ctx   context.Context
	sid   policy.CallSID    // of the call that apply changes; "": none
	apply func(*step) error // leaves the step unchanged when it fails, unless it runs alone
	alone bool              // in a transaction of its own, the step's tx, which is rolled back when apply fails
	bulk  []Change          // to commit by themselves instead of apply
	done  chan error

	mu      sync.Mutex // held while apply runs
	applied bool
	dropped bool  // its sender has left
	tries   int   // how often apply ran
	err     error // of apply; the commit's is sent on done
}

// write runs change in a transaction of its own. change may run again from the beginning.
func (s *Store) write(ctx context.Context, change func(Writer) error) error {
	return s.alone(ctx, func(t *step) error { return change(t.tx) })
}

// alone runs change as a step in a transaction of its own.
func (s *Store) alone(ctx context.Context, change func(*step) error) error {
	r := s.newRequest(ctx)
	r.apply, r.alone = change, true
	return s.submit(r)
}

// advanceBy queues a change of one call, for the next group commit.
func (s *Store) advanceBy(ctx context.Context, sid policy.CallSID, change func(*step) error) error {
	r := s.newRequest(ctx)
	r.sid, r.apply = sid, change
	return s.submit(r)
}

// commitAlone commits changes that were made beside the queue, and reports which of them hold.
func (s *Store) commitAlone(ctx context.Context, changes []Change) error {
	r := s.newRequest(ctx)
	r.bulk, r.alone = changes, true
	return s.submit(r)
}

func (s *Store) newRequest(ctx context.Context) *request {
	r, used := s.requests.Get().(*request)
	if !used {
		r = &request{done: make(chan error, 1)}
	}
	r.ctx, r.sid, r.apply, r.alone, r.bulk = ctx, "", nil, false, nil
	r.applied, r.dropped, r.tries, r.err = false, false, 0, nil
	return r
}

// submit queues a request and waits for the commit that holds it, or for the end of its context: nobody has to wait for a disk that hangs. A change
// that was not applied when the context ends never is. If it ends while the commit is under way, the outcome is unknown to the caller.
func (s *Store) submit(r *request) error {
	if err := s.enqueue(r); err != nil {
		return err
	}
	ctx := r.ctx
	select {
	case err := <-r.done:
		r.ctx, r.apply, r.bulk = nil, nil, nil
		s.requests.Put(r)
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
// applied, a batch in one commit, and answers. So the next batch is prepared while the engine is busy with the last. At most one batch is under
// way. If its commit fails, the requests that were applied on top of it fail too, and the calls in memory are forgotten. A request whose call
// another process changed meanwhile is applied again, to what that process wrote.

// outcome is the end of a batch.
type outcome struct {
	err    error
	failed []*step // that do not hold; nil after an error
}

// applyAll runs for the life of the store. It ends when the queue is closed and empty, and everything is committed.
func (s *Store) applyAll() {
	defer close(s.batches)
	next, open := s.newBatch(), true
	for {
		open = s.drain(next, open)
		if s.runLater(next); len(s.later) > 0 {
			continue // after those that share a commit and came meanwhile
		}
		s.indexEnded(next)
		queue, batches := s.queue, s.batches // a nil channel is never ready
		if !open || next.requests >= maxBatch {
			queue = nil
		}
		if next.requests == 0 {
			batches = nil
		}
		if !open && batches == nil && s.underWay == nil {
			return
		}
		select {
		case r, ok := <-queue:
			open = ok
			s.takeAll(next, s.waiting(r, ok, next.room()-1))
		case batches <- next:
			s.underWay, next = next, s.newBatch()
		case did := <-s.committed:
			next = s.afterCommit(next, did)
		}
	}
}

// drain applies the requests that wait, and reports whether the queue is still open.
func (s *Store) drain(next *batch, open bool) bool {
	for open && next.room() > 0 {
		select {
		case r, ok := <-s.queue:
			open = ok
			s.takeAll(next, s.waiting(r, ok, next.room()-1))
		default:
			return true
		}
	}
	return open
}

// waiting returns a request, unless the queue was closed instead, and those that wait behind it, at most so many.
func (s *Store) waiting(first *request, ok bool, most int) []*request {
	if !ok {
		return nil
	}
	list := append(s.taken[:0], first)
	for len(list) <= most {
		select {
		case r, ok := <-s.queue:
			if !ok { // it stays closed: the next look sees it
				return list
			}
			list = append(list, r)
		default:
			return list
		}
	}
	return list
}

// takeAll applies requests in their order. Those that run alone wait until nothing else is under way.
func (s *Store) takeAll(next *batch, list []*request) {
	s.taken = list
	for len(list) > 0 {
		if list[0].alone {
			s.flush(next)
			s.runAlone(list[0])
			list = list[1:]
			continue
		}
		n := slices.IndexFunc(list, func(r *request) bool { return r.alone })
		if n < 0 {
			n = len(list)
		}
		s.apply(next, list[:n])
		list = list[n:]
	}
}

// apply applies requests of the group to what is read of their calls at once.
func (s *Store) apply(next *batch, list []*request) {
	if err := s.look(next, list); err != nil {
		for _, r := range list {
			r.done <- s.wrote(err)
		}
		return
	}
	for _, r := range list {
		t := next.newStep(r)
		switch t.attempt(); {
		case errors.Is(r.err, errAlone):
			s.later = append(s.later, r)
		case r.err != nil:
			r.done <- r.err
		default:
			next.add(t)
		}
	}
}

// errAlone is that a change has to run in a transaction of its own, since it takes from a search term what may be the last call that it leads to.
var errAlone = errors.New("the change has to run alone")

// fewAlone is how many requests that turned out to have to run alone do so before those that share a commit go on: webhooks do not wait until a burst of
// missed calls is written.
const fewAlone = 4

// runLater runs the first few requests that turned out to have to run alone.
func (s *Store) runLater(next *batch) {
	if len(s.later) == 0 {
		return
	}
	s.flush(next)
	for range min(fewAlone, len(s.later)) {
		first := s.later[0]
		s.later = s.later[1:]
		s.runAlone(first)
	}
}

// flush commits everything that was applied.
func (s *Store) flush(next *batch) {
	for s.underWay != nil || next.requests > 0 {
		if s.underWay == nil {
			last := *next
			s.batches <- &last
			s.underWay = &last
			*next = *s.newBatch()
		}
		*next = *s.afterCommit(next, <-s.committed)
	}
}

// maxTries is how often a request is applied while other processes change its call each time.
const maxTries = 100

// afterCommit handles the outcome of the commit under way, and returns the batch to go on with. After a commit that failed what the engine has is
// unknown until it is read again, so the requests that were applied on top of it fail as well. Requests that do not hold are applied again, with
// those of the next batch that were applied on top of them.
func (s *Store) afterCommit(next *batch, did outcome) *batch {
	s.underWay = nil
	if did.err != nil {
		s.recent.forget()
		next.answer(did.err)
		return s.newBatch()
	}
	s.recent.shrink(next.changed)
	if len(did.failed) == 0 {
		return next
	}
	stale := map[policy.CallSID]bool{}
	for _, t := range did.failed {
		stale[t.sid] = true
		s.recent.drop(t.sid)
	}
	s.again(next, append(did.failed, next.without(stale)...))
	return next
}

// again applies the requests of some steps anew.
func (s *Store) again(next *batch, steps []*step) {
	var list []*request
	for _, t := range steps {
		switch {
		case t.request == nil: // the facets of a call that ended
			s.ended = append(s.ended, t.sid)
		case t.request.tries >= maxTries:
			t.request.done <- fmt.Errorf("call %s was changed by others each of %d times", t.sid, maxTries)
		default:
			list = append(list, t.request)
		}
	}
	if len(list) > 0 {
		s.apply(next, list)
	}
}

// attempt runs the request of a step, unless its sender has left. A panic fails that request alone: a change function runs before anything of it is
// kept.
func (t *step) attempt() {
	r := t.request
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
	r.tries++
	if r.err = t.fence(); r.err == nil {
		r.err = r.apply(t)
	}
}

// commitAll commits batches, one commit each, and answers their requests. It ends when batches is closed.
func (s *Store) commitAll() {
	defer close(s.stopped)
	for b := range s.batches {
		did := s.commit(b)
		s.committed <- did
		b.answerHeld(did)
	}
}

// commit writes the steps of a batch that hold. After an unknown outcome it commits also where no step changes anything: a request that finds its own
// effect there must not be answered before that is durable.
func (s *Store) commit(b *batch) (did outcome) {
	steps := b.steps
	if slices.ContainsFunc(steps, func(t *step) bool { return !t.dirty() }) {
		steps = slices.DeleteFunc(slices.Clone(steps), func(t *step) bool { return !t.dirty() })
	}
	if len(steps) == 0 && !s.unknown.Load() {
		return outcome{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitPatience)
	defer cancel()
	did.err = s.measure(b.requests, func() error {
		changes, err := s.changes(ctx, steps)
		if err != nil {
			return err
		}
		held, err := s.commitChanges(ctx, changes)
		for i, holds := range held {
			if !holds {
				did.failed = append(did.failed, steps[i])
			}
		}
		return err
	})
	return did
}

// commitChanges commits changes, unless commits are to fail (FailWrites).
func (s *Store) commitChanges(ctx context.Context, changes []Change) ([]bool, error) {
	if err := s.failing(); err != nil {
		return nil, err
	}
	return s.engine.Commit(ctx, changes)
}

// runAlone runs a request in a transaction of its own, while nothing else is under way.
func (s *Store) runAlone(r *request) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), updatePatience)
	defer cancel()
	err := s.measure(1, func() error {
		if r.bulk != nil {
			return s.bulk(ctx, r)
		}
		return s.engine.Update(ctx, func(tx Writer) error {
			t := &step{store: s, request: r, sid: r.sid, tx: tx}
			if t.attempt(); r.err != nil {
				return refusal{r.err}
			}
			t.write()
			return s.failing()
		})
	})
	if r.sid != "" {
		s.recent.drop(r.sid)
	} else {
		s.recent.forget() // the request may have changed any call
	}
	r.done <- err
}

// bulk commits the changes of a request, all of which have to hold.
func (s *Store) bulk(ctx context.Context, r *request) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.ctx.Err(); err != nil || r.dropped {
		return refusal{err}
	}
	r.applied = true
	held, err := s.commitChanges(ctx, fenced(r.ctx, r.bulk))
	if err == nil && slices.Contains(held, false) {
		return refusal{cmp.Or(s.checkLease(r.ctx), errNotHeld)}
	}
	return err
}

// errNotHeld is that a change that runs beside the queue met entries that are not as it expected.
var errNotHeld = errors.New("what it relied on has changed")

// refusal is the error of a request's own, which says nothing about the engine.
type refusal struct{ error }
