package store

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSpans compares every span over a few keys, with the lowest and the highest byte among them, with a plain filter of the keys: in both
// directions, at once and in steps.
func TestSpans(t *testing.T) {
	tx := memoryTx{}
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
	for _, k := range keys {
		tx.Put(callsBucket, k, k)
	}
	for _, from := range bounds {
		checkSpan(t, tx, under(from), keys, func(k []byte) bool { return bytes.HasPrefix(k, from) })
		if from != nil {
			checkSpan(t, tx, span{}.behind(from), keys, func(k []byte) bool { return bytes.Compare(k, from) > 0 })
		}
		for _, to := range bounds {
			checkSpan(t, tx, span{from: from, to: to}, keys, func(k []byte) bool {
				return bytes.Compare(k, from) >= 0 && (to == nil || bytes.Compare(k, to) < 0)
			})
		}
	}
	checkSpan(t, memoryTx{}, span{}, nil, nil)
}

func checkSpan(t *testing.T, tx Reader, r span, keys [][]byte, wanted func(k []byte) bool) {
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
		for k := range r.in(tx, callsBucket) {
			got = append(got, k)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", r, diff)
		}
		if r.isEmpty(tx, callsBucket) != (len(want) == 0) {
			t.Errorf("%+v is empty: %v, and has %d keys", r, r.isEmpty(tx, callsBucket), len(want))
		}
		for step := 1; step < 4; step++ {
			got = nil
			for rest, done := r, false; !done; {
				before := len(got)
				var err error
				rest, done, err = rest.visit(tx, callsBucket, step, func(k, v []byte) error { got = append(got, v); return nil })
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
