package followup

import (
	"time"

	"github.com/officernd/supportline/policy"
)

const (
	// patience is how long a caller waits who wanted a person: one who leaves earlier may have thought better of it (rule 18).
	patience = 10 * time.Second
	// knownWithin bounds how long after its end a call can become a follow-up. The provider's list of calls may bring up older ones, which whoever
	// installs the program does not want to call back.
	knownWithin = 24 * time.Hour
)

// ReasonOf returns why a call waits for a person, "" where it does not: while it goes on, where the caller wanted none or was served, for calls to try
// a line, and for those of an account that was erased (rule 18).
func ReasonOf(c policy.Call) Reason {
	if c.Test() || c.Erased || c.CallBackOf != "" { // the caller of a call-back has a follow-up already
		return ""
	}
	switch outcome := c.Outcome(); {
	case outcome == policy.LeftVoicemail:
		return Voicemail
	case outcome == policy.Unanswered:
		return Unanswered
	case outcome == policy.Abandoned:
		if waited, ok := c.Wait(); ok && time.Duration(waited)*time.Second >= patience {
			return Abandoned
		}
	}
	return ""
}

// Of returns the follow-up of a call that changed from before to after, without its number. opened is false where the change is no news: the call
// still goes on, waits for nobody, or waited for the same reason before. One that already has a follow-up keeps that one (Again).
func Of(before, after policy.Call, s policy.Settings, clock Clock, now time.Time) (f FollowUp, opened bool) {
	reason, end := ReasonOf(after), after.End()
	if reason == "" || reason == ReasonOf(before) || now.Sub(end) > knownWithin {
		return FollowUp{}, false
	}
	f = FollowUp{
		Call: after.SID, Line: after.Line, Customer: after.Customer, Account: after.Account, From: after.From, Reason: reason, Intent: after.Intent,
		WaitingSince: end.UTC(), State: Open,
	}
	line, _ := s.Line(after.Line)
	f.DueAt = clock.DueAt(f.Intent, f.WaitingSince, line)
	return f, true
}

// Again returns the follow-up with what became known of its call since it was opened: another reason, and whose call it is. Everything that people
// did stays.
func (f FollowUp) Again(latest FollowUp) FollowUp {
	f.Reason, f.Intent, f.Customer, f.Account = latest.Reason, latest.Intent, latest.Customer, latest.Account
	return f
}

// Severity is the urgency of a follow-up, by which they are counted and ordered.
type Severity string

// The severities, the most urgent first. Every reason to call but two is of the last one.
const (
	Critical   Severity = "critical"
	Restricted Severity = "restricted"
	Default    Severity = "default"
)

// Severities returns all severities, the most urgent first.
func Severities() []Severity { return []Severity{Critical, Restricted, Default} }

// Severity returns the urgency of the follow-up.
func (f FollowUp) Severity() Severity {
	switch f.Intent {
	case policy.Critical:
		return Critical
	case policy.Restricted:
		return Restricted
	}
	return Default
}

// Rank is the place of a follow-up in the queue, before those of a higher one: by severity, and within that identified callers first. Those of one rank
// are in the order of their waiting (rule 20).
func (f FollowUp) Rank() int {
	rank := 0
	for i, s := range Severities() {
		if s == f.Severity() {
			rank = 2 * i
		}
	}
	if f.Customer == "" {
		rank++
	}
	return rank
}
