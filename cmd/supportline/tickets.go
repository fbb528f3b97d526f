package main

import (
	"context"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// tickets knows which calls add a phone ticket. That depends on the other calls of the account's month, so each month that turns up is
// read once and kept for the listing.
type tickets struct {
	store  *store.Store
	fair   policy.FairUse
	months map[accountMonth]map[policy.CallSID]bool
}

type accountMonth struct {
	customer policy.CustomerNumber
	month    policy.Month
}

func newTickets(s *session) *tickets {
	return &tickets{store: s.Store, fair: s.Settings.FairUse, months: map[accountMonth]map[policy.CallSID]bool{}}
}

// counted says whether this very call adds a phone ticket to its month (rule 3).
func (t *tickets) counted(ctx context.Context, c policy.Call) (bool, error) {
	if _, accepted := c.Accepted(); !accepted || c.Customer == "" || c.Month == "" {
		return false, nil
	}
	key := accountMonth{c.Customer, c.Month}
	if _, read := t.months[key]; !read {
		calls, err := t.store.AccountMonth(ctx, c.Customer, c.Month)
		if err != nil {
			return false, err
		}
		tallies := make([]policy.Tally, len(calls))
		for i, c := range calls {
			tallies[i] = c.Tally()
		}
		t.months[key] = policy.Tickets(tallies)
	}
	return t.months[key][c.SID], nil
}

// row shows a call.
func (t *tickets) row(ctx context.Context, c policy.Call) (policy.Row, error) {
	counted, err := t.counted(ctx, c)
	if err != nil {
		return policy.Row{}, err
	}
	return c.Row(t.fair, counted), nil
}
