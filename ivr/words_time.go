package ivr

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

const midnight = 24 * 60 // in minutes, as a span ends

func (t tongue) closed(line policy.Line, args map[string]string) string {
	id, values := "closed", map[string]string{}
	if args["told"] != "" {
		id = "closed-opens"
	}
	if values["reason"] = tidy(args["reason"]); values["reason"] != "" {
		id = "closed-holiday"
	}
	opens, err := time.Parse(time.RFC3339, args["opens"])
	switch {
	case err == nil:
	case id == "closed-holiday":
		return t.fill("closed-holiday-for-now", values)
	default:
		return t.fill("closed-for-now", values)
	}
	now, err := time.Parse(time.RFC3339, args["now"])
	if err != nil {
		now = time.Time{} // far from any opening: the date is said in full, which is right at any time
	}
	values["opens"] = t.opening(line.Zone, opens, now)
	if text := t.fill(id, values); countWords(text) <= maxWords {
		return text
	}
	return t.fill("closed", values) // a long name of the day, and an opening that is long to say
}

// opening returns when a line opens, as people put it on the day of now, by the wall clock of the line's zone.
func (t tongue) opening(zone *time.Location, opens, now time.Time) string {
	if zone == nil {
		zone = time.UTC
	}
	opens, now = opens.In(zone), now.In(zone)
	values := map[string]string{
		"weekday": t.pick("weekdays", int(opens.Weekday())),
		"month":   t.pick("months", int(opens.Month())-1),
		"day":     t.pick("days", opens.Day()-1),
		"time":    t.wallClock(opens.Hour()*60 + opens.Minute()),
		"zone":    t.zone(zone),
	}
	return t.fill(whenID(date(opens).Sub(date(now)), opens.Hour() == 0 && opens.Minute() == 0), values)
}

// whenID returns the ID of the words for a day by its distance on the calendar. From a week on a weekday alone would be ambiguous.
func whenID(away time.Duration, atMidnight bool) string {
	const day = 24 * time.Hour
	switch {
	case away == 0:
		return "when-today"
	case away == day && atMidnight:
		return "when-tonight"
	case away == day:
		return "when-tomorrow"
	case away > 0 && away < 7*day:
		return "when-week"
	}
	return "when-later"
}

// date returns the day of t on a calendar where every day has 24 hours.
func date(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// wallClock returns the words of a time of day, given in minutes after midnight.
func (t tongue) wallClock(minutes int) string {
	hour, minute := minutes/60, minutes%60
	switch minutes {
	case 0, midnight:
		return t["time-midnight"]
	case midnight / 2:
		return t["time-noon"]
	}
	id := "time-hour"
	if minute != 0 {
		id = "time-minute"
	}
	return t.fill(id, map[string]string{
		"hour":   fmt.Sprint((hour+11)%12 + 1),
		"minute": fmt.Sprintf("%02d", minute),
		"half":   t.pick("halves", hour/12),
	})
}

// zone returns the words of a zone: its name, its distance from UTC where that is its name, or its city.
func (t tongue) zone(zone *time.Location) string {
	name := zone.String()
	if text, ok := t["zone-"+name]; ok {
		return text
	}
	if strings.HasPrefix(name, "Etc/") || name == "GMT" {
		return t.offset(zone)
	}
	if i := strings.LastIndex(name, "/"); i >= 0 {
		return t.fill("zone-city", map[string]string{"city": strings.ReplaceAll(name[i+1:], "_", " ")})
	}
	return t["zone-here"]
}

// offset returns the words of a zone that never changes its clocks. Its name would mislead: Etc/GMT+4 is 4 hours behind UTC.
func (t tongue) offset(zone *time.Location) string {
	_, seconds := time.Unix(0, 0).In(zone).Zone()
	switch hours := seconds / 3600; {
	case hours > 0:
		return t.fill("zone-ahead", map[string]string{"offset": fmt.Sprint(hours)})
	case hours < 0:
		return t.fill("zone-behind", map[string]string{"offset": fmt.Sprint(-hours)})
	}
	return t["zone-UTC"]
}

// weekHours returns the words of the weekly hours, with days of the same hours together. It returns "" if there are none, or if they would take too
// long to say: a part of them would be taken for the whole.
func (t tongue) weekHours(line policy.Line) string {
	zone := line.Zone
	if zone == nil {
		zone = time.UTC
	}
	var parts []string
	said := map[time.Weekday]bool{}
	for _, day := range week {
		spans := line.Hours.Week[day]
		if len(spans) == 0 || said[day] {
			continue
		}
		var same []time.Weekday
		for _, d := range week {
			if slices.Equal(line.Hours.Week[d], spans) {
				same, said[d] = append(same, d), true
			}
		}
		parts = append(parts, t.fill("hours-part", map[string]string{"days": t.weekDays(same), "times": t.spans(spans)}))
	}
	if len(parts) == 0 {
		return ""
	}
	hours := strings.Join(parts, ", "+t["and"]+" ")
	text := t.fill("closed-hours", map[string]string{"hours": hours, "zone": t.zone(zone)})
	if countWords(text) > maxWords {
		return ""
	}
	return text
}

// exception returns the words of a day whose hours are not those of the week.
func (t tongue) exception(args map[string]string) string {
	day, err := time.Parse(time.DateOnly, args["date"])
	if err != nil {
		return t["here"]
	}
	values := map[string]string{"day": t.fill("day-date", map[string]string{
		"weekday": t.pick("weekdays", int(day.Weekday())), "month": t.pick("months", int(day.Month())-1), "day": t.pick("days", day.Day()-1),
	})}
	var spans []policy.Span
	for part := range strings.SplitSeq(args["open"], ",") {
		var s policy.Span
		if n, _ := fmt.Sscanf(part, "%d-%d", &s.From, &s.To); n == 2 {
			spans = append(spans, s)
		}
	}
	if len(spans) == 0 {
		return t.fill("fallback-closed", values)
	}
	values["hours"] = t.spans(spans)
	return t.fill("fallback-hours", values)
}

// week holds the weekdays in the order in which people say them.
var week = []time.Weekday{
	time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday,
}

// weekDays returns the shortest words for days in the order of the week: "Monday to Friday", "Monday, Wednesday and Friday".
func (t tongue) weekDays(days []time.Weekday) string {
	if len(days) == len(week) {
		return t["hours-every-day"]
	}
	var parts []string
	for len(days) > 0 {
		run := 1
		for run < len(days) && days[run] == (days[run-1]+1)%7 {
			run++
		}
		if run < 3 { // "Saturday and Sunday" rather than "Saturday to Sunday"
			run = 1
			parts = append(parts, t.pick("weekdays", int(days[0])))
		} else {
			parts = append(parts, t.fromTo(t.pick("weekdays", int(days[0])), t.pick("weekdays", int(days[run-1]))))
		}
		days = days[run:]
	}
	return t.list(parts)
}

func (t tongue) spans(spans []policy.Span) string {
	var parts []string
	for _, s := range spans {
		if s.From == 0 && s.To == midnight {
			return t["hours-all-day"]
		}
		parts = append(parts, t.fromTo(t.wallClock(s.From), t.wallClock(s.To)))
	}
	return t.list(parts)
}

func (t tongue) fromTo(from, to string) string {
	return t.fill("hours-range", map[string]string{"from": from, "to": to})
}

// list returns "a", "a and b" or "a, b and c".
func (t tongue) list(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " " + t["and"] + " " + parts[last]
}

func (t tongue) pick(id string, i int) string { return entries(t[id])[i] }

// entries returns the parts of a text that lists several, divided by commas.
func entries(list string) []string {
	parts := strings.Split(list, ",")
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
	}
	return parts
}
