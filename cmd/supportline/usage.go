package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/store/figures"
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

func (usageList) Help() string {
	return examples(`A month is that of a call's start on the account's home line. Every figure follows from the log: nothing
is counted twice or kept apart.`,
		"supportline usage",
		"supportline usage --month 2026-10 --format csv > usage.csv",
		"supportline usage --customer 204518 --trend")
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
	if err := l.show(s, accounts); err != nil || l.Customer != "" {
		return err
	}
	return tellNobody(ctx, s, month)
}

func (l usageList) show(s *control.Session, accounts []figures.Account) error {
	switch {
	case l.Format != "table":
		return control.Export(s, l.Format, control.Each(figures.ByMonth(accounts)))
	case l.Trend && l.Customer != "":
		return accountTrend(s, accounts[0])
	case l.Trend:
		return companyTrend(s, accounts)
	}
	return usageTable(s, accounts, l.Customer != "")
}

// tellNobody prints how many calls of a month were served and are in nobody's usage. Such a call has no account, whose home line would decide its month
// (rule 4): the line that was dialled does.
func tellNobody(ctx context.Context, s *control.Session, month policy.Month) error {
	lines, err := s.Store.CountNobody(ctx, month, s.Settings.LineZone)
	n := policy.CountNobody(lines)
	if err != nil || n.Calls == 0 {
		return err
	}
	from, to := month.Bounds(time.UTC)
	fmt.Fprintf(s.Err, "Served to nobody in %s: %s without an account, %d of them from a number on file of one.\n"+
		"supportline calls --unidentified --since %s --until %s lists them, \"calls attach\" gives one to its account.\n",
		month, control.Plural(n.Calls, "call"), n.OnFile, from.Format(time.DateOnly), to.AddDate(0, 0, -1).Format(time.DateOnly))
	return nil
}

// usageTable writes a table without the accounts that have nothing to show. With single there is one account, which is shown all the same.
func usageTable(s *control.Session, accounts []figures.Account, single bool) error {
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
		fmt.Fprintf(s.Err, "%s without served calls.\n", control.Plural(left, "account"))
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
func accountTrend(s *control.Session, a figures.Account) error {
	fmt.Fprintf(s.Out, "%s %s: tickets a month, limit %d\n\n", a.Customer.Number, control.Plain(a.Customer.Name), a.Last().TicketLimit)
	bars := make([]control.ChartRow, len(a.Months))
	for i, u := range a.Months {
		bars[i] = control.ChartRow{Name: string(u.Month), Value: u.Tickets, Words: standing(u)}
	}
	return control.WriteChart(s.Out, bars, a.Last().TicketLimit)
}

// companyTrend draws the tickets of all accounts together, with how many were over.
func companyTrend(s *control.Session, accounts []figures.Account) error {
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
func usageOf(ctx context.Context, s *control.Session, number string, last policy.Month, n int) ([]figures.Account, error) {
	if number == "" {
		return s.Accounts().AllMonths(ctx, last, n)
	}
	a, err := s.Accounts().Months(ctx, policy.CustomerNumber(number), last, n)
	if err != nil {
		return nil, flags.Absent(number, err)
	}
	return []figures.Account{a}, nil
}

// usageExplain is "usage explain": every call of an account's month, and whether it counted.
type usageExplain struct {
	Customer string `placeholder:"N" help:"The customer number. It must be given."`
	Month    string `placeholder:"YYYY-MM" help:"The month (default: the current one)."`
	Format   string `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

func (usageExplain) Help() string {
	return examples(`Every call of the month, oldest first, counted or not and by which rule. The counted ones add up to the
figure.`,
		"supportline usage explain --customer 204518 --month 2026-11")
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
		return flags.Absent(e.Customer, err)
	}
	summaries, err := s.Store.AccountSummaries(ctx, number, month)
	if err != nil {
		return err
	}
	explained := policy.ExplainUsage(summaries, s.Settings.FairUse)
	if e.Format == "csv" {
		return control.Export(s, e.Format, control.Each(policy.CountedRows(explained)))
	}
	story, err := storyOf(ctx, s, a, explained)
	if err != nil {
		return err
	}
	if e.Format == "json" {
		return control.Export(s, e.Format, control.Each(remedy.Explained(explained, story)))
	}
	if err := explainTable(s, a, explained); err != nil || len(story) == 0 {
		return err
	}
	zone := s.Settings.LineZone(a.Customer.Line)
	fmt.Fprintln(s.Out)
	t := control.Table{Head: []string{zoned("AT", zone), "SAID AND OFFERED", "SID"}}
	for _, said := range story {
		t.Add(wall(&said.At, zone), control.Plain(said.Text), string(said.Call))
	}
	return t.Write(s.Out, s.Colour)
}

// storyOf returns what people said about the calls of a month, what was offered on them, and what letters of the month offered.
func storyOf(ctx context.Context, s *control.Session, a figures.Account, explained []policy.Counted) ([]remedy.Entry, error) {
	offers, err := s.Store.OffersTo(ctx, a.Customer.Number)
	if err != nil {
		return nil, err
	}
	zone := s.Settings.LineZone(a.Customer.Line)
	offers = slices.DeleteFunc(offers, func(o remedy.Offer) bool { return o.Call != "" || policy.MonthOf(o.At, zone) != a.Last().Month })
	var calls []policy.Call
	for _, c := range explained {
		call, err := s.Store.Call(ctx, c.SID)
		if errors.Is(err, policy.ErrNoCall) { // its time is over since
			continue
		}
		on, failed := s.Store.OffersOf(ctx, c.SID)
		if err := cmp.Or(err, failed); err != nil {
			return nil, err
		}
		calls, offers = append(calls, call), append(offers, on...)
	}
	return remedy.Story(calls, offers), nil
}

// explainTable shows the calls in the wall time of the account's home line, which is what decided the month, and the sum under them.
func explainTable(s *control.Session, a figures.Account, explained []policy.Counted) error {
	u, zone := a.Last(), s.Settings.LineZone(a.Customer.Line)
	fmt.Fprintf(s.Out, "%s %s in %s (%s)\n\n", u.Customer, control.Plain(u.Account), u.Month, zone)
	t := control.Table{Head: []string{zoned("STARTED", zone), "TICKET", "TALK", "TICKETS", "NOTES", "RULE", "WHY", "SID"}, Right: map[string]bool{"TALK": true, "TICKETS": true}}
	sum := 0
	for _, row := range policy.CountedRows(explained) {
		sum += one(row.Counted)
		marks := notes(policy.Row{OverLong: row.OverLong, Waived: row.Waived, Training: row.Training})
		if row.OverTickets {
			marks = strings.TrimSpace(marks + " over-limit")
		}
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
	return "The account is " + cmp.Or(standing(u), "within its limits") + "."
}

// usageWhatif is "usage whatif": past months under other limits.
type usageWhatif struct {
	Limit     []string `placeholder:"NAME=NUMBER" help:"Another figure: tickets, over-long, months, within or training. May be given several times."`
	CallLimit string   `placeholder:"15m" help:"Another call limit."`
	Since     string   `placeholder:"YYYY-MM" help:"The first month (default: as many as sustained load looks at)."`
	Customer  string   `placeholder:"N" help:"This account alone (default: all)."`
	Format    string   `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

func (usageWhatif) Help() string {
	return examples(`Recomputes every month from the log under other figures, and shows each account's month that would have
been over or sustained and was not, or was and would not have been. Nothing is changed.`,
		"supportline usage whatif --limit tickets=12 --since 2026-06",
		"supportline usage whatif --limit tickets=12 --limit over-long=3 --call-limit 15m")
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
		return flags.Absent(w.Customer, err)
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
	n := s.ThisMonth().Since(first)
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
	if w.Format != "table" {
		rows := make([]difference, len(found))
		for i, f := range found {
			b, a := f.Before, f.After
			rows[i] = difference{
				b.Month, b.Customer, b.Account, b.Tickets, b.TicketLimit, b.OverLong, b.Over, b.Sustained, a.TicketLimit, a.OverLong, a.Over, a.Sustained,
			}
		}
		return control.Export(s, w.Format, control.Each(rows))
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
	fmt.Fprintf(s.Err, "%s in %s would have been otherwise. Nothing was changed.\n", control.Plural(len(accounts), "account"), control.Plural(t.Len(), "month"))
	return err
}

// within returns a month's standing in words, also where the account was within its limits.
func within(u policy.Usage) string {
	return cmp.Or(standing(u), "within the limits")
}
