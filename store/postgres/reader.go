package postgres

import (
	"math"
	"time"

	"github.com/officernd/supportline/store"
)

// reader implements store.Reader on a transaction. writes is nil but in an Update.
type reader struct {
	*tx
	writes *writes
	kept   arena
}

func (r *reader) Get(b store.Bucket, key []byte) []byte {
	e := []store.Entry{{Bucket: b, Key: key}}
	r.Fetch(e)
	return e[0].Value
}

func (r *reader) Fetch(entries []store.Entry) {
	wanted := map[store.Bucket][][]byte{}
	for i := range entries {
		e := &entries[i]
		e.Value = nil
		if v, known := r.writes.get(e.Bucket, e.Key); known {
			e.Value = v
		} else if r.has(e.Bucket) && isKey(e.Key) {
			wanted[e.Bucket] = append(wanted[e.Bucket], e.Key)
		}
	}
	if len(wanted) == 0 {
		return
	}
	found := map[place][]byte{}
	var list []statement
	for _, b := range store.Buckets() {
		if keys := wanted[b]; len(keys) == 1 {
			at := place{b, string(keys[0])}
			list = append(list, statement{queriesOf[b].get, []any{keys[0]}, func(v [][]byte) { found[at] = r.kept.keep(v[0]) }})
		} else if len(keys) > 0 {
			list = append(list, statement{queriesOf[b].fetch, []any{keys}, func(v [][]byte) {
				found[place{b, string(v[0])}] = r.kept.keep(v[1])
			}})
		}
	}
	if !r.send(list...) {
		for i := range entries {
			entries[i].Value = nil
		}
		return
	}
	for i := range entries {
		e := &entries[i]
		if v, known := r.writes.get(e.Bucket, e.Key); known { // written, or the same key twice in one list
			e.Value = v
			continue
		}
		at := place{e.Bucket, string(e.Key)}
		e.Value = found[at]
		r.writes.saw(at, e.Value)
	}
}

// place is a key of a bucket.
type place struct {
	bucket store.Bucket
	key    string
}

func isKey(k []byte) bool { return len(k) > 0 && len(k) <= store.MaxKey }

// has reports whether the bucket's table is there, and was not cleared in this transaction.
func (r *reader) has(b store.Bucket) bool { return r.e.tables.has(b) && !r.writes.of(b).cleared() }

func (r *reader) Count(s store.Span, most int) int {
	if most == 0 || r.err != nil {
		return 0
	}
	changed := r.writes.of(s.Bucket).in(s)
	limit := int64(math.MaxInt64)
	if most > 0 {
		limit = int64(min(most, math.MaxInt-len(changed)) + len(changed))
	}
	n, here := 0, map[string]bool{}
	if r.has(s.Bucket) {
		from, to := bounds(s)
		list := []statement{{queriesOf[s.Bucket].count, []any{from, to, limit}, func(v [][]byte) { n = int(number(v[0])) }}}
		if len(changed) > 0 {
			keys := make([][]byte, len(changed))
			for i, w := range changed {
				keys[i] = w.key
			}
			list = append(list, statement{queriesOf[s.Bucket].present, []any{keys}, func(v [][]byte) { here[string(v[0])] = true }})
		}
		if !r.send(list...) {
			return 0
		}
	}
	n -= len(here)
	for _, w := range changed {
		if !w.gone {
			n++
		}
	}
	if most > 0 {
		n = min(n, most)
	}
	return n
}

// Trips implements store.Reader.
func (r *reader) Trips() int { return r.trips }

// Now implements store.Reader: the time when the transaction began.
func (r *reader) Now() time.Time {
	if r.conn == nil {
		r.send()
	}
	return r.now
}

// last is behind all keys.
var last = func() []byte {
	k := make([]byte, store.MaxKey+1)
	for i := range k {
		k[i] = 0xff
	}
	return k
}()

// bounds returns those of a span, with none missing.
func bounds(s store.Span) (from, to []byte) {
	from, to = s.From, s.To
	if from == nil {
		from = []byte{}
	}
	if to == nil {
		to = last
	}
	return from, to
}

// arena keeps copies of values. They are never nil.
type arena struct{ free []byte }

func (a *arena) keep(value []byte) []byte {
	if cap(a.free)-len(a.free) < len(value) || a.free == nil {
		a.free = make([]byte, 0, max(4<<10, len(value)))
	}
	n := len(a.free)
	a.free = append(a.free, value...)
	return a.free[n:len(a.free):len(a.free)]
}
