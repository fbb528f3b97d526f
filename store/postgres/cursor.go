package postgres

import (
	"bytes"
	"slices"

	"github.com/officernd/supportline/store"
)

// entry is a key of a page, and its value.
type entry struct{ key, value []byte }

// cursor implements store.Cursor. What it returns depends on its position alone: pages, those that were read ahead too, are only a cache of the
// entries from there on.
type cursor struct {
	scan *scan
	span store.Span
	// position is where the cursor is: before all that it may return. nil is the beginning of the span. beyond is that an entry at the position
	// itself was returned, so that the next one is behind it.
	position []byte
	beyond   bool
	current  entry
	ended    bool

	page []entry // in the direction of the cursor, without a gap
	i    int     // of the first entry in page that is not before the position
	all  bool    // there is nothing behind the page
	// start is nil, or the key from which on the page is without a gap, where that was read ahead of the position.
	start []byte
	read  bool // a page was read
	size  int  // of the next page
}

// scan are the cursors of one call.
type scan struct {
	reader  *reader
	cursors []cursor
}

const (
	minPage = 4
	maxPage = 1024
	// firstPages is how many entries the first pages of a scan's cursors have together.
	firstPages = 512
	// pageBytes is the size of a page that is not followed by a larger one.
	pageBytes = 256 << 10
)

func (r *reader) Scan(spans ...store.Span) []store.Cursor {
	s := &scan{reader: r, cursors: make([]cursor, len(spans))}
	all := make([]store.Cursor, len(spans))
	for i, span := range spans {
		c := &s.cursors[i]
		*c = cursor{scan: s, span: span, size: min(max(firstPages/len(spans), minPage), 64)}
		if span.Few > 0 {
			c.size = min(span.Few, maxPage-1) + 1 // one more shows that there are no others
		}
		if !r.has(span.Bucket) {
			c.all = true
		}
		all[i] = c
	}
	return all
}

// order compares keys in the direction of the cursor.
func (c *cursor) order(a, b []byte) int {
	if c.span.Back {
		return bytes.Compare(b, a)
	}
	return bytes.Compare(a, b)
}

// isBehind reports whether the cursor is past a key.
func (c *cursor) isBehind(key []byte) bool {
	if c.position == nil {
		return false
	}
	n := c.order(key, c.position)
	return n < 0 || n == 0 && c.beyond
}

func (c *cursor) Next() (key, value []byte) { return c.move(nil) }

func (c *cursor) Seek(key []byte) (k, v []byte) {
	if c.ended {
		return nil, nil
	}
	if c.current.key != nil && c.order(key, c.current.key) <= 0 {
		return c.current.key, c.current.value
	}
	if c.position == nil || c.order(key, c.position) > 0 {
		c.position, c.beyond = bytes.Clone(key), false
	}
	return c.move(key)
}

// move moves to the first entry from the position on; sought is the key of a Seek.
func (c *cursor) move(sought []byte) (key, value []byte) {
	changed := c.scan.reader.writes.of(c.span.Bucket).in(c.span)
	for !c.ended && c.scan.reader.err == nil {
		e := c.ahead(sought)
		w := c.written(changed)
		switch {
		case e == nil && w == nil:
			c.ended = true
		case w == nil || e != nil && c.order(e.key, w.key) < 0:
			return c.at(*e)
		case w.gone:
			c.position, c.beyond = w.key, true
		default:
			return c.at(entry{w.key, w.value})
		}
	}
	c.ended, c.current = true, entry{}
	return nil, nil
}

func (c *cursor) at(e entry) (key, value []byte) {
	c.position, c.beyond, c.current = e.key, true, e
	return e.key, e.value
}

// written returns the first write of the transaction that is not behind the cursor.
func (c *cursor) written(changed []*write) *write {
	if len(changed) == 0 {
		return nil
	}
	// The writes are in the order of keys: the first that is not behind is at one end of the others.
	if c.span.Back {
		i, _ := slices.BinarySearchFunc(changed, true, func(w *write, _ bool) int { return -boolean(!c.isBehind(w.key)) })
		if i == 0 {
			return nil
		}
		return changed[i-1]
	}
	i, _ := slices.BinarySearchFunc(changed, true, func(w *write, _ bool) int { return -boolean(c.isBehind(w.key)) })
	if i == len(changed) {
		return nil
	}
	return changed[i]
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ahead returns the first entry of the database from the position on, nil if there is none.
func (c *cursor) ahead(sought []byte) *entry {
	for {
		if e, known := c.cached(); known {
			return e
		}
		if !c.scan.fill(c, sought) {
			return nil
		}
	}
}

// cached returns the first entry from the position on as far as the page knows it; nil is that there is none.
func (c *cursor) cached() (e *entry, known bool) {
	if c.start != nil && (c.position == nil || c.order(c.position, c.start) < 0) {
		c.page, c.i, c.all, c.start = nil, 0, false, nil // it was read for a seek that did not come
	}
	if c.i < len(c.page) && c.isBehind(c.page[c.i].key) {
		rest := c.page[c.i:]
		n, _ := slices.BinarySearchFunc(rest, true, func(e entry, _ bool) int { return -boolean(c.isBehind(e.key)) })
		c.i += n
	}
	if c.i < len(c.page) {
		return &c.page[c.i], true
	}
	return nil, c.all
}

// edge returns where to read on: at the position, or behind the page.
func (c *cursor) edge() (key []byte, beyond bool) {
	if n := len(c.page); n > 0 && !c.isBehind(c.page[n-1].key) || n > 0 && c.position != nil && c.order(c.page[n-1].key, c.position) == 0 {
		return c.page[n-1].key, true
	}
	return c.position, c.beyond
}

// remains returns the part of the span that is to be read; ok is that there is any.
func (c *cursor) remains(key []byte, beyond bool) (s store.Span, ok bool) {
	s = c.span
	switch {
	case key == nil:
	case s.Back:
		if !beyond {
			key = after(key)
		}
		if s.To == nil || bytes.Compare(key, s.To) < 0 {
			s.To = key
		}
	default:
		if beyond {
			key = after(key)
		}
		if bytes.Compare(key, s.From) > 0 {
			s.From = key
		}
	}
	return s, s.To == nil || bytes.Compare(s.From, s.To) < 0
}

// after returns the key that follows a key.
func after(key []byte) []byte { return append(slices.Clip(key), 0) }

// wish is a page to be read.
type wish struct {
	cursor *cursor
	span   store.Span
	start  []byte
	limit  int
	got    []entry
}

// fill reads the next page of a cursor, and in the same round trip those of the others that would have to read as well if the same was asked of them.
func (s *scan) fill(c *cursor, sought []byte) bool {
	rest, relative := relativeTo(c.span, sought)
	var list []*wish
	for i := range s.cursors {
		other := &s.cursors[i]
		switch {
		case other == c:
			if w := c.wants(nil); w != nil {
				list = append(list, w)
			}
		case relative:
			if w := other.wants(append(slices.Clip(prefix(other.span)), rest...)); w != nil {
				list = append(list, w)
			}
		default:
			if w := other.wants(nil); w != nil {
				list = append(list, w)
			}
		}
	}
	if len(list) > 0 && !s.read(list) {
		return false
	}
	for _, w := range list {
		w.cursor.take(w, sought != nil)
	}
	return true
}

// wants returns the page that a cursor needs for its next entry, or for the first one that is at a key; nil if it needs none.
func (c *cursor) wants(key []byte) *wish {
	if c.ended {
		return nil
	}
	at, beyond := key, false
	if key != nil && (c.position == nil || c.order(key, c.position) > 0) {
		if c.covers(key) {
			return nil
		}
	} else {
		if _, known := c.cached(); known {
			return nil
		}
		key = nil
		at, beyond = c.edge()
	}
	span, ok := c.remains(at, beyond)
	if !ok {
		if key == nil {
			c.all = true
		}
		return nil
	}
	return &wish{cursor: c, span: span, start: key, limit: c.size}
}

// covers reports whether the page has the first entry at a key that is not behind the cursor.
func (c *cursor) covers(key []byte) bool {
	if c.start != nil && c.order(key, c.start) < 0 {
		return false
	}
	n := len(c.page)
	return c.all || n > 0 && c.order(key, c.page[n-1].key) <= 0
}

// take takes a page that was read.
func (c *cursor) take(w *wish, leaping bool) {
	size := 0
	for _, e := range w.got {
		size += len(e.key) + len(e.value)
	}
	c.page, c.i, c.start, c.all = w.got, 0, w.start, len(w.got) < w.limit
	if c.read && !leaping && size < pageBytes {
		c.size = min(2*c.size, maxPage)
	}
	c.read = true
}

// prefix returns what the keys of a span begin with.
func prefix(s store.Span) []byte {
	n := 0
	for n < len(s.From) && n < len(s.To) && s.From[n] == s.To[n] {
		n++
	}
	if n == len(s.To)-1 && n < len(s.From) && s.From[n]+1 == s.To[n] && len(bytes.Trim(s.From[n+1:], "\xff")) == 0 {
		return s.From // the span of all that begins with From
	}
	return s.From[:n]
}

// relativeTo returns what is behind a span's prefix in a key that is sought. The other cursors of a scan are likely asked for the same behind theirs: a
// search looks for one place under several prefixes.
func relativeTo(s store.Span, sought []byte) (rest []byte, ok bool) {
	if sought == nil {
		return nil, false
	}
	return bytes.CutPrefix(sought, prefix(s))
}
