package ivr_test

import (
	"testing"
	"time"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// TestMonthIsThatOfTheStart holds rule 4 for a call that crosses the midnight that ends a month: it belongs to the month in which it began, on
// the clock of the account's home line, in winter and in summer, whichever line was dialled and wherever that line's midnight is.
func TestMonthIsThatOfTheStart(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		home    policy.Phone
		dialled policy.Phone
		start   string
		want    policy.Month
	}{
		"London in winter, a second before": {uk, uk, "2026-11-30T23:59:59Z", "2026-11"},
		"London in winter, at midnight":     {uk, uk, "2026-12-01T00:00:00Z", "2026-12"},
		"London in summer, a second before": {uk, uk, "2026-06-30T22:59:59Z", "2026-06"},
		"London in summer, at midnight":     {uk, uk, "2026-06-30T23:00:00Z", "2026-07"},
		"London, clocks went forward":       {uk, uk, "2026-03-31T22:59:59Z", "2026-03"},
		"London, clocks went back":          {uk, uk, "2026-10-31T23:59:59Z", "2026-10"},
		"New York in winter":                {us, us, "2026-12-01T04:59:59Z", "2026-11"},
		"New York in winter, at midnight":   {us, us, "2026-12-01T05:00:00Z", "2026-12"},
		"New York in summer":                {us, us, "2026-07-01T03:59:59Z", "2026-06"},
		"New York, the day clocks go back":  {us, us, "2026-11-01T03:59:59Z", "2026-10"},
		"at home in New York, London rung":  {us, uk, "2026-11-30T23:59:59Z", "2026-11"},
		"at home in London, New York rung":  {uk, us, "2026-12-01T04:59:59Z", "2026-12"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := settings(t)
			s.AfterHours.Default = policy.Connect // nights too
			m, account := ivr.Machine{Settings: s}, northwind
			account.Line = row.home
			start, err := time.Parse(time.RFC3339, row.start)
			if err != nil {
				t.Fatal(err)
			}
			// Whoever rings a second before midnight says who they are after it.
			call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: row.dialled, From: caller}, start)
			call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: "204518", Number: "204518", Customer: &account}), start.Add(20*time.Second))
			call, _ = m.Next(call, follow(t, reply, ivr.Input{Keys: "5"}), start.Add(40*time.Second))
			if call.Month != row.want || call.Customer != account.Number {
				t.Errorf("a call of %q that began at %s is in %q, want %q", call.Customer, row.start, call.Month, row.want)
			}
		})
	}
}
