package main

import (
	"context"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// tickets knows which calls of a listing add a phone ticket.
type tickets struct {
	store    *store.Store
	fair     policy.FairUse
	counting policy.TicketCounter
}

func newTickets(s *session) *tickets { return &tickets{store: s.Store, fair: s.Settings.FairUse} }

// counted says whether this very call adds a phone ticket to its month (rule 3).
func (t *tickets) counted(ctx context.Context, c policy.Call) (bool, error) {
	return t.counting.Counted(c, func(customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error) {
		return t.store.AccountSummaries(ctx, customer, month)
	})
}

// row shows a call.
func (t *tickets) row(ctx context.Context, c policy.Call) (policy.Row, error) {
	counted, err := t.counted(ctx, c)
	if err != nil {
		return policy.Row{}, err
	}
	return c.Row(t.fair, counted), nil
}
