package policy

import (
	"cmp"
	"iter"
	"slices"
)

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
