// Package oncall is who is on call: rotas with their turns and layers, overrides and swaps of them, and calendars that others keep. It is pure: time is
// passed in, and what it answers is what rings, alarms, pages and commands use alike.
package oncall

import (
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

// Layer is a sequence of turns. A hand-over is at the wall time of Starts.
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

// Shift is a time in which people are on call. Until is exclusive; the zero time is beyond what was asked for.
type Shift struct {
	From, Until time.Time
	People      []policy.PersonID // none: a gap
	Why         string            // "turn", "layer", "override", "calendar": which rule decided
	Note        string            // of an override: by whom and why; of a gap in a calendar: what was written there
}
