package policy_test

import (
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

// log is calls by account and month.
type log map[policy.CustomerNumber]map[policy.Month][]policy.CallSummary

// drawLog draws the calls of some accounts in months that end with 2026-11.
func drawLog(rt *rapid.T, accounts, months int) log {
	all := log{}
	for a := range accounts {
		number := policy.CustomerNumber(fmt.Sprint(200000 + a))
		all[number] = map[policy.Month][]policy.CallSummary{}
		for m := range months {
			month := policy.Month("2026-11").Plus(-m)
			for i := range rapid.IntRange(0, 6).Draw(rt, "calls") {
				all[number][month] = append(all[number][month], policy.CallSummary{
					SID: policy.CallSID(fmt.Sprintf("CA%d-%d-%d", a, m, i)), Customer: number, Month: month, StartedAt: began.Add(time.Duration(i) * time.Hour),
					Accepted: rapid.Bool().Draw(rt, "accepted"), Talked: rapid.Bool().Draw(rt, "talked"), Waived: rapid.Bool().Draw(rt, "waived"),
					Ticket:      policy.Ticket(rapid.SampledFrom([]string{"", "7", "8"}).Draw(rt, "ticket")),
					TalkSeconds: rapid.SampledFrom([]int{0, 1, 599, 600, 601, 1200, 1201, 90000}).Draw(rt, "seconds"),
				})
			}
		}
	}
	return all
}

// month is the calls of all accounts in a month, as a store gives them.
func (l log) month(m policy.Month) iter.Seq2[policy.CallSummary, error] {
	return func(yield func(policy.CallSummary, error) bool) {
		for _, months := range l {
			for _, t := range months[m] {
				if !yield(t, nil) {
					return
				}
			}
		}
	}
}

// report is the figures of the n months that end with 2026-11.
func (l log) report(t testing.TB, n int) policy.UsageReport {
	t.Helper()
	var b policy.UsageReport
	for back := n - 1; back >= 0; back-- {
		m := policy.Month("2026-11").Plus(-back)
		figures, err := policy.NewMonthReport(m, l.month(m), began)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, figures)
	}
	return b
}

// months are an account's, call by call.
func (l log) months(t testing.TB, number policy.CustomerNumber, n int, fair policy.FairUse) []policy.Usage {
	t.Helper()
	read := func(m policy.Month) ([]policy.CallSummary, error) { return l[number][m], nil }
	months, err := policy.AccountMonths(policy.Customer{Number: number}, "2026-11", n, fair, read)
	if err != nil {
		t.Fatal(err)
	}
	return months
}

// The figures that are kept in few bytes say of every account what its calls say: which months would be otherwise under other limits, who is near
// or over, and what a month would cost.
func TestBookSaysWhatTheCallsSay(t *testing.T) {
	t.Parallel()
	fair := fair
	fair.SustainedMonths, fair.SustainedWithin, fair.PerTicket, fair.PerMinute = 2, 3, 4, 0.5
	rapid.Check(t, func(rt *rapid.T) {
		all := drawLog(rt, 4, 6)
		other, err := fair.With(
			policy.Limit{Name: "tickets", Value: fmt.Sprint(rapid.IntRange(1, 5).Draw(rt, "tickets"))},
			policy.Limit{Name: "call", Value: rapid.SampledFrom([]string{"10m", "20m", "1s"}).Draw(rt, "call")},
			policy.Limit{Name: "within", Value: fmt.Sprint(rapid.IntRange(2, 4).Draw(rt, "within"))},
		)
		if err != nil {
			rt.Fatal(err)
		}
		report := all.report(t, 3+max(fair.Lead(), other.Lead()))
		var differ []policy.Difference
		touched := map[policy.CustomerNumber]bool{}
		near, charges := map[policy.CustomerNumber]policy.Usage{}, []policy.Charge(nil)
		for a := range 4 {
			number := policy.CustomerNumber(fmt.Sprint(200000 + a))
			is := all.months(t, number, 3, fair)
			for _, d := range policy.Compare(is, all.months(t, number, 3, other)) {
				differ, touched[number] = append(differ, d), true
			}
			if last := is[2]; last.Over || last.Sustained || last.Tickets*100 >= 80*fair.TicketsPerMonth {
				near[number] = last
			}
			charges = append(charges, policy.Charges(is[2], all[number]["2026-11"], fair)...)
		}
		listed := map[policy.CustomerNumber]policy.Usage{}
		for _, u := range report.Near(fair) {
			listed[u.Customer] = u
		}
		type said struct {
			Differ  policy.Comparison
			Near    map[policy.CustomerNumber]policy.Usage
			Charges []policy.Charge
		}
		worse := 0
		for _, d := range differ {
			if d.After.Over && !d.Before.Over || d.After.Sustained && !d.Before.Sustained {
				worse++
			}
		}
		most := rapid.IntRange(0, 10).Draw(rt, "most")
		compared := policy.Comparison{Differ: slices.Clip(differ[:min(most, len(differ))]), Months: len(differ), Worse: worse, Accounts: len(touched)}
		want, got := said{compared, near, charges}, said{report.Compare(fair, other, 3, most), listed, slices.Collect(report[len(report)-1].Charges(fair))}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// What is kept says since when it may be old.
func TestBookIsAsOldAsItsOldestMonth(t *testing.T) {
	t.Parallel()
	b := policy.UsageReport{{DerivedAt: began.Add(time.Hour)}, {DerivedAt: began}, {DerivedAt: began.Add(time.Minute)}}
	if at := b.DerivedAt(); !at.Equal(began) {
		t.Errorf("derived at %v, want %v", at, began)
	}
}
