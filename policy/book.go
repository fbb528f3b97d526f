package policy

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// MonthReport are the figures of all accounts of which specialists took calls in a month.
type MonthReport struct {
	Month     Month
	DerivedAt time.Time
	accounts  []accountTotals // by number
}

type accountTotals struct {
	number CustomerNumber
	MonthTotals
}

// NewMonthReport sums up a month. The calls come one account after the other. The error is that of the sequence.
func NewMonthReport(m Month, calls iter.Seq2[CallSummary, error], at time.Time) (MonthReport, error) {
	found := MonthReport{Month: m, DerivedAt: at}
	var summaries []CallSummary
	var talks packed
	account := func() {
		if f := TotalsOf(summaries); f.Calls > 0 {
			f.talks = talks.keep(f.talks)
			found.accounts = append(found.accounts, accountTotals{summaries[0].Customer, f})
		}
		summaries = summaries[:0]
	}
	for t, err := range calls {
		if err != nil {
			return MonthReport{}, err
		}
		if len(summaries) > 0 && summaries[0].Customer != t.Customer {
			account()
		}
		summaries = append(summaries, t)
	}
	account()
	found.accounts = slices.Clone(found.accounts) // without the room that it had to grow
	slices.SortFunc(found.accounts, func(a, b accountTotals) int { return cmp.Compare(a.number, b.number) })
	return found, nil
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

// Charges are what the month's load over the limits would cost, by account. Their accounts have no names.
func (m MonthReport) Charges(fair FairUse) iter.Seq[Charge] {
	return func(yield func(Charge) bool) {
		for _, a := range m.accounts {
			for line := range a.charges(a.Usage(Customer{Number: a.number}, m.Month, fair), fair) {
				if !yield(line) {
					return
				}
			}
		}
	}
}

// UsageReport is the figures of consecutive months, oldest first. What it gives names accounts by their numbers alone: names are the directory's.
type UsageReport []MonthReport

// DerivedAt is since when something of the book may have changed: when the first of its months was derived.
func (b UsageReport) DerivedAt() time.Time {
	var at time.Time
	for _, m := range b {
		at = earliest(at, m.DerivedAt)
	}
	return at
}

// each goes through the accounts by number, each with its figures of all months. The slice is used again.
func (b UsageReport) each(visit func(number CustomerNumber, months []MonthTotals)) {
	next, months := make([]int, len(b)), make([]MonthTotals, len(b))
	for {
		var number CustomerNumber
		for i, m := range b {
			if next[i] < len(m.accounts) && (number == "" || m.accounts[next[i]].number < number) {
				number = m.accounts[next[i]].number
			}
		}
		if number == "" {
			return
		}
		for i, m := range b {
			months[i] = MonthTotals{}
			if next[i] < len(m.accounts) && m.accounts[next[i]].number == number {
				months[i] = m.accounts[next[i]].MonthTotals
				next[i]++
			}
		}
		visit(number, months)
	}
}

// usage is the month at i of an account, with whether load was sustained in it.
func (b UsageReport) usage(number CustomerNumber, months []MonthTotals, i int, over []bool, fair FairUse) Usage {
	u := months[i].Usage(Customer{Number: number}, b[i].Month, fair)
	u.Sustained = Sustained(over[:i+1], fair)
	return u
}

func overIn(months []MonthTotals, fair FairUse, over []bool) []bool {
	over = over[:0]
	for _, f := range months {
		over = append(over, f.over(fair))
	}
	return over
}

// Near are the accounts that people should look at in the last month: over, under sustained load, or at the first part of the limit at which
// people are told. Most tickets come first.
func (b UsageReport) Near(fair FairUse) []Usage {
	if len(b) == 0 {
		return nil
	}
	var found []Usage
	var over []bool
	last := len(b) - 1
	b.each(func(number CustomerNumber, months []MonthTotals) {
		over = overIn(months, fair, over)
		if fair.near(int(months[last].Tickets)) || over[last] || Sustained(over, fair) {
			found = append(found, b.usage(number, months, last, over, fair))
		}
	})
	slices.SortStableFunc(found, func(a, b Usage) int { return cmp.Compare(b.Tickets, a.Tickets) })
	return found
}

// Comparison is what would be otherwise under other figures.
type Comparison struct {
	Differ   []Difference // the first of the months of accounts that would be otherwise, by account
	Months   int          // all of them
	Worse    int          // those that would be over, or sustained, and are not; the others would be better
	Accounts int
}

// Compare gives the months, of the last n, in which accounts are over or sustained under one figures and not under the others, as the function
// Compare does: the first of them, at most so many, and counts of all. The book begins as many months earlier as sustained load looks at.
func (b UsageReport) Compare(fair, other FairUse, n, most int) Comparison {
	var found Comparison
	var is, would []bool
	b.each(func(number CustomerNumber, months []MonthTotals) {
		is, would = overIn(months, fair, is), overIn(months, other, would)
		before := found.Months
		for i := max(0, len(b)-n); i < len(b); i++ {
			long, wouldLong := Sustained(is[:i+1], fair), Sustained(would[:i+1], other)
			if is[i] == would[i] && long == wouldLong {
				continue
			}
			found.Months++
			found.Worse += one(would[i] && !is[i] || wouldLong && !long)
			if len(found.Differ) < most {
				found.Differ = append(found.Differ, Difference{b.usage(number, months, i, is, fair), b.usage(number, months, i, would, other)})
			}
		}
		found.Accounts += one(found.Months > before)
	})
	return found
}
