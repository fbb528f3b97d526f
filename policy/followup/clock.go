package followup

import (
	"time"

	"github.com/officernd/supportline/policy"
)

// Clock is how long a caller waits for a person at most, by the reason to call: in the opening hours of the line that was called, and critical callers
// at any time.
type Clock policy.ByIntent[time.Duration]

// For returns how long callers with a reason wait at most.
func (c Clock) For(i policy.Intent) time.Duration { return policy.ByIntent[time.Duration](c).For(i) }

// UsualClock returns the times of an installation that configures none.
func UsualClock() Clock {
	return Clock{Default: 8 * time.Hour, ByIntent: map[policy.Intent]time.Duration{policy.Critical: 15 * time.Minute, policy.Restricted: 2 * time.Hour}}
}

// mostOpenings bounds how many times a line opens or closes before a follow-up is due: one that is open for a minute a day takes more than a year for
// the usual 8 hours.
const mostOpenings = 1000

// DueAt returns by when people are to act on what waits since a time. Where the line never opens, or is no longer configured (the zero Line), every hour
// counts.
func (c Clock) DueAt(i policy.Intent, since time.Time, line policy.Line) time.Time {
	left := c.For(i)
	if left == 0 { // the zero Clock
		left = UsualClock().For(i)
	}
	plain := since.Add(left).UTC()
	if i == policy.Critical || line.Zone == nil {
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

// HalfAt returns when half of the follow-up's time is over, counted as DueAt is: in the opening hours of the line that was called.
func (f FollowUp) HalfAt(line policy.Line) time.Time {
	middle := f.WaitingSince.Add(f.DueAt.Sub(f.WaitingSince) / 2).UTC()
	if f.Intent == policy.Critical || line.Zone == nil {
		return middle
	}
	var open time.Duration
	at := f.WaitingSince
	for range mostOpenings {
		o := line.Opening(at)
		next := o.Until
		if next.IsZero() || next.After(f.DueAt) {
			next = f.DueAt
		}
		if o.Open {
			open += next.Sub(at)
		}
		if at = next; !at.Before(f.DueAt) {
			break
		}
	}
	if open <= 0 {
		return middle
	}
	return Clock{Default: open / 2}.DueAt(f.Intent, f.WaitingSince, line)
}

// Late reports whether the follow-up is not done and its time is over.
func (f FollowUp) Late(now time.Time) bool { return f.State != Done && now.After(f.DueAt) }
