package store

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

const (
	// loadBatch is how many calls one transaction of Load writes: the more, the fewer pages of the index are written twice.
	loadBatch = 100_000
	// loadFill is how full Load leaves pages. Later calls and their histories are added behind them, and to the index in few places.
	loadFill = 0.95
)

// Load writes many whole calls that are not in the log yet, such as generated ones, in large transactions. It is fastest for calls in the
// order of their start and of their SIDs. progress, which may be nil, is called after each transaction with the number of calls that are on
// the disk. After an error those stay, and nothing of the failed transaction does. Other writers wait seconds for a transaction, so Load is
// for a store that is not in service yet.
func (s *Store) Load(ctx context.Context, calls iter.Seq[policy.Call], progress func(done int)) error {
	if progress == nil {
		progress = func(int) {}
	}
	l := loader{store: s, written: make(chan error, 1), progress: progress}
	batch := make([]policy.Call, 0, loadBatch)
	for c := range calls {
		if batch = append(batch, c); len(batch) == loadBatch {
			if err := l.load(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if err := l.load(ctx, batch); err != nil {
		return err
	}
	return l.wait()
}

// loader prepares a batch while the one before is being written.
type loader struct {
	store    *Store
	written  chan error
	writing  int // how many calls are being written
	done     int
	progress func(done int)
}

func (l *loader) load(ctx context.Context, calls []policy.Call) error {
	edits, err := l.edits(ctx, calls)
	if waited := l.wait(); waited != nil {
		return waited
	}
	if err != nil || len(calls) == 0 {
		return err
	}
	l.writing = len(calls)
	go func() {
		l.written <- l.store.write(ctx, func(tx *bolt.Tx) error { return loadEdits(tx, edits) })
	}()
	return nil
}

func (l *loader) wait() error {
	if l.writing == 0 {
		return nil
	}
	err := <-l.written
	if err == nil {
		l.done += l.writing
		l.progress(l.done)
	}
	l.writing = 0
	return err
}

// edits returns everything that a batch writes, in the order of the keys of each bucket.
func (l *loader) edits(ctx context.Context, calls []policy.Call) ([]edit, error) {
	step, err := l.store.steps(ctx, len(calls))
	if err != nil {
		return nil, err
	}
	edits, now := make([]edit, 0, 16*len(calls)), l.store.now()
	for _, c := range calls {
		if err := validSID(c.SID); err != nil {
			return nil, err
		}
		var numbers []uint64
		if len(c.Exchanges) > 0 || len(c.Trace) > 0 {
			step++
			value, err := encode(newSegment(c.Exchanges, c.Trace))
			if err != nil {
				return nil, fmt.Errorf("call %s cannot be written: %w", c.SID, err)
			}
			numbers = []uint64{step}
			edits = append(edits, edit{in: inSteps, key: stepKey(step), value: value})
		}
		value, err := encode(record{c.WithoutHistory(), numbers})
		if err != nil {
			return nil, fmt.Errorf("call %s cannot be written: %w", c.SID, err)
		}
		edits = append(edits, edit{key: placeOf(c), value: value})
		edits = append(edits, allKeys(c, goesOn(c, now))...)
	}
	slices.SortFunc(edits, edit.compare)
	return edits, nil
}

// steps reserves as many numbers of segments, and returns the one before them.
func (s *Store) steps(ctx context.Context, many int) (before uint64, err error) {
	err = s.submit(ctx, false, func(b *batch) error {
		before = b.store.step
		b.store.step += uint64(many)
		return nil
	})
	return before, err
}

func loadEdits(tx *bolt.Tx, edits []edit) error {
	index := tx.Bucket(indexBucket)
	for i, e := range edits {
		twice := i > 0 && e.in == edits[i-1].in && bytes.Equal(e.key, edits[i-1].key)
		if e.in == inIndex && e.key[0] == bySID && (twice || index.Get(e.key) != nil) {
			return fmt.Errorf("call %s is in the log already", e.key[1:])
		}
	}
	for _, bucket := range [][]byte{callsBucket, stepsBucket, indexBucket} {
		tx.Bucket(bucket).FillPercent = loadFill // the bucket search is always filled like that
	}
	return writeMany(tx, edits)
}
