package policy_test

import (
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

// A receiver that is kept up to date shows who took an alarm and who did it. One that may show it, because only the answer was lost, is told that it is
// done; one that was never asked is not.
func TestWhatAReceiverShowsInTheEnd(t *testing.T) {
	at := time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)
	fresh := policy.Notice{Key: "alarm/1/pager", State: policy.AlarmOpen, Facts: map[string]string{"account": "Example"}}
	taken := fresh.Settled(policy.AlarmTaken, "Ada Moreau", at)
	if taken.State != policy.AlarmTaken || taken.Facts["taken_by"] != "Ada Moreau" || fresh.Facts["taken_by"] != "" {
		t.Errorf("%+v, before it %+v", taken, fresh)
	}
	if done := fresh.Settled(policy.AlarmDone, "", at); done.WithdrawnAt.IsZero() {
		t.Errorf("never attempted and done: %+v", done)
	}
	fresh.Attempts = 1
	done := fresh.Settled(policy.AlarmDone, "", at)
	if claimed, ok := done.Claimed("p", at, at.Add(time.Minute)); !ok || claimed.State != policy.AlarmDone || !claimed.MayShow() {
		t.Errorf("attempted once and done: %+v, %v", claimed, ok)
	}
	fresh.Attempts, fresh.ClaimedBy, fresh.NextAt = 0, "p", at.Add(time.Minute)
	underWay := fresh.Settled(policy.AlarmDone, "", at).Released("p", at)
	if claimed, ok := underWay.Claimed("q", at, at.Add(time.Minute)); ok || claimed.WithdrawnAt.IsZero() {
		t.Errorf("claimed, never attempted and done: %+v, %v", claimed, ok)
	}
}
