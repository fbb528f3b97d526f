package ivr

import (
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// attempt is a ring attempt and its legs. It does not know what the legs are placed for: whoever has a policy.RingAttempt and legs can ask it.
type attempt struct {
	policy.RingAttempt
	legs []policy.Leg
}

// attemptOf returns the last attempt of a call.
func attemptOf(c policy.Call) attempt {
	a := attempt{RingAttempt: c.State.RingAttempt}
	for _, l := range c.Legs {
		if l.Attempt > 0 && l.Attempt == a.Number {
			a.legs = append(a.legs, l)
		}
	}
	return a
}

// state returns how the attempt stands at now. ring is how long its legs may ring.
func (a attempt) state(now time.Time, ring time.Duration) ringState {
	if found, _ := a.settled(); found != ringGoesOn {
		return found
	}
	since := now.Sub(a.StartedAt)
	switch {
	case a.Result == "" && since > placeWithin && len(a.legs) == 0:
		return ringRefused
	case since > ring+screenWithin, since > ring+ringGrace && !a.screening():
		return ringUnanswered
	}
	return ringGoesOn
}

// settled returns the state that no time changes any more, and since when; ringGoesOn where there is none yet.
func (a attempt) settled() (found ringState, since time.Time) {
	switch a.Result {
	case policy.RingRefused:
		return ringRefused, a.ResultAt
	case "":
		return ringGoesOn, time.Time{}
	}
	for _, l := range a.legs {
		if l.Open() {
			return ringGoesOn, time.Time{}
		}
		for _, at := range []time.Time{l.EndedAt, l.PassedAt} {
			if at.After(since) {
				since = at
			}
		}
	}
	return ringUnanswered, since
}

func (a attempt) screening() bool { return slices.ContainsFunc(a.legs, policy.Leg.Screening) }

// Placed is what came of placing the legs of an attempt.
type Placed struct {
	Attempt  int
	Legs     []policy.Leg  // SID and To of those that were placed
	Refusals []policy.Fact // address, and why
}

// Placed merges it into the call. What is known already stays.
func (m Machine) Placed(call policy.Call, p Placed, now time.Time) policy.Call {
	x := m.start(call.Clip(), Input{}, now)
	for _, placed := range p.Legs {
		leg := x.call.Leg(placed.SID)
		leg.To, leg.Attempt = placed.To, p.Attempt
		x.call = x.call.WithLeg(leg)
	}
	last := &x.call.State.RingAttempt
	if p.Attempt != last.Number || last.Result != "" {
		return x.call
	}
	last.Result, last.ResultAt = policy.RingPlaced, now
	if len(p.Legs) == 0 {
		last.Result = policy.RingRefused
	}
	for _, f := range p.Refusals {
		x.note("ring.refused", f.Name+" could not be rung beside the call", "error", f.Value)
	}
	return x.call
}
