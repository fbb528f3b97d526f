package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

// A call that was made to try a line is explained like any other, and nothing follows from it for the account.
func TestTestCall(t *testing.T) {
	at := time.Date(2026, time.November, 24, 10, 0, 0, 0, time.UTC)
	fair := policy.FairUse{CallLimit: 20 * time.Minute, TicketsPerMonth: 16}
	for _, row := range []struct {
		name                     string
		from                     policy.Phone
		test, overLong, isToldOf bool
		verdict                  string
	}{
		{"a customer", "+442079460018", false, true, true, "counted: a matter of its own, without a ticket number"},
		{"a customer's program", "client:tester", false, true, true, "counted: a matter of its own, without a ticket number"},
		{"a test", policy.TestCaller("mila"), true, false, false, "not counted: a call to try the line"},
	} {
		t.Run(row.name, func(t *testing.T) {
			talking := policy.Call{
				SID: "CA1", From: row.from, Customer: "204518", Month: "2026-11", StartedAt: at, Answered: true,
				Legs: []policy.Leg{{SID: "CA2", To: "+15550100001", RangAt: at, AnsweredAt: at, ScreenedAt: at, AcceptedAt: at}},
			}
			_, _, told := policy.CallLimitNotice(talking, at.Add(25*time.Minute), policy.Settings{FairUse: fair})
			ended := talking.Clone()
			ended.Legs[0].EndedAt, ended.EndedAt = at.Add(25*time.Minute), at.Add(25*time.Minute)
			verdict := ""
			for _, d := range (policy.Settings{FairUse: fair}).Explain(ended, !row.test, at.Add(time.Hour)) {
				if d.Rule == "fair-use.ticket" {
					verdict = d.Result
				}
			}
			got := []any{ended.Test(), policy.Settings{FairUse: fair}.Row(ended, false).OverLong, told, verdict}
			if diff := cmp.Diff([]any{row.test, row.overLong, row.isToldOf, row.verdict}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
