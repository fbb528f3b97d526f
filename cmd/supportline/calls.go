package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/policy"
)

// callsList is "calls": the log.
type callsList struct {
	Since    string        `placeholder:"TIME" help:"Calls that started at this time or later: a date, a date and time, or RFC 3339. Default: 30 days ago."`
	Until    string        `placeholder:"TIME" help:"Calls that started before this time; a date includes its day."`
	Zone     flags.Zone    `default:"UTC" placeholder:"ZONE" help:"The zone of dates, and of the times in the table (default: UTC)."`
	Line     flags.Number  `placeholder:"NUMBER" help:"Calls to this line."`
	Customer string        `placeholder:"N" help:"Calls of this customer number."`
	Intent   flags.Intent  `placeholder:"INTENT" help:"${intents}."`
	Outcome  flags.Outcome `placeholder:"OUTCOME" help:"${outcomes}."`

	flags.CallsChoice
	flags.CallsPages

	Limit  int    `placeholder:"N" help:"At most so many calls, the newest (default: all; with --page 50)."`
	Format string `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

func (callsList) Help() string {
	return examples("",
		"supportline calls",
		"supportline calls --since 2026-11-01 --until 2026-11-30 --zone Europe/London",
		"supportline calls --customer 204518 --outcome served --format csv > calls.csv",
		`supportline calls --text "northwind flex" --over-long`,
		"supportline calls --intent critical --talk-at-least 10m --page",
		"supportline calls --unidentified --since 2026-11-01")
}

func (l callsList) Run(ctx context.Context, s *control.Session) error {
	zone := l.Zone.Location
	filter, err := l.filter(s.Now(), s.Settings)
	if err != nil {
		return err
	}
	found := &listing{calls: s.Store.Calls(ctx, filter), limit: l.Limit, row: s.Store.Rows(ctx, s.Settings)}
	var page policy.Found[policy.Call]
	if l.Paged() {
		which, err := flags.PageOf(l.Limit, l.Older, l.Newer)
		if err != nil {
			return err
		}
		if page, err = s.Store.Search(ctx, filter, which); err != nil {
			return err
		}
		found.calls, found.limit = control.Each(page.List), 0
	}
	if l.Format == "table" {
		err = found.table(s, zone, l.accountColumns(ctx, s))
	} else {
		err = control.Export(s, l.Format, control.Rows(found.each(), func(c shown) (policy.Row, bool) { return c.row, true }))
	}
	if err == nil && l.Paged() {
		flags.TellPage(s.Err, page.Older, page.Newer, page.SearchedTo, zone)
	}
	if err == nil && found.cut {
		fmt.Fprintf(s.Err, "More calls match: these are the newest %d. Give a larger --limit, or none.\n", l.Limit)
	}
	return err
}

// filter returns the selection; one call more than the limit is asked for, to know whether there are more.
func (l callsList) filter(now time.Time, settings policy.Settings) (policy.Filter, error) {
	if l.Limit < 0 {
		return policy.Filter{}, fmt.Errorf("--limit %d: write a number of calls, or leave it out for all", l.Limit)
	}
	when, err := flags.ParsePeriod(l.Since, l.Until, l.Zone.Location, now)
	if err != nil {
		return policy.Filter{}, err
	}
	filter := policy.Filter{
		Since: when.Since, Until: when.Until, Line: policy.Phone(l.Line), Customer: policy.CustomerNumber(l.Customer),
		Intent: policy.Intent(l.Intent), Outcome: policy.Outcome(l.Outcome),
	}
	if err := l.Choose(&filter, settings); err != nil {
		return policy.Filter{}, err
	}
	if l.Limit > 0 {
		filter.Limit = l.Limit + 1
	}
	return filter, nil
}

// listing is calls on their way from the store to a person.
type listing struct {
	calls iter.Seq2[policy.Call, error]
	limit int
	row   func(policy.Call) (policy.Row, error)
	cut   bool // there were more than the limit
}

// shown is a call and the row that it is shown as.
type shown struct {
	call policy.Call
	row  policy.Row
}

func (l *listing) each() iter.Seq2[shown, error] {
	return func(yield func(shown, error) bool) {
		n := 0
		for call, err := range l.calls {
			if n++; l.limit > 0 && n > l.limit {
				l.cut = true
				return
			}
			var row policy.Row
			if err == nil {
				row, err = l.row(call)
			}
			if !yield(shown{call, row}, err) || err != nil {
				return
			}
		}
	}
}

// columns are some columns of a table.
type columns struct {
	heads []string
	cells func(policy.Row) []string
}

// accountColumns are the columns of a call's account. Calls without one have the account that the caller's number is on file of in their place.
func (l callsList) accountColumns(ctx context.Context, s *control.Session) columns {
	if !l.Unidentified {
		return columns{[]string{"CUSTOMER", "ACCOUNT"}, func(r policy.Row) []string { return []string{text(r.Customer), text(r.Account)} }}
	}
	names := map[policy.CustomerNumber]string{}
	return columns{[]string{"ON FILE", "NAME"}, func(r policy.Row) []string {
		if r.OnFile == nil {
			return []string{"", ""}
		}
		if _, known := names[*r.OnFile]; !known {
			c, _ := s.Store.Customer(ctx, *r.OnFile) // one that is no longer in the directory has no name
			names[*r.OnFile] = c.Name
		}
		return []string{text(r.OnFile), names[*r.OnFile]}
	}}
}

func (l *listing) table(s *control.Session, zone *time.Location, account columns) error {
	t := control.Table{
		Head:  slices.Concat([]string{zoned("STARTED", zone), "FROM", "LINE"}, account.heads, []string{"INTENT", "TICKET", "OUTCOME", "WAIT", "TALK", "SPECIALIST", "NOTES", "SID"}),
		Right: map[string]bool{"WAIT": true, "TALK": true},
	}
	return control.Print(s, "table", l.each(), t, func(c shown) []string {
		r := c.row
		return slices.Concat([]string{wall(r.StartedAt, zone), c.call.Caller(), r.Line}, account.cells(r), []string{
			text(r.Intent), text(r.Ticket), ending(c.call, s.Now()), minutes(r.WaitSeconds), minutes(r.TalkSeconds), r.TakenBy(), notes(r), string(r.SID),
		})
	}, "No calls match.")
}

// ending returns how a call ended, or that it has not.
func ending(c policy.Call, now time.Time) string {
	switch {
	case c.Outcome() != "":
		return string(c.Outcome())
	case c.Lost(now):
		return "no end reported"
	}
	return "in progress"
}

// notes returns the marks of a call, in short.
func notes(r policy.Row) string {
	var marks []string
	for _, mark := range []struct {
		set  bool
		name string
	}{{r.Counted, "counted"}, {r.OverLong, "over-long"}, {r.Waived, "waived"}, {r.Training, "training"}} {
		if mark.set {
			marks = append(marks, mark.name)
		}
	}
	return strings.Join(marks, " ")
}

// given returns a value in words, or "" if it is unknown.
func given[T any](v *T, words func(T) string) string {
	if v == nil {
		return ""
	}
	return words(*v)
}

func text[T ~string](v *T) string { return given(v, func(v T) string { return string(v) }) }

// zoned returns the heading of a column of times in a zone: "STARTED (UTC)".
func zoned(head string, zone *time.Location) string { return head + " (" + zone.String() + ")" }

func wall(t *time.Time, zone *time.Location) string {
	return given(t, func(t time.Time) string { return t.In(zone).Format(time.DateTime) })
}

func minutes(n *int) string {
	return given(n, func(n int) string { return fmt.Sprintf("%d:%02d", n/60, n%60) })
}

// callsCount is "calls count": a day by hour and outcome.
type callsCount struct {
	Day    string     `placeholder:"DATE" help:"The day (default: today)."`
	Zone   flags.Zone `default:"UTC" placeholder:"ZONE" help:"The zone of the day (default: UTC)."`
	Format string     `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

func (callsCount) Help() string {
	return examples("", "supportline calls count", "supportline calls count --day 2026-11-23 --zone America/New_York")
}

// hourCount is an hour of a day as JSON.
type hourCount struct {
	From     time.Time              `json:"from"`
	Calls    int                    `json:"calls"`
	Outcomes map[policy.Outcome]int `json:"outcomes"` // those of no outcome are in progress
}

func (c callsCount) Run(ctx context.Context, s *control.Session) error {
	hours, err := c.hours(s.Now())
	if err != nil {
		return err
	}
	counts, err := s.Store.CountCalls(ctx, hours)
	if err != nil {
		return err
	}
	rows := make([]hourCount, len(counts))
	for i, n := range counts {
		rows[i] = hourCount{From: hours[i].UTC(), Calls: n.All(), Outcomes: map[policy.Outcome]int{}}
		for outcome, calls := range n {
			if outcome == "" {
				outcome = policy.InProgress
			}
			rows[i].Outcomes[outcome] = calls
		}
	}
	switch c.Format {
	case "json":
		return policy.WriteJSON(s.Out, control.Each(rows))
	case "csv":
		return c.csv(s.Out, rows)
	}
	return c.table(s, rows)
}

// hours returns the beginnings of a day's hours in the zone and of the next day: 25 as a rule, one more or less where clocks change.
func (c callsCount) hours(now time.Time) ([]time.Time, error) {
	zone := c.Zone.Location
	day := now.In(zone)
	if c.Day != "" {
		at, isDay, err := flags.ParseMoment(c.Day, zone)
		if err != nil || !isDay {
			return nil, fmt.Errorf("--day: %q is not a date: write one such as 2026-11-23", c.Day)
		}
		day = at.In(zone)
	}
	y, m, d := day.Date()
	next := time.Date(y, m, d+1, 0, 0, 0, 0, zone)
	var hours []time.Time
	for at := time.Date(y, m, d, 0, 0, 0, 0, zone); at.Before(next); at = at.Add(time.Hour) {
		hours = append(hours, at)
	}
	return append(hours, next), nil
}

// table shows the hours that had calls, and the outcomes that there were.
func (c callsCount) table(s *control.Session, rows []hourCount) error {
	total := policy.OutcomeCount{}
	for _, r := range rows {
		for outcome, calls := range r.Outcomes {
			total[outcome] += calls
		}
	}
	if total.All() == 0 {
		fmt.Fprintln(s.Err, "No calls on that day.")
		return nil
	}
	t := control.Table{Head: []string{zoned("HOUR", c.Zone.Location), "CALLS"}, Right: map[string]bool{"CALLS": true}}
	var seen []policy.Outcome
	for _, outcome := range flags.Outcomes() {
		if total[outcome] > 0 {
			seen = append(seen, outcome)
			head := strings.ToUpper(string(outcome))
			t.Head, t.Right[head] = append(t.Head, head), true
		}
	}
	line := func(name string, calls int, of map[policy.Outcome]int) {
		cells := []string{name, strconv.Itoa(calls)}
		for _, outcome := range seen {
			cells = append(cells, positive(of[outcome]))
		}
		t.Add(cells...)
	}
	for _, r := range rows {
		if r.Calls > 0 {
			line(r.From.In(c.Zone.Location).Format("15:04"), r.Calls, r.Outcomes)
		}
	}
	line("all", total.All(), total)
	return t.Write(s.Out, s.Colour)
}

// positive returns a figure, or "" for 0.
func positive(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// csv writes the hours, with a column for each outcome.
func (callsCount) csv(w io.Writer, rows []hourCount) error {
	out := csv.NewWriter(w)
	_ = out.Write(append([]string{"from", "calls"}, flags.Names(flags.Outcomes())...)) // its errors come with the last one
	for _, h := range rows {
		cells := []string{h.From.Format(time.RFC3339), strconv.Itoa(h.Calls)}
		for _, outcome := range flags.Outcomes() {
			cells = append(cells, strconv.Itoa(h.Outcomes[outcome]))
		}
		_ = out.Write(cells)
	}
	out.Flush()
	return out.Error()
}
