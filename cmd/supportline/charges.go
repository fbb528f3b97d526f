package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/officernd/supportline/cmd/supportline/control"
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

func (c chargesCommand) Run(ctx context.Context, s *control.Session) error {
	if c.Month == "" {
		return errors.New("name the month: --month YYYY-MM")
	}
	month, err := s.Month("--month", c.Month)
	if err != nil {
		return err
	}
	lines, err := s.Accounts().Charges(ctx, policy.CustomerNumber(c.Customer), month)
	if err != nil {
		return unknownCustomer(c.Customer, err)
	}
	if month == s.ThisMonth() {
		fmt.Fprintf(s.Err, "%s is not over: these figures will grow.\n", month)
	}
	switch c.Format {
	case "json":
		err = policy.WriteJSON(s.Out, control.Each(lines))
	case "csv":
		err = policy.WriteCSV(s.Out, control.Each(policy.ChargeRows(lines)))
	default:
		t := control.Table{Head: policy.Columns[policy.ChargeRow](), Right: map[string]bool{"quantity": true, "rate": true, "amount": true}}
		for _, row := range policy.ChargeRows(lines) {
			t.Add(policy.Cells(row)...)
		}
		err = t.Write(s.Out, s.Colour)
	}
	if err == nil {
		fmt.Fprintln(s.Err, "This is a proposal: nothing was charged.")
	}
	return err
}
