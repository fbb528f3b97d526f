package policy

import (
	"errors"
	"maps"
	"slices"
)

// ErrSent refuses to retry a notice that was delivered.
var ErrSent = errors.New("the notice was sent")

// Expired says what retention removed (rule 13).
type Expired struct {
	Calls   int `json:"calls"`
	Kept    int `json:"kept"`    // calls as old as those, of months that a case rests on
	Notices int `json:"notices"` // sent, or given up
}

// WithUsage fills in the account's usage of each month that has calls, derived from them.
func (e Exported) WithUsage(fair FairUse) Exported {
	months := map[Month][]Tally{}
	for _, c := range e.Calls {
		if c.Month != "" {
			months[c.Month] = append(months[c.Month], c.Tally())
		}
	}
	e.Usage = nil
	for _, m := range slices.Sorted(maps.Keys(months)) {
		e.Usage = append(e.Usage, MonthUsage(e.Customer, m, months[m], fair))
	}
	return e
}
