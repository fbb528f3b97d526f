package ivr_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// outboundCall is a critical call whose specialists are rung by outbound legs, at a time that the test moves.
type outboundCall struct {
	t       *testing.T
	machine ivr.Machine
	call    policy.Call
	reply   ivr.Reply
	now     time.Time
	actions []ivr.RESTAction // of the last step
}

func newOutboundCall(t *testing.T) *outboundCall {
	t.Helper()
	s := settings(t)
	c := &outboundCall{t: t, machine: ivr.Machine{Settings: s, Outbound: true}, call: policy.Call{SID: "CA1"}, now: tuesday}
	c.asks(ivr.Input{Step: "arrive", Line: uk, From: caller})
	c.asks(ivr.Input{Step: "number", Exchange: 1, Keys: "204518", Number: "204518", Customer: &northwind})
	c.asks(ivr.Input{Step: "menu", Exchange: 2, Keys: "1"})
	if c.reply.Then != ivr.ThenWait || c.reply.Next != "wait/3" {
		t.Fatalf("the caller does not wait: %+v", c.reply)
	}
	return c
}

func (c *outboundCall) changes(by func(policy.Call) policy.Call) {
	before := c.call
	c.call = by(c.call.Clip())
	c.actions = c.machine.Actions(before, c.call)
}

func (c *outboundCall) asks(in ivr.Input) {
	c.changes(func(call policy.Call) (after policy.Call) {
		after, c.reply = c.machine.Next(call, in, c.now)
		return after
	})
}

func (c *outboundCall) polls(number int) { c.asks(ivr.Input{Step: "wait", Exchange: number}) }

func (c *outboundCall) fetched(number int) {
	c.asks(ivr.Input{Step: "wait", Exchange: number, Fetched: true})
}

func (c *outboundCall) placed(order int, sids ...policy.CallSID) {
	r := ivr.Placed{Attempt: order}
	for _, sid := range sids {
		r.Legs = append(r.Legs, policy.Leg{SID: sid, To: oncall1})
	}
	c.changes(func(call policy.Call) policy.Call { return c.machine.Placed(call, r, c.now) })
}

func (c *outboundCall) presses(leg policy.CallSID, order int, keys string) ivr.Reply {
	var reply ivr.Reply
	for _, step := range []string{"screen", "answer"} {
		in := ivr.LegInput{Step: step, Leg: leg, To: oncall1, Try: 1, Attempt: order}
		if step == "answer" {
			in.Keys = keys
		}
		c.changes(func(call policy.Call) (after policy.Call) {
			after, reply = c.machine.NextLeg(call, in, c.now)
			return after
		})
	}
	return reply
}

func (c *outboundCall) ends(leg policy.CallSID) {
	c.changes(func(call policy.Call) policy.Call {
		return call.Learn(policy.Report{At: c.now, Leg: leg, Status: "completed"})
	})
}

func (c *outboundCall) wants(what string, want ivr.Then, next string) {
	c.t.Helper()
	if c.reply.Then != want || (next != "" && c.reply.Next != next) {
		c.t.Errorf("%s: %+v, want %s %s", what, c.reply, want, next)
	}
}

func (c *outboundCall) traced(rule string) {
	c.t.Helper()
	if !slices.ContainsFunc(c.call.Trace, func(d policy.Decision) bool { return d.Rule == rule }) {
		c.t.Errorf("the trace lacks %s: %+v", rule, c.call.Trace)
	}
}

// TestAttemptIsPlacedOnce: the exchange that leaves the menu asks for the legs; its retry, which changes nothing, does not.
func TestAttemptIsPlacedOnce(t *testing.T) {
	c := newOutboundCall(t)
	want := []ivr.RESTAction{{Call: "CA1", Ring: &ivr.RingRequest{Attempt: 3, Path: "leg/CA1/3", From: uk, To: []policy.Phone{oncall1}, Seconds: 20}}}
	if diff := cmp.Diff(want, c.actions); diff != "" {
		t.Error(diff)
	}
	c.asks(ivr.Input{Step: "menu", Exchange: 2, Keys: "1"})
	if len(c.actions) > 0 {
		t.Errorf("a retry rings again: %+v", c.actions)
	}
}

// TestAskingWhileItRingsChangesNothing: each piece of the ringing tone ends in a question, and the log must not grow by it.
func TestAskingWhileItRingsChangesNothing(t *testing.T) {
	c := newOutboundCall(t)
	c.placed(3, "CA2")
	before := mustJSON(t, c.call)
	for range 4 {
		c.now = c.now.Add(3 * time.Second)
		c.polls(3)
		c.wants("while it rings", ivr.ThenWait, "wait/3")
	}
	if diff := cmp.Diff(before, mustJSON(t, c.call)); diff != "" {
		t.Errorf("the call changed:\n%s", diff)
	}
}

// TestOneMovesTheCaller: after the acceptance the caller is left to the redirect for three seconds, since a caller who is redirected twice would
// leave the conference again.
func TestOneMovesTheCaller(t *testing.T) {
	c := newOutboundCall(t)
	c.placed(3, "CA2")
	c.now = c.now.Add(4 * time.Second)
	if reply := c.presses("CA2", 3, "1"); reply.Then != ivr.ThenJoin {
		t.Fatalf("the specialist is not led into the conference: %+v", reply)
	}
	if diff := cmp.Diff([]ivr.RESTAction{{Call: "CA1", Fetch: "wait/3"}}, c.actions); diff != "" {
		t.Error(diff)
	}
	c.now = c.now.Add(2 * time.Second)
	c.polls(3)
	c.wants("before the redirect", ivr.ThenWait, "wait/3")
	late := *c
	c.fetched(3)
	c.wants("fetched", ivr.ThenJoin, "rang/4")
	c.polls(3)
	c.wants("a retry", ivr.ThenJoin, "rang/4")
	late.now = late.now.Add(2 * time.Second)
	late.polls(3)
	late.wants("the redirect failed", ivr.ThenJoin, "rang/4")
	if _, _, talked := late.call.Talk(); talked {
		t.Error("the talk is over before it began")
	}
}

// TestNoLegIsPlaced: the same step is dialled, at the report that no leg was placed, and without a report after eight seconds (rule 11).
func TestNoLegIsPlaced(t *testing.T) {
	told := newOutboundCall(t)
	told.placed(3)
	if diff := cmp.Diff([]ivr.RESTAction{{Call: "CA1", Fetch: "wait/3"}}, told.actions); diff != "" {
		t.Error(diff)
	}
	told.fetched(3)
	silent := newOutboundCall(t)
	silent.now = silent.now.Add(8 * time.Second)
	silent.polls(3)
	silent.wants("eight seconds", ivr.ThenWait, "wait/3")
	silent.now = silent.now.Add(time.Second)
	silent.polls(3)
	for name, c := range map[string]*outboundCall{"told": told, "silent": silent} {
		c.wants(name, ivr.ThenRing, "rang/4")
		c.traced("ring.plain")
		if c.reply.Ring == nil || !slices.Equal(c.reply.Ring.To, []policy.Phone{oncall1}) || c.reply.Ring.Seconds != 20 {
			t.Errorf("%s: %+v", name, c.reply.Ring)
		}
		c.asks(ivr.Input{Step: "rang", Exchange: 4})
		c.wants(name+", the next step", ivr.ThenRing, "rang/5") // no leg could be placed: not tried again
	}
	silent.placed(3, "CA9") // the report comes after all
	if diff := cmp.Diff([]ivr.RESTAction{{Call: "CA1", HangUp: "CA9"}}, silent.actions); diff != "" {
		t.Errorf("who rings in vain:\n%s", diff)
	}
	if reply := silent.presses("CA9", 3, "1"); reply.Then != ivr.ThenHangup || len(reply.Say) == 0 {
		t.Errorf("a specialist who accepts too late: %+v", reply)
	}
}

// TestOutboundStepEnds: the step ends when all legs are, or when the time is over. A specialist who is told who calls has time to decide.
func TestOutboundStepEnds(t *testing.T) {
	all := newOutboundCall(t)
	all.placed(3, "CA2", "CA3")
	all.ends("CA2")
	if len(all.actions) > 0 {
		t.Errorf("one of two is through: %+v", all.actions)
	}
	all.presses("CA3", 3, "2")
	if diff := cmp.Diff([]ivr.RESTAction{{Call: "CA1", Fetch: "wait/3"}}, all.actions); diff != "" {
		t.Error(diff)
	}
	all.fetched(3)
	all.wants("everybody is through", ivr.ThenWait, "wait/4")

	silent := newOutboundCall(t)
	silent.placed(3, "CA2")
	silent.now = silent.now.Add(25 * time.Second)
	silent.polls(3)
	silent.wants("25 s", ivr.ThenWait, "wait/3")
	silent.now = silent.now.Add(time.Second)
	silent.polls(3)
	silent.wants("26 s", ivr.ThenWait, "wait/4")
	if diff := cmp.Diff(ivr.RESTAction{Call: "CA1", HangUp: "CA2"}, silent.actions[1]); diff != "" {
		t.Errorf("the step before rings on:\n%s", diff)
	}

	told := newOutboundCall(t)
	told.placed(3, "CA2")
	told.now = told.now.Add(19 * time.Second)
	told.changes(func(c policy.Call) policy.Call {
		c, _ = told.machine.NextLeg(c, ivr.LegInput{Step: "screen", Leg: "CA2", To: oncall1, Try: 1, Attempt: 3}, told.now)
		return c
	})
	told.now = told.now.Add(20 * time.Second)
	told.polls(3)
	told.wants("while being told", ivr.ThenWait, "wait/3")
	told.now = told.now.Add(30 * time.Second)
	told.polls(3)
	told.wants("a voicemail that never hangs up", ivr.ThenWait, "wait/4")
}

// TestTwoAcceptOutboundLegs: the first has it, the other hears so and is hung up on.
func TestTwoAcceptOutboundLegs(t *testing.T) {
	c := newOutboundCall(t)
	c.placed(3, "CA2", "CA3")
	c.presses("CA3", 3, "1")
	if diff := cmp.Diff([]ivr.RESTAction{{Call: "CA1", HangUp: "CA2"}, {Call: "CA1", Fetch: "wait/3"}}, c.actions); diff != "" {
		t.Error(diff)
	}
	if reply := c.presses("CA2", 3, "1"); reply.Then != ivr.ThenHangup {
		t.Errorf("the second: %+v", reply)
	}
	c.ends("CA2")
	if len(c.actions) > 0 {
		t.Errorf("the caller is redirected again: %+v", c.actions)
	}
	if leg, _ := c.call.Accepted(); leg.SID != "CA3" {
		t.Errorf("%s has the call", leg.SID)
	}
}

// TestSpecialistLeavesBeforeTheCallerComes: the hunt goes on, whether the specialist left before the redirect or just before the caller came to the conference.
func TestSpecialistLeavesBeforeTheCallerComes(t *testing.T) {
	before := newOutboundCall(t)
	before.placed(3, "CA2")
	before.presses("CA2", 3, "1")
	before.ends("CA2")
	before.fetched(3)
	before.wants("on the way", ivr.ThenWait, "wait/4")
	before.traced("leg.left")

	alone := newOutboundCall(t)
	alone.placed(3, "CA2")
	alone.presses("CA2", 3, "1")
	alone.fetched(3)
	alone.wants("joined", ivr.ThenJoin, "rang/4")
	alone.now = alone.now.Add(time.Second)
	alone.ends("CA2")
	if diff := cmp.Diff([]ivr.RESTAction{{Call: "CA1", Fetch: "rang/4"}}, alone.actions); diff != "" {
		t.Errorf("alone in the conference:\n%s", diff)
	}
	alone.asks(ivr.Input{Step: "rang", Exchange: 4})
	alone.wants("alone", ivr.ThenWait, "wait/5")
	alone.placed(5, "CA3")
	alone.presses("CA3", 5, "1")
	alone.changes(func(call policy.Call) policy.Call {
		return call.Learn(policy.Report{At: alone.now.Add(time.Second), To: uk, From: caller, Status: "completed"})
	})
	if got := alone.call.Outcome(); got != policy.Abandoned { // who leaves before coming to the second one was not served by the first either
		t.Errorf("who came to a conference that was left, and to no other: %s", got)
	}

	talked := newOutboundCall(t)
	talked.placed(3, "CA2")
	talked.presses("CA2", 3, "1")
	talked.fetched(3)
	talked.now = talked.now.Add(time.Minute)
	talked.ends("CA2")
	if len(talked.actions) > 0 {
		t.Errorf("a talk that ends leads on by itself: %+v", talked.actions)
	}
	talked.asks(ivr.Input{Step: "rang", Exchange: 4})
	talked.wants("after the talk", ivr.ThenHangup, "")
	if got := talked.call.Outcome(); got != policy.Served {
		t.Errorf("outcome %s", got)
	}
}

// TestCallerLeavesBeforeJoining: such a call was not served, and the waiting specialist is hung up on (rule 3).
func TestCallerLeavesBeforeJoining(t *testing.T) {
	c := newOutboundCall(t)
	c.placed(3, "CA2")
	c.presses("CA2", 3, "1")
	c.changes(func(call policy.Call) policy.Call {
		return call.Learn(policy.Report{At: c.now.Add(time.Second), To: uk, From: caller, Status: "completed"})
	})
	if diff := cmp.Diff([]ivr.RESTAction{{Call: "CA1", HangUp: "CA2"}}, c.actions); diff != "" {
		t.Error(diff)
	}
	if got := c.call.Outcome(); got != policy.Abandoned {
		t.Errorf("outcome %s", got)
	}
	if _, _, talked := c.call.Talk(); talked {
		t.Error("it has a talk time")
	}
}

// TestLateReportsOfAnAttempt: what came of placing legs may be reported late, twice, and after the legs' own webhooks.
func TestLateReportsOfAnAttempt(t *testing.T) {
	c := newOutboundCall(t)
	c.presses("CA2", 3, "2") // the leg's webhooks were faster
	c.placed(3, "CA2")
	if len(c.call.Legs) != 1 || c.call.Legs[0].Attempt != 3 || c.call.Legs[0].PassedAt.IsZero() {
		t.Errorf("%+v", c.call.Legs)
	}
	once := mustJSON(t, c.call)
	c.now = c.now.Add(time.Second)
	c.placed(3, "CA2")
	if diff := cmp.Diff(once, mustJSON(t, c.call)); diff != "" {
		t.Errorf("a report that comes twice:\n%s", diff)
	}

	unreported := newOutboundCall(t)
	unreported.changes(func(call policy.Call) policy.Call {
		return call.Learn(policy.Report{At: tuesday, Leg: "CA2", Attempt: 3, Status: "ringing"})
	})
	unreported.now = tuesday.Add(9 * time.Second)
	unreported.polls(3)
	unreported.wants("a leg rings although no report came", ivr.ThenWait, "wait/3")

	unreported.now = tuesday.Add(26 * time.Second)
	unreported.polls(3)
	unreported.wants("the next attempt", ivr.ThenWait, "wait/4")
	unreported.placed(3) // nobody could be rung by the attempt before
	if got := unreported.call.State.RingAttempt; got.Number != 4 || got.Result != "" {
		t.Errorf("a report of the attempt before changes the next one: %+v", got)
	}
}

// TestWaitingFails: the provider could not use a piece of the ringing tone, and the call goes on where it was.
func TestWaitingFails(t *testing.T) {
	c := newOutboundCall(t)
	c.changes(func(call policy.Call) (after policy.Call) {
		after, c.reply = c.machine.Fail(call, ivr.Failure{Code: "11200", Path: "voice/wait/3", Token: "IT1", Input: ivr.Input{Line: uk, From: caller}}, c.now)
		return after
	})
	c.wants("after a failure", ivr.ThenWait, "wait/3")
	if len(c.actions) > 0 {
		t.Errorf("it rings again: %+v", c.actions)
	}
}

// TestStoredCallGoesOn: a call that waits for an outbound leg is stored under the same names ever since, so it survives an upgrade.
func TestStoredCallGoesOn(t *testing.T) {
	const stored = `{"sid":"CA1","line":"+448000668187","from":"+442079460018","answered":true,"started_at":"2026-11-24T10:00:00Z","intent":"critical",` +
		`"state":{"step":"wait","turn":3,"team":"critical","order":3,"ordered_at":"2026-11-24T10:00:00Z","word":"rung","word_at":"2026-11-24T10:00:01Z"},` +
		`"turns":[{"key":"menu/2","at":"2026-11-24T10:00:00Z","reply":{"then":"wait","next":"wait/3"}}],` +
		`"legs":[{"sid":"CA2","to":"+15550100001","order":3,"screened_at":"2026-11-24T10:00:05Z","accepted_at":"2026-11-24T10:00:08Z"}],` +
		`"hunting_at":"2026-11-24T10:00:00Z"}`
	c := &outboundCall{t: t, machine: ivr.Machine{Settings: settings(t), Outbound: true}, now: tuesday.Add(9 * time.Second)}
	if err := json.Unmarshal([]byte(stored), &c.call); err != nil {
		t.Fatal(err)
	}
	var before, after map[string]any
	for text, into := range map[string]*map[string]any{stored: &before, mustJSON(t, c.call): &after} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("stored anew (-want +got):\n%s", diff)
	}
	c.fetched(3)
	c.wants("the specialist accepted", ivr.ThenJoin, "rang/4")

	c.call.State.RingAttempt.Result, c.call.State.DialledOnly = policy.RingRefused, true
	if text := mustJSON(t, c.call.State); !strings.Contains(text, `"word":"refused"`) || !strings.Contains(text, `"plain":true`) {
		t.Errorf("%s", text)
	}
}
