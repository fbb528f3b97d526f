package oncall

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

var (
	london   = zoneNamed("Europe/London")
	newYork  = zoneNamed("America/New_York")
	calendar = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC) // when calendars are read in tests, if nothing else is said
	team     = []policy.Person{
		{ID: "ada", Name: "Ada Moreau", Email: "ada@example.com"},
		{ID: "ben", Name: "Ben Okafor", Email: "ben@example.com"},
		{ID: "cleo", Name: "Cleo Lind", Email: "cleo@example.com"},
		{ID: "zoe", Name: "Zoë Ångström"},
	}
)

func zoneNamed(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// entries returns a calendar with entries, each of which is lines with a "|" between them.
func entries(all ...string) []byte {
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN"}
	for _, e := range all {
		if strings.HasPrefix(e, "BEGIN:") || strings.HasPrefix(e, "X-WR-TIMEZONE") {
			lines = append(lines, strings.Split(e, "|")...)
			continue
		}
		lines = append(append(append(lines, "BEGIN:VEVENT"), strings.Split(e, "|")...), "END:VEVENT")
	}
	return []byte(strings.Join(append(lines, "END:VCALENDAR", ""), "\r\n"))
}

// shown returns the shifts of a calendar in which something is written, in UTC: "1130T0900 1201T0900 ada+ben", or the note of a gap in quotes.
func shown(c Calendar, from, until time.Time) (lines []string) {
	for _, s := range shiftsBy(c, from, until) {
		var who []string
		for _, p := range s.People {
			who = append(who, string(p))
		}
		if s.Note != "" {
			who = append(who, fmt.Sprintf("%q", s.Note))
		}
		if who != nil {
			lines = append(lines, fmt.Sprintf("%s %s %s", s.From.UTC().Format("0102T1504"), s.Until.UTC().Format("0102T1504"), strings.Join(who, "+")))
		}
	}
	return lines
}

// read returns what is written from a day of a calendar until another ("2026-11-30", exclusive).
func read(t *testing.T, how Reading, body []byte, from, until string) []string {
	t.Helper()
	days := [2]time.Time{}
	for i, day := range []string{from, until} {
		var err error
		if days[i], err = time.Parse(time.DateOnly, day); err != nil {
			t.Fatal(err)
		}
	}
	how.People = team
	c, err := ParseCalendar(body, how, days[0].Add(-24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return shown(c, days[0], days[1])
}

// TestCalendarsOfTheField: each entry of a calendar is on call when its calendar shows it.
func TestCalendarsOfTheField(t *testing.T) {
	office := "BEGIN:VTIMEZONE|TZID:Office|BEGIN:STANDARD|DTSTART:20251026T020000|TZOFFSETFROM:+0300|TZOFFSETTO:+0200|RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU|END:STANDARD|" +
		"BEGIN:DAYLIGHT|DTSTART:20260329T010000|TZOFFSETFROM:+0200|TZOFFSETTO:+0300|RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU|END:DAYLIGHT|END:VTIMEZONE"
	daily := "UID:1|SUMMARY:Ada|DTSTART;TZID=Europe/London:20261130T090000|DURATION:PT8H|RRULE:FREQ=DAILY;COUNT=4"
	for _, c := range []struct {
		name        string
		entries     []string
		from, until string
		want        []string
	}{
		{
			"a zone by its Windows name",
			[]string{"SUMMARY:Ada|DTSTART;TZID=GMT Standard Time:20261130T090000|DURATION:PT1H", "SUMMARY:Ben|DTSTART;TZID=Eastern Standard Time:20260701T090000|DURATION:PT1H"},
			"2026-06-30", "2026-12-02",
			[]string{"0701T1300 0701T1400 ben", "1130T0900 1130T1000 ada"},
		},
		{
			"a zone that the calendar brings along",
			[]string{office, "SUMMARY:Ada|DTSTART;TZID=Office:20261130T090000|DURATION:PT1H", "SUMMARY:Ben|DTSTART;TZID=Office:20270629T090000|DURATION:PT1H"},
			"2026-11-30", "2027-07-01",
			[]string{"1130T0700 1130T0800 ada", "0629T0600 0629T0700 ben"},
		},
		{
			"a zone at the end of a longer name",
			[]string{"SUMMARY:Ada|DTSTART;TZID=/freeassociation.sourceforge.net/America/New_York:20261130T090000|DURATION:PT1H"},
			"2026-11-30", "2026-12-01",
			[]string{"1130T1400 1130T1500 ada"},
		},
		{
			"no zone",
			[]string{"SUMMARY:Ada|DTSTART:20270601T090000|DURATION:PT12H", "SUMMARY:Ben|DTSTART;VALUE=DATE:20270603"},
			"2027-06-01", "2027-06-05",
			[]string{"0601T0800 0601T2000 ada", "0602T2300 0603T2300 ben"},
		},
		{
			"no end",
			[]string{"SUMMARY:Ada|DTSTART:20261130T090000|DURATION:PT12H", "SUMMARY:Ben|DTSTART;VALUE=DATE:20261201", "SUMMARY:Cleo|DTSTART:20261203T090000"},
			"2026-11-30", "2026-12-05",
			[]string{"1130T0900 1130T2100 ada", "1201T0000 1202T0000 ben"},
		},
		{"a date alone", []string{"SUMMARY:Ada|DTSTART;VALUE=DATE:20261130"}, "2026-11-30", "2026-12-05", []string{"1130T0000 1201T0000 ada"}},
		{
			"days from one to another",
			[]string{"SUMMARY:Ada|DTSTART;VALUE=DATE:20261130|DTEND;VALUE=DATE:20261203", "SUMMARY:Ben|DTSTART;VALUE=DATE:20261203|DTEND;VALUE=DATE:20261203"},
			"2026-11-30", "2026-12-05",
			[]string{"1130T0000 1203T0000 ada", "1203T0000 1204T0000 ben"},
		},
		{
			"UNTIL in UTC is the last turn on the evening before",
			[]string{"SUMMARY:Ada|DTSTART;TZID=America/New_York:20261130T200000|DURATION:PT1H|RRULE:FREQ=WEEKLY;UNTIL=20261215T010000Z"},
			"2026-11-30", "2027-02-01",
			[]string{"1201T0100 1201T0200 ada", "1208T0100 1208T0200 ada", "1215T0100 1215T0200 ada"},
		},
		{
			"UNTIL as a date is that day too",
			[]string{"SUMMARY:Ada|DTSTART;TZID=America/New_York:20261130T200000|DURATION:PT1H|RRULE:FREQ=WEEKLY;UNTIL=20261214"},
			"2026-11-30", "2027-02-01",
			[]string{"1201T0100 1201T0200 ada", "1208T0100 1208T0200 ada", "1215T0100 1215T0200 ada"},
		},
		{
			"UNTIL a second before a turn",
			[]string{"SUMMARY:Ada|DTSTART;TZID=America/New_York:20261130T200000|DURATION:PT1H|RRULE:FREQ=WEEKLY;UNTIL=20261215T005959Z"},
			"2026-11-30", "2027-02-01",
			[]string{"1201T0100 1201T0200 ada", "1208T0100 1208T0200 ada"},
		},
		{
			"moved and cancelled",
			[]string{
				daily, "UID:1|SUMMARY:Ben|RECURRENCE-ID:20261202T090000Z|DTSTART;TZID=Europe/London:20261202T120000|DURATION:PT5H",
				"UID:1|SUMMARY:Ada|RECURRENCE-ID;TZID=Europe/London:20261203T090000|DTSTART;TZID=Europe/London:20261203T090000|DURATION:PT8H|STATUS:CANCELLED",
			},
			"2026-11-30", "2026-12-10",
			[]string{"1130T0900 1130T1700 ada", "1201T0900 1201T1700 ada", "1202T1200 1202T1700 ben"},
		},
		{
			"moved by an entry that stands before its series, by the day alone",
			[]string{"UID:1|SUMMARY:Ben|RECURRENCE-ID;VALUE=DATE:20261202|DTSTART;TZID=Europe/London:20261202T120000|DURATION:PT5H", daily},
			"2026-11-30", "2026-12-10",
			[]string{"1130T0900 1130T1700 ada", "1201T0900 1201T1700 ada", "1202T1200 1202T1700 ben", "1203T0900 1203T1700 ada"},
		},
		{
			"moved, and then back",
			[]string{
				daily, "UID:1|SEQUENCE:1|SUMMARY:Ben|RECURRENCE-ID:20261202T090000Z|DTSTART:20261202T120000Z|DURATION:PT5H",
				"UID:1|SEQUENCE:2|SUMMARY:Ada|RECURRENCE-ID;TZID=Europe/London:20261202T090000|DTSTART:20261202T090000Z|DURATION:PT8H",
			},
			"2026-12-02", "2026-12-03",
			[]string{"1202T0900 1202T1700 ada"},
		},
		{"a series that is cancelled", []string{daily + "|STATUS:CANCELLED", "UID:1|SUMMARY:Ben|RECURRENCE-ID:20261202T090000Z|DTSTART:20261202T120000Z|DURATION:PT5H"}, "2026-11-30", "2026-12-10", nil},
		{
			"one UID twice",
			[]string{"UID:1|SEQUENCE:3|SUMMARY:Ben|DTSTART:20261130T090000Z|DURATION:PT8H", "UID:1|SEQUENCE:1|SUMMARY:Ada|DTSTART:20261130T090000Z|DURATION:PT8H"},
			"2026-11-30", "2026-12-10",
			[]string{"1130T0900 1130T1700 ben"},
		},
		{
			"one UID twice, with stamps",
			[]string{"UID:1|DTSTAMP:20261101T000000Z|SUMMARY:Ada|DTSTART:20261130T090000Z|DURATION:PT8H", "UID:1|DTSTAMP:20261102T000000Z|SUMMARY:Ben|DTSTART:20261130T090000Z|DURATION:PT8H"},
			"2026-11-30", "2026-12-10",
			[]string{"1130T0900 1130T1700 ben"},
		},
		{
			"entries without a UID, and with one that tells nothing, are all read",
			[]string{"SUMMARY:Ada|DTSTART:20261130T090000Z|DURATION:PT1H", "SUMMARY:Ben|DTSTART:20261201T090000Z|DURATION:PT1H", "UID:x|SUMMARY:Ada|DTSTART:20261202T090000Z|DURATION:PT1H", "UID:x|SUMMARY:Ben|DTSTART:20261203T090000Z|DURATION:PT1H"},
			"2026-11-30", "2026-12-10",
			[]string{"1130T0900 1130T1000 ada", "1201T0900 1201T1000 ben", "1202T0900 1202T1000 ada", "1203T0900 1203T1000 ben"},
		},
		{
			"dates that are left out, in each form",
			[]string{"SUMMARY:Ada|DTSTART;TZID=America/New_York:20261130T090000|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=6|EXDATE;TZID=America/New_York:20261201T090000,20261202T090000|EXDATE:20261203T140000Z|EXDATE;VALUE=DATE:20261204|EXDATE:20261205T090000"},
			"2026-11-30", "2026-12-10",
			[]string{"1130T1400 1130T1500 ada"},
		},
		{
			"further dates and periods",
			[]string{"SUMMARY:Ada|DTSTART:20261130T090000Z|DURATION:PT1H|RDATE:20261201T100000Z,20261201T100000Z|RDATE;VALUE=PERIOD:20261202T090000Z/PT3H,20261203T090000Z/20261203T113000Z"},
			"2026-11-30", "2026-12-10",
			[]string{"1130T0900 1130T1000 ada", "1201T1000 1201T1100 ada", "1202T0900 1202T1200 ada", "1203T0900 1203T1130 ada"},
		},
		{
			"the start counts, whether the rule names it or not",
			[]string{"SUMMARY:Ada|DTSTART:20261201T090000Z|DURATION:PT1H|RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3"},
			"2026-11-30", "2027-02-01",
			[]string{"1201T0900 1201T1000 ada", "1207T0900 1207T1000 ada", "1214T0900 1214T1000 ada"},
		},
		{
			"who overlaps is on call together, and who follows himself goes on",
			[]string{"SUMMARY:Ada|DTSTART:20261130T090000Z|DURATION:PT2H", "SUMMARY:Ben|DTSTART:20261130T100000Z|DURATION:PT2H", "SUMMARY:Ben|DTSTART:20261130T120000Z|DURATION:PT2H", "SUMMARY:Lunch|DTSTART:20261130T093000Z|DURATION:PT6H"},
			"2026-11-30", "2026-12-10",
			[]string{"1130T0900 1130T1000 ada", "1130T1000 1130T1100 ada+ben", "1130T1100 1130T1400 ben", `1130T1400 1130T1530 "Lunch"`},
		},
		{
			"an old daily rule",
			[]string{"SUMMARY:Ada|DTSTART;TZID=Europe/London:19700101T090000|DURATION:PT1H|RRULE:FREQ=DAILY;INTERVAL=3"},
			"2027-06-01", "2027-06-06",
			[]string{"0601T0800 0601T0900 ada", "0604T0800 0604T0900 ada"},
		},
		{
			"old rules by the week, the month and the year",
			[]string{
				"SUMMARY:Ada|DTSTART;TZID=Europe/London:19991231T090000|DURATION:PT1H|RRULE:FREQ=WEEKLY;INTERVAL=2",
				"SUMMARY:Ben|DTSTART;TZID=Europe/London:20000131T110000|DURATION:PT1H|RRULE:FREQ=MONTHLY",
				"SUMMARY:Cleo|DTSTART;TZID=Europe/London:20000229T130000|DURATION:PT1H|RRULE:FREQ=YEARLY;INTERVAL=2",
				"SUMMARY:Cleo|DTSTART;TZID=Europe/London:20000204T150000|DURATION:PT1H|RRULE:FREQ=YEARLY;INTERVAL=2",
			},
			"2028-01-25", "2028-03-05",
			[]string{"0131T1100 0131T1200 ben", "0204T0900 0204T1000 ada", "0204T1500 0204T1600 cleo", "0218T0900 0218T1000 ada", "0229T1300 0229T1400 cleo", "0303T0900 0303T1000 ada"},
		},
	} {
		got := read(t, Reading{Zone: london}, entries(c.entries...), c.from, c.until)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestHandOverInAClockChange: a hand-over in a skipped hour is where the offset before puts it, in a doubled one at the first of the two (RFC 5545, 3.3.5),
// and neither leaves nobody on call. Ends keep their time on the clock, as those of the starts do.
func TestHandOverInAClockChange(t *testing.T) {
	daily := entries(
		"UID:1|SUMMARY:Ada|DTSTART;TZID=Europe/London:20261001T013000|DTEND;TZID=Europe/London:20261002T013000|RRULE:FREQ=DAILY;INTERVAL=2",
		"UID:2|SUMMARY:Ben|DTSTART;TZID=Europe/London:20261002T013000|DURATION:P1D|RRULE:FREQ=DAILY;INTERVAL=2",
	)
	want := []string{"0327T0000 0327T0130 ada", "0327T0130 0328T0130 ben", "0328T0130 0329T0030 ada", "0329T0030 0330T0000 ben"}
	if diff := cmp.Diff(want, read(t, Reading{}, daily, "2027-03-27", "2027-03-30")); diff != "" {
		t.Errorf("the skipped hour (-want +got):\n%s", diff)
	}
	want = []string{"1030T0000 1030T0030 ben", "1030T0030 1031T0030 ada", "1031T0030 1101T0130 ben", "1101T0130 1102T0000 ada"}
	if diff := cmp.Diff(want, read(t, Reading{}, daily, "2027-10-30", "2027-11-02")); diff != "" {
		t.Errorf("the doubled hour (-want +got):\n%s", diff)
	}
	hours := entries("SUMMARY:Ada|DTSTART;TZID=Europe/London:20270327T200000|DURATION:PT12H", "SUMMARY:Ben|DTSTART;TZID=Europe/London:20270329T200000|DURATION:P1DT1H")
	if diff := cmp.Diff([]string{"0327T2000 0328T0800 ada", "0329T1900 0330T2000 ben"}, read(t, Reading{}, hours, "2027-03-27", "2027-04-01")); diff != "" {
		t.Errorf("hours pass, days are on the clock (-want +got):\n%s", diff)
	}
}

// TestCalendarsThatOthersExport reads what the makers of rotas and calendars write.
func TestCalendarsThatOthersExport(t *testing.T) {
	for _, c := range []struct {
		file, from, until string
		want              []string
	}{
		{"pagerduty.ics", "2026-11-29", "2026-12-10", []string{"1130T2000 1201T0900 ada", "1201T2000 1202T0900 ben"}},
		{"opsgenie.ics", "2026-11-29", "2026-12-20", []string{"1130T0900 1207T0900 ada", "1207T0900 1214T0900 cleo"}},
		{"google.ics", "2026-11-29", "2026-12-28", []string{"1129T0000 1130T0900 ada", "1130T0900 1207T0900 ben", "1207T1200 1214T0900 cleo", "1214T0900 1221T0900 ben", "1221T0900 1228T0000 ada"}},
		{"outlook.ics", "2027-03-15", "2027-05-10", []string{"0315T0900 0503T0800 ada"}},
	} {
		body, err := os.ReadFile(filepath.Join("testdata", "calendars", c.file))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, read(t, Reading{Zone: newYork}, body, c.from, c.until)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.file, diff)
		}
	}
}

// TestWhoIsNamed: whole names, names of the configuration and e-mail addresses, without regard to case and to how a letter is put together.
func TestWhoIsNamed(t *testing.T) {
	bare := read(t, Reading{}, entries("SUMMARY:Ben, Cleo|DTSTART:20261130T090000Z|DURATION:PT1H"), "2026-11-30", "2026-12-01")
	if diff := cmp.Diff([]string{"1130T0900 1130T1000 ben+cleo"}, bare); diff != "" {
		t.Errorf("a comma without its backslash (-want +got):\n%s", diff)
	}
	for summary, want := range map[string]string{
		"On call: ADA MOREAU (p)":        "ada",
		"ada":                            "ada",
		"Ada on call":                    "ada",
		"Ada On-Call":                    "ada",
		"Ada's shift":                    "ada",
		"ada@Example.com":                "ada",
		"<ADA@EXAMPLE.COM>":              "ada",
		"primary - ben okafor - week":    "ben",
		"Ben, Cleo":                      "ben+cleo",
		"Cleo / Ben":                     "ben+cleo",
		"Cleo and Ben Okafor":            "ben+cleo",
		"Zo\u00eb \u00c5ngstr\u00f6m":    "zoe",
		"Zoe\u0308 A\u030angstro\u0308m": "zoe",
		"ZOË ÅNGSTRÖM":                   "zoe",
		"zoe":                            "zoe",
		"Adam":                           `"Adam"`,
		"Adam Moreau":                    `"Adam Moreau"`,
		"Ben Smith":                      `"Ben Smith"`,
		"Moreau":                         `"Moreau"`,
		"ada@other.example.com":          `"ada@other.example.com"`,
		"x-ada@example.com":              `"x-ada@example.com"`,
		"Ada-Marie":                      `"Ada-Marie"`,
		"Bne":                            `"Bne"`,
		"Bne +44 20 7946 0000 55":        "",
		"Ben, Bne":                       "ben",
	} {
		got := read(t, Reading{}, entries("SUMMARY:"+strings.ReplaceAll(summary, ",", `\,`)+"|DTSTART:20261130T090000Z|DURATION:PT1H"), "2026-11-30", "2026-12-01")
		who := strings.TrimPrefix(strings.Join(got, "; "), "1130T0900 1130T1000 ")
		if want == "" {
			if strings.Contains(who, "7946") {
				t.Errorf("%s shows a number: %s", summary, who)
			}
			continue
		}
		if who != want {
			t.Errorf("%q names %s, want %s", summary, who, want)
		}
	}
}

// TestWhoIsInvited: those who are invited to an entry count where its title names nobody, unless they declined.
func TestWhoIsInvited(t *testing.T) {
	for attendees, want := range map[string]string{
		"ATTENDEE;ROLE=REQ-PARTICIPANT;CN=Somebody;X-LONG=1234567890:mailto:ada@exa\r\n mple.com": "ada",
		"ATTENDEE:MAILTO:Ben@Example.com|ATTENDEE:mailto:cleo@example.com":                        "ben+cleo",
		`ATTENDEE;CN="Zoe` + "\u0308" + ` Ångström":mailto:z@elsewhere.example.com`:               "zoe",
		"ATTENDEE;PARTSTAT=DECLINED:mailto:ada@example.com|ATTENDEE:mailto:ben@example.com":       "ben",
		"ATTENDEE:mailto:nobody@example.com":                                                      `"On call"`,
	} {
		got := read(t, Reading{}, entries("SUMMARY:On call|"+attendees+"|DTSTART:20261130T090000Z|DURATION:PT1H"), "2026-11-30", "2026-12-01")
		if diff := cmp.Diff([]string{"1130T0900 1130T1000 " + want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", attendees, diff)
		}
	}
	both := entries("SUMMARY:Ada|ATTENDEE:mailto:ben@example.com|DTSTART:20261130T090000Z|DURATION:PT1H")
	if diff := cmp.Diff([]string{"1130T0900 1130T1000 ada"}, read(t, Reading{}, both, "2026-11-30", "2026-12-01")); diff != "" {
		t.Errorf("a title that names somebody (-want +got):\n%s", diff)
	}
}

// TestZoneOfTimesWithoutOne: the rota's zone, else the calendar's own, else that of the first line.
func TestZoneOfTimesWithoutOne(t *testing.T) {
	plain, own := "SUMMARY:Ada|DTSTART:20261130T090000|DURATION:PT1H", "X-WR-TIMEZONE:America/New_York"
	for _, c := range []struct {
		how  Reading
		body []byte
		want string
	}{
		{Reading{Zone: london, Home: newYork}, entries(own, plain), "1130T0900 1130T1000 ada"},
		{Reading{Home: london}, entries(own, plain), "1130T1400 1130T1500 ada"},
		{Reading{Home: zoneNamed("Europe/Berlin")}, entries(plain), "1130T0800 1130T0900 ada"},
		{Reading{}, entries(plain), "1130T0900 1130T1000 ada"},
	} {
		if diff := cmp.Diff([]string{c.want}, read(t, c.how, c.body, "2026-11-30", "2026-12-01")); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.how, diff)
		}
	}
}

// TestServersZoneHasNoPart: a calendar means the same, whatever the clock of the server is set to.
func TestServersZoneHasNoPart(t *testing.T) {
	body := entries("SUMMARY:Ada|DTSTART:20261130T090000|DTEND:20261130T170000|RRULE:FREQ=DAILY;UNTIL=20261205", "SUMMARY:Ben|DTSTART;VALUE=DATE:20261201", "SUMMARY:Cleo|DTSTART:20261203T180000|DURATION:PT1H")
	want := read(t, Reading{Zone: london}, body, "2026-11-30", "2026-12-10")
	before := time.Local
	defer func() { time.Local = before }()
	for _, name := range []string{"Asia/Tokyo", "America/Los_Angeles", "Australia/Lord_Howe"} {
		time.Local = zoneNamed(name)
		if diff := cmp.Diff(want, read(t, Reading{Zone: london}, body, "2026-11-30", "2026-12-10")); diff != "" {
			t.Errorf("in %s (-want +got):\n%s", name, diff)
		}
	}
}

// TestWhatIsNoCalendar: a half, a web page, an unknown zone, or a rule that nobody can follow is refused with what is wrong. How long that may take is
// bounded by work: maxRuleDays.
func TestWhatIsNoCalendar(t *testing.T) {
	whole := entries("SUMMARY:Ada|DTSTART:20261130T090000Z|DURATION:PT1H")
	ruled := func(rule string) []byte {
		return entries("SUMMARY:Ada|DTSTART:19700101T090000Z|DURATION:PT1H|RRULE:" + rule)
	}
	for _, c := range []struct {
		name string
		body []byte
		want string
	}{
		{"nothing", nil, "empty"},
		{"a sign-in page", []byte("<!DOCTYPE html><html><title>Sign in</title></html>"), "web page"},
		{"a page after a mark and blanks", []byte("\ufeff \r\n<html>"), "web page"},
		{"something else", []byte(`{"error":"forbidden"}`), "no calendar"},
		{"a half", whole[:len(whole)-30], "its end is missing"},
		{"a half of an entry with an end", append(bytes.TrimSpace(whole[:80]), "\r\nEND:VCALENDAR"...), "no whole calendar"},
		{"more than one MB", entries("SUMMARY:Ada|DTSTART:20261130T090000Z|DESCRIPTION:" + strings.Repeat("x", MaxCalendar)), "larger than 1 MB"},
		{"a long line", entries("SUMMARY:Ada|DTSTART" + strings.Repeat(";A=B", 20000) + ":20261130T090000Z"), "a line of"},
		{"an unknown zone", entries("SUMMARY:Ada|DTSTART;TZID=Middle Earth:20261130T090000|DURATION:PT1H"), `the entry "Ada" of 20261130T090000: nobody knows its time zone "Middle Earth"`},
		{"the server's zone", entries("SUMMARY:Ada|DTSTART;TZID=Local:20261130T090000|DURATION:PT1H"), `"Local"`},
		{"no time", entries("SUMMARY:Ada|DTSTART:tomorrow|DURATION:PT1H"), `DTSTART is "tomorrow"`},
		{"midnight as the end of a day", entries("SUMMARY:Ada|DTSTART:20261130T240000Z|DURATION:PT1H"), `DTSTART is "20261130T240000Z", which is no time`},
		{"somebody's number", entries("SUMMARY:Ada|DTSTART:+442079460018|DURATION:PT1H"), `DTSTART is "+44********18", which is no time`},
		{"no start", entries("SUMMARY:Ada|DURATION:PT1H"), "no DTSTART"},
		{"an end before the start", entries("SUMMARY:Ada|DTSTART:20261130T090000Z|DTEND:20261130T080000Z"), "ends before it starts"},
		{"no length", entries("SUMMARY:Ada|DTSTART:20261130T090000Z|DURATION:PT"), "no length"},
		{"all that follow", entries("UID:1|SUMMARY:Ada|RECURRENCE-ID;RANGE=THISANDFUTURE:20261130T090000Z|DTSTART:20261130T090000Z"), "RANGE=THISANDFUTURE"},
		{"a rule of exceptions", entries("SUMMARY:Ada|DTSTART:20261130T090000Z|EXRULE:FREQ=DAILY"), "EXRULE"},
		{"every second", ruled("FREQ=SECONDLY"), "within a day"},
		{"every hour", ruled("FREQ=HOURLY;INTERVAL=8"), "within a day"},
		{"each second of a day", ruled("FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5"), "more than 24 times a day"},
		{"never", ruled("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "never happens"},
		{"never, a month at a time", ruled("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"), "never happens"},
		{"never, a year at a time", ruled("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "never happens"},
		{"the 53rd Monday of a month", ruled("FREQ=MONTHLY;BYDAY=-53MO"), "no month has"},
		{"no rule", ruled("FREQ=WEEKLY;BYDAY=XX"), "not understood"},
		{"no frequency", ruled("COUNT=3"), "not understood"},
		{"a step of nothing", ruled("FREQ=DAILY;INTERVAL=0"), "INTERVAL"},
		{"a long step", ruled("FREQ=DAILY;INTERVAL=9223372036854775807"), "INTERVAL"},
		{"an UNTIL that is none", ruled("FREQ=DAILY;UNTIL=soon"), "UNTIL"},
		{"Easter", ruled("FREQ=YEARLY;BYEASTER=400"), "BYEASTER"},
		{"a long rule", ruled("FREQ=DAILY;BYMONTHDAY=1" + strings.Repeat(",1", 400)), "longer than"},
		{"thousands of old rules", entries(slicesOf(3000, "SUMMARY:Ada|DTSTART:17000101T090000Z|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=90000")...), "too many rules"},
		{"too many shifts", entries(slicesOf(50, "SUMMARY:Ada|DTSTART:20261001T090000Z|DURATION:PT1H|RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8,9,10")...), "more than 20000 shifts"},
	} {
		_, err := ParseCalendar(c.body, Reading{Zone: london, People: team}, calendar)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func slicesOf(n int, entry string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = entry
	}
	return all
}

// TestSpellingOfACalendar: line ends, folds, marks, names in small letters, and text that is no UTF-8.
func TestSpellingOfACalendar(t *testing.T) {
	body := entries("SUMMARY:Zoë Ångström|DTSTART:20261130T090000Z|DURATION:PT1H")
	want := []string{"1130T0900 1130T1000 zoe"}
	latin := strings.NewReplacer("ë", "\xeb", "Å", "\xc5", "ö", "\xf6")
	for name, text := range map[string][]byte{
		"LF":                        bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")),
		"a mark, blanks at the end": append(append([]byte("\ufeff"), body...), "\r\n\r\n  "...),
		"folded within a letter":    bytes.Replace(body, []byte("\xc3\xab"), []byte("\xc3\r\n \xab"), 1),
		"small letters":             bytes.Replace(bytes.Replace(body, []byte("SUMMARY"), []byte("Summary"), 1), []byte("BEGIN:VEVENT"), []byte("begin:vevent"), 1),
		"Windows-1252":              []byte(latin.Replace(string(body))),
	} {
		if diff := cmp.Diff(want, read(t, Reading{}, text, "2026-11-30", "2026-12-01")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
