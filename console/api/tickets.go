package api

import (
	"context"

	"github.com/officernd/supportline/policy"
)

// Tickets knows which calls of a page or a list add a phone ticket.
type Tickets struct {
	calls    Calls
	counting policy.TicketCounter
}

// NewTickets returns a counter for one page or list.
func NewTickets(calls Calls) *Tickets { return &Tickets{calls: calls} }

// Counted reports whether this very call adds a phone ticket to its month (rule 3).
func (t *Tickets) Counted(ctx context.Context, c policy.Call) (bool, error) {
	return t.counting.Counted(c, func(customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error) {
		return t.calls.AccountSummaries(ctx, customer, month)
	})
}

// row returns a call as lists and exports show it.
func (t *Tickets) row(ctx context.Context, c policy.Call, fair policy.FairUse, numbers bool) (policy.Row, error) {
	counted, err := t.Counted(ctx, c)
	if err != nil {
		return policy.Row{}, err
	}
	row := c.Row(fair, counted)
	if !numbers {
		row = row.Masked()
	}
	return row, nil
}
