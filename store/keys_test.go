package store

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"
)

// TestSpans compares every span over a few keys, with the lowest and the highest byte among them, with a plain filter of the keys: in both
// directions, at once and in steps.
func TestSpans(t *testing.T) {
	db, err := bolt.Open(filepath.Join(t.TempDir(), "spans.db"), 0o600, &bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var keys [][]byte
	bounds := [][]byte{nil}
	for _, a := range []byte{0, 'a', 'b', 0xff} {
		keys, bounds = append(keys, []byte{a}), append(bounds, []byte{a})
		for _, b := range []byte{0, 'a', 0xff} {
			bounds = append(bounds, []byte{a, b})
			if a != 'b' || b != 'a' {
				keys = append(keys, []byte{a, b})
			}
		}
	}
	err = db.Update(func(tx *bolt.Tx) error {
		if _, err := tx.CreateBucket([]byte("empty")); err != nil {
			return err
		}
		b, err := tx.CreateBucket([]byte("keys"))
		for _, k := range keys {
			if err == nil {
				err = b.Put(k, k)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("keys"))
		for _, from := range bounds {
			checkSpan(t, b, under(from), keys, func(k []byte) bool { return bytes.HasPrefix(k, from) })
			if from != nil {
				checkSpan(t, b, span{}.behind(from), keys, func(k []byte) bool { return bytes.Compare(k, from) > 0 })
			}
			for _, to := range bounds {
				checkSpan(t, b, span{from: from, to: to}, keys, func(k []byte) bool {
					return bytes.Compare(k, from) >= 0 && (to == nil || bytes.Compare(k, to) < 0)
				})
			}
		}
		checkSpan(t, tx.Bucket([]byte("empty")), span{}, nil, nil)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkSpan(t *testing.T, b *bolt.Bucket, r span, keys [][]byte, wanted func(k []byte) bool) {
	t.Helper()
	for _, r := range []span{r, r.backwards()} {
		var want, got [][]byte
		for _, k := range keys {
			if wanted(k) {
				want = append(want, k)
			}
		}
		slices.SortFunc(want, bytes.Compare)
		if r.back {
			slices.Reverse(want)
		}
		for k := range r.in(b) {
			got = append(got, k)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", r, diff)
		}
		if r.isEmpty(b) != (len(want) == 0) {
			t.Errorf("%+v is empty: %v, and has %d keys", r, r.isEmpty(b), len(want))
		}
		for step := 1; step < 4; step++ {
			got = nil
			for rest, done := r, false; !done; {
				before := len(got)
				var err error
				rest, done, err = rest.visit(b, step, func(k, v []byte) error { got = append(got, v); return nil })
				if err != nil || len(got)-before > step || !done && len(got)-before < step {
					t.Fatalf("%+v in steps of %d: one of %d, %v", r, step, len(got)-before, err)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%+v in steps of %d (-want +got):\n%s", r, step, diff)
			}
		}
	}
}
