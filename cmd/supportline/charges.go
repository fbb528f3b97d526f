package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/officernd/supportline/policy"
)

// chargesCommand is "charges": what a month's load over the limits would cost.
type chargesCommand struct {
	Month    string `placeholder:"YYYY-MM" help:"The month. It must be given."`
	Customer string `placeholder:"N" help:"This account alone (default: all)."`
	Format   string `enum:"csv,table,json" default:"csv" placeholder:"FORMAT" help:"csv, table or json."`
}

// Help shows an example.
func (chargesCommand) Help() string {
	return `A proposal for accounting: the tickets over the limit and the minutes over the call limit, at your rates. Nothing is ever charged by itself; a
person moves the account's case to charged. Amounts are in the currency's main unit.

Example:

    supportline charges --month 2026-10 > charges.csv`
}

func (c chargesCommand) run(ctx context.Context, s *session) error {
	if c.Month == "" {
		return errors.New("name the month: --month YYYY-MM")
	}
	month, err := s.month("--month", c.Month)
	if err != nil {
		return err
	}
	lines, err := c.lines(ctx, s, month)
	if err != nil {
		return err
	}
	if month == s.thisMonth() {
		fmt.Fprintf(s.Err, "%s is not over: these figures will grow.\n", month)
	}
	each := func(yield func(policy.Charge, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
	}
	switch c.Format {
	case "json":
		err = writeJSON(s.Out, each)
	case "csv":
		err = writeCSV(s.Out, policy.ChargeColumns(), each, policy.Charge.Cells)
	default:
		t := table{head: policy.ChargeColumns(), right: map[string]bool{"quantity": true, "rate": true, "amount": true}}
		for _, l := range lines {
			t.add(l.Cells()...)
		}
		err = t.write(s.Out, s.Colour)
	}
	if err == nil {
		fmt.Fprintln(s.Err, "This is a proposal: nothing was charged.")
	}
	return err
}

// lines are the charges of the accounts that were over in the month, by account.
func (c chargesCommand) lines(ctx context.Context, s *session, month policy.Month) ([]policy.Charge, error) {
	accounts, err := s.usage(ctx, c.Customer, month, 1)
	if err != nil {
		return nil, err
	}
	var lines []policy.Charge
	for _, a := range accounts {
		if a.Last().Calls == 0 {
			continue
		}
		summaries, err := s.Store.AccountSummaries(ctx, a.Customer.Number, month)
		if err != nil {
			return nil, err
		}
		lines = append(lines, policy.Charges(a.Last(), summaries, s.Settings.FairUse)...)
	}
	return lines, nil
}
