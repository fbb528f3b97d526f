package policy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

var (
	fair = policy.FairUse{
		CallLimit: 20 * time.Minute, TicketsPerMonth: 3, OverLongCallsPerMonth: 2, SustainedMonths: 3, SustainedWithin: 6,
		TrainingCallsPerMonth: 2, Currency: "USD", WarnAt: []int{80, 100},
	}
	holder = policy.Customer{Number: "204518", Name: "Northwind", Line: "+448000668187", Email: "holder@example.com", AccountHolder: "Ada"}
)

// summaries makes a month of accepted calls, a minute apart, each with a change.
func summaries(changes ...func(*policy.CallSummary)) []policy.CallSummary {
	month := make([]policy.CallSummary, len(changes))
	for i, change := range changes {
		month[i] = policy.CallSummary{
			SID: policy.CallSID(fmt.Sprintf("CA%d", i+1)), Customer: holder.Number, Month: "2026-11",
			StartedAt: began.Add(time.Duration(i) * time.Minute), Accepted: true, Talked: true, TalkSeconds: 60,
		}
		change(&month[i])
	}
	return month
}

func plain(*policy.CallSummary)      {}
func missed(t *policy.CallSummary)   { t.Accepted, t.Talked, t.TalkSeconds = false, false, 0 }
func training(t *policy.CallSummary) { t.Training = true }
func talking(t *policy.CallSummary)  { t.Talked, t.TalkSeconds = false, 0 }
func waived(t *policy.CallSummary)   { t.TalkSeconds, t.Waived = 1300, true }
func talked(n int) func(*policy.CallSummary) {
	return func(t *policy.CallSummary) { t.TalkSeconds = n }
}

func about(ticket policy.Ticket) func(*policy.CallSummary) {
	return func(t *policy.CallSummary) { t.Ticket = ticket }
}

// TestMonthUsage holds rules 3, 5, 6, 7 and the half of rule 8 that looks at one month.
func TestMonthUsage(t *testing.T) {
	t.Parallel()
	type figures struct {
		Tickets, Calls, Talk, OverLong, Waived, Training int
		Over                                             bool
		By                                               []string
	}
	for name, row := range map[string]struct {
		month []policy.CallSummary
		want  figures
	}{
		"nothing":                            {nil, figures{}},
		"rule 3: each call without a ticket": {summaries(plain, plain), figures{Tickets: 2, Calls: 2, Talk: 120}},
		"rule 3: one ticket, once a month":   {summaries(about("7"), about("7"), about("8")), figures{Tickets: 2, Calls: 3, Talk: 180}},
		"rule 3: not accepted, not counted":  {summaries(missed, about("7")), figures{Tickets: 1, Calls: 1, Talk: 60}},
		"rule 3: the missed call leaves the ticket to the next": {
			summaries(func(t *policy.CallSummary) { missed(t); t.Ticket = "7" }, about("7")), figures{Tickets: 1, Calls: 1, Talk: 60},
		},
		"rule 5: 1200 s are within":          {summaries(talked(1200)), figures{Tickets: 1, Calls: 1, Talk: 1200}},
		"rule 5: 1201 s are over":            {summaries(talked(1201)), figures{Tickets: 1, Calls: 1, Talk: 1201, OverLong: 1}},
		"rule 6: waived, and still a ticket": {summaries(waived), figures{Tickets: 1, Calls: 1, Talk: 1300, Waived: 1}},
		"rule 7: training counts as well":    {summaries(training, training), figures{Tickets: 2, Calls: 2, Talk: 120, Training: 2}},
		"a talk that goes on":                {summaries(talking), figures{Tickets: 1, Calls: 1}},
		"rule 8: at the limit is not over":   {summaries(plain, plain, plain), figures{Tickets: 3, Calls: 3, Talk: 180}},
		"rule 8: over by tickets": {
			summaries(plain, plain, plain, plain),
			figures{Tickets: 4, Calls: 4, Talk: 240, Over: true, By: []string{"4 phone tickets, and 3 are the limit"}},
		},
		"rule 8: over by over-long calls": {
			summaries(talked(1201), talked(1500)),
			figures{Tickets: 2, Calls: 2, Talk: 2701, OverLong: 2, Over: true, By: []string{"2 over-long calls, and 2 put an account over"}},
		},
		"rule 8: a waiver brings it back": {summaries(talked(1201), waived), figures{Tickets: 2, Calls: 2, Talk: 2501, OverLong: 1, Waived: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := policy.MonthUsage(holder, "2026-11", row.month, fair)
			got := figures{u.Tickets, u.Calls, u.TalkSeconds, u.OverLong, u.Waived, u.Training, u.Over, u.OverBy()}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNeedsTraining(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]bool{0: false, 1: false, 2: true, 3: true} {
		if got := (policy.Usage{Training: n}).NeedsTraining(fair); got != want {
			t.Errorf("%d training calls: %t", n, got)
		}
	}
}

func TestExplainUsageSaysWhyOfEachCall(t *testing.T) {
	t.Parallel()
	unattached := func(t *policy.CallSummary) { t.Customer = "" }
	month := summaries(about("7"), missed, plain, about("7"), unattached, talked(1201))
	reversed := []policy.CallSummary{month[5], month[4], month[3], month[2], month[1], month[0]}
	var got []string
	for _, c := range policy.ExplainUsage(reversed, fair) {
		got = append(got, fmt.Sprintf("%s %t %t %s: %s", c.SID, c.Counts, c.OverLong, c.Rule, c.Why))
	}
	want := []string{
		"CA1 true false fair-use.first-about-ticket: counted: the first call of the month about this ticket",
		"CA2 false false fair-use.not-accepted: not counted: no specialist accepted the call (rule 3)",
		"CA3 true false fair-use.own-matter: counted: a matter of its own, without a ticket number",
		"CA4 false false fair-use.again-about-ticket: not counted: an earlier call of the month was about the same ticket",
		"CA5 false false fair-use.no-account: not counted: no account is known for the call (rule 12)",
		"CA6 true true fair-use.own-matter: counted: a matter of its own, without a ticket number",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSustained holds rule 8: over in 3 of the 6 months that end with the month itself.
func TestSustained(t *testing.T) {
	t.Parallel()
	for months, want := range map[string]bool{
		"":           false,
		"o":          false,
		"oo":         false,
		"ooo":        true,
		"o.o.o":      true,
		"o.o..o":     true,
		"o.o...o":    false, // the first is seven months ago
		"ooo...":     true,  // still within
		"ooo....":    false,
		"......":     false,
		"oooooooooo": true,
	} {
		if got := policy.Sustained(overs(months), fair); got != want {
			t.Errorf("%q: sustained %t, want %t", months, got, want)
		}
	}
}

func overs(months string) []bool {
	over := make([]bool, len(months))
	for i := range months {
		over[i] = months[i] == 'o'
	}
	return over
}

func TestMarkSustainedLooksBackFromEachMonth(t *testing.T) {
	t.Parallel()
	months := usages("2026-01", "oo.o...o")
	got := ""
	for _, u := range policy.MarkSustained(months, fair) {
		got += map[bool]string{true: "S", false: "-"}[u.Sustained]
	}
	if want := "---SSS--"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if months[3].Sustained {
		t.Error("the months that were handed in changed")
	}
}

// usages are consecutive months of which each o is over.
func usages(first policy.Month, months string) []policy.Usage {
	all := make([]policy.Usage, len(months))
	for i, over := range overs(months) {
		all[i] = policy.Usage{Month: first.Plus(i), Customer: holder.Number, Account: holder.Name, TicketLimit: 16, Over: over}
		if over {
			all[i].Tickets = 17
		}
	}
	return all
}
