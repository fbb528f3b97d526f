package ivr

import (
	"time"

	"github.com/officernd/supportline/policy"
)

// Errand is something to be done over the provider's REST API after a step of a call is on the disk. One of its fields is set, besides Call.
type Errand struct {
	Call   policy.CallSID // the caller's
	Ring   *Order
	HangUp policy.CallSID // a leg that nobody waits for any more
	Fetch  string         // step and turn of the webhook that the caller shall ask now, rather than after the ringing tone
}

// Order is a ring step to be rung beside the call.
type Order struct {
	Number  int          // names it among the call's
	Line    policy.Phone // whom specialists see
	To      []policy.Phone
	Seconds int
}

// Errands follow from what a step changed, so that a step that is repeated, which changes nothing, has none.
func (m Machine) Errands(before, after policy.Call) []Errand {
	if after.State.Order == 0 {
		return nil // a call without a conference
	}
	var found []Errand
	if after.State.Order > before.State.Order {
		step := stepOf(m.Settings, after)
		found = append(found, Errand{Call: after.SID, Ring: &Order{
			Number: after.State.Order, Line: after.Line, To: step.To, Seconds: int(step.For / time.Second),
		}})
	}
	for _, l := range after.Legs {
		if idle(after, l) && !idle(before, before.Leg(l.SID)) {
			found = append(found, Errand{Call: after.SID, HangUp: l.SID})
		}
	}
	if to := fetched(after); to != "" && to != fetched(before) {
		found = append(found, Errand{Call: after.SID, Fetch: to})
	}
	return found
}

// idle says that a leg rung beside the call is of no use any more: the call is over, somebody else has it, or the caller is past that step.
func idle(c policy.Call, l policy.Leg) bool {
	if l.Attempt == 0 || l.Over() || !l.PassedAt.IsZero() {
		return false
	}
	if taken, accepted := c.Accepted(); accepted {
		return taken.SID != l.SID // the end of the conference ends the other
	}
	return !c.End().IsZero() || l.Attempt != c.State.Order || c.State.Step != stepWait
}

// fetched is where the caller should be who still hears the ringing tone, or is alone in the conference; "" where everything is as it should.
func fetched(c policy.Call) string {
	if !c.End().IsZero() {
		return ""
	}
	found, _ := standingOf(c)
	if _, alone := stranded(c); alone || (c.State.Step == stepWait && found != goesOn) {
		return turnKey(c.State.Step, c.State.Exchange)
	}
	return ""
}
