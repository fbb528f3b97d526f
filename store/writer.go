package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

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

// commitAll commits batches, one commit each, and answers their requests. It ends when batches is closed.
func (s *Store) commitAll() {
	defer close(s.stopped)
	for b := range s.batches {
		err := s.commit(len(b.requests), b.dirty(), b.write)
		s.committed <- err
		b.answer(err)
	}
}

// alone runs a request in a transaction of its own, while nothing else is under way.
func (s *Store) alone(r *request) {
	b := s.newBatch()
	err := s.commit(1, true, func(tx *bolt.Tx) error {
		b.tx = tx
		if b.attempt(r); r.err != nil {
			return refusal{r.err}
		}
		return b.write(tx)
	})
	s.recent.forget() // the request may have changed any call
	r.done <- err
}

// refusal is the error of a request's own, which says nothing about the file.
type refusal struct{ error }

// commit runs change in a transaction and commits it, and remembers whether the file can be written.
func (s *Store) commit(requests int, dirty bool, change func(*bolt.Tx) error) error {
	if !dirty {
		return nil
	}
	started := time.Now()
	err := s.transact(change)
	var own refusal
	switch {
	case errors.As(err, &own):
		return own.error
	case err != nil:
		err = fmt.Errorf("the store cannot write: %w", err)
		s.broken.Store(&err)
	default:
		s.broken.Store(nil)
		s.commits.Add(1)
	}
	if s.options.OnCommit != nil {
		s.options.OnCommit(time.Since(started), requests, err)
	}
	return err
}

// transact runs change in a transaction. It turns a panic of bbolt into an error: it fails this commit, not the process.
func (s *Store) transact(change func(*bolt.Tx) error) (err error) {
	tx, err := s.db.Begin(true)
	if err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", ErrDamaged, p, debug.Stack())
		}
		if err != nil {
			_ = tx.Rollback() // does nothing after a failed commit
		}
	}()
	if err := change(tx); err != nil {
		return err
	}
	if failure := s.failure.Load(); failure != nil && *failure != nil {
		return *failure
	}
	s.growAhead(tx.Size())
	return tx.Commit()
}

// edit is an entry of an index, or another key, to write or to delete.
type edit struct {
	in         Bucket
	gone       bool
	key, value []byte
}

func (e edit) compare(other edit) int {
	return cmp.Or(cmp.Compare(e.in, other.in), bytes.Compare(e.key, other.key))
}

// searchFill is how full pages of the bucket search are left: nearly all of its entries are added behind those of the same value.
const searchFill = 0.9

// write applies edits to a transaction, in their order.
func write(tx *bolt.Tx, edits []edit) error {
	buckets := bucketsOf(tx)
	terms := searchTerms{put: func(k []byte) error { return buckets[inSearch].Put(k, nil) }}
	for _, e := range edits {
		needed, err := terms.see(tx, e)
		if needed {
			err = put(buckets[e.in], e)
		}
		if err != nil {
			return fmt.Errorf("key %x: %w", e.key, err)
		}
	}
	return terms.removeUnused(tx)
}

// writeMany is write for many edits that only add, in the order of their keys: bbolt moves all entries of a page that are behind a new key,
// and in one transaction a page has no bound.
func writeMany(tx *bolt.Tx, edits []edit) error {
	edits, err := withSearchTerms(tx, edits)
	if err != nil {
		return err
	}
	buckets := bucketsOf(tx)
	for _, e := range edits {
		if err := put(buckets[e.in], e); err != nil {
			return fmt.Errorf("key %x: %w", e.key, err)
		}
	}
	return nil
}

func bucketsOf(tx *bolt.Tx) [bucketCount]*bolt.Bucket {
	buckets := [bucketCount]*bolt.Bucket{
		inCalls: tx.Bucket(callsBucket), inSteps: tx.Bucket(stepsBucket), inIndex: tx.Bucket(indexBucket), inSearch: tx.Bucket(searchBucket),
		inTokens: tx.Bucket(tokensBucket), inTries: tx.Bucket(triesBucket), inSignIns: tx.Bucket(signInsBucket),
	}
	buckets[inSearch].FillPercent = searchFill
	return buckets
}

func put(into *bolt.Bucket, e edit) error {
	if e.gone {
		return into.Delete(e.key)
	}
	return into.Put(e.key, e.value)
}

func deleteAll(from *bolt.Bucket, keys [][]byte) error {
	for _, k := range keys {
		if err := from.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// difference returns what turns the old entries into those of now.
func difference(old, now []edit) (edits []edit) {
	for _, e := range old {
		if _, stays := find(now, e); !stays {
			edits = append(edits, edit{in: e.in, key: e.key, gone: true})
		}
	}
	for _, e := range now {
		if before, there := find(old, e); !there || !bytes.Equal(before.value, e.value) {
			edits = append(edits, e)
		}
	}
	return edits
}

func find(entries []edit, e edit) (edit, bool) {
	i := slices.IndexFunc(entries, func(other edit) bool { return other.in == e.in && bytes.Equal(other.key, e.key) })
	if i < 0 {
		return edit{}, false
	}
	return entries[i], true
}
