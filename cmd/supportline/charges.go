package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/policy"
)

// chargesCommand is "charges": what a month's load over the limits would cost.
type chargesCommand struct {
	Month    string `placeholder:"YYYY-MM" help:"The month. It must be given."`
	Customer string `placeholder:"N" help:"This account alone (default: all)."`
	All      bool   `help:"Accounts whose load is not sustained as well."`
	Format   string `enum:"csv,table,json" default:"csv" placeholder:"FORMAT" help:"csv, table or json."`
}

func (chargesCommand) Help() string {
	return examples(`A proposal for accounting: the tickets over the limit, the minutes of talk of those tickets, and the minutes
over the call limit, at your rates, for the accounts whose load is sustained. Nothing is ever charged by itself; a person
moves the account's case to charged. Amounts are in the currency's main unit; the table has the sum of each account.`,
		"supportline charges --month 2026-10 > charges.csv",
		"supportline charges --month 2026-10 --all --format table")
}

func (c chargesCommand) Run(ctx context.Context, s *control.Session) error {
	if c.Month == "" {
		return errors.New("name the month: --month YYYY-MM")
	}
	month, err := s.Month("--month", c.Month)
	if err != nil {
		return err
	}
	proposal, err := s.Accounts().Charges(ctx, policy.CustomerNumber(c.Customer), month, c.All)
	if err != nil {
		return flags.Absent(c.Customer, err)
	}
	switch c.Format {
	case "json":
		err = policy.WriteJSON(s.Out, control.Each(proposal.Lines))
	case "csv":
		err = policy.WriteCSV(s.Out, control.Each(policy.ChargeRows(proposal.Lines)))
	default:
		err = chargesTable(s, proposal)
	}
	if err == nil {
		c.sumUp(s, month, proposal)
	}
	return err
}

// chargesTable shows the lines, and under those of an account with several their sum.
func chargesTable(s *control.Session, proposal policy.Proposal) error {
	t := control.Table{Head: policy.Columns[policy.ChargeRow](), Right: map[string]bool{"quantity": true, "rate": true, "amount": true}}
	for lines := range proposal.ByAccount() {
		for _, row := range policy.ChargeRows(lines) {
			t.Add(policy.Cells(row)...)
		}
		if l := lines[0]; len(lines) > 1 {
			sum := policy.Decimal(lines.Amount(), l.Currency)
			t.Add(string(l.Month), string(l.Customer), l.Account, "in all", "", "", sum, l.Currency, strconv.FormatBool(l.Sustained))
		}
	}
	if t.Len() == 0 {
		return nil
	}
	return t.Write(s.Out, s.Colour)
}

// sumUp prints on standard error what the lines come to, and what a reader of them must know.
func (c chargesCommand) sumUp(s *control.Session, month policy.Month, p policy.Proposal) {
	fair := s.Settings.FairUse
	if month == s.ThisMonth() {
		fmt.Fprintf(s.Err, "%s is not over: these figures will grow.\n", month)
	}
	switch {
	case p.Accounts > 0:
		fmt.Fprintf(s.Err, "%s, %s %s in all: %s.\n", control.Plural(p.Accounts, "account"), policy.Decimal(p.Amount, fair.Currency), fair.Currency, kindSums(p, fair.Currency))
	case p.LeftOut > 0:
		fmt.Fprintf(s.Err, "No account is under sustained load in %s.\n", month)
	default:
		fmt.Fprintf(s.Err, "Nothing is over a limit in %s.\n", month)
	}
	if p.LeftOut > 0 {
		fmt.Fprintf(s.Err, "Left out: %s over a limit without sustained load. --all lists them too.\n", control.Plural(p.LeftOut, "account"))
	}
	if !fair.HasRates() {
		fmt.Fprintln(s.Err, "No rate is set, so every amount is 0: set per_ticket, per_minute_over_tickets or per_minute in fair_use.charges of the configuration.")
	}
	fmt.Fprintln(s.Err, "This is a proposal: nothing was charged.")
}

// kindSums returns the sums of the kinds in words.
func kindSums(p policy.Proposal, currency string) string {
	var sums []string
	for _, k := range p.Kinds {
		sums = append(sums, fmt.Sprintf("%d %s %s", k.Quantity, k.Kind.Words(), policy.Decimal(k.Amount, currency)))
	}
	return strings.Join(sums, ", ")
}
