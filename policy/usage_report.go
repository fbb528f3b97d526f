package policy

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// MonthReport has the totals of a month, of every account with calls in it.
type MonthReport struct {
	Month     Month
	DerivedAt time.Time
	accounts  []accountTotals // by number
}

type accountTotals struct {
	number CustomerNumber
	monthTotals
}

// NewMonthReport sums up a month. The calls come one account after the other. The error is that of the sequence.
func NewMonthReport(m Month, calls iter.Seq2[CallSummary, error], at time.Time) (MonthReport, error) {
	report := MonthReport{Month: m, DerivedAt: at}
	var account []CallSummary
	var talks packed
	sum := func() {
		if len(account) > 0 {
			t := totals(account)
			t.talks, t.byTicket = talks.keep(t.talks), talks.keep(t.byTicket)
			report.accounts = append(report.accounts, accountTotals{account[0].Customer, t})
		}
		account = account[:0]
	}
	for s, err := range calls {
		if err != nil {
			return MonthReport{}, err
		}
		if len(account) > 0 && account[0].Customer != s.Customer {
			sum()
		}
		account = append(account, s)
	}
	sum()
	report.accounts = slices.Clone(report.accounts) // without the room that it had to grow
	slices.SortFunc(report.accounts, func(a, b accountTotals) int { return cmp.Compare(a.number, b.number) })
	return report, nil
}

// packed keeps many short texts one behind the other: the months of ten thousand accounts are held for as long as people look at them.
type packed struct{ room []byte }

// packedRoom is how many bytes are taken at a time.
const packedRoom = 32 << 10

func (p *packed) keep(text []byte) []byte {
	if cap(p.room)-len(p.room) < len(text) {
		p.room = make([]byte, 0, max(packedRoom, len(text)))
	}
	begin := len(p.room)
	p.room = append(p.room, text...)
	return p.room[begin:len(p.room):len(p.room)]
}

// UsageReport is consecutive months, oldest first. Usage, the review, charges and comparisons with other limits are views of it. It knows accounts
// by their numbers alone: names are the directory's.
type UsageReport []MonthReport

// AccountReport returns the n months of one account that end with last. read returns the calls of a month.
func AccountReport(number CustomerNumber, last Month, n int, read func(Month) ([]CallSummary, error)) (UsageReport, error) {
	report := make(UsageReport, n)
	for i := range report {
		m := last.Plus(i - n + 1)
		calls, err := read(m)
		if err != nil {
			return nil, err
		}
		report[i] = MonthReport{Month: m, accounts: []accountTotals{{number, totals(calls)}}}
	}
	return report, nil
}

// DerivedAt returns since when something may have changed: when the first of the months was derived.
func (r UsageReport) DerivedAt() time.Time {
	var at time.Time
	for _, m := range r {
		at = earliest(at, m.DerivedAt)
	}
	return at
}

// Accounts returns the accounts of a directory and those with calls, by number, each with the last n months of the report. The directory comes by
// number; accounts that are not in it have no names. For load to be marked as sustained the report must begin FairUse.Lead months earlier.
func (r UsageReport) Accounts(directory []Customer, n int, fair FairUse) iter.Seq2[Customer, []Usage] {
	return func(yield func(Customer, []Usage) bool) {
		var over []bool
		for c, months := range r.each(directory) {
			over = overIn(months, fair, over)
			if !yield(c, r.last(c, months, n, over, fair)) {
				return
			}
		}
	}
}

// Account returns the last n months of one account, as Accounts does.
func (r UsageReport) Account(c Customer, n int, fair FairUse) []Usage {
	months := make([]monthTotals, len(r))
	for i, m := range r {
		byNumber := func(a accountTotals, number CustomerNumber) int { return cmp.Compare(a.number, number) }
		if at, found := slices.BinarySearchFunc(m.accounts, c.Number, byNumber); found {
			months[i] = m.accounts[at].monthTotals
		}
	}
	return r.last(c, months, n, overIn(months, fair, nil), fair)
}

// Near returns the accounts that people should look at in the last month: over, under sustained load, or at the first part of the limit at which
// people are told. Those with the most tickets come first.
func (r UsageReport) Near(fair FairUse) []Usage {
	var found []Usage
	var over []bool
	last := len(r) - 1
	for c, months := range r.each(nil) {
		over = overIn(months, fair, over)
		if fair.near(int(months[last].tickets)) || over[last] || sustained(over, fair) {
			found = append(found, r.usage(c, months, last, over, fair))
		}
	}
	slices.SortStableFunc(found, func(a, b Usage) int { return cmp.Compare(b.Tickets, a.Tickets) })
	return found
}

// each goes through the accounts of a directory and of the report by number, each with its totals of all months. The slice is used again.
func (r UsageReport) each(directory []Customer) iter.Seq2[Customer, []monthTotals] {
	return func(yield func(Customer, []monthTotals) bool) {
		next, months := make([]int, len(r)), make([]monthTotals, len(r))
		for {
			c := r.next(&directory, next)
			if c.Number == "" {
				return
			}
			for i, m := range r {
				months[i] = monthTotals{}
				if next[i] < len(m.accounts) && m.accounts[next[i]].number == c.Number {
					months[i] = m.accounts[next[i]].monthTotals
					next[i]++
				}
			}
			if !yield(c, months) {
				return
			}
		}
	}
}

// next returns the account with the lowest number of what is left of the directory, from which it takes it, and of the months from next on; none at
// the end.
func (r UsageReport) next(directory *[]Customer, next []int) Customer {
	var c Customer
	if len(*directory) > 0 {
		c = (*directory)[0]
	}
	for i, m := range r {
		if next[i] < len(m.accounts) && (c.Number == "" || m.accounts[next[i]].number < c.Number) {
			c = Customer{Number: m.accounts[next[i]].number}
		}
	}
	if len(*directory) > 0 && (*directory)[0].Number == c.Number {
		*directory = (*directory)[1:]
	}
	return c
}

func (r UsageReport) last(c Customer, months []monthTotals, n int, over []bool, fair FairUse) []Usage {
	used := make([]Usage, 0, n)
	for i := max(0, len(r)-n); i < len(r); i++ {
		used = append(used, r.usage(c, months, i, over, fair))
	}
	return used
}

// usage returns the month at i of an account, with whether load was sustained in it.
func (r UsageReport) usage(c Customer, months []monthTotals, i int, over []bool, fair FairUse) Usage {
	u := months[i].usage(c, r[i].Month, fair)
	u.Sustained = sustained(over[:i+1], fair)
	return u
}

// overIn reports of each month whether the account was over in it. It uses the slice over again.
func overIn(months []monthTotals, fair FairUse, over []bool) []bool {
	over = over[:0]
	for _, t := range months {
		over = append(over, t.over(fair))
	}
	return over
}
