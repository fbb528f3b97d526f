package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

func engineOf(t *testing.T, p place) store.Engine {
	t.Helper()
	if url, ok := p.(database); ok {
		return url.engine(t)
	}
	e, err := bolt.Open(p.(file).path, bolt.Options{Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestFiguresOfBefore: a log of the version before gets its figures step by step, and until then says since when they are whole. Calls that such a version
// logs later, beside others, are looked for again.
func TestFiguresOfBefore(t *testing.T) { onEach(t, figuresOfBefore) }

func figuresOfBefore(t *testing.T, p place) {
	now := func() time.Time { return morning.Add(20 * time.Hour) }
	forget := func(s *store.Store, whole bool) *store.Store {
		t.Helper()
		if s != nil {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		e := engineOf(t, p)
		if err := store.ForgetFigures(t.Context(), e, whole); err != nil {
			t.Fatal(err)
		}
		e.Close()
		return p.open(t, store.Options{Now: now})
	}
	figures := func(s *store.Store) ([]policy.PersonFigures, time.Time) {
		t.Helper()
		all, complete, err := s.Figures(t.Context(), morning, morning.AddDate(0, 1, 0))
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(all, func(a, b policy.PersonFigures) int { return b.Calls - a.Calls })
		return all, complete
	}
	s := p.open(t, store.Options{Now: now})
	for n := range 300 { // more than one step
		leg := policy.Leg{SID: "CA-leg", To: "+15550100001", Person: "ada", Name: "Ada Moreau", Status: "busy"}
		if n%3 == 0 {
			leg.To, leg.Person, leg.Name, leg.AcceptedAt = "+15550100009", "", "", morning
		}
		c := policy.Call{SID: policy.CallSID(fmt.Sprintf("CA%032x", n)), StartedAt: morning.Add(time.Duration(n) * time.Second), EndedAt: morning.Add(time.Hour)}.WithLeg(leg)
		if _, err := s.Advance(t.Context(), c.SID, func(policy.Call) policy.Call { return c }); err != nil {
			t.Fatal(err)
		}
	}
	want, complete := figures(s)
	if len(want) != 2 || want[0].Calls != 100 || want[1].Busy != 200 || !complete.IsZero() {
		t.Fatalf("as they are: %+v since %v", want, complete)
	}
	for _, whole := range []bool{true, false} {
		s = forget(s, whole)
		if got, complete := figures(s); len(got) > 0 && got[0].Calls == 100 || complete.IsZero() == whole {
			t.Errorf("before they are filled in: %+v since %v", got, complete)
		}
		if err := s.FillFigures(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, complete := figures(s)
		if diff := cmp.Diff(want, got); diff != "" || !complete.IsZero() {
			t.Errorf("filled in: %s since %v", diff, complete)
		}
	}
}
