package policy

import (
	"fmt"
	"sort"
	"time"
)

const (
	errMonth      inputError = "invalid month"
	errMonthAhead inputError = "has not begun"
)

const monthLayout = "2006-01"

// ParseMonth parses a calendar month, "2026-11". The error is ErrInput with what to write instead.
func ParseMonth(s string) (Month, error) {
	if m := Month(s); m.valid() {
		return m, nil
	}
	return "", fmt.Errorf("%w: %q; write year and month, such as 2026-11", errMonth, s)
}

func (m Month) valid() bool {
	_, ok := m.first()
	return ok
}

// first returns the month's first day, in UTC.
func (m Month) first() (time.Time, bool) {
	t, err := time.Parse(monthLayout, string(m))
	return t, err == nil && t.Year() > 0
}

// Plus returns the month n months later, or earlier where n is negative; "" if m is no month.
func (m Month) Plus(n int) Month {
	t, ok := m.first()
	if !ok {
		return ""
	}
	return Month(t.AddDate(0, n, 0).Format(monthLayout))
}

// Since returns how many months there are from first to m, both included; less than 1 if first is later.
func (m Month) Since(first Month) int {
	to, _ := m.first()
	from, _ := first.first()
	return (to.Year()-from.Year())*12 + int(to.Month()-from.Month()) + 1
}

// Bounds returns the month's first instant in zone and the next month's: from is within, to is not. Both are zero if m is no month.
func (m Month) Bounds(zone *time.Location) (from, to time.Time) {
	if !m.valid() {
		return time.Time{}, time.Time{}
	}
	return m.begins(zone), m.Plus(1).begins(zone)
}

// begins searches for the first second of the month, because clocks that change at this very midnight have none, or two, and time.Date
// may then give either.
func (m Month) begins(zone *time.Location) time.Time {
	const around = 3 * 60 * 60 // seconds on each side; clocks never change by more
	t, _ := m.first()
	early := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, zone).Add(-around * time.Second)
	n := sort.Search(2*around, func(i int) bool { return MonthOf(early.Add(time.Duration(i)*time.Second), zone) >= m })
	return early.Add(time.Duration(n) * time.Second)
}

// HomeZone returns the zone of what is no line's and no account's: that of the first line.
func (s Settings) HomeZone() *time.Location {
	if len(s.Lines) == 0 {
		return time.UTC
	}
	return s.Lines[0].Zone
}

// ThisMonth returns the current month of the company: the latest that has begun on any of its lines.
func (s Settings) ThisMonth(now time.Time) Month {
	var latest Month
	for _, l := range s.Lines {
		latest = max(latest, MonthOf(now, l.Zone))
	}
	return latest
}

// BegunMonth reads a month that has begun, because nothing can be known of a later one: the current one where nothing is written. The error
// is ErrInput, with what to write instead.
func (s Settings) BegunMonth(text string, now time.Time) (Month, error) {
	latest := s.ThisMonth(now)
	if text == "" {
		return latest, nil
	}
	month, err := ParseMonth(text)
	if err == nil && month > latest {
		err = fmt.Errorf("%s %w: write %s or an earlier month", month, errMonthAhead, latest)
	}
	if err != nil {
		return "", err
	}
	return month, nil
}
