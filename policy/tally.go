package policy

import "time"

// CallSummary is what fair use needs to know of one logged call, and nothing else. It follows from the call; a store keeps it in its index by
// month and account, so that a month's figure is derived from few bytes and never from a counter that could drift.
type CallSummary struct {
	SID         CallSID
	Customer    CustomerNumber
	Month       Month
	StartedAt   time.Time
	Accepted    bool // by a specialist: no other call ever counts (rule 3)
	Ticket      Ticket
	TalkSeconds int
	Talked      bool // TalkSeconds is known
	Waived      bool
	Training    bool
	Test        bool // made to try the line: nothing counts
}

// CallSummary is the call as fair use sees it. A store need not keep that of a test.
func (c Call) Summary() CallSummary {
	_, accepted := c.Accepted()
	seconds, _, talked := c.Talk()
	t := CallSummary{
		SID: c.SID, Customer: c.Customer, Month: c.Month, StartedAt: c.StartedAt, Accepted: accepted, Ticket: c.Ticket,
		TalkSeconds: seconds, Talked: talked, Waived: c.Waived, Training: c.Training, Test: c.Test(),
	}
	if t.Test {
		t.Accepted, t.Talked = false, false
	}
	return t
}
