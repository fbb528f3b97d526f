package bolt_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// keys returns the keys that a cursor moves over.
func keys(c store.Cursor) (all []string) {
	for k, _ := c.Next(); k != nil; k, _ = c.Next() {
		all = append(all, string(k))
	}
	return all
}

func TestCursorsStayInsideTheirSpan(t *testing.T) {
	e := open(t, newPath(t), bolt.Options{})
	for _, k := range []string{"a", "b", "c", "d", "e"} {
		put(t, e, calls, k, "")
	}
	bounds := []string{"", "A", "a", "bb", "c", "e", "f"}
	err := e.View(t.Context(), func(r store.Reader) error {
		for _, from := range bounds {
			for _, to := range bounds {
				var want []string
				span := store.Span{Bucket: calls, From: []byte(from), To: []byte(to)}
				if to == "" {
					span.To = nil
				}
				for _, k := range []string{"a", "b", "c", "d", "e"} {
					if k >= from && (to == "" || k < to) {
						want = append(want, k)
					}
				}
				if got := r.Count(span, -1); got != len(want) {
					t.Errorf("from %q to %q there are %d, want %d", from, to, got, len(want))
				}
				span.Back = true
				back := keys(r.Scan(span)[0])
				slices.Reverse(back)
				span.Back = false
				if got := keys(r.Scan(span)[0]); !slices.Equal(got, want) || !slices.Equal(back, want) {
					t.Errorf("from %q to %q: %q, and %q from behind; want %q", from, to, got, back, want)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSeekingNeverGoesBackNorOutside(t *testing.T) {
	e := open(t, newPath(t), bolt.Options{})
	for n := range 1000 {
		put(t, e, calls, fmt.Sprintf("%03d", n), "")
	}
	for name, row := range map[string]struct {
		back bool
		seek []string
		want []string
	}{
		"forward":              {false, []string{"000", "105", "105", "104", "1065", "199", "200", "105"}, []string{"100", "105", "105", "105", "107", "199", "-", "-"}},
		"back":                 {true, []string{"999", "150", "150", "151", "1485", "100", "099", "150"}, []string{"199", "150", "150", "150", "148", "100", "-", "-"}},
		"forward, next":        {false, []string{"198", "+", "+", "+"}, []string{"198", "199", "-", "-"}},
		"back, next":           {true, []string{"101", "+", "+", "+"}, []string{"101", "100", "-", "-"}},
		"forward, after next":  {false, []string{"+", "000", "+", "150"}, []string{"100", "100", "101", "150"}},
		"back, after next":     {true, []string{"+", "999", "+", "150"}, []string{"199", "199", "198", "150"}},
		"outside at once":      {false, []string{"200", "+"}, []string{"-", "-"}},
		"outside at once back": {true, []string{"099", "+"}, []string{"-", "-"}},
	} {
		var got []string
		err := e.View(t.Context(), func(r store.Reader) error {
			c := r.Scan(store.Span{Bucket: calls, From: []byte("100"), To: []byte("200"), Back: row.back})[0]
			for _, to := range row.seek {
				k, _ := c.Next, c.Seek
				var found []byte
				if to == "+" {
					found, _ = k()
				} else {
					found, _ = c.Seek([]byte(to))
				}
				if found == nil {
					found = []byte("-")
				}
				got = append(got, string(found))
			}
			return nil
		})
		if diff := cmp.Diff(row.want, got); diff != "" || err != nil {
			t.Errorf("%s (-want +got): %v\n%s", name, err, diff)
		}
	}
}

func TestAnEmptyValueIsNotNil(t *testing.T) {
	e := open(t, newPath(t), bolt.Options{})
	k := []byte("k")
	there := func(r store.Reader) {
		t.Helper()
		_, v := r.Scan(store.Span{Bucket: calls})[0].Next()
		if r.Get(calls, k) == nil || v == nil {
			t.Error("an entry without a value reads as missing")
		}
	}
	err := e.Update(t.Context(), func(w store.Writer) error { w.Put(calls, k, nil); there(w); return nil })
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Commit(t.Context(), []store.Change{{Edits: []store.Edit{{Bucket: calls, Key: k}}}})
	if err := errors.Join(err, e.View(t.Context(), func(r store.Reader) error { there(r); return nil })); err != nil {
		t.Fatal(err)
	}
}

func TestAnUpdateThatFailsWritesNothing(t *testing.T) {
	e := open(t, newPath(t), bolt.Options{})
	own := errors.New("no")
	for name, row := range map[string]struct {
		change func(store.Writer) error
		want   error
		says   string
	}{
		"its own error":     {func(store.Writer) error { return own }, own, "no"},
		"a long key":        {func(w store.Writer) error { w.Put(calls, make([]byte, store.MaxKey+1), nil); return nil }, store.ErrLongKey, "2601"},
		"an empty key":      {func(w store.Writer) error { w.Put(calls, nil, nil); return nil }, nil, "key required"},
		"an error before":   {func(w store.Writer) error { w.Put(calls, nil, nil); return own }, nil, "key required"},
		"a panic":           {func(store.Writer) error { panic("oh") }, nil, "oh"},
		"a panic of Go's":   {func(w store.Writer) error { none := []error{}; return none[w.Trips()] }, nil, "index out of range"},
		"a transaction ago": {func(w store.Writer) error { return context.Canceled }, context.Canceled, "canceled"},
	} {
		err := e.Update(t.Context(), func(w store.Writer) error {
			w.Put(calls, []byte("before"), nil)
			err := row.change(w)
			w.Put(calls, []byte("after"), nil)
			return err
		})
		if err == nil || row.want != nil && !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) || errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if get(t, e, calls, "before")+get(t, e, calls, "after") != "--" {
			t.Errorf("%s: something was written", name)
		}
	}
	put(t, e, calls, string(make([]byte, store.MaxKey)), "the longest one")
}

func expect(key, value string) store.Entry {
	return store.Entry{Bucket: calls, Key: []byte(key), Value: []byte(value)}
}

func absent(key string) store.Entry { return store.Entry{Bucket: calls, Key: []byte(key)} }

func edit(key, value string) store.Edit {
	return store.Edit{Bucket: calls, Key: []byte(key), Value: []byte(value)}
}

func gone(key string) store.Edit { return store.Edit{Bucket: calls, Key: []byte(key), Gone: true} }

func TestChangesHoldOrFailByTheirOwnExpectations(t *testing.T) {
	e := open(t, newPath(t), bolt.Options{})
	put(t, e, calls, "a", "1")
	put(t, e, calls, "empty", "")
	change := func(edits []store.Edit, expected ...store.Entry) store.Change {
		return store.Change{Expect: expected, Edits: edits}
	}
	held, err := e.Commit(t.Context(), []store.Change{
		change([]store.Edit{edit("a", "2"), edit("a", "3")}, expect("a", "1")),
		change([]store.Edit{edit("a", "lost")}, expect("a", "1")),
		change([]store.Edit{edit("a", "4")}, expect("a", "3")), // sees the first one
		change([]store.Edit{edit("new", "1")}, absent("new")),
		change([]store.Edit{edit("new", "lost")}, absent("new")),
		change([]store.Edit{edit("b", "1")}, expect("empty", ""), expect("a", "4")),
		change([]store.Edit{edit("b", "lost")}, absent("empty")),
		change([]store.Edit{edit("b", "lost")}, expect("none", "")),
		change([]store.Edit{gone("a"), edit("a", "4")}, expect("a", "4")), // the last edit wins, although it writes what was expected
	})
	if diff := cmp.Diff([]bool{true, false, true, true, false, true, false, false, true}, held); diff != "" || err != nil {
		t.Errorf("which changes hold (-want +got): %v\n%s", err, diff)
	}
	for key, want := range map[string]string{"a": "4", "new": "1", "b": "1"} {
		if got := get(t, e, calls, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
}

func TestACommitThatChangesNothingWritesNoPage(t *testing.T) {
	path := newPath(t)
	e := open(t, path, bolt.Options{})
	put(t, e, calls, "a", "1")
	before := transaction(t, e)
	held, err := e.Commit(t.Context(), []store.Change{
		{Expect: []store.Entry{expect("a", "1")}, Edits: []store.Edit{edit("a", "1")}}, // which protects it elsewhere
		{Expect: []store.Entry{absent("a")}, Edits: []store.Edit{edit("a", "2")}},
	})
	if err != nil || !held[0] || held[1] {
		t.Errorf("held %v, %v", held, err)
	}
	if err := e.Update(t.Context(), func(store.Writer) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if after := transaction(t, e); after != before {
		t.Errorf("%d transactions were written", after-before)
	}
}

// transaction returns the number of the last transaction in a file that is open.
// TestPagesAreFullWhereNothingComesBetween: the log's largest buckets take little more room than what is in them, although each commit writes a few entries.
func TestPagesAreFullWhereNothingComesBetween(t *testing.T) {
	path := newPath(t)
	e := open(t, path, bolt.Options{})
	const many = 600
	for n := range many {
		edits := []store.Edit{{Bucket: named("steps"), Key: fmt.Appendf(nil, "%08d", n), Value: make([]byte, 300)}}
		for age := range 5 { // a call's record grows with each step
			if call := n - 3*age; call >= 0 {
				edits = append(edits, store.Edit{Bucket: calls, Key: fmt.Appendf(nil, "%08d", call), Value: make([]byte, 250+60*age)})
			}
		}
		if _, err := e.Commit(t.Context(), []store.Change{{Edits: edits}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		for bucket, most := range map[string]float64{"steps": 1.3, "calls": 1.4} {
			s := tx.Bucket([]byte(bucket)).Stats()
			if takes := float64(s.LeafAlloc) / float64(s.LeafInuse); s.KeyN != many || takes > most {
				t.Errorf("%d entries of %s take %.2f times their size, %.2f at most", s.KeyN, bucket, takes, most)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func transaction(t *testing.T, e *bolt.Engine) (last uint64) {
	t.Helper()
	to := newPath(t)
	if err := e.Copy(t.Context(), to, nil); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(to, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_ = db.View(func(tx *bbolt.Tx) error { last = uint64(tx.ID()); return nil })
	return last
}

// next asks for n numbers of the steps, and returns the first one.
func next(t *testing.T, e *bolt.Engine, n int) uint64 {
	t.Helper()
	first, err := e.Next(t.Context(), steps, n)
	if err != nil {
		t.Fatal(err)
	}
	return first
}

func TestNumbersGoOnBehindKeysAndSequences(t *testing.T) {
	path := newPath(t)
	key := func(n uint64) string { return string(binary.BigEndian.AppendUint64(nil, n)) }
	e := open(t, path, bolt.Options{})
	if first, second := next(t, e, 3), next(t, e, 1); first != 1 || second != 4 {
		t.Errorf("numbers begin with %d and go on with %d, want 1 and 4", first, second)
	}
	put(t, e, steps, key(3), "")
	_ = e.Close()

	e = open(t, path, bolt.Options{}) // 4 was given out before 3 was written, so that it may be in use
	if first := next(t, e, 1); first != 5 {
		t.Errorf("after opening again they go on with %d, want 5", first)
	}
	put(t, e, steps, key(9), "") // as a copy of other entries does
	if err := e.Update(t.Context(), func(w store.Writer) error { w.Delete(steps, []byte(key(9))); w.Clear(steps); return nil }); err != nil {
		t.Fatal(err)
	}
	if first := next(t, e, 1); first != 10 {
		t.Errorf("behind a key that came otherwise they go on with %d, want 10", first)
	}
	_ = e.Close()

	db, err := bbolt.Open(path, 0o600, nil) // older versions count by the sequence alone
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("steps")).SetSequence(20) })
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if first := next(t, open(t, path, bolt.Options{}), 1); first != 21 {
		t.Errorf("behind a sequence they go on with %d, want 21", first)
	}
}

func TestAWriterDoesNotWaitBeyondItsContext(t *testing.T) {
	e := open(t, newPath(t), bolt.Options{})
	err := e.Update(t.Context(), func(store.Writer) error {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err := e.Commit(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("Commit beside a transaction: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
