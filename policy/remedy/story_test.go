package remedy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/remedy"
)

// What people offered as they moved a case and the links that were sent are one story, from the case's first month to its close.
func TestStoryOfACase(t *testing.T) {
	offer := func(days int) remedy.Offer {
		return remedy.Offer{Page: remedy.Training, Channel: policy.ChannelEmail, Call: "CA1", By: "Ada Moreau", At: noon.AddDate(0, 0, days), SentAt: noon}
	}
	c := policy.Case{
		Customer: "204518", Months: []policy.Usage{{Month: "2026-11"}}, State: policy.CaseDiscussed,
		Moves: []policy.Move{{At: noon, By: "mila"}, {At: noon.AddDate(0, 0, 2), By: "mila", Via: "phone", Offered: []policy.Alternative{"screen-sharing", "plan"}}},
	}
	texts := func(c policy.Case) (all []string) {
		for _, e := range remedy.OfCase(c, []remedy.Offer{offer(-40), offer(1), offer(3)}, time.UTC) {
			all = append(all, e.At.Format("01-02 ")+e.Text)
		}
		return all
	}
	sent := "Ada Moreau offered a training session by e-mail; sent, not opened yet"
	want := []string{"12-01 " + sent, "12-02 mila offered a screen-sharing session by phone", "12-02 mila offered another plan by phone", "12-03 " + sent}
	if diff := cmp.Diff(want, texts(c)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	c.State = policy.CaseClosed
	if diff := cmp.Diff(want[:3], texts(c)); diff != "" {
		t.Errorf("closed, -want +got:\n%s", diff)
	}
}
