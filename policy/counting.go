package policy

import "slices"

// TicketCounter knows of calls in a list which add a phone ticket. That depends on the other calls of the account's month, so each month that turns
// up is read, once as long as it is remembered: what it remembers is bounded, however long the list is.
//
// The zero TicketCounter is ready for use, by one goroutine.
type TicketCounter struct {
	months map[monthOf][]CallSID // the first call about each ticket
	order  []monthOf             // as they were read
	kept   int                   // calls in months
}

type monthOf struct {
	customer CustomerNumber
	month    Month
}

// maxCounted is how many calls a TicketCounter remembers: some 7 MB. A month that is read again costs microseconds.
const maxCounted = 100_000

// Counted says whether this very call adds a phone ticket to its month (rule 3). read gives the summaries of an account's month; the error is its.
func (n *TicketCounter) Counted(c Call, read func(CustomerNumber, Month) ([]CallSummary, error)) (bool, error) {
	if t := c.Summary(); !t.Accepted || t.Customer == "" || t.Month == "" {
		return false, nil
	}
	if c.Ticket == "" {
		return true, nil // whatever else the month has
	}
	key := monthOf{c.Customer, c.Month}
	if _, known := n.months[key]; !known {
		summaries, err := read(c.Customer, c.Month)
		if err != nil {
			return false, err
		}
		n.remember(key, firsts(summaries))
	}
	return slices.Contains(n.months[key], c.SID), nil
}

// firsts are the first call about each ticket.
func firsts(month []CallSummary) []CallSID {
	var found []CallSID
	counted := Tickets(month)
	for _, t := range month {
		if t.Ticket != "" && counted[t.SID] {
			found = append(found, t.SID)
		}
	}
	return found
}

func (n *TicketCounter) remember(key monthOf, counted []CallSID) {
	for len(n.order) > 0 && n.kept+len(counted)+1 > maxCounted {
		oldest := n.order[0]
		n.kept -= len(n.months[oldest]) + 1
		delete(n.months, oldest)
		n.order = n.order[1:]
	}
	if n.months == nil {
		n.months = map[monthOf][]CallSID{}
	}
	n.months[key] = counted
	n.order = append(n.order, key)
	n.kept += len(counted) + 1 // an account whose calls do not count is remembered too
}
