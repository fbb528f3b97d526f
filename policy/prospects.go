package policy

import "time"

// Prospect is what a caller with one reason to call gets on a line at a moment.
type Prospect struct {
	Intent Intent
	Ending Ending // Connect: the team is rung
	Team   Team   // who takes such calls, rung or not
}

// Prospects are those of an identified caller with a package that includes phone support, on a line that is open or not, one for each key
// of the menu in its order.
func (s Settings) Prospects(l Line, open bool) []Prospect {
	var all []Prospect
	for _, m := range s.Menu {
		p := Prospect{Intent: m.Intent, Ending: Connect, Team: s.Team(l, m.Intent)}
		if !open {
			p.Ending = s.AfterHours.For(m.Intent)
		}
		all = append(all, p)
	}
	return all
}

// ClockChange is by how much the line's clock is put forward in the course of a date, negative for back; 0 on most days.
func (l Line) ClockChange(d Date) time.Duration {
	from := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, l.Zone)
	to := time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, 0, l.Zone)
	return 24*time.Hour - to.Sub(from)
}

// Wall is the moment at which the line's clock shows the date and the time of day of t, whatever t's own zone. Of a time that the clock
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
