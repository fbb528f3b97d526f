package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/officernd/supportline/store"
)

// memory is an engine in memory that fails as it is told to.
type memory struct {
	entries map[store.Bucket]map[string]string
	puts    int
	// updates is how many transactions succeed before errKilled; negative: all.
	updates int
	// reads is how many entries a reading gets before it breaks off; negative: all.
	reads int
	// lost is called with each entry that is written, and reports whether it gets lost.
	lost func(b store.Bucket, key []byte) bool
	// again is called between two runs of a reading; nil: a reading runs once.
	again func()
}

func newMemory() *memory {
	m := &memory{entries: map[store.Bucket]map[string]string{}, updates: -1, reads: -1}
	for _, b := range store.Buckets() {
		m.entries[b] = map[string]string{}
	}
	return m
}

var errKilled, errBrokeOff = errors.New("killed"), errors.New("the connection was lost")

func (m *memory) Prepare(context.Context, bool) error { return nil }
func (m *memory) Explain(err error) error             { return err }
func (m *memory) Close() error                        { return nil }

func (m *memory) Commit(context.Context, []store.Change) ([]bool, error)      { panic("unused") }
func (m *memory) Next(context.Context, store.Bucket, int) (_ uint64, _ error) { panic("unused") }

func (m *memory) View(_ context.Context, read func(store.Reader) error) error {
	left := m.reads
	t := &memoryTx{m: m, entries: m.entries, left: &left}
	err := read(t)
	if left == 0 {
		return errBrokeOff
	}
	if m.again != nil {
		m.again()
		return read(&memoryTx{m: m, entries: m.entries, left: &left})
	}
	return err
}

func (m *memory) Update(_ context.Context, change func(store.Writer) error) error {
	if m.updates == 0 {
		return errKilled
	}
	m.updates--
	entries := map[store.Bucket]map[string]string{}
	for b, of := range m.entries {
		entries[b] = maps.Clone(of)
	}
	left := -1
	if err := change(&memoryTx{m: m, entries: entries, left: &left}); err != nil {
		return err
	}
	m.entries = entries
	return nil
}

type memoryTx struct {
	m       *memory
	entries map[store.Bucket]map[string]string
	left    *int
}

func (t *memoryTx) Get(b store.Bucket, key []byte) []byte {
	if v, ok := t.entries[b][string(key)]; ok {
		return []byte(v)
	}
	return nil
}

func (t *memoryTx) Fetch(entries []store.Entry) {
	for i, e := range entries {
		entries[i].Value = t.Get(e.Bucket, e.Key)
	}
}

func (t *memoryTx) Scan(spans ...store.Span) (cursors []store.Cursor) {
	for _, s := range spans {
		cursors = append(cursors, &memoryCursor{t, s.Bucket, slices.Sorted(maps.Keys(t.entries[s.Bucket]))})
	}
	return cursors
}

func (t *memoryTx) Count(s store.Span, most int) int {
	n := len(t.entries[s.Bucket])
	if most >= 0 {
		n = min(n, most)
	}
	return n
}

func (t *memoryTx) Trips() int     { return 0 }
func (t *memoryTx) Now() time.Time { return time.Time{} }

func (t *memoryTx) Put(b store.Bucket, key, value []byte) {
	if t.m.lost != nil && t.m.lost(b, key) {
		return
	}
	t.m.puts++
	t.entries[b][string(key)] = string(value)
}

func (t *memoryTx) Delete(b store.Bucket, key []byte) { delete(t.entries[b], string(key)) }
func (t *memoryTx) Clear(b store.Bucket)              { t.entries[b] = map[string]string{} }

type memoryCursor struct {
	t    *memoryTx
	b    store.Bucket
	keys []string
}

func (c *memoryCursor) Next() (key, value []byte) {
	if len(c.keys) == 0 || *c.t.left == 0 {
		return nil, nil
	}
	*c.t.left--
	k := c.keys[0]
	c.keys = c.keys[1:]
	return []byte(k), []byte(c.t.entries[c.b][k])
}

func (c *memoryCursor) Seek(key []byte) (k, value []byte) {
	for len(c.keys) > 0 && bytes.Compare([]byte(c.keys[0]), key) < 0 {
		c.keys = c.keys[1:]
	}
	return c.Next()
}
