// Package oncall is who is on call: rotas with their turns and layers, overrides and swaps of them, and calendars that others keep. It is pure: time is
// passed in, and what it answers is what rings, alarms, pages and commands use alike.
//
// A Roster answers for all rotas. In each, the newest override that covers a moment decides, below it the earlier ones, and below them the turns or the
// calendar.
package oncall

import (
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// Rota is a rota as configured: turns of its own, with layers, or those of a calendar feed.
type Rota struct {
	Name   string
	Zone   *time.Location // of wall clocks; for a feed that of times without one
	Layers []Layer        // the rota's own turns first; later ones win where they apply
	Feed   string         // the https address of the calendar, "" for turns of its own
}

// String keeps the address of the calendar out of logs: whoever knows it can read the calendar.
func (r Rota) String() string { return "the rota " + r.Name }

// GoString keeps it out of %#v as well.
func (r Rota) GoString() string { return r.String() }

// Layer is a sequence of turns. A hand-over is at the wall time of Starts; before the first one the layer does not apply.
type Layer struct {
	Days   int         // of a turn: 7 or 1; a daily turn counts only the days that the layer covers
	Starts WallTime    // the first hand-over
	Hours  []WeekHours // in which the layer applies; none: always
	People []policy.PersonID
}

// WallTime is a time on a zone's wall clock.
type WallTime struct {
	Date   policy.Date
	Minute int // since midnight
}

// WeekHours are the spans of one weekday in which a layer applies.
type WeekHours struct {
	Day   time.Weekday
	Spans []policy.Span
}

// The rules that can decide who is on call.
const (
	ByTurn     = "turn"
	ByLayer    = "layer"
	ByOverride = "override"
	ByCalendar = "calendar"
)

// Shift is a time in which people are on call. Until is exclusive.
type Shift struct {
	From, Until time.Time
	People      []policy.PersonID // none: a gap
	Why         string            // which rule decided: ByTurn, ...; "" in a gap that no rule left
	Note        string            // of an override: its reason; of a gap: why nobody is there, such as a name in a calendar that is nobody's
	Override    int               // the number of the override that decided; 0: none
	// Planned are the people whom the rota itself has, where an override decided.
	Planned []policy.PersonID
}

// extends reports whether s goes on with the same people by the same rule.
func (s Shift) extends(before Shift) bool {
	return s.From.Equal(before.Until) && slices.Equal(s.People, before.People) && s.Why == before.Why && s.Note == before.Note &&
		s.Override == before.Override && slices.Equal(s.Planned, before.Planned)
}
