package policy_test

import (
	"fmt"
	"testing"

	"github.com/officernd/supportline/policy"
)

// However long a list is, what is remembered to count it is bounded, and what was forgotten is read again.
func TestCountingForgets(t *testing.T) {
	reads := 0
	var counting policy.TicketCounter
	read := func(customer policy.CustomerNumber, _ policy.Month) ([]policy.CallSummary, error) {
		reads++
		month := make([]policy.CallSummary, 40_000)
		for i := range month {
			month[i] = policy.CallSummary{SID: policy.CallSID(fmt.Sprint(customer, "-", i)), Customer: customer, Accepted: true, Ticket: policy.Ticket(fmt.Sprint(i))}
		}
		return month, nil
	}
	for i, customer := range []policy.CustomerNumber{"1", "1", "2", "3", "3", "1"} {
		c := policy.Call{SID: policy.CallSID(customer) + "-7", Customer: customer, Month: "2026-11", Ticket: "7", Legs: []policy.Leg{{SID: "CAleg", AcceptedAt: began}}}
		if counted, err := counting.Counted(c, read); !counted || err != nil {
			t.Errorf("call %d: %t, %v", i, counted, err)
		}
	}
	c := policy.Call{SID: "own", Customer: "4", Month: "2026-11", Legs: []policy.Leg{{SID: "CAleg", AcceptedAt: began}}}
	if counted, err := counting.Counted(c, read); !counted || err != nil { // whatever else its month has, which need not be read
		t.Errorf("a matter of its own: %t, %v", counted, err)
	}
	c.From = "client:test-mila"
	if counted, err := counting.Counted(c, read); counted || err != nil {
		t.Errorf("a call to try the line: %t, %v", counted, err)
	}
	if reads != 4 { // 1, 2, 3, and 1 again
		t.Errorf("%d months were read, want 4", reads)
	}
}
