package ivr

import (
	"time"

	"github.com/officernd/supportline/policy"
)

// With notice: whisper, caller and specialist meet in a conference, where the specialist alone can be told something. Specialists are then not
// rung by a Dial on the call but beside it, over the provider's REST API (Ringer), while the caller hears a ringing tone, piece by piece;
// between two pieces the machine looks whether somebody has accepted. So no webhook waits for REST, and where REST fails the caller goes the
// plain way, at the same step.

// The words of what came of an order to ring.
const (
	wordRung    = "rung"    // somebody is rung
	wordRefused = "refused" // nobody could be
)

// Bounds of a ring step beside the call, from its order on.
const (
	wordWithin  = 8 * time.Second  // until it is known whether anybody is rung: beyond it, the server was stopped, or REST hangs
	overtime    = 5 * time.Second  // beyond the time for ringing: the provider's own count begins later
	screenBound = 45 * time.Second // beyond it, for somebody who picked up and is told who calls
	fetchWithin = 2 * time.Second  // for the Ringer to bring the caller on
	fetchHold   = 3 * time.Second  // so long the caller is left to it: two who move one caller would tear the conference apart
	goneWithin  = 2 * time.Second  // a specialist whose leg ended so soon after the caller came had left: the provider's times are whole seconds
)

// order leaves it to the Ringer to ring the present step.
func (t *turn) order(say ...Phrase) Reply {
	reply := t.then(ThenWait, stepWait, say...)
	state := &t.call.State
	state.Order, state.OrderedAt, state.Word, state.WordAt = state.Exchange, t.now, "", time.Time{}
	return reply
}

// waits says that the webhook only asks whether the ringing is over, and it is not: then nothing changes.
func (t *turn) waits() bool {
	state := t.call.State
	if t.in.Step != stepWait || state.Step != stepWait || t.in.Turn != state.Exchange || t.in.Gone {
		return false
	}
	found, since := standingOf(t.call)
	if found == goesOn {
		return t.standing() == goesOn
	}
	return !t.in.Fetched && t.now.Sub(since) < fetchHold
}

func (t *turn) waitOn() Reply { return Reply{Then: ThenWait, Next: t.in.key()} }

// standing is how a ring step beside the call stands.
type standing int

const (
	goesOn standing = iota
	taken
	refused // nobody is rung: the plain way
	nobody  // everybody was rung, and none accepted
)

// standing looks at the step, and at the time where that decides.
func (t *turn) standing() standing {
	if found, _ := standingOf(t.call); found != goesOn {
		return found
	}
	since, ringing := t.now.Sub(t.call.State.OrderedAt), t.present().For
	switch {
	case t.call.State.Word == "" && since > wordWithin && len(legsOf(t.call)) == 0:
		return refused
	case since > ringing+screenBound, since > ringing+overtime && !screening(t.call):
		return nobody
	}
	return goesOn
}

// standingOf is what is known of the step whatever the time, and since when.
func standingOf(c policy.Call) (found standing, since time.Time) {
	if leg, accepted := c.Accepted(); accepted {
		return taken, leg.AcceptedAt
	}
	switch c.State.Word {
	case wordRefused:
		return refused, c.State.WordAt
	case "":
		return goesOn, time.Time{}
	}
	for _, l := range legsOf(c) {
		if !l.Over() && l.PassedAt.IsZero() {
			return goesOn, time.Time{}
		}
		for _, at := range []time.Time{l.EndedAt, l.PassedAt} {
			if at.After(since) {
				since = at
			}
		}
	}
	return nobody, since
}

// legsOf are the legs of the last order.
func legsOf(c policy.Call) (legs []policy.Leg) {
	for _, l := range c.Legs {
		if l.Attempt > 0 && l.Attempt == c.State.Order {
			legs = append(legs, l)
		}
	}
	return legs
}

func screening(c policy.Call) bool {
	for _, l := range legsOf(c) {
		if !l.ScreenedAt.IsZero() && !l.Over() && l.PassedAt.IsZero() {
			return true
		}
	}
	return false
}

// present is the ring step in progress; the zero step where the configuration has it no more.
func (t *turn) present() policy.RingStep {
	return stepOf(*t.Settings, t.call)
}

func stepOf(s policy.Settings, c policy.Call) policy.RingStep {
	steps := s.Teams[c.State.Team].Steps
	if c.State.Ring >= len(steps) {
		return policy.RingStep{}
	}
	return steps[c.State.Ring]
}

// waited goes on when the ringing beside the call is over.
func (t *turn) waited() Reply {
	switch t.standing() {
	case taken:
		leg, _ := t.call.Accepted()
		if leg.Over() {
			t.left(leg)
			return t.nextStep()
		}
		t.call.JoinedAt = t.now
		t.note("conference.joined", "the caller was sent to the conference with the specialist", "specialist", leg.To.Full())
		reply := t.then(ThenJoin, stepRang)
		reply.Ring = &Ring{Record: t.Recording}
		return reply
	case refused:
		t.note("ring.plain", "nobody could be rung beside the call: the plain way", "after", t.now.Sub(t.call.State.OrderedAt).String())
		t.call.State.Plain = true
		return t.ring(t.Teams[t.call.State.Team])
	}
	return t.nextStep()
}

// left writes down that a specialist accepted and was gone before the caller came.
func (t *turn) left(leg policy.Leg) {
	leg.NotBridged = true
	t.note("leg.left", "the specialist hung up before the caller came", "leg", string(leg.SID))
	t.call, t.call.JoinedAt = t.call.WithLeg(leg), time.Time{}
}

// missed finds a caller who came to the conference when the specialist had just left it.
func (t *turn) missed() {
	if leg, ok := stranded(t.call); ok {
		t.left(leg)
	}
}

// stranded says that the caller is in the conference alone: the specialist's leg ended before the caller came, or as good as.
func stranded(c policy.Call) (policy.Leg, bool) {
	leg, accepted := c.Accepted()
	alone := accepted && leg.Attempt > 0 && !c.JoinedAt.IsZero() && !leg.EndedAt.IsZero() && leg.EndedAt.Sub(c.JoinedAt) < goneWithin
	return leg, alone && c.State.Step == stepRang && c.End().IsZero()
}

// Rung is what came of an order to ring.
type Rung struct {
	Order    int
	Legs     []policy.Leg  // SID and To of those who are rung
	Refusals []policy.Fact // address, and why
}

// Rung brings it into the call. What is known already stays.
func (m Machine) Rung(call policy.Call, r Rung, now time.Time) policy.Call {
	t := m.start(call.Clip(), Input{}, now)
	for _, rung := range r.Legs {
		leg := t.call.Leg(rung.SID)
		leg.To, leg.Attempt = rung.To, r.Order
		t.call = t.call.WithLeg(leg)
	}
	if r.Order != call.State.Order || call.State.Word != "" {
		return t.call
	}
	t.call.State.Word, t.call.State.WordAt = wordRung, now
	if len(r.Legs) == 0 {
		t.call.State.Word = wordRefused
	}
	for _, f := range r.Refusals {
		t.note("ring.refused", f.Name+" could not be rung beside the call", "error", f.Value)
	}
	return t.call
}
