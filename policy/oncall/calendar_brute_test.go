package oncall

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// brute returns the starts of a rule's occurrences from a day until another: it looks at every day, and at every hour and half hour of the zone's clock, in
// order, and knows nothing of how the rule is worked out otherwise.
func brute(b bruteRule, from, until time.Time) (starts []time.Time) {
	zone := zoneNamed(b.zone)
	n := 0
	for day := 0; ; day++ {
		wall := b.start.AddDate(0, 0, day)
		at := wall
		if wall.After(from.AddDate(0, 0, -3)) { // the others are only counted
			at = firstShown(wall, zone)
		}
		if at.After(until) || b.until != nil && day > 0 && b.passed(wall, at) || b.count > 0 && n == b.count {
			return starts
		}
		if !b.on(day, wall) {
			continue
		}
		if n++; !at.Before(from) {
			starts = append(starts, at)
		}
	}
}

// firstShown looks for the first time at which a zone's clock shows a wall time, quarter by quarter of an hour; where it shows a later one before, the
// time was skipped, and is where the offset before puts it.
func firstShown(wall time.Time, zone *time.Location) time.Time {
	clock := func(t time.Time) time.Time {
		l := t.In(zone)
		return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), 0, time.UTC)
	}
	offset := func(t time.Time) time.Duration { return clock(t).Sub(t) }
	begin := wall.Add(-offset(wall.Add(-30*time.Hour)) - 5*time.Hour)
	for t := begin; ; t = t.Add(15 * time.Minute) {
		switch shows := clock(t); {
		case shows.Equal(wall):
			return t
		case shows.After(wall):
			return wall.Add(-offset(t.Add(-15 * time.Minute)))
		}
	}
}

// bruteRule is a rule as a test makes it.
type bruteRule struct {
	zone            string
	start           time.Time // on the wall
	freq            string
	interval, count int
	days            []int // of the week
	until           *time.Time
	form            string // of until
}

var weekdays = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

func (b bruteRule) on(day int, wall time.Time) bool {
	if day == 0 {
		return true
	}
	switch b.freq {
	case "DAILY":
		return day%b.interval == 0 && (len(b.days) == 0 || slices.Contains(b.days, int(wall.Weekday())))
	case "WEEKLY":
		monday := b.start.AddDate(0, 0, -(int(b.start.Weekday())+6)%7)
		week := int(wall.Sub(monday)/(24*time.Hour)) / 7
		if len(b.days) == 0 {
			return week%b.interval == 0 && wall.Weekday() == b.start.Weekday()
		}
		return week%b.interval == 0 && slices.Contains(b.days, int(wall.Weekday()))
	case "MONTHLY":
		months := (wall.Year()-b.start.Year())*12 + int(wall.Month()-b.start.Month())
		return months%b.interval == 0 && wall.Day() == b.start.Day()
	}
	return (wall.Year()-b.start.Year())%b.interval == 0 && wall.Month() == b.start.Month() && wall.Day() == b.start.Day()
}

func (b bruteRule) passed(wall, at time.Time) bool {
	switch b.form {
	case "20060102":
		return wall.Format("20060102") > b.until.Format("20060102")
	case "20060102T150405":
		return wall.After(*b.until)
	}
	return at.After(*b.until)
}

func (b bruteRule) String() string {
	rule := fmt.Sprintf("FREQ=%s;INTERVAL=%d", b.freq, b.interval)
	if len(b.days) > 0 {
		var names []string
		for _, d := range b.days {
			names = append(names, weekdays[d])
		}
		rule += ";BYDAY=" + strings.Join(names, ",")
	}
	if b.count > 0 {
		rule += fmt.Sprintf(";COUNT=%d", b.count)
	}
	if b.until != nil {
		rule += ";UNTIL=" + b.until.Format(b.form)
	}
	return fmt.Sprintf("UID:1|SUMMARY:Ada|DTSTART;TZID=%s:%s|DURATION:PT7M|RRULE:%s", b.zone, b.start.Format("20060102T150405"), rule)
}

// drawRule draws a rule that is, most often, of the hours in which clocks change.
func drawRule(t *rapid.T, now time.Time) bruteRule {
	b := bruteRule{
		zone:     rapid.SampledFrom([]string{"Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata", "Africa/Cairo"}).Draw(t, "zone"),
		freq:     rapid.SampledFrom([]string{"DAILY", "DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "YEARLY"}).Draw(t, "freq"),
		interval: rapid.SampledFrom([]int{1, 1, 1, 2, 3, 5}).Draw(t, "interval"),
	}
	clock := rapid.SampledFrom([]int{0, 30, 60, 90, 120, 135, 150, 180, 9 * 60, 23*60 + 45}).Draw(t, "minute")
	ago := rapid.SampledFrom([]int{0, 0, 400, 1500, 9000}).Draw(t, "long ago") + rapid.IntRange(-60, 366).Draw(t, "days ago")
	b.start = time.Date(now.Year(), now.Month(), now.Day(), 0, clock, 0, 0, time.UTC).AddDate(0, 0, -ago)
	if b.freq == "WEEKLY" || b.freq == "DAILY" && b.interval == 1 {
		for d := range 7 {
			if rapid.IntRange(0, 3).Draw(t, "day") == 0 {
				b.days = append(b.days, d)
			}
		}
	}
	switch rapid.SampledFrom([]string{"", "", "count", "until"}).Draw(t, "ends") {
	case "count":
		b.count = rapid.IntRange(1, 400).Draw(t, "count")
	case "until":
		b.form = rapid.SampledFrom([]string{"20060102", "20060102T150405", "20060102T150405Z"}).Draw(t, "form")
		u := now.Add(time.Duration(rapid.IntRange(-30*96, 300*96).Draw(t, "until")) * 15 * time.Minute)
		if b.form != "20060102T150405Z" {
			u = time.Date(u.Year(), u.Month(), u.Day(), 0, clock, 0, 0, time.UTC)
		}
		b.until = &u
	}
	return b
}

// TestRecurrencesByBruteForce compares the occurrences of rules with those that a look at each day finds, over a year with its clock changes.
func TestRecurrencesByBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2027, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day of month"), 12, 0, 0, 0, time.UTC)
		b := drawRule(t, now)
		c, err := ParseCalendar(entries(b.String()), Reading{People: team}, now)
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		var got, want []string
		for _, s := range c.shifts {
			if s.From.After(c.Since) {
				got = append(got, s.From.Format(time.RFC3339))
			}
		}
		for _, at := range brute(b, c.Since.Add(time.Second), c.Until.Add(-time.Second)) {
			want = append(want, at.UTC().Format(time.RFC3339))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s, read at %s (-want +got):\n%s", b, now, diff)
		}
	})
}

// TestWallTimesByBruteForce: each quarter of an hour around the clock changes of zones that have odd ones is where a search finds it.
func TestWallTimesByBruteForce(t *testing.T) {
	for _, name := range []string{"Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "America/St_Johns"} {
		zone := zoneNamed(name)
		for at := time.Date(2027, 1, 1, 0, 0, 0, 0, zone); at.Year() < 2028; {
			_, end := at.ZoneBounds()
			if end.IsZero() {
				break
			}
			for wall := wallOf(end, zone).Truncate(time.Hour).Add(-5 * time.Hour); wall.Before(wallOf(end, zone).Add(5 * time.Hour)); wall = wall.Add(15 * time.Minute) {
				if got, want := instant(wall, zone), firstShown(wall, zone); !got.Equal(want) {
					t.Errorf("%s in %s is at %s, want %s", wall.Format(time.DateTime), name, got.UTC(), want.UTC())
				}
			}
			at = end
		}
	}
}

// TestZonesThatCalendarsBring: a zone that is written out as one that is known has the same offsets.
func TestZonesThatCalendarsBring(t *testing.T) {
	brought := "BEGIN:VTIMEZONE|TZID:Ours|BEGIN:DAYLIGHT|TZOFFSETFROM:-0500|TZOFFSETTO:-0400|DTSTART:20070311T020000|RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU|END:DAYLIGHT|" +
		"BEGIN:STANDARD|TZOFFSETFROM:-0400|TZOFFSETTO:-0500|DTSTART:20071104T020000|RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU|END:STANDARD|END:VTIMEZONE"
	every := "SUMMARY:Ada|DTSTART;TZID=%s:20200101T%s|DURATION:PT7M|RRULE:FREQ=DAILY"
	for _, clock := range []string{"013000", "020000", "023000", "090000"} {
		var got [2][]Shift
		for i, zone := range []string{"Ours", "America/New_York"} {
			c, err := ParseCalendar(entries(brought, fmt.Sprintf(every, zone, clock)), Reading{People: team}, calendar)
			if err != nil {
				t.Fatal(err)
			}
			got[i] = c.shifts
		}
		if diff := cmp.Diff(got[1], got[0]); diff != "" || len(got[0]) < 400 {
			t.Errorf("at %s, %d shifts (-want +got):\n%s", clock, len(got[0]), diff)
		}
	}
}

// FuzzCalendar: whatever is answered, it is read soon and without a panic, and what is read is in order and names people.
func FuzzCalendar(f *testing.F) {
	for _, seed := range []string{
		"SUMMARY:Ada|DTSTART;TZID=Europe/London:20261130T090000|DTEND;TZID=Europe/London:20261207T090000|RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20270101",
		"UID:1|SUMMARY:Ben|RECURRENCE-ID:20261202T090000Z|DTSTART:20261202T120000Z|DURATION:PT5H|EXDATE:20261203T090000",
		"SUMMARY:Cleo|DTSTART;VALUE=DATE:20261130|RRULE:FREQ=MONTHLY;BYDAY=-1MO;BYSETPOS=1|RDATE;VALUE=PERIOD:20261202T090000Z/PT3H",
		"SUMMARY:x|DTSTART:20261130T090000|RRULE:FREQ=YEARLY;BYWEEKNO=53,-53;BYYEARDAY=-366;BYDAY=53MO,-53SU",
		"BEGIN:VTIMEZONE|TZID:Office|BEGIN:STANDARD|DTSTART:16010101T020000|TZOFFSETFROM:+0300|TZOFFSETTO:+0200|RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU|END:STANDARD|END:VTIMEZONE|BEGIN:VEVENT|DTSTART;TZID=Office:20261130T090000|END:VEVENT",
		`ATTENDEE;CN="Ada\"":mailto:ada@example.com|DTSTART:20261130T090000|DURATION:P1W`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		begun := time.Now()
		for _, body := range [][]byte{entries(entry), []byte(entry)} {
			c, err := ParseCalendar(body, Reading{Zone: london, People: team}, calendar)
			if err != nil && (err.Error() == "" || strings.Contains(err.Error(), "that cannot be read")) {
				t.Fatalf("a library panics: %v", err)
			}
			for i, s := range c.shifts {
				if !s.From.Before(s.Until) || s.From.Before(c.Since) || s.Until.After(c.Until) || i > 0 && s.From.Before(c.shifts[i-1].Until) || len(s.People) == 0 && s.Note == "" {
					t.Fatalf("a shift is out of order, or names nobody: %+v", s)
				}
			}
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Fatalf("it took %v", took)
		}
	})
}
