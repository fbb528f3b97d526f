package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
)

// usageWhatif is "usage whatif": past months under other limits.
type usageWhatif struct {
	Limit     []string `placeholder:"NAME=NUMBER" help:"Another figure: tickets, over-long, months, within or training. May be given several times."`
	CallLimit string   `placeholder:"15m" help:"Another call limit."`
	Since     string   `placeholder:"YYYY-MM" help:"The first month (default: as many as sustained load looks at)."`
	Customer  string   `placeholder:"N" help:"This account alone (default: all)."`
	Format    string   `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

// Help shows examples.
func (usageWhatif) Help() string {
	return `Recomputes every month from the log under other figures, and shows each account's month that would have been over or sustained and was not,
or was and would not have been. Nothing is changed.

Examples:

    supportline usage whatif --limit tickets=12 --since 2026-06
    supportline usage whatif --limit tickets=12 --limit over-long=3 --call-limit 15m`
}

// maxMonths bounds a comparison: the log is not older.
const maxMonths = 120

func (w usageWhatif) Run(ctx context.Context, s *control.Session) error {
	other, err := w.limits(s.Settings.FairUse)
	if err != nil {
		return err
	}
	months, err := w.months(s)
	if err != nil {
		return err
	}
	differ, err := s.Accounts().Compare(ctx, policy.CustomerNumber(w.Customer), other, s.ThisMonth(), months)
	if err != nil {
		return unknownCustomer(w.Customer, err)
	}
	return w.show(s, differ)
}

// limits returns the company's limits with the person's in their place.
func (w usageWhatif) limits(fair policy.FairUse) (policy.FairUse, error) {
	texts := w.Limit
	if w.CallLimit != "" {
		texts = append(texts, "call="+w.CallLimit)
	}
	if len(texts) == 0 {
		return fair, errors.New("say what would be different: --limit tickets=12, --limit over-long=3 or --call-limit 15m")
	}
	var limits []policy.Limit
	for _, t := range texts {
		limit, err := policy.ParseLimit(t)
		if err != nil {
			return fair, err
		}
		limits = append(limits, limit)
	}
	return fair.With(limits...)
}

// months returns how many months to recompute, the current one included.
func (w usageWhatif) months(s *control.Session) (int, error) {
	if w.Since == "" {
		return max(1, s.Settings.FairUse.SustainedWithin), nil
	}
	first, err := s.Month("--since", w.Since)
	if err != nil {
		return 0, err
	}
	n := 1
	for m := s.ThisMonth(); m > first && n <= maxMonths; m = m.Plus(-1) {
		n++
	}
	if n > maxMonths {
		return 0, fmt.Errorf("--since %s is too long ago: write %s or a later month", first, s.ThisMonth().Plus(1-maxMonths))
	}
	return n, nil
}

// difference is an account's month as JSON and CSV. The names of what it would be under the other limits begin with would.
type difference struct {
	Month          policy.Month          `json:"month"`
	Customer       policy.CustomerNumber `json:"customer"`
	Account        string                `json:"account"`
	Tickets        int                   `json:"tickets"`
	TicketLimit    int                   `json:"ticket_limit"`
	OverLong       int                   `json:"over_long"`
	Over           bool                  `json:"over"`
	Sustained      bool                  `json:"sustained"`
	WouldLimit     int                   `json:"would_ticket_limit"`
	WouldOverLong  int                   `json:"would_over_long"`
	WouldOver      bool                  `json:"would_over"`
	WouldSustained bool                  `json:"would_sustained"`
}

// show writes the differences in the format that was asked for.
func (w usageWhatif) show(s *control.Session, found []policy.Difference) error {
	rows := make([]difference, len(found))
	for i, f := range found {
		b, a := f.Before, f.After
		rows[i] = difference{
			b.Month, b.Customer, b.Account, b.Tickets, b.TicketLimit, b.OverLong, b.Over, b.Sustained, a.TicketLimit, a.OverLong, a.Over, a.Sustained,
		}
	}
	switch w.Format {
	case "json":
		return policy.WriteJSON(s.Out, control.Each(rows))
	case "csv":
		return policy.WriteCSV(s.Out, control.Each(rows))
	}
	t := control.Table{Head: []string{"MONTH", "CUSTOMER", "ACCOUNT", "TICKETS", "IS", "WOULD BE"}, Right: map[string]bool{"TICKETS": true}}
	accounts := map[policy.CustomerNumber]bool{}
	for _, f := range found {
		accounts[f.Before.Customer] = true
		t.Add(string(f.Before.Month), string(f.Before.Customer), f.Before.Account, strconv.Itoa(f.Before.Tickets), within(f.Before), within(f.After))
	}
	if t.Len() == 0 {
		fmt.Fprintln(s.Err, "Nobody would have been over or sustained who was not, and nobody was who would not have been.")
		return nil
	}
	err := t.Write(s.Out, s.Colour)
	fmt.Fprintf(s.Err, "%s in %s would have been otherwise. Nothing was changed.\n", plural(len(accounts), "account"), plural(t.Len(), "month"))
	return err
}

// within returns a month's standing in words, also where the account was within its limits.
func within(u policy.Usage) string {
	if words := standing(u); words != "" {
		return words
	}
	return "within the limits"
}
