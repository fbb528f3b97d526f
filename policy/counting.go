package policy

// Counting knows of calls in a list which add a phone ticket. That depends on the other calls of the account's month, so each month that turns
// up is read, once as long as it is remembered: what it remembers is bounded, however long the list is.
//
// The zero Counting is ready for use, by one goroutine.
type Counting struct {
	months map[monthOf]map[CallSID]bool
	order  []monthOf // as they were read
	kept   int       // calls in months
}

type monthOf struct {
	customer CustomerNumber
	month    Month
}

// maxCounting is how many calls a Counting remembers: some 10 MB. A month that is read again costs microseconds.
const maxCounting = 100_000

// Counted says whether this very call adds a phone ticket to its month (rule 3). read gives the tallies of an account's month; the error is its.
func (n *Counting) Counted(c Call, read func(CustomerNumber, Month) ([]Tally, error)) (bool, error) {
	if _, accepted := c.Accepted(); !accepted || c.Customer == "" || c.Month == "" {
		return false, nil
	}
	key := monthOf{c.Customer, c.Month}
	if _, known := n.months[key]; !known {
		tallies, err := read(c.Customer, c.Month)
		if err != nil {
			return false, err
		}
		n.remember(key, Tickets(tallies))
	}
	return n.months[key][c.SID], nil
}

func (n *Counting) remember(key monthOf, counted map[CallSID]bool) {
	for len(n.order) > 0 && n.kept+len(counted)+1 > maxCounting {
		oldest := n.order[0]
		n.kept -= len(n.months[oldest]) + 1
		delete(n.months, oldest)
		n.order = n.order[1:]
	}
	if n.months == nil {
		n.months = map[monthOf]map[CallSID]bool{}
	}
	n.months[key] = counted
	n.order = append(n.order, key)
	n.kept += len(counted) + 1 // an account whose calls do not count is remembered too
}
