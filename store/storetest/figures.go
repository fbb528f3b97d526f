package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// figures checks the figures of any time against those of each call, before and after calls change and are indexed.
func figures(t *testing.T, storage Storage) {
	s := storage.Open(t)
	rapid.Check(t, func(r *rapid.T) {
		all := fill(r, s)
		since, until := anyTime(r, "since"), anyTime(r, "until")
		got, complete, err := s.Figures(r.Context(), since, until)
		if err != nil || !complete.IsZero() {
			r.Fatal(complete, err)
		}
		var want []policy.PersonFigures
		for _, c := range all {
			if !c.StartedAt.Before(since) && c.StartedAt.Before(until) {
				want = append(want, c.Figures()...)
			}
		}
		same(r, fmt.Sprint("figures from ", since, " to ", until), summed(want), summed(got))
	})
}

// summed returns figures in an order, each person once.
func summed(all []policy.PersonFigures) (sums []policy.PersonFigures) {
	for _, f := range all {
		i := slices.IndexFunc(sums, func(o policy.PersonFigures) bool {
			return o.Person == f.Person && o.To == f.To && (o.Person != "" || o.Name == f.Name)
		})
		if i < 0 {
			sums = append(sums, f)
			continue
		}
		sums[i].Figures, sums[i].Name = sums[i].Plus(f.Figures), cmp.Or(sums[i].Name, f.Name)
	}
	slices.SortFunc(sums, func(a, b policy.PersonFigures) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), cmp.Compare(a.To, b.To), cmp.Compare(a.Name, b.Name))
	})
	return sums
}

// deeds checks who heard and who did how much, at the times at which they did; what is put back counts as nobody's.
func deeds(t *testing.T, storage Storage) {
	f := follow(t, storage)
	f.step(sid, rings(policy.Critical, customer, caller))
	f.step(sid, unanswered)
	f.step("CA2", rings(policy.Question, "", "+442079460019"))
	f.step("CA2", unanswered)
	for _, one := range []policy.CallSID{sid, "CA2"} {
		if err := f.HeardVoicemail(t.Context(), one, "Ada Moreau", today.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := f.FinishFollowUp(t.Context(), f.of(one).ID, followup.Act{At: today.Add(time.Hour), By: "Ben Okafor", Note: "called"}); err != nil {
			t.Fatal(err)
		}
	}
	figures := func(since, until time.Time) (deeds []policy.PersonFigures) {
		all, _, err := f.Figures(t.Context(), since, until)
		if err != nil {
			t.Fatal(err)
		}
		return summed(all)
	}
	ada, ben := policy.PersonFigures{Name: "Ada Moreau", Figures: policy.Figures{Heard: 2}}, policy.PersonFigures{Name: "Ben Okafor", Figures: policy.Figures{Done: 2}}
	same(t, "all", []policy.PersonFigures{ada, ben}, figures(today, today.Add(2*time.Hour)))
	same(t, "of the minute", []policy.PersonFigures{ada}, figures(today, today.Add(time.Hour)))
	same(t, "of later", []policy.PersonFigures{ben}, figures(today.Add(time.Hour), today.Add(2*time.Hour)))
	if _, err := f.ReopenFollowUp(t.Context(), f.of(sid).ID, followup.Act{At: today.Add(90 * time.Minute), By: "Ada Moreau"}); err != nil {
		t.Fatal(err)
	}
	ben.Done = 1
	same(t, "after one was put back", []policy.PersonFigures{ada, ben}, figures(today, today.Add(2*time.Hour)))
	if _, err := f.Expire(t.Context(), today.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	same(t, "after their retention", []policy.PersonFigures(nil), figures(today, today.Add(2*time.Hour)))
}

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
