package ivr_test

import (
	"testing"
	"time"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// keyOf are the menu's keys.
var keyOf = map[policy.Intent]string{
	policy.Critical: "1", policy.Restricted: "2", policy.TicketStatus: "3", policy.RaiseSeverity: "4", policy.Question: "5",
}

// chooses is a call of the account up to the choice of its reason.
func chooses(rt interface{ Fatalf(string, ...any) }, m ivr.Machine, account policy.Customer, intent policy.Intent, known bool, now time.Time) (policy.Call, ivr.Reply) {
	first := ivr.Input{Step: "arrive", Line: uk, From: caller}
	answer := ivr.Input{Keys: "204518", Number: "204518", Customer: &account}
	if known {
		first.Attested, first.Callers = true, []policy.Customer{account}
		answer = ivr.Input{Keys: "1", Callers: first.Callers}
	}
	call, reply := m.Next(policy.Call{SID: "CA1"}, first, now)
	if !reply.Then.Asks() {
		return call, reply // the line is closed to every reason
	}
	call, reply = m.Next(call, follow(rt, reply, answer), now)
	return m.Next(call, follow(rt, reply, ivr.Input{Keys: keyOf[intent]}), now)
}

func says(reply ivr.Reply, id string) bool {
	for _, p := range reply.Say {
		if p.ID == id {
			return true
		}
	}
	return false
}

// TestRestrictedCall tells one refused call from its first ring to its end: what is said, the trace, the outcome.
func TestRestrictedCall(t *testing.T) {
	t.Parallel()
	account := northwind
	account.Restricted = true
	m := ivr.Machine{Settings: settings(t)}
	call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
	call, reply = m.Next(call, follow(t, reply, ivr.Input{Keys: "204518", Number: "204518", Customer: &account}), tuesday)
	for range 3 { // silence is no way round the restriction
		call, reply = m.Next(call, follow(t, reply, ivr.Input{}), tuesday)
	}
	last := call.Trace[len(call.Trace)-1]
	if !says(reply, "account-restricted") || reply.Then != ivr.ThenHangup || call.Outcome() != policy.RestrictedAccount || last.Rule != "account.restricted" {
		t.Errorf("a restricted account that stays silent hears %+v, ends %q after %+v", reply, call.Outcome(), last)
	}
}

// TestPeopleBeatTheMenu: what a person set on a call that goes on is not overwritten by what the caller enters later.
func TestPeopleBeatTheMenu(t *testing.T) {
	t.Parallel()
	m := ivr.Machine{Settings: settings(t)}
	call, reply := m.Next(policy.Call{SID: "CA1"}, ivr.Input{Step: "arrive", Line: uk, From: caller}, tuesday)
	call = act(t, call, policy.Act{Kind: policy.ActAttach, Value: string(loft.Number)})
	call = act(t, call, policy.Act{Kind: policy.ActTicket, Value: "4711"})
	for _, in := range []ivr.Input{{Keys: "204518", Number: "204518", Customer: &northwind}, {Keys: "3"}, {Keys: "99#", Number: "99"}} {
		call, reply = m.Next(call, follow(t, reply, in), tuesday)
	}
	if call.Customer != loft.Number || call.Account != loft.Name || call.Ticket != "4711" || reply.Then != ivr.ThenRing {
		t.Errorf("the call belongs to %s %q, is about %q, and then %s", call.Customer, call.Account, call.Ticket, reply.Then)
	}
}

func act(t *testing.T, call policy.Call, a policy.Act) policy.Call {
	t.Helper()
	a.By, a.At = "mila", tuesday
	call, err := call.WithAct(a, -1, loft, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return call
}
