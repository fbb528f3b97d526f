package policy

import (
	"cmp"
	"slices"
)

// Counted is one call of an account's month and what fair use made of it.
type Counted struct {
	CallSummary
	Counts   bool   // this very call adds a phone ticket
	OverLong bool   // it adds an over-long call
	Rule     string // that decided: "fair-use.first-about-ticket"
	Why      string // the same in words
}

// ExplainUsage is an account's month call by call, oldest first. As many of them count as MonthUsage says tickets, and as many are
// over-long as it says over-long calls.
func ExplainUsage(summaries []CallSummary, fair FairUse) []Counted {
	counted := make([]Counted, 0, len(summaries))
	tickets := Tickets(summaries)
	for _, t := range byStart(summaries) {
		c := Counted{CallSummary: t, Counts: tickets[t.SID], OverLong: t.Accepted && t.Customer != "" && t.OverLong(fair)}
		c.Rule, c.Why = t.verdict(c.Counts)
		counted = append(counted, c)
	}
	return counted
}

// Tickets says which calls of one account and one month add a phone ticket (rule 3): each accepted call without a ticket number, and
// the first, by its start, of those about one ticket. The order of calls does not matter.
func Tickets(month []CallSummary) map[CallSID]bool {
	counted, seen := map[CallSID]bool{}, map[Ticket]bool{}
	for _, t := range byStart(month) {
		if !t.Accepted || t.Customer == "" || seen[t.Ticket] {
			continue
		}
		counted[t.SID] = true
		if t.Ticket != "" {
			seen[t.Ticket] = true
		}
	}
	return counted
}

func byStart(summaries []CallSummary) []CallSummary {
	earlier := func(a, b CallSummary) int { return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.SID, b.SID)) }
	if slices.IsSortedFunc(summaries, earlier) { // as they come from a store
		return summaries
	}
	summaries = slices.Clone(summaries)
	slices.SortFunc(summaries, earlier)
	return summaries
}

// verdict says why the call adds a phone ticket or not, and by which part of rule 3.
func (t CallSummary) verdict(counted bool) (rule, why string) {
	switch {
	case t.Test:
		return "fair-use.test", "not counted: a call to try the line"
	case t.Customer == "":
		return "fair-use.no-account", "not counted: no account is known for the call (rule 12)"
	case !t.Accepted:
		return "fair-use.not-accepted", "not counted: no specialist accepted the call (rule 3)"
	case counted && t.Ticket == "":
		return "fair-use.own-matter", "counted: a matter of its own, without a ticket number"
	case counted:
		return "fair-use.first-about-ticket", "counted: the first call of the month about this ticket"
	}
	return "fair-use.again-about-ticket", "not counted: an earlier call of the month was about the same ticket"
}
