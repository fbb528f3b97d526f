package followup

import (
	"time"

	"github.com/officernd/supportline/policy"
)

// Clock is within what time people call back, by severity: in the opening hours of the line that was called, and for critical ones at any time.
type Clock map[Severity]time.Duration

// UsualClock returns the times of an installation that configures none.
func UsualClock() Clock {
	return Clock{Critical: 15 * time.Minute, Restricted: 2 * time.Hour, Default: 8 * time.Hour}
}

// mostOpenings bounds how many times a line opens before a follow-up is due: a line that is open for a minute a day takes a year for the usual 8 hours.
const mostOpenings = 1000

// DueAt returns by when people are to act on what waits since a time. Where the line never opens, or is no longer configured (the zero Line), every hour
// counts.
func (c Clock) DueAt(s Severity, since time.Time, line policy.Line) time.Time {
	left, ok := c[s]
	if !ok {
		left = UsualClock()[s]
	}
	plain := since.Add(left).UTC()
	if s == Critical || line.Zone == nil {
		return plain
	}
	at := since
	for range mostOpenings {
		o := line.Opening(at)
		open, next := o.Open, o.Until
		switch {
		case open && (next.IsZero() || left <= next.Sub(at)):
			return at.Add(left).UTC()
		case open:
			left -= next.Sub(at)
		case next.IsZero():
			return plain
		}
		at = next
	}
	return plain
}

// Late reports whether the follow-up is not done and its time is over.
func (f FollowUp) Late(now time.Time) bool { return f.State != Done && now.After(f.DueAt) }
