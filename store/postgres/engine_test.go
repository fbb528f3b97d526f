package postgres_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// Two buckets to write to, in their order.
var calls, steps, index = store.Buckets()[0], store.Buckets()[1], store.Buckets()[2]

func open(t *testing.T, url string, o postgres.Options) *postgres.Engine {
	t.Helper()
	e, err := postgres.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func prepared(t *testing.T) *postgres.Engine {
	t.Helper()
	e := open(t, postgrestest.Database(t), postgres.Options{})
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	return e
}

func put(key, value string) store.Edit {
	return store.Edit{Bucket: calls, Key: []byte(key), Value: []byte(value)}
}

func is(key, value string) store.Entry {
	return store.Entry{Bucket: calls, Key: []byte(key), Value: []byte(value)}
}

func isAbsent(key string) store.Entry { return store.Entry{Bucket: calls, Key: []byte(key)} }

func commit(t *testing.T, e store.Engine, changes ...store.Change) []bool {
	t.Helper()
	held, err := e.Commit(t.Context(), changes)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// contents are the entries of a bucket, in their order.
func contents(t *testing.T, e store.Engine, b store.Bucket) (all []string) {
	t.Helper()
	if err := e.View(t.Context(), func(r store.Reader) error { all = list(r, store.Span{Bucket: b}); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func list(r store.Reader, s store.Span) (all []string) {
	c := r.Scan(s)[0]
	for k, v := c.Next(); k != nil; k, v = c.Next() {
		all = append(all, string(k)+"="+string(v))
	}
	return all
}

func wants(t *testing.T, e store.Engine, b store.Bucket, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, contents(t, e, b)); diff != "" {
		t.Errorf("the bucket %s (-want +got):\n%s", b, diff)
	}
}

func TestDatabaseWithoutTablesReadsAsEmpty(t *testing.T) {
	e := open(t, postgrestest.Database(t), postgres.Options{})
	wants(t, e, calls)
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	wants(t, e, calls, "a=1")
}

func TestCommitTakesTwoRoundTrips(t *testing.T) {
	e := prepared(t)
	before := e.Stats().Trips
	held := commit(t, e,
		store.Change{Expect: []store.Entry{isAbsent("a")}, Edits: []store.Edit{put("a", "1"), {Bucket: index, Key: []byte("i"), Value: nil}}},
		store.Change{Expect: []store.Entry{is("a", "1")}, Edits: []store.Edit{put("a", "2")}},
		store.Change{Expect: []store.Entry{is("a", "1")}, Edits: []store.Edit{put("a", "3")}})
	if diff := cmp.Diff([]bool{true, true, false}, held); diff != "" {
		t.Error(diff)
	}
	if trips := e.Stats().Trips - before; trips != 2 {
		t.Errorf("%d round trips", trips)
	}
	wants(t, e, calls, "a=2")
	wants(t, e, index, "i=")
}

func TestUpdateReadsWhatItWrote(t *testing.T) {
	e := prepared(t)
	var all []store.Edit
	for i := range 100 {
		all = append(all, put(fmt.Sprintf("k%03d", i), "old"))
	}
	commit(t, e, store.Change{Edits: all})
	err := e.Update(t.Context(), func(w store.Writer) error {
		w.Put(calls, []byte("k0505"), []byte("new"))
		w.Put(calls, []byte("k051"), nil)
		w.Delete(calls, []byte("k052"))
		got := list(w, store.Span{Bucket: calls, From: []byte("k050"), To: []byte("k054")})
		if diff := cmp.Diff([]string{"k050=old", "k0505=new", "k051=", "k053=old"}, got); diff != "" {
			t.Error(diff)
		}
		got = list(w, store.Span{Bucket: calls, From: []byte("k050"), To: []byte("k054"), Back: true})
		if diff := cmp.Diff([]string{"k053=old", "k051=", "k0505=new", "k050=old"}, got); diff != "" {
			t.Error(diff)
		}
		if n := w.Count(store.Span{Bucket: calls}, -1); n != 100 {
			t.Errorf("counted %d", n)
		}
		if n := w.Count(store.Span{Bucket: calls}, 7); n != 7 {
			t.Errorf("counted %d", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(contents(t, e, calls)); n != 100 {
		t.Errorf("%d entries", n)
	}
}

func TestCursorsOfOneScanAreReadTogether(t *testing.T) {
	e := prepared(t)
	var all []store.Edit
	for p := range 50 {
		for i := range 40 {
			all = append(all, put(fmt.Sprintf("%02d/%03d", p, i), ""))
		}
	}
	commit(t, e, store.Change{Edits: all})
	for _, back := range []bool{false, true} {
		err := e.View(t.Context(), func(r store.Reader) error {
			var spans []store.Span
			for p := range 50 {
				spans = append(spans, store.Span{Bucket: calls, From: fmt.Appendf(nil, "%02d/", p), To: fmt.Appendf(nil, "%02d0", p), Back: back})
			}
			for p, c := range r.Scan(spans...) {
				if k, _ := c.Seek(fmt.Appendf(nil, "%02d/020", p)); string(k) != fmt.Sprintf("%02d/020", p) {
					t.Errorf("found %q", k)
				}
			}
			if r.Trips() != 1 {
				t.Errorf("%d round trips", r.Trips())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSearchReadsItsIteratorsTogether leaps over three prefixes at a time, as a search does, to places far apart.
func TestSearchReadsItsIteratorsTogether(t *testing.T) {
	e := prepared(t)
	prefixes := []string{"a/", "bb/", "c\xff"}
	var all []store.Edit
	for _, p := range prefixes {
		for i := range 300 {
			all = append(all, put(fmt.Sprintf("%s%03d", p, i), ""))
		}
	}
	commit(t, e, store.Change{Edits: all})
	err := e.View(t.Context(), func(r store.Reader) error {
		cursors := r.Scan(
			store.Span{Bucket: calls, From: []byte("a/"), To: []byte("a0"), Few: 1, Back: true},
			store.Span{Bucket: calls, From: []byte("bb/"), To: []byte("bb0"), Few: 1, Back: true},
			store.Span{Bucket: calls, From: []byte("c\xff"), To: []byte("d"), Few: 1, Back: true})
		for leap := range 5 {
			place := fmt.Sprintf("%03d", 280-leap*50)
			for i, c := range cursors {
				if k, _ := c.Seek([]byte(prefixes[i] + place)); string(k) != prefixes[i]+place {
					t.Errorf("found %q", k)
				}
			}
		}
		if r.Trips() != 5 {
			t.Errorf("%d round trips for 5 leaps", r.Trips())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNumbersGoOnBehindTheLastKey(t *testing.T) {
	e := prepared(t)
	next := func(want uint64) {
		t.Helper()
		if n, err := e.Next(t.Context(), steps, 3); n != want || err != nil {
			t.Errorf("%d, %v; want %d", n, err, want)
		}
	}
	next(1)
	next(4)
	commit(t, e, store.Change{Edits: []store.Edit{{Bucket: steps, Key: []byte{0, 0, 1, 0, 0, 0, 0, 7}}}})
	next(1<<40 + 8)
	next(1<<40 + 11)
}

func TestErrorOfTheCallerIsReturnedAsItIs(t *testing.T) {
	e := prepared(t)
	own := fmt.Errorf("own")
	err := e.Update(t.Context(), func(w store.Writer) error { w.Put(calls, []byte("a"), nil); return own })
	if err != own {
		t.Error(err)
	}
	if err := e.View(t.Context(), func(store.Reader) error { return context.Canceled }); err != context.Canceled {
		t.Error(err)
	}
	wants(t, e, calls)
}
