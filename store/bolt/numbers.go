package bolt

import (
	"context"
	"encoding/binary"
	"sync"

	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/store"
)

// numbers are the last numbers that were used, in the order of the buckets; nil where none was asked for yet.
type numbers struct {
	mu   sync.Mutex
	last []*uint64
}

// Next implements store.Engine. Numbers are kept in memory, and written to the bucket's sequence with the next entry there, so that the last one is
// not used again after its entry was deleted.
func (e *Engine) Next(ctx context.Context, b store.Bucket, n int) (uint64, error) {
	e.numbers.mu.Lock()
	defer e.numbers.mu.Unlock()
	if e.numbers.last[b] == nil {
		last := uint64(0)
		err := e.View(ctx, func(r store.Reader) error {
			if from := r.(*reader).bucket(b); from != nil {
				last = lastNumber(from)
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		e.numbers.last[b] = &last
	}
	last := e.numbers.last[b]
	*last += uint64(n)
	return *last - uint64(n) + 1, nil
}

// lastNumber returns the last number that a bucket knows of: by its last key, or by its sequence.
func lastNumber(b *bbolt.Bucket) uint64 {
	last := cursor{moves: b.Cursor()}
	if k, _ := last.last(); len(k) == 8 {
		return max(b.Sequence(), binary.BigEndian.Uint64(k))
	}
	return b.Sequence()
}

// keep writes the last number of a bucket to its sequence.
func (n *numbers) keep(b store.Bucket, into *bbolt.Bucket) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if last := n.last[b]; last != nil {
		*last = max(*last, lastNumber(into))
		if *last > into.Sequence() {
			_ = into.SetSequence(*last) // fails in transactions that only read
		}
	}
}
