package ivr_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

const newYork, london = "America/New_York", "Europe/London"

// openings are moments on a closed line, and when it opens next, in words.
var openings = []struct {
	name, language, zone, now, opens, want string
}{
	{"later today", "en-US", newYork, "2026-11-23T06:00:00-05:00", "2026-11-23T08:00:00-05:00", "today at 8 a.m. Eastern time"},
	{
		"tomorrow", "en-US", newYork, "2026-11-23T20:00:00-05:00", "2026-11-24T08:00:00-05:00",
		"tomorrow, Tuesday, at 8 a.m. Eastern time",
	},
	{"tomorrow in London", "en-GB", london, "2026-11-23T19:00:00Z", "2026-11-24T08:00:00Z", "tomorrow, Tuesday, at 8 a.m. UK time"},
	{"over the weekend", "en-US", newYork, "2026-11-20T20:00:00-05:00", "2026-11-23T08:00:00-05:00", "on Monday at 8 a.m. Eastern time"},
	{
		"six days away is still a weekday", "en-GB", london, "2026-11-20T20:00:00Z", "2026-11-26T09:30:00Z",
		"on Thursday at 9:30 a.m. UK time",
	},
	{
		"a week away is a date, American", "en-US", newYork, "2026-12-22T08:00:00-05:00", "2026-12-29T08:00:00-05:00",
		"on Tuesday, December 29, at 8 a.m. Eastern time",
	},
	{
		"a week away is a date, British", "en-GB", london, "2026-12-22T08:00:00Z", "2026-12-29T08:00:00Z",
		"on Tuesday the 29th of December at 8 a.m. UK time",
	},
	{
		"the first", "en-GB", london, "2026-11-20T08:00:00Z", "2026-12-01T08:00:00Z",
		"on Tuesday the 1st of December at 8 a.m. UK time",
	},
	{
		"the twenty-second", "en-GB", london, "2026-12-02T08:00:00Z", "2026-12-22T08:00:00Z",
		"on Tuesday the 22nd of December at 8 a.m. UK time",
	},
	{
		"across new year", "en-US", newYork, "2026-12-31T23:59:59-05:00", "2027-01-01T00:01:00-05:00",
		"tomorrow, Friday, at 12:01 a.m. Eastern time",
	},
	{"a week across new year", "en-GB", london, "2026-12-30T20:00:00Z", "2027-01-04T08:00:00Z", "on Monday at 8 a.m. UK time"},
	{"noon", "en-US", newYork, "2026-11-23T06:00:00-05:00", "2026-11-23T12:00:00-05:00", "today at noon Eastern time"},
	{"half past noon", "en-US", newYork, "2026-11-23T06:00:00-05:00", "2026-11-23T12:30:00-05:00", "today at 12:30 p.m. Eastern time"},
	{"five past one", "en-GB", london, "2026-11-23T06:00:00Z", "2026-11-23T13:05:00Z", "today at 1:05 p.m. UK time"},
	{
		"the next midnight is tonight", "en-US", newYork, "2026-11-23T21:00:00-05:00", "2026-11-24T00:00:00-05:00",
		"tonight at midnight Eastern time",
	},
	{
		"a later midnight", "en-US", newYork, "2026-11-23T21:00:00-05:00", "2026-11-26T00:00:00-05:00",
		"on Thursday at midnight Eastern time",
	},
	{
		"the night that loses an hour, US", "en-US", newYork, "2026-03-07T23:30:00-05:00", "2026-03-08T08:00:00-04:00",
		"tomorrow, Sunday, at 8 a.m. Eastern time",
	},
	{
		"the night that gains an hour, US", "en-US", newYork, "2026-10-31T23:30:00-04:00", "2026-11-01T08:00:00-05:00",
		"tomorrow, Sunday, at 8 a.m. Eastern time",
	},
	{
		"the day that loses an hour, US", "en-US", newYork, "2026-03-08T01:30:00-05:00", "2026-03-08T08:00:00-04:00",
		"today at 8 a.m. Eastern time",
	},
	{
		"the weekend that loses an hour, UK", "en-GB", london, "2026-03-27T20:00:00Z", "2026-03-30T08:00:00+01:00",
		"on Monday at 8 a.m. UK time",
	},
	{
		"the weekend that gains an hour, UK", "en-GB", london, "2026-10-23T20:00:00+01:00", "2026-10-26T08:00:00Z",
		"on Monday at 8 a.m. UK time",
	},
	{
		"a week with a lost hour is a week", "en-GB", london, "2026-03-23T23:30:00Z", "2026-03-30T00:30:00+01:00",
		"on Monday the 30th of March at 12:30 a.m. UK time",
	},
	{
		"times come in UTC", "en-US", newYork, "2026-07-02T00:30:00Z", "2026-07-02T12:00:00Z",
		"tomorrow, Thursday, at 8 a.m. Eastern time",
	},
	{
		"an opening in the past is said in full", "en-US", newYork, "2026-11-24T06:00:00-05:00", "2026-11-23T08:00:00-05:00",
		"on Monday, November 23, at 8 a.m. Eastern time",
	},
	{
		"without now it is said in full", "en-US", newYork, "", "2026-11-23T08:00:00-05:00",
		"on Monday, November 23, at 8 a.m. Eastern time",
	},
}

func TestOpeningInWords(t *testing.T) {
	for _, row := range openings {
		line := policy.Line{Language: row.language, Zone: mustZone(t, row.zone)}
		got := ivr.DefaultWords().Speak(line, said("closed", "opens", row.opens, "now", row.now))
		if diff := cmp.Diff("Thanks for calling phone support. We're closed right now, and open again "+row.want+".", got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// TestClosedForAReason: a day with a name is named.
func TestClosedForAReason(t *testing.T) {
	line := policy.Line{Language: "en-GB", Zone: mustZone(t, london)}
	opens := []string{"now", "2026-12-28T10:00:00Z", "opens", "2026-12-29T08:00:00Z"}
	for _, row := range []struct {
		name string
		args []string
		want string
	}{
		{"a holiday", append(opens, "reason", "Boxing Day"), "Phone support is closed for Boxing Day, and opens again tomorrow, Tuesday, at 8 a.m. UK time."},
		{"with a full stop", append(opens, "reason", "Moving house."), "Phone support is closed for Moving house, and opens again tomorrow, Tuesday, at 8 a.m. UK time."},
		{"without an opening in sight", []string{"reason", "Boxing Day"}, "Phone support is closed for Boxing Day."},
		{
			"too long to be said in 10 seconds", append(opens, "reason", "the move of all of our offices in the town to the new house"),
			"Thanks for calling phone support. We're closed right now, and open again tomorrow, Tuesday, at 8 a.m. UK time.",
		},
		{"that the caller was told", append(opens, "told", "yes"), "We open again tomorrow, Tuesday, at 8 a.m. UK time."},
		{"a holiday on a line that the caller knows to be closed", append(opens, "told", "yes", "reason", "Boxing Day"), "Phone support is closed for Boxing Day, and opens again tomorrow, Tuesday, at 8 a.m. UK time."},
		{"told, without an opening in sight", []string{"told", "yes"}, "Thanks for calling phone support. We're closed right now."},
		{"none", append(opens, "reason", " "), "Thanks for calling phone support. We're closed right now, and open again tomorrow, Tuesday, at 8 a.m. UK time."},
	} {
		if diff := cmp.Diff(row.want, ivr.DefaultWords().Speak(line, said("closed", row.args...))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

func TestClosedWithoutAnOpeningInSight(t *testing.T) {
	for _, phrase := range []ivr.Phrase{said("closed", "now", "2026-11-23T08:00:00Z"), said("closed", "opens", "soon"), said("closed")} {
		if diff := cmp.Diff("Thanks for calling phone support. We're closed right now.", ivr.DefaultWords().Speak(policy.Line{Language: "en-US"}, phrase)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", phrase.Args, diff)
		}
	}
}

func TestZonesInWords(t *testing.T) {
	for _, row := range []struct{ name, zone, want string }{
		{"Central", "America/Chicago", "at noon Central time."},
		{"Mountain", "America/Denver", "at 11 a.m. Mountain time."},
		{"Mountain all year", "America/Phoenix", "at 11 a.m. Mountain time."},
		{"Pacific", "America/Los_Angeles", "at 10 a.m. Pacific time."},
		{"Canadian Eastern", "America/Toronto", "at 1 p.m. Eastern time."},
		{"Canadian Pacific", "America/Vancouver", "at 10 a.m. Pacific time."},
		{"Atlantic", "America/Halifax", "at 2 p.m. Atlantic time."},
		{"Ireland", "Europe/Dublin", "at 6 p.m. Irish time."},
		{"UTC", "UTC", "at 6 p.m. UTC."},
		{"UTC by its other name", "Etc/UTC", "at 6 p.m. UTC."},
		{"Greenwich all year", "Etc/GMT", "at 6 p.m. UTC."},
		{"a fixed clock behind UTC has a plus in its name", "Etc/GMT+4", "at 2 p.m. UTC minus 4."},
		{"a fixed clock ahead of UTC", "Etc/GMT-3", "at 9 p.m. UTC plus 3."},
		{"a city", "Europe/Sofia", "at 8 p.m. Sofia time."},
		{"a city of several words", "America/Argentina/Buenos_Aires", "at 3 p.m. Buenos Aires time."},
		{"a name that says nothing", "EST5EDT", "at 1 p.m. local time."},
	} {
		line := policy.Line{Language: "en-US", Zone: mustZone(t, row.zone)}
		got := ivr.DefaultWords().Speak(line, said("closed", "opens", "2026-12-01T18:00:00Z", "now", "2026-12-01T12:00:00Z"))
		if diff := cmp.Diff("Thanks for calling phone support. We're closed right now, and open again today "+row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
	got := ivr.DefaultWords().Speak(policy.Line{}, said("closed", "opens", "2026-12-01T18:00:00Z", "now", "2026-12-01T12:00:00Z"))
	if diff := cmp.Diff("Thanks for calling phone support. We're closed right now, and open again today at 6 p.m. UTC.", got); diff != "" {
		t.Errorf("a line without a zone (-want +got):\n%s", diff)
	}
}

// hours gives the days the same spans.
func hours(spans []policy.Span, days ...time.Weekday) (week [7][]policy.Span) {
	for _, day := range days {
		week[day] = spans
	}
	return week
}

// both lays two weeks over each other.
func both(a, b [7][]policy.Span) [7][]policy.Span {
	for day := range b {
		a[day] = append(a[day], b[day]...)
	}
	return a
}

func TestWeeklyHoursInWords(t *testing.T) {
	const mon, tue, wed, thu, fri, sat, sun = time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday
	usual, morning, always := []policy.Span{{From: 480, To: 1140}}, []policy.Span{{From: 540, To: 720}}, []policy.Span{{From: 0, To: 1440}}
	irregular := [7][]policy.Span{}
	for day := range irregular {
		irregular[day] = []policy.Span{{From: 480 + day*7, To: 1140}}
	}
	for _, row := range []struct {
		name string
		week [7][]policy.Span
		want string
	}{
		{"working days", hours(usual, mon, tue, wed, thu, fri), "Our hours are Monday to Friday, 8 a.m. to 7 p.m., UK time."},
		{"every day", hours(usual, mon, tue, wed, thu, fri, sat, sun), "Our hours are every day, 8 a.m. to 7 p.m., UK time."},
		{"never closed", hours(always, mon, tue, wed, thu, fri, sat, sun), "Our hours are every day, all day, UK time."},
		{"two days", hours(usual, sat, sun), "Our hours are Saturday and Sunday, 8 a.m. to 7 p.m., UK time."},
		{"scattered days", hours(usual, mon, wed, fri), "Our hours are Monday, Wednesday and Friday, 8 a.m. to 7 p.m., UK time."},
		{"a gap in the week", hours(usual, mon, tue, wed, fri), "Our hours are Monday to Wednesday and Friday, 8 a.m. to 7 p.m., UK time."},
		{"from Sunday on, told from Monday", hours(usual, sun, mon, tue), "Our hours are Monday, Tuesday and Sunday, 8 a.m. to 7 p.m., UK time."},
		{
			"a short Saturday", both(hours(usual, mon, tue, wed, thu, fri), hours(morning, sat)),
			"Our hours are Monday to Friday, 8 a.m. to 7 p.m., and Saturday, 9 a.m. to noon, UK time.",
		},
		{
			"a break at noon", hours([]policy.Span{{From: 480, To: 720}, {From: 780, To: 1200}}, mon, tue, wed, thu),
			"Our hours are Monday to Thursday, 8 a.m. to noon and 1 p.m. to 8 p.m., UK time.",
		},
		{"until midnight", hours([]policy.Span{{From: 1110, To: 1440}}, fri), "Our hours are Friday, 6:30 p.m. to midnight, UK time."},
		{"no hours at all", [7][]policy.Span{}, ""},
		{"too irregular to be said: a part would be taken for the whole", irregular, ""},
	} {
		line := policy.Line{Language: "en-GB", Zone: mustZone(t, "Europe/London"), Hours: policy.Hours{Week: row.week}}
		if diff := cmp.Diff(row.want, ivr.DefaultWords().Speak(line, said("closed-hours"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// On every day of two years, through all clock changes, the words name the day and the hour that the line's clock shows.
func TestOpeningInWordsThroughTwoYears(t *testing.T) {
	for language, zone := range map[string]string{"en-US": "America/New_York", "en-GB": "Europe/London"} {
		line := policy.Line{Language: language, Zone: mustZone(t, zone)}
		last := map[string]string{"en-US": "Eastern time", "en-GB": "UK time"}[language]
		for day := range 731 {
			now := time.Date(2026, 1, 1+day, 21, 0, 0, 0, line.Zone)
			opens := time.Date(2026, 1, 2+day, 8, 0, 0, 0, line.Zone)
			want := "Thanks for calling phone support. We're closed right now, and open again tomorrow, " + opens.Weekday().String() + ", at 8 a.m. " + last + "."
			got := ivr.DefaultWords().Speak(line, said("closed", "opens", opens.UTC().Format(time.RFC3339), "now", now.UTC().Format(time.RFC3339)))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v in %s (-want +got):\n%s", now, zone, diff)
			}
		}
	}
}
