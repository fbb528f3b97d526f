package storetest

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/officernd/supportline/store"
)

// snapshots holds that what is committed while a view reads is seen by the next one.
func snapshots(e *engine) {
	e.put(inCalls, "a", "1", "b", "1")
	runs := 0
	e.view(func(r store.Reader) {
		if got := text(r.Get(inCalls, []byte("a"))); got != "1" {
			e.Errorf("a is %s", got)
		}
		if runs++; runs == 1 { // a view may run again
			e.peer(1).commit([]bool{true}, swap(inCalls, "b", "1", "2"))
			e.peer(2).put(inCalls, "a", "2", "c", "2")
			e.update(func(w store.Writer) { w.Delete(inCalls, []byte("b")) })
		}
		fetched := []store.Entry{{Bucket: inCalls, Key: []byte("b")}, {Bucket: inCalls, Key: []byte("c")}}
		r.Fetch(fetched)
		if b, c := text(fetched[0].Value), text(fetched[1].Value); b != "1" || c != absent {
			e.Errorf("b is %s and c %s in the snapshot", b, c)
		}
		same(e.T, "the snapshot", []string{`"a"=1`, `"b"=1`}, scan(r, store.Span{Bucket: inCalls}))
		if n := r.Count(store.Span{Bucket: inCalls}, -1); n != 2 {
			e.Errorf("%d entries in the snapshot", n)
		}
	})
	same(e.T, "the next view", []string{`"a"=2`, `"c"=2`}, e.all(inCalls))
}

func ownWrites(e *engine) {
	e.put(inIndex, "a", "1", "b", "1", "d", "1", "f", "1")
	e.put(inCalls, "x", "1", "y", "1")
	e.update(func(w store.Writer) {
		look := func(what string, want ...string) {
			e.Helper()
			same(e.T, what, want, scan(w, store.Span{Bucket: inIndex}))
			back := scan(w, store.Span{Bucket: inIndex, Back: true, Few: 1})
			for i := range want {
				if len(back) != len(want) || back[i] != want[len(want)-1-i] {
					e.Errorf("%s, back: %v", what, back)
					break
				}
			}
			for _, most := range []int{-1, math.MaxInt, len(want)} {
				if n := w.Count(store.Span{Bucket: inIndex}, most); n != len(want) {
					e.Errorf("%s: %d are counted, %d at most", what, n, most)
				}
			}
		}
		put := func(key, value string) { w.Put(inIndex, []byte(key), []byte(value)) }
		put("c", "2")
		put("b", "2")
		w.Delete(inIndex, []byte("d"))
		w.Delete(inIndex, []byte("not there"))
		look("put and deleted", `"a"=1`, `"b"=2`, `"c"=2`, `"f"=1`)
		fetched := []store.Entry{{Bucket: inIndex, Key: []byte("b")}, {Bucket: inIndex, Key: []byte("d")}, {Bucket: inIndex, Key: []byte("f")}}
		w.Fetch(fetched)
		if b, d, f, c := text(fetched[0].Value), text(fetched[1].Value), text(fetched[2].Value), text(w.Get(inIndex, []byte("c"))); b != "2" || d != absent || f != "1" || c != "2" {
			e.Errorf("b, d, f and c are %s, %s, %s and %s", b, d, f, c)
		}
		if n := w.Count(span("b", "f", false), 1); n != 1 {
			e.Errorf("%d are counted, one at most", n)
		}
		same(e.T, "within bounds", []string{`"c"=2`, `"b"=2`}, scan(w, span("b", "d\x00", true)))
		c := w.Scan(span("", "", false))[0]
		if k, v := c.Seek([]byte("bb")); shown(k, v) != `"c"=2` {
			e.Errorf("a seek is at %s", shown(k, v))
		}
		if k, v := c.Seek([]byte("d")); shown(k, v) != `"f"=1` {
			e.Errorf("a seek to what was deleted is at %s", shown(k, v))
		}
		put("d", "3")
		look("put after it was deleted", `"a"=1`, `"b"=2`, `"c"=2`, `"d"=3`, `"f"=1`)
		w.Clear(inIndex)
		look("cleared")
		put("b", "4")
		put("z", "4")
		w.Delete(inIndex, []byte("z"))
		look("put after it was cleared", `"b"=4`)
		same(e.T, "another bucket", []string{`"x"=1`, `"y"=1`}, scan(w, store.Span{Bucket: inCalls}))
		w.Clear(inCalls)
	})
	same(e.T, "after the transaction", []string{`"b"=4`}, e.all(inIndex))
	same(e.T, "a bucket that was cleared last", []string(nil), e.all(inCalls))
}

// ownRemovals removes many entries in a row, so that whole pages are empty.
func ownRemovals(e *engine) {
	e.update(func(w store.Writer) {
		for n := range 2000 {
			w.Put(inIndex, []byte(numbered(n)), []byte(strings.Repeat("v", 100)))
		}
	})
	for _, gap := range [][2]int{{500, 1500}, {0, 700}, {1300, 2000}, {0, 2000}} {
		kept := 2000 - (gap[1] - gap[0])
		err := e.Update(e.Context(), func(w store.Writer) error {
			for n := gap[0]; n < gap[1]; n++ {
				w.Delete(inIndex, []byte(numbered(n)))
			}
			for _, back := range []bool{false, true} {
				if n := len(scan(w, span("", "", back))); n != kept {
					e.Errorf("%v are gone, and %d are left (back %t), want %d", gap, n, back, kept)
				}
				k, _ := w.Scan(span("", "", back))[0].Seek([]byte(numbered(gap[0] + 10)))
				want := map[bool]int{false: gap[1], true: gap[0] - 1}[back]
				if inside := want >= 0 && want < 2000; inside != (k != nil) || inside && string(k) != numbered(want) {
					e.Errorf("a seek into the gap %v (back %t) is at %q", gap, back, k)
				}
			}
			if n := w.Count(span("", "", false), -1); n != kept {
				e.Errorf("%d are counted, want %d", n, kept)
			}
			return errTold
		})
		wantError(e.T, "Update", err, errTold)
	}
	e.view(func(r store.Reader) {
		if n := r.Count(span("", "", false), -1); n != 2000 {
			e.Errorf("%d entries are left of a transaction that failed", n)
		}
	})
}

var errTold = errors.New("the error of the function")

// readAgain reads keys before and after the transaction changes them, and after it cleared their bucket; at first some of them twice in one list.
func readAgain(e *engine) {
	e.put(inCalls, "changed", "1", "removed", "1", "same", "1")
	e.update(func(w store.Writer) {
		twice := []store.Entry{{Bucket: inCalls, Key: []byte("same")}, {Bucket: inCalls, Key: []byte("none")}, {Bucket: inCalls, Key: []byte("same")}, {Bucket: inCalls, Key: []byte("none")}}
		w.Fetch(twice)
		for i, want := range []string{"1", absent, "1", absent} {
			if got := text(twice[i].Value); got != want {
				e.Errorf("place %d of a list with keys twice: %s, want %s", i, got, want)
			}
		}
		keys := []string{"changed", "removed", "same", "added"}
		look := func(what string, want ...string) {
			e.Helper()
			for i, key := range keys {
				if got := text(w.Get(inCalls, []byte(key))); got != want[i] {
					e.Errorf("%s: %s is %s, want %s", what, key, got, want[i])
				}
			}
		}
		look("before", "1", "1", "1", absent)
		w.Put(inCalls, []byte("changed"), []byte("2"))
		w.Delete(inCalls, []byte("removed"))
		w.Put(inCalls, []byte("added"), []byte("2"))
		look("after", "2", absent, "1", "2")
		w.Clear(inCalls)
		look("cleared", absent, absent, absent, absent)
		w.Put(inCalls, []byte("same"), []byte("3"))
		look("written anew", absent, absent, "3", absent)
	})
	same(e.T, "the entries", []string{`"same"=3`}, e.all(inCalls))
}

func rolledBack(e *engine) {
	e.put(inCalls, "a", "1")
	change := func(w store.Writer) {
		w.Put(inCalls, []byte("a"), []byte("2"))
		w.Put(inIndex, []byte("b"), nil)
		w.Clear(inCalls)
	}
	if err := e.Update(e.Context(), func(w store.Writer) error { change(w); return errTold }); err != errTold {
		e.Errorf("Update returns %v", err)
	}
	if err := e.View(e.Context(), func(store.Reader) error { return errTold }); !errors.Is(err, errTold) {
		e.Errorf("View returns %v", err)
	}
	func() {
		defer func() { _ = recover() }() // an engine may hand the panic on, or turn it into an error
		_ = e.Update(e.Context(), func(w store.Writer) error { change(w); panic("in the function") })
	}()
	same(e.T, "the entries", []string{`"a"=1`}, e.all(inCalls))
	same(e.T, "the other bucket", []string(nil), e.all(inIndex))
	e.put(inCalls, "a", "3")
	same(e.T, "the entries afterwards", []string{`"a"=3`}, e.all(inCalls))
}

// serializable lets each transaction count the entries and add one whose key is the count: two that do not see each other add one together.
func serializable(e *engine) {
	const workers, each = 4, 15
	var total counter
	atOnce(workers, func(i int) {
		e := e.peer(i)
		for range each {
			err := e.Update(e.Context(), func(w store.Writer) error {
				w.Put(inIndex, fmt.Appendf(nil, "%06d", w.Count(store.Span{Bucket: inIndex}, -1)), nil)
				return nil
			})
			if err != nil {
				e.Errorf("Update: %v", err)
				return
			}
			total.add()
		}
	})
	if n := len(e.all(inIndex)); n != total.count() {
		e.Errorf("%d transactions added %d entries", total.count(), n)
	}
}

// meeting lets functions wait for each other, for a moment: an engine may also run one after the other.
type meeting struct {
	mu      sync.Mutex
	missing int
	all     chan struct{}
}

func newMeeting(n int) *meeting { return &meeting{missing: n, all: make(chan struct{})} }

func (m *meeting) arrive() {
	m.mu.Lock()
	if m.missing--; m.missing == 0 {
		close(m.all)
	}
	m.mu.Unlock()
	select {
	case <-m.all:
	case <-time.After(10 * time.Millisecond):
	}
}

// writeSkew lets two people leave, each if the other one stays.
func writeSkew(e *engine) {
	for range 10 {
		e.put(inCalls, "mila", "", "noor", "")
		m := newMeeting(2)
		atOnce(2, func(i int) {
			e := e.peer(i)
			e.update(func(w store.Writer) {
				n := w.Count(store.Span{Bucket: inCalls}, -1)
				m.arrive()
				if n > 1 {
					w.Delete(inCalls, []byte([]string{"mila", "noor"}[i]))
				}
			})
		})
		if left := e.all(inCalls); len(left) != 1 {
			e.Fatalf("there are %v", left)
		}
	}
}

// updateAgainstCommit lets a commit come between what a transaction reads and what it writes, if it can.
func updateAgainstCommit(e *engine) {
	for range 10 {
		e.put(inCalls, "n", "0")
		m := newMeeting(2)
		var held bool
		atOnce(2, func(i int) {
			e := e.peer(i)
			if i == 0 {
				m.arrive()
				held = e.held(swap(inCalls, "n", "0", "1"))[0]
				return
			}
			e.update(func(w store.Writer) {
				n, _ := strconv.Atoi(text(w.Get(inCalls, []byte("n"))))
				m.arrive()
				w.Put(inCalls, []byte("n"), strconv.AppendInt(nil, int64(n+1), 10))
			})
		})
		want := map[bool]string{true: "2", false: "1"}[held]
		if got := e.get(inCalls, "n"); got != want {
			e.Fatalf("n is %s, and the commit held: %t", got, held)
		}
	}
}

// protectedEntry lets a transaction read a guard and what it guards, and rewrite the guard, while a commit relies on the guard.
func protectedEntry(e *engine) {
	for range 10 {
		e.put(inMeta, "guard", "old")
		e.update(func(w store.Writer) { w.Delete(inCalls, []byte("call")) })
		m := newMeeting(2)
		var held bool
		var saw string
		atOnce(2, func(i int) {
			e := e.peer(i)
			if i == 0 {
				m.arrive()
				c := swap(inMeta, "guard", "old", "old")
				c.Edits = append(c.Edits, edit(inCalls, "call", "there"))
				held = e.held(c)[0]
				return
			}
			e.update(func(w store.Writer) {
				w.Get(inMeta, []byte("guard"))
				saw = text(w.Get(inCalls, []byte("call")))
				m.arrive()
				w.Put(inMeta, []byte("guard"), []byte("new"))
			})
		})
		if held != (saw == "there") {
			e.Fatalf("the commit held: %t, and the transaction saw: %s", held, saw)
		}
	}
}

func seenByOthers(e *engine) {
	for i := range 6 {
		value, before := fmt.Sprint("written by ", i), fmt.Sprint("written by ", i-1)
		if i%2 == 0 {
			e.peer(i).put(inCalls, "a", value)
		} else {
			e.peer(i).commit([]bool{true}, swap(inCalls, "a", before, value))
		}
		for other := range e.peers {
			if got := e.peer(other).get(inCalls, "a"); got != value {
				e.Errorf("engine %d reads %s, want %s", other, got, value)
			}
		}
	}
}
