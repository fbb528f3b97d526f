package console

import (
	"context"

	"github.com/officernd/supportline/policy"
)

// tickets knows which calls add a phone ticket. That depends on the other calls of the account's month, so each month that turns up on a
// page is read once.
type tickets struct {
	calls  Calls
	months map[accountMonth]map[policy.CallSID]bool
}

type accountMonth struct {
	customer policy.CustomerNumber
	month    policy.Month
}

func newTickets(calls Calls) *tickets {
	return &tickets{calls, map[accountMonth]map[policy.CallSID]bool{}}
}

// counted says whether this very call adds a phone ticket to its month (rule 3).
func (t *tickets) counted(ctx context.Context, c policy.Call) (bool, error) {
	if _, accepted := c.Accepted(); !accepted || c.Customer == "" || c.Month == "" {
		return false, nil
	}
	key := accountMonth{c.Customer, c.Month}
	if _, read := t.months[key]; !read {
		tallies, err := t.calls.AccountTallies(ctx, c.Customer, c.Month)
		if err != nil {
			return false, err
		}
		t.months[key] = policy.Tickets(tallies)
	}
	return t.months[key][c.SID], nil
}
