package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
)

// callsCount is "calls count": a day by hour and outcome.
type callsCount struct {
	Day    string `placeholder:"DATE" help:"The day (default: today)."`
	Zone   string `default:"UTC" placeholder:"ZONE" help:"The zone of the day (default: UTC)."`
	Format string `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

// Help shows examples.
func (callsCount) Help() string {
	return `Examples:

    supportline calls count
    supportline calls count --day 2026-11-23 --zone America/New_York`
}

// hourCount is an hour of a day as JSON.
type hourCount struct {
	From     time.Time              `json:"from"`
	Calls    int                    `json:"calls"`
	Outcomes map[policy.Outcome]int `json:"outcomes"` // those of no outcome are in progress
}

func (c callsCount) Run(ctx context.Context, s *control.Session) error {
	hours, zone, err := c.hours(s.Now())
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
	return c.table(s, rows, zone)
}

// hours are the beginnings of a day's hours in the zone and of the next day: 25 as a rule, one more or less where clocks change.
func (c callsCount) hours(now time.Time) ([]time.Time, *time.Location, error) {
	zone, err := parseZone(c.Zone)
	if err != nil {
		return nil, nil, fmt.Errorf("--zone: %w", err)
	}
	day := now.In(zone)
	if c.Day != "" {
		at, isDay, err := parseMoment(c.Day, zone)
		if err != nil || !isDay {
			return nil, nil, fmt.Errorf("--day: %q is not a date: write one such as 2026-11-23", c.Day)
		}
		day = at.In(zone)
	}
	y, m, d := day.Date()
	next := time.Date(y, m, d+1, 0, 0, 0, 0, zone)
	var hours []time.Time
	for at := time.Date(y, m, d, 0, 0, 0, 0, zone); at.Before(next); at = at.Add(time.Hour) {
		hours = append(hours, at)
	}
	return append(hours, next), zone, nil
}

// table shows the hours that had calls, and the outcomes that there were.
func (c callsCount) table(s *control.Session, rows []hourCount, zone *time.Location) error {
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
	t := control.Table{Head: []string{"HOUR", "CALLS"}, Right: map[string]bool{"CALLS": true}}
	var seen []policy.Outcome
	for _, outcome := range outcomes() {
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
			line(r.From.In(zone).Format("15:04"), r.Calls, r.Outcomes)
		}
	}
	line("all", total.All(), total)
	return t.Write(s.Out, s.Colour)
}

// positive is a figure, or nothing for none.
func positive(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// csv writes the hours, with a column for each outcome.
func (callsCount) csv(w io.Writer, rows []hourCount) error {
	out := csv.NewWriter(w)
	_ = out.Write(append([]string{"from", "calls"}, names(outcomes())...)) // its errors come with the last one
	for _, h := range rows {
		cells := []string{h.From.Format(time.RFC3339), strconv.Itoa(h.Calls)}
		for _, outcome := range outcomes() {
			cells = append(cells, strconv.Itoa(h.Outcomes[outcome]))
		}
		_ = out.Write(cells)
	}
	out.Flush()
	return out.Error()
}
