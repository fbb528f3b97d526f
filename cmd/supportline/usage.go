package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// trendMonths is how far back a trend looks.
const trendMonths = 12

// usageList is "usage": what accounts used in a month.
type usageList struct {
	Month    string `placeholder:"YYYY-MM" help:"The month (default: the current one)."`
	Customer string `placeholder:"N" help:"This account alone (default: all)."`
	Trend    bool   `help:"The twelve months that end with the month, as a chart."`
	Format   string `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

// Help shows examples.
func (usageList) Help() string {
	return `A month is that of a call's start on the account's home line. Every figure follows from the log: nothing is counted twice or kept apart.

Examples:

    supportline usage
    supportline usage --month 2026-10 --format csv > usage.csv
    supportline usage --customer 204518 --trend`
}

func (l usageList) Run(ctx context.Context, s *control.Session) error {
	month, err := s.Month("--month", l.Month)
	if err != nil {
		return err
	}
	n := 1
	if l.Trend {
		n = trendMonths
	}
	accounts, err := usageOf(ctx, s, l.Customer, month, n)
	if err != nil {
		return err
	}
	switch {
	case l.Format == "json":
		return policy.WriteJSON(s.Out, control.Each(store.ByMonth(accounts)))
	case l.Format == "csv":
		return policy.WriteCSV(s.Out, control.Each(store.ByMonth(accounts)))
	case l.Trend && l.Customer != "":
		return accountTrend(s, accounts[0])
	case l.Trend:
		return companyTrend(s, accounts)
	}
	return usageTable(s, accounts, l.Customer != "")
}

// usageTable writes a table without the accounts that have nothing to show. With single there is one account, which is shown all the same.
func usageTable(s *control.Session, accounts []store.AccountUsage, single bool) error {
	t := control.Table{
		Head:  []string{"MONTH", "CUSTOMER", "ACCOUNT", "TICKETS", "LIMIT", "CALLS", "TALK", "OVER-LONG", "WAIVED", "TRAINING", "STANDING", "CASE"},
		Right: map[string]bool{"TICKETS": true, "LIMIT": true, "CALLS": true, "TALK": true, "OVER-LONG": true, "WAIVED": true, "TRAINING": true},
	}
	left := 0
	for _, a := range accounts {
		u := a.Last()
		if u.Calls == 0 && !u.Sustained && u.Case == nil && !single {
			left++
			continue
		}
		t.Add(string(u.Month), string(u.Customer), u.Account, strconv.Itoa(u.Tickets), strconv.Itoa(u.TicketLimit), strconv.Itoa(u.Calls),
			minutes(&u.TalkSeconds), strconv.Itoa(u.OverLong), strconv.Itoa(u.Waived), strconv.Itoa(u.Training), standing(u), text(u.Case))
	}
	if t.Len() > 0 {
		if err := t.Write(s.Out, s.Colour); err != nil {
			return err
		}
	}
	if left > 0 {
		fmt.Fprintf(s.Err, "%s without served calls.\n", plural(left, "account"))
	}
	if len(accounts) == 0 {
		fmt.Fprintln(s.Err, "There are no accounts yet: \"supportline customers import FILE.csv\" brings them in.")
	}
	return nil
}

// standing returns in words whether a month was over, and by what, and whether load is sustained; "" where there is neither.
func standing(u policy.Usage) string {
	words := ""
	switch {
	case u.Sustained && u.Over:
		words = "over, sustained"
	case u.Sustained:
		words = "sustained"
	case u.Over:
		words = "over"
	}
	if by := u.OverBy(); len(by) > 0 {
		words += ": " + strings.Join(by, "; ")
	}
	return words
}

// accountTrend draws an account's tickets against its limit.
func accountTrend(s *control.Session, a store.AccountUsage) error {
	fmt.Fprintf(s.Out, "%s %s: tickets a month, limit %d\n\n", a.Customer.Number, control.Plain(a.Customer.Name), a.Last().TicketLimit)
	bars := make([]control.ChartRow, len(a.Months))
	for i, u := range a.Months {
		bars[i] = control.ChartRow{Name: string(u.Month), Value: u.Tickets, Words: standing(u)}
	}
	return control.WriteChart(s.Out, bars, a.Last().TicketLimit)
}

// companyTrend draws the tickets of all accounts together, with how many were over.
func companyTrend(s *control.Session, accounts []store.AccountUsage) error {
	fmt.Fprintf(s.Out, "All accounts: tickets a month\n\n")
	bars := make([]control.ChartRow, trendMonths)
	for i := range bars {
		over, sustained := 0, 0
		for _, a := range accounts {
			u := a.Months[i]
			bars[i].Name = string(u.Month)
			bars[i].Value += u.Tickets
			over += one(u.Over)
			sustained += one(u.Sustained)
		}
		bars[i].Words = fmt.Sprintf("%d over, %d sustained", over, sustained)
	}
	return control.WriteChart(s.Out, bars, 0)
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// usageOf returns one account, or all where number is empty, with n months that end with last.
func usageOf(ctx context.Context, s *control.Session, number string, last policy.Month, n int) ([]store.AccountUsage, error) {
	if number == "" {
		return s.Accounts().AllMonths(ctx, last, n)
	}
	a, err := s.Accounts().Months(ctx, policy.CustomerNumber(number), last, n)
	if err != nil {
		return nil, unknownCustomer(number, err)
	}
	return []store.AccountUsage{a}, nil
}
