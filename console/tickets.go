package console

import (
	"context"

	"github.com/officernd/supportline/policy"
)

// tickets knows which calls on a page, or in a list, add a phone ticket.
type tickets struct {
	calls    Calls
	counting policy.TicketCounter
}

func newTickets(calls Calls) *tickets { return &tickets{calls: calls} }

// counted says whether this very call adds a phone ticket to its month (rule 3).
func (t *tickets) counted(ctx context.Context, c policy.Call) (bool, error) {
	return t.counting.Counted(c, func(customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error) {
		return t.calls.AccountSummaries(ctx, customer, month)
	})
}
