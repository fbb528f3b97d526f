package policy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

// erasable is a served call in which everything that can name somebody does.
func erasable() policy.Call {
	at := time.Date(2026, time.November, 23, 14, 0, 0, 0, time.UTC)
	seconds := 300
	return policy.Call{
		SID: "CA1", Line: "+448000668187", From: "+442079460018", StartedAt: at, Answered: true, Config: "c0ffee",
		Customer: "204518", Account: "Northwind Flex Offices", Month: "2026-11", Known: true, OnFile: "118903", Intent: policy.TicketStatus, Ticket: "77001",
		State:     policy.State{Step: "menu", Exchange: 3, Offered: "204518"},
		Exchanges: []policy.Exchange{{Key: "number/1", At: at, Heard: "999999", Reply: json.RawMessage(`{"say":"999999"}`)}},
		Trace: []policy.Decision{
			{At: at, Rule: "hours.week", Result: "open", Inputs: []policy.Fact{{Name: "local", Value: "Mon 14:00"}}},
			{At: at, Rule: "number.unknown", Result: "no", Inputs: []policy.Fact{{Name: "keyed", Value: "999999"}}},
			{At: at, Rule: "customer.found", Result: "Northwind Flex Offices, a customer", Inputs: []policy.Fact{{Name: "account", Value: "N. F. O."}, {Name: "caller is", Value: "+44********18"}}},
		},
		Legs:         []policy.Leg{{SID: "CA2", To: "+15550100001", AcceptedAt: at.Add(time.Minute), Seconds: &seconds}},
		Message:      &policy.Recording{SID: "RE1", URL: "https://recordings.example/RE1", Seconds: 20, At: at},
		Recordings:   []policy.Recording{{SID: "RE2", URL: "https://recordings.example/RE2", Seconds: 300, At: at}},
		WrongNumbers: []time.Time{at}, HuntingAt: at, EndedAt: at.Add(6 * time.Minute), TotalSeconds: &seconds,
	}
}

func TestAnAnonymousCallKeepsItsTimesAndNamesNobody(t *testing.T) {
	before := erasable()
	after := before.Anonymised()
	text, err := json.Marshal(after)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"204518", "118903", "Northwind", "N. F. O.", "442079460018", "+44********18", "77001", "999999", "recordings.example", "RE1", "RE2"} {
		if strings.Contains(string(text), word) {
			t.Errorf("%q is still in %s", word, text)
		}
	}
	fair := policy.FairUse{CallLimit: time.Minute}
	want := policy.Settings{FairUse: fair}.Row(before, false)
	want.From, want.Customer, want.Account, want.Ticket, want.OnFile = "", nil, nil, nil, nil
	if diff := cmp.Diff(want, policy.Settings{FairUse: fair}.Row(after, false)); diff != "" {
		t.Errorf("how the call is shown (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before.Trace[0], after.Trace[0]); diff != "" {
		t.Errorf("a decision that names nobody (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(erasable(), before); diff != "" {
		t.Errorf("the call it was made from (-want +got):\n%s", diff)
	}
}
