package ivr_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// TestFallbackRingsWhoItCan: the files ring at most ten at once, which is what a Dial takes, and then each of them alone, who is told before what to do
// if a talk has just ended. One who was rung alone is not rung again.
func TestFallbackRingsWhoItCan(t *testing.T) {
	t.Parallel()
	for people, want := range map[int]struct{ atOnce, alone int }{1: {1, 0}, 2: {2, 2}, 12: {10, 10}} {
		s := settings(t)
		var steps []policy.RingStep
		for n := range people {
			steps = append(steps, policy.RingStep{To: []policy.Target{policy.Target(fmt.Sprintf("+1555010%04d", n))}, For: 20 * time.Second})
		}
		s.Teams["critical"] = policy.Team{Name: "critical", Rounds: 1, Steps: steps}
		files, err := ivr.NewFallback(s, ivr.DefaultWords(), publicURL).Documents(s.Lines[0], tuesday)
		if err != nil {
			t.Fatal(err)
		}
		end := string(files["end.xml"])
		if at, alone := strings.Count(string(files["voice.xml"]), "<Number"), strings.Count(end, "<Number"); at != want.atOnce || alone != want.alone {
			t.Errorf("%d people: %d are rung at once and %d alone, want %+v", people, at, alone, want)
		}
		if said := strings.Count(end, "<Say"); said != want.alone+1 { // and goodbye
			t.Errorf("%d people: %d sentences in\n%s", people, said, end)
		}
	}
}

// TestFallbackTellsTheDaysOfTheLine: the week to come begins with the day that the line's own calendar shows, and has seven days.
func TestFallbackTellsTheDaysOfTheLine(t *testing.T) {
	t.Parallel()
	s := settings(t)
	line, _ := s.Line(us)
	evening := time.Date(2026, 11, 25, 1, 30, 0, 0, time.UTC) // in New York it is still the 24th
	for date, told := range map[int]bool{23: false, 24: true, 30: true, 31: false} {
		day := policy.Date{Year: 2026, Month: time.November, Day: 1}.Plus(date - 1)
		line.Hours.Closed = []policy.Closure{{Date: day}}
		files, err := ivr.NewFallback(s, ivr.DefaultWords(), publicURL).Documents(line, evening)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(files["voice.xml"]), "We are closed on "); got != told {
			t.Errorf("closed on %s: the document tells it: %t, want %t", day, got, told)
		}
	}
}

// TestFallbackTellsSpecialHours: a day of the week to come with hours of its own is told with all of them, as people of the line's country say a date.
func TestFallbackTellsSpecialHours(t *testing.T) {
	t.Parallel()
	s := settings(t)
	days := map[policy.Phone]string{us: "On Friday, November 27 our hours are ", uk: "On Friday the 27th of November our hours are "}
	for number, day := range days {
		line, _ := s.Line(number)
		for hours, spans := range map[string][]policy.Span{
			"10 a.m. to noon": {{From: 600, To: 720}}, "10:30 a.m. to 2 p.m. and 8 p.m. to midnight": {{From: 630, To: 840}, {From: 1200, To: 1440}},
			"all day": {{From: 0, To: 1440}},
		} {
			line.Hours.Special = []policy.SpecialHours{{Date: policy.Date{Year: 2026, Month: time.November, Day: 27}, Spans: spans}}
			files, err := ivr.NewFallback(s, ivr.DefaultWords(), publicURL).Documents(line, tuesday)
			if err != nil {
				t.Fatal(err)
			}
			if voice := string(files["voice.xml"]); !strings.Contains(voice, day+hours+".") {
				t.Errorf("%q is not in\n%s", day+hours+".", voice)
			}
		}
	}
}
