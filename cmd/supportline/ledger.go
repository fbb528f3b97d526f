package main

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// ledger derives usage from the log under some figures. It keeps no count of its own.
type ledger struct {
	store *store.Store
	fair  policy.FairUse
}

func (s *session) ledger() ledger { return ledger{s.Store, s.Settings.FairUse} }

// account is an account and its months, oldest first.
type account struct {
	customer policy.Customer
	months   []policy.Usage
}

// last is the month that was asked for.
func (a account) last() policy.Usage { return a.months[len(a.months)-1] }

// all are the accounts of the directory, and those in the log that are no longer in it, by number, each with the n months that end with
// last. It passes once over each month's calls, those before the first month included that decide whether load was sustained in it.
func (l ledger) all(ctx context.Context, last policy.Month, n int) ([]account, error) {
	months := monthsTo(last, n+l.lead())
	found := map[policy.CustomerNumber]*account{}
	for c, err := range l.store.Customers(ctx) {
		if err != nil {
			return nil, err
		}
		found[c.Number] = l.unused(c, months)
	}
	for i, month := range months {
		if err := l.pass(ctx, found, months, i, month); err != nil {
			return nil, err
		}
	}
	open, err := l.openCases(ctx)
	if err != nil {
		return nil, err
	}
	accounts := make([]account, 0, len(found))
	for _, number := range slices.Sorted(maps.Keys(found)) {
		accounts = append(accounts, l.settled(*found[number], n, open))
	}
	return accounts, nil
}

// pass fills in one month of every account that has calls in it.
func (l ledger) pass(ctx context.Context, found map[policy.CustomerNumber]*account, months []policy.Month, i int, month policy.Month) error {
	var summaries []policy.CallSummary
	account := func() {
		if len(summaries) == 0 {
			return
		}
		number := summaries[0].Customer
		if found[number] == nil {
			found[number] = l.unused(policy.Customer{Number: number}, months)
		}
		a := found[number]
		a.months[i] = policy.MonthUsage(a.customer, month, summaries, l.fair)
		summaries = summaries[:0]
	}
	for t, err := range l.store.MonthSummaries(ctx, month) {
		if err != nil {
			return err
		}
		if len(summaries) > 0 && summaries[0].Customer != t.Customer {
			account()
		}
		summaries = append(summaries, t)
	}
	account()
	return nil
}

// one is a single account; it reads the calls of its months and no others.
func (l ledger) one(ctx context.Context, number policy.CustomerNumber, last policy.Month, n int) (account, error) {
	customer, err := l.store.Customer(ctx, number)
	if err != nil {
		return account{}, err
	}
	cases, err := l.store.CasesOf(ctx, number)
	if err != nil {
		return account{}, err
	}
	open := map[policy.CustomerNumber]policy.CaseState{}
	for _, c := range cases {
		if c.Open() {
			open[c.Customer] = c.State
		}
	}
	return l.of(ctx, customer, last, n, open)
}

// of is one for a customer and open cases that were read already.
func (l ledger) of(ctx context.Context, c policy.Customer, last policy.Month, n int, open map[policy.CustomerNumber]policy.CaseState) (account, error) {
	months, err := policy.AccountMonths(c, last, n, l.fair, func(m policy.Month) ([]policy.CallSummary, error) {
		return l.store.AccountSummaries(ctx, c.Number, m)
	})
	return underCase(account{c, months}, open), err
}

// these is a month of some customers. It reads the calls of their months and no others.
func (l ledger) these(ctx context.Context, customers []policy.Customer, month policy.Month) ([]policy.Usage, error) {
	open, err := l.openCases(ctx)
	if err != nil {
		return nil, err
	}
	used := make([]policy.Usage, 0, len(customers))
	for _, c := range customers {
		a, err := l.of(ctx, c, month, 1, open)
		if err != nil {
			return nil, err
		}
		used = append(used, a.last())
	}
	return used, nil
}

// since are the months of an account, from the first one to the last, in which specialists took calls of it.
func (l ledger) since(ctx context.Context, number policy.CustomerNumber, first, last policy.Month) ([]policy.Usage, error) {
	used := []policy.Usage{}
	if first == "" {
		return used, nil
	}
	n := 1
	for m := last; m > first; m = m.Plus(-1) {
		n++
	}
	a, err := l.one(ctx, number, last, n)
	if err != nil {
		return nil, err
	}
	for _, u := range a.months {
		if u.Calls > 0 {
			used = append(used, u)
		}
	}
	return used, nil
}

// lead is how many months before the first one decide whether load was sustained in it.
func (l ledger) lead() int { return l.fair.Lead() }

// unused is an account before any call of it was seen.
func (l ledger) unused(c policy.Customer, months []policy.Month) *account {
	a := &account{customer: c}
	for _, month := range months {
		a.months = append(a.months, policy.MonthUsage(c, month, nil, l.fair))
	}
	return a
}

// settled is the account with the last n of its months, each saying whether load was sustained in it and which case is open now.
func (l ledger) settled(a account, n int, open map[policy.CustomerNumber]policy.CaseState) account {
	a.months = policy.MarkSustained(a.months, l.fair)[len(a.months)-n:]
	return underCase(a, open)
}

func underCase(a account, open map[policy.CustomerNumber]policy.CaseState) account {
	if state, under := open[a.customer.Number]; under {
		for i := range a.months {
			a.months[i].Case = &state
		}
	}
	return a
}

// openCases are the accounts under a case, and where it stands.
func (l ledger) openCases(ctx context.Context) (map[policy.CustomerNumber]policy.CaseState, error) {
	cases, err := l.store.OpenCases(ctx)
	return states(cases), err
}

func states(open []policy.CaseHead) map[policy.CustomerNumber]policy.CaseState {
	of := make(map[policy.CustomerNumber]policy.CaseState, len(open))
	for _, c := range open {
		of[c.Customer] = c.State
	}
	return of
}

// accounts gives one account, or all where number is empty, with n months that end with last.
func (s *session) accounts(ctx context.Context, number string, last policy.Month, n int) ([]account, error) {
	if number == "" {
		return s.ledger().all(ctx, last, n)
	}
	a, err := s.ledger().one(ctx, policy.CustomerNumber(number), last, n)
	if err != nil {
		return nil, unknownCustomer(number, err)
	}
	return []account{a}, nil
}

// rows are the months of accounts, month by month, in each by number.
func rows(accounts []account) func(yield func(policy.Usage, error) bool) {
	var all []policy.Usage
	for _, a := range accounts {
		all = append(all, a.months...)
	}
	slices.SortStableFunc(all, func(a, b policy.Usage) int { return cmp.Compare(a.Month, b.Month) })
	return func(yield func(policy.Usage, error) bool) {
		for _, u := range all {
			if !yield(u, nil) {
				return
			}
		}
	}
}
