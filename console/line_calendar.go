package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// calendarDay is one day of the calendar, as the evaluator has it.
type calendarDay struct {
	policy.Schedule
	Hours  string
	Clock  string // how the clock changes on that day, in words; "" on most
	Bars   []bar
	Now    *int // minutes of today that are over
	Today  bool
	Edited bool
	Week   bool // the week's own hours decide, which need no reason
}

// bar is a stretch in which the line is open, in minutes after midnight on the wall clock.
type bar struct{ From, Width int }

const minutesOfDay = 24 * 60

// calendar fills in the days from one on.
func (p *linePage) calendar(first, today policy.Date) {
	for n := range calendarDays {
		d := first.Plus(n)
		day := calendarDay{Schedule: p.Day(d), Clock: clockText(p.ClockChange(d)), Today: d == today, Edited: p.Overruled[d.String()] > 0}
		day.Week = day.Rule == policy.RuleWeek
		day.Hours, day.Bars = stretches(day.Open)
		if day.Today {
			local := p.Now.In(p.Zone)
			minute := local.Hour()*60 + local.Minute()
			day.Now = &minute
		}
		p.Days = append(p.Days, day)
	}
	from := func(d policy.Date) string { return p.Path() + query("from", d.String()) + "#weeks" }
	p.Earlier, p.Later = from(first.Plus(-calendarDays)), from(first.Plus(calendarDays))
	if first != today {
		p.Home = p.Path() + "#weeks"
	}
}

// stretches are the open times of a day in words and as bars. One that lasts to midnight ends at 24:00.
func stretches(open []policy.Interval) (text string, bars []bar) {
	if len(open) == 0 {
		return "closed", nil
	}
	var words []string
	for _, i := range open {
		from, to := i.From.Hour()*60+i.From.Minute(), i.To.Hour()*60+i.To.Minute()
		end := i.To.Format("15:04")
		if to == 0 {
			to, end = minutesOfDay, "24:00"
		}
		words = append(words, i.From.Format("15:04")+"–"+end)
		if to > from { // an hour that the clock shows twice can begin after its end
			bars = append(bars, bar{from, to - from})
		}
	}
	return strings.Join(words, ", "), bars
}

func clockText(forward time.Duration) string {
	switch {
	case forward > 0:
		return fmt.Sprintf("clock %v forward", short(forward))
	case forward < 0:
		return fmt.Sprintf("clock %v back", short(-forward))
	}
	return ""
}

// short is a duration without what is zero: 1h, 30m.
func short(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}
