package policy

import (
	"cmp"
	"slices"
	"time"
)

// OverLong says whether the talk passed the call limit and nobody deemed it necessary (rules 5 and 6): at the limit is within, one second
// more is over.
func (c Call) OverLong(fair FairUse) bool {
	seconds, _, ok := c.Talk()
	return ok && !c.Waived && time.Duration(seconds)*time.Second > fair.CallLimit
}

// Tickets says which calls of one account and one month add a phone ticket (rule 3): each accepted call without a ticket number, and
// the first, by its start, of those about one ticket. The order of calls does not matter.
func Tickets(month []Call) map[CallSID]bool {
	calls := slices.Clone(month)
	slices.SortFunc(calls, func(a, b Call) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.SID, b.SID))
	})
	counted, seen := map[CallSID]bool{}, map[Ticket]bool{}
	for _, c := range calls {
		if _, accepted := c.Accepted(); !accepted || c.Customer == "" || seen[c.Ticket] {
			continue
		}
		counted[c.SID] = true
		if c.Ticket != "" {
			seen[c.Ticket] = true
		}
	}
	return counted
}
