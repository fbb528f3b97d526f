package policy

import (
	"cmp"
	"slices"
	"time"
)

// Counted is one call of an account's month and what fair use made of it.
type Counted struct {
	CallSummary
	Counts   bool   // this very call adds a phone ticket
	OverLong bool   // it adds an over-long call
	Rule     string // that decided: "fair-use.first-about-ticket"
	Why      string // the same in words
}

// ExplainUsage returns an account's month call by call, oldest first. As many of them count as the month's usage has tickets, and as many are
// over-long as it has over-long calls.
func ExplainUsage(calls []CallSummary, fair FairUse) []Counted {
	explained := make([]Counted, 0, len(calls))
	tickets := ticketCounter{}
	for _, s := range byStart(calls) {
		c := Counted{CallSummary: s, Counts: tickets.adds(s), OverLong: s.counts() && s.overLong(fair)}
		c.Rule, c.Why = s.verdict(c.Counts)
		explained = append(explained, c)
	}
	return explained
}

// byStart returns the calls in the order of their starts.
func byStart(calls []CallSummary) []CallSummary {
	earlier := func(a, b CallSummary) int { return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.SID, b.SID)) }
	if slices.IsSortedFunc(calls, earlier) { // as they come from a store
		return calls
	}
	calls = slices.Clone(calls)
	slices.SortFunc(calls, earlier)
	return calls
}

// verdict returns why the call adds a phone ticket or not, and by which part of rule 3.
func (s CallSummary) verdict(counted bool) (rule, why string) {
	switch {
	case s.Test:
		return "fair-use.test", "not counted: a call to try the line"
	case s.Customer == "":
		return "fair-use.no-account", "not counted: no account is known for the call (rule 12)"
	case !s.Accepted:
		return "fair-use.not-accepted", "not counted: no specialist accepted the call (rule 3)"
	case counted && s.Ticket == "":
		return "fair-use.own-matter", "counted: a matter of its own, without a ticket number"
	case counted:
		return "fair-use.first-about-ticket", "counted: the first call of the month about this ticket"
	}
	return "fair-use.again-about-ticket", "not counted: an earlier call of the month was about the same ticket"
}

// CountedRow is a Counted as people and programs are shown it. Unknown values are nil.
type CountedRow struct {
	SID         CallSID    `json:"sid"`
	StartedAt   *time.Time `json:"started_at"`
	Ticket      *Ticket    `json:"ticket"`
	TalkSeconds *int       `json:"talk_seconds"`
	Counted     bool       `json:"counted"`
	OverLong    bool       `json:"over_long"`
	Waived      bool       `json:"waived"`
	Training    bool       `json:"training"`
	Rule        string     `json:"rule"`
	Why         string     `json:"why"`
}

// row returns the call as it is shown.
func (c Counted) row() CountedRow {
	row := CountedRow{
		SID: c.SID, StartedAt: utc(c.StartedAt), Ticket: orNil(c.Ticket), Counted: c.Counts, OverLong: c.OverLong, Waived: c.Waived, Training: c.Training,
		Rule: c.Rule, Why: c.Why,
	}
	if c.Talked {
		row.TalkSeconds = &c.TalkSeconds
	}
	return row
}

// CountedRows returns the calls as they are shown.
func CountedRows(month []Counted) []CountedRow {
	rows := make([]CountedRow, len(month))
	for i, c := range month {
		rows[i] = c.row()
	}
	return rows
}
