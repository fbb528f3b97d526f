package policy_test

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
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
					Training:    rapid.Bool().Draw(rt, "training"),
					Ticket:      policy.Ticket(rapid.SampledFrom([]string{"", "7", "8"}).Draw(rt, "ticket")),
					TalkSeconds: rapid.SampledFrom([]int{0, 1, 599, 600, 601, 1200, 1201, 90000}).Draw(rt, "seconds"),
				})
			}
		}
	}
	return all
}

// month is the calls of all accounts in a month, as a store returns them.
func (l log) month(m policy.Month) iter.Seq2[policy.CallSummary, error] {
	return func(yield func(policy.CallSummary, error) bool) {
		for _, months := range l {
			for _, s := range months[m] {
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}

// report is all accounts in the n months that end with 2026-11.
func (l log) report(t interface{ Fatal(...any) }, n int) policy.UsageReport {
	var r policy.UsageReport
	for back := n - 1; back >= 0; back-- {
		m := policy.Month("2026-11").Plus(-back)
		month, err := policy.NewMonthReport(m, l.month(m), began)
		if err != nil {
			t.Fatal(err)
		}
		r = append(r, month)
	}
	return r
}

// recount is an account's month as the policy page says it, call by call and in the plainest way, with the seconds beyond the call limit. The
// calls come by their start, so that the first about a ticket is the one that counts.
func recount(c policy.Customer, m policy.Month, calls []policy.CallSummary, fair policy.FairUse) (u policy.Usage, counted, overLong []policy.CallSID, beyond int) {
	u = policy.Usage{
		Month: m, Customer: c.Number, Account: c.Name, Line: c.Line.Full(), TicketLimit: fair.TicketsPerMonth, OverLongLimit: fair.OverLongCallsPerMonth,
	}
	for i, call := range calls {
		if !call.Accepted {
			continue
		}
		u.Calls++
		u.TalkSeconds += call.TalkSeconds
		first := true
		for _, before := range calls[:i] {
			if call.Ticket != "" && before.Accepted && before.Ticket == call.Ticket {
				first = false
			}
		}
		if first {
			u.Tickets++
			counted = append(counted, call.SID)
		}
		if call.Training {
			u.Training++
		}
		if call.Waived {
			u.Waived++
			continue
		}
		if past := call.TalkSeconds - int(fair.CallLimit.Seconds()); call.Talked && past > 0 {
			u.OverLong++
			beyond += past
			overLong = append(overLong, call.SID)
		}
	}
	u.Over = u.Tickets > fair.TicketsPerMonth || u.OverLong >= fair.OverLongCallsPerMonth
	return u, counted, overLong, beyond
}

// recountMonths are the last n of an account's months, each with whether load was sustained in it.
func (l log) recountMonths(c policy.Customer, n int, fair policy.FairUse) []policy.Usage {
	var months []policy.Usage
	for back := n - 1; back >= 0; back-- {
		m, over := policy.Month("2026-11").Plus(-back), 0
		for i := range fair.SustainedWithin {
			if u, _, _, _ := recount(c, m.Plus(-i), l[c.Number][m.Plus(-i)], fair); u.Over {
				over++
			}
		}
		u, _, _, _ := recount(c, m, l[c.Number][m], fair)
		u.Sustained = over >= fair.SustainedMonths
		months = append(months, u)
	}
	return months
}

// calls counts an account's calls in the last n months.
func (l log) calls(number policy.CustomerNumber, n int) int {
	calls := 0
	for back := range n {
		calls += len(l[number][policy.Month("2026-11").Plus(-back)])
	}
	return calls
}

// views is everything that fair use says of a log.
type views struct {
	Usage     map[policy.CustomerNumber][]policy.Usage // of all accounts, in one pass
	Single    map[policy.CustomerNumber][]policy.Usage // of one account alone
	Found     map[policy.CustomerNumber][]policy.Usage // of one account among all
	Counted   map[policy.CustomerNumber][]policy.CallSID
	OverLong  map[policy.CustomerNumber][]policy.CallSID
	Cases     map[policy.CustomerNumber][]policy.Usage // that a review opens, with the evidence
	Near      []policy.Usage
	WhatIf    policy.Comparison
	Proposals []policy.Charge
}

func newViews() views {
	return views{
		Usage: map[policy.CustomerNumber][]policy.Usage{}, Single: map[policy.CustomerNumber][]policy.Usage{}, Found: map[policy.CustomerNumber][]policy.Usage{},
		Counted: map[policy.CustomerNumber][]policy.CallSID{}, OverLong: map[policy.CustomerNumber][]policy.CallSID{},
		Cases: map[policy.CustomerNumber][]policy.Usage{},
	}
}

// Usage of one account and of all, the explanation, the review, what-if and charges are views of the same months: each is the recomputation of what it
// shows from the calls.
func TestViewsOfUsageAgree(t *testing.T) {
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
		// The directory has an account without calls, and lacks one that is in the log.
		directory := []policy.Customer{{Number: "199999", Name: "Quiet", Line: "+448000668187"}, {Number: "200001", Name: "Northwind"}, {Number: "200003", Name: "Loft"}}
		most := rapid.IntRange(0, 10).Draw(rt, "most")
		if diff := gocmp.Diff(all.recounted(directory, fair, other, most), all.shown(rt, directory, fair, other, most), cmpopts.EquateEmpty()); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// shown is what the package makes of the log.
func (l log) shown(t interface{ Fatal(...any) }, directory []policy.Customer, fair, other policy.FairUse, most int) views {
	v, report := newViews(), l.report(t, 3+max(fair.Lead(), other.Lead()))
	for c, months := range report.Accounts(directory, 3, fair) {
		v.Usage[c.Number], v.Found[c.Number] = months, report.Account(c, 3, fair)
		alone, err := policy.AccountReport(c.Number, "2026-11", 3+fair.Lead(), func(m policy.Month) ([]policy.CallSummary, error) { return l[c.Number][m], nil })
		if err != nil {
			t.Fatal(err)
		}
		months = alone.Account(c, 3, fair)
		v.Single[c.Number] = months
		if found := policy.Review(policy.ReviewInput{Customer: c, Months: months}, fair, began); found.Open != nil {
			v.Cases[c.Number] = found.Open.Months
		}
		for _, call := range policy.ExplainUsage(l[c.Number]["2026-11"], fair) {
			if call.Counts {
				v.Counted[c.Number] = append(v.Counted[c.Number], call.SID)
			}
			if call.OverLong {
				v.OverLong[c.Number] = append(v.OverLong[c.Number], call.SID)
			}
		}
	}
	v.Near, v.WhatIf, v.Proposals = report.Near(fair), report.Compare(fair, other, 3, most), slices.Collect(report.Charges(fair))
	return v
}

// recounted is the same, recomputed from the calls for each account.
func (l log) recounted(directory []policy.Customer, fair, other policy.FairUse, most int) views {
	v, accounts := newViews(), map[policy.CustomerNumber]policy.Customer{}
	for number := range l {
		accounts[number] = policy.Customer{Number: number}
	}
	for _, c := range directory {
		accounts[c.Number] = c
	}
	for _, number := range slices.Sorted(maps.Keys(accounts)) {
		c, nameless := accounts[number], policy.Customer{Number: number}
		months := l.recountMonths(c, 3, fair)
		if c.Name != "" || l.calls(number, 3+max(fair.Lead(), other.Lead())) > 0 {
			v.Usage[number], v.Single[number], v.Found[number] = months, months, months
		}
		if months[2].Sustained {
			v.Cases[number] = months
		}
		_, counted, overLong, beyond := recount(c, "2026-11", l[number]["2026-11"], fair)
		if len(counted) > 0 {
			v.Counted[number] = counted
		}
		if len(overLong) > 0 {
			v.OverLong[number] = overLong
		}
		is, would := l.recountMonths(nameless, 3, fair), l.recountMonths(nameless, 3, other)
		if is[2].Over || is[2].Sustained || is[2].Tickets*100 >= 80*fair.TicketsPerMonth {
			v.Near = append(v.Near, is[2])
		}
		v.WhatIf = compared(v.WhatIf, is, would, most)
		if n := is[2].Tickets - fair.TicketsPerMonth; n > 0 {
			v.Proposals = append(v.Proposals, policy.Charge{Month: "2026-11", Customer: number, Kind: "tickets", Quantity: n, Rate: 400, Amount: int64(n) * 400, Currency: "USD", Sustained: is[2].Sustained})
		}
		if n := beyond / 60; n > 0 {
			v.Proposals = append(v.Proposals, policy.Charge{Month: "2026-11", Customer: number, Kind: "minutes", Quantity: n, Rate: 50, Amount: int64(n) * 50, Currency: "USD", Sustained: is[2].Sustained})
		}
	}
	slices.SortStableFunc(v.Near, func(a, b policy.Usage) int { return cmp.Compare(b.Tickets, a.Tickets) })
	return v
}

// compared adds an account's months under two sets of limits to a comparison.
func compared(found policy.Comparison, is, would []policy.Usage, most int) policy.Comparison {
	before := found.Months
	for i := range is {
		if is[i].Over == would[i].Over && is[i].Sustained == would[i].Sustained {
			continue
		}
		found.Months++
		if !is[i].Over && would[i].Over || !is[i].Sustained && would[i].Sustained {
			found.Worse++
		}
		if len(found.Differ) < most {
			found.Differ = append(found.Differ, policy.Difference{Before: is[i], After: would[i]})
		}
	}
	if found.Months > before {
		found.Accounts++
	}
	return found
}

// A report is as old as its oldest month.
func TestReportIsAsOldAsItsOldestMonth(t *testing.T) {
	t.Parallel()
	r := policy.UsageReport{{DerivedAt: began.Add(time.Hour)}, {DerivedAt: began}, {DerivedAt: began.Add(time.Minute)}}
	if at := r.DerivedAt(); !at.Equal(began) {
		t.Errorf("derived at %v, want %v", at, began)
	}
}
