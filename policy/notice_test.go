package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

var missedAt = time.Date(2026, time.November, 23, 14, 0, 0, 0, time.UTC)

// waited is a call with a reason whose caller waited from missedAt on.
func waited(i policy.Intent) policy.Call {
	return policy.Call{
		SID: "CA1", Line: "+18883071053", From: "+12125550142", StartedAt: missedAt.Add(-30 * time.Second), Answered: true, Intent: i,
		HuntingAt: missedAt, OnFile: "204518", State: policy.State{OnFileName: "Northwind"},
	}
}

func after(c policy.Call, wait time.Duration) policy.Call {
	c.LeftAt = c.HuntingAt.Add(wait)
	return c
}

func exhausted(c policy.Call) policy.Call {
	c.Exhausted = true
	return c
}

func withMessage(c policy.Call) policy.Call {
	c.Message = &policy.Recording{SID: "RE1", Seconds: 42, At: missedAt.Add(2 * time.Minute)}
	return c
}

func taken(c policy.Call) policy.Call {
	return c.WithLeg(policy.Leg{SID: "CA2", To: "+15550100003", AcceptedAt: missedAt.Add(5 * time.Second)})
}

// TestWhoIsToldOfACallWithoutAPerson holds when a change of a call is news, and which of the two (rule 18).
func TestWhoIsToldOfACallWithoutAPerson(t *testing.T) {
	closed := waited(policy.Question)
	closed.Closed, closed.HuntingAt, closed.LeftAt = true, time.Time{}, missedAt
	critical, question := waited(policy.Critical), waited(policy.Question)
	none := policy.NoticeKind("")
	erased, tried := after(exhausted(critical), time.Minute).Anonymised(), after(exhausted(critical), time.Minute)
	tried.From = policy.TestCaller("mila")
	for name, test := range map[string]struct {
		before, after policy.Call
		later         time.Duration
		want          policy.NoticeKind
	}{
		"a critical call that goes on":                      {critical, exhausted(critical), 0, none},
		"a critical call that nobody answered":              {critical, after(exhausted(critical), time.Minute), 0, policy.NoticeCriticalMissed},
		"one abandoned after 10 s":                          {critical, after(critical, 10*time.Second), 0, policy.NoticeCriticalMissed},
		"one abandoned after less":                          {critical, after(critical, 10*time.Second-1), 0, none},
		"one that was served":                               {critical, after(taken(critical), time.Minute), 0, none},
		"one whose end is reported again":                   {after(exhausted(critical), time.Minute), after(exhausted(critical), 2*time.Minute), 0, none},
		"one with a message is one notice":                  {critical, withMessage(after(exhausted(critical), time.Minute)), 0, policy.NoticeCriticalMissed},
		"its message that becomes known later":              {after(exhausted(critical), time.Minute), withMessage(after(exhausted(critical), time.Minute)), 0, policy.NoticeVoicemail},
		"its message that was known before":                 {withMessage(exhausted(critical)), withMessage(after(exhausted(critical), time.Minute)), 0, policy.NoticeCriticalMissed},
		"a question that nobody answered":                   {question, after(exhausted(question), time.Minute), 0, policy.NoticeMissed},
		"a question that ends in a message":                 {question, withMessage(after(exhausted(question), time.Minute)), 0, policy.NoticeVoicemail},
		"a message before the end":                          {question, withMessage(exhausted(question)), 0, none},
		"a message on a closed line":                        {policy.Call{SID: "CA1"}, withMessage(closed), 0, policy.NoticeVoicemail},
		"a message that is reported again":                  {withMessage(closed), withMessage(closed), 0, none},
		"a closed line without a message":                   {policy.Call{SID: "CA1"}, closed, 0, none},
		"an end that comes to light a day later":            {critical, after(exhausted(critical), 0), 24 * time.Hour, policy.NoticeCriticalMissed},
		"an end that comes to light after more than a day":  {critical, after(exhausted(critical), 0), 24*time.Hour + 1, none},
		"a call to try the line":                            {critical, tried, 0, none},
		"a call of an account that was erased meanwhile":    {critical, erased, 0, none},
		"an acceptance that turns out never to be bridged":  {after(taken(critical), time.Minute), after(exhausted(critical), time.Minute), 0, policy.NoticeCriticalMissed},
		"a critical caller who left a message without wait": {policy.Call{SID: "CA1"}, withMessage(func() policy.Call { c := closed; c.Intent = policy.Critical; return c }()), 0, policy.NoticeVoicemail},
	} {
		t.Run(name, func(t *testing.T) {
			n, told := policy.CallNotice(test.before, test.after, policy.Settings{}, "", test.after.End().Add(test.later))
			if n.Kind != test.want || told != (test.want != "") {
				t.Errorf("told %v of %q, want %q", told, n.Kind, test.want)
			}
		})
	}
}

// TestFactsOfAMissedCriticalCall: the account on file is marked as such and never stands for the account of the call (rule 12).
func TestFactsOfAMissedCriticalCall(t *testing.T) {
	settings := policy.Settings{Lines: []policy.Line{{Number: "+18883071053", Name: "US and Canada"}}}
	ended := withMessage(after(exhausted(waited(policy.Critical)), 130*time.Second))
	n, _ := policy.CallNotice(policy.Call{}, ended, settings, "https://console.example.com/calls/CA1", missedAt.Add(time.Hour))
	want := policy.Notice{
		Key: "critical-missed/CA1", Kind: policy.NoticeCriticalMissed, At: missedAt.Add(130 * time.Second),
		Facts: map[string]string{
			"sid": "CA1", "intent": "critical", "line": "+18883071053", "line_name": "US and Canada", "outcome": "voicemail", "wait_seconds": "130",
			"message_seconds": "42", "started_at": "2026-11-23T13:59:30Z", "ended_at": "2026-11-23T14:02:10Z",
			"link": "https://console.example.com/calls/CA1", "on_file": "204518", "on_file_account": "Northwind",
		},
	}
	if diff := cmp.Diff(want, n); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	ended.Customer, ended.Account = "310022", "Harbor Cowork"
	n, _ = policy.CallNotice(policy.Call{}, ended, settings, "", missedAt.Add(time.Hour))
	if _, onFile := n.Facts["on_file"]; n.Customer != "310022" || n.Facts["account"] != "Harbor Cowork" || onFile {
		t.Errorf("an identified caller's notice is %+v", n)
	}
	ended.Closed = true // and the team rang in spite of it
	if n, _ := policy.CallNotice(policy.Call{}, ended, settings, "", missedAt.Add(time.Hour)); n.Facts["closed"] != "" {
		t.Errorf("the notice of a call that rang says that the line was closed: %v", n.Facts)
	}
}

// TestReportsInAnyOrderTellOnce: however often reports come and in which order, each kind is told once, and what the call comes to is told.
func TestReportsInAnyOrderTellOnce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		steps := []func(policy.Call) policy.Call{
			exhausted, withMessage,
			func(c policy.Call) policy.Call { return after(c, 40*time.Second) },
			func(c policy.Call) policy.Call {
				return c.Learn(policy.Report{At: missedAt.Add(45 * time.Second), Status: "completed"})
			},
			func(c policy.Call) policy.Call {
				return c.Learn(policy.Report{At: missedAt.Add(5 * time.Second), Leg: "CA2", Status: "no-answer"})
			},
		}
		n := rapid.IntRange(1, 12).Draw(r, "steps")
		call, told := waited(rapid.SampledFrom(policy.Intents()).Draw(r, "intent")), []policy.NoticeKind{}
		for range n {
			next := rapid.SampledFrom(steps).Draw(r, "step")(call)
			if n, ok := policy.CallNotice(call, next, policy.Settings{}, "", missedAt.Add(time.Minute)); ok {
				told = append(told, n.Kind)
			}
			call = next
		}
		missed := call.Intent == policy.Critical && call.Outcome() != ""
		if got := slices.Contains(told, policy.NoticeCriticalMissed); got != missed {
			r.Errorf("a %s call that ended as %q told %v", call.Intent, call.Outcome(), told)
		}
		if call.Outcome() == "voicemail" && len(told) == 0 || call.Outcome() == "" && len(told) > 0 {
			r.Errorf("a call that ended as %q told %v", call.Outcome(), told)
		}
		if slices.Sort(told); len(slices.Compact(slices.Clone(told))) != len(told) {
			r.Errorf("told twice: %v", told)
		}
	})
}

// TestACriticalCallThatRingsIsToldOnce: when people are first rung for it, and not for one that was taken or has ended.
func TestACriticalCallThatRingsIsToldOnce(t *testing.T) {
	rung := func(c policy.Call, at time.Time) policy.Call { c.State.RungAt = at; return c }
	critical, question := waited(policy.Critical), waited(policy.Question)
	tried := rung(critical, missedAt)
	tried.From = policy.TestCaller("mila")
	for name, test := range map[string]struct {
		before, after policy.Call
		told, over    bool
	}{
		"people are rung":            {critical, rung(critical, missedAt), true, false},
		"the next step":              {rung(critical, missedAt), rung(critical, missedAt.Add(time.Minute)), false, false},
		"a question":                 {question, rung(question, missedAt), false, false},
		"rung and over at once":      {critical, after(rung(critical, missedAt), time.Minute), false, false},
		"a call to try the line":     {critical, tried, false, false},
		"taken":                      {rung(critical, missedAt), taken(rung(critical, missedAt)), false, true},
		"ended":                      {rung(critical, missedAt), after(rung(critical, missedAt), time.Minute), false, true},
		"ended once more":            {after(rung(critical, missedAt), time.Minute), after(rung(critical, missedAt), time.Minute), false, false},
		"a question that has ended":  {rung(question, missedAt), after(rung(question, missedAt), time.Minute), false, false},
		"taken, and never connected": {taken(rung(critical, missedAt)), rung(critical, missedAt), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			n, told := policy.RingingNotice(test.before, test.after, policy.Settings{}, "")
			if told != test.told || told && (n.Key != "critical-ringing/CA1" || !n.At.Equal(missedAt)) {
				t.Errorf("told %v of %+v", told, n)
			}
			if over := policy.RingingOver(test.before, test.after); over != test.over {
				t.Errorf("the ringing is over: %v, want %v", over, test.over)
			}
		})
	}
}

// TestAStepThatLedToNobodyIsToldOnceADay, by whichever calls.
func TestAStepThatLedToNobodyIsToldOnceADay(t *testing.T) {
	gap := policy.RingGap{At: missedAt, Team: "critical", To: []policy.Target{"rota:primary", "ada"}, Why: "nobody is on call in primary"}
	before, first, second := waited(policy.Critical), waited(policy.Critical), waited(policy.Critical)
	first.State.Gaps, second.State.Gaps = []policy.RingGap{gap}, []policy.RingGap{gap, gap}
	second.State.Gaps[1].At = missedAt.Add(24 * time.Hour)
	one, two := policy.GapNotices(before, first, ""), policy.GapNotices(first, second, "")
	if len(one) != 1 || one[0].Key != "rota-gap/step/critical/rota:primary, ada/2026-11-23" || one[0].Facts["why"] != gap.Why || one[0].Kind != policy.NoticeRotaGap {
		t.Errorf("told of the first: %+v", one)
	}
	if len(two) != 1 || two[0].Key == one[0].Key {
		t.Errorf("told of the next, a day later: %+v", two)
	}
	if again := policy.GapNotices(second, second, ""); len(again) > 0 {
		t.Errorf("told again: %+v", again)
	}
}
