package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"sync"
	"time"
)

// Memory is an engine without any durability: the simplest that keeps the contract, for tests that need no file.
type Memory struct {
	mu      sync.Mutex
	entries map[Bucket]map[string][]byte

	counting sync.Mutex // Next is called within Update
	numbers  map[Bucket]uint64
}

// NewMemory returns an empty engine.
func NewMemory() *Memory {
	return &Memory{entries: map[Bucket]map[string][]byte{}, numbers: map[Bucket]uint64{}}
}

func (m *Memory) Prepare(context.Context, bool) error { return nil }
func (m *Memory) Explain(err error) error             { return err }
func (m *Memory) Close() error                        { return nil }
func (m *Memory) Sole()                               {}

func (m *Memory) View(_ context.Context, read func(Reader) error) error {
	m.mu.Lock()
	tx := m.snapshot()
	m.mu.Unlock()
	return read(tx)
}

func (m *Memory) snapshot() memoryTx {
	tx := memoryTx{}
	for b, entries := range m.entries {
		tx[b] = maps.Clone(entries)
	}
	return tx
}

func (m *Memory) Update(_ context.Context, change func(Writer) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	tx := m.snapshot()
	if err := change(tx); err != nil {
		return err
	}
	m.entries = tx
	return nil
}

func (m *Memory) Commit(ctx context.Context, changes []Change) ([]bool, error) {
	held := make([]bool, len(changes))
	return held, m.Update(ctx, func(tx Writer) error {
		for i, c := range changes {
			held[i] = true
			for _, e := range c.Expect {
				v := tx.Get(e.Bucket, e.Key)
				held[i] = held[i] && (v == nil) == (e.Value == nil) && bytes.Equal(v, e.Value)
			}
			for _, e := range c.Edits {
				switch {
				case !held[i]:
				case e.Gone:
					tx.Delete(e.Bucket, e.Key)
				default:
					tx.Put(e.Bucket, e.Key, e.Value)
				}
			}
		}
		return nil
	})
}

func (m *Memory) Next(_ context.Context, b Bucket, n int) (uint64, error) {
	m.counting.Lock()
	defer m.counting.Unlock()
	for k := range m.entries[b] {
		m.numbers[b] = max(m.numbers[b], binary.BigEndian.Uint64([]byte(k)))
	}
	first := m.numbers[b] + 1
	m.numbers[b] += uint64(n)
	return first, nil
}

type memoryTx map[Bucket]map[string][]byte

func (tx memoryTx) Get(b Bucket, key []byte) []byte { return tx[b][string(key)] }

func (tx memoryTx) Fetch(entries []Entry) {
	for i, e := range entries {
		entries[i].Value = tx.Get(e.Bucket, e.Key)
	}
}

func (tx memoryTx) Scan(spans ...Span) []Cursor {
	cursors := make([]Cursor, len(spans))
	for i, s := range spans {
		c := &memoryCursor{entries: tx[s.Bucket], back: s.Back}
		for k := range tx[s.Bucket] {
			if k >= string(s.From) && (s.To == nil || k < string(s.To)) {
				c.keys = append(c.keys, k)
			}
		}
		slices.Sort(c.keys)
		if s.Back {
			slices.Reverse(c.keys)
		}
		cursors[i] = c
	}
	return cursors
}

func (tx memoryTx) Count(s Span, most int) (n int) {
	for c := tx.Scan(s)[0]; n != most; n++ {
		if k, _ := c.Next(); k == nil {
			break
		}
	}
	return n
}

func (tx memoryTx) Trips() int     { return 0 }
func (tx memoryTx) Now() time.Time { return time.Now() }

func (tx memoryTx) Put(b Bucket, key, value []byte) {
	if tx[b] == nil {
		tx[b] = map[string][]byte{}
	}
	tx[b][string(key)] = append([]byte{}, value...)
}

func (tx memoryTx) Delete(b Bucket, key []byte) { delete(tx[b], string(key)) }
func (tx memoryTx) Clear(b Bucket)              { delete(tx, b) }

type memoryCursor struct {
	entries map[string][]byte
	keys    []string // from the present one on
	back    bool
	begun   bool
}

func (c *memoryCursor) Next() (key, value []byte) {
	if c.begun && len(c.keys) > 0 {
		c.keys = c.keys[1:]
	}
	return c.present()
}

func (c *memoryCursor) Seek(key []byte) (k, value []byte) {
	for len(c.keys) > 0 && (c.back && c.keys[0] > string(key) || !c.back && c.keys[0] < string(key)) {
		c.keys = c.keys[1:]
	}
	return c.present()
}

func (c *memoryCursor) present() (key, value []byte) {
	if c.begun = true; len(c.keys) == 0 {
		return nil, nil
	}
	return []byte(c.keys[0]), c.entries[c.keys[0]]
}
