package main

import (
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/flags"
)

// TestADayIsCountedWholeWhereClocksChange: it has an hour more in autumn and one less in spring, and ends where the next begins.
func TestADayIsCountedWholeWhereClocksChange(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[string]struct {
		hours int
		end   string
	}{
		"2026-03-29": {23, "2026-03-29T23:00:00Z"}, "2026-10-25": {25, "2026-10-26T00:00:00Z"}, "2026-11-24": {24, "2026-11-25T00:00:00Z"},
	} {
		hours, err := callsCount{Day: day, Zone: flags.Zone{Location: london}}.hours(time.Time{})
		if err != nil || len(hours) != want.hours+1 || hours[len(hours)-1].UTC().Format(time.RFC3339) != want.end {
			t.Errorf("%s: %v, %v; want %d hours to %s", day, hours, err, want.hours, want.end)
		}
	}
}
