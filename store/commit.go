package store

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
)

// commitAll brings batches into the file, one commit each, and answers their requests. It ends with the batches.
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
	s.recent.forget() // it may have changed anything
	r.done <- err
}

// refusal is the error of a request, which says nothing of the file.
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
	}
	if s.options.OnCommit != nil {
		s.options.OnCommit(time.Since(started), requests, err)
	}
	return err
}

// transact makes an error of a panic of bbolt's own: it fails this commit, not the process.
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
			_ = tx.Rollback() // after a failed commit there is nothing left to roll back
		}
	}()
	if err := change(tx); err != nil {
		return err
	}
	if failure := s.failure.Load(); failure != nil {
		return *failure
	}
	s.growAhead(tx.Size())
	return tx.Commit()
}
