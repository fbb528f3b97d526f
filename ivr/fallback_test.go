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
			steps = append(steps, policy.RingStep{To: []policy.Phone{policy.Phone(fmt.Sprintf("+1555010%04d", n))}, For: 20 * time.Second})
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
