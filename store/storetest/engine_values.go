package storetest

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/officernd/supportline/store"
)

// emptyValues holds that a value that is nil or empty is empty from then on, wherever it is read.
func emptyValues(e *engine) {
	look := func(r store.Reader) {
		want := []string{`"by change"=`, `"by nil change"=`, `"empty"=`, `"nil"=`}
		for _, back := range []bool{false, true} {
			c := r.Scan(store.Span{Bucket: inIndex, Back: back})[0]
			for k, v := c.Next(); k != nil; k, v = c.Next() {
				fetched := []store.Entry{{Bucket: inIndex, Key: k}}
				r.Fetch(fetched)
				if got := r.Get(inIndex, k); got == nil || v == nil || fetched[0].Value == nil || len(got)+len(v)+len(fetched[0].Value) > 0 {
					e.Errorf("%q is %#v, %#v and %#v", k, got, v, fetched[0].Value)
				}
			}
		}
		same(e.T, "the entries", want, scan(r, store.Span{Bucket: inIndex}))
	}
	e.commit([]bool{true, true},
		store.Change{Edits: []store.Edit{{Bucket: inIndex, Key: []byte("by change"), Value: []byte{}}}},
		store.Change{Edits: []store.Edit{{Bucket: inIndex, Key: []byte("by nil change")}}})
	e.update(func(w store.Writer) {
		w.Put(inIndex, []byte("nil"), nil)
		w.Put(inIndex, []byte("empty"), []byte{})
		look(w)
	})
	e.view(look)
	e.commit([]bool{false, true, false},
		swap(inIndex, "nil", absent, "wrong"), swap(inIndex, "nil", "", "right"), swap(inIndex, "not there", "", "wrong"))
}

func largeValues(e *engine) {
	value := make([]byte, 3<<20)
	for i := range value {
		value[i] = byte(rand.Uint32())
	}
	e.update(func(w store.Writer) { w.Put(inCalls, []byte("update"), value) })
	e.commit([]bool{true}, store.Change{Edits: []store.Edit{{Bucket: inCalls, Key: []byte("commit"), Value: value}}})
	e.reopen()
	for _, key := range []string{"update", "commit"} {
		if got := e.get(inCalls, key); got != string(value) {
			e.Errorf("%s: %d bytes came back, or others", key, len(got))
		}
	}
	e.commit([]bool{true}, swap(inCalls, "commit", string(value), "short"))
}

// longKeys writes keys that no compression makes shorter.
func longKeys(e *engine) {
	key := func(length int) []byte {
		k := make([]byte, length)
		for i := range k {
			k[i] = byte(rand.Uint32())
		}
		return k
	}
	fits, other, long := key(store.MaxKey), key(store.MaxKey), key(store.MaxKey+1)
	e.update(func(w store.Writer) { w.Put(inIndex, fits, []byte("1")) })
	e.commit([]bool{true}, store.Change{Expect: []store.Entry{{Bucket: inIndex, Key: other}}, Edits: []store.Edit{{Bucket: inIndex, Key: other, Value: []byte("2")}}})
	look := func() {
		e.Helper()
		if a, b, c := e.get(inIndex, string(fits)), e.get(inIndex, string(other)), e.get(inIndex, string(long)); a != "1" || b != "2" || c != absent {
			e.Errorf("got %s, %s and %s", a, b, c)
		}
		same(e.T, "the other bucket", []string(nil), e.all(inCalls))
	}
	look()
	err := e.Update(e.Context(), func(w store.Writer) error {
		w.Put(inCalls, []byte("before"), nil)
		w.Put(inIndex, long, nil)
		w.Put(inCalls, []byte("after"), nil)
		return nil
	})
	wantError(e.T, "Update", err, store.ErrLongKey)
	_, err = e.Commit(e.Context(), []store.Change{
		{Edits: []store.Edit{edit(inCalls, "before", "")}},
		{Edits: []store.Edit{{Bucket: inIndex, Key: long}}},
	})
	wantError(e.T, "Commit", err, store.ErrLongKey)
	look()
}

// reusedSlices changes what was handed over once the call has returned.
func reusedSlices(e *engine) {
	key, value := []byte("key"), []byte("value")
	spoil := func() {
		copy(key, "xxx")
		copy(value, "xxxxx")
	}
	e.update(func(w store.Writer) { w.Put(inCalls, key, value) })
	spoil()
	same(e.T, "after Update", []string{`"key"=value`}, e.all(inCalls))
	key, value = []byte("two"), []byte("other")
	e.commit([]bool{true}, store.Change{Expect: []store.Entry{{Bucket: inIndex, Key: key}}, Edits: []store.Edit{{Bucket: inIndex, Key: key, Value: value}}})
	spoil()
	same(e.T, "after Commit", []string{`"two"=other`}, e.all(inIndex))
}

func clock(e *engine) {
	var last time.Time
	for range 3 {
		before := time.Now()
		e.view(func(r store.Reader) {
			now := r.Now()
			if now.Before(last) || now.Before(before.Add(-time.Minute)) || now.After(time.Now().Add(time.Minute)) {
				e.Errorf("it is %v by the engine's clock, after %v, and %v by ours", now, last, before)
			}
			last = now
		})
		e.update(func(w store.Writer) {
			if now := w.Now(); now.Before(last.Add(-time.Second)) || now.After(time.Now().Add(time.Minute)) {
				e.Errorf("it is %v in a transaction, after %v", now, last)
			}
		})
	}
}

func reopenedEngine(e *engine) {
	e.put(inCalls, "a", "1", "b", "2")
	e.commit([]bool{true}, swap(inCalls, "a", "1", "3"))
	e.update(func(w store.Writer) { w.Delete(inCalls, []byte("b")) })
	for range 2 {
		e.reopen()
		same(e.T, "the entries", []string{`"a"=3`}, e.all(inCalls))
	}
	e.commit([]bool{true}, swap(inCalls, "a", "3", "4"))
}

func closedEngine(e *engine) {
	e.put(inCalls, "a", "1")
	e.close()
	ctx := context.WithoutCancel(e.Context())
	wantError(e.T, "View", e.View(ctx, func(r store.Reader) error { r.Get(inCalls, []byte("a")); return nil }), store.ErrClosed)
	wantError(e.T, "Update", e.Update(ctx, func(w store.Writer) error { w.Put(inCalls, []byte("b"), nil); return nil }), store.ErrClosed)
	_, err := e.Commit(ctx, []store.Change{swap(inCalls, "a", "1", "2")})
	wantError(e.T, "Commit", err, store.ErrClosed)
	_, err = e.Next(ctx, inMeta, 1)
	wantError(e.T, "Next", err, store.ErrClosed)
	if err := e.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
		e.Errorf("Close, a second time: %v", err)
	}
	e.reopen()
	same(e.T, "the entries", []string{`"a"=1`}, e.all(inCalls))
}

// endedContext wants that whoever has gone away has not written.
func endedContext(e *engine) {
	e.put(inCalls, "a", "1")
	ctx, cancel := context.WithCancel(e.Context())
	cancel()
	wantError(e.T, "Update", e.Update(ctx, func(w store.Writer) error { w.Put(inCalls, []byte("b"), nil); return nil }), context.Canceled)
	_, err := e.Commit(ctx, []store.Change{swap(inCalls, "a", "1", "2")})
	wantError(e.T, "Commit", err, context.Canceled)
	wantError(e.T, "View", e.View(ctx, func(r store.Reader) error { r.Get(inCalls, []byte("a")); return nil }), context.Canceled)
	same(e.T, "the entries", []string{`"a"=1`}, e.all(inCalls))
	if !bytes.Equal([]byte(e.get(inCalls, "a")), []byte("1")) {
		e.Error("the engine does not go on")
	}
}
