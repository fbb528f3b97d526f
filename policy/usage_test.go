package policy_test

import (
	"fmt"
	"strings"
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

// summaries returns a month of accepted calls, a minute apart, each with a change.
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
			u := monthUsage(t, holder, "2026-11", row.month, fair)
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
	for months, want := range map[string]string{
		"o":          "-",
		"oo":         "--",
		"ooo":        "--S",
		"o.o.o":      "----S",
		"o.o..o":     "-----S",
		"o.o...o":    "-------", // the first is seven months ago
		"ooo...":     "--SSSS",  // still within
		"ooo....":    "--SSSS-",
		"......":     "------",
		"oo.o...o":   "---SSS--",
		"oooooooooo": "--SSSSSSSS",
	} {
		got := ""
		for _, u := range historyOf(t, months).Account(holder, len(months), fair) {
			got += map[bool]string{true: "S", false: "-"}[u.Sustained]
		}
		if got != want {
			t.Errorf("%q: sustained in %s, want %s", months, got, want)
		}
	}
}

// historyOf returns the report of an account in the months that end with 2026-11, of which each o is over.
func historyOf(t testing.TB, months string) policy.UsageReport {
	t.Helper()
	i := 0
	report, err := policy.AccountReport(holder.Number, "2026-11", len(months), func(policy.Month) ([]policy.CallSummary, error) {
		if i++; months[i-1] == 'o' {
			return summaries(plain, plain, plain, plain), nil
		}
		return summaries(plain), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// usages returns consecutive months of which each o is over, with load sustained as rule 8 says.
func usages(first policy.Month, months string) []policy.Usage {
	all := make([]policy.Usage, len(months))
	for i := range months {
		all[i] = policy.Usage{Month: first.Plus(i), Customer: holder.Number, Account: holder.Name, TicketLimit: 16}
		if months[i] == 'o' {
			all[i].Over, all[i].Tickets = true, 17
		}
		all[i].Sustained = strings.Count(months[max(0, i-5):i+1], "o") >= 3
	}
	return all
}

// monthUsage returns one month of an account.
func monthUsage(t interface{ Fatal(...any) }, c policy.Customer, m policy.Month, calls []policy.CallSummary, fair policy.FairUse) policy.Usage {
	report, err := policy.AccountReport(c.Number, m, 1, func(policy.Month) ([]policy.CallSummary, error) { return calls, nil })
	if err != nil {
		t.Fatal(err)
	}
	return report.Account(c, 1, fair)[0]
}

// TestEachCallOfATicketOverTheLimitIsMarked: the later calls about such a ticket are of it as well, although they add none (rule 14).
func TestEachCallOfATicketOverTheLimitIsMarked(t *testing.T) {
	t.Parallel()
	var got []string
	for _, c := range policy.ExplainUsage(summaries(about("1"), plain, plain, about("4"), about("4"), about("1"), missed), fair) {
		got = append(got, fmt.Sprintf("%t %t", c.Counts, c.OverTickets))
	}
	want := []string{"true false", "true false", "true false", "true true", "false true", "false false", "false false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
