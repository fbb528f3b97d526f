package policy_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

// actualCall is one call as it really was, apart from any record of it: what its usage must come to, however the log learned of the call.
type actualCall struct {
	sid      policy.CallSID
	start    time.Time
	accepted bool
	talk     int // seconds
	acts     []policy.Act

	logged state // by the machine, before anybody acted
	state        // after all acts
}

// state is what people's acts can change.
type state struct {
	account  *account // nil: unidentified
	month    policy.Month
	ticket   policy.Ticket
	waived   bool
	training bool
}

// account is a customer and the zone of its home line.
type account struct {
	policy.Customer
	zone *time.Location
}

func (a *account) monthOf(t time.Time) policy.Month {
	local := t.In(a.zone)
	return policy.Month(fmt.Sprintf("%04d-%02d", local.Year(), local.Month()))
}

// TestFigureIsWhatHappened: a month's figure is the recomputation from the calls as they were, call by call, under any order of the
// provider's reports, repeated ones, people's acts and what they took back in between, and any order in which calls are imported.
func TestFigureIsWhatHappened(t *testing.T) {
	t.Parallel()
	london := &account{holder, inZone(t, "Europe/London")}
	newYork := &account{other, inZone(t, "America/New_York")}
	rapid.Check(t, func(rt *rapid.T) {
		calls := make([]*actualCall, rapid.IntRange(0, 12).Draw(rt, "calls"))
		for i := range calls {
			calls[i] = drawCall(rt, i, london, newYork)
		}
		for _, who := range []*account{london, newYork} {
			for _, month := range []policy.Month{"2026-10", "2026-11"} {
				want := recomputed(calls, who, month)
				for range 2 {
					got := monthUsage(rt, who.Customer, month, imported(rt, calls, who, month), fair)
					if diff := cmp.Diff(want, got); diff != "" {
						rt.Fatalf("%s in %s: %s", who.Number, month, diff)
					}
				}
			}
		}
	})
}

// TestExplanationSumsUp: the explained calls add up to the figure, and each is there once.
func TestExplanationSumsUp(t *testing.T) {
	t.Parallel()
	london := &account{holder, inZone(t, "Europe/London")}
	rapid.Check(t, func(rt *rapid.T) {
		calls := make([]*actualCall, rapid.IntRange(0, 12).Draw(rt, "calls"))
		for i := range calls {
			calls[i] = drawCall(rt, i, london, london)
		}
		month := imported(rt, calls, london, "2026-11")
		figure := monthUsage(rt, holder, "2026-11", month, fair)
		var sum policy.Usage
		explained := policy.ExplainUsage(month, fair)
		for _, c := range explained {
			if c.Counts {
				sum.Tickets++
			}
			if c.OverLong {
				sum.OverLong++
			}
		}
		if sum.Tickets != figure.Tickets || sum.OverLong != figure.OverLong || len(explained) != len(month) {
			rt.Fatalf("%d calls explain %d tickets and %d over-long; the figure of %d is %+v", len(explained), sum.Tickets, sum.OverLong, len(month), figure)
		}
	})
}

// drawCall makes up a call near the edge of October, and what people did to it.
func drawCall(rt *rapid.T, i int, london, newYork *account) *actualCall {
	edge := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s := &actualCall{
		sid:      policy.CallSID(fmt.Sprintf("CA%02d", i)),
		start:    edge.Add(time.Duration(rapid.IntRange(-8*60, 8*60).Draw(rt, "minute")) * time.Minute),
		accepted: rapid.IntRange(0, 4).Draw(rt, "accepted") > 0,
		talk:     rapid.SampledFrom([]int{0, 59, 1199, 1200, 1201, 2400}).Draw(rt, "talk"),
	}
	s.logged.ticket = rapid.SampledFrom([]policy.Ticket{"", "", "7", "8"}).Draw(rt, "ticket")
	s.logged.account = rapid.SampledFrom([]*account{nil, london, newYork}).Draw(rt, "account")
	if s.logged.account != nil {
		s.logged.month = s.logged.account.monthOf(s.start)
	}
	s.state = s.logged
	for range rapid.IntRange(0, 10).Draw(rt, "acts") {
		s.act(rt, london, newYork)
	}
	return s
}

// act adds one thing that somebody does or takes back, if it is something that can be done now.
func (s *actualCall) act(rt *rapid.T, london, newYork *account) {
	// What is set can be set again on top, which is where an undoing can go wrong: more of those.
	kind := rapid.SampledFrom([]policy.ActKind{
		policy.ActWaive, policy.ActTraining, policy.ActNote, policy.ActAttach, policy.ActTicket, policy.ActAttach, policy.ActTicket,
	}).Draw(rt, "kind")
	a := by("mila", kind, "")
	if rapid.Bool().Draw(rt, "undo") {
		a = undo(kind)
	} else {
		switch kind {
		case policy.ActAttach:
			a.Value = string(rapid.SampledFrom([]*account{london, newYork}).Draw(rt, "to").Number)
		case policy.ActTicket:
			a.Value = rapid.SampledFrom([]string{"7", "8", "9"}).Draw(rt, "number")
		case policy.ActNote:
			a.Value = "a note"
		}
	}
	if !s.possible(a) {
		return
	}
	s.acts = append(s.acts, a)
	s.replay(london, newYork)
}

// possible reports whether the act does something to the call as it is.
func (s *actualCall) possible(a policy.Act) bool {
	switch {
	case a.Undo:
		return len(standing(s.acts, a.Kind)) > 0
	case a.Kind == policy.ActWaive:
		return s.accepted && s.talk > 1200 && !s.waived
	case a.Kind == policy.ActTraining:
		return !s.training
	case a.Kind == policy.ActAttach:
		return s.account == nil || string(s.account.Number) != a.Value
	case a.Kind == policy.ActTicket:
		return string(s.ticket) != a.Value
	}
	return true
}

// standing are the acts of a kind that nobody took back: an undoing strikes the last one.
func standing(acts []policy.Act, kind policy.ActKind) []policy.Act {
	var left []policy.Act
	for _, a := range acts {
		switch {
		case a.Kind != kind:
		case a.Undo:
			left = left[:len(left)-1]
		default:
			left = append(left, a)
		}
	}
	return left
}

// replay is what the acts that stand make of the call, from the beginning.
func (s *actualCall) replay(accounts ...*account) {
	s.state = s.logged
	s.waived = len(standing(s.acts, policy.ActWaive)) > 0
	s.training = len(standing(s.acts, policy.ActTraining)) > 0
	if set := standing(s.acts, policy.ActTicket); len(set) > 0 {
		s.ticket = policy.Ticket(set[len(set)-1].Value)
	}
	if to := standing(s.acts, policy.ActAttach); len(to) > 0 {
		for _, a := range accounts {
			if string(a.Number) == to[len(to)-1].Value {
				s.account, s.month = a, a.monthOf(s.start)
			}
		}
	}
}

// recomputed is the month as the policy page says it, from the calls.
func recomputed(calls []*actualCall, who *account, month policy.Month) policy.Usage {
	u := policy.Usage{
		Month: month, Customer: who.Number, Account: who.Name, Line: who.Line.Full(),
		TicketLimit: fair.TicketsPerMonth, OverLongLimit: fair.OverLongCallsPerMonth,
	}
	matters := map[string]bool{}
	for _, s := range calls {
		if s.account != who || s.month != month || !s.accepted {
			continue
		}
		matter := "ticket " + string(s.ticket)
		if s.ticket == "" {
			matter = "call " + string(s.sid)
		}
		matters[matter] = true
		u.Calls++
		u.TalkSeconds += s.talk
		if s.waived {
			u.Waived++
		} else if s.talk > 1200 {
			u.OverLong++
		}
		if s.training {
			u.Training++
		}
	}
	u.Tickets = len(matters)
	u.Over = u.Tickets > 3 || u.OverLong >= 2
	return u
}

// imported is the account's month as the log has it, its calls in some order.
func imported(rt *rapid.T, calls []*actualCall, who *account, month policy.Month) []policy.CallSummary {
	var summaries []policy.CallSummary
	for _, s := range rapid.Permutation(calls).Draw(rt, "import") {
		if c := s.learned(rt); c.Customer == who.Number && c.Month == month {
			summaries = append(summaries, c.Summary())
		}
	}
	return summaries
}

// learned is the call as the log learned it: reports in any order and some of them twice, with the acts in their own order between.
func (s *actualCall) learned(rt *rapid.T) policy.Call {
	c, reports := s.machine(), s.reports()
	again := rapid.SliceOfN(rapid.SampledFrom(reports), 0, 3).Draw(rt, "again")
	reports = rapid.Permutation(slices.Concat(reports, again)).Draw(rt, "order")
	acts := s.acts
	for len(reports)+len(acts) > 0 {
		if len(acts) == 0 || (len(reports) > 0 && rapid.Bool().Draw(rt, "report next")) {
			c, reports = c.Learn(reports[0]), reports[1:]
			continue
		}
		c, acts = s.acted(rt, c, acts[0]), acts[1:]
	}
	return c
}

func (s *actualCall) acted(rt *rapid.T, c policy.Call, a policy.Act) policy.Call {
	to, zone := holder, "Europe/London"
	if a.Value == string(other.Number) {
		to, zone = other, "America/New_York"
	}
	where, err := time.LoadLocation(zone)
	if err != nil {
		rt.Fatal(err)
	}
	c, err = c.WithAct(a, len(c.Acts), to, where)
	if err != nil {
		rt.Fatalf("%+v on %+v: %v", a, c, err)
	}
	return c
}

// machine is what the machine wrote down while the call went on.
func (s *actualCall) machine() policy.Call {
	c := policy.Call{SID: s.sid, StartedAt: s.start, Answered: true, Ticket: s.logged.ticket, Month: s.logged.month}
	if who := s.logged.account; who != nil {
		c.Customer, c.Account = who.Number, who.Name
	}
	if s.accepted {
		accepted := s.start.Add(time.Minute)
		c = c.WithLeg(policy.Leg{SID: "L" + s.sid, ScreenedAt: accepted, AcceptedAt: accepted})
	}
	return c
}

// reports are what the provider says of the call.
func (s *actualCall) reports() []policy.Report {
	accepted := s.start.Add(time.Minute)
	end := accepted.Add(time.Duration(s.talk) * time.Second)
	total, leg := s.talk+60, policy.CallSID("L"+s.sid)
	return []policy.Report{
		{At: s.start.Add(50 * time.Second), Leg: leg, To: "+15550100001", Status: "ringing"},
		{At: accepted, Leg: leg, To: "+15550100001", Status: "in-progress"},
		{At: end, Leg: leg, To: "+15550100001", Status: "completed", Seconds: &s.talk},
		{At: end, Leg: leg, DialEnd: true, Seconds: &s.talk},
		{At: end, Status: "completed", Seconds: &total},
	}
}
