package policy

import "time"

// Hours are when a line is open, in the line's own wall time (rules 1 and 2). Special hours beat a closure, a closure (single or of
// a calendar) beats the week.
type Hours struct {
	Week      [7][]Span // by time.Weekday; sorted, not overlapping; empty: closed all day
	Special   []Special
	Closed    []Closure
	Calendars []Calendar
}

// Span is a half-open part of a day, in minutes after midnight on the wall clock: 08:00-20:00 is {480, 1200}; 24:00 is 1440.
type Span struct{ From, To int }

// Date is a day on the wall calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Special are the hours of one date instead of the usual ones.
type Special struct {
	Date  Date
	Spans []Span
}

// Closure is one date on which a line is closed.
type Closure struct {
	Date   Date
	Reason string
}

// Calendar names a set of public holidays: us, ca or gb-eng.
type Calendar string
