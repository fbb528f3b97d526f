package ivr

import (
	"time"

	"github.com/officernd/supportline/policy"
)

// ringing is a way of ringing specialists: dialled, on the caller's own call, or outbound, by calls that we place. The machine starts a ring step
// and goes on by the step's state; it does not tell the two apart.
type ringing interface {
	// start begins a ring step and returns what the caller hears meanwhile.
	start(x *exchange, step policy.RingStep, say ...Phrase) Reply
	// state returns how the step stands at a webhook of the caller.
	state(x *exchange) ringState
	// late reports whether a specialist who picks up now comes too late to accept.
	late(c policy.Call) bool
	// reached returns the legs of a ring that is over on which a person or a voicemail picked up, if that stopped the other legs.
	reached(x *exchange) []policy.Leg
	// joins returns what joins a specialist who accepts with the caller.
	joins() Then
}

type ringState int

const (
	ringGoesOn     ringState = iota
	ringAccepted             // a specialist accepted and waits for the caller
	ringTalked               // a specialist accepted, and the talk is over
	ringRefused              // no leg could be placed
	ringUnanswered           // everybody was rung, and nobody accepted
)

// nextRinging returns the way in which the next ring step is rung. Nothing else chooses between the two.
func (x *exchange) nextRinging() ringing { return ringingOf(x.outbound && !x.call.State.DialledOnly) }

// lastRinging returns the way in which the ring step was rung that a webhook of the caller is about.
func (x *exchange) lastRinging() ringing {
	return ringingOf(x.call.State.Step == stepWait || !x.call.JoinedAt.IsZero())
}

// ringing returns the way in which a specialist's leg was rung.
func (in LegInput) ringing() ringing { return ringingOf(in.Attempt > 0) }

func ringingOf(isOutbound bool) ringing {
	if isOutbound {
		return outbound{}
	}
	return dialled{}
}

// dialled rings by a Dial on the caller's call: the provider joins the specialist who accepts with the caller, and asks us again when the Dial is
// over.
type dialled struct{}

func (dialled) start(x *exchange, step policy.RingStep, say ...Phrase) Reply {
	reply := x.then(ThenRing, stepRang, say...)
	reply.Ring = &Ring{To: step.To, Seconds: int(step.For / time.Second), Record: x.Recording}
	return reply
}

func (dialled) state(x *exchange) ringState {
	if _, accepted := x.call.Accepted(); accepted {
		return ringTalked
	}
	return ringUnanswered
}

// reached returns the legs whose screening began in this ring, and the one that the Dial names, whose screening we may have missed.
func (dialled) reached(x *exchange) (found []policy.Leg) {
	for _, l := range x.call.Legs {
		screened := !l.ScreenedAt.IsZero() && !l.ScreenedAt.Before(x.call.State.RungAt)
		named := x.in.Dial != nil && x.in.Dial.Leg == l.SID && l.DialSeconds != nil && *l.DialSeconds > 0
		if l.Attempt == 0 && (screened || named) {
			found = append(found, l)
		}
	}
	return found
}

func (dialled) late(policy.Call) bool { return false }

func (dialled) joins() Then { return ThenBridge }
