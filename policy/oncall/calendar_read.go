package oncall

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	"golang.org/x/text/encoding/charmap"

	"github.com/officernd/supportline/policy"
)

// The time around its reading for which a calendar is worked out: what is shown, and more than a year of what comes. Whoever keeps a Calendar reads
// it again within a day.
const (
	calendarPast   = 62 * 24 * time.Hour
	calendarFuture = 400 * 24 * time.Hour
)

// maxCalendarLine bounds a line that is looked at, in bytes: a library goes over the rest of the line for each of its parameters.
const maxCalendarLine = 16 << 10

// calendarReader reads one calendar.
type calendarReader struct {
	Reading
	since, until time.Time
	stated       string                    // the calendar's own zone, by name
	own          map[string]*ics.VTimezone // the zones that it brings along
	zones        map[string]*time.Location // those that were looked up
	names        nameList
	days         int // that may still be gone through for recurrences
	left         int // occurrences that may still be found
}

// ParseCalendar reads a calendar (RFC 5545), and works out who is on call by it around a time. The error says in words what is wrong with the calendar.
// One of which a part cannot be read is refused whole, because a shift that is missing would be noticed by a caller.
func ParseCalendar(body []byte, how Reading, now time.Time) (c Calendar, err error) {
	defer func() {
		if recover() != nil { // the libraries index by what is written; nothing that is written may end the server
			c, err = Calendar{}, errors.New("the calendar has something in it that cannot be read")
		}
	}()
	lines, err := calendarLines(body)
	if err != nil {
		return Calendar{}, err
	}
	parsed, err := ics.ParseCalendarWithOptions(strings.NewReader(lines), ics.WithUnknownPropertyHandler(ics.AcceptUnknownPropertyHandler))
	if err != nil {
		return Calendar{}, fmt.Errorf("the answer is no whole calendar: %s", shortened(err.Error()))
	}
	r := calendarReader{
		Reading: how, since: now.Add(-calendarPast), until: now.Add(calendarFuture), own: map[string]*ics.VTimezone{}, zones: map[string]*time.Location{},
		names: newNameList(how.People), days: maxRuleDays, left: maxOccurrences,
	}
	events, err := r.events(parsed)
	if err != nil {
		return Calendar{}, err
	}
	written, err := r.written(events)
	if err != nil {
		return Calendar{}, err
	}
	return Calendar{Since: r.since, Until: r.until, shifts: shiftsOf(written, how.People)}, nil
}

// calendarLines returns the lines of a calendar that are looked at: unfolded, in UTF-8, with the names of their properties in capitals. It refuses what
// does not begin and end as a calendar: the library takes a half for a whole.
func calendarLines(body []byte) (string, error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	switch {
	case len(body) > MaxCalendar:
		return "", fmt.Errorf("the calendar is larger than %d MB", MaxCalendar>>20)
	case len(body) == 0:
		return "", errors.New("the answer is empty")
	case body[0] == '<':
		return "", errors.New("the answer is a web page and no calendar: use the secret or private address of the calendar, which asks for no sign-in")
	}
	body = bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
	for _, fold := range []string{"\n ", "\n\t"} { // before the text is looked at: a line may be folded within a letter
		body = bytes.ReplaceAll(body, []byte(fold), nil)
	}
	var kept strings.Builder
	last := ""
	for line := range bytes.Lines(body) {
		text := calendarLine(bytes.TrimRight(line, "\n"))
		if len(text) > maxCalendarLine {
			return "", fmt.Errorf("the calendar has a line of %d bytes (%s)", len(text), shortened(text))
		}
		if kept.Len() == 0 && text != "BEGIN:VCALENDAR" {
			return "", errors.New("the answer is no calendar: it does not begin with BEGIN:VCALENDAR")
		}
		if text != "" {
			kept.WriteString(text + "\n")
		}
		if len(bytes.TrimSpace(line)) > 0 {
			last = text
		}
	}
	if last != "END:VCALENDAR" {
		return "", errors.New("the answer is no whole calendar: its end is missing")
	}
	return kept.String(), nil
}

// readProperties are the properties that are looked at. What else is written may be anything.
var readProperties = []string{
	"BEGIN", "END", "UID", "SUMMARY", "ATTENDEE", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "STATUS", "SEQUENCE",
	"DTSTAMP", "TZID", "TZOFFSETFROM", "TZOFFSETTO", "X-WR-TIMEZONE",
}

// calendarLine returns a line of a calendar as the library reads it, "" for one that is not looked at.
func calendarLine(line []byte) string {
	i := bytes.IndexAny(line, ":;")
	if i < 0 {
		return ""
	}
	name := strings.ToUpper(string(line[:i]))
	if !slices.Contains(readProperties, name) {
		return ""
	}
	rest := string(line[i:])
	if !utf8.ValidString(rest) { // RFC 5545 knows no other encoding; what is none is nearly always this one
		rest, _ = charmap.Windows1252.NewDecoder().String(rest)
	}
	if name == "BEGIN" || name == "END" {
		rest = strings.ToUpper(strings.TrimSpace(rest))
	}
	return name + rest
}

// event is an entry of a calendar.
type event struct {
	uid       string
	sequence  int
	stamp     string
	cancelled bool
	replaces  *moment // of an entry that changes one occurrence: the time of that one
	start     moment
	length    length
	rules     []string
	more      []span   // further occurrences
	except    []moment // occurrences that are left out
	people    []int
	text      string
}

// events returns the entries of a calendar that are in force: of those with one UID, for one occurrence, the newest.
func (r *calendarReader) events(c *ics.Calendar) ([]event, error) {
	for _, p := range c.CalendarProperties {
		if p.IANAToken == "X-WR-TIMEZONE" {
			r.stated = strings.TrimSpace(p.Value)
		}
	}
	for _, part := range c.Components {
		if z, ok := part.(*ics.VTimezone); ok {
			if id := z.GetProperty(ics.ComponentPropertyTzid); id != nil {
				r.own[id.Value] = z
			}
		}
	}
	var all []event
	for _, part := range c.Components {
		v, ok := part.(*ics.VEvent)
		if !ok {
			continue
		}
		e, err := r.event(v.Properties)
		if err != nil {
			return nil, fmt.Errorf("the entry %s: %w", titleOf(v.Properties), err)
		}
		all = append(all, e)
	}
	return newest(all), nil
}

// newest leaves out the entries of which there is a newer one: with a higher SEQUENCE, or else a later DTSTAMP (RFC 5546). Entries without a UID, and
// those that are equally new, are different ones.
func newest(all []event) []event {
	best := map[string]event{}
	for _, e := range all {
		if b, ok := best[e.key()]; !ok || newer(e, b) > 0 {
			best[e.key()] = e
		}
	}
	return slices.DeleteFunc(all, func(e event) bool { return e.uid != "" && newer(best[e.key()], e) > 0 })
}

func newer(a, b event) int {
	return cmp.Or(cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.stamp, b.stamp))
}

func (e event) key() string {
	if e.replaces == nil {
		return e.uid
	}
	return e.uid + "\n" + e.replaces.at().UTC().Format(time.RFC3339)
}

// event reads one entry.
func (r *calendarReader) event(properties []ics.IANAProperty) (e event, err error) {
	e.people, e.text = r.names.event(properties)
	var end *moment
	var lasts *length
	dated := false
	for _, p := range startFirst(properties) {
		switch value := strings.TrimSpace(p.Value); p.IANAToken {
		case "UID":
			e.uid = value
		case "SEQUENCE":
			e.sequence, _ = strconv.Atoi(value)
		case "DTSTAMP":
			e.stamp = value
		case "STATUS":
			e.cancelled = strings.EqualFold(value, "CANCELLED")
		case "DTSTART":
			dated = true
			e.start, err = r.moment(p, value, nil)
		case "DTEND":
			end = &moment{}
			*end, err = r.moment(p, value, nil)
		case "DURATION":
			lasts = &length{}
			*lasts, err = lengthOf(value)
		case "RECURRENCE-ID":
			if r := parameter(p, "RANGE"); r != "" {
				return e, fmt.Errorf("RANGE=%s is not read: change the entries one by one", shortened(r))
			}
			e.replaces = &moment{}
			*e.replaces, err = r.moment(p, value, e.start.zone)
		case "RRULE":
			e.rules = append(e.rules, value)
		case "EXRULE":
			err = errors.New("an EXRULE is not read: leave single dates out instead")
		case "RDATE", "EXDATE":
			err = r.dates(p, &e)
		}
		if err != nil {
			return e, err
		}
	}
	if !dated && !e.cancelled {
		return e, errors.New("it has no DTSTART")
	}
	e.length, err = e.lasting(end, lasts)
	return e, err
}

// startFirst returns properties with DTSTART before the others, whose times without a zone are in that of the start.
func startFirst(properties []ics.IANAProperty) []ics.IANAProperty {
	return slices.SortedStableFunc(slices.Values(properties), func(a, b ics.IANAProperty) int {
		return cmp.Compare(boolInt(a.IANAToken != "DTSTART"), boolInt(b.IANAToken != "DTSTART"))
	})
}

func boolInt(is bool) int {
	if is {
		return 1
	}
	return 0
}

// dates reads a list of further occurrences, or of those that are left out.
func (r *calendarReader) dates(p ics.IANAProperty, e *event) error {
	for _, value := range strings.Split(p.Value, ",") {
		begins, ends, period := strings.Cut(strings.TrimSpace(value), "/")
		at, err := r.moment(p, begins, e.start.zone)
		if err != nil {
			return err
		}
		switch {
		case p.IANAToken == "EXDATE":
			e.except = append(e.except, at)
		case !period:
			e.more = append(e.more, span{start: at})
		default:
			s, err := r.period(p, at, ends)
			if err != nil {
				return err
			}
			e.more = append(e.more, s)
		}
	}
	return nil
}

func (r *calendarReader) period(p ics.IANAProperty, from moment, ends string) (span, error) {
	if strings.HasPrefix(strings.TrimPrefix(ends, "+"), "P") {
		lasts, err := lengthOf(ends)
		return span{start: from, length: &lasts}, err
	}
	until, err := r.moment(p, ends, from.zone)
	if err != nil {
		return span{}, err
	}
	lasts, err := event{start: from}.lasting(&until, nil)
	return span{start: from, length: &lasts}, err
}

// lasting returns how long each occurrence of an entry lasts, from its end or its duration. An entry of a date alone lasts for that day, one without
// either does not last.
func (e event) lasting(end *moment, lasts *length) (length, error) {
	switch {
	case lasts != nil:
		return *lasts, nil
	case end == nil && e.start.date, end != nil && e.start.date && end.date && end.wall.Equal(e.start.wall):
		return length{wall: 24 * time.Hour}, nil
	case end == nil || e.start.zone == nil:
		return length{}, nil
	case end.at().Before(e.start.at()):
		return length{}, errors.New("it ends before it starts")
	case end.zone == e.start.zone:
		return length{wall: end.wall.Sub(e.start.wall)}, nil
	}
	return length{exact: end.at().Sub(e.start.at())}, nil
}

// parameter returns the value of a property's parameter, "" for none.
func parameter(p ics.IANAProperty, name string) string {
	for key, values := range p.ICalParameters {
		if strings.EqualFold(key, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// timeForm is how a calendar writes a time. None of them is a number of somebody.
var timeForm = regexp.MustCompile(`^[12]\d{7}(T\d{6}Z?)?$`)

// shownTime returns a time of a calendar as it is shown, or what stands in its place.
func shownTime(value string) string {
	if timeForm.MatchString(value) {
		return value
	}
	return shortened(value)
}

// titleOf names an entry in an error.
func titleOf(properties []ics.IANAProperty) string {
	title, start := "", ""
	for _, p := range properties {
		switch p.IANAToken {
		case "SUMMARY":
			title = p.Value
		case "DTSTART":
			start = shownTime(p.Value)
		}
	}
	return strings.TrimSpace(strconv.Quote(shortened(title)) + " of " + start)
}

// maxQuoted bounds what is quoted of a calendar, in letters.
const maxQuoted = 80

// shortened returns a text of a calendar as it is shown: without numbers of people, and not at length.
func shortened(text string) string {
	letters := []rune(strings.Join(strings.Fields(text), " "))
	if len(letters) > maxQuoted {
		letters = append(letters[:maxQuoted-1], '…')
	}
	return policy.MaskedText(string(letters))
}
