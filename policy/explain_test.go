package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

var explained = policy.Settings{FairUse: policy.FairUse{CallLimit: 20 * time.Minute}}

// explainCall is a served call: one specialist passes on, the next accepts after 4 seconds of screening and talks for 3 minutes.
func explainCall() policy.Call {
	at := func(seconds int) time.Time { return time.Date(2026, 11, 24, 10, 0, seconds, 0, time.UTC) }
	n := func(n int) *int { return &n }
	return policy.Call{
		SID: "CA1", Line: "+448000668187", From: "+442079460018", StartedAt: at(0), Answered: true,
		Customer: "204518", Account: "Northwind", Month: "2026-11", Intent: policy.Critical, HuntingAt: at(10),
		Exchanges: []policy.Exchange{{Key: "menu/1", At: at(10), Heard: "1"}, {Key: "voice", At: at(0)}},
		Trace:     []policy.Decision{{At: at(0), Rule: "hours.week", Result: "open"}, {At: at(10), Rule: "route.team", Result: "critical"}},
		Status:    "completed", EndedAt: at(230), TotalSeconds: n(230),
		Legs: []policy.Leg{
			{SID: "CA2", To: "+15550100001", Status: "completed", RangAt: at(11), AnsweredAt: at(13), ScreenedAt: at(13).Add(time.Millisecond), PassedAt: at(15), EndedAt: at(15), Seconds: n(2)},
			{SID: "CA3", To: "sip:oncall@example.com", Status: "completed", RangAt: at(16), AnsweredAt: at(20), ScreenedAt: at(21), AcceptedAt: at(25), EndedAt: at(205), Seconds: n(184)},
		},
	}
}

// lines shows a history in short.
func lines(history []policy.Decision) []string {
	var lines []string
	for _, d := range history {
		at := "-"
		if !d.At.IsZero() {
			at = d.At.Format("04:05")
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s", at, d.Rule, d.Result))
	}
	return lines
}

func TestExplainTellsTheWholeCallInOrder(t *testing.T) {
	c := explainCall()
	got := lines(explained.Explain(c, true, c.EndedAt))
	want := []string{
		"00:00 hours.week: open",
		`00:10 heard: "1"`,
		"00:10 route.team: critical",
		"00:11 leg.rang: +15550100001 was rung",
		"00:13 leg.answered: +15550100001 picked up",
		"00:13 leg.screened: +15550100001 was told who calls, and asked to accept",
		"00:15 leg.passed: +15550100001 passed the call on",
		"00:16 leg.rang: sip:oncall@example.com was rung",
		"00:20 leg.answered: sip:oncall@example.com picked up",
		"00:21 leg.screened: sip:oncall@example.com was told who calls, and asked to accept",
		"00:25 leg.accepted: sip:oncall@example.com accepted the call",
		"00:25 fair-use.ticket: counted: a matter of its own, without a ticket number",
		"03:25 talk.leg: talked for 180 s",
		"03:25 fair-use.length: not over-long",
		"03:50 end: served",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What people did stands among the rest at its time: an act of next day after the end, one during the talk before the talk's verdicts. Equal
// times keep their order, and a verdict follows what it was drawn from.
func TestExplainKeepsOneOrderOfTimeWithPeoplesActs(t *testing.T) {
	c := explainCall()
	ended := c.EndedAt
	c.Acts = []policy.Act{
		{At: c.StartedAt.Add(time.Minute), By: "mila", Kind: policy.ActTicket, Value: "4711"},
		{At: ended.Add(20 * time.Hour), By: "mila", Kind: policy.ActTraining},
		{At: ended.Add(20 * time.Hour), By: "theo", Kind: policy.ActNote, Value: "looked at it"},
	}
	c.EndedAt, c.LeftAt = time.Time{}, c.Legs[1].EndedAt.Add(300*time.Millisecond)
	c.Message = &policy.Recording{SID: "RE1", Seconds: 12, At: ended, Copy: &policy.RecordingCopy{At: ended.Add(time.Hour), Bucket: "folder"}}
	want := []string{
		"00:25 fair-use.ticket: counted: a matter of its own, without a ticket number",
		"01:00 act.ticket: mila set the ticket number 4711",
		"03:25 talk.leg: talked for 180 s",
		"03:25 fair-use.length: not over-long",
		"03:25 end: served",
		"03:50 voicemail: a message of 12 s was left",
		"03:50 recording.kept: fetched, and kept in folder",
		"03:50 act.training: mila marked the call as training",
		`03:50 act.note: theo noted "looked at it"`,
	}
	got := lines(explained.Explain(c, true, ended))
	if diff := cmp.Diff(want, got[len(got)-len(want):]); diff != "" {
		t.Error(diff)
	}
}

// A verdict that follows from what a person did later stands after it, and one that was drawn before the talk ended at its end.
func TestAWaiverComesBeforeItsVerdict(t *testing.T) {
	c := explainCall()
	seconds := 1205
	c.Legs[1].Seconds, c.Waived = &seconds, true
	for name, row := range map[string]struct {
		at   time.Time
		want []string
	}{
		"the next day": {c.EndedAt.Add(20 * time.Hour), []string{
			"03:50 act.waive: mila waived the call as necessary", "03:50 fair-use.length: waived as necessary, so not over-long",
		}},
		"during the talk": {c.StartedAt.Add(2 * time.Minute), []string{
			"02:00 act.waive: mila waived the call as necessary", "03:25 fair-use.length: waived as necessary, so not over-long",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c.Acts = []policy.Act{{At: row.at, By: "mila", Kind: policy.ActWaive}}
			got := slices.DeleteFunc(lines(explained.Explain(c, true, c.EndedAt)), func(line string) bool { return !strings.Contains(line, "waived") })
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Wherever an act falls, times never run backwards, and only what has no time stands after the rest.
func TestExplainNeverRunsBackwards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := explainCall()
		for _, ms := range rapid.SliceOfN(rapid.IntRange(0, 300_000), 1, 5).Draw(t, "milliseconds") {
			c.Acts = append(c.Acts, policy.Act{At: c.StartedAt.Add(time.Duration(ms) * time.Millisecond), By: "mila", Kind: policy.ActNote, Value: "seen"})
		}
		if rapid.Bool().Draw(t, "in progress") {
			c.EndedAt, c.TotalSeconds, c.Status = time.Time{}, nil, ""
		}
		var last time.Time
		history := explained.Explain(c, true, c.StartedAt.Add(10*time.Minute))
		for i, d := range history {
			at := d.At.Truncate(time.Second) // what people are shown
			switch {
			case d.At.IsZero() && i == len(history)-1:
			case d.At.IsZero():
				t.Fatalf("%q has no time and stands before others", lines([]policy.Decision{d}))
			case at.Before(last):
				t.Fatalf("%q stands after %s", lines([]policy.Decision{d}), last)
			}
			last = at
		}
	})
}

// What the provider reports in whole seconds stands after what came within that second by our own clock: the end is told last.
func TestVerdictsFollowWhatTheyAreDrawnFrom(t *testing.T) {
	c := explainCall()
	c.Message = &policy.Recording{SID: "RE1", Seconds: 12, At: c.EndedAt.Add(400 * time.Millisecond)}
	c.Acts = []policy.Act{{At: c.EndedAt.Add(time.Second), By: "mila", Kind: policy.ActNote, Value: "seen"}}
	history := explained.Explain(c, true, c.StartedAt.Add(10*time.Minute))
	var rules []string
	for _, d := range history[len(history)-3:] {
		rules = append(rules, d.Rule)
	}
	if diff := cmp.Diff([]string{"recording.waits", "end", "act.note"}, rules); diff != "" {
		t.Errorf("the last of the history (-want +got):\n%s", diff)
	}
}

// Each row changes one thing of the served call and looks at one line of its history.
func TestExplainSaysWhy(t *testing.T) {
	n := func(n int) *int { return &n }
	late := func(c policy.Call) time.Time { return c.StartedAt.Add(5 * time.Hour) }
	for name, row := range map[string]struct {
		change  func(*policy.Call)
		counted bool
		want    string
	}{
		"rule 3: first of a ticket":     {func(c *policy.Call) { c.Ticket = "4711" }, true, "00:25 fair-use.ticket: counted: the first call of the month about this ticket"},
		"rule 3: again about a ticket":  {func(c *policy.Call) { c.Ticket = "4711" }, false, "00:25 fair-use.ticket: not counted: an earlier call of the month was about the same ticket"},
		"rule 12: unidentified":         {func(c *policy.Call) { c.Customer = "" }, false, "00:25 fair-use.ticket: not counted: no account is known for the call (rule 12)"},
		"rule 5: the dial's figure":     {func(c *policy.Call) { c.Legs[1].Seconds, c.Legs[1].DialSeconds = nil, n(185) }, true, "03:25 talk.dial: talked for 181 s"},
		"rule 5: our own clock":         {func(c *policy.Call) { c.Legs[1].Seconds = nil }, true, "03:25 talk.own-clock: talked for 180 s"},
		"rule 5: 1201 seconds are over": {func(c *policy.Call) { c.Legs[1].Seconds = n(1205) }, true, "03:25 fair-use.length: over-long"},
		"rule 6: waived":                {func(c *policy.Call) { c.Legs[1].Seconds, c.Waived = n(1205), true }, true, "03:25 fair-use.length: waived as necessary, so not over-long"},
		"a voicemail picked up":         {func(c *policy.Call) { c.Legs[0].PassedAt = time.Time{} }, true, "00:15 leg.not-accepted: +15550100001 neither accepted nor passed on: a voicemail, or nobody at the phone"},
		"nobody answered": {func(c *policy.Call) {
			c.Legs[0] = policy.Leg{SID: "CA2", To: "+15550100001", Status: "no-answer", EndedAt: c.Legs[0].EndedAt}
		}, true, "00:15 leg.not-answered: +15550100001 did not answer"},
		"never joined":                    {func(c *policy.Call) { c.Legs[1].NotBridged = true }, false, "03:25 leg.not-bridged: sip:oncall@example.com was never joined with the caller, the provider says"},
		"a message":                       {func(c *policy.Call) { c.Message = &policy.Recording{SID: "RE1", Seconds: 12, At: c.EndedAt} }, true, "03:50 voicemail: a message of 12 s was left"},
		"a message without a time":        {func(c *policy.Call) { c.Message = &policy.Recording{SID: "RE1", Seconds: 12} }, true, "03:50 voicemail: a message of 12 s was left"},
		"an end that nobody reported":     {func(c *policy.Call) { c.EndedAt, c.TotalSeconds = time.Time{}, nil }, true, "- end: no end was reported"},
		"a call that is not accepted yet": {func(c *policy.Call) { c.Legs = nil }, false, "03:50 end: abandoned"},
	} {
		t.Run(name, func(t *testing.T) {
			c := explainCall()
			row.change(&c)
			got := lines(explained.Explain(c, row.counted, late(c)))
			for _, line := range got {
				if line == row.want {
					return
				}
			}
			t.Errorf("no line %q in\n%s", row.want, cmp.Diff([]string{}, got))
		})
	}
}

// A call is lost when nothing was heard of it for longer than the provider lets a call last.
func TestLost(t *testing.T) {
	for name, row := range map[string]struct {
		after time.Duration
		ended bool
		want  bool
	}{
		"in progress":         {after: time.Minute},
		"at the limit":        {after: 4 * time.Hour},
		"past the limit":      {after: 4*time.Hour + time.Second, want: true},
		"ended, however long": {after: 9 * time.Hour, ended: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := explainCall()
			if !row.ended {
				c.EndedAt = time.Time{}
			}
			if got := c.Lost(c.HuntingAt.Add(row.after)); got != row.want {
				t.Errorf("Lost %v after the last moment: %v, want %v", row.after, got, row.want)
			}
		})
	}
}

// Who may not see numbers reads a decision with them masked. A customer number and a ticket number in a field of its own stay, however long they are; what
// a caller entered stays where it was a customer's.
func TestMaskedDecisions(t *testing.T) {
	t.Parallel()
	facts := []policy.Fact{{Name: "customer", Value: "20451800"}, {Name: "ticket", Value: "47114711"}, {Name: "heard", Value: "20451800"}, {Name: "number", Value: "20451800"}}
	for rule, number := range map[string]string{"customer.found": "20451800", "customer.unknown": "******00"} {
		d := policy.Decision{Rule: rule, Result: "about 47114711", Inputs: facts}
		want := policy.Decision{Rule: rule, Result: "about ******11", Inputs: []policy.Fact{
			facts[0], facts[1], {Name: "heard", Value: "******00"}, {Name: "number", Value: number},
		}}
		if diff := cmp.Diff(want, d.Masked()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", rule, diff)
		}
		if diff := cmp.Diff(policy.Steps([]policy.Decision{want})[0], policy.Steps([]policy.Decision{d})[0].Masked()); diff != "" {
			t.Errorf("the step of %s (-want +got):\n%s", rule, diff)
		}
	}
}
