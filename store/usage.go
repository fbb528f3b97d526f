package store

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/officernd/supportline/policy"
)

// Accounts is the directory with what its accounts used, derived from the log under the limits of FairUse whenever it is asked.
type Accounts struct {
	*Store
	FairUse policy.FairUse
}

// AccountUsage is an account and its months, oldest first. An account that is in the log alone has no name.
type AccountUsage struct {
	Customer policy.Customer
	Months   []policy.Usage
}

// Last returns the latest month.
func (a AccountUsage) Last() policy.Usage { return a.Months[len(a.Months)-1] }

// Usage returns what an account used in a month, and whether load was sustained in it. The error is policy.ErrNoCustomer, or internal.
func (a Accounts) Usage(ctx context.Context, number policy.CustomerNumber, month policy.Month) (policy.Usage, error) {
	found, err := a.Months(ctx, number, month, 1)
	if err != nil {
		return policy.Usage{}, err
	}
	return found.Last(), nil
}

// UsageAfter returns the same for at most limit customers with numbers after one, by number; next is where to go on, "" at the end.
func (a Accounts) UsageAfter(ctx context.Context, month policy.Month, limit int, after policy.CustomerNumber) (used []policy.Usage, next policy.CustomerNumber, err error) {
	customers, next, err := a.SearchCustomers(ctx, policy.Text{}, limit, after)
	if err != nil {
		return nil, "", err
	}
	for _, c := range customers {
		months, err := a.MonthsOf(ctx, c, month, 1)
		if err != nil {
			return nil, "", err
		}
		used = append(used, months...)
	}
	return used, next, nil
}

// Months returns an account of the directory with the n months that end with last. It reads the calls of these months and of those before them
// that decide whether load was sustained, and no others. The error is policy.ErrNoCustomer, or internal.
func (a Accounts) Months(ctx context.Context, number policy.CustomerNumber, last policy.Month, n int) (AccountUsage, error) {
	c, err := a.Customer(ctx, number)
	if err != nil {
		return AccountUsage{}, err
	}
	months, err := a.MonthsOf(ctx, c, last, n)
	return AccountUsage{c, months}, err
}

// MonthsOf is Months for a customer that was read already.
func (a Accounts) MonthsOf(ctx context.Context, c policy.Customer, last policy.Month, n int) ([]policy.Usage, error) {
	months, err := policy.AccountMonths(c, last, n, a.FairUse, func(m policy.Month) ([]policy.CallSummary, error) {
		return a.AccountSummaries(ctx, c.Number, m)
	})
	if err != nil {
		return nil, err
	}
	cases, err := a.CasesOf(ctx, c.Number)
	for _, found := range cases {
		if found.Open() {
			setCase(months, found.State)
		}
	}
	return months, err
}

// UsageSince returns the months of an account from first to last in which specialists took calls of it; none where first is "".
func (a Accounts) UsageSince(ctx context.Context, number policy.CustomerNumber, first, last policy.Month) ([]policy.Usage, error) {
	if first == "" {
		return []policy.Usage{}, nil
	}
	n := 1
	for m := last; m > first; m = m.Plus(-1) {
		n++
	}
	found, err := a.Months(ctx, number, last, n)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found.Months, func(u policy.Usage) bool { return u.Calls == 0 }), nil
}

// AllMonths returns the accounts of the directory, and those in the log that are no longer in it, by number, each with the n months that end
// with last. It passes once over the calls of each month.
func (a Accounts) AllMonths(ctx context.Context, last policy.Month, n int) ([]AccountUsage, error) {
	months := monthsTo(last, n+a.FairUse.Lead())
	found := map[policy.CustomerNumber]*AccountUsage{}
	for c, err := range a.Customers(ctx) {
		if err != nil {
			return nil, err
		}
		found[c.Number] = a.unused(c, months)
	}
	for i, month := range months {
		if err := a.pass(ctx, found, months, i, month); err != nil {
			return nil, err
		}
	}
	open, err := a.openStates(ctx)
	if err != nil {
		return nil, err
	}
	accounts := make([]AccountUsage, 0, len(found))
	for _, number := range slices.Sorted(maps.Keys(found)) {
		account := *found[number]
		account.Months = policy.MarkSustained(account.Months, a.FairUse)[len(months)-n:]
		setCase(account.Months, open[number])
		accounts = append(accounts, account)
	}
	return accounts, nil
}

// pass fills in one month of every account that has calls in it.
func (a Accounts) pass(ctx context.Context, found map[policy.CustomerNumber]*AccountUsage, months []policy.Month, i int, month policy.Month) error {
	var summaries []policy.CallSummary
	account := func() {
		if len(summaries) == 0 {
			return
		}
		number := summaries[0].Customer
		if found[number] == nil {
			found[number] = a.unused(policy.Customer{Number: number}, months)
		}
		found[number].Months[i] = policy.MonthUsage(found[number].Customer, month, summaries, a.FairUse)
		summaries = summaries[:0]
	}
	for t, err := range a.MonthSummaries(ctx, month) {
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

// unused is an account before any call of it was seen.
func (a Accounts) unused(c policy.Customer, months []policy.Month) *AccountUsage {
	account := &AccountUsage{Customer: c}
	for _, month := range months {
		account.Months = append(account.Months, policy.MonthUsage(c, month, nil, a.FairUse))
	}
	return account
}

// Rows returns a function that shows a call as a row of a listing, with whether it adds a phone ticket. The function is for one goroutine.
func (a Accounts) Rows(ctx context.Context) func(policy.Call) (policy.Row, error) {
	counts := a.TicketCounter(ctx)
	return func(c policy.Call) (policy.Row, error) {
		counted, err := counts(c)
		if err != nil {
			return policy.Row{}, err
		}
		return c.Row(a.FairUse, counted), nil
	}
}

// Describe writes into months what the directory and the open cases say of their accounts: name, home line and the state of the case.
func (s *Store) Describe(ctx context.Context, months []policy.Usage) error {
	open, err := s.openStates(ctx)
	if err != nil {
		return err
	}
	for i, u := range months {
		c, err := s.Customer(ctx, u.Customer)
		if err != nil && !errors.Is(err, policy.ErrNoCustomer) {
			return err
		}
		months[i].Account, months[i].Line = c.Name, c.Line.Full()
		setCase(months[i:i+1], open[u.Customer])
	}
	return nil
}

// openStates returns the states of the open cases by account.
func (s *Store) openStates(ctx context.Context) (map[policy.CustomerNumber]policy.CaseState, error) {
	cases, err := s.OpenCases(ctx)
	states := make(map[policy.CustomerNumber]policy.CaseState, len(cases))
	for _, c := range cases {
		states[c.Customer] = c.State
	}
	return states, err
}

// setCase writes the state of an account's open case, if there is one, into its months.
func setCase(months []policy.Usage, state policy.CaseState) {
	if state == "" {
		return
	}
	for i := range months {
		months[i].Case = &state
	}
}

// monthsTo returns n months that end with last, oldest first.
func monthsTo(last policy.Month, n int) []policy.Month {
	months := make([]policy.Month, n)
	for i := range months {
		months[i] = last.Plus(i - n + 1)
	}
	return months
}

// ByMonth returns the months of accounts, oldest first, those of one month by number.
func ByMonth(accounts []AccountUsage) []policy.Usage {
	var all []policy.Usage
	for _, a := range accounts {
		all = append(all, a.Months...)
	}
	slices.SortStableFunc(all, func(a, b policy.Usage) int { return cmp.Compare(a.Month, b.Month) })
	return all
}
