package ivr

import (
	"strconv"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/twilio"
)

// A call-back rings the specialist first, who hears whom it is about and presses 1, and only then the caller, who hears who calls and confirms with 1,
// so that neither's voicemail talks to the other (rule 19). It is a call of its own in the log: its SID is that of the specialist's leg, and the
// caller's leg is a Dial of that.

// Steps of a call-back, besides those of a specialist's leg (stepScreen, stepAnswer, and stepLeft for the end of the Dial to the caller).
const (
	stepConfirm = "confirm" // the caller, or a voicemail, picked up
	stepAccept  = "accept"  // the key they pressed
	stepStatus  = "status"  // the progress of the specialist's leg
	stepRing    = "ring"    // the progress of the caller's leg
)

// The ringing times of a call-back in seconds: the specialist waits for the call, and the caller's phone may be far away.
const (
	callBackRings = 30
	callerRings   = 30
)

// CallBackCall is a call-back as it is placed: the specialist's leg.
type CallBackCall struct {
	FollowUp followup.ID
	Number   int // of the call-back among those of its follow-up
	To       policy.Phone
	From     policy.Phone // the line that was called
}

// OutboundLeg returns the call as it is placed.
func (c CallBackCall) OutboundLeg(publicURL string) twilio.OutboundLeg {
	path := trimmed(publicURL) + "/" + callBackPath(c.FollowUp, c.Number) + "/"
	return twilio.OutboundLeg{
		From: c.From.Full(), To: c.To.Full(), Seconds: callBackRings, URL: path + stepPath(stepScreen, 1), StatusURL: path + stepPath(stepStatus, 0),
		StatusEvents: legEvents,
	}
}

func callBackPath(id followup.ID, number int) string { return stepPath("callback/"+string(id), number) }

// CallBackInput is one webhook of a call-back.
type CallBackInput struct {
	Step     string
	Turn     int
	Leg      policy.CallSID // that the webhook is of: the specialist's, which is the call, or the caller's
	Keys     string
	FollowUp followup.FollowUp
	CallBack followup.CallBack
	Original policy.Call  // that is called back; the zero Call where it is past its retention
	Month    policy.Month // of a call that begins now
	// Not is why the caller is not to be called, in words for the log and for the specialist. The zero value lets the call go on.
	Not     NotCalled
	Dial    *policy.Report // the end of the Dial to the caller
	Bridged bool           // with Dial: the two heard each other
}

// NotCalled is why a caller is not called back.
type NotCalled struct {
	Why string
	Say Phrase
}

func (in CallBackInput) key() string {
	if in.Step == stepConfirm || in.Step == stepAccept {
		return stepPath(in.Step, in.Turn)
	}
	return LegInput{Step: in.Step, Leg: in.Leg, Try: in.Turn}.key()
}

// NextCallBack decides one webhook of a call-back. Like Next it is pure, and a webhook that was answered before gets its reply again.
func (m Machine) NextCallBack(call policy.Call, in CallBackInput, now time.Time) (policy.Call, Reply) {
	if reply, ok := answered(call, in.key()); ok {
		return call, reply
	}
	began := len(call.Exchanges) == 0
	if began {
		call = in.begun(call, &m.Settings, now)
	}
	x := m.start(call.Clip(), Input{}, now)
	if began {
		x.note("callback.asked", in.CallBack.By+" asked to call the caller back", "follow-up", string(in.FollowUp.ID), "call", string(in.FollowUp.Call))
	}
	return x.finish(in.key(), in.Keys, x.callBack(in))
}

// learned merges a report of the specialist's leg into the call of a call-back. One that the log lacks, because the webhook of the pick-up was lost,
// begins with it.
func (in CallBackInput) learned(c policy.Call, s *policy.Settings, r policy.Report, now time.Time) policy.Call {
	if c.CallBackOf == "" {
		c = in.begun(c, s, in.CallBack.PickedUp)
		c.Trace = append(c.Trace, policy.Decision{At: now, Rule: "callback.unheard", Result: "the specialist picked up, and the webhook of that was lost"})
	}
	return c.Learn(r)
}

// begun returns the call of a call-back whose specialist has picked up: it is the same matter as the original.
func (in CallBackInput) begun(c policy.Call, s *policy.Settings, now time.Time) policy.Call {
	f, o := in.FollowUp, in.Original
	c.Line, c.From, c.CallBackOf = f.Line, f.From, f.Call
	c.StartedAt, c.Answered, c.Config = now, true, s.Version
	c.Customer, c.Account, c.Month, c.Intent, c.Ticket = f.Customer, f.Account, in.Month, f.Intent, o.Ticket
	c.OnFile, c.Known, c.State.OnFileName = o.OnFile, o.Known, o.State.OnFileName
	c.State.Restricted, c.State.Unidentified = o.State.Restricted, f.Customer == ""
	return c.WithLeg(s.Rang(c.Leg(c.SID), in.CallBack.Phone, in.CallBack.Person))
}

func (x *exchange) callBack(in CallBackInput) Reply {
	own, caller := x.call.Leg(x.call.SID), x.call.Leg(in.Leg)
	switch in.Step {
	case stepScreen:
		return x.screenBack(own, in)
	case stepAnswer:
		return x.answerBack(own, in)
	case stepConfirm:
		return x.confirm(caller, in)
	case stepAccept:
		return x.confirmed(caller, in)
	}
	return x.calledBack(in)
}

// screenBack tells the specialist whom the call-back is about, and asks for the key that calls them.
func (x *exchange) screenBack(own policy.Leg, in CallBackInput) Reply {
	if own.ScreenedAt.IsZero() {
		own.ScreenedAt = x.now
	}
	x.call = x.call.WithLeg(own)
	if in.Not.Why != "" {
		return x.notCalled(in.Not)
	}
	return Reply{Say: append(x.whomToCall(), phrase("callback-keys")), Then: ThenScreen, Next: answerPath(1)}
}

// whomToCall returns the words to a specialist about whom a call-back is to, and why they called.
func (x *exchange) whomToCall() []Phrase {
	say := []Phrase{phrase("callback-unidentified")}
	if x.call.Customer != "" {
		say = []Phrase{phrase("callback-account", "account", x.call.Account)}
	}
	if x.call.Intent != "" {
		say = append(say, phrase("callback-about", "intent", string(x.call.Intent)))
	}
	facts := x.facts()
	return append(say, facts[:min(len(facts), 1)]...)
}

// answerBack takes the specialist's key: 1 calls the caller. A leg on which none is pressed is a voicemail, and the caller's phone never rings.
func (x *exchange) answerBack(own policy.Leg, in CallBackInput) Reply {
	switch {
	case in.Keys == "1":
		if own.AcceptedAt.IsZero() {
			own.AcceptedAt = x.now
		}
		x.call = x.call.WithLeg(own)
		if in.Not.Why != "" {
			return x.notCalled(in.Not)
		}
		x.note("callback.called", "the caller is called", "for", strconv.Itoa(callerRings)+"s")
		return Reply{
			Say: []Phrase{phrase("callback-calling")}, Then: ThenCallBack, Next: stepPath(stepLeft, 1),
			Ring: &Ring{To: []policy.Phone{x.call.From.Number()}, Seconds: callerRings, Record: x.Recording},
		}
	case in.Keys == "2":
		own.PassedAt = x.now
		x.call = x.call.WithLeg(own)
		return x.leave(phrase("callback-open"))
	case in.Turn < maxScreens:
		return Reply{Say: []Phrase{phrase("menu-silence"), phrase("callback-keys")}, Then: ThenScreen, Next: answerPath(in.Turn + 1)}
	}
	return x.leave()
}

func (x *exchange) notCalled(n NotCalled) Reply {
	x.note(followup.RuleNotCalled, n.Why)
	return x.leave(n.Say)
}

// confirm tells the caller who calls, and asks for the key that a voicemail does not press.
func (x *exchange) confirm(leg policy.Leg, in CallBackInput) Reply {
	leg.To = x.call.From
	if leg.ScreenedAt.IsZero() {
		leg.ScreenedAt = x.now
	}
	x.call = x.call.WithLeg(leg)
	if !x.call.End().IsZero() {
		return Reply{Say: []Phrase{phrase("callback-gone")}, Then: ThenHangup}
	}
	return askCaller(x.Recording)
}

// askCaller returns the question to the caller. A recording is announced (rule 13).
func askCaller(recorded bool) Reply {
	say := []Phrase{phrase("callback-greeting")}
	if recorded {
		say = append(say, phrase("recorded"))
	}
	return Reply{Say: append(say, phrase("callback-confirm")), Then: ThenScreen, Next: stepPath(stepAccept, 1)}
}

// confirmed takes the caller's key, which joins the two.
func (x *exchange) confirmed(leg policy.Leg, in CallBackInput) Reply {
	leg.To = x.call.From
	switch {
	case !x.call.End().IsZero():
		return Reply{Say: []Phrase{phrase("callback-gone")}, Then: ThenHangup}
	case in.Keys == "1":
		if leg.AcceptedAt.IsZero() {
			leg.AcceptedAt = x.now
		}
		x.call = x.call.WithLeg(leg)
		x.note("callback.confirmed", "the caller confirmed, and talks to the specialist", "leg", string(leg.SID))
		return Reply{Then: ThenBridge}
	case in.Turn < maxScreens:
		return Reply{Say: []Phrase{phrase("menu-silence"), phrase("callback-confirm")}, Then: ThenScreen, Next: stepPath(stepAccept, in.Turn+1)}
	}
	return Reply{Then: ThenHangup}
}

// calledBack takes the end of the Dial to the caller, and tells the specialist what came of it.
func (x *exchange) calledBack(in CallBackInput) Reply {
	var caller policy.Leg
	if in.Dial != nil {
		x.call = x.call.Learn(*in.Dial)
		caller = x.call.Leg(in.Dial.Leg)
		caller.To = x.call.From
		if in.Bridged && caller.AcceptedAt.IsZero() { // the log was out of reach when the key was pressed, and nothing else joins the two
			if caller.AcceptedAt = caller.ScreenedAt; caller.AcceptedAt.IsZero() {
				caller.AcceptedAt = x.now
			}
		}
		x.call = x.call.WithLeg(caller)
	}
	_, served := x.call.Accepted()
	switch {
	case served:
		return x.leave(phrase("callback-thanks"))
	case !caller.ScreenedAt.IsZero():
		return x.leave(phrase("callback-machine"))
	}
	return x.leave(phrase("callback-nobody"))
}

// callBackReply renders a reply of a call-back, to either side.
func (f form) callBackReply(line policy.Line, id followup.ID, number int, r Reply) twilio.Response {
	say := f.say(line, r.Say...)
	at := f.base + "/" + callBackPath(id, number) + "/"
	switch {
	case r.Then == ThenScreen:
		return screening(at+r.Next, say, keyTimeout)
	case r.Then == ThenCallBack && r.Ring != nil:
		d := f.dialNumbers(line, *r.Ring, at+r.Next, legHooks{screen: at + stepPath(stepConfirm, 1), status: at + stepPath(stepRing, 0)})
		if r.Ring.Record {
			d.Record, d.RecordingStatusCallback = "record-from-answer-dual", f.base+"/recording/talk"
		}
		return document(say, d)
	case r.Then == ThenHangup:
		return document(say, twilio.Hangup{})
	}
	return document(say)
}
