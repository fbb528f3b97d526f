package policy_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

// usLine keeps the published hours of the USA and Canada line, changed as asked.
func usLine(change ...func(*policy.Line)) policy.Line {
	return lineIn("America/New_York", "mon-fri", "08:00-20:00", change...)
}

// ukLine keeps the published hours of the United Kingdom line.
func ukLine(change ...func(*policy.Line)) policy.Line {
	return lineIn("Europe/London", "mon-fri", "08:00-19:00", change...)
}

func lineIn(zone, days, hours string, change ...func(*policy.Line)) policy.Line {
	location, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	l := policy.Line{Zone: location}
	week(days, hours)(&l)
	for _, c := range change {
		c(&l)
	}
	return l
}

func week(days, hours string) func(*policy.Line) {
	return func(l *policy.Line) {
		for _, d := range must(policy.ParseDays(days)) {
			l.Hours.Week[d] = must(policy.ParseSpans(hours))
		}
	}
}

func special(date, hours string) func(*policy.Line) {
	return func(l *policy.Line) {
		s := policy.SpecialHours{Date: must(policy.ParseDate(date)), Spans: must(policy.ParseSpans(hours))}
		l.Hours.Special = append(l.Hours.Special, s)
	}
}

func closed(date, reason string) func(*policy.Line) {
	return func(l *policy.Line) {
		l.Hours.Closed = append(l.Hours.Closed, policy.Closure{Date: must(policy.ParseDate(date)), Reason: reason})
	}
}

func calendars(names ...policy.Calendar) func(*policy.Line) {
	return func(l *policy.Line) { l.Hours.Calendars = names }
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// opening is a policy.Opening as a row of a table states it.
type opening struct {
	Open         bool
	Rule, Reason string
	Until        string // RFC 3339, with the line's offset then; empty: never
}

const (
	weekUS = "Monday to Friday 08:00-20:00"
	weekUK = "Monday to Friday 08:00-19:00"
)

var christmas = closed("2026-12-24", "Christmas Eve")

// openingCase is a moment on a line, and what is to be found then.
type openingCase struct {
	line policy.Line
	at   string
	want opening
}

// openingsByTheWeek: rule 1: half-open hours in wall time.
var openingsByTheWeek = map[string]openingCase{
	"last second before opening": {
		usLine(), "2026-11-23T07:59:59-05:00",
		opening{false, "hours.week", weekUS, "2026-11-23T08:00:00-05:00"},
	},
	"first second": {usLine(), "2026-11-23T08:00:00-05:00", opening{true, "hours.week", weekUS, "2026-11-23T20:00:00-05:00"}},
	"last second":  {usLine(), "2026-11-23T19:59:59-05:00", opening{true, "hours.week", weekUS, "2026-11-23T20:00:00-05:00"}},
	"last nanosecond": {
		usLine(), "2026-11-23T19:59:59.999999999-05:00",
		opening{true, "hours.week", weekUS, "2026-11-23T20:00:00-05:00"},
	},
	"closing second": {usLine(), "2026-11-23T20:00:00-05:00", opening{false, "hours.week", weekUS, "2026-11-24T08:00:00-05:00"}},
	"in another zone's words": {
		usLine(), "2026-11-24T00:59:59Z",
		opening{true, "hours.week", weekUS, "2026-11-23T20:00:00-05:00"},
	},
	"Friday evening": {ukLine(), "2026-11-27T19:00:00Z", opening{false, "hours.week", weekUK, "2026-11-30T08:00:00Z"}},
	"Sunday":         {ukLine(), "2026-11-29T12:00:00Z", opening{false, "hours.week", weekUK, "2026-11-30T08:00:00Z"}},
	"British summer": {ukLine(), "2026-07-01T07:00:00Z", opening{true, "hours.week", weekUK, "2026-07-01T19:00:00+01:00"}},
	"lunch": {
		usLine(week("mon-fri", "08:00-12:00, 13:00-20:00")), "2026-11-23T12:00:00-05:00",
		opening{false, "hours.week", "Monday to Friday 08:00-12:00 and 13:00-20:00", "2026-11-23T13:00:00-05:00"},
	},
	"through midnight by two spans": {
		usLine(week("mon", "20:00-24:00"), week("tue", "00:00-04:00"), week("wed-fri", "closed")), "2026-11-23T21:00:00-05:00",
		opening{true, "hours.week", "Monday 20:00-24:00, Tuesday 00:00-04:00", "2026-11-24T04:00:00-05:00"},
	},
}

// openingsByDate: rule 2: special hours beat a closure, a closure beats a calendar, a calendar beats the week.
var openingsByDate = map[string]openingCase{
	"closure": {
		usLine(christmas), "2026-12-24T10:00:00-05:00",
		opening{false, "hours.closed", "Christmas Eve", "2026-12-25T08:00:00-05:00"},
	},
	"closure without a reason": {
		usLine(closed("2026-12-24", "")), "2026-12-24T10:00:00-05:00",
		opening{false, "hours.closed", "closed on 2026-12-24", "2026-12-25T08:00:00-05:00"},
	},
	"special hours": {
		usLine(special("2026-12-31", "09:00-12:00")), "2026-12-31T11:59:59-05:00",
		opening{true, "hours.special", "2026-12-31 09:00-12:00", "2026-12-31T12:00:00-05:00"},
	},
	"after special hours": {
		usLine(special("2026-12-31", "09:00-12:00")), "2026-12-31T12:00:00-05:00",
		opening{false, "hours.special", "2026-12-31 09:00-12:00", "2027-01-01T08:00:00-05:00"},
	},
	"special hours on a Sunday": {
		usLine(special("2026-11-29", "09:00-12:00")), "2026-11-29T09:00:00-05:00",
		opening{true, "hours.special", "2026-11-29 09:00-12:00", "2026-11-29T12:00:00-05:00"},
	},
	"special closed": {
		usLine(special("2026-11-23", "closed")), "2026-11-23T10:00:00-05:00",
		opening{false, "hours.special", "2026-11-23 closed", "2026-11-24T08:00:00-05:00"},
	},
	"special hours beat a closure": {
		usLine(christmas, special("2026-12-24", "09:00-12:00")), "2026-12-24T10:00:00-05:00",
		opening{true, "hours.special", "2026-12-24 09:00-12:00", "2026-12-24T12:00:00-05:00"},
	},
	"special hours beat a holiday": {
		usLine(calendars("us"), special("2026-12-25", "09:00-12:00")), "2026-12-25T10:00:00-05:00",
		opening{true, "hours.special", "2026-12-25 09:00-12:00", "2026-12-25T12:00:00-05:00"},
	},
	"a closure names its reason before the holiday's": {
		usLine(calendars("us"), closed("2026-12-25", "office move")), "2026-12-25T10:00:00-05:00",
		opening{false, "hours.closed", "office move", "2026-12-28T08:00:00-05:00"},
	},
	"observed holiday": {
		usLine(calendars("us")), "2026-07-03T10:00:00-04:00",
		opening{false, "hours.holiday", "Independence Day (observed)", "2026-07-06T08:00:00-04:00"},
	},
	"holiday by the line's date, not the machine's": {
		usLine(calendars("us"), week("sat-sun", "00:00-24:00")), "2026-12-26T04:59:59Z",
		opening{false, "hours.holiday", "Christmas Day", "2026-12-26T00:00:00-05:00"},
	},
	"second calendar": {
		usLine(calendars("us", "ca")), "2026-07-01T10:00:00-04:00",
		opening{false, "hours.holiday", "Canada Day", "2026-07-02T08:00:00-04:00"},
	},
	"Christmas to the day after Boxing Day observed": {
		ukLine(calendars("gb-eng")), "2026-12-24T19:00:00Z",
		opening{false, "hours.week", weekUK, "2026-12-29T08:00:00Z"},
	},
}

// openingsAtClockChanges: clock changes.
var openingsAtClockChanges = map[string]openingCase{
	"the Monday after the clocks went forward, New York": {
		usLine(), "2026-03-06T20:00:00-05:00",
		opening{false, "hours.week", weekUS, "2026-03-09T08:00:00-04:00"},
	},
	"the Monday after the clocks went back, London": {
		ukLine(), "2026-10-23T19:00:00+01:00",
		opening{false, "hours.week", weekUK, "2026-10-26T08:00:00Z"},
	},
	"hours that begin in the skipped hour begin at the jump": {
		lineIn("America/New_York", "sun", "02:30-05:00"), "2026-03-08T01:59:59-05:00",
		opening{false, "hours.week", "Sunday 02:30-05:00", "2026-03-08T03:00:00-04:00"},
	},
	"hours that end in the skipped hour end at the jump": {
		lineIn("Europe/London", "sun", "00:00-01:30"), "2026-03-29T00:59:59Z",
		opening{true, "hours.week", "Sunday 00:00-01:30", "2026-03-29T02:00:00+01:00"},
	},
	"hours within the skipped hour are skipped": {
		lineIn("Europe/London", "sun", "01:15-01:45"), "2026-03-29T00:00:00Z",
		opening{false, "hours.week", "Sunday 01:15-01:45", "2026-04-05T01:15:00+01:00"},
	},
	"repeated hour, the first time": {
		lineIn("America/New_York", "sun", "01:15-01:45"), "2026-11-01T01:45:00-04:00",
		opening{false, "hours.week", "Sunday 01:15-01:45", "2026-11-01T01:15:00-05:00"},
	},
	"repeated hour, the second time": {
		lineIn("America/New_York", "sun", "01:15-01:45"), "2026-11-01T01:15:00-05:00",
		opening{true, "hours.week", "Sunday 01:15-01:45", "2026-11-01T01:45:00-05:00"},
	},
	"hours over the repeated hour are an hour longer": {
		lineIn("Europe/London", "sun", "00:30-02:00"), "2026-10-25T00:30:00+01:00",
		opening{true, "hours.week", "Sunday 00:30-02:00", "2026-10-25T02:00:00Z"},
	},
	"no clock changes with a fixed offset": {
		lineIn("Etc/GMT+4", "mon-fri", "08:00-20:00"), "2026-11-23T08:00:00-04:00",
		opening{true, "hours.week", weekUS, "2026-11-23T20:00:00-04:00"},
	},
}

// openingsAtCorners: the calendar's corners.
var openingsAtCorners = map[string]openingCase{
	"leap day": {
		ukLine(special("2028-02-29", "10:00-11:00")), "2028-02-28T19:00:00Z",
		opening{false, "hours.week", weekUK, "2028-02-29T10:00:00Z"},
	},
	"into the new year": {ukLine(), "2026-12-31T19:00:00Z", opening{false, "hours.week", weekUK, "2027-01-01T08:00:00Z"}},
}

// openingsFarAway: changes that are far away or never come.
var openingsFarAway = map[string]openingCase{
	"always open": {
		usLine(week("mon-sun", "00:00-24:00")), "2026-11-23T12:00:00-05:00",
		opening{true, "hours.week", "Monday to Sunday 00:00-24:00", ""},
	},
	"always open but for one day": {
		usLine(week("mon-sun", "00:00-24:00"), closed("2027-11-23", "a day off")), "2026-11-23T12:00:00-05:00",
		opening{true, "hours.week", "Monday to Sunday 00:00-24:00", "2027-11-23T00:00:00-05:00"},
	},
	"never open": {
		usLine(week("mon-fri", "closed")), "2026-11-23T12:00:00-05:00",
		opening{false, "hours.week", "closed every day of the week", ""},
	},
	"open once, in 400 days": {
		usLine(week("mon-fri", "closed"), special("2027-12-28", "08:00-09:00")), "2026-11-23T12:00:00-05:00",
		opening{false, "hours.week", "closed every day of the week", "2027-12-28T08:00:00-05:00"},
	},
	"open once, in 401 days": {
		usLine(week("mon-fri", "closed"), special("2027-12-29", "08:00-09:00")), "2026-11-23T12:00:00-05:00",
		opening{false, "hours.week", "closed every day of the week", ""},
	},
}

func TestOpening(t *testing.T) {
	for _, cases := range []map[string]openingCase{openingsByTheWeek, openingsByDate, openingsAtClockChanges, openingsAtCorners, openingsFarAway} {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				got := c.line.Opening(must(time.Parse(time.RFC3339Nano, c.at)))
				if diff := cmp.Diff(c.want, opening{got.Open, got.Rule, got.Reason, stamp(got.Until)}); diff != "" {
					t.Errorf("Opening(%s) (-want +got):\n%s", c.at, diff)
				}
			})
		}
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

func TestNextOpening(t *testing.T) {
	for name, c := range map[string]struct {
		line     policy.Line
		at, want string // want is empty where the line does not open
	}{
		"open now":        {usLine(), "2026-11-23T15:00:00Z", "2026-11-23T10:00:00-05:00"},
		"tomorrow":        {usLine(), "2026-11-23T20:00:00-05:00", "2026-11-24T08:00:00-05:00"},
		"after a holiday": {usLine(calendars("us")), "2026-11-25T20:00:00-05:00", "2026-11-27T08:00:00-05:00"},
		"never":           {usLine(week("mon-fri", "closed")), "2026-11-23T20:00:00-05:00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := c.line.NextOpening(must(time.Parse(time.RFC3339, c.at)))
			if diff := cmp.Diff(c.want, stamp(got)); diff != "" || ok != (c.want != "") {
				t.Errorf("NextOpening(%s) ok = %v (-want +got):\n%s", c.at, ok, diff)
			}
		})
	}
}

func TestDay(t *testing.T) {
	for name, c := range map[string]struct {
		line policy.Line
		date string
		want []string
	}{
		"two spans": {
			usLine(week("mon", "08:00-12:00, 13:00-20:00")), "2026-11-23",
			[]string{"2026-11-23T08:00:00-05:00", "2026-11-23T12:00:00-05:00", "2026-11-23T13:00:00-05:00", "2026-11-23T20:00:00-05:00"},
		},
		"closed": {usLine(), "2026-11-22", nil},
		"the day of 25 hours is one interval": {
			usLine(week("sun", "00:00-24:00")), "2026-11-01",
			[]string{"2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"},
		},
		"the day of 23 hours is one interval": {
			ukLine(week("sun", "00:00-24:00")), "2026-03-29",
			[]string{"2026-03-29T00:00:00Z", "2026-03-30T00:00:00+01:00"},
		},
		"hours in the repeated hour are two intervals": {
			ukLine(week("sun", "01:15-01:45")), "2026-10-25",
			[]string{"2026-10-25T01:15:00+01:00", "2026-10-25T01:45:00+01:00", "2026-10-25T01:15:00Z", "2026-10-25T01:45:00Z"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, i := range c.line.Day(must(policy.ParseDate(c.date))).Open {
				got = append(got, stamp(i.From), stamp(i.To))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Day(%s) (-want +got):\n%s", c.date, diff)
			}
		})
	}
}

// The days at the ends of what can be written come to an end, whatever a zone knows of them.
func TestTheHoursOfDistantDaysEnd(t *testing.T) {
	for _, zone := range []string{"Europe/London", "America/New_York", "Asia/Kolkata", "UTC"} {
		line := lineIn(zone, "mon-sun", "08:00-20:00")
		for _, year := range []int{-1, 0, 1, 2, 1900, 2999, 9999, 10000} {
			first := policy.DateOf(time.Date(year, time.January, 1, 12, 0, 0, 0, time.UTC))
			for n := range 400 {
				if day := line.Day(first.Plus(n)); len(day.Open) == 0 {
					t.Fatalf("%s: a day of the year %d is closed: %+v", zone, year, day)
				}
			}
		}
	}
}
