package policy

import "time"

// The rules of a talk time, best first: the leg's own callback, the end of the Dial, and our clock where the provider gave no figure (rule 5).
const (
	talkFromLeg   = "talk.leg"
	talkFromDial  = "talk.dial"
	talkFromClock = "talk.own-clock"
)

// Talk returns how long caller and specialist talked, in whole seconds, never rounded up, and on what the figure rests. ok is false while they
// talk, and on a call that reached no specialist.
func (c Call) Talk() (seconds int, rule string, ok bool) {
	leg, accepted := c.Accepted()
	if !accepted {
		return 0, "", false
	}
	switch {
	case leg.Seconds != nil:
		seconds, rule = c.legTalk(leg)
		return seconds, rule, true
	case leg.DialSeconds != nil:
		return max(0, *leg.DialSeconds-leg.screeningSeconds()), talkFromDial, true
	}
	end := firstSet(leg.EndedAt, leg.DialEndedAt, c.EndedAt, c.LeftAt)
	if !leg.LeftAt.IsZero() {
		end = leg.LeftAt
	}
	if end.IsZero() {
		return 0, "", false
	}
	return max(0, int(end.Sub(leg.AcceptedAt)/time.Second)), talkFromClock, true
}

// screeningSeconds returns what the provider's figure of the leg includes besides the talk, to the nearest second (rule 5).
func (l Leg) screeningSeconds() int {
	if l.ScreenedAt.IsZero() {
		return 0
	}
	return int(l.AcceptedAt.Sub(l.ScreenedAt).Round(time.Second) / time.Second)
}

// legTalk returns the talk of a leg by the provider's figure of it. Where the leg went on after the talk the figure is put together from three whole
// seconds, and may be a second too much: then our own clock decides.
func (c Call) legTalk(l Leg) (seconds int, rule string) {
	seconds = max(0, *l.Seconds-l.screeningSeconds()-c.aloneSeconds(l))
	if l.LeftAt.IsZero() {
		return seconds, talkFromLeg
	}
	if own := int(l.LeftAt.Sub(l.AcceptedAt) / time.Second); own < seconds && seconds-own <= roundedBy {
		return own, talkFromClock
	}
	return seconds, talkFromLeg
}

// roundedBy is how many seconds three times in whole seconds can be off together.
const roundedBy = 2

// aloneSeconds returns what the provider's figure of a leg includes after the talk, while its specialist was asked what the call was: from the caller's
// end, by the same provider, or as we saw it where that was not reported.
func (c Call) aloneSeconds(l Leg) int {
	if l.LeftAt.IsZero() || l.EndedAt.IsZero() {
		return 0
	}
	return max(0, int(l.EndedAt.Sub(firstSet(c.EndedAt, l.LeftAt)).Round(time.Second)/time.Second))
}

// Wait returns how long the caller waited, in whole seconds, from the end of the menu to the acceptance or the end of the call. ok is false on a
// call that did not come so far, and while it waits.
func (c Call) Wait() (seconds int, ok bool) {
	if c.HuntingAt.IsZero() {
		return 0, false
	}
	end := c.End()
	if leg, accepted := c.Accepted(); accepted {
		end = leg.AcceptedAt
	}
	if end.IsZero() {
		return 0, false
	}
	return max(0, int(end.Sub(c.HuntingAt)/time.Second)), true
}

// total returns the length of the whole call in seconds: the provider's figure, else the time from the first webhook to the end as we know it.
func (c Call) total() (seconds int, ok bool) {
	if c.TotalSeconds != nil {
		return *c.TotalSeconds, true
	}
	if !c.Answered || c.End().IsZero() {
		return 0, false
	}
	return max(0, int(c.End().Sub(c.StartedAt)/time.Second)), true
}

func firstSet(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
