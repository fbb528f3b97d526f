package storetest

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/store"
)

// property runs random operations on an engine and on the model, and compares what they return.
func property(t *testing.T, e *engine) {
	rapid.Check(t, func(rt *rapid.T) {
		e.update(func(w store.Writer) {
			for _, b := range propertyBuckets {
				w.Clear(b)
			}
		})
		p := &pair{engine: e, model: newModel(), rt: rt}
		rt.Repeat(map[string]func(*rapid.T){
			"":       p.compare,
			"commit": p.commit,
			"update": p.update,
			"view":   p.view,
			"reopen": p.reopen,
		})
	})
}

var propertyBuckets = []store.Bucket{inCalls, inIndex}

// pair is an engine and the model of what it should do.
type pair struct {
	*engine
	model entriesModel
	rt    *rapid.T
}

// compare compares all entries.
func (p *pair) compare(rt *rapid.T) {
	err := p.View(p.Context(), func(r store.Reader) error {
		for _, b := range propertyBuckets {
			same(rt, "the entries of "+b.String(), p.model.scan(store.Span{Bucket: b}), scan(r, store.Span{Bucket: b}))
		}
		return nil
	})
	p.failed(rt, "View", err)
}

func (p *pair) failed(rt *rapid.T, what string, err error) {
	if err != nil {
		rt.Fatalf("%s: %v", what, err)
	}
}

// The keys are few, so that operations meet, and lie at the edges: prefixes of each other, the lowest and the highest bytes.
var (
	anyKey    = rapid.StringOfN(rapid.SampledFrom([]rune{0, 1, 'a', 'b', 0x7f}), 1, 3, -1)
	anyValue  = rapid.SampledFrom([]string{"", "1", "2", "a longer value"})
	anyBucket = rapid.SampledFrom(propertyBuckets)
)

func drawKey(rt *rapid.T, what string) string {
	key := []byte(anyKey.Draw(rt, what))
	for i := range key {
		if key[i] == 0x7f {
			key[i] = 0xff
		}
	}
	return string(key)
}

func drawEdit(rt *rapid.T) store.Edit {
	value := anyValue.Draw(rt, "value")
	if rapid.IntRange(0, 2).Draw(rt, "gone") == 0 {
		value = absent
	}
	return edit(anyBucket.Draw(rt, "bucket"), drawKey(rt, "key"), value)
}

func drawSpan(rt *rapid.T) store.Span {
	s := store.Span{Bucket: anyBucket.Draw(rt, "bucket"), Back: rapid.Bool().Draw(rt, "back"), Few: rapid.SampledFrom([]int{0, 1, 2, 5, 100}).Draw(rt, "few")}
	if rapid.Bool().Draw(rt, "bounded below") {
		s.From = []byte(drawKey(rt, "from"))
	}
	if rapid.Bool().Draw(rt, "bounded above") {
		s.To = []byte(drawKey(rt, "to"))
	}
	return s
}

// commit commits changes that expect what is there, or now and then something else.
func (p *pair) commit(rt *rapid.T) {
	ahead := p.model.clone()
	var changes []store.Change
	for range rapid.IntRange(1, 4).Draw(rt, "changes") {
		var c store.Change
		for range rapid.IntRange(0, 3).Draw(rt, "expectations") {
			b, key := anyBucket.Draw(rt, "bucket"), drawKey(rt, "key")
			value := ahead.get(b, key)
			if rapid.IntRange(0, 5).Draw(rt, "wrong") == 0 {
				value = rapid.SampledFrom([]string{absent, "", "1", "2"}).Draw(rt, "expected")
			}
			c.Expect = append(c.Expect, entry(b, key, value))
			if rapid.Bool().Draw(rt, "rewritten") {
				c.Edits = append(c.Edits, edit(b, key, rapid.SampledFrom([]string{value, absent, "1", "2"}).Draw(rt, "rewritten with")))
			}
		}
		for range rapid.IntRange(0, 3).Draw(rt, "edits") {
			c.Edits = append(c.Edits, drawEdit(rt))
		}
		ahead.commit([]store.Change{c})
		changes = append(changes, c)
	}
	held, err := p.Commit(p.Context(), changes)
	p.failed(rt, "Commit", err)
	same(rt, "the changes that hold", p.model.commit(changes), held)
}

// update writes and reads in one transaction, which may fail at its end.
func (p *pair) update(rt *rapid.T) {
	type step struct {
		kind int
		edit store.Edit
		read look
	}
	var steps []step
	for range rapid.IntRange(1, 8).Draw(rt, "steps") {
		s := step{kind: rapid.IntRange(0, 9).Draw(rt, "kind")}
		switch {
		case s.kind <= 5:
			s.edit = drawEdit(rt)
		case s.kind == 6:
			s.edit.Bucket = anyBucket.Draw(rt, "cleared")
		default:
			s.read = drawLook(rt)
		}
		steps = append(steps, s)
	}
	fails := rapid.IntRange(0, 4).Draw(rt, "fails") == 0
	var after entriesModel
	err := p.Update(p.Context(), func(w store.Writer) error {
		after = p.model.clone()
		for _, s := range steps {
			switch {
			case s.kind <= 5 && s.edit.Gone:
				w.Delete(s.edit.Bucket, s.edit.Key)
				after.edit(s.edit)
			case s.kind <= 5:
				w.Put(s.edit.Bucket, s.edit.Key, s.edit.Value)
				after.edit(s.edit)
			case s.kind == 6:
				w.Clear(s.edit.Bucket)
				clear(after[s.edit.Bucket])
			default:
				s.read.compare(rt, after, w)
			}
		}
		if fails {
			return errTold
		}
		return nil
	})
	if fails {
		if err != errTold {
			rt.Fatalf("Update returns %v", err)
		}
		return
	}
	p.failed(rt, "Update", err)
	p.model = after
}

func (p *pair) view(rt *rapid.T) {
	var looks []look
	for range rapid.IntRange(1, 3).Draw(rt, "looks") {
		looks = append(looks, drawLook(rt))
	}
	err := p.View(p.Context(), func(r store.Reader) error {
		for _, l := range looks {
			l.compare(rt, p.model, r)
		}
		return nil
	})
	p.failed(rt, "View", err)
}

// reopen opens the engine again, seldom: it takes long.
func (p *pair) reopen(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "reopens") == 0 {
		p.engine.reopen()
	}
}

// look is a way to read: keys, spans with moves of their cursors in turn, and counts.
type look struct {
	keys  []store.Entry
	spans []store.Span
	moves []cursorMove
	most  int
}

// cursorMove moves a cursor: to the next entry, or to a key.
type cursorMove struct {
	cursor int
	to     string // empty: next
}

func drawLook(rt *rapid.T) look {
	l := look{most: rapid.IntRange(-1, 5).Draw(rt, "most")}
	for range rapid.IntRange(0, 4).Draw(rt, "keys") {
		l.keys = append(l.keys, store.Entry{Bucket: anyBucket.Draw(rt, "bucket"), Key: []byte(drawKey(rt, "key"))})
	}
	for range rapid.IntRange(1, 3).Draw(rt, "spans") {
		l.spans = append(l.spans, drawSpan(rt))
	}
	for range rapid.IntRange(0, 12).Draw(rt, "moves") {
		m := cursorMove{cursor: rapid.IntRange(0, len(l.spans)-1).Draw(rt, "cursor")}
		if rapid.Bool().Draw(rt, "seeks") {
			m.to = drawKey(rt, "seek")
		}
		l.moves = append(l.moves, m)
	}
	return l
}

// compare reads from both.
func (l look) compare(rt *rapid.T, m entriesModel, r store.Reader) {
	fetched := append([]store.Entry(nil), l.keys...)
	r.Fetch(fetched)
	for _, f := range fetched {
		if want, got, direct := m.get(f.Bucket, string(f.Key)), text(f.Value), text(r.Get(f.Bucket, f.Key)); got != want || direct != want {
			rt.Errorf("%s %q is %q when fetched and %q alone, want %q", f.Bucket, f.Key, got, direct, want)
		}
	}
	cursors := r.Scan(l.spans...)
	places := make([]place, len(l.spans))
	for i, s := range l.spans {
		places[i] = place{span: s, keys: m.keys(s), at: -1}
		want := len(places[i].keys)
		if l.most >= 0 {
			want = min(want, l.most)
		}
		if n := r.Count(s, l.most); n != want {
			rt.Errorf("%s has %d entries, %d at most, want %d", shownSpan(s), n, l.most, want)
		}
	}
	for i, move := range l.moves {
		at := &places[move.cursor]
		var k, v []byte
		if move.to == "" {
			at.next()
			k, v = cursors[move.cursor].Next()
		} else {
			at.seek(move.to)
			k, v = cursors[move.cursor].Seek([]byte(move.to))
		}
		if want := at.entry(m); shown(k, v) != want {
			rt.Errorf("after move %d of %+v the cursor of %s is at %s, want %s", i, l.moves, shownSpan(at.span), shown(k, v), want)
		}
	}
	for i, c := range cursors {
		var want []string
		for at := &places[i]; at.next(); {
			want = append(want, at.entry(m))
		}
		same(rt, "the rest of "+shownSpan(l.spans[i]), want, rest(c))
	}
}

// place is where a cursor of the model is.
type place struct {
	span store.Span
	keys []string
	at   int // -1: before the first key
}

func (p *place) next() bool {
	p.at = min(p.at+1, len(p.keys))
	return p.at < len(p.keys)
}

// seek moves on to a key, or to the first one beyond it.
func (p *place) seek(key string) {
	for p.at = max(p.at, 0); p.at < len(p.keys) && (!p.span.Back && p.keys[p.at] < key || p.span.Back && p.keys[p.at] > key); p.at++ {
	}
}

// entry returns the present entry; empty at the end.
func (p *place) entry(m entriesModel) string {
	if p.at < 0 || p.at >= len(p.keys) {
		return ""
	}
	k := p.keys[p.at]
	return shown([]byte(k), []byte(m[p.span.Bucket][k]))
}

// entriesModel is an engine in its simplest form: the entries of each bucket, in memory.
type entriesModel map[store.Bucket]map[string]string

func newModel() entriesModel {
	m := entriesModel{}
	for _, b := range store.Buckets() {
		m[b] = map[string]string{}
	}
	return m
}

func (m entriesModel) clone() entriesModel {
	c := entriesModel{}
	for b, entries := range m {
		c[b] = maps.Clone(entries)
	}
	return c
}

// get returns a value as text.
func (m entriesModel) get(b store.Bucket, key string) string {
	if v, found := m[b][key]; found {
		return v
	}
	return absent
}

// keys returns the keys of a span, in its direction.
func (m entriesModel) keys(s store.Span) (keys []string) {
	for k := range m[s.Bucket] {
		if k >= string(s.From) && (s.To == nil || k < string(s.To)) {
			keys = append(keys, k)
		}
	}
	if slices.Sort(keys); s.Back {
		slices.Reverse(keys)
	}
	return keys
}

// scan returns the entries of a span.
func (m entriesModel) scan(s store.Span) (entries []string) {
	for _, k := range m.keys(s) {
		entries = append(entries, shown([]byte(k), []byte(m[s.Bucket][k])))
	}
	return entries
}

// edit writes one entry.
func (m entriesModel) edit(e store.Edit) {
	if e.Gone {
		delete(m[e.Bucket], string(e.Key))
	} else {
		m[e.Bucket][string(e.Key)] = string(e.Value)
	}
}

// commit applies the changes that hold, one after the other.
func (m entriesModel) commit(changes []store.Change) (held []bool) {
	for _, c := range changes {
		holds := true
		for _, x := range c.Expect {
			holds = holds && m.get(x.Bucket, string(x.Key)) == text(x.Value)
		}
		if held = append(held, holds); !holds {
			continue
		}
		for _, e := range c.Edits {
			m.edit(e)
		}
	}
	return held
}
