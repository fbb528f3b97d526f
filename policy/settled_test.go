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
	tried, _ := fresh.Claimed("p", at.Add(-time.Hour), at.Add(-time.Minute)) // by a process that died over it: its word may have arrived
	done := tried.Settled(policy.AlarmDone, "", at)
	if claimed, ok := done.Claimed("p", at, at.Add(time.Minute)); !ok || claimed.State != policy.AlarmDone || !claimed.MayShow() {
		t.Errorf("attempted by a process that died, and done: %+v, %v", claimed, ok)
	}
	fresh.ClaimedBy, fresh.NextAt = "p", at.Add(time.Minute)
	underWay := fresh.Settled(policy.AlarmDone, "", at).Released("p", at)
	if claimed, ok := underWay.Claimed("q", at, at.Add(time.Minute)); ok || claimed.WithdrawnAt.IsZero() {
		t.Errorf("claimed, never attempted and done: %+v, %v", claimed, ok)
	}
}

// What was not sent is withdrawn; what a receiver shows is brought up to date; what may have been sent at this moment is
// found out first.
func TestNoticeOfAnAlarmThatIsOver(t *testing.T) {
	at := time.Date(2026, 12, 1, 2, 0, 0, 0, time.UTC)
	text := policy.Notice{Key: "alarm/1/0/0/sms/a"}
	sent := text
	sent.SentAt = at
	failed := text
	failed.FailedAt = at
	chat := policy.Notice{Key: "alarm/1/0/0/ops-slack", State: policy.AlarmOpen, Count: 1}
	shown := chat
	shown.Shown, shown.ShownCount, shown.SentAt = policy.AlarmOpen, 1, at
	claimed := chat
	claimed.ClaimedBy, claimed.NextAt = "p1", at.Add(time.Minute)
	for _, row := range []struct {
		name      string
		notice    policy.Notice
		state     policy.AlarmState
		withdrawn bool
		waits     bool
	}{
		{"a text that waits, taken", text, policy.AlarmTaken, true, false},
		{"a text that waits, done", text, policy.AlarmDone, true, false},
		{"a text that was sent", sent, policy.AlarmTaken, false, false},
		{"a text that was given up", failed, policy.AlarmTaken, true, false},
		{"a chat that shows it, taken", shown, policy.AlarmTaken, false, true},
		{"a chat that shows it, done", shown, policy.AlarmDone, false, true},
		{"a chat that shows nothing, taken", chat, policy.AlarmTaken, false, true},
		{"a chat that shows nothing, done", chat, policy.AlarmDone, true, false},
		{"a chat that is written to at this moment, done", claimed, policy.AlarmDone, false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			n := row.notice.Settled(row.state, "Ada Moreau", at)
			if n.Waits() != row.waits || n.WithdrawnAt.IsZero() == row.withdrawn {
				t.Errorf("%+v", n)
			}
			if again := n.Settled(row.state, "Ben Okafor", at.Add(time.Hour)); again.Waits() != n.Waits() || !again.NextAt.Equal(n.NextAt) {
				t.Errorf("told again: %+v, before: %+v", again, n)
			}
			if n.State == policy.AlarmDone && n.Settled(policy.AlarmTaken, "", at).State != policy.AlarmDone {
				t.Error("what is done is taken")
			}
		})
	}
	// The attempt that was under way failed: it showed nothing, and nothing follows.
	over := claimed.Settled(policy.AlarmDone, "", at)
	over.ClaimedBy, over.NextAt = "", at.Add(time.Second)
	if n, may := over.Claimed("p2", at.Add(time.Minute), at.Add(time.Hour)); may || n.WithdrawnAt.IsZero() {
		t.Errorf("an alarm that is done is shown afterwards: %+v", n)
	}
}
