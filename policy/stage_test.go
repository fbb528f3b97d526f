package policy_test

import (
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

// TestStage follows a call from its first ring to its end.
func TestStage(t *testing.T) {
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	call := policy.Call{SID: "CA1", StartedAt: at, Answered: true}
	leg := policy.Leg{SID: "CA2", RangAt: at}
	for _, step := range []struct {
		what   string
		change func()
		want   policy.Stage
	}{
		{"answered", func() {}, "asked for the customer number"},
		{"identified", func() { call.Customer = "204518" }, "at the menu"},
		{"unidentified", func() { call.Customer, call.State.Unidentified = "", true }, "at the menu"},
		{"refused without a number", func() { call.Intent, call.Refused = policy.Question, policy.UnidentifiedRefused }, "asked for the customer number"},
		{"restricted", func() { call.Customer, call.Refused = "204518", policy.RestrictedAccount }, "at the menu"},
		{"let through", func() { call.Refused = "" }, "asked for the ticket number"},
		{"a reason that asks for a ticket", func() { call.Intent = policy.TicketStatus }, "asked for the ticket number"},
		{"hunting", func() { call.HuntingAt = at }, policy.StageWaiting},
		{"rung", func() { call = call.WithLeg(leg) }, policy.StageWaiting},
		{"told", func() { leg.ScreenedAt = at; call = call.WithLeg(leg) }, policy.StageTold},
		{"passed on", func() { leg.PassedAt = at; call = call.WithLeg(leg) }, policy.StageWaiting},
		{"everybody was rung", func() { call.Exhausted = true }, "leaving a message"},
		{"accepted after all", func() { leg.PassedAt, leg.AcceptedAt = time.Time{}, at; call = call.WithLeg(leg) }, policy.StageTalking},
		{"the specialist hung up", func() { leg.EndedAt = at; call = call.WithLeg(leg) }, "over"},
		{"ended", func() { call.EndedAt = at }, "over"},
	} {
		step.change()
		if got := call.Stage(); got != step.want {
			t.Errorf("%s: %q, want %q", step.what, got, step.want)
		}
	}
	closed := policy.Call{SID: "CA3", Answered: true, Closed: true, State: policy.State{Step: policy.StepRecorded}}
	if got := closed.Stage(); got != "leaving a message" {
		t.Errorf("on a closed line: %q", got)
	}
	urgent := policy.Call{SID: "CA4", Answered: true, Closed: true, Intent: policy.Critical, State: policy.State{Step: "number"}}
	if got := urgent.Stage(); got != "asked for the customer number" {
		t.Errorf("on a closed line that asked for the reason first: %q", got)
	}
}
