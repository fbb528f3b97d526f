package policy_test

import (
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

// TestTalk holds rule 5: the provider's figure less the screening, our own clock only where there is no figure, whole seconds never
// rounded up.
func TestTalk(t *testing.T) {
	t.Parallel()
	accepted := policy.Leg{SID: "CA2", ScreenedAt: at(10), AcceptedAt: at(14)}
	with := func(change func(*policy.Leg)) policy.Call {
		leg := accepted
		change(&leg)
		return policy.Call{}.WithLeg(leg)
	}
	for name, test := range map[string]struct {
		call    policy.Call
		seconds int
		source  string
		ok      bool
	}{
		"nobody accepted": {call: policy.Call{EndedAt: at(50)}},
		"still talking":   {call: with(func(*policy.Leg) {})},
		"the leg's own figure less the screening": {
			with(func(l *policy.Leg) { l.Seconds, l.DialSeconds = seconds(104), seconds(105) }), 100, "talk.leg", true,
		},
		"the dial's figure where the leg has none": {
			with(func(l *policy.Leg) { l.DialSeconds = seconds(105) }), 101, "talk.dial", true,
		},
		"screening to the nearest second": {
			with(func(l *policy.Leg) { l.Seconds, l.AcceptedAt = seconds(104), at(14).Add(499*time.Millisecond) }), 100, "talk.leg", true,
		},
		"screening rounds half up": {
			with(func(l *policy.Leg) { l.Seconds, l.AcceptedAt = seconds(104), at(14).Add(500*time.Millisecond) }), 99, "talk.leg", true,
		},
		"our clock, never rounded up": {
			with(func(l *policy.Leg) { l.EndedAt = at(74).Add(999 * time.Millisecond) }), 60, "talk.own-clock", true,
		},
		"our clock from the end of the dial": {
			with(func(l *policy.Leg) { l.DialEndedAt = at(75) }), 61, "talk.own-clock", true,
		},
		"a figure shorter than the screening is nothing": {
			with(func(l *policy.Leg) { l.Seconds = seconds(2) }), 0, "talk.leg", true,
		},
		"accepted but never joined": {call: with(func(l *policy.Leg) { l.NotBridged, l.Seconds = true, seconds(9) })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, source, ok := test.call.Talk()
			if got != test.seconds || source != test.source || ok != test.ok {
				t.Errorf("talked %d s by %q, %t; want %d s by %q, %t", got, source, ok, test.seconds, test.source, test.ok)
			}
		})
	}
}

// TestOverLong holds rule 5's edge and rule 6: 1200 seconds are within, 1201 are over, and a waived call is not over-long.
func TestOverLong(t *testing.T) {
	t.Parallel()
	fair := policy.FairUse{CallLimit: 20 * time.Minute}
	talked := func(n int) policy.Call {
		return policy.Call{}.WithLeg(policy.Leg{SID: "CA2", ScreenedAt: at(10), AcceptedAt: at(10), Seconds: seconds(n)})
	}
	waived := talked(1201)
	waived.Waived = true
	for name, test := range map[string]struct {
		call policy.Call
		want bool
	}{
		"at the limit":    {talked(1200), false},
		"one second more": {talked(1201), true},
		"waived":          {waived, false},
		"no talk":         {policy.Call{}, false},
	} {
		if got := (policy.Settings{FairUse: fair}).Row(test.call, false).OverLong; got != test.want {
			t.Errorf("%s: over-long %t, want %t", name, got, test.want)
		}
	}
}

// TestOutcome holds which fact decides how a call ended.
func TestOutcome(t *testing.T) {
	t.Parallel()
	served := policy.Leg{SID: "CA2", AcceptedAt: at(10)}
	message := &policy.Recording{SID: "RE1", Seconds: 5}
	for name, test := range map[string]struct {
		call policy.Call
		want policy.Outcome
	}{
		"going on":                    {policy.Call{StartedAt: began}, ""},
		"accepted, still talking":     {policy.Call{}.WithLeg(served), ""},
		"accepted":                    {policy.Call{EndedAt: at(60)}.WithLeg(served), policy.Served},
		"accepted, then never joined": {policy.Call{EndedAt: at(60)}.WithLeg(policy.Leg{SID: "CA2", AcceptedAt: at(10), NotBridged: true}), policy.Abandoned},
		"closed, message left":        {policy.Call{EndedAt: at(60), Closed: true, Message: message}, "voicemail"},
		"closed, no message":          {policy.Call{EndedAt: at(60), Closed: true}, policy.LineClosed},
		"closed, but connected, hung up while it rang": {policy.Call{EndedAt: at(60), Closed: true, HuntingAt: at(20)}, policy.Abandoned},
		"closed, and not entitled":                     {policy.Call{EndedAt: at(60), Closed: true, Refused: policy.NotEntitled}, policy.NotEntitled},
		"nobody accepted":                              {policy.Call{EndedAt: at(60), Exhausted: true}, policy.Unanswered},
		"hung up while it rang":                        {policy.Call{EndedAt: at(60)}, policy.Abandoned},
		"the end is known by our goodbye":              {policy.Call{LeftAt: at(60), Refused: policy.NotEntitled}, policy.NotEntitled},
		"the provider could not carry it":              {policy.Call{EndedAt: at(60), Status: "failed"}, policy.Failed},
		"hung up before anybody could answer":          {policy.Call{EndedAt: at(60), Status: "canceled"}, policy.Abandoned},
	} {
		if got := test.call.Outcome(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestTickets holds rule 3.
func TestTickets(t *testing.T) {
	t.Parallel()
	call := func(sid policy.CallSID, start int, ticket policy.Ticket, accepted bool) policy.Call {
		c := policy.Call{SID: sid, StartedAt: at(start), Customer: "204518", Ticket: ticket}
		if accepted {
			c = c.WithLeg(policy.Leg{SID: "L" + sid, AcceptedAt: at(start + 30)})
		}
		return c
	}
	var month []policy.CallSummary
	for _, c := range []policy.Call{
		call("CA5", 500, "77", true),  // the same ticket again
		call("CA1", 100, "77", false), // nobody accepted
		call("CA2", 200, "77", true),
		call("CA3", 300, "", true),
		call("CA4", 400, "", true),
		call("CA6", 600, "78", true),
	} {
		month = append(month, c.Summary())
	}
	got := map[policy.CallSID]bool{}
	for _, c := range policy.ExplainUsage(month, fair) {
		got[c.SID] = c.Counts
	}
	for sid, want := range map[policy.CallSID]bool{"CA1": false, "CA2": true, "CA3": true, "CA4": true, "CA5": false, "CA6": true} {
		if got[sid] != want {
			t.Errorf("%s counted %t, want %t", sid, got[sid], want)
		}
	}
}
