package storetest

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/officernd/supportline/store"
)

func emptyEngine(e *engine) {
	e.close()
	e.Engine, e.open = e.entries.Engine(e.T), true
	look := func(r store.Reader) {
		if v := r.Get(inCalls, []byte("a")); v != nil {
			e.Errorf("Get returns %q", v)
		}
		entries := []store.Entry{{Bucket: inCalls, Key: []byte("a"), Value: []byte("from before")}}
		if r.Fetch(entries); entries[0].Value != nil {
			e.Errorf("Fetch sets %q", entries[0].Value)
		}
		for _, b := range store.Buckets() {
			same(e.T, "entries of "+b.String(), []string(nil), scan(r, store.Span{Bucket: b}))
			if n := r.Count(store.Span{Bucket: b}, -1); n != 0 {
				e.Errorf("%d entries in %s", n, b)
			}
		}
	}
	e.view(look)
	for range 2 {
		if err := e.Prepare(e.Context(), false); err != nil {
			e.Fatal(err)
		}
		e.view(look)
		e.update(func(w store.Writer) { look(w) })
	}
}

func bucketsApart(e *engine) {
	quoted := func(b store.Bucket) string { return fmt.Sprintf("%q", b) }
	e.update(func(w store.Writer) {
		for _, b := range store.Buckets() {
			w.Put(b, []byte("k"), []byte(quoted(b)))
		}
	})
	for _, b := range store.Buckets() {
		if got := e.get(b, "k"); got != quoted(b) {
			e.Errorf("%s has %s", b, got)
		}
	}
	e.update(func(w store.Writer) { w.Clear(inIndex) })
	same(e.T, "a bucket that was cleared", []string(nil), e.all(inIndex))
	same(e.T, "another one", []string{`"k"="calls"`}, e.all(inCalls))
}

// strangeKeys are in the order of their bytes, which is not that of letters.
var strangeKeys = []string{
	"\x00", "\x00\x00", "\x00\xff", "\x01", "A", "Z", "a", "a\x00", "a\x00b", "a\x01", "aa", "ab", "a\xff", "a\xff\xff", "b", "\x7f", "\x80", "é", "\xff", "\xff\x00", "\xff\xff", "\xff\xff\xff",
}

// putStrange writes the strange keys in an order that is none.
func putStrange(e *engine) {
	e.Helper()
	for i := range strangeKeys {
		k := strangeKeys[i*7%len(strangeKeys)]
		e.put(inIndex, k, "of "+k)
	}
}

// strange returns the entries of strange keys that a span has.
func strange(s store.Span) (entries []string) {
	for _, k := range strangeKeys {
		if bytes.Compare([]byte(k), s.From) >= 0 && (s.To == nil || bytes.Compare([]byte(k), s.To) < 0) {
			entries = append(entries, shown([]byte(k), []byte("of "+k)))
		}
	}
	if s.Back {
		slices.Reverse(entries)
	}
	return entries
}

func keyOrder(e *engine) {
	putStrange(e)
	for _, back := range []bool{false, true} {
		for _, few := range []int{0, 1, 3, 10_000, math.MaxInt} {
			s := span("", "", back)
			s.Few = few
			e.view(func(r store.Reader) { same(e.T, shownSpan(s), strange(s), scan(r, s)) })
		}
	}
}

// spanBounds looks at every pair of bounds, those between keys too.
func spanBounds(e *engine) {
	putStrange(e)
	bounds := append([]string{"", "a\x00\xff", "m", "\xfe", "\xff\xff\xff\x00"}, strangeKeys...)
	e.view(func(r store.Reader) {
		for _, from := range bounds {
			var spans []store.Span
			for _, to := range bounds {
				spans = append(spans, span(from, to, false), span(from, to, true))
			}
			for i, c := range r.Scan(spans...) {
				same(e.T, shownSpan(spans[i]), strange(spans[i]), rest(c))
			}
		}
	})
}

// numbered returns the n-th of many keys.
func numbered(n int) string { return fmt.Sprintf("k%05d", n) }

// putNumbered writes many entries: of even numbers, with values of some length.
func putNumbered(e *engine, n int) {
	e.Helper()
	e.update(func(w store.Writer) {
		for i := range n {
			w.Put(inIndex, []byte(numbered(2*i)), []byte(strings.Repeat("v", 1+i%200)))
		}
	})
}

func cursorSeeks(e *engine) {
	putNumbered(e, 1000) // k00000 to k01998
	type seek struct{ to, want string }
	tests := []struct {
		what  string
		span  store.Span
		seeks []seek // Next is called after each one, too
	}{
		{"to a key that is there", span("", "", false), []seek{{numbered(10), numbered(10)}, {numbered(14), numbered(14)}, {numbered(1500), numbered(1500)}}},
		{"to one that is not", span("", "", false), []seek{{numbered(11), numbered(12)}, {"k00015x", numbered(16)}, {numbered(1501), numbered(1502)}}},
		{"to before the span", span(numbered(100), numbered(200), false), []seek{{"a", numbered(100)}, {numbered(150), numbered(150)}, {numbered(199), ""}}},
		{"to its end", span(numbered(100), numbered(200), false), []seek{{numbered(198), numbered(198)}}},
		{"to beyond it", span(numbered(100), numbered(200), false), []seek{{numbered(200), ""}, {numbered(150), ""}}},
		{"behind where it is", span("", "", false), []seek{{numbered(100), numbered(100)}, {numbered(50), numbered(102)}, {numbered(104), numbered(104)}}},
		{"back, to a key that is there", span("", "", true), []seek{{numbered(1500), numbered(1500)}, {numbered(1490), numbered(1490)}, {numbered(10), numbered(10)}}},
		{"back, to one that is not", span("", "", true), []seek{{numbered(1501), numbered(1500)}, {"k00015x", numbered(14)}}},
		{"back, to after the span", span(numbered(100), numbered(200), true), []seek{{"z", numbered(198)}, {numbered(150), numbered(150)}, {numbered(99), ""}}},
		{"back, to the bound that is outside", span(numbered(100), numbered(200), true), []seek{{numbered(200), numbered(198)}}},
		{"back, to before the span", span(numbered(100), numbered(200), true), []seek{{"a", ""}, {numbered(150), ""}}},
		{"back, behind where it is", span("", "", true), []seek{{numbered(100), numbered(100)}, {numbered(500), numbered(98)}, {numbered(96), numbered(96)}}},
	}
	e.view(func(r store.Reader) {
		for _, test := range tests {
			for _, few := range []int{0, 1, 2, 500} {
				test.span.Few = few
				c := r.Scan(test.span)[0]
				for i, s := range test.seeks {
					if k, _ := c.Seek([]byte(s.to)); string(k) != s.want {
						e.Errorf("%s, reading %d: seek %d, to %s, is at %q, want %q", test.what, few, i, s.to, k, s.want)
					}
					if s.want != "" {
						c.Next()
					}
				}
			}
		}
	})
}

// cursorLeaps moves a cursor by seeks of growing width, reading on between them.
func cursorLeaps(e *engine) {
	putNumbered(e, 1000)
	e.view(func(r store.Reader) {
		for _, back := range []bool{false, true} {
			c := r.Scan(store.Span{Bucket: inIndex, Back: back, Few: 10})[0]
			for n, step := 0, 1; n < 1990; n, step = n+step, step+3 {
				key := numbered(n)
				want := numbered(n + n%2)
				if back {
					key = numbered(1998 - n)
					want = numbered(1998 - n - n%2)
				}
				k, v := c.Seek([]byte(key))
				if string(k) != want || len(v) == 0 {
					e.Fatalf("back %t: a seek to %s is at %q", back, key, k)
				}
				if again, _ := c.Seek([]byte(key)); !bytes.Equal(again, k) {
					e.Fatalf("back %t: the same seek to %s is at %q the second time", back, key, again)
				}
				if next, _ := c.Next(); cmp.Compare(string(next), want) != map[bool]int{false: 1, true: -1}[back] && next != nil {
					e.Fatalf("back %t: %q follows %q", back, next, k)
				}
				n += 2
			}
		}
	})
}

func spansSideBySide(e *engine) {
	putNumbered(e, 300)
	e.put(inCalls, "c1", "1", "c2", "2")
	e.view(func(r store.Reader) {
		all := r.Scan(
			store.Span{Bucket: inIndex, From: []byte(numbered(100)), Few: 2},
			store.Span{Bucket: inCalls, Back: true},
			store.Span{Bucket: inIndex, To: []byte(numbered(300)), Back: true, Few: 7},
			store.Span{Bucket: inMeta},
			store.Span{Bucket: inIndex, From: []byte("x")},
		)
		if len(all) != 5 {
			e.Fatalf("%d cursors", len(all))
		}
		var up, down []string
		for range 100 { // in turn
			k, _ := all[0].Next()
			up = append(up, string(k))
			k, _ = all[2].Next()
			down = append(down, string(k))
		}
		for i := range 100 {
			if up[i] != numbered(100+2*i) || down[i] != numbered(298-2*i) {
				e.Fatalf("entry %d: %s and %s", i, up[i], down[i])
			}
		}
		same(e.T, "another bucket, back", []string{`"c2"=2`, `"c1"=1`}, rest(all[1]))
		same(e.T, "an empty bucket", []string(nil), rest(all[3]))
		same(e.T, "an empty span", []string(nil), rest(all[4]))
		if k, _ := all[4].Next(); k != nil {
			e.Errorf("after the end there is %q", k)
		}
		if none := r.Scan(); len(none) != 0 {
			e.Errorf("no span has %d cursors", len(none))
		}
	})
}

// manySpans holds that the first entries of all spans come at once.
func manySpans(e *engine) {
	const spans = 2000
	e.update(func(w store.Writer) {
		for n := range spans {
			for i := range n % 4 {
				w.Put(inIndex, fmt.Appendf(nil, "%s/%d", numbered(n), i), fmt.Append(nil, n))
			}
		}
	})
	e.view(func(r store.Reader) {
		var all []store.Span
		for n := range spans {
			all = append(all, store.Span{Bucket: inIndex, From: []byte(numbered(n) + "/"), To: []byte(numbered(n) + "0"), Back: n%2 == 1, Few: 4})
		}
		before := r.Trips()
		for n, c := range r.Scan(all...) {
			entries := rest(c)
			if len(entries) != n%4 {
				e.Fatalf("span %d has %d entries, want %d", n, len(entries), n%4)
			}
			if last := n%4 - 1; last > 0 && entries[0] != fmt.Sprintf(`"%s/%d"=%d`, numbered(n), map[bool]int{true: last}[n%2 == 1], n) {
				e.Fatalf("span %d begins with %s", n, entries[0])
			}
		}
		if n := r.Trips() - before; n > 1 {
			e.Errorf("%d round trips for what one could bring", n)
		}
	})
}

func countsOfSpans(e *engine) {
	putNumbered(e, 500)
	tests := []struct {
		from, to   string
		most, want int
	}{
		{"", "", -1, 500},
		{"", "", 500, 500},
		{"", "", 499, 499},
		{"", "", math.MaxInt, 500},
		{"", "", 1, 1},
		{"", "", 0, 0},
		{numbered(100), numbered(200), -1, 50},
		{numbered(100), numbered(200), 7, 7},
		{numbered(101), numbered(199), -1, 49},
		{"x", "", -1, 0},
		{numbered(200), numbered(100), -1, 0},
		{numbered(200), numbered(200), 5, 0},
	}
	e.view(func(r store.Reader) {
		for _, test := range tests {
			for _, back := range []bool{false, true} {
				if n := r.Count(span(test.from, test.to, back), test.most); n != test.want {
					e.Errorf("%q to %q, %d at most: %d entries, want %d", test.from, test.to, test.most, n, test.want)
				}
			}
		}
	})
}

func fetchMany(e *engine) {
	putNumbered(e, 200)
	e.put(inCalls, "c", "1")
	e.view(func(r store.Reader) {
		entries := []store.Entry{{Bucket: inCalls, Key: []byte("c")}, {Bucket: inMeta, Key: []byte("c")}, {Bucket: inCalls, Key: []byte("c"), Value: []byte("old")}}
		for n := range 400 {
			entries = append(entries, store.Entry{Bucket: inIndex, Key: []byte(numbered(n)), Value: []byte("old")})
		}
		before := r.Trips()
		r.Fetch(entries)
		if n := r.Trips() - before; n > 1 {
			e.Errorf("%d round trips", n)
		}
		if a, b, c := text(entries[0].Value), text(entries[1].Value), text(entries[2].Value); a != "1" || b != absent || c != "1" {
			e.Errorf("got %s, %s and %s", a, b, c)
		}
		for n, got := range entries[3:] {
			if want := n%2 == 0; (got.Value != nil) != want || !bytes.Equal(got.Value, r.Get(inIndex, got.Key)) {
				e.Errorf("entry %d has %q", n, got.Value)
			}
		}
		r.Fetch(nil)
	})
}
