package ivr

import (
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// A loop is our own call coming back to us (rule 17). A specialist's telephone that forwards to a line would have itself rung again and again, each
// time by a new call. A call that comes from a line of ours is one whoever forwarded it. A call that a specialist's telephone forwarded is one only
// while we ring that telephone: at any other time a customer called the specialist, and is helped like everybody else.

// rejected refuses a call before it is answered. The network tells the forwarding telephone "busy", and so our own leg ends at once and the hunt
// goes on. With the other reason the network may play an announcement, which would pass for a person who picked up.
var rejected = twilio.Reject{Reason: "busy"}

// loops reports whether the call is a loop, and notes why.
func (x *exchange) loops() bool {
	switch {
	case isLine(x.Settings, x.in.From):
		x.note("call.loop", "the call comes from a line of ours: refused", "from", x.in.From.Caller())
	case x.in.Rung:
		x.note("call.loop", "a specialist whom we ring forwards the call to us: refused", "forwarded from", x.in.ForwardedFrom.Caller())
	default:
		return false
	}
	return true
}

func (x *exchange) reject() Reply {
	x.call.Refused = policy.Refused
	reply := x.leave()
	reply.Then = ThenReject
	return reply
}

// isLine reports whether an address is one of our lines, in any spelling.
func isLine(s *policy.Settings, p policy.Phone) bool {
	_, is := s.Line(s.Dialled(p))
	return is
}

// isSpecialist reports whether an address is a specialist's, or is rung in any step of any team, in any spelling.
func isSpecialist(s *policy.Settings, p policy.Phone) bool {
	if _, is := s.PersonAt(p); is {
		return true
	}
	for _, team := range s.Teams {
		for _, step := range team.Steps {
			if slices.ContainsFunc(step.Numbers(), p.SameCaller) {
				return true
			}
		}
	}
	return false
}

// hunts is how far back a call may have begun that rings specialists now: far longer than anybody waits.
const hunts = 4 * time.Hour

// rung reports whether we ring an address at this moment, for another call.
func (h *webhooks) rung(w *hook, who policy.Phone) (bool, error) {
	if !isSpecialist(w.settings, who) { // true of nearly every call, and the log need not be asked
		return false, nil
	}
	for c, err := range h.Log.Calls(w.ctx, policy.Filter{Outcome: policy.InProgress, Since: w.now.Add(-hunts)}) {
		if err != nil {
			return false, err
		}
		if string(c.SID) != w.CallSID && ringsNow(*w.settings, c, who, w.now) {
			return true, nil
		}
	}
	return false, nil
}

// ringsNow reports whether a call rings an address at a time. One whose end was never reported does not, once its step must be over.
func ringsNow(s policy.Settings, c policy.Call, who policy.Phone, now time.Time) bool {
	stage, step := c.Stage(), stepOf(s, c)
	if stage != policy.StageWaiting && stage != policy.StageTold || !slices.ContainsFunc(step.To, who.SameCaller) {
		return false
	}
	return c.State.RungAt.IsZero() || now.Sub(c.State.RungAt) < wordsBefore+step.For+screenWithin
}

// loops reports, without the log, whether a call that is not answered yet is a loop. Nobody knows then who is being rung, so every call that a
// specialist's telephone forwards is taken for one: without the log a loop would never end.
func (s stateless) loops(w twilio.Webhook) bool {
	return w.CallStatus != "in-progress" && (isLine(s.settings, policy.Phone(w.From)) || isSpecialist(s.settings, policy.Phone(w.ForwardedFrom)))
}

// plain answers a webhook of the caller without the log.
func (h *webhooks) plain(w *hook, step string) error {
	s := h.stateless(w)
	if s.loops(w.Webhook) && !gone(w.CallStatus) {
		h.looped(w)
	}
	return h.send(w, s.instead(w.line, step, w.Webhook))
}

func (h *webhooks) looped(w *hook) {
	h.Observer.Looped()
	h.log(w).Warn("a call of ours came back to us and was refused: a specialist's telephone forwards to a line",
		zap.Stringer("forwarded_from", policy.Phone(w.ForwardedFrom)))
}
