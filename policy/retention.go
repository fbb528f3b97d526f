package policy

import (
	"slices"
	"time"
)

// Expires says whether the record of the call is past its time (rule 13): it began before then, and no case rests on it. cases are
// the account's, closed ones included.
func (c Call) Expires(before time.Time, cases []Case) bool {
	rests := slices.ContainsFunc(cases, func(k Case) bool { return c.Customer != "" && k.restsOn(c.Customer, c.Month) })
	return c.StartedAt.Before(before) && !rests
}
