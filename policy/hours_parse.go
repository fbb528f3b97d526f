package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// dayNames are the days as the configuration writes them, by time.Weekday.
var dayNames = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

const daysWanted = "write mon, tue, wed, thu, fri, sat or sun, a range (mon-fri) or a list (mon,wed)"

// ParseDays reads days of the week: one ("mon"), a range ("mon-fri"; "fri-mon" goes over the weekend), or a list of both
// ("mon-wed,fri"). The days come in the order written. A day named twice is an error; each error says what to write instead.
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
// errors, and so is an empty text, which could as well be a line somebody forgot to finish; each error says what to write instead.
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
