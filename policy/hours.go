package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hours are when a line is open, in the line's own wall time (rules 1 and 2). Special hours beat a closure, a closure (single or of
// a calendar) beats the week.
type Hours struct {
	Week      [7][]Span // by time.Weekday; sorted, not overlapping; empty: closed all day
	Special   []Special
	Closed    []Closure
	Calendars []Calendar
}

// Span is a half-open part of a day, in minutes after midnight on the wall clock: 08:00-20:00 is {480, 1200}; 24:00 is 1440.
type Span struct{ From, To int }

// String writes the span as the configuration does: "08:00-20:00".
func (s Span) String() string { return clockText(s.From) + "-" + clockText(s.To) }

// clockText is a minute of the day as "08:00", without the work of fmt: the reason of a line's hours is put together on every call.
func clockText(minute int) string {
	h, m := minute/60, minute%60
	return string([]byte{byte('0' + h/10), byte('0' + h%10), ':', byte('0' + m/10), byte('0' + m%10)})
}

// Date is a day on the wall calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day that t shows in its own zone; move t with In first.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// String writes the date as "2026-12-24".
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.midnight().Weekday() }

// Plus is the date so many days later, or earlier for a negative number.
func (d Date) Plus(days int) Date { return DateOf(d.midnight().AddDate(0, 0, days)) }

// midnight is the day's beginning, were its wall clock UTC.
func (d Date) midnight() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// Special are the hours of one date instead of the usual ones; no spans: closed all day.
type Special struct {
	Date  Date
	Spans []Span
}

// Closure is one date on which a line is closed.
type Closure struct {
	Date   Date
	Reason string
}

// The rules that can decide whether a line is open.
const (
	RuleWeek    = "hours.week"
	RuleSpecial = "hours.special"
	RuleClosed  = "hours.closed"
	RuleHoliday = "hours.holiday"
)

// on gives the hours of a date by the first rule that speaks of it: special hours, a closure, a calendar, the week. It is cheap enough
// to be asked for a year of days, which is why the reason is left to the caller; what is the closure's or the holiday's name.
func (h *Hours) on(d Date) (spans []Span, rule, what string) {
	for _, s := range h.Special {
		if s.Date == d {
			return s.Spans, RuleSpecial, ""
		}
	}
	for _, c := range h.Closed {
		if c.Date == d {
			return nil, RuleClosed, c.Reason
		}
	}
	for _, c := range h.Calendars {
		if name, ok := c.Holiday(d); ok {
			return nil, RuleHoliday, name
		}
	}
	return h.Week[d.Weekday()], RuleWeek, ""
}

// reason puts the deciding rule in plain words.
func (h *Hours) reason(d Date, spans []Span, rule, what string) string {
	switch {
	case rule == RuleWeek:
		return h.week()
	case rule == RuleSpecial:
		return d.String() + " " + spansText(spans)
	case what == "":
		return "closed on " + d.String()
	}
	return what
}

// week is the week in words: "Monday to Friday 08:00-20:00, Saturday 10:00-14:00". Days that are closed are left out.
func (h *Hours) week() string {
	var groups []string
	for first, next := 1, 0; first <= 7; first = next {
		spans := h.Week[first%7]
		for next = first + 1; next <= 7 && slices.Equal(h.Week[next%7], spans); {
			next++
		}
		if len(spans) > 0 {
			groups = append(groups, daysText(first, next-1)+" "+spansText(spans))
		}
	}
	if len(groups) == 0 {
		return "closed every day of the week"
	}
	return strings.Join(groups, ", ")
}

// daysText names a range of days, Monday being 1 and Sunday 7.
func daysText(first, last int) string {
	if first == last {
		return time.Weekday(first % 7).String()
	}
	return time.Weekday(first%7).String() + " to " + time.Weekday(last%7).String()
}

func spansText(spans []Span) string {
	if len(spans) == 0 {
		return "closed"
	}
	var b strings.Builder
	for i, s := range spans {
		if i > 0 {
			b.WriteString(" and ")
		}
		b.WriteString(s.String())
	}
	return b.String()
}
