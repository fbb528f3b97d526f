package policy

import (
	"cmp"
	"fmt"
	"iter"
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
	if name := holiday(h.Calendars, d); name != "" {
		return nil, ruleHoliday, name
	}
	return h.Week[d.Weekday()], ruleWeek, ""
}

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
	return strings.Join(mapped(spans, Span.String), " and ")
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

// ParseDate reads "YYYY-MM-DD", a day that exists and is within reach.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date: write YYYY-MM-DD, for example 2026-12-24", s)
	}
	if err := WithinReach(t); err != nil {
		return Date{}, err
	}
	return DateOf(t), nil
}

// The years that people can ask about. JSON has none past 9999, and answers reach beyond what was asked for.
const firstYear, lastYear = 1900, 2999

// WithinReach returns an error unless a time is in the years that people can ask about.
func WithinReach(t time.Time) error {
	if y := t.Year(); y < firstYear || y > lastYear {
		return fmt.Errorf("the year %d is out of reach: write a time of the years %d to %d", y, firstYear, lastYear)
	}
	return nil
}

// OpenState is the state of a line at one moment, open or closed, with the reason.
type OpenState struct {
	Open   bool
	Rule   string // that decided: hours.week, hours.special, hours.closed or hours.holiday
	Reason string // in plain words: "Monday to Friday 08:00-19:00", "Boxing Day", a closure's own reason
}

// Opening is the state of a line at one moment, and how long it lasts.
type Opening struct {
	OpenState
	Until time.Time // the first moment at which it is the other way round, in the line's zone; zero when that is over 400 days away
}

// Interval is a half-open stretch of time.
type Interval struct{ From, To time.Time }

// DaySchedule is one date of a line: when it is open, and by which rule.
type DaySchedule struct {
	Date   Date
	Rule   string
	Usual  bool // the week decides
	Reason string
	Open   []Interval // sorted, apart from each other, in the line's zone; empty: closed all day
}

// horizon is how many days ahead a change is looked for: more than a year, so that a line that opens once a year is found.
const horizon = 400

// At reports whether the line is open at t. Hours are half-open: at 20:00:00 a line that closes at 20:00 is closed (rule 1). The wall
// clock decides, on clock-change days too: hours that begin at a time which the clock skips begin when it jumps, and a
// time that it shows twice is open both times, or closed both times.
func (l Line) At(t time.Time) OpenState {
	state, _ := l.at(t.In(l.Zone))
	return state
}

// Opening is At with how long that lasts, which takes several times as long to find out.
func (l Line) Opening(t time.Time) Opening {
	t = t.In(l.Zone)
	state, end := l.at(t)
	o := Opening{OpenState: state}
	if o.Open {
		o.Until = l.closing(end)
	} else {
		o.Until, _ = l.opens(t)
	}
	return o
}

// at returns the state at t, which is in the line's zone, and the end of the day's stretch that holds t, if the line is open.
func (l Line) at(t time.Time) (state OpenState, end time.Time) {
	date := DateOf(t)
	spans, rule, what := l.Hours.on(date)
	state = OpenState{Rule: rule, Reason: l.Hours.reason(date, spans, rule, what)}
	end, state.Open = l.openUntil(t, date, spans)
	return state, end
}

// ClosedFor returns what the line is closed for on the day of t: the holiday's name, or the closure's own reason. It is "" on any other day, and for a
// closure without a reason.
func (l Line) ClosedFor(t time.Time) string {
	_, _, what := l.Hours.on(DateOf(t.In(l.Zone)))
	return what
}

// NextOpening returns the first moment from t on at which the line is open, in its zone: t itself when it is open then. ok is false when it
// does not open within 400 days.
func (l Line) NextOpening(t time.Time) (next time.Time, ok bool) {
	t = t.In(l.Zone)
	spans, _, _ := l.Hours.on(DateOf(t))
	if _, open := l.openUntil(t, DateOf(t), spans); open {
		return t, true
	}
	return l.opens(t)
}

// Day returns the line's schedule of one date.
func (l Line) Day(d Date) DaySchedule {
	spans, rule, what := l.Hours.on(d)
	s := DaySchedule{Date: d, Rule: rule, Usual: rule == ruleWeek, Reason: l.Hours.reason(d, spans, rule, what)}
	for i := range l.stretches(d, spans) {
		if n := len(s.Open); n > 0 && s.Open[n-1].To.Equal(i.From) {
			s.Open[n-1].To = i.To
		} else {
			s.Open = append(s.Open, i)
		}
	}
	return s
}

// openUntil returns the end of the day's stretch that holds t.
func (l Line) openUntil(t time.Time, d Date, spans []Span) (end time.Time, open bool) {
	for i := range l.stretches(d, spans) {
		if !t.Before(i.From) && t.Before(i.To) {
			return i.To, true
		}
	}
	return time.Time{}, false
}

// closing returns the first moment from t on at which the line is closed, zero when there is none within the horizon. t is the end of a
// stretch in which it is open; another can begin right there, be it after midnight or after the clock was put back.
func (l Line) closing(t time.Time) time.Time {
	for range horizon {
		date := DateOf(t)
		spans, _, _ := l.Hours.on(date)
		end, open := l.openUntil(t, date, spans)
		if !open {
			return t
		}
		t = end
	}
	return time.Time{}
}

// opens returns the first moment after t at which the line opens.
func (l Line) opens(t time.Time) (from time.Time, ok bool) {
	date := DateOf(t)
	for n := range horizon + 1 {
		d := date.Plus(n)
		spans, _, _ := l.Hours.on(d)
		for i := range l.stretches(d, spans) {
			if i.From.After(t) {
				return i.From, true
			}
		}
	}
	return time.Time{}, false
}

// stretches goes through the instants of a date's wall-clock spans, in order. A day is taken piece by piece, each piece with one
// offset from UTC, so that a clock change needs no case of its own.
func (l Line) stretches(d Date, spans []Span) iter.Seq[Interval] {
	return func(yield func(Interval) bool) {
		if len(spans) == 0 {
			return
		}
		wall := d.midnight()
		// No zone is further from UTC than a day.
		last := wall.Add(48 * time.Hour)
		for at := wall.Add(-24 * time.Hour).In(l.Zone); at.Before(last); {
			_, end := at.ZoneBounds()
			if end.After(last) || !end.After(at) { // a zone that does not change any more, or a time before all that is known of it
				end = last
			}
			_, seconds := at.Zone()
			utc := wall.Add(-time.Duration(seconds) * time.Second)
			for _, s := range spans {
				from := latest(utc.Add(time.Duration(s.From)*time.Minute), at)
				to := earliest(utc.Add(time.Duration(s.To)*time.Minute), end)
				if from.Before(to) && !yield(Interval{from.In(l.Zone), to.In(l.Zone)}) {
					return
				}
			}
			at = end.In(l.Zone)
		}
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// ClockChange returns by how much the line's clock is put forward in the course of a date, negative for back; 0 on most days.
func (l Line) ClockChange(d Date) time.Duration {
	from := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, l.Zone)
	to := time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, 0, l.Zone)
	return 24*time.Hour - to.Sub(from)
}

// Wall returns the moment at which the line's clock shows the date and the time of day of t, regardless of t's own zone. Of a time that the clock
// shows twice it is the first. One that the clock skips is as much later as the clock is put forward.
func (l Line) Wall(t time.Time) (at time.Time, skipped, twice bool) {
	utc := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	under := func(near time.Time) (at time.Time, right bool) {
		_, seconds := near.In(l.Zone).Zone()
		at = utc.Add(-time.Duration(seconds) * time.Second).In(l.Zone)
		return at, at.Format(time.DateTime) == utc.Format(time.DateTime)
	}
	first, was := under(utc.Add(-24 * time.Hour))
	second, is := under(utc.Add(24 * time.Hour))
	switch {
	case was:
		return first, false, is && !first.Equal(second)
	case is:
		return second, false, false
	}
	return first, true, false
}
