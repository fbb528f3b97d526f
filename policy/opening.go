package policy

import (
	"time"
)

// Opening is the state of a line at one moment, open or closed, with the reason.
type Opening struct {
	Open   bool
	Rule   string    // that decided: hours.week, hours.special, hours.closed or hours.holiday
	Reason string    // in plain words: "Monday to Friday 08:00-19:00", "Boxing Day", a closure's own reason
	Until  time.Time // the first moment at which it is the other way round, in the line's zone; zero when that is over 400 days away
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

// Opening reports whether the line is open at t. Hours are half-open: at 20:00:00 a line that closes at 20:00 is closed (rule 1). The wall
// clock decides, on clock-change days too: hours that begin at a time which the clock skips begin when it jumps, and a
// time that it shows twice is open both times, or closed both times.
func (l Line) Opening(t time.Time) Opening {
	t = t.In(l.Zone)
	date := DateOf(t)
	spans, rule, what := l.Hours.on(date)
	o := Opening{Rule: rule, Reason: l.Hours.reason(date, spans, rule, what)}
	if end, ok := l.openUntil(t, date, spans); ok {
		o.Open, o.Until = true, l.closing(end)
		return o
	}
	o.Until, _ = l.opens(t)
	return o
}

// NextOpening returns the first moment from t on at which the line is open, in its zone: t itself when it is open then. ok is false when it
// does not open within 400 days.
func (l Line) NextOpening(t time.Time) (next time.Time, ok bool) {
	t = t.In(l.Zone)
	date := DateOf(t)
	spans, _, _ := l.Hours.on(date)
	if _, open := l.openUntil(t, date, spans); open {
		return t, true
	}
	return l.opens(t)
}

// Day returns the line's schedule of one date.
func (l Line) Day(d Date) DaySchedule {
	spans, rule, what := l.Hours.on(d)
	s := DaySchedule{Date: d, Rule: rule, Usual: rule == ruleWeek, Reason: l.Hours.reason(d, spans, rule, what)}
	l.stretches(d, spans, func(i Interval) bool {
		if n := len(s.Open); n > 0 && s.Open[n-1].To.Equal(i.From) {
			s.Open[n-1].To = i.To
			return true
		}
		s.Open = append(s.Open, i)
		return true
	})
	return s
}

// openUntil returns the end of the day's stretch that holds t.
func (l Line) openUntil(t time.Time, d Date, spans []Span) (end time.Time, open bool) {
	l.stretches(d, spans, func(i Interval) bool {
		open = !t.Before(i.From) && t.Before(i.To)
		end = i.To
		return !open
	})
	return end, open
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
	for n := 0; n <= horizon && !ok; n++ {
		d := date.Plus(n)
		spans, _, _ := l.Hours.on(d)
		l.stretches(d, spans, func(i Interval) bool {
			from, ok = i.From, i.From.After(t)
			return !ok
		})
	}
	if !ok {
		return time.Time{}, false
	}
	return from, true
}

// stretches yields the instants of a date's wall-clock spans, in order, until yield returns false. A day is taken piece by piece, each piece
// with one offset from UTC, so that a clock change needs no case of its own.
func (l Line) stretches(d Date, spans []Span, yield func(Interval) bool) {
	if len(spans) == 0 {
		return
	}
	wall := d.midnight()
	// No zone is further from UTC than a day.
	last := wall.Add(48 * time.Hour)
	for at := wall.Add(-24 * time.Hour).In(l.Zone); at.Before(last); {
		_, end := at.ZoneBounds()
		if end.IsZero() || end.After(last) {
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
