package ivr

import (
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// attempt is a ring attempt with its legs. It does not depend on what the legs are placed for.
type attempt struct {
	policy.RingAttempt
	legs []policy.Leg
}

func attemptOf(c policy.Call) attempt {
	a := attempt{RingAttempt: c.State.RingAttempt}
	for _, l := range c.Legs {
		if l.Attempt > 0 && l.Attempt == a.Number {
			a.legs = append(a.legs, l)
		}
	}
	return a
}

// state returns the state of the attempt at a time. ring is how long its legs may ring.
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

// settled returns what has come of the attempt for good, and since when. It is ringGoesOn while only time can tell.
func (a attempt) settled() (found ringState, since time.Time) {
	switch a.Result {
	case policy.RingRefused, policy.RingLate:
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

// Placed reports what came of placing the legs of an attempt.
type Placed struct {
	Attempt  int
	Legs     []policy.Leg  // SID and To of those that were placed
	Refusals []policy.Fact // address and reason of those that were not
	// Wait is how long the provider lets the last leg wait until it begins to ring.
	Wait time.Duration
}

// Placed merges a report of placed legs into the call. It may come late, twice, or after the legs' own webhooks.
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
	switch {
	case p.Wait > startWithin:
		last.Result = policy.RingLate
		x.note("ring.queued", "the last leg would begin to ring too late", "wait", p.Wait.Round(time.Millisecond).String(), "at most", startWithin.String(),
			"calls a second", count(x.CallsPerSecond))
	case len(p.Legs) == 0:
		last.Result = policy.RingRefused
	}
	for _, f := range p.Refusals {
		x.note("ring.refused", f.Name+" could not be called", "error", f.Value)
	}
	return x.call
}
