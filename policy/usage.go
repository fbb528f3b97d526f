package policy

import (
	"fmt"
	"slices"
	"time"
)

// OverLong says whether the talk passed the call limit and nobody deemed it necessary (rules 5 and 6).
func (t CallSummary) OverLong(fair FairUse) bool {
	return t.Talked && !t.Waived && t.TalkSeconds > int(fair.CallLimit/time.Second)
}

// MonthUsage is an account's month: the sum over its calls, in whatever order they come. Sustained and Case are left out, as they need
// other months and the cases. Only calls that a specialist accepted are in any figure.
func MonthUsage(c Customer, m Month, summaries []CallSummary, fair FairUse) Usage {
	overLong := 0
	for _, t := range summaries {
		overLong += one(t.counts() && t.OverLong(fair))
	}
	return sum(summaries).usage(c, m, fair, overLong)
}

// AccountMonths are the n months of an account that end with last, oldest first, each saying whether load was sustained in it. read gives the
// calls of a month; it is asked for the months before the first one too, which decide that.
func AccountMonths(c Customer, last Month, n int, fair FairUse, read func(Month) ([]CallSummary, error)) ([]Usage, error) {
	var months []Usage
	for back := n + fair.Lead() - 1; back >= 0; back-- {
		m := last.Plus(-back)
		summaries, err := read(m)
		if err != nil {
			return nil, err
		}
		months = append(months, MonthUsage(c, m, summaries, fair))
	}
	return MarkSustained(months, fair)[len(months)-n:], nil
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (u Usage) overTickets() bool { return u.Tickets > u.TicketLimit }

func (u Usage) overLong() bool { return u.OverLongLimit > 0 && u.OverLong >= u.OverLongLimit }

// OverBy says in words what put the account over in the month (rule 8); none where it was not over.
func (u Usage) OverBy() []string {
	var by []string
	if u.overTickets() {
		by = append(by, fmt.Sprintf("%d phone tickets, and %d are the limit", u.Tickets, u.TicketLimit))
	}
	if u.overLong() {
		by = append(by, fmt.Sprintf("%d over-long calls, and %d put an account over", u.OverLong, u.OverLongLimit))
	}
	return by
}

// Near says whether the month's tickets reached the first part of the limit at which people are told, or more.
func (u Usage) Near(fair FairUse) bool { return fair.near(u.Tickets) }

func (f FairUse) near(tickets int) bool {
	return len(f.WarnAt) > 0 && tickets*100 >= slices.Min(f.WarnAt)*f.TicketsPerMonth
}

// NeedsTraining says whether the month's training calls put the account on the training list: ask them to book a session (rule 7).
func (u Usage) NeedsTraining(fair FairUse) bool {
	return fair.TrainingCallsPerMonth > 0 && u.Training >= fair.TrainingCallsPerMonth
}

// Sustained is rule 8: of the months that end with the last one, so many as the figures look at, the account was over in enough. over is
// oldest first; months before the first were not over.
func Sustained(over []bool, fair FairUse) bool {
	recent := over[max(0, len(over)-fair.SustainedWithin):]
	n := 0
	for _, o := range recent {
		n += one(o)
	}
	return fair.SustainedMonths > 0 && n >= fair.SustainedMonths
}

// MarkSustained sets Sustained in each of an account's consecutive months, oldest first. It gives a slice of its own.
func MarkSustained(months []Usage, fair FairUse) []Usage {
	months = slices.Clone(months)
	over := make([]bool, len(months))
	for i, u := range months {
		over[i] = u.Over
		months[i].Sustained = Sustained(over[:i+1], fair)
	}
	return months
}
