package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/officernd/supportline/store"
)

// writes holds the edits of an Update until they are sent at its end. A nil one has nothing.
type writes struct {
	buckets [256]*changes
	absent  map[place]bool   // was read, and was not there
	seen    map[place][]byte // what was read, up to maxSeen of them: a snapshot stays as it is
}

// maxSeen bounds what an Update remembers of what it read.
const maxSeen = 1000

// changes are the writes of one bucket. A nil one has none.
type changes struct {
	wiped  bool
	byKey  map[string]*write
	sorted []*write // nil after a new key
}

type write struct {
	key, value []byte
	gone       bool
}

func (w *writes) of(b store.Bucket) *changes {
	if w == nil {
		return nil
	}
	return w.buckets[b]
}

// saw remembers the value of a key that was read, nil if it was not there.
func (w *writes) saw(at place, value []byte) {
	if w == nil {
		return
	}
	if value == nil {
		if w.absent == nil {
			w.absent = map[place]bool{}
		}
		w.absent[at] = true
	}
	if w.seen == nil {
		w.seen = map[place][]byte{}
	}
	if len(w.seen) < maxSeen {
		w.seen[at] = value
	}
}

// get returns the value of a key, nil if there is none, where the transaction wrote or read it.
func (w *writes) get(b store.Bucket, key []byte) (value []byte, known bool) {
	if w == nil {
		return nil, false
	}
	if value, known = w.of(b).get(key); !known {
		value, known = w.seen[place{b, string(key)}]
	}
	return value, known
}

// get returns the value of a key, nil if there is none, where the transaction knows it.
func (c *changes) get(key []byte) (value []byte, known bool) {
	if c == nil {
		return nil, false
	}
	if w := c.byKey[string(key)]; w != nil {
		return w.value, true
	}
	return nil, c.wiped
}

func (c *changes) cleared() bool { return c != nil && c.wiped }

// in returns the writes in a span, in the order of keys.
func (c *changes) in(s store.Span) []*write {
	if c == nil || len(c.byKey) == 0 {
		return nil
	}
	all := c.inOrder()
	begin := sort.Search(len(all), func(i int) bool { return bytes.Compare(all[i].key, s.From) >= 0 })
	end := len(all)
	if s.To != nil {
		end = sort.Search(len(all), func(i int) bool { return bytes.Compare(all[i].key, s.To) >= 0 })
	}
	return all[begin:max(begin, end)]
}

func (c *changes) inOrder() []*write {
	if c.sorted == nil {
		for _, w := range c.byKey {
			c.sorted = append(c.sorted, w)
		}
		slices.SortFunc(c.sorted, compareWrites)
	}
	return c.sorted
}

func compareWrites(a, b *write) int { return bytes.Compare(a.key, b.key) }

// manySorted is so many writes that they are rather sorted again when they are next looked through than that each new one is put in its place.
const manySorted = 4096

func (c *changes) set(w *write) {
	if old := c.byKey[string(w.key)]; old != nil {
		*old = *w
		return
	}
	c.byKey[string(w.key)] = w
	switch {
	case len(c.sorted) > manySorted:
		c.sorted = nil
	case c.sorted != nil:
		i, _ := slices.BinarySearchFunc(c.sorted, w, compareWrites)
		c.sorted = slices.Insert(c.sorted, i, w)
	}
}

// writer implements store.Writer.
type writer struct{ reader }

func (w *writer) bucket(b store.Bucket) *changes {
	if w.writes.buckets[b] == nil {
		w.writes.buckets[b] = &changes{byKey: map[string]*write{}}
	}
	return w.writes.buckets[b]
}

func (w *writer) Put(b store.Bucket, key, value []byte) {
	if err := checkKey(b, key); err != nil && w.err == nil {
		w.err = refusal{err}
	}
	if w.err != nil {
		return
	}
	w.bucket(b).set(&write{key: bytes.Clone(key), value: append([]byte{}, value...)})
}

func (w *writer) Delete(b store.Bucket, key []byte) {
	if isKey(key) {
		w.bucket(b).set(&write{key: bytes.Clone(key), gone: true})
	}
}

func (w *writer) Clear(b store.Bucket) {
	*w.bucket(b) = changes{wiped: true, byKey: map[string]*write{}}
}

func checkKey(b store.Bucket, key []byte) error {
	if len(key) == 0 {
		return fmt.Errorf("%s: %w", b, errEmptyKey)
	}
	if len(key) > store.MaxKey {
		return fmt.Errorf("%s: %w: %d bytes, at most %d", b, store.ErrLongKey, len(key), store.MaxKey)
	}
	return nil
}

var errEmptyKey = errors.New("the key is empty")

// flush sends what was written, and commits. All keys are locked first, in the order that commits have too: so neither waits for the other in a
// circle, and a key that was changed since the snapshot ends this attempt.
func (w *writer) flush() error {
	locks, edits := w.stripes(), []statement(nil)
	for _, b := range store.Buckets() {
		if c := w.writes.of(b); c != nil {
			l, e := w.statements(b, c)
			locks, edits = append(locks, l...), append(edits, e...)
		}
	}
	if len(edits) == 0 {
		return nil
	}
	if w.conn == nil {
		w.send() // the mark is made of the server's clock
	}
	return w.commit(slices.Concat(locks, impatient(), edits))
}

func (w *writer) stripes() []statement {
	c := w.writes.of(guards)
	if c == nil {
		return nil
	}
	var keys [][]byte
	for _, e := range c.inOrder() {
		keys = append(keys, e.key)
	}
	return stripeLocks(lockStripes, keys, nil)
}

func (w *writer) statements(b store.Bucket, c *changes) (locks, edits []statement) {
	q := &queriesOf[b]
	var all, claimed, gone, keys, values [][]byte
	for _, e := range c.inOrder() {
		all = append(all, e.key)
		switch {
		case !e.gone:
			keys, values = append(keys, e.key), append(values, e.value)
		case !c.wiped:
			gone = append(gone, e.key)
			if w.writes.absent[place{b, string(e.key)}] {
				claimed = append(claimed, e.key)
			}
		}
	}
	if c.wiped {
		locks, edits = append(locks, statement{sql: q.lockAll}), append(edits, statement{sql: q.wipe})
	}
	for part := range slices.Chunk(all, maxRows) {
		locks = append(locks, statement{sql: q.lock, args: []any{part}})
	}
	edits = append(edits, claims(b, claimed)...)
	for part := range slices.Chunk(gone, maxRows) {
		edits = append(edits, statement{sql: q.remove, args: []any{part}})
	}
	return locks, append(edits, puts(q.upsert, keys, values)...)
}

// maxRows bounds the rows of one statement.
const maxRows = 2000

func puts(sql string, keys, values [][]byte) (list []statement) {
	for len(keys) > 0 {
		n := min(len(keys), maxRows)
		list = append(list, statement{sql: sql, args: []any{keys[:n], values[:n]}})
		keys, values = keys[n:], values[n:]
	}
	return list
}

// claims inserts keys that must not be there when the transaction commits.
func claims(b store.Bucket, keys [][]byte) []statement {
	empty := make([][]byte, len(keys))
	for i := range empty {
		empty[i] = []byte{}
	}
	return puts(queriesOf[b].insert, keys, empty)
}
