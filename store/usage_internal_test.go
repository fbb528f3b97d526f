package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

// However long a list is, what is remembered to count it is bounded, and what was forgotten is read again.
func TestTicketCounterForgets(t *testing.T) {
	began, reads := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), 0
	counter := ticketCounter{read: func(customer policy.CustomerNumber, _ policy.Month) ([]policy.CallSummary, error) {
		reads++
		month := make([]policy.CallSummary, 40_000)
		for i := range month {
			month[i] = policy.CallSummary{SID: policy.CallSID(fmt.Sprint(customer, "-", i)), Customer: customer, Accepted: true, Ticket: policy.Ticket(fmt.Sprint(i))}
		}
		return month, nil
	}}
	for i, customer := range []policy.CustomerNumber{"1", "1", "2", "3", "3", "1"} {
		c := policy.Call{SID: policy.CallSID(customer) + "-7", Customer: customer, Month: "2026-11", Ticket: "7", Legs: []policy.Leg{{SID: "CAleg", AcceptedAt: began}}}
		if counted, err := counter.counts(c); !counted || err != nil {
			t.Errorf("call %d: %t, %v", i, counted, err)
		}
	}
	c := policy.Call{SID: "own", Customer: "4", Month: "2026-11", Legs: []policy.Leg{{SID: "CAleg", AcceptedAt: began}}}
	if counted, err := counter.counts(c); !counted || err != nil { // its month need not be read
		t.Errorf("a matter of its own: %t, %v", counted, err)
	}
	c.From = "client:test-mila"
	if counted, err := counter.counts(c); counted || err != nil {
		t.Errorf("a call to try the line: %t, %v", counted, err)
	}
	if reads != 4 { // 1, 2, 3, and 1 again
		t.Errorf("%d months were read, want 4", reads)
	}
}

// A list counts a call as the explanation of its month does.
func TestTicketCounterSaysWhatTheExplanationSays(t *testing.T) {
	began := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	var calls []policy.Call
	for i, ticket := range []policy.Ticket{"7", "7", "", "8", "7", "", "8"} {
		c := policy.Call{SID: policy.CallSID(fmt.Sprint("CA", i)), Customer: "204518", Month: "2026-11", Ticket: ticket, StartedAt: began.Add(time.Duration(i) * time.Hour)}
		if i > 0 { // nobody took the first one about ticket 7
			c = c.WithLeg(policy.Leg{SID: "L" + c.SID, AcceptedAt: c.StartedAt})
		}
		calls = append(calls, c)
	}
	var month []policy.CallSummary
	for _, c := range calls {
		month = append(month, c.Summary())
	}
	counter := ticketCounter{read: func(policy.CustomerNumber, policy.Month) ([]policy.CallSummary, error) { return month, nil }}
	tickets := 0
	for i, explained := range policy.ExplainUsage(month, policy.FairUse{}) {
		counted, err := counter.counts(calls[i])
		if err != nil || counted != explained.Counts {
			t.Errorf("call %d counts: %t, %v; explained as %s", i, counted, err, explained.Why)
		}
		if counted {
			tickets++
		}
	}
	if tickets != 4 { // 7, 8, and two matters of their own
		t.Errorf("%d tickets, want 4", tickets)
	}
}
