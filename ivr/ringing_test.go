package ivr_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// pickUps is a critical call at a ring step of four people, who are dialled for 20 s from 10:00:00 on.
type pickUps struct {
	machine ivr.Machine
	call    policy.Call
	reply   ivr.Reply
}

func newPickUps(t *testing.T) *pickUps {
	t.Helper()
	s := settings(t)
	s.Teams["critical"] = policy.Team{Name: "critical", Rounds: 2, Steps: []policy.RingStep{
		{To: []policy.Target{"+1", "+2", "+3", "+4"}, For: 20 * time.Second},
		{To: []policy.Target{"+1", "+9"}, For: 25 * time.Second},
	}}
	p := &pickUps{machine: ivr.Machine{Settings: s}}
	p.call, p.reply = chooses(t, p.machine, northwind, policy.Critical, false, tuesday)
	return p
}

func (p *pickUps) learns(r policy.Report) { p.call = p.call.Learn(r) }

func (p *pickUps) screens(to policy.Phone, after time.Duration) {
	in := ivr.LegInput{Step: "screen", Leg: legOf(p.reply, to), To: to, Try: 1}
	p.call, _ = p.machine.NextLeg(p.call, in, tuesday.Add(after))
}

// ends is the end of the Dial. leg may be "".
func (p *pickUps) ends(t *testing.T, leg policy.CallSID, seconds int, after time.Duration) {
	t.Helper()
	in, no := follow(t, p.reply, ivr.Input{}), false
	if leg != "" {
		in.Dial, in.Bridged = &policy.Report{At: tuesday.Add(after), Leg: leg, DialEnd: true, NotBridged: true}, &no
		if seconds > 0 {
			in.Dial.Seconds = &seconds
		}
	}
	p.call, p.reply = p.machine.Next(p.call, in, tuesday.Add(after))
}

func legOf(reply ivr.Reply, to policy.Phone) policy.CallSID {
	return policy.CallSID("CA" + strings.ReplaceAll(reply.Next, "/", "") + string(to))
}

func (p *pickUps) rings() string {
	if p.reply.Ring == nil {
		return string(p.reply.Then)
	}
	return strings.Join(policy.FullNumbers(p.reply.Ring.To), " ") + " for " + (time.Duration(p.reply.Ring.Seconds) * time.Second).String()
}

// TestRestOfAStepIsRungAgain is rule 16 for a Dial of four people for 20 s: who is rung after its end, and for how long.
func TestRestOfAStepIsRungAgain(t *testing.T) {
	t.Parallel()
	rang := func(p *pickUps, to policy.Phone, after time.Duration) {
		p.learns(policy.Report{At: tuesday.Add(after), Leg: legOf(p.reply, to), To: to, Status: "ringing"})
	}
	over := func(p *pickUps, to policy.Phone, status string, after time.Duration) {
		p.learns(policy.Report{At: tuesday.Add(after), Leg: legOf(p.reply, to), To: to, Status: status})
	}
	const next = "+1 +9 for 25s"
	for name, row := range map[string]struct {
		happens func(p *pickUps)
		want    string
	}{
		"nobody picks up": {func(p *pickUps) { p.ends(t, legOf(p.reply, "+4"), 0, 25*time.Second) }, next},
		"a voicemail after 6 s of ringing": {func(p *pickUps) {
			rang(p, "+1", 2*time.Second)
			rang(p, "+2", 2*time.Second)
			p.screens("+2", 8*time.Second)
			p.ends(t, legOf(p.reply, "+2"), 12, 20*time.Second)
		}, "+1 +3 +4 for 14s"},
		"a voicemail after 17 s leaves ten": {func(p *pickUps) {
			rang(p, "+1", 2*time.Second)
			p.screens("+2", 19*time.Second)
			p.ends(t, legOf(p.reply, "+2"), 12, 31*time.Second)
		}, "+1 +3 +4 for 10s"},
		"callbacks are lost: ten seconds are allowed for the words": {func(p *pickUps) {
			p.screens("+2", 13*time.Second)
			p.ends(t, legOf(p.reply, "+2"), 12, 25*time.Second)
		}, "+1 +3 +4 for 17s"},
		"callbacks are lost, and it was quick": {func(p *pickUps) {
			p.screens("+2", 3*time.Second)
			p.ends(t, legOf(p.reply, "+2"), 12, 15*time.Second)
		}, "+1 +3 +4 for 20s"},
		"the screening was lost, the callbacks were not": {func(p *pickUps) {
			rang(p, "+3", 2*time.Second)
			p.ends(t, legOf(p.reply, "+3"), 12, 18*time.Second)
		}, "+1 +2 +4 for 16s"},
		"all is lost: everybody":    {func(p *pickUps) { p.ends(t, "CAunknown", 12, 18*time.Second) }, "+1 +2 +3 +4 for 20s"},
		"the Dial's end names none": {func(p *pickUps) { p.screens("+2", 3*time.Second); p.ends(t, "", 0, 15*time.Second) }, "+1 +3 +4 for 20s"},
		"the Dial's end names one that was stopped": {func(p *pickUps) {
			p.screens("+2", 3*time.Second)
			p.ends(t, legOf(p.reply, "+4"), 0, 15*time.Second)
		}, "+1 +3 +4 for 20s"},
		"who was busy or failed is not stopped": {func(p *pickUps) {
			rang(p, "+1", 0)
			rang(p, "+4", 0)
			over(p, "+1", "busy", time.Second)
			over(p, "+4", "failed", time.Second)
			p.screens("+2", 6*time.Second)
			over(p, "+3", "canceled", 6*time.Second)
			p.ends(t, legOf(p.reply, "+2"), 12, 18*time.Second)
		}, "+3 for 14s"},
		"the provider's times are whole seconds": {func(p *pickUps) {
			p.call.State.RungAt = tuesday.Add(700 * time.Millisecond)
			rang(p, "+1", 0)
			over(p, "+1", "busy", time.Second)
			p.screens("+2", 6*time.Second)
			p.ends(t, legOf(p.reply, "+2"), 12, 18*time.Second)
		}, "+3 +4 for 15s"},
		"nobody is left": {func(p *pickUps) {
			for _, to := range []policy.Phone{"+1", "+3", "+4"} {
				rang(p, to, 0)
				over(p, to, "busy", time.Second)
			}
			p.screens("+2", 6*time.Second)
			p.ends(t, legOf(p.reply, "+2"), 12, 18*time.Second)
		}, next},
		"one after the other": {func(p *pickUps) {
			rang(p, "+2", 0)
			p.screens("+2", 6*time.Second)
			p.ends(t, legOf(p.reply, "+2"), 12, 18*time.Second)
			p.screens("+4", 20*time.Second)
			p.ends(t, legOf(p.reply, "+4"), 2, 22*time.Second)
		}, "+1 +3 for 12s"},
		"until nobody is left": {func(p *pickUps) {
			for i, to := range []policy.Phone{"+2", "+4", "+1", "+3"} {
				p.screens(to, time.Duration(i+1)*10*time.Second)
				p.ends(t, legOf(p.reply, to), 5, time.Duration(i+1)*10*time.Second+5*time.Second)
			}
		}, next},
		"nobody knows who: as often as there are people": {func(p *pickUps) {
			for i := range 4 {
				p.ends(t, policy.CallSID("CAunknown"+string(rune('a'+i))), 5, time.Duration(i+1)*10*time.Second)
			}
		}, next},
		"the ring began under an older version": {func(p *pickUps) {
			p.call.State.RungAt = time.Time{}
			p.screens("+2", 6*time.Second)
			p.ends(t, legOf(p.reply, "+2"), 5, 11*time.Second)
		}, "+1 +3 +4 for 10s"},
		"a specialist accepts, and the two are never joined": {func(p *pickUps) {
			rang(p, "+2", 0)
			p.screens("+2", 6*time.Second)
			p.call, _ = p.machine.NextLeg(p.call, ivr.LegInput{Step: "answer", Leg: legOf(p.reply, "+2"), To: "+2", Try: 1, Keys: "1"}, tuesday.Add(9*time.Second))
			p.ends(t, legOf(p.reply, "+2"), 3, 9*time.Second)
		}, "+1 +3 +4 for 14s"},
		"who was busy in an earlier step is not left out of a later one": {func(p *pickUps) {
			rang(p, "+1", 0)
			over(p, "+1", "busy", time.Second)
			p.ends(t, legOf(p.reply, "+4"), 0, 25*time.Second)
			p.screens("+9", 40*time.Second)
			p.ends(t, legOf(p.reply, "+9"), 5, 45*time.Second)
		}, "+1 for 20s"},
		"the next step rings who was reached": {func(p *pickUps) {
			p.screens("+1", 6*time.Second)
			p.ends(t, legOf(p.reply, "+1"), 5, 11*time.Second)
			p.ends(t, legOf(p.reply, "+4"), 0, 31*time.Second)
		}, next},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPickUps(t)
			row.happens(p)
			if diff := cmp.Diff(row.want, p.rings()); diff != "" {
				t.Error(diff)
			}
			if quiet, again := len(p.reply.Say) == 0, row.want != next; quiet != again {
				t.Errorf("the caller hears %+v", p.reply.Say)
			}
		})
	}
}

// TestRestSurvivesAReplay: the end of a Dial that comes twice, with late callbacks of its legs between, is answered alike.
func TestRestSurvivesAReplay(t *testing.T) {
	t.Parallel()
	p := newPickUps(t)
	first := *p
	p.screens("+2", 6*time.Second)
	p.ends(t, legOf(p.reply, "+2"), 5, 11*time.Second)
	once := p.rings()
	for _, to := range first.reply.Ring.To {
		p.learns(policy.Report{At: tuesday, Leg: legOf(first.reply, to), To: to, Status: "ringing"})
		p.learns(policy.Report{At: tuesday.Add(6 * time.Second), Leg: legOf(first.reply, to), To: to, Status: "canceled"})
	}
	p.reply = first.reply
	p.ends(t, legOf(first.reply, "+2"), 5, 11*time.Second)
	if got := p.rings(); got != once {
		t.Errorf("%q, then %q", once, got)
	}
	notes := slices.DeleteFunc(slices.Clone(p.call.Trace), func(d policy.Decision) bool { return d.Rule != "ring.again" })
	if len(notes) != 1 {
		t.Errorf("the trace has %+v", notes)
	}
	p.ends(t, legOf(p.reply, "+4"), 0, 30*time.Second) // nobody picks up any more; the first Dial's legs are not of this one
	if got := p.rings(); got != "+1 +9 for 25s" {
		t.Errorf("then %q", got)
	}
}

// TestOutboundLegsThatAnAcceptanceStopped: outbound legs go on ringing when one picks up. Only when a specialist accepts, and is gone before the
// caller comes, the others are rung again.
func TestOutboundLegsThatAnAcceptanceStopped(t *testing.T) {
	t.Parallel()
	c := newOutboundCall(t)
	c.machine.Settings.Teams["critical"] = policy.Team{Name: "critical", Rounds: 1, Steps: []policy.RingStep{
		{To: []policy.Target{policy.Target(oncall1), policy.Target(oncall2), "+15550100002"}, For: 20 * time.Second},
	}}
	c.placed(3, "CA2", "CA3", "CA4")
	c.now = c.now.Add(4 * time.Second)
	c.presses("CA2", 3, "1")
	c.ends("CA2")
	c.now = c.now.Add(5 * time.Second)
	c.fetched(3)
	c.wants("the rest is rung", ivr.ThenWait, "wait/4")
	c.traced("ring.again")
	want := &ivr.RingRequest{Attempt: 4, Path: "leg/CA1/4", From: uk, To: []policy.Phone{oncall2, "+15550100002"}, Seconds: 20}
	if diff := cmp.Diff(want, c.actions[0].Ring); diff != "" {
		t.Error(diff)
	}
	c.placed(4, "CA5", "CA6")
	c.ends("CA5")
	if len(c.actions) > 0 {
		t.Errorf("one still rings: %+v", c.actions)
	}
	c.ends("CA6")
	c.fetched(4)
	c.wants("then nobody is left", ivr.ThenRecord, "")
}

// TestRestIsRungInTheSameWay: a step that is dialled, because its outbound legs would start too late, stays dialled when its rest is rung again.
func TestRestIsRungInTheSameWay(t *testing.T) {
	t.Parallel()
	c := newOutboundCall(t)
	c.machine.Settings.Teams["critical"] = policy.Team{Name: "critical", Rounds: 1, Steps: []policy.RingStep{{To: []policy.Target{policy.Target(oncall1), policy.Target(oncall2)}, For: 20 * time.Second}}}
	c.changes(func(call policy.Call) policy.Call {
		return c.machine.Placed(call, ivr.Placed{Attempt: 3, Wait: time.Minute}, c.now)
	})
	c.fetched(3)
	c.wants("the step is dialled", ivr.ThenRing, "rang/4")
	c.now = c.now.Add(5 * time.Second)
	c.changes(func(call policy.Call) policy.Call {
		call, _ = c.machine.NextLeg(call, ivr.LegInput{Step: "screen", Leg: "CA2", To: oncall1, Try: 1}, c.now)
		return call
	})
	c.now = c.now.Add(9 * time.Second)
	c.asks(ivr.Input{Step: "rang", Exchange: 4})
	c.wants("a voicemail picked up", ivr.ThenRing, "rang/5")
	if c.reply.Ring == nil || !slices.Equal(c.reply.Ring.To, []policy.Phone{oncall2}) || len(c.reply.Say) > 0 {
		t.Errorf("%+v", c.reply)
	}
}

// TestASpecialistIsKnownInTheProvidersSpelling: who was reached is not rung again though the provider shows the address in another way.
func TestASpecialistIsKnownInTheProvidersSpelling(t *testing.T) {
	t.Parallel()
	for configured, shown := range map[policy.Phone]policy.Phone{
		"sip:oncall@example.com;transport=tls": "sip:OnCall@example.com",
		"+15550100007":                         "15550100007",
	} {
		p := newPickUps(t)
		p.machine.Settings.Teams["critical"].Steps[0].To[1] = policy.Target(configured)
		p.call, _ = p.machine.NextLeg(p.call, ivr.LegInput{Step: "screen", Leg: "CA2", To: shown, Try: 1}, tuesday.Add(6*time.Second))
		p.ends(t, "CA2", 5, 11*time.Second)
		if got := p.rings(); got != "+1 +3 +4 for 20s" {
			t.Errorf("%s, shown as %s: %s", configured, shown, got)
		}
	}
}

// TestOutboundLegsRingOnBesideAPickUp: nobody was stopped, so nobody is rung again when the step's time is over.
func TestOutboundLegsRingOnBesideAPickUp(t *testing.T) {
	t.Parallel()
	c := newOutboundCall(t)
	c.machine.Settings.Teams["critical"] = policy.Team{Name: "critical", Rounds: 1, Steps: []policy.RingStep{
		{To: []policy.Target{policy.Target(oncall1), policy.Target(oncall2)}, For: 20 * time.Second}, {To: []policy.Target{policy.Target(general)}, For: 20 * time.Second},
	}}
	c.placed(3, "CA2", "CA3")
	c.now = c.now.Add(2 * time.Second)
	c.presses("CA2", 3, "2")
	c.ends("CA2")
	c.now = c.now.Add(20 * time.Second)
	c.polls(3)
	c.wants("one passed on, one rings", ivr.ThenWait, "wait/3")
	c.ends("CA3")
	c.fetched(3)
	if c.call.State.Ring != 1 || len(c.reply.Say) == 0 {
		t.Errorf("the next step does not follow: %+v, %+v", c.call.State, c.reply)
	}
}

// TestFirstAcceptanceStays: neither a second key of the specialist nor the provider's report of the Dial moves the time from which the talk counts.
func TestFirstAcceptanceStays(t *testing.T) {
	t.Parallel()
	p := newPickUps(t)
	leg := legOf(p.reply, "+2")
	p.screens("+2", 8*time.Second)
	for try, after := range []time.Duration{12 * time.Second, 40 * time.Second} {
		in := ivr.LegInput{Step: "answer", Leg: leg, To: "+2", Try: try + 1, Keys: "1"}
		p.call, _ = p.machine.NextLeg(p.call, in, tuesday.Add(after))
	}
	in, yes, seconds := follow(t, p.reply, ivr.Input{}), true, 110
	in.Dial, in.Bridged = &policy.Report{At: tuesday.Add(2 * time.Minute), Leg: leg, DialEnd: true, Seconds: &seconds}, &yes
	call, _ := p.machine.Next(p.call, in, tuesday.Add(2*time.Minute))
	if got := call.Leg(leg).AcceptedAt; !got.Equal(tuesday.Add(12*time.Second)) || traced(call, "leg.bridged") != "" {
		t.Errorf("accepted at %s, want 12 s after %s", got, tuesday)
	}
}

// TestBridgedWithoutALoggedKey: where the provider says that the two talked, the specialist has accepted, although the key never reached the log. What
// it does not say is not taken for a talk.
func TestBridgedWithoutALoggedKey(t *testing.T) {
	yes, no, seconds := true, false, 40
	for name, row := range map[string]struct {
		bridged *bool
		seconds *int
		served  bool
	}{
		"they talked": {&yes, &seconds, true}, "they did not": {&no, &seconds, false}, "nothing is said": {nil, &seconds, false}, "no length": {&yes, nil, false},
	} {
		p := newPickUps(t)
		in := follow(t, p.reply, ivr.Input{Bridged: row.bridged})
		leg := legOf(p.reply, "+2")
		in.Dial = &policy.Report{At: tuesday.Add(time.Minute), Leg: leg, To: "+2", DialEnd: true, Seconds: row.seconds}
		call, reply := p.machine.Next(p.call, in, tuesday.Add(time.Minute))
		taken, accepted := call.Accepted()
		if accepted != row.served || says(reply, "goodbye-talk") != row.served || (reply.Then == ivr.ThenRing) == row.served {
			t.Errorf("%s: accepted is %t, and %+v follows", name, accepted, reply)
		}
		if row.served && (taken.SID != leg || !taken.AcceptedAt.Equal(tuesday.Add(20*time.Second)) || call.Outcome() != policy.Served) {
			t.Errorf("%s: the call is %q, and the leg %+v", name, call.Outcome(), taken)
		}
	}
}
