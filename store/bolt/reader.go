package bolt

import (
	"bytes"
	"context"
	"runtime/debug"
	"time"

	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/store"
)

// View implements store.Engine. It runs read once. A long one costs commits dearly: they cannot use the pages again that were freed since.
func (e *Engine) View(ctx context.Context, read func(store.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return e.reading(func(tx *bbolt.Tx) error {
		r, used := e.readers.Get().(*reader)
		if !used {
			r = newReader(e)
		}
		r.tx = tx
		defer func() {
			r.tx = nil
			clear(r.opened)
			clear(r.gets)
			e.readers.Put(r)
		}()
		return read(r)
	})
}

// reading runs read in a transaction, and returns an error where the file cannot be read.
func (e *Engine) reading(read func(*bbolt.Tx) error) (err error) {
	tx, err := e.begin(false)
	if err != nil {
		return err
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		p := recover()
		_ = tx.Rollback() // the end of a transaction that reads
		if p != nil {
			err = e.Explain(e.faultOf(p))
		}
	}()
	return read(tx)
}

// reader reads in a transaction. Its values are those of the file's map, not copies.
type reader struct {
	engine *Engine
	tx     *bbolt.Tx
	opened []*bbolt.Bucket // in the order of the buckets; nil: not used yet, or missing
	gets   []*bbolt.Cursor // of the same, for Get, which would otherwise make one each time
}

func newReader(e *Engine) *reader {
	return &reader{engine: e, opened: make([]*bbolt.Bucket, len(e.names)), gets: make([]*bbolt.Cursor, len(e.names))}
}

// bucket returns a bucket, nil if the file lacks it.
func (r *reader) bucket(b store.Bucket) *bbolt.Bucket {
	if r.opened[b] == nil {
		r.opened[b] = r.tx.Bucket(r.engine.names[b])
	}
	return r.opened[b]
}

func (r *reader) Get(b store.Bucket, key []byte) []byte {
	if r.gets[b] == nil {
		from := r.bucket(b)
		if from == nil {
			return nil
		}
		r.gets[b] = from.Cursor()
	}
	if k, v := r.gets[b].Seek(key); bytes.Equal(k, key) {
		return v
	}
	return nil
}

func (r *reader) Fetch(entries []store.Entry) {
	for i := range entries {
		entries[i].Value = r.Get(entries[i].Bucket, entries[i].Key)
	}
}

func (r *reader) Scan(spans ...store.Span) []store.Cursor {
	all, cursors := make([]cursor, len(spans)), make([]store.Cursor, len(spans))
	for i, s := range spans {
		all[i].begin(r.bucket(s.Bucket), s)
		cursors[i] = &all[i]
	}
	return cursors
}

func (r *reader) Count(s store.Span, most int) (n int) {
	var c cursor
	c.begin(r.bucket(s.Bucket), s)
	for n != most {
		if k, _ := c.Next(); k == nil {
			break
		}
		n++
	}
	return n
}

func (r *reader) Trips() int { return 0 }

func (r *reader) Now() time.Time { return r.engine.options.Now() }

// cursor moves over a span of a bucket.
type cursor struct {
	moves      *bbolt.Cursor // nil: the bucket is missing, or the cursor is at its end
	span       store.Span
	key, value []byte // the present entry; nil before the first one
}

func (c *cursor) begin(from *bbolt.Bucket, s store.Span) {
	if c.span = s; from != nil {
		c.moves = from.Cursor()
	}
}

func (c *cursor) Next() (key, value []byte) {
	switch {
	case c.moves == nil:
		return nil, nil
	case c.key == nil:
		return c.at(c.first())
	case c.span.Back:
		return c.at(c.prev(c.key))
	}
	return c.at(c.moves.Next())
}

func (c *cursor) first() (k, v []byte) {
	switch {
	case !c.span.Back:
		return c.moves.Seek(c.span.From)
	case c.span.To == nil:
		return c.last()
	}
	return c.below(c.span.To)
}

// below moves to the last entry below a key.
func (c *cursor) below(key []byte) (k, v []byte) {
	if k, _ := c.moves.Seek(key); k == nil {
		return c.last()
	}
	return c.prev(key)
}

// last moves to the last entry of the bucket. Where a transaction has removed all of them, bbolt would look for it without end.
func (c *cursor) last() (k, v []byte) {
	if c.moves.Bucket().Writable() && c.lowest() == nil {
		return nil, nil
	}
	return c.moves.Last()
}

// prev moves back to the last entry below a key. bbolt takes a page for the beginning whose entries were all removed in the same transaction.
func (c *cursor) prev(key []byte) (k, v []byte) {
	k, v = c.moves.Prev()
	if k != nil || !c.moves.Bucket().Writable() {
		return k, v
	}
	for first := c.lowest(); k == nil && first != nil && bytes.Compare(first, key) < 0; {
		k, v = c.moves.Prev()
	}
	return k, v
}

// lowest returns the first key of the bucket; nil if it has none.
func (c *cursor) lowest() []byte {
	k, _ := c.moves.Bucket().Cursor().First()
	return k
}

func (c *cursor) Seek(key []byte) (k, value []byte) {
	switch {
	case c.moves == nil:
		return nil, nil
	case c.key != nil && c.reached(c.key, key):
		return c.key, c.value
	case c.key == nil && c.before(key):
		return c.at(c.first())
	}
	k, v := c.moves.Seek(key)
	switch {
	case !c.span.Back || bytes.Equal(k, key):
	case k == nil:
		k, v = c.last()
	default:
		k, v = c.prev(key)
	}
	return c.at(k, v)
}

// reached reports whether k is at a key or beyond it, in the direction of the span.
func (c *cursor) reached(k, key []byte) bool {
	if c.span.Back {
		return bytes.Compare(k, key) <= 0
	}
	return bytes.Compare(k, key) >= 0
}

// before reports whether a key is outside of the span, on the side where the cursor begins.
func (c *cursor) before(key []byte) bool {
	if c.span.Back {
		return c.span.To != nil && bytes.Compare(key, c.span.To) >= 0
	}
	return bytes.Compare(key, c.span.From) < 0
}

// at makes an entry the present one, unless it is outside of the span, which is the end.
func (c *cursor) at(k, v []byte) (key, value []byte) {
	if k == nil || c.span.Back && bytes.Compare(k, c.span.From) < 0 || !c.span.Back && c.span.To != nil && bytes.Compare(k, c.span.To) >= 0 {
		c.moves, k, v = nil, nil, nil
	}
	c.key, c.value = k, v
	return k, v
}
