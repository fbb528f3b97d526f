package ivr

import (
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// ringing is a way of ringing specialists: dialled, on the caller's own call, or outbound, by calls that we place. The machine starts a ring step
// and goes on by the step's state; it does not tell the two apart.
type ringing interface {
	// start begins a ring step and returns what the caller hears meanwhile.
	start(x *exchange, step rungStep, say ...Phrase) Reply
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

func (dialled) start(x *exchange, step rungStep, say ...Phrase) Reply {
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

const (
	// leastRing is the shortest time for which people are rung again. In less nobody gets to the phone.
	leastRing = 10 * time.Second
	// wordsBefore is the longest time that the words before a ring take. Where the provider did not report when the ringing began, it is taken to
	// have begun so much later than we asked for it, in the caller's favour.
	wordsBefore = 10 * time.Second
)

// ringAgain rings the rest of the ring step in progress, if somebody was reached in it who did not accept (rule 16): the provider has stopped the
// others at that pick-up. It says nothing, so that the caller hears the ringing go on. ok is false if there is no rest.
func (x *exchange) ringAgain(last ringing) (reply Reply, ok bool) {
	reached, state := last.reached(x), &x.call.State
	step := stepOf(*x.Settings, x.call)
	rest := x.rest(step, reached)
	ofUnknown := len(rest.To) == len(step.To) // which must end without somebody less to ring
	if len(reached) == 0 || len(rest.To) == 0 || ofUnknown && rest.Times >= len(wholeStep(*x.Settings, x.call).To) {
		return Reply{}, false
	}
	var who []policy.Phone
	for _, l := range reached {
		who = append(who, l.To)
	}
	state.Rest = rest
	step = stepOf(*x.Settings, x.call)
	x.note("ring.again", "rings "+x.named(step.To...)+" again: who was reached did not accept", "team", state.Team,
		"round", count(state.Round+1), "step", count(state.Ring+1), "reached", x.named(who...), "for", step.For.String())
	state.RungAt = x.now
	return last.start(x, step), true
}

// rest returns what is left of a ring step after some legs were reached: the others, without those who are busy or can't be called at all, and the
// time without that of the screening. If it is not known who was reached, everybody is left.
func (x *exchange) rest(step rungStep, reached []policy.Leg) policy.RingRest {
	rest := policy.RingRest{Times: x.call.State.Rest.Times + 1}
	for _, to := range step.To {
		was := func(l policy.Leg) bool { return l.To.SameParty(to) }
		through := func(l policy.Leg) bool {
			return was(l) && (l.Status == "busy" || l.Status == "failed") && x.rangNow(l)
		}
		if !slices.ContainsFunc(reached, was) && !slices.ContainsFunc(x.call.Legs, through) {
			rest.To = append(rest.To, to)
		}
	}
	left := max(step.For-x.rangFor(reached), leastRing)
	rest.Seconds = int((left + time.Second - 1) / time.Second)
	return rest
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// rangNow reports whether a leg belongs to the ring in progress, as far as the provider reported its beginning, which it does in whole seconds.
func (x *exchange) rangNow(l policy.Leg) bool {
	return !l.RangAt.IsZero() && !l.RangAt.Before(x.call.State.RungAt.Truncate(time.Second))
}

// rangFor returns how long the ring in progress rang until the first leg was reached.
func (x *exchange) rangFor(reached []policy.Leg) time.Duration {
	state, until := x.call.State, x.now
	for _, l := range reached {
		at := l.ScreenedAt
		if at.IsZero() && l.DialSeconds != nil {
			at = x.now.Add(-time.Duration(*l.DialSeconds) * time.Second)
		}
		if !at.IsZero() && at.Before(until) {
			until = at
		}
	}
	from := state.RungAt
	if state.Rest.Times == 0 {
		from = from.Add(wordsBefore)
	}
	for _, l := range x.call.Legs {
		if x.rangNow(l) && l.RangAt.Before(from) {
			from = later(l.RangAt, state.RungAt)
		}
	}
	return max(0, until.Sub(from))
}
