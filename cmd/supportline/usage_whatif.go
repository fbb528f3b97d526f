package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// usageWhatif is "usage whatif": past months under other figures.
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

func (w usageWhatif) run(ctx context.Context, s *session) error {
	other, err := w.figures(s.Settings.FairUse)
	if err != nil {
		return err
	}
	months, err := w.months(s)
	if err != nil {
		return err
	}
	before, err := s.usage(ctx, w.Customer, s.thisMonth(), months)
	if err != nil {
		return err
	}
	changed := *s
	changed.Settings.FairUse = other
	after, err := changed.usage(ctx, w.Customer, s.thisMonth(), months)
	if err != nil {
		return err
	}
	return w.show(s, differences(before, after))
}

// figures are the company's with the person's in their place.
func (w usageWhatif) figures(fair policy.FairUse) (policy.FairUse, error) {
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

// months is how many to recompute, the current one included.
func (w usageWhatif) months(s *session) (int, error) {
	if w.Since == "" {
		return max(1, s.Settings.FairUse.SustainedWithin), nil
	}
	first, err := s.month("--since", w.Since)
	if err != nil {
		return 0, err
	}
	n := 1
	for m := s.thisMonth(); m > first && n <= maxMonths; m = m.Plus(-1) {
		n++
	}
	if n > maxMonths {
		return 0, fmt.Errorf("--since %s is too long ago: write %s or a later month", first, s.thisMonth().Plus(1-maxMonths))
	}
	return n, nil
}

// differences are those of the accounts that are on both sides: one that somebody brought in meanwhile is not.
func differences(before, after []store.AccountUsage) []policy.Difference {
	under := map[policy.CustomerNumber][]policy.Usage{}
	for _, a := range after {
		under[a.Customer.Number] = a.Months
	}
	var found []policy.Difference
	for _, b := range before {
		if months, ok := under[b.Customer.Number]; ok {
			found = append(found, policy.Compare(b.Months, months)...)
		}
	}
	return found
}

// difference is an account's month as JSON and CSV. What is under the other figures begins with would.
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

var differenceColumns = []string{
	"month", "customer", "account", "tickets", "ticket_limit", "over_long", "over", "sustained", "would_ticket_limit", "would_over_long",
	"would_over", "would_sustained",
}

func (d difference) cells() []string {
	return []string{
		string(d.Month), string(d.Customer), d.Account, strconv.Itoa(d.Tickets), strconv.Itoa(d.TicketLimit), strconv.Itoa(d.OverLong),
		strconv.FormatBool(d.Over), strconv.FormatBool(d.Sustained), strconv.Itoa(d.WouldLimit), strconv.Itoa(d.WouldOverLong),
		strconv.FormatBool(d.WouldOver), strconv.FormatBool(d.WouldSustained),
	}
}

func (w usageWhatif) show(s *session, found []policy.Difference) error {
	each := func(yield func(difference, error) bool) {
		for _, f := range found {
			b, a := f.Before, f.After
			if !yield(difference{
				b.Month, b.Customer, b.Account, b.Tickets, b.TicketLimit, b.OverLong, b.Over, b.Sustained, a.TicketLimit, a.OverLong, a.Over, a.Sustained,
			}, nil) {
				return
			}
		}
	}
	switch w.Format {
	case "json":
		return writeJSON(s.Out, each)
	case "csv":
		return writeCSV(s.Out, differenceColumns, each, difference.cells)
	}
	t := table{head: []string{"MONTH", "CUSTOMER", "ACCOUNT", "TICKETS", "IS", "WOULD BE"}, right: map[string]bool{"TICKETS": true}}
	accounts := map[policy.CustomerNumber]bool{}
	for _, f := range found {
		accounts[f.Before.Customer] = true
		t.add(string(f.Before.Month), string(f.Before.Customer), f.Before.Account, strconv.Itoa(f.Before.Tickets), within(f.Before), within(f.After))
	}
	if len(t.rows) == 0 {
		fmt.Fprintln(s.Err, "Nobody would have been over or sustained who was not, and nobody was who would not have been.")
		return nil
	}
	err := t.write(s.Out, s.Colour)
	fmt.Fprintf(s.Err, "%s in %s would have been otherwise. Nothing was changed.\n", plural(len(accounts), "account"), plural(len(t.rows), "month"))
	return err
}

// within is a month's standing, in words where there is nothing to say either.
func within(u policy.Usage) string {
	if words := standing(u); words != "" {
		return words
	}
	return "within the limits"
}
