package config

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
)

// rotas returns the rotas in the order of the file. The people are known by then.
func (c *checker) rotas(t table[rota], lines []policy.Line) []oncall.Rota {
	var rotas []oncall.Rota
	for _, r := range t.Rows {
		c.shortName(r.Key, "primary")
		c.rotaName(r.Key, rotas)
		checked := oncall.Rota{Name: r.Key.Value, Zone: c.zone(r.Value.Zone)}
		if r.Value.Calendar.At != (place{}) {
			checked.Feed = c.feed(r.Value)
		} else {
			if r.Value.Zone.At == (place{}) {
				checked.Zone = firstZone(lines)
			}
			checked.Layers = c.turns(r, checked.Zone)
		}
		rotas = append(rotas, checked)
	}
	return rotas
}

// rotaName reports the name of a rota that people take for that of another one, and notes one that is a specialist's too.
func (c *checker) rotaName(t text, before []oncall.Rota) {
	for _, r := range before {
		if strings.EqualFold(r.Name, t.Value) {
			c.wrong(t, fmt.Sprintf("has the names %q and %q, which are one to people", r.Name, t.Value), "write another name for one of the two")
		}
	}
	for _, p := range c.staff {
		if strings.EqualFold(string(p.ID), t.Value) {
			c.note(t.At, fmt.Sprintf("%s is a rota, and %s is a specialist: rota:%s means the rota, and %s alone the specialist", t.Value, p.ID, t.Value, p.ID), "write another name for one of the two")
		}
	}
}

// onDuty notes what is to come of the rotas that have turns of their own: that one has not begun, when nobody is on call in it, and layers over the
// same hours. Calendars are not read here, so that in theirs there may be nobody at any time.
func (c *checker) onDuty(t table[rota]) {
	c.gaps = map[string]bool{}
	for i, r := range c.shifts {
		if !complete(r) {
			c.gaps[r.Name] = r.Feed != ""
			continue
		}
		row := t.Rows[i]
		first, last := begin(r)
		if !c.now.IsZero() && c.now.Before(first) {
			c.note(row.Key.At, fmt.Sprintf("nobody is on call in the rota %s before its first hand-over, on %s", r.Name, first.Format(dateAndTime)), "write an earlier one in starts, if somebody has to be")
		}
		if gaps := c.openTimes(r, last); len(gaps) > 0 {
			c.gaps[r.Name] = true
			c.note(row.Key.At, fmt.Sprintf("nobody is on call in the rota %s from %s to %s%s", r.Name, clock(gaps[0].From), clock(gaps[0].Until), oftener(len(gaps)-1)),
				"give the rota people, or a layer for these hours, if somebody has to be")
		}
		c.overlaps(row.Value, r)
	}
	c.turnChanges(t)
	c.leftOver(t)
}

// turnChanges notes whose turn that goes on becomes another's, compared with the rotas in force before.
func (c *checker) turnChanges(t table[rota]) {
	name := func(id policy.PersonID) string {
		if p, ok := (policy.Settings{People: c.staff}).Person(id); ok {
			return p.Name
		}
		return string(id)
	}
	after := slices.DeleteFunc(slices.Clone(c.shifts), func(r oncall.Rota) bool { return !complete(r) })
	for _, change := range oncall.TurnChanges(c.before, after, c.now) {
		i := slices.IndexFunc(t.Rows, func(r row[rota]) bool { return r.Key.Value == change.Rota })
		c.note(t.Rows[i].Key.At, change.Words(name), "change people so that who is on call stays, or override the turn, if that is not meant")
	}
}

// leftOver notes overrides that are not over and name somebody who is not in the file any more.
func (c *checker) leftOver(t table[rota]) {
	known := c.personIDs()
	for _, e := range c.overrides {
		i := slices.IndexFunc(c.shifts, func(r oncall.Rota) bool { return r.Name == e.Rota })
		for _, o := range e.Overrides {
			if i < 0 || !o.Until.After(c.now) || slices.Contains(known, string(o.Person)) {
				continue
			}
			zone := cmp.Or(c.shifts[i].Zone, time.UTC)
			c.note(t.Rows[i].Key.At, fmt.Sprintf("override %d of the rota %s names %s, who is not in specialists: nobody is on call by it, from %s to %s",
				o.Number, e.Rota, o.Person, o.From.In(zone).Format(dateAndTime), o.Until.In(zone).Format(dateAndTime)),
				fmt.Sprintf("take it back by \"supportline oncall undo %s %d\", or put somebody else there by another override", e.Rota, o.Number))
		}
	}
}

// complete reports whether a rota has turns, all of which could be read.
func complete(r oncall.Rota) bool {
	unread := func(l oncall.Layer) bool { return l.Days == 0 || l.Starts == oncall.WallTime{} || len(l.People) == 0 }
	return len(r.Layers) > 0 && r.Zone != nil && !slices.ContainsFunc(r.Layers, unread)
}

// begin returns the first hand-over of a rota, and that of the layer that is the last to begin.
func begin(r oncall.Rota) (first, last time.Time) {
	for _, l := range r.Layers {
		d := l.Starts.Date
		at, _, _ := policy.Line{Zone: r.Zone}.Wall(time.Date(d.Year, d.Month, d.Day, 0, l.Starts.Minute, 0, 0, time.UTC))
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	return first, last
}

// openTimes returns the times of a week in which nobody is on call. From when all layers have begun on, each week is as the next.
func (c *checker) openTimes(r oncall.Rota, from time.Time) (gaps []oncall.Shift) {
	roster := oncall.NewRoster([]oncall.Rota{r}, c.staff, nil, nil)
	gaps = roster.Gaps(r.Name, from, from.AddDate(0, 0, 14)) // two weeks, to see the end of what begins in the first
	return slices.DeleteFunc(gaps, func(s oncall.Shift) bool { return !s.From.After(from) || s.From.After(from.AddDate(0, 0, 7)) })
}

// clock returns a time of the week: "Monday 17:00".
func clock(t time.Time) string { return t.Format("Monday 15:04") }

func oftener(more int) string {
	switch more {
	case 0:
		return ""
	case 1:
		return ", and once more in each week"
	}
	return fmt.Sprintf(", and %d times more in each week", more)
}

// overlaps notes layers that cover hours of an earlier one. That they cover the rota's own turns is their purpose.
func (c *checker) overlaps(written rota, r oncall.Rota) {
	raw := written.Layers.Items
	over := r.Layers[len(r.Layers)-len(raw):]
	for j := range over {
		for i := range j {
			if both := common(over[i], over[j]); both != "" {
				c.note(raw[j].Hours.At, fmt.Sprintf("hours cover %s, as the layer in line %d of the file does: the later one wins", both, raw[i].At.Line), "write hours apart from each other, unless that is meant")
			}
		}
	}
}

// common returns the first hours that two layers cover both, such as "Saturday 09:00-12:00".
func common(a, b oncall.Layer) string {
	for _, x := range a.Hours {
		for _, y := range b.Hours {
			for _, s := range x.Spans {
				for _, o := range y.Spans {
					if both := (policy.Span{From: max(s.From, o.From), To: min(s.To, o.To)}); x.Day == y.Day && both.From < both.To {
						return x.Day.String() + " " + both.String()
					}
				}
			}
		}
	}
	return ""
}

// firstZone returns the zone of the first line, nil where it has none yet.
func firstZone(lines []policy.Line) *time.Location {
	if len(lines) == 0 {
		return nil
	}
	return lines[0].Zone
}

// feed returns the https address of a rota's calendar. An address of a calendar is a secret: whoever has it reads the calendar.
func (c *checker) feed(r rota) string {
	for _, own := range []struct {
		key string
		at  place
	}{{"people", r.People.At}, {"layers", r.Layers.At}, {"turn", r.Turn.At}, {"starts", r.Starts.At}} {
		if own.at != (place{}) {
			c.add(own.at, "a rota that is read from a calendar has "+own.key+" too", "keep either ical, or "+own.key)
		}
	}
	t := r.Calendar
	if t.silent() || !c.sound(t, secret, "the address of a calendar in iCalendar form") {
		return ""
	}
	u, err := url.Parse(t.Value)
	switch {
	case t.Value == "" && c.offline:
		return ""
	case t.Value == "":
		c.add(t.At, t.origin()+" is empty", "write the address that the calendar gives out for other programs, such as https://calendar.example.com/night.ics")
		return ""
	case err != nil || u.Hostname() == "":
		c.add(t.At, t.origin()+" is not the address of a calendar", "write the one that the calendar gives out for other programs, such as https://calendar.example.com/night.ics")
		return ""
	case u.Scheme == "webcal" || u.Scheme == "webcals":
		u.Scheme = "https"
	case u.Scheme != "https" && (u.Scheme != "http" || !notices.Loopback(u.Hostname())):
		c.add(t.At, t.origin()+" does not begin with https:// or webcal:// (http:// is for this machine only)", "write an address that does: the calendar is fetched over TLS")
		return ""
	}
	return u.String()
}

// turns returns the layers of a rota with turns of its own: the one under all others is the rota's.
func (c *checker) turns(r row[rota], zone *time.Location) []oncall.Layer {
	base := layer{At: r.Value.At, Turn: r.Value.Turn, Starts: r.Value.Starts, People: r.Value.People}
	misshapen := r.Value.Layers.At != (place{}) && !r.Value.Layers.Given || r.Value.At == (place{})
	if base.People.At == (place{}) && len(r.Value.Layers.Items) == 0 && !misshapen {
		c.add(r.Value.At, "the rota "+quoted(r.Key.Value)+" has neither people nor ical", "write people: [ada, ben], or ical: https://calendar.example.com/night.ics")
	}
	var layers []oncall.Layer
	if base.People.At != (place{}) {
		layers = append(layers, c.layer(base, base, zone))
	}
	for _, l := range r.Value.Layers.Items {
		checked := c.layer(l, base, zone)
		checked.Hours = c.layerHours(l.Hours)
		layers = append(layers, checked)
	}
	return layers
}

// layer returns a sequence of turns. What it leaves out is as the rota has it.
func (c *checker) layer(l, usual layer, zone *time.Location) oncall.Layer {
	turn, starts := l.Turn, l.Starts
	if turn.At == (place{}) {
		turn = usual.Turn
	}
	if starts.At == (place{}) {
		starts = usual.Starts
	}
	if starts.At == (place{}) && l.At != (place{}) {
		c.add(l.At, "the key starts is missing", `write starts: "2026-11-30 09:00", the first hand-over`)
	}
	if turn.Value == "" && !turn.Given {
		turn.Value = "1w"
	}
	checked := oncall.Layer{Days: map[string]int{"1w": 7, "1d": 1}[c.oneOf(turn, "1w", "1d")], Starts: c.wallTime(starts, zone), People: c.inTurn(l.People)}
	return checked
}

// inTurn returns people in their order. Who is named twice has twice as many turns.
func (c *checker) inTurn(l list[text]) []policy.PersonID {
	if l.Given && len(l.Items) == 0 {
		c.add(l.At, "people names nobody", "write the names of specialists in the order of their turns, such as [ada, ben]")
	}
	var people []policy.PersonID
	for _, t := range l.Items {
		if !t.silent() && c.knownPerson(t, "", t.Value) {
			people = append(people, policy.PersonID(t.Value))
		}
	}
	return people
}

func (c *checker) layerHours(t table[text]) []oncall.WeekHours {
	week := c.week(t)
	var hours []oncall.WeekHours
	for _, day := range []time.Weekday{1, 2, 3, 4, 5, 6, 0} {
		if len(week[day]) > 0 {
			hours = append(hours, oncall.WeekHours{Day: day, Spans: week[day]})
		}
	}
	if t.Given && len(hours) == 0 && !slices.ContainsFunc(t.Rows, func(r row[text]) bool { return r.Value.Value != "closed" }) {
		c.add(t.At, "hours has no day, so the layer never applies", `write hours: { "sat,sun": "09:00-18:00" }`)
	}
	return hours
}

// dateAndTime is the form of a first hand-over.
const dateAndTime = "2006-01-02 15:04"

// wallTime returns a time on the clock of a zone, and notes one that the clock skips or shows twice.
func (c *checker) wallTime(t text, zone *time.Location) oncall.WallTime {
	if t.silent() {
		return oncall.WallTime{}
	}
	at, err := time.Parse(dateAndTime, t.Value)
	if err != nil || policy.WithinReach(at) != nil {
		instead := `write it like "2026-11-30 09:00"`
		date, midnight := strings.CutSuffix(t.Value, " 24:00")
		if day, err := time.Parse(time.DateOnly, date); err == nil && midnight {
			instead = "write " + quoted(day.AddDate(0, 0, 1).Format(dateAndTime))
		}
		c.wrong(t, "is "+quoted(t.Value)+", which is not a date and a time", instead)
		return oncall.WallTime{}
	}
	if zone != nil {
		c.clockChange(t, at, zone)
	}
	return oncall.WallTime{Date: policy.DateOf(at), Minute: at.Hour()*60 + at.Minute()}
}

func (c *checker) clockChange(t text, at time.Time, zone *time.Location) {
	switch moment, skipped, twice := (policy.Line{Zone: zone}).Wall(at); {
	case skipped:
		first, _ := moment.ZoneBounds() // when the clock was put forward
		c.note(t.At, fmt.Sprintf("starts is %s, which the clock of %s skips: the hand-over is at %s", t.Value, zone, first.In(zone).Format(dateAndTime)), "write that time")
	case twice:
		c.note(t.At, fmt.Sprintf("starts is %s, which the clock of %s shows twice: the hand-over is at the first of the two", t.Value, zone), "write another time where that is not meant")
	}
}

// inRotas returns the people whom the turns of each rota name, each once; everybody for a rota whose calendar says who.
func (c *checker) inRotas() map[string][]policy.PersonID {
	if len(c.shifts) == 0 {
		return nil
	}
	all := map[string][]policy.PersonID{}
	for _, r := range c.shifts {
		for _, p := range c.members(r) {
			all[r.Name] = append(all[r.Name], p.ID)
		}
	}
	return all
}

// members returns the people whom the turns of a rota name, each once; everybody for a rota whose calendar says who.
func (c *checker) members(r oncall.Rota) (members []policy.Person) {
	if len(r.Layers) == 0 {
		return c.staff
	}
	for _, l := range r.Layers {
		for _, id := range l.People {
			if p, ok := (policy.Settings{People: c.staff}).Person(id); ok && !slices.Contains(members, p) {
				members = append(members, p)
			}
		}
	}
	return members
}
