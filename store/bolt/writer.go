package bolt

import (
	"bytes"
	"context"
	"fmt"
	"runtime/debug"

	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/store"
)

// Update implements store.Engine. It runs change once. It can end with store.ErrUnknown, as Commit can.
func (e *Engine) Update(ctx context.Context, change func(store.Writer) error) error {
	return e.transact(ctx, func(w *writer) error { return change(w) })
}

// Commit implements store.Engine. What is read after store.ErrUnknown is durable once an Update or a Commit has returned without an error, also one that
// wrote nothing.
func (e *Engine) Commit(ctx context.Context, changes []store.Change) (held []bool, err error) {
	held = make([]bool, len(changes))
	err = e.transact(ctx, func(w *writer) error {
		for i, c := range changes {
			if held[i] = w.holds(c); held[i] {
				w.apply(c)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return held, nil
}

// transact runs change in a transaction, and commits what it wrote. It turns a panic of bbolt's into an error: it fails this commit, not the
// process.
func (e *Engine) transact(ctx context.Context, change func(*writer) error) (err error) {
	if e.options.ReadOnly {
		return store.ErrReadOnly
	}
	if err := e.acquire(ctx); err != nil {
		return err
	}
	defer e.release()
	if err := e.settle(); err != nil {
		return e.Explain(err)
	}
	tx, err := e.begin(true)
	if err != nil {
		return err
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = e.Explain(e.panicked(p))
		}
		if err != nil {
			_ = tx.Rollback() // does nothing after a failed commit
		}
	}()
	if err := e.uncut(tx); err != nil {
		return e.Explain(err)
	}
	w := e.newWriter(tx)
	if err := change(w); w.err != nil || err != nil {
		return first(w.err, err)
	}
	if w.edits == 0 {
		return tx.Rollback()
	}
	w.finish()
	return e.commit(tx)
}

// first returns the first error of two.
func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// writer reads and writes in a transaction.
type writer struct {
	reader
	err   error  // the first one
	wrote []bool // in the order of the buckets
	edits int
}

func (e *Engine) newWriter(tx *bbolt.Tx) *writer {
	w := &writer{reader: *newReader(e), wrote: make([]bool, len(e.names))}
	w.tx = tx
	return w
}

// fills are how full the pages of some buckets are left, by how they grow; those of the others are left half full. To steps entries are only added, behind
// all others. To calls they are too, but they grow for as long as the call goes on. Nearly all entries of search are added behind those of the same value.
var fills = map[string]float64{"steps": 1, "calls": 0.7, "search": 0.9}

// manyFill is how full a transaction of more than manyEdits, and a file that is being built, leaves all pages: it loads calls, and later ones are added
// behind them, and to the index in few places.
const (
	manyFill  = 0.95
	manyEdits = 10_000
)

func (w *writer) Put(b store.Bucket, key, value []byte) {
	w.put(b, key, append([]byte{}, value...)) // bbolt keeps it until the transaction ends
}

// put writes an entry. It keeps the value, which is not nil.
func (w *writer) put(b store.Bucket, key, value []byte) {
	if into := w.writable(b, key); into != nil {
		w.failed(b, key, into.Put(key, value))
	}
}

func (w *writer) Delete(b store.Bucket, key []byte) {
	if from := w.writable(b, key); from != nil {
		w.failed(b, key, from.Delete(key))
	}
}

// writable returns the bucket that a key is about to be written to; nil after an error.
func (w *writer) writable(b store.Bucket, key []byte) *bbolt.Bucket {
	if w.err != nil {
		return nil
	}
	if len(key) > store.MaxKey {
		w.err = fmt.Errorf("%w: it has %d bytes, in bucket %s", store.ErrLongKey, len(key), b)
		return nil
	}
	into := w.bucket(b)
	if into == nil {
		w.err = fmt.Errorf("bucket %s is missing: the file was not prepared for writing", b)
		return nil
	}
	w.wrote[b] = true
	w.edits++
	return into
}

func (w *writer) failed(b store.Bucket, key []byte, err error) {
	if err != nil {
		w.err = fmt.Errorf("bucket %s, key %x: %w", b, key, err)
	}
}

// Clear implements store.Writer. Numbers go on where they were.
func (w *writer) Clear(b store.Bucket) {
	if w.err != nil || w.bucket(b) == nil {
		return
	}
	sequence, name := w.opened[b].Sequence(), w.engine.names[b]
	if err := w.tx.DeleteBucket(name); err != nil {
		w.failed(b, nil, err)
		return
	}
	made, err := w.tx.CreateBucket(name)
	if err == nil {
		err = made.SetSequence(sequence)
	}
	w.failed(b, nil, err)
	w.opened[b], w.gets[b], w.wrote[b] = made, nil, true
	w.edits++
}

// holds reports whether all entries are as a change expects them.
func (w *writer) holds(c store.Change) bool {
	for _, e := range c.Expect {
		if v := w.Get(e.Bucket, e.Key); (v == nil) != (e.Value == nil) || !bytes.Equal(v, e.Value) {
			return false
		}
	}
	return true
}

func (w *writer) apply(c store.Change) {
	few := len(c.Expect) <= fewExpected
	for _, e := range c.Edits {
		switch {
		case e.Gone:
			w.Delete(e.Bucket, e.Key)
		case !few || !w.stays(c, e):
			w.put(e.Bucket, e.Key, notNil(e.Value))
		}
	}
}

// fewExpected is how many expectations are looked through for each edit, to spare pages; a load of calls has very many.
const fewExpected = 64

// stays reports whether an edit writes what its change expects and what is there: that would rewrite pages for nothing.
func (w *writer) stays(c store.Change, e store.Edit) bool {
	for _, x := range c.Expect {
		if x.Value != nil && x.Bucket == e.Bucket && bytes.Equal(x.Value, e.Value) && bytes.Equal(x.Key, e.Key) {
			v := w.Get(e.Bucket, e.Key) // an edit before this one may have changed it
			return v != nil && bytes.Equal(v, e.Value)
		}
	}
	return false
}

func notNil(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}

// finish sets how full the pages are left, and notes the numbers that were used.
func (w *writer) finish() {
	for i, wrote := range w.wrote {
		if !wrote {
			continue
		}
		b := store.Bucket(i)
		switch {
		case w.edits > manyEdits, w.engine.options.Building:
			w.opened[b].FillPercent = manyFill
		case fills[b.String()] > 0:
			w.opened[b].FillPercent = fills[b.String()]
		}
		w.engine.numbers.keep(b, w.opened[b])
	}
}
