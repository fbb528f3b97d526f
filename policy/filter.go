package policy

import "time"

// InProgress stands in a filter for the calls that have no outcome: they go on, or their end was never reported.
const InProgress Outcome = "in-progress"

// Filter selects logged calls. Zero fields select all.
type Filter struct {
	Since      time.Time // start at or after
	Until      time.Time // start before
	Line       Phone
	Customer   CustomerNumber
	Intent     Intent
	Outcome    Outcome // or InProgress
	Specialist Phone   // who accepted
	Ticket     Ticket
	// OverLong is a call limit: calls that talked longer and that nobody waived (rules 5 and 6).
	OverLong    time.Duration
	Waived      bool
	Training    bool
	TalkAtLeast int // seconds, known ones: a call that reached no specialist has none
	TalkAtMost  int // seconds, known ones
	// Text is what a person typed, as Text takes it.
	Text string
	// Numbers says that Text may be part of a caller's number: the person who asks may see those.
	Numbers bool
	Limit   int
}

// Matches says whether a call is selected, its start and the limit aside, which a store's index decides.
func (f Filter) Matches(c Call) bool {
	return (f.Line == "" || c.Line == f.Line) &&
		(f.Customer == "" || c.Customer == f.Customer) &&
		(f.Intent == "" || c.Intent == f.Intent) &&
		(f.Outcome == "" || c.Outcome() == f.ending()) &&
		(f.Ticket == "" || c.Ticket == f.Ticket) &&
		(!f.Waived || c.Waived) && (!f.Training || c.Training) &&
		f.matchesSpecialist(c) && f.matchesTalk(c) &&
		(f.Text == "" || ParseText(f.Text, f.Numbers).MatchesCall(c))
}

// ending is the outcome of the calls that Outcome selects.
func (f Filter) ending() Outcome {
	if f.Outcome == InProgress {
		return ""
	}
	return f.Outcome
}

func (f Filter) matchesSpecialist(c Call) bool {
	if f.Specialist == "" {
		return true
	}
	leg, accepted := c.Accepted()
	return accepted && leg.To == f.Specialist
}

func (f Filter) matchesTalk(c Call) bool {
	if f.OverLong == 0 && f.TalkAtLeast == 0 && f.TalkAtMost == 0 {
		return true
	}
	seconds, _, talked := c.Talk()
	return talked && f.Talks(seconds, c.Waived)
}

// Talks says whether a talk time in seconds, of a call that was waived or not, is within TalkAtLeast, TalkAtMost and OverLong.
func (f Filter) Talks(seconds int, waived bool) bool {
	return seconds >= f.TalkAtLeast && (f.TalkAtMost == 0 || seconds <= f.TalkAtMost) &&
		(f.OverLong == 0 || !waived && seconds > int(f.OverLong/time.Second))
}

// TalkRange is the range of talk times, both ends in it, outside of which Talks selects none; to 0: without end. ok is false where talk
// times are not looked at.
func (f Filter) TalkRange() (from, to int, ok bool) {
	from, to = f.TalkAtLeast, f.TalkAtMost
	if f.OverLong > 0 {
		from = max(from, int(f.OverLong/time.Second)+1)
	}
	return from, to, f.OverLong > 0 || from > 0 || to > 0
}
