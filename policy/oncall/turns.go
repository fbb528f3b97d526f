package oncall

import (
	"time"

	"github.com/officernd/supportline/policy"
)

const minutesOfDay = 24 * 60

// turns is a layer that is prepared to answer.
type turns struct {
	Layer
	zone   *time.Location
	start  int // the day of the first hand-over, counted from 1970
	always bool
	week   [7][]policy.Span // in which it applies, unless always
	counts [7]bool          // the weekdays on which a turn of one day begins
	perDay int              // how many weekdays count
}

// prepared returns a layer in a zone.
func (l Layer) prepared(zone *time.Location) *turns {
	t := &turns{Layer: l, zone: zone, start: dayNumber(l.Starts.Date), always: len(l.Hours) == 0}
	for _, h := range l.Hours {
		t.week[h.Day] = append(t.week[h.Day], h.Spans...)
	}
	reaches := func(d time.Weekday) bool {
		return anySpan(t.week[d], func(s policy.Span) bool { return s.To > l.Starts.Minute })
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		next := (d + 1) % 7
		// A date counts for the turn that begins on it, or, where its hours are over by the hand-over, for the one that began the day before.
		t.counts[d] = t.always || reaches(d) || len(t.week[next]) > 0 && !reaches(next)
		if t.counts[d] {
			t.perDay++
		}
	}
	return t
}

func anySpan(spans []policy.Span, is func(policy.Span) bool) bool {
	for _, s := range spans {
		if is(s) {
			return true
		}
	}
	return false
}

// applies reports whether the layer decides at a moment.
func (t *turns) applies(at time.Time) bool {
	if t.always {
		return true
	}
	local := at.In(t.zone)
	minute := local.Hour()*60 + local.Minute()
	return anySpan(t.week[local.Weekday()], func(s policy.Span) bool { return s.From <= minute && minute < s.To })
}

// at returns the person whose turn it is at a moment, whether or not the layer applies then, and the next moment at which a turn begins. ok is false
// before the first hand-over.
func (t *turns) at(at time.Time) (who policy.PersonID, next time.Time, ok bool) {
	if len(t.People) == 0 || t.perDay == 0 {
		return "", time.Time{}, false
	}
	number, next := t.turn(at)
	if number < 0 {
		return "", next, false
	}
	return t.People[number%len(t.People)], next, true
}

// turn returns the number of the turn at a moment, 0 being the first and a negative number none yet, and the next hand-over.
func (t *turns) turn(at time.Time) (number int, next time.Time) {
	day := max(t.day(at)-t.start, -1) // since the first hand-over
	if t.Days > 1 {
		number = floorDiv(day, t.Days)
		return number, t.handOver((number + 1) * t.Days)
	}
	for ahead := day + 1; ; ahead++ {
		if t.counted(ahead) {
			return t.countUpTo(day) - 1, t.handOver(ahead)
		}
	}
}

// day returns the day of the last hand-over at or before a moment, if there were one on each day.
func (t *turns) day(at time.Time) int {
	local := at.In(t.zone)
	day := dayNumber(policy.DateOf(local))
	for t.handOver(day - t.start).After(at) {
		day--
	}
	for !t.handOver(day + 1 - t.start).After(at) { // a zone that skipped days
		day++
	}
	return day
}

// counted reports whether a turn of one day begins on a day, counted from the first hand-over.
func (t *turns) counted(day int) bool { return t.counts[weekday(t.start+day)] }

// countUpTo returns how many turns of one day began from the first hand-over to a day.
func (t *turns) countUpTo(day int) int {
	if day < 0 {
		return 0
	}
	weeks := (day + 1) / 7
	n := weeks * t.perDay
	for d := weeks * 7; d <= day; d++ {
		if t.counted(d) {
			n++
		}
	}
	return n
}

// handOver returns the moment of the hand-over on a day, counted from the first: when the clock first shows its time, or a later one where it skips
// that.
func (t *turns) handOver(day int) time.Time {
	return firstAt(t.zone, time.Unix(int64(t.start+day)*secondsOfDay+int64(t.Starts.Minute)*60, 0).UTC())
}

// next returns a moment after at, up to which nothing changes about the layer.
func (t *turns) next(at time.Time) time.Time {
	_, next, _ := t.at(at)
	if t.always {
		return next
	}
	local := at.In(t.zone)
	_, end := local.ZoneBounds() // the clock goes on evenly until then
	edge := at.Add(t.untilEdge(local))
	return earliest(next, earliest(end, edge))
}

// untilEdge returns the time until a span begins or ends by the wall clock, at most a day and a minute.
func (t *turns) untilEdge(local time.Time) time.Duration {
	minute := local.Hour()*60 + local.Minute()
	edge := minutesOfDay
	for _, s := range t.week[local.Weekday()] {
		for _, e := range [2]int{s.From, s.To} {
			if e > minute && e < edge {
				edge = e
			}
		}
	}
	within := time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	return time.Duration(edge-minute)*time.Minute - within
}

// firstAt returns the first moment at which a zone's clock shows a wall time, here written as one of UTC, or a later one.
func firstAt(zone *time.Location, wall time.Time) time.Time {
	at := wall.Add(-24 * time.Hour).In(zone) // no zone is further from UTC
	for {
		_, seconds := at.Zone()
		_, end := at.ZoneBounds()
		first := latest(at, wall.Add(-time.Duration(seconds)*time.Second))
		if first.Before(end) || !end.After(at) {
			return first.In(zone)
		}
		at = end
	}
}

const secondsOfDay = 24 * 60 * 60

// dayNumber returns the days from 1970 to a date.
func dayNumber(d policy.Date) int {
	return floorDiv(int(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix()), secondsOfDay)
}

// weekday returns the day of the week of a day counted from 1970, which began on a Thursday.
func weekday(day int) time.Weekday { return time.Weekday(((day+int(time.Thursday))%7 + 7) % 7) }

func floorDiv(a, b int) int {
	if a < 0 {
		return (a - b + 1) / b
	}
	return a / b
}

// earliest returns the earlier of two times; the zero time is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
