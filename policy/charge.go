package policy

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"
)

// Charge is one line of a proposal: nothing is charged unless a person says so. Rate and Amount are whole minor units of the currency (cents,
// pence); Decimal shows them.
type Charge struct {
	Month     Month          `json:"month"`
	Customer  CustomerNumber `json:"customer"`
	Account   string         `json:"account"`
	Kind      ChargeKind     `json:"kind"`
	Quantity  int            `json:"quantity"`
	Rate      int64          `json:"rate"`
	Amount    int64          `json:"amount"`
	Currency  string         `json:"currency"`
	Sustained bool           `json:"sustained"` // the account's load is sustained in the month
}

// ChargeKind names what a line of a proposal is for.
type ChargeKind string

// The kinds, in the order of an account's lines.
const (
	ChargeTickets            ChargeKind = "tickets"              // phone tickets over the monthly limit
	ChargeMinutesOverTickets ChargeKind = "minutes-over-tickets" // of talk, of those tickets
	ChargeMinutes            ChargeKind = "minutes"              // of over-long calls, beyond the call limit
)

var chargeKinds = []ChargeKind{ChargeTickets, ChargeMinutesOverTickets, ChargeMinutes}

// Words returns the kind as people read it.
func (k ChargeKind) Words() string {
	switch k {
	case ChargeTickets:
		return "tickets over the limit"
	case ChargeMinutesOverTickets:
		return "minutes of talk of those tickets"
	case ChargeMinutes:
		return "minutes over the call limit"
	}
	return string(k)
}

// Charges proposes what the load over the limits in the last month would cost, by account, with nothing for what stayed within them (rule 14). The
// lines have no names of accounts. For load to be marked as sustained the report must begin FairUse.Lead months earlier.
func (r UsageReport) Charges(fair FairUse) iter.Seq[Charge] {
	return func(yield func(Charge) bool) {
		var over []bool
		last := len(r) - 1
		for c, months := range r.each(nil) {
			over = overIn(months, fair, over)
			line := Charge{Month: r[last].Month, Customer: c.Number, Currency: fair.Currency, Sustained: sustained(over, fair)}
			if !months[last].charges(line, fair, yield) {
				return
			}
		}
	}
}

// charges yields the lines of an account's month. line has what they share. It reports whether there may be more.
func (t monthTotals) charges(line Charge, fair FairUse, yield func(Charge) bool) bool {
	overTickets, beyond := t.charged(fair)
	for _, l := range []struct {
		kind     ChargeKind
		quantity int
		rate     float64
	}{
		{ChargeTickets, int(t.tickets) - fair.TicketsPerMonth, fair.PerTicket},
		{ChargeMinutesOverTickets, overTickets / 60, fair.PerMinuteOverTickets},
		{ChargeMinutes, beyond / 60, fair.PerMinute},
	} {
		if l.quantity <= 0 {
			continue
		}
		line.Kind, line.Quantity, line.Rate = l.kind, l.quantity, minorUnits(l.rate, fair.Currency)
		line.Amount = line.Rate * int64(l.quantity)
		if !yield(line) {
			return false
		}
	}
	return true
}

// charged returns the seconds of talk of the tickets over the limit, all of it, and the seconds beyond the call limit of the other calls. Where the
// talk of tickets over the limit has no rate, the first is 0, and those calls are among the others: no second is charged twice. A waiver forgives
// the length of a call, and not that its ticket is over the limit (rule 6).
func (t monthTotals) charged(fair FairUse) (overTickets, beyond int) {
	limit := int(fair.CallLimit / time.Second)
	for rest := t.byTicket; len(rest) > 0; {
		ticket, n := binary.Uvarint(rest)
		talk, m := binary.Uvarint(rest[max(0, n):])
		if n <= 0 || m <= 0 {
			break
		}
		rest = rest[n+m:]
		seconds, canBeLong := int(talk/2), talk%2 == 1
		switch {
		case fair.PerMinuteOverTickets > 0 && int(ticket) > fair.TicketsPerMonth:
			overTickets += seconds
		case canBeLong:
			beyond += max(0, seconds-limit)
		}
	}
	return overTickets, beyond
}

// HasRates reports whether anything costs something: without any rate a proposal has figures and no amounts.
func (f FairUse) HasRates() bool {
	return f.PerTicket > 0 || f.PerMinute > 0 || f.PerMinuteOverTickets > 0
}

// ChargeRow is a charge as CSV and tables show it, with the rate and the amount in the currency's main unit.
type ChargeRow struct {
	Month     Month          `json:"month"`
	Customer  CustomerNumber `json:"customer"`
	Account   string         `json:"account"`
	Kind      ChargeKind     `json:"kind"`
	Quantity  int            `json:"quantity"`
	Rate      string         `json:"rate"`
	Amount    string         `json:"amount"`
	Currency  string         `json:"currency"`
	Sustained bool           `json:"sustained"`
}

// ChargeRows returns the lines of a proposal as rows.
func ChargeRows(lines []Charge) []ChargeRow {
	return mapped(lines, func(c Charge) ChargeRow {
		return ChargeRow{
			c.Month, c.Customer, c.Account, c.Kind, c.Quantity, Decimal(c.Rate, c.Currency), Decimal(c.Amount, c.Currency), c.Currency, c.Sustained,
		}
	})
}

// minorUnits returns a rate in the currency's own minor units: no binary fraction is equal to most of them.
func minorUnits(rate float64, currency string) int64 {
	return int64(math.Round(rate * math.Pow10(Decimals(currency))))
}

// Decimals returns the number of decimal places of a currency (ISO 4217).
func Decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// Decimal returns minor units of a currency as people write an amount, without the currency: "12.50".
func Decimal(minor int64, currency string) string {
	places := Decimals(currency)
	if places == 0 {
		return fmt.Sprint(minor)
	}
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	digits := fmt.Sprint(minor)
	digits = strings.Repeat("0", max(0, places+1-len(digits))) + digits
	return sign + digits[:len(digits)-places] + "." + digits[len(digits)-places:]
}

// Proposal holds the cost of a month's load over the limits: the lines, and their sums.
type Proposal struct {
	Lines    []Charge
	Accounts int
	LeftOut  int // accounts that are over a limit, whose load is not sustained, and that nobody asked for
	Kinds    []ChargeSum
	Amount   int64 // of all lines
}

// ChargeSum is the sum of all lines of a kind.
type ChargeSum struct {
	Kind     ChargeKind
	Quantity int
	Amount   int64
}

// Propose sums the lines up, which come account by account: those of accounts under sustained load, or all of them (rule 14).
func Propose(lines iter.Seq[Charge], all bool) Proposal {
	var p Proposal
	var last CustomerNumber
	for l := range lines {
		another := l.Customer != last
		last = l.Customer
		if !l.Sustained && !all {
			p.LeftOut += one(another)
			continue
		}
		p.Accounts += one(another)
		p.Lines = append(p.Lines, l)
		p.add(l)
	}
	slices.SortFunc(p.Kinds, func(a, b ChargeSum) int {
		return cmp.Compare(slices.Index(chargeKinds, a.Kind), slices.Index(chargeKinds, b.Kind))
	})
	return p
}

func (p *Proposal) add(l Charge) {
	p.Amount += l.Amount
	i := slices.IndexFunc(p.Kinds, func(s ChargeSum) bool { return s.Kind == l.Kind })
	if i < 0 {
		i, p.Kinds = len(p.Kinds), append(p.Kinds, ChargeSum{Kind: l.Kind})
	}
	p.Kinds[i].Quantity += l.Quantity
	p.Kinds[i].Amount += l.Amount
}

// ByAccount returns the lines of one account after the other.
func (p Proposal) ByAccount() iter.Seq[AccountCharges] {
	return func(yield func(AccountCharges) bool) {
		for rest := p.Lines; len(rest) > 0; {
			n := 1
			for n < len(rest) && rest[n].Customer == rest[0].Customer {
				n++
			}
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// AccountCharges are the lines of one account.
type AccountCharges []Charge

// Amount returns their sum.
func (a AccountCharges) Amount() (sum int64) {
	for _, l := range a {
		sum += l.Amount
	}
	return sum
}
