package oncall

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// moment is a time as a calendar writes it: on the wall clock of a zone.
type moment struct {
	wall time.Time // in UTC, whatever the zone is
	zone *time.Location
	date bool // without a time of day
}

// at returns the moment in time.
func (m moment) at() time.Time { return instant(m.wall, m.zone) }

// instant returns the time at which a zone's clock shows a wall time: the first one where it does so twice, and where it is skipped the time that the
// offset before the skip makes of it (RFC 5545, 3.3.5). time.Date promises neither.
func instant(wall time.Time, zone *time.Location) time.Time {
	at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
	from, until := at.ZoneBounds()
	near := []time.Time{at}
	for _, change := range []time.Time{from, until} {
		if !change.IsZero() {
			near = append(near, change.Add(-time.Second), change)
		}
	}
	var shown []time.Time
	for _, t := range near {
		if c := shownAt(wall, t, zone); shownAt(wall, c, zone).Equal(c) {
			shown = append(shown, c)
		}
	}
	if len(shown) > 0 {
		return slices.MinFunc(shown, time.Time.Compare)
	}
	for _, change := range []time.Time{from, until} {
		before, after := shownAt(wall, change.Add(-time.Second), zone), shownAt(wall, change, zone)
		if !change.IsZero() && !before.Before(change) && after.Before(change) {
			return before
		}
	}
	return at.UTC()
}

// shownAt returns the time of a wall time by the offset that a zone has at a time.
func shownAt(wall, when time.Time, zone *time.Location) time.Time {
	_, offset := when.In(zone).Zone()
	return wall.Add(-time.Duration(offset) * time.Second)
}

// wallOf returns what a zone's clock shows at a time.
func wallOf(at time.Time, zone *time.Location) time.Time {
	_, offset := at.In(zone).Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second)
}

// moment reads a time of a property. One without a zone is in floating, or where that is nil in the zone of times without one.
func (r *calendarReader) moment(p ics.IANAProperty, value string, floating *time.Location) (m moment, err error) {
	layout, local := "20060102T150405", true
	switch {
	case len(value) == len("20060102"):
		layout, m.date = "20060102", true
	case strings.HasSuffix(value, "Z"):
		layout, local = "20060102T150405Z", false
	}
	if m.wall, err = time.Parse(layout, value); err != nil {
		return m, fmt.Errorf("%s is %q, which is no time: 20261130T090000 is one", p.IANAToken, shownTime(value))
	}
	switch name := parameter(p, "TZID"); {
	case !local:
		m.zone = time.UTC
	case name != "":
		m.zone, err = r.named(name)
	case floating != nil:
		m.zone = floating
	default:
		m.zone, err = r.floating()
	}
	return m, err
}

// floating returns the zone of times without one.
func (r *calendarReader) floating() (*time.Location, error) {
	switch {
	case r.Zone != nil:
		return r.Zone, nil
	case r.stated != "":
		return r.named(r.stated)
	case r.Home != nil:
		return r.Home, nil
	}
	return time.UTC, nil
}

// named returns the zone with a name: one that the calendar brings along, an IANA one such as Europe/London, also at the end of a longer name, or one of
// Windows. A zone of the IANA goes before the calendar's own of that name, which is often cut to the years that its maker thought of.
func (r *calendarReader) named(name string) (*time.Location, error) {
	name = strings.TrimSpace(name)
	if zone, ok := r.zones[name]; ok {
		return zone, nil
	}
	zone, err := r.lookUp(name)
	if err == nil {
		r.zones[name] = zone
	}
	return zone, err
}

func (r *calendarReader) lookUp(name string) (*time.Location, error) {
	own, there := r.own[name]
	zone, known := public(name)
	if known && (!there || strings.Contains(name, "/")) {
		return zone, nil
	}
	if there {
		return r.zoneOf(name, own)
	}
	if zone, known = public(windowsZones[name]); known {
		return zone, nil
	}
	parts := strings.Split(name, "/")
	for _, n := range []int{3, 2} {
		if zone, known = public(strings.Join(parts[max(0, len(parts)-n):], "/")); known {
			return zone, nil
		}
	}
	return nil, fmt.Errorf("nobody knows its time zone %q, and the calendar does not bring it along: choose one such as Europe/London there", shortened(name))
}

// public returns a zone of the IANA. "Local" is that of the server, which has no part in what a calendar means.
func public(name string) (*time.Location, bool) {
	if name == "" || name == "Local" {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// length is how long something lasts: first on the wall clock, as days and the ends of entries are meant, and then by time that passes.
type length struct{ wall, exact time.Duration }

// after returns the end of what begins at a moment.
func (l length) after(m moment) time.Time {
	return instant(m.wall.Add(l.wall), m.zone).Add(l.exact)
}

// total bounds the length from above.
func (l length) total() time.Duration { return l.wall + l.exact + 48*time.Hour }

var lengthForm = regexp.MustCompile(`^\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?$`)

// lengthOf reads a duration: its weeks and days are of the wall clock, its hours pass (RFC 5545, 3.3.6).
func lengthOf(value string) (length, error) {
	found := lengthForm.FindStringSubmatch(strings.ToUpper(value))
	if found == nil || strings.HasSuffix(value, "P") || strings.HasSuffix(value, "T") {
		return length{}, fmt.Errorf("DURATION is %q, which is no length: PT12H is one", shortened(value))
	}
	units := []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second}
	var of [5]time.Duration
	for i, unit := range units {
		n, _ := strconv.Atoi(found[i+1]) // digits, or none
		of[i] = time.Duration(n) * unit
	}
	return length{wall: of[0] + of[1], exact: of[2] + of[3] + of[4]}, nil
}

// change is when a zone's offset becomes another one, in seconds.
type change struct {
	at       time.Time
	from, to int
}

// zoneOf returns a zone that a calendar brings along.
func (r *calendarReader) zoneOf(name string, z *ics.VTimezone) (*time.Location, error) {
	var all []change
	for _, part := range z.Components {
		var properties []ics.IANAProperty
		switch observance := part.(type) {
		case *ics.Standard:
			properties = observance.Properties
		case *ics.Daylight:
			properties = observance.Properties
		default:
			continue
		}
		changes, err := r.changes(properties)
		if err != nil {
			return nil, fmt.Errorf("its time zone %q: %w", shortened(name), err)
		}
		all = append(all, changes...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("its time zone %q has no offset", shortened(name))
	}
	slices.SortStableFunc(all, func(a, b change) int { return a.at.Compare(b.at) })
	return located(name, all)
}

var offsetForm = regexp.MustCompile(`^([+-])(\d\d)(\d\d)(\d\d)?$`)

// changes returns when one observance of a zone begins, from 1970.
func (r *calendarReader) changes(properties []ics.IANAProperty) (all []change, err error) {
	var c change
	var starts []moment
	var rules []string
	for _, p := range properties {
		switch p.IANAToken {
		case "TZOFFSETFROM":
			c.from, err = offsetOf(p.Value)
		case "TZOFFSETTO":
			c.to, err = offsetOf(p.Value)
		case "DTSTART", "RDATE":
			for _, value := range strings.Split(p.Value, ",") {
				var m moment
				if m, err = r.moment(ics.IANAProperty{BaseProperty: ics.BaseProperty{IANAToken: p.IANAToken}}, value, time.UTC); err != nil {
					return nil, err
				}
				starts = append(starts, m)
			}
		case "RRULE":
			rules = append(rules, p.Value)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(starts) == 0 {
		return nil, errors.New("a part of it has no DTSTART")
	}
	fixed := time.FixedZone("", c.from)
	first := moment{wall: starts[0].wall, zone: fixed}
	for _, rule := range rules {
		found, err := r.recur(first, rule, time.Unix(0, 0).UTC(), r.until)
		if err != nil {
			return nil, err
		}
		starts = append(starts, found...)
	}
	for _, s := range starts {
		all = append(all, change{at: shownAt(s.wall, s.wall, fixed), from: c.from, to: c.to})
	}
	return all, nil
}

func offsetOf(value string) (seconds int, err error) {
	found := offsetForm.FindStringSubmatch(strings.TrimSpace(value))
	if found == nil {
		return 0, fmt.Errorf("%q is no offset: +0100 is one", shortened(value))
	}
	for i, unit := range []int{3600, 60, 1} {
		n, _ := strconv.Atoi(found[i+2]) // digits, or none
		seconds += n * unit
	}
	if found[1] == "-" {
		seconds = -seconds
	}
	return seconds, nil
}

// located returns the zone with changes in their order, by way of the format in which systems keep zones (RFC 8536): it has no other constructor.
func located(name string, changes []change) (*time.Location, error) {
	offsets := []int{changes[0].from}
	for _, c := range changes {
		if !slices.Contains(offsets[1:], c.to) {
			offsets = append(offsets, c.to)
		}
	}
	if len(offsets) > math.MaxUint8 {
		return nil, fmt.Errorf("its time zone %q has %d offsets", shortened(name), len(offsets))
	}
	header := func(data []byte, counts ...uint32) []byte {
		data = append(append(data, "TZif2"...), make([]byte, 15)...)
		for _, n := range counts {
			data = binary.BigEndian.AppendUint32(data, n)
		}
		return data
	}
	data := header(nil, 0, 0, 0, 0, 0, 0) // the older form of it, in which times have 32 bits
	data = header(data, 0, 0, 0, uint32(len(changes)), uint32(len(offsets)), 1)
	for _, c := range changes {
		data = binary.BigEndian.AppendUint64(data, uint64(c.at.Unix()))
	}
	for _, c := range changes {
		data = append(data, byte(1+slices.Index(offsets[1:], c.to)))
	}
	for _, offset := range offsets {
		data = append(binary.BigEndian.AppendUint32(data, uint32(int32(offset))), 0, 0)
	}
	zone, err := time.LoadLocationFromTZData(name, append(data, "\x00\n\n"...))
	if err != nil {
		return nil, fmt.Errorf("its time zone %q cannot be read", shortened(name))
	}
	return zone, nil
}
