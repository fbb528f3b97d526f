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
