package postgres

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/officernd/supportline/store"
)

// cell is a key that a commit looks at or writes, once however many changes name it.
type cell struct {
	bucket store.Bucket
	key    []byte
	edited bool // some change would write it
	relied bool // some change would rely on it not being there

	// As it is in the database, then as the changes that held leave it. nil is that it is not there.
	before, value []byte
	claimed       bool // a change that held relies on it not being there before
	written       bool
}

// group are the changes of one commit.
type group struct {
	changes []store.Change
	cells   map[place]*cell
	order   []*cell        // by bucket and key, which is the order of all locks
	striped map[int32]bool // stripes that are locked
	kept    arena
}

// Commit implements store.Engine. Two round trips: the first locks the keys and reads them, the second writes and commits.
func (e *Engine) Commit(ctx context.Context, changes []store.Change) (held []bool, err error) {
	g := &group{changes: changes, cells: map[place]*cell{}}
	if err := g.collect(); err != nil {
		return nil, err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	err = e.rerun(ctx, func() error {
		t := e.transaction(ctx, beginCommit)
		defer t.end()
		g.reset()
		if !t.send(g.locks()...) {
			return t.err
		}
		held = g.judge()
		edits := g.edits()
		if len(edits) == 0 {
			return nil
		}
		return t.commit(edits)
	})
	if err != nil {
		return nil, err
	}
	e.sweep()
	return held, nil
}

func (g *group) collect() error {
	for _, c := range g.changes {
		for _, x := range c.Expect {
			at := g.cell(x.Bucket, x.Key)
			at.relied = at.relied || x.Value == nil
		}
		for _, x := range c.Edits {
			if err := checkKey(x.Bucket, x.Key); err != nil {
				return err
			}
			g.cell(x.Bucket, x.Key).edited = true
		}
	}
	for _, c := range g.cells {
		g.order = append(g.order, c)
	}
	slices.SortFunc(g.order, func(a, b *cell) int { return cmp.Or(cmp.Compare(a.bucket, b.bucket), bytes.Compare(a.key, b.key)) })
	return nil
}

func (g *group) cell(b store.Bucket, key []byte) *cell {
	at := place{b, string(key)}
	if g.cells[at] == nil {
		g.cells[at] = &cell{bucket: b, key: key}
	}
	return g.cells[at]
}

func (g *group) reset() {
	g.striped = map[int32]bool{}
	for _, c := range g.order {
		c.before, c.value, c.claimed, c.written = nil, nil, false, false
	}
}

// buckets calls f with the cells of each bucket, in their order.
func (g *group) buckets(f func(b store.Bucket, cells []*cell)) {
	for rest := g.order; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].bucket == rest[0].bucket {
			n++
		}
		f(rest[0].bucket, rest[:n])
		rest = rest[n:]
	}
}

// locks returns the statements that lock and read the cells. A bucket that is only compared is locked so that others may compare it too.
func (g *group) locks() (list []statement) {
	list = g.stripes()
	g.buckets(func(b store.Bucket, cells []*cell) {
		sql := queriesOf[b].share
		keys := make([][]byte, 0, len(cells))
		for _, c := range cells {
			if isKey(c.key) {
				keys = append(keys, c.key)
			}
			if c.edited {
				sql = queriesOf[b].lock
			}
		}
		for part := range slices.Chunk(keys, maxRows) {
			list = append(list, statement{sql, []any{part}, func(v [][]byte) {
				c := g.cells[place{b, string(v[0])}]
				c.before = g.kept.keep(v[1])
				c.value = c.before
			}})
		}
	})
	return list
}

// stripes returns the statement that locks the stripes of guards that are written, or relied upon where they are not there.
func (g *group) stripes() []statement {
	sql, keys := shareStripes, [][]byte(nil)
	for _, c := range g.order {
		if c.bucket == guards && (c.relied || c.edited) {
			keys = append(keys, c.key)
			if c.edited {
				sql = lockStripes
			}
		}
	}
	return stripeLocks(sql, keys, func(n int32) { g.striped[n] = true })
}

// judge applies the changes one after the other, and reports which ones hold.
func (g *group) judge() []bool {
	held := make([]bool, len(g.changes))
	for i, c := range g.changes {
		held[i] = !slices.ContainsFunc(c.Expect, func(x store.Entry) bool {
			value := g.cell(x.Bucket, x.Key).value
			return (value == nil) != (x.Value == nil) || !bytes.Equal(value, x.Value)
		})
		if held[i] {
			g.apply(c)
		}
	}
	return held
}

func (g *group) apply(c store.Change) {
	for _, x := range c.Expect {
		if at := g.cell(x.Bucket, x.Key); at.before == nil && isKey(x.Key) {
			at.claimed = true
		}
	}
	for _, x := range c.Edits {
		at := g.cell(x.Bucket, x.Key)
		if at.written = true; x.Gone {
			at.value = nil
		} else {
			at.value = append([]byte{}, x.Value...)
		}
	}
}

// edits returns the statements that write what the changes that held have left. Keys that must not be there are claimed first: where another process
// has put one meanwhile, the insert fails, and all is done again.
func (g *group) edits() (list []statement) {
	if !slices.ContainsFunc(g.order, func(c *cell) bool { return c.written }) {
		return nil
	}
	var rest []statement
	g.buckets(func(b store.Bucket, cells []*cell) {
		var claimed, first, gone, keys, values [][]byte
		for _, c := range cells {
			switch {
			case c.claimed && c.value != nil:
				claimed, first = append(claimed, c.key), append(first, c.value)
			case c.claimed && b == guards && g.striped[stripe(c.key)]:
			case c.claimed: // it is not there afterwards either
				claimed, first = append(claimed, c.key), append(first, []byte{})
				gone = append(gone, c.key)
			case c.written && c.value == nil && c.before != nil:
				gone = append(gone, c.key)
			case c.written && c.value != nil:
				keys, values = append(keys, c.key), append(values, c.value)
			}
		}
		list = append(list, puts(queriesOf[b].insert, claimed, first)...)
		for part := range slices.Chunk(gone, maxRows) {
			rest = append(rest, statement{sql: queriesOf[b].remove, args: []any{part}})
		}
		rest = append(rest, puts(queriesOf[b].upsert, keys, values)...)
	})
	list = append(list, rest...)
	if len(list) > 0 {
		list = append(impatient(), list...)
	}
	return list
}

// disorder bounds the wait for a key that was put by another transaction after the keys were locked. It is out of the order of locks, so that two could
// wait for each other: the wait ends, and everything begins again, long before the server looks for deadlocks, which is after a second.
const disorder = 50 * time.Millisecond

// impatient returns the statement that precedes the writes.
func impatient() []statement {
	return []statement{{sql: shortWaits, args: []any{milliseconds(disorder)}}}
}
