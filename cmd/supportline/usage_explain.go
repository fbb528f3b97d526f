package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// usageExplain is "usage explain": every call of an account's month, and whether it counted.
type usageExplain struct {
	Customer string `placeholder:"N" help:"The customer number. It must be given."`
	Month    string `placeholder:"YYYY-MM" help:"The month (default: the current one)."`
	Format   string `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

// Help shows an example.
func (usageExplain) Help() string {
	return `Every call of the month, oldest first, counted or not and by which rule. The counted ones add up to the figure.

Example:

    supportline usage explain --customer 204518 --month 2026-11`
}

func (e usageExplain) Run(ctx context.Context, s *control.Session) error {
	if e.Customer == "" {
		return errors.New("name the account: --customer N")
	}
	month, err := s.Month("--month", e.Month)
	if err != nil {
		return err
	}
	number := policy.CustomerNumber(e.Customer)
	a, err := s.Accounts().Months(ctx, number, month, 1)
	if err != nil {
		return unknownCustomer(e.Customer, err)
	}
	summaries, err := s.Store.AccountSummaries(ctx, number, month)
	if err != nil {
		return err
	}
	explained := policy.ExplainUsage(summaries, s.Settings.FairUse)
	switch e.Format {
	case "json":
		return policy.WriteJSON(s.Out, control.Each(policy.CountedRows(explained)))
	case "csv":
		return policy.WriteCSV(s.Out, control.Each(policy.CountedRows(explained)))
	}
	return explainTable(s, a, explained)
}

// explainTable shows the calls in the wall time of the account's home line, which is what decided the month, and the sum under them.
func explainTable(s *control.Session, a store.AccountUsage, explained []policy.Counted) error {
	u, zone := a.Last(), s.Settings.LineZone(a.Customer.Line)
	fmt.Fprintf(s.Out, "%s %s in %s (%s)\n\n", u.Customer, control.Plain(u.Account), u.Month, zone)
	t := control.Table{Head: []string{"STARTED", "TICKET", "TALK", "TICKETS", "NOTES", "RULE", "WHY", "SID"}, Right: map[string]bool{"TALK": true, "TICKETS": true}}
	sum := 0
	for _, row := range policy.CountedRows(explained) {
		sum += one(row.Counted)
		marks := notes(policy.Row{OverLong: row.OverLong, Waived: row.Waived, Training: row.Training})
		t.Add(wall(row.StartedAt, zone), text(row.Ticket), minutes(row.TalkSeconds), fmt.Sprint(one(row.Counted)), marks, row.Rule, row.Why, string(row.SID))
	}
	if t.Len() > 0 {
		if err := t.Write(s.Out, s.Colour); err != nil {
			return err
		}
		fmt.Fprintln(s.Out)
	}
	_, err := fmt.Fprintf(s.Out, "%d of %d tickets, %d over-long. %s\n", sum, u.TicketLimit, u.OverLong, verdict(u))
	return err
}

// verdict returns a month's standing as a sentence.
func verdict(u policy.Usage) string {
	if words := standing(u); words != "" {
		return "The account is " + words + "."
	}
	return "The account is within its limits."
}
