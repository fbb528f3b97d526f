// Package figures is what accounts used, derived from the log whenever it is asked. Nothing is counted or stored here.
package figures

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// Accounts is the directory with what its accounts used, derived from the log under the limits of FairUse whenever it is asked.
type Accounts struct {
	*store.Store
	FairUse policy.FairUse
}

// Account is an account and its months, oldest first. An account that is in the log alone has no name.
type Account struct {
	Customer policy.Customer
	Months   []policy.Usage
}

// Last returns the latest month.
func (a Account) Last() policy.Usage { return a.Months[len(a.Months)-1] }

// Usage returns what an account of the directory used in a month. The error is policy.ErrNoCustomer, or internal.
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
func (a Accounts) Months(ctx context.Context, number policy.CustomerNumber, last policy.Month, n int) (Account, error) {
	c, err := a.Customer(ctx, number)
	if err != nil {
		return Account{}, err
	}
	months, err := a.MonthsOf(ctx, c, last, n)
	return Account{c, months}, err
}

// MonthsOf is Months for a customer that was read already.
func (a Accounts) MonthsOf(ctx context.Context, c policy.Customer, last policy.Month, n int) ([]policy.Usage, error) {
	report, err := a.accountReport(ctx, c.Number, last, n+a.FairUse.Lead())
	if err != nil {
		return nil, err
	}
	months := report.Account(c, n, a.FairUse)
	cases, err := a.CasesOf(ctx, c.Number)
	if i := slices.IndexFunc(cases, policy.Case.Open); i >= 0 { // there is never more than one
		setCase(months, cases[i].State)
	}
	return months, err
}

// UsageSince returns the months of an account from first to last in which specialists took calls of it; none where first is "".
func (a Accounts) UsageSince(ctx context.Context, number policy.CustomerNumber, first, last policy.Month) ([]policy.Usage, error) {
	if first == "" {
		return []policy.Usage{}, nil
	}
	found, err := a.Months(ctx, number, last, max(1, last.Since(first)))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found.Months, func(u policy.Usage) bool { return u.Calls == 0 }), nil
}

// AllMonths returns the accounts of the directory, and those in the log that are no longer in it, by number, each with the n months that end
// with last. It passes once over the calls of each month.
func (a Accounts) AllMonths(ctx context.Context, last policy.Month, n int) ([]Account, error) {
	var directory []policy.Customer
	for c, err := range a.Customers(ctx) {
		if err != nil {
			return nil, err
		}
		directory = append(directory, c)
	}
	report, err := a.report(ctx, "", last, n+a.FairUse.Lead())
	if err != nil {
		return nil, err
	}
	open, err := openStates(ctx, a.Store)
	if err != nil {
		return nil, err
	}
	accounts := make([]Account, 0, len(directory))
	for c, months := range report.Accounts(directory, n, a.FairUse) {
		setCase(months, open[c.Number])
		accounts = append(accounts, Account{c, months})
	}
	return accounts, nil
}

// Charges returns what the load of an account in a month, or of all accounts where number is "", would cost, with the names of accounts: that of
// accounts under sustained load, or of all that are over a limit.
func (a Accounts) Charges(ctx context.Context, number policy.CustomerNumber, month policy.Month, all bool) (policy.Proposal, error) {
	report, err := a.report(ctx, number, month, 1+a.FairUse.Lead())
	if err != nil {
		return policy.Proposal{}, err
	}
	proposal := policy.Propose(report.Charges(a.FairUse), all)
	for i, line := range proposal.Lines {
		if proposal.Lines[i].Account, err = nameOf(ctx, a.Store, line.Customer); err != nil {
			return policy.Proposal{}, err
		}
	}
	return proposal, nil
}

// Compare returns what would be otherwise under other limits in the n months that end with last: of an account, or of all where number is "",
// with the names of accounts.
func (a Accounts) Compare(ctx context.Context, number policy.CustomerNumber, other policy.FairUse, last policy.Month, n int) ([]policy.Difference, error) {
	report, err := a.report(ctx, number, last, n+max(a.FairUse.Lead(), other.Lead()))
	if err != nil {
		return nil, err
	}
	differ := report.Compare(a.FairUse, other, n, math.MaxInt).Differ
	for i, d := range differ {
		name, err := nameOf(ctx, a.Store, d.Before.Customer)
		if err != nil {
			return nil, err
		}
		differ[i].Before.Account, differ[i].After.Account = name, name
	}
	return differ, nil
}

// report returns the n months that end with last of an account of the directory, or of all accounts where number is "".
func (a Accounts) report(ctx context.Context, number policy.CustomerNumber, last policy.Month, n int) (policy.UsageReport, error) {
	if number != "" {
		if _, err := a.Customer(ctx, number); err != nil {
			return nil, err
		}
		return a.accountReport(ctx, number, last, n)
	}
	var report policy.UsageReport
	for _, m := range monthsTo(last, n) {
		month, err := policy.NewMonthReport(m, a.MonthSummaries(ctx, m), a.Now())
		if err != nil {
			return nil, err
		}
		report = append(report, month)
	}
	return report, nil
}

// accountReport returns the n months of an account that end with last. It reads the calls of these months and no others.
func (a Accounts) accountReport(ctx context.Context, number policy.CustomerNumber, last policy.Month, n int) (policy.UsageReport, error) {
	return policy.AccountReport(number, last, n, func(m policy.Month) ([]policy.CallSummary, error) {
		return a.AccountSummaries(ctx, number, m)
	})
}

// nameOf returns the name of an account; "" for one that is no longer in the directory.
func nameOf(ctx context.Context, s *store.Store, number policy.CustomerNumber) (string, error) {
	c, err := s.Customer(ctx, number)
	if errors.Is(err, policy.ErrNoCustomer) {
		return "", nil
	}
	return c.Name, err
}

// describe writes into months what the directory and the open cases say of their accounts: name, home line and the state of the case.
func describe(ctx context.Context, s *store.Store, months []policy.Usage) error {
	open, err := openStates(ctx, s)
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
func openStates(ctx context.Context, s *store.Store) (map[policy.CustomerNumber]policy.CaseState, error) {
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
func ByMonth(accounts []Account) []policy.Usage {
	var all []policy.Usage
	for _, a := range accounts {
		all = append(all, a.Months...)
	}
	slices.SortStableFunc(all, func(a, b policy.Usage) int { return cmp.Compare(a.Month, b.Month) })
	return all
}
