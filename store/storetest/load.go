package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

// loaded returns the n-th of many calls of one account.
func loaded(n int) policy.Call {
	c := served(day.Add(time.Duration(n) * time.Second))(policy.Call{SID: policy.CallSID(fmt.Sprintf("CA%06d", n))})
	c.Ticket = policy.Ticket(fmt.Sprint(n % 7))
	c.Trace = []policy.Decision{{At: c.StartedAt, Rule: "customer.found", Result: "yes"}}
	return c
}

func load(t *testing.T, s Store, calls int) {
	t.Helper()
	all := func(yield func(policy.Call) bool) {
		for n := range calls {
			if !yield(loaded(n)) {
				return
			}
		}
	}
	done := 0
	if err := s.Load(t.Context(), all, func(n int) { done = n }); err != nil {
		t.Fatal(err)
	}
	if done != calls {
		t.Errorf("at the end %d calls were said to be loaded, want %d", done, calls)
	}
}

func loading(t *testing.T, storage Storage) {
	s := storage.Open(t)
	first := must(t, s, "CA-first", exchange("menu/1"))
	load(t, s, 300)
	for _, n := range []int{0, 150, 299} {
		same(t, "a loaded call", loaded(n), kept(t, s, loaded(n).SID))
	}
	same(t, "a call from before", first, kept(t, s, first.SID))
	want := loaded(299)
	must(t, s, want.SID, exchange("menu/1"))
	same(t, "a loaded call that goes on", exchange("menu/1")(want), kept(t, s, want.SID))
	if n := len(collect(t, s.Calls(t.Context(), policy.Filter{Customer: customer}))); n != 300 {
		t.Errorf("%d loaded calls are listed, want 300", n)
	}
	for what, calls := range map[string][]policy.Call{
		"a call that is there": {loaded(400), loaded(150)},
		"a call given twice":   {loaded(400), loaded(400)},
		"a call without a SID": {loaded(400), {}},
	} {
		if err := s.Load(t.Context(), slices.Values(calls), nil); err == nil {
			t.Errorf("%s: no error", what)
		}
		_, err := s.Call(t.Context(), loaded(400).SID)
		wantError(t, "what came with "+what, err, policy.ErrNoCall)
	}
	for _, n := range []int{0, 1, 150} {
		same(t, "a loaded call after others went on", loaded(n), kept(t, s, loaded(n).SID))
	}
}
