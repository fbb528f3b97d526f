package store

import (
	"context"
	"slices"

	"github.com/officernd/supportline/policy"
)

// TicketCounter returns a function that reports whether a call adds a phone ticket to its month (rule 3). That depends on the other calls of the
// account's month, so each month that turns up is read, once as long as it is remembered: what is remembered is bounded, however many calls are
// asked about. The function is for one goroutine.
func (s *Store) TicketCounter(ctx context.Context) func(policy.Call) (bool, error) {
	counter := ticketCounter{read: func(customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error) {
		return s.AccountSummaries(ctx, customer, month)
	}}
	return counter.counts
}

// ticketCounter remembers the counted calls of some months.
type ticketCounter struct {
	read   func(policy.CustomerNumber, policy.Month) ([]policy.CallSummary, error)
	months map[monthOf][]policy.CallSID // the first call about each ticket
	order  []monthOf                    // as they were read
	kept   int                          // calls in months
}

type monthOf struct {
	customer policy.CustomerNumber
	month    policy.Month
}

// maxCounted is how many calls a ticketCounter remembers: some 7 MB. A month that is read again costs microseconds.
const maxCounted = 100_000

func (n *ticketCounter) counts(c policy.Call) (bool, error) {
	switch s := c.Summary(); {
	case !s.Accepted || s.Customer == "" || s.Month == "":
		return false, nil
	case s.Ticket == "":
		return true, nil // whatever else the month has
	}
	key := monthOf{c.Customer, c.Month}
	if _, known := n.months[key]; !known {
		summaries, err := n.read(c.Customer, c.Month)
		if err != nil {
			return false, err
		}
		n.remember(key, firsts(summaries))
	}
	return slices.Contains(n.months[key], c.SID), nil
}

// firsts returns the first call about each ticket.
func firsts(month []policy.CallSummary) []policy.CallSID {
	var found []policy.CallSID
	for _, c := range policy.ExplainUsage(month, policy.FairUse{}) {
		if c.Ticket != "" && c.Counts {
			found = append(found, c.SID)
		}
	}
	return found
}

func (n *ticketCounter) remember(key monthOf, counted []policy.CallSID) {
	for len(n.order) > 0 && n.kept+len(counted)+1 > maxCounted {
		oldest := n.order[0]
		n.kept -= len(n.months[oldest]) + 1
		delete(n.months, oldest)
		n.order = n.order[1:]
	}
	if n.months == nil {
		n.months = map[monthOf][]policy.CallSID{}
	}
	n.months[key] = counted
	n.order = append(n.order, key)
	n.kept += len(counted) + 1 // an account whose calls do not count is remembered too
}
