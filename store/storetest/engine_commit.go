package storetest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"

	"github.com/officernd/supportline/store"
)

// held commits changes and returns which hold.
func (e *engine) held(changes ...store.Change) []bool {
	e.Helper()
	held, err := e.Commit(e.Context(), changes)
	if err != nil || len(held) != len(changes) {
		e.Errorf("Commit of %d changes: %v, %v", len(changes), held, err)
		return make([]bool, len(changes))
	}
	return held
}

func expectations(e *engine) {
	e.put(inCalls, "a", "1", "b", "1")
	e.put(inIndex, "a", "other")
	tests := []struct {
		name   string
		expect []store.Entry
		want   bool
	}{
		{"nothing", nil, true},
		{"the value", []store.Entry{entry(inCalls, "a", "1")}, true},
		{"another value", []store.Entry{entry(inCalls, "a", "2")}, false},
		{"a longer value", []store.Entry{entry(inCalls, "a", "1 ")}, false},
		{"the value of another bucket", []store.Entry{entry(inCalls, "a", "other")}, false},
		{"an absent key", []store.Entry{entry(inCalls, "c", absent)}, true},
		{"an absent key, which is there", []store.Entry{entry(inCalls, "a", absent)}, false},
		{"a value that is absent", []store.Entry{entry(inCalls, "c", "1")}, false},
		{"an absent key in an empty bucket", []store.Entry{entry(inMeta, "a", absent)}, true},
		{"two values", []store.Entry{entry(inCalls, "b", "1"), entry(inIndex, "a", "other")}, true},
		{"two, and one is wrong", []store.Entry{entry(inCalls, "b", "1"), entry(inCalls, "a", "2")}, false},
		{"one twice", []store.Entry{entry(inCalls, "a", "1"), entry(inCalls, "a", "1")}, true},
		{"one twice, in two ways", []store.Entry{entry(inCalls, "a", "1"), entry(inCalls, "a", absent)}, false},
	}
	for i, test := range tests {
		key := fmt.Sprint("written by ", i)
		c := store.Change{Expect: test.expect, Edits: []store.Edit{edit(inMeta, key+" 1", "1"), edit(inCalls, key+" 2", "2")}}
		if held := e.held(c); held[0] != test.want {
			e.Errorf("%s: holds: %t", test.name, held[0])
		}
		if wrote := []bool{e.get(inMeta, key+" 1") == "1", e.get(inCalls, key+" 2") == "2"}; wrote[0] != test.want || wrote[1] != test.want {
			e.Errorf("%s: written: %t", test.name, wrote)
		}
		e.update(func(w store.Writer) { w.Clear(inMeta) })
	}
}

func changesInOrder(e *engine) {
	e.put(inCalls, "a", "1")
	e.commit([]bool{true, false, true, false, true, true},
		swap(inCalls, "a", "1", "2"),
		swap(inCalls, "a", "1", "3"),
		swap(inCalls, "a", "2", "4"),
		swap(inCalls, "a", "2", "5"),
		swap(inCalls, "a", "4", absent),
		swap(inCalls, "b", absent, "6"))
	same(e.T, "the entries", []string{`"b"=6`}, e.all(inCalls))
	e.commit([]bool{false, true, true, false},
		swap(inCalls, "b", "wrong", "1"), // what fails changes nothing for the others
		swap(inCalls, "b", "6", absent),
		swap(inCalls, "b", absent, "7"),
		swap(inCalls, "b", absent, "8"))
	same(e.T, "the entries", []string{`"b"=7`}, e.all(inCalls))
	// A change looks at everything that it expects before it writes.
	e.commit([]bool{true, true}, store.Change{
		Expect: []store.Entry{entry(inCalls, "b", "7"), entry(inCalls, "c", absent)},
		Edits:  []store.Edit{edit(inCalls, "b", absent), edit(inCalls, "c", "9")},
	}, store.Change{
		Expect: []store.Entry{entry(inCalls, "b", absent), entry(inCalls, "c", "9")},
		Edits:  []store.Edit{edit(inCalls, "d", "10")},
	})
	same(e.T, "the entries", []string{`"c"=9`, `"d"=10`}, e.all(inCalls))
}

func claims(e *engine) {
	e.put(inCalls, "taken", "1")
	e.commit([]bool{false, true, false, true},
		swap(inCalls, "taken", absent, "2"),
		swap(inCalls, "free", absent, "first"),
		swap(inCalls, "free", absent, "second"),
		store.Change{Edits: []store.Edit{edit(inIndex, "beside", "")}})
	same(e.T, "the entries", []string{`"free"=first`, `"taken"=1`}, e.all(inCalls))
	same(e.T, "beside them", []string{`"beside"=`}, e.all(inIndex))
	// A claim may write another key than the one that must not exist.
	e.commit([]bool{true, false},
		store.Change{Expect: []store.Entry{entry(inCalls, "never", absent)}, Edits: []store.Edit{edit(inIndex, "other", "")}},
		store.Change{Expect: []store.Entry{entry(inCalls, "taken", absent)}, Edits: []store.Edit{edit(inIndex, "wrong", "")}})
	same(e.T, "beside them", []string{`"beside"=`, `"other"=`}, e.all(inIndex))
}

func keyTwice(e *engine) {
	e.put(inCalls, "a", "0", "b", "0", "c", "0", "g", "0")
	e.commit([]bool{true, true, true},
		store.Change{Edits: []store.Edit{
			edit(inCalls, "a", absent), edit(inCalls, "a", "1"),
			edit(inCalls, "b", "1"), edit(inCalls, "b", absent),
			edit(inCalls, "c", "1"), edit(inCalls, "c", "2"),
			edit(inCalls, "d", "1"), edit(inCalls, "d", absent),
			edit(inCalls, "e", absent), edit(inCalls, "e", "1"),
			edit(inCalls, "f", "1"), edit(inCalls, "g", absent),
		}},
		store.Change{Edits: []store.Edit{edit(inCalls, "f", "2"), edit(inCalls, "g", "2"), edit(inCalls, "h", "2"), edit(inCalls, "a", absent)}},
		store.Change{Edits: []store.Edit{edit(inCalls, "f", "3"), edit(inCalls, "h", absent)}})
	same(e.T, "the entries", []string{`"c"=2`, `"e"=1`, `"f"=3`, `"g"=2`}, e.all(inCalls))
}

func idleChanges(e *engine) {
	e.put(inCalls, "a", "1")
	e.commit(nil)
	e.commit([]bool{true}, store.Change{})
	e.commit([]bool{true, false, true, true},
		store.Change{Expect: []store.Entry{entry(inCalls, "a", "1")}},
		store.Change{Expect: []store.Entry{entry(inCalls, "a", "2")}},
		store.Change{Edits: []store.Edit{edit(inCalls, "not there", absent)}},
		store.Change{Expect: []store.Entry{entry(inIndex, "a", absent)}})
	same(e.T, "the entries", []string{`"a"=1`}, e.all(inCalls))
}

func sameValue(e *engine) {
	e.put(inMeta, "guard", "1")
	relies := func(key string) store.Change {
		return store.Change{Expect: []store.Entry{entry(inMeta, "guard", "1")}, Edits: []store.Edit{edit(inMeta, "guard", "1"), edit(inCalls, key, "")}}
	}
	e.commit([]bool{true, true, true, false}, relies("a"), relies("b"), swap(inMeta, "guard", "1", "2"), relies("c"))
	same(e.T, "what relied on the guard", []string{`"a"=`, `"b"=`}, e.all(inCalls))
	e.commit([]bool{true, true, true}, swap(inMeta, "guard", "2", "1"), relies("d"), swap(inMeta, "guard", "1", absent))
	same(e.T, "the guard", []string(nil), e.all(inMeta))
	// What an earlier edit of the same change wrote counts, not what was expected.
	e.put(inMeta, "guard", "1")
	c := swap(inMeta, "guard", "1", "2")
	c.Edits = append(c.Edits, edit(inMeta, "guard", "1"))
	e.commit([]bool{true}, c)
	same(e.T, "the guard", []string{`"guard"=1`}, e.all(inMeta))
}

// amount reads a number that is an entry's value.
func amount(value string) int {
	n, _ := strconv.Atoi(value)
	return n
}

// read returns the values of keys in one snapshot.
func (e *engine) read(b store.Bucket, keys ...string) (values []string) {
	e.Helper()
	e.view(func(r store.Reader) {
		values = nil
		for _, k := range keys {
			values = append(values, text(r.Get(b, []byte(k))))
		}
	})
	return values
}

// commitsAtOnce counts up one entry by many commits.
func commitsAtOnce(e *engine) {
	e.put(inCalls, "n", "0")
	var held counter
	atOnce(8, func(i int) {
		e := e.peer(i)
		for n := range 10 {
			now := e.read(inCalls, "n")[0]
			c := swap(inCalls, "n", now, strconv.Itoa(amount(now)+1))
			c.Edits = append(c.Edits, edit(inIndex, fmt.Sprintf("%d/%d", i, n), now))
			if e.held(c)[0] {
				held.add()
			}
		}
	})
	if got, want := amount(e.get(inCalls, "n")), held.count(); got != want || want == 0 {
		e.Errorf("%d commits held, and n is %d", want, got)
	}
	if n := len(e.all(inIndex)); n != held.count() {
		e.Errorf("%d commits held, and %d entries are beside them", held.count(), n)
	}
}

// crossedCommits moves amounts between entries of three buckets, in groups of changes whose keys come in any order.
func crossedCommits(e *engine) {
	const accounts, start = 7, 100
	buckets := []store.Bucket{inMeta, inCalls, inIndex}
	e.update(func(w store.Writer) {
		for _, b := range buckets {
			for n := range accounts {
				w.Put(b, []byte(numbered(n)), []byte(strconv.Itoa(start)))
			}
		}
	})
	var held counter
	atOnce(8, func(i int) {
		e := e.peer(i)
		random := rand.New(rand.NewPCG(uint64(i), 1))
		for range 8 {
			var changes []store.Change
			var want []store.Entry
			for range 3 {
				for range 2 {
					want = append(want, store.Entry{Bucket: buckets[random.IntN(3)], Key: []byte(numbered(random.IntN(accounts)))})
				}
			}
			e.view(func(r store.Reader) { r.Fetch(want); detach(want) })
			for pair := range slices.Chunk(want, 2) {
				changes = append(changes, transfer(pair[0], pair[1], random.IntN(9)))
			}
			for _, h := range e.held(changes...) {
				if h {
					held.add()
				}
			}
		}
	})
	sum := 0
	e.view(func(r store.Reader) {
		sum = 0
		for _, b := range buckets {
			c := r.Scan(store.Span{Bucket: b})[0]
			for k, v := c.Next(); k != nil; k, v = c.Next() {
				sum += amount(string(v))
			}
		}
	})
	if want := start * accounts * len(buckets); sum != want || held.count() == 0 {
		e.Errorf("%d changes held, and the sum is %d, want %d", held.count(), sum, want)
	}
}

// detach copies values, which are good only until the function returns that read them.
func detach(entries []store.Entry) {
	for i := range entries {
		entries[i].Value = slices.Clone(entries[i].Value)
	}
}

// transfer is a change that moves an amount from one entry to another.
func transfer(from, to store.Entry, n int) store.Change {
	c := store.Change{Expect: []store.Entry{from, to}}
	if from.Bucket == to.Bucket && string(from.Key) == string(to.Key) {
		return c
	}
	for e, by := range map[*store.Entry]int{&from: -n, &to: n} {
		c.Edits = append(c.Edits, store.Edit{Bucket: e.Bucket, Key: e.Key, Value: []byte(strconv.Itoa(amount(string(e.Value)) + by))})
	}
	return c
}

func claimsAtOnce(e *engine) {
	for round := range 5 {
		key := numbered(round)
		var winners []string
		var mu sync.Mutex
		atOnce(8, func(i int) {
			e := e.peer(i)
			me := fmt.Sprint("by ", i)
			own := edit(inIndex, key+me, "")
			held := e.held(
				store.Change{Edits: []store.Edit{edit(inIndex, key+"+"+me, "")}},
				store.Change{Expect: []store.Entry{entry(inCalls, key, absent)}, Edits: []store.Edit{own, edit(inCalls, key, me)}})
			if !held[0] {
				e.Error("a change failed that expects nothing")
			}
			if held[1] {
				mu.Lock()
				defer mu.Unlock()
				winners = append(winners, me)
			}
		})
		if got := e.get(inCalls, key); len(winners) != 1 || got != winners[0] {
			e.Fatalf("%q won, and the entry says %q", winners, got)
		}
	}
	if n := len(e.all(inIndex)); n != 5*8+5 {
		e.Errorf("%d entries beside them, want %d", n, 5*8+5)
	}
}

// guardedBound lets many add to a range that has a bound. Each reads the guard, then the range, and rewrites the guard with what it adds. Others only
// rely on it.
func guardedBound(e *engine) {
	const most = 5
	e.put(inMeta, "guard", "0")
	var added, relied counter
	atOnce(8, func(i int) {
		e := e.peer(i)
		for n := range 6 {
			var guard string
			count := 0
			e.view(func(r store.Reader) {
				guard = text(r.Get(inMeta, []byte("guard")))
				count = r.Count(store.Span{Bucket: inCalls}, most)
			})
			c := store.Change{Expect: []store.Entry{entry(inMeta, "guard", guard)}}
			switch {
			case i < 4 && count < most:
				c.Edits = []store.Edit{edit(inMeta, "guard", fmt.Sprint(i, n)), edit(inCalls, fmt.Sprint(i, n), "")}
				if e.held(c)[0] {
					added.add()
				}
			case i >= 4:
				c.Edits = []store.Edit{edit(inIndex, fmt.Sprint(i, n), strconv.Itoa(count))}
				if e.held(c)[0] {
					relied.add()
				}
			}
		}
	})
	if n := len(e.all(inCalls)); n > most || n != added.count() || n == 0 {
		e.Errorf("%d changes held, and %d are in a range of %d at most", added.count(), n, most)
	}
	if n := len(e.all(inIndex)); n != relied.count() {
		e.Errorf("%d changes held that rely on the guard, and %d wrote", relied.count(), n)
	}
}

func (e *engine) next(b store.Bucket, n int) uint64 {
	e.Helper()
	first, err := e.Next(e.Context(), b, n)
	if err != nil {
		e.Errorf("Next: %v", err)
	}
	return first
}

// number is the key of a number.
func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// inAudit is a bucket whose keys are numbers.
var inAudit = bucket("audit")

func numbersRise(e *engine) {
	first := e.next(inAudit, 1)
	if first == 0 {
		e.Error("the first number is 0, which is no number of an entry")
	}
	if second := e.next(inAudit, 10); second <= first {
		e.Errorf("%d follows %d", second, first)
	} else if third := e.next(inAudit, 1); third < second+10 {
		e.Errorf("%d follows ten that begin with %d", third, second)
	}
	var mu sync.Mutex
	owner := map[uint64]int{}
	atOnce(8, func(i int) {
		e := e.peer(i)
		last := uint64(0)
		for range 20 {
			n := e.next(inAudit, 3)
			if n <= last {
				e.Errorf("%d follows %d", n, last)
			}
			last = n + 2
			mu.Lock()
			for k := n; k <= last; k++ {
				if other, taken := owner[k]; taken {
					e.Errorf("%d was given to %d and to %d", k, other, i)
				}
				owner[k] = i
			}
			mu.Unlock()
		}
	})
}

// numbersAbove looks at entries that came in another way than by numbers that were asked for, such as from a copy, and at those that are gone.
func numbersAbove(e *engine) {
	e.update(func(w store.Writer) { w.Put(inAudit, number(41), nil); w.Put(inAudit, number(7), nil) })
	n := e.next(inAudit, 1)
	if n <= 41 {
		e.Errorf("%d comes after 41", n)
	}
	e.update(func(w store.Writer) { w.Put(inAudit, number(1041), nil) })
	if n = e.next(inAudit, 1); n <= 1041 {
		e.Errorf("%d comes after 1041", n)
	}
	e.commit([]bool{true}, store.Change{Edits: []store.Edit{{Bucket: inAudit, Key: number(n)}}})
	e.update(func(w store.Writer) { w.Delete(inAudit, number(n)) })
	e.reopen()
	again := e.next(inAudit, 2)
	if again <= n {
		e.Errorf("%d comes after %d, whose entry was removed", again, n)
	}
	if other := e.next(inCalls, 1); other == 0 || other >= again {
		e.Errorf("another bucket begins with %d", other)
	}
	for _, clears := range []bool{true, false} {
		e.update(func(w store.Writer) {
			for n := range uint64(1000) {
				w.Put(inAudit, number(again+n), make([]byte, 100))
			}
		})
		again = e.next(inAudit, 1000)
		e.update(func(w store.Writer) { w.Put(inAudit, number(again), nil) })
		for _, removes := range []func(){func() {}, func() { e.update(func(w store.Writer) { removeAll(w, inAudit, clears) }) }} {
			removes()
			e.reopen()
		}
		if last := e.next(inAudit, 1); last <= again {
			e.Errorf("%d comes after %d, whose entry was removed with all others (cleared: %t)", last, again, clears)
		}
	}
}

// removeAll removes the entries of a bucket, at once or one by one.
func removeAll(w store.Writer, b store.Bucket, clears bool) {
	if clears {
		w.Clear(b)
		return
	}
	var keys [][]byte
	c := w.Scan(store.Span{Bucket: b})[0]
	for k, _ := c.Next(); k != nil; k, _ = c.Next() {
		keys = append(keys, slices.Clone(k))
	}
	for _, k := range keys {
		w.Delete(b, k)
	}
}
