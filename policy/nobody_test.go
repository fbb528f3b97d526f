package policy_test

import (
	"errors"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

// TestServedToNobody: a call that a specialist took and that has no account (rule 12), tests and erased accounts aside.
func TestServedToNobody(t *testing.T) {
	served := taken(waited(policy.Question))
	owned, erased, tried := served, served, served
	owned.Customer, owned.OnFile = "204518", ""
	erased = owned.Anonymised()
	tried.From = policy.TestCaller("mila")
	for name, test := range map[string]struct {
		call policy.Call
		want bool
	}{
		"a talk that goes on":                  {served, true},
		"one that ended":                       {after(served, time.Minute), true},
		"nobody accepted":                      {after(waited(policy.Question), time.Minute), false},
		"of an account":                        {owned, false},
		"of an account that was erased":        {erased, false},
		"a call to try the line":               {tried, false},
		"a leg that was never joined with one": {served.Learn(policy.Report{Leg: "CA2", DialEnd: true, NotBridged: true, At: missedAt}), false},
	} {
		if got := test.call.ServedToNobody(); got != test.want || (policy.Filter{Unidentified: true}).Matches(test.call) != test.want {
			t.Errorf("%s: %v, want %v, and the filter likewise", name, got, test.want)
		}
	}
}

// TestAttachingToTheAccountOnFile holds what refuses it.
func TestAttachingToTheAccountOnFile(t *testing.T) {
	call := taken(waited(policy.Question))
	act, err := call.AttachOnFile("mila", missedAt)
	if err != nil || act.Kind != policy.ActAttach || act.Value != "204518" || act.By != "mila" {
		t.Errorf("the act is %+v, %v", act, err)
	}
	northwind := policy.Customer{Number: "204518", Name: "Northwind", Line: "+18883071053"}
	attached, err := call.WithAct(act, 0, northwind, time.UTC)
	if err != nil || attached.ServedToNobody() || attached.Detached() {
		t.Errorf("attached: %+v, %v", attached, err)
	}
	if _, err := attached.AttachOnFile("bea", missedAt); !errors.Is(err, policy.ErrAlready) {
		t.Errorf("again: %v, want %v", err, policy.ErrAlready)
	}
	back, err := attached.WithAct(policy.Act{At: missedAt, By: "mila", Kind: policy.ActAttach, Undo: true}, -1, policy.Customer{}, nil)
	if err != nil || !back.ServedToNobody() || !back.Detached() {
		t.Errorf("taken back: %+v, %v", back, err)
	}
	call.OnFile = ""
	if _, err := call.AttachOnFile("mila", missedAt); !errors.Is(err, policy.ErrNotOnFile) {
		t.Errorf("without an account on file: %v, want %v", err, policy.ErrNotOnFile)
	}
}
