package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hours are when a line is open, in the line's own wall time (rules 1 and 2). Special hours beat a closure, a closure (single or of
// a calendar) beats the week.
type Hours struct {
	Week      [7][]Span // by time.Weekday; sorted, not overlapping; empty: closed all day
	Special   []SpecialHours
	Closed    []Closure
	Calendars []Calendar
}

// Span is a half-open part of a day, in minutes after midnight on the wall clock: 08:00-20:00 is {480, 1200}; 24:00 is 1440.
type Span struct{ From, To int }

// String writes the span as the configuration does: "08:00-20:00".
func (s Span) String() string { return clockText(s.From) + "-" + clockText(s.To) }

// clockText returns a minute of the day as "08:00", without the work of fmt: the reason of a line's hours is put together on every call.
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

// DateOf returns the day that t shows in its own zone; move t with In first.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// String writes the date as "2026-12-24".
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.midnight().Weekday() }

// Plus returns the date so many days later, or earlier for a negative number.
func (d Date) Plus(days int) Date { return DateOf(d.midnight().AddDate(0, 0, days)) }

// midnight returns the day's beginning, were its wall clock UTC.
func (d Date) midnight() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// SpecialHours are the hours of one date instead of the usual ones; no spans: closed all day.
type SpecialHours struct {
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
	ruleWeek    = "hours.week"
	ruleSpecial = "hours.special"
	ruleClosed  = "hours.closed"
	ruleHoliday = "hours.holiday"
)

// on returns the hours of a date by the first rule that speaks of it: special hours, a closure, a calendar, the week. It is cheap enough
// to be asked for a year of days, which is why the reason is left to the caller; what is the closure's or the holiday's name.
func (h *Hours) on(d Date) (spans []Span, rule, what string) {
	for _, s := range h.Special {
		if s.Date == d {
			return s.Spans, ruleSpecial, ""
		}
	}
	for _, c := range h.Closed {
		if c.Date == d {
			return nil, ruleClosed, c.Reason
		}
	}
	for _, c := range h.Calendars {
		if name, ok := c.holiday(d); ok {
			return nil, ruleHoliday, name
		}
	}
	return h.Week[d.Weekday()], ruleWeek, ""
}

// reason returns the deciding rule in plain words.
func (h *Hours) reason(d Date, spans []Span, rule, what string) string {
	switch {
	case rule == ruleWeek:
		return h.week()
	case rule == ruleSpecial:
		return d.String() + " " + spansText(spans)
	case what == "":
		return "closed on " + d.String()
	}
	return what
}

// week returns the week's hours in words: "Monday to Friday 08:00-20:00, Saturday 10:00-14:00". Days that are closed are left out.
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

// daysText returns the name of a range of days, Monday being 1 and Sunday 7.
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

// dayNames are the days as the configuration writes them, by time.Weekday.
var dayNames = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

const daysWanted = "write mon, tue, wed, thu, fri, sat or sun, a range (mon-fri) or a list (mon,wed)"

// ParseDays parses days of the week: one ("mon"), a range ("mon-fri"; "fri-mon" goes over the weekend), or a list of both
// ("mon-wed,fri"). The days are in the order written. A day named twice is an error; each error has what to write instead.
func ParseDays(s string) ([]time.Weekday, error) {
	var days []time.Weekday
	for part := range strings.SplitSeq(s, ",") {
		from, to, err := dayRange(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		for d := from; ; d = (d + 1) % 7 {
			if slices.Contains(days, d) {
				return nil, fmt.Errorf("%q names %s twice: write each day once", s, dayNames[d])
			}
			days = append(days, d)
			if d == to {
				break
			}
		}
	}
	return days, nil
}

func dayRange(s string) (from, to time.Weekday, err error) {
	first, last, isRange := strings.Cut(s, "-")
	if from, err = parseDay(first); err != nil || !isRange {
		return from, from, err
	}
	if to, err = parseDay(last); err == nil && from == to {
		// It could mean one day or eight.
		err = fmt.Errorf("%q is not a range of days: write %s for the one day, mon-sun for all", s, dayNames[from])
	}
	return from, to, err
}

func parseDay(s string) (time.Weekday, error) {
	i := slices.Index(dayNames[:], strings.TrimSpace(s))
	if i < 0 {
		return 0, fmt.Errorf("%q is not a day: %s", s, daysWanted)
	}
	return time.Weekday(i), nil
}

const spansWanted = `write HH:MM-HH:MM, several with commas ("08:00-12:00, 13:00-20:00"), or closed`

// ParseSpans reads the hours of a day: "08:00-20:00", several with commas between in any order, or "closed" for none at all. 24:00 may
// end a span. The result is sorted, and spans that touch are one. Spans that overlap, end before they begin or cross midnight are
// errors, and so is an empty text, which may be a line that somebody forgot to finish; each error has what to write instead.
func ParseSpans(s string) ([]Span, error) {
	switch strings.TrimSpace(s) {
	case "closed":
		return nil, nil
	case "":
		return nil, fmt.Errorf("no hours: %s", spansWanted)
	}
	var spans []Span
	for part := range strings.SplitSeq(s, ",") {
		span, err := parseSpan(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		spans = append(spans, span)
	}
	return joinSpans(spans)
}

func joinSpans(spans []Span) ([]Span, error) {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	joined := spans[:1]
	for _, s := range spans[1:] {
		last := &joined[len(joined)-1]
		switch {
		case s.From < last.To:
			return nil, fmt.Errorf("%s and %s overlap: write %s", last, s, Span{last.From, max(last.To, s.To)})
		case s.From == last.To:
			last.To = s.To
		default:
			joined = append(joined, s)
		}
	}
	return joined, nil
}

func parseSpan(s string) (Span, error) {
	first, last, ok := strings.Cut(s, "-")
	if !ok {
		return Span{}, fmt.Errorf("%q is not a span of hours: %s", s, spansWanted)
	}
	from, err := parseMinute(strings.TrimSpace(first))
	if err != nil {
		return Span{}, err
	}
	to, err := parseMinute(strings.TrimSpace(last))
	if err != nil {
		return Span{}, err
	}
	span := Span{from, to}
	switch {
	case from == endOfDay:
		return Span{}, fmt.Errorf("%q begins at 24:00, which can only end a span: write 00:00 on the next day", s)
	case from == to:
		return Span{}, fmt.Errorf("%q is empty: write 00:00-24:00 for the whole day, or closed", s)
	case from > to && to == 0:
		return Span{}, fmt.Errorf("%q ends before it begins: write %s", s, Span{from, endOfDay})
	case from > to:
		return Span{}, fmt.Errorf("%q crosses midnight: write %s, and %s on the next day", s, Span{from, endOfDay}, Span{0, to})
	}
	return span, nil
}

const endOfDay = 24 * 60

func parseMinute(s string) (int, error) {
	if s == "24:00" {
		return endOfDay, nil
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("08:00") {
		return 0, fmt.Errorf("%q is not a time of day: write HH:MM from 00:00 to 24:00, for example 08:00", s)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// ParseDate reads "YYYY-MM-DD", a day that exists.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date: write YYYY-MM-DD, for example 2026-12-24", s)
	}
	return DateOf(t), nil
}
