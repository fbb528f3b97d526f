package oncall

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

// shiftsBy returns the shifts of a rota that is read from a calendar.
func shiftsBy(c Calendar, from, until time.Time) []Shift {
	return NewRoster([]Rota{{Name: "night", Feed: "https://calendar.example.com"}}, team, nil, map[string]Calendar{"night": c}).Shifts("night", from, until)
}

// TestShiftsOfACalendarHaveNoBreak: what is written is cut to what was asked for, and the times between are shifts of nobody.
func TestShiftsOfACalendarHaveNoBreak(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 11, 30, hour, 0, 0, 0, time.UTC) }
	ada := []policy.PersonID{"ada"}
	c := Calendar{Since: at(0), Until: at(24), shifts: []Shift{
		{From: at(0), Until: at(2), People: ada, Why: ByCalendar},
		{From: at(4), Until: at(6), Why: ByCalendar, Note: "Bne"},
		{From: at(6), Until: at(9), People: ada, Why: ByCalendar},
	}}
	want := []Shift{
		{From: at(1), Until: at(2), People: ada, Why: ByCalendar},
		{From: at(2), Until: at(4), Why: ByCalendar},
		{From: at(4), Until: at(6), Why: ByCalendar, Note: "Bne"},
		{From: at(6), Until: at(8), People: ada, Why: ByCalendar},
	}
	if diff := cmp.Diff(want, shiftsBy(c, at(1), at(8))); diff != "" {
		t.Errorf("from 1 to 8 (-want +got):\n%s", diff)
	}
	after := []Shift{{From: at(9), Until: at(12), Why: ByCalendar}}
	if diff := cmp.Diff(after, shiftsBy(c, at(9), at(12))); diff != "" {
		t.Errorf("after the last (-want +got):\n%s", diff)
	}
	if shiftsBy(c, at(3), at(3)) != nil || !c.Has(at(8)) || c.Has(at(9)) {
		t.Error("an empty time has shifts, or what comes is not known")
	}
}
