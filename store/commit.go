package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

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
	in         bucket
	gone       bool
	key, value []byte
}

func (e edit) compare(other edit) int {
	return cmp.Or(cmp.Compare(e.in, other.in), bytes.Compare(e.key, other.key))
}

// bucket names the bucket that an edit goes to.
type bucket int

const (
	inCalls bucket = iota
	inSteps
	inIndex
	inSearch
	inTokens
)

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

func bucketsOf(tx *bolt.Tx) [5]*bolt.Bucket {
	buckets := [...]*bolt.Bucket{
		inCalls: tx.Bucket(callsBucket), inSteps: tx.Bucket(stepsBucket), inIndex: tx.Bucket(indexBucket), inSearch: tx.Bucket(searchBucket),
		inTokens: tx.Bucket(tokensBucket),
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
