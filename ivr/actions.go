package ivr

import (
	"time"

	"github.com/officernd/supportline/policy"
)

// RESTAction is something to be done over the provider's REST API once a step of a call is committed. One field is set besides Call.
type RESTAction struct {
	Call   policy.CallSID // the caller's
	Ring   *RingRequest
	HangUp policy.CallSID // a leg to hang up
	Fetch  string         // step and number of the webhook to which the caller is redirected
}

// RingRequest asks for the outbound legs of a ring attempt.
type RingRequest struct {
	Attempt int
	Path    string       // of the legs' webhooks, below the public URL
	From    policy.Phone // the number that specialists see
	To      []policy.Phone
	Seconds int
}

// Actions returns what a step of a call asks for. It follows from what the step changed, so a repeated step, which changes nothing, asks for
// nothing.
func (m Machine) Actions(before, after policy.Call) []RESTAction {
	last := after.State.RingAttempt.Number
	if last == 0 {
		return nil // no outbound leg was ever asked for
	}
	var found []RESTAction
	if last > before.State.RingAttempt.Number {
		step := stepOf(m.Settings, after)
		found = append(found, RESTAction{Call: after.SID, Ring: &RingRequest{
			Attempt: last, Path: legPath(after.SID, last), From: after.Line, To: step.To, Seconds: int(step.For / time.Second),
		}})
	}
	for _, l := range after.Legs {
		if idle(after, l) && !idle(before, before.Leg(l.SID)) {
			found = append(found, RESTAction{Call: after.SID, HangUp: l.SID})
		}
	}
	if to := fetched(after); to != "" && to != fetched(before) {
		found = append(found, RESTAction{Call: after.SID, Fetch: to})
	}
	return found
}

// idle reports whether an outbound leg has become useless: the call is over, another specialist has it, or the caller is past its step.
func idle(c policy.Call, l policy.Leg) bool {
	if l.Attempt == 0 || !l.Open() {
		return false
	}
	if taken, accepted := c.Accepted(); accepted {
		return taken.SID != l.SID // the end of the conference ends the other
	}
	return !c.End().IsZero() || l.Attempt != c.State.RingAttempt.Number || c.State.Step != stepWait
}

// fetched returns where the caller should be instead of the ringing tone or an empty conference, and "" if the caller is in the right place.
func fetched(c policy.Call) string {
	if !c.End().IsZero() {
		return ""
	}
	found, _ := settled(c)
	if leftAlone(c) || (c.State.Step == stepWait && found != ringGoesOn) {
		return stepPath(c.State.Step, c.State.Exchange)
	}
	return ""
}
