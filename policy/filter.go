package policy

import "time"

// Filter selects logged calls. Zero fields select all.
type Filter struct {
	Since    time.Time // start at or after
	Until    time.Time // start before
	Line     Phone
	Customer CustomerNumber
	Intent   Intent
	Outcome  Outcome
	Limit    int
}

// Matches says whether a call is selected, its start and the limit aside, which a store's index decides.
func (f Filter) Matches(c Call) bool {
	return (f.Line == "" || c.Line == f.Line) &&
		(f.Customer == "" || c.Customer == f.Customer) &&
		(f.Intent == "" || c.Intent == f.Intent) &&
		(f.Outcome == "" || c.Outcome() == f.Outcome)
}
