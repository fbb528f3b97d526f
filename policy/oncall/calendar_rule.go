package oncall

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// The bounds of what a calendar may ask for. Nobody hands over more than hourly.
const (
	// maxRuleDays bounds the days that all rules of a calendar go through: a thousand weekly ones take a quarter of it, and it takes half a
	// second.
	maxRuleDays = 2_000_000
	// maxOccurrences bounds the occurrences that are worked out.
	maxOccurrences = 20_000
	maxTimesOfDay  = 24
	maxRule        = 500 // bytes
	maxInterval    = 1000
)

// span is one occurrence of an entry. Its length is that of the entry where it has none of its own.
type span struct {
	start  moment
	length *length
}

// written is a time for which something is written in a calendar.
type written struct {
	from, until time.Time
	people      []int // by their places in the configuration
	text        string
}

// written returns what the entries say about the time that is worked out.
func (r *calendarReader) written(events []event) (all []written, err error) {
	gone := map[string]bool{}
	replaced := map[string][]moment{}
	for _, e := range events {
		if e.replaces != nil {
			replaced[e.uid] = append(replaced[e.uid], *e.replaces)
		} else if e.cancelled && e.uid != "" {
			gone[e.uid] = true
		}
	}
	for _, e := range events {
		if e.cancelled || e.replaces != nil && gone[e.uid] {
			continue
		}
		if e.replaces == nil && e.uid != "" {
			e.except = append(e.except, replaced[e.uid]...)
		}
		spans, err := r.spans(e)
		if err != nil {
			return nil, fmt.Errorf("the entry %q: %w", shortened(e.text), err)
		}
		all = append(all, spans...)
	}
	return all, nil
}

// spans returns the occurrences of an entry within the time that is worked out.
func (r *calendarReader) spans(e event) (all []written, err error) {
	found := append([]span{{start: e.start}}, e.more...)
	for _, rule := range e.rules {
		starts, err := r.recur(e.start, rule, wallOf(r.since, e.start.zone).Add(-e.length.total()), r.until)
		if err != nil {
			return nil, err
		}
		for _, m := range starts {
			found = append(found, span{start: m})
		}
	}
	left := newExceptions(e.except)
	seen := map[int64]bool{}
	for _, s := range found {
		at, lasts := s.start.at(), e.length
		if s.length != nil {
			lasts = *s.length
		}
		w := written{from: latest(at, r.since), until: earliest(lasts.after(s.start), r.until), people: e.people, text: e.text}
		if seen[at.Unix()] || left.has(s.start, at) || !w.from.Before(w.until) {
			continue
		}
		if r.left--; r.left < 0 {
			return nil, fmt.Errorf("the calendar has more than %d shifts in %d days", maxOccurrences, int((calendarPast+calendarFuture)/(24*time.Hour)))
		}
		seen[at.Unix()] = true
		all = append(all, w)
	}
	return all, nil
}

// exceptions are the occurrences of an entry that are left out, or that another entry has in their place.
type exceptions struct {
	at    map[int64]bool
	dates map[time.Time]bool
}

func newExceptions(all []moment) exceptions {
	e := exceptions{map[int64]bool{}, map[time.Time]bool{}}
	for _, m := range all {
		if m.date {
			e.dates[m.wall] = true
		} else {
			e.at[m.at().Unix()] = true
		}
	}
	return e
}

func (e exceptions) has(m moment, at time.Time) bool {
	return e.at[at.Unix()] || e.dates[m.wall.Truncate(24*time.Hour)]
}

// recur returns the occurrences by a rule of what starts at a moment, the start aside, from a wall time until a time. The library works on the wall
// clock alone: in a zone it would take the second of two equal times.
func (r *calendarReader) recur(start moment, text string, from, until time.Time) (found []moment, err error) {
	option, ends, err := ruleOf(start, text)
	if err != nil {
		return nil, err
	}
	if ends != nil && ends.wall.Add(48*time.Hour).Before(from) {
		return nil, nil
	}
	if option.Count == 0 {
		startNear(option, from)
	}
	rule, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, fmt.Errorf("RRULE %q: %w", shortened(text), err)
	}
	next, before, most := rule.Iterator(), option.Dtstart, option.Count
	for n := 0; ; n++ {
		wall, more := next()
		switch {
		case !more && n == 0:
			return nil, fmt.Errorf("RRULE %q never happens", shortened(text))
		case n == 0 && !wall.Equal(start.wall):
			most-- // the start is the first occurrence, whether the rule names it or not
		}
		m := moment{wall: wall, zone: start.zone, date: start.date}
		if !more || option.Count > 0 && n >= most || m.at().After(until) || ends.passed(m) {
			return found, nil
		}
		if r.days -= int(wall.Sub(before)/(24*time.Hour)) + 1; r.days < 0 {
			return nil, errors.New("the calendar has too many rules, or rules that began too long ago: let them begin later")
		}
		if before = wall; !wall.Before(from) {
			found = append(found, m)
		}
		if len(found) > maxOccurrences {
			return nil, fmt.Errorf("RRULE %q happens more than %d times", shortened(text), maxOccurrences)
		}
	}
}

// lastMoment is the end of a rule: the last time at which it may happen. A date is the end of that day.
type lastMoment struct {
	moment
	utc bool
}

func (l *lastMoment) passed(m moment) bool {
	switch {
	case l == nil:
		return false
	case l.utc:
		return m.at().After(l.wall)
	}
	return m.wall.After(l.wall)
}

// ruleOf reads a rule of what starts at a moment. It refuses rules within a day, which go through every second if they are told to, and what is no
// bound for the library.
func ruleOf(start moment, text string) (*rrule.ROption, *lastMoment, error) {
	refused := func(why string) error { return fmt.Errorf("RRULE %q %s", shortened(text), why) }
	if len(text) > maxRule {
		return nil, nil, refused(fmt.Sprintf("is longer than %d bytes", maxRule))
	}
	var parts []string
	var ends *lastMoment
	for part := range strings.SplitSeq(strings.ToUpper(strings.Trim(text, "; ")), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		var err error
		switch name {
		case "UNTIL":
			ends, err = lastOf(value)
		case "FREQ":
			if !slices.Contains([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}, value) {
				err = errors.New("happens within a day: write DAILY, WEEKLY, MONTHLY or YEARLY")
			}
		case "COUNT", "INTERVAL":
			if strings.Trim(value, "0") == "" {
				err = fmt.Errorf("has a %s that is no number from 1", name)
			}
		case "BYEASTER", "DTSTART":
			err = fmt.Errorf("has %s, which no calendar has", name)
		}
		if err != nil {
			return nil, nil, refused(err.Error())
		}
		if name != "UNTIL" && part != "RSCALE=GREGORIAN" && part != "SKIP=OMIT" {
			parts = append(parts, name+"="+value)
		}
	}
	option, err := rrule.StrToROption(strings.Join(parts, ";"))
	if err != nil {
		return nil, nil, refused("is not understood: " + shortened(err.Error()))
	}
	if start.date {
		option.Byhour, option.Byminute, option.Bysecond = nil, nil, nil
	}
	option.Dtstart = start.wall
	return option, ends, workable(option, refused)
}

// workable refuses a rule that the library could not work out, or not soon.
func workable(o *rrule.ROption, refused func(string) error) error {
	perMonth := o.Freq == rrule.MONTHLY || o.Freq == rrule.YEARLY && len(o.Bymonth) > 0
	for _, day := range o.Byweekday {
		if n := day.N(); perMonth && (n < -5 || n > 5) {
			return refused("has a weekday that no month has")
		}
	}
	switch {
	case o.Interval < 0 || o.Interval > maxInterval:
		return refused(fmt.Sprintf("has an INTERVAL that is not from 1 to %d", maxInterval))
	case o.Count < 0:
		return refused("has a COUNT that is not from 1")
	case max(1, len(o.Byhour))*max(1, len(o.Byminute))*max(1, len(o.Bysecond)) > maxTimesOfDay:
		return refused(fmt.Sprintf("happens more than %d times a day", maxTimesOfDay))
	}
	return nil
}

// lastOf reads the end of a rule.
func lastOf(value string) (*lastMoment, error) {
	for _, layout := range []string{"20060102T150405Z", "20060102T150405", "20060102"} {
		wall, err := time.Parse(layout, value)
		if err != nil {
			continue
		}
		if layout == "20060102" {
			wall = wall.Add(24*time.Hour - time.Second)
		}
		return &lastMoment{moment{wall: wall}, strings.HasSuffix(layout, "Z")}, nil
	}
	return nil, fmt.Errorf("has an UNTIL of %q, which is no time", shortened(value))
}

// startNear lets a rule without a count start one step of it before a wall time at the earliest: the library goes through all that is before. What the
// rule took from its start, it then has in words.
func startNear(o *rrule.ROption, from time.Time) {
	start, step := o.Dtstart, max(1, o.Interval)
	anyDay := len(o.Byweekno)+len(o.Byyearday)+len(o.Bymonthday)+len(o.Byweekday) == 0
	days := int(from.Sub(start) / (24 * time.Hour))
	months := (from.Year()-start.Year())*12 + int(from.Month()-start.Month())
	// ahead returns how many units are the steps that lie before the one before the time.
	ahead := func(units int) int { return max(0, (units/step-1)*step) }
	firstOf := func(year int, month time.Month) time.Time {
		return time.Date(year, month, 1, start.Hour(), start.Minute(), start.Second(), 0, time.UTC)
	}
	switch o.Freq {
	case rrule.DAILY:
		o.Dtstart = start.AddDate(0, 0, ahead(days))
	case rrule.WEEKLY:
		o.Dtstart = start.AddDate(0, 0, 7*ahead(days/7)) // the same day of the week
	case rrule.MONTHLY:
		if n := ahead(months); n > 0 {
			o.Dtstart = firstOf(start.Year(), start.Month()+time.Month(n))
			if anyDay {
				o.Bymonthday = []int{start.Day()}
			}
		}
	case rrule.YEARLY:
		if n := ahead(from.Year() - start.Year()); n > 0 {
			o.Dtstart = firstOf(start.Year()+n, time.January)
			if anyDay && len(o.Bymonth) == 0 {
				o.Bymonth = []int{int(start.Month())}
			}
			if anyDay {
				o.Bymonthday = []int{start.Day()}
			}
		}
	}
}
