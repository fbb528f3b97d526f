package ivr

import (
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

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
	x.note("ring.again", "rings "+strings.Join(policy.FullNumbers(step.To), ", ")+" again: who was reached did not accept", "team", state.Team,
		"round", count(state.Round+1), "step", count(state.Ring+1), "reached", strings.Join(policy.FullNumbers(who), ", "), "for", step.For.String())
	return x.startRing(step), true
}

// rest returns what is left of a ring step after some legs were reached: the others, without those who are busy or can't be called at all, and the
// time without that of the screening. If it is not known who was reached, everybody is left.
func (x *exchange) rest(step policy.RingStep, reached []policy.Leg) policy.RingRest {
	rest := policy.RingRest{Times: x.call.State.Rest.Times + 1}
	for _, to := range step.To {
		through := func(l policy.Leg) bool {
			return l.To == to && (l.Status == "busy" || l.Status == "failed") && x.rangNow(l)
		}
		was := func(l policy.Leg) bool { return l.To == to }
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
