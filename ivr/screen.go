package ivr

import (
	"fmt"
	"time"

	"github.com/officernd/supportline/policy"
)

// Steps of a leg, as they stand in the paths of its webhooks.
const (
	stepScreen = "screen" // a specialist, or their voicemail, picked up
	stepAnswer = "answer" // the key they pressed
)

// LegInput is one webhook of a specialist's leg.
type LegInput struct {
	Step string
	Leg  policy.CallSID
	To   policy.Phone // the specialist
	Try  int
	Keys string
	// Order is the ring step that rang the leg beside the call, by its turn; 0: a Dial on the call did.
	Order int
}

func (in LegInput) key() string { return fmt.Sprintf("%s/%s/%d", in.Step, in.Leg, in.Try) }

// NextLeg decides one webhook of a leg, on the call that it was rung for. The first specialist to press the accepting key has the
// call. Like Next it is pure, and a webhook that was answered before gets its reply again.
func (m Machine) NextLeg(call policy.Call, in LegInput, now time.Time) (policy.Call, Reply) {
	if reply, ok := answered(call, in.key()); ok {
		return call, reply
	}
	t := m.start(call.Clip(), Input{}, now)
	leg := t.call.Leg(in.Leg)
	if leg.To == "" {
		leg.To = in.To
	}
	leg.Attempt = max(leg.Attempt, in.Order)
	reply := t.leg(&leg, in)
	t.call = t.call.WithLeg(leg)
	return t.finish(in.key(), in.Keys, reply)
}

func (t *turn) leg(leg *policy.Leg, in LegInput) Reply {
	taken, accepted := t.call.Accepted()
	switch {
	case !t.call.End().IsZero():
		return Reply{Say: []Phrase{phrase("screen-gone")}, Then: ThenHangup}
	case accepted && taken.SID != leg.SID, in.Order > 0 && !accepted && t.call.State.Step != stepWait:
		return Reply{Say: []Phrase{phrase("screen-taken")}, Then: ThenHangup}
	case in.Step == stepScreen:
		return t.screen(leg, in)
	}
	return t.answer(leg, in)
}

// screen tells a specialist who calls.
func (t *turn) screen(leg *policy.Leg, in LegInput) Reply {
	if leg.ScreenedAt.IsZero() {
		leg.ScreenedAt = t.now
	}
	return Reply{Say: t.whoCalls(), Then: ThenScreen, Next: answerPath(in.Try)}
}

func answerPath(try int) string { return turnKey(stepAnswer, try) }

func (t *turn) whoCalls() []Phrase {
	var say []Phrase
	if t.call.Customer != "" {
		say = append(say, phrase("screen-account", "account", t.call.Account))
	} else {
		say = append(say, phrase("screen-unidentified"))
	}
	if t.call.Known {
		say = append(say, phrase("screen-known"))
	}
	say = append(say, phrase("screen-intent", "intent", string(t.call.Intent)))
	if t.call.Ticket != "" {
		say = append(say, phrase("screen-ticket", "ticket", string(t.call.Ticket)))
	}
	if t.Recording {
		say = append(say, phrase("screen-recorded"))
	}
	return append(say, phrase("screen-keys"))
}

// answer takes the specialist's key. Whatever presses none is not a person.
func (t *turn) answer(leg *policy.Leg, in LegInput) Reply {
	switch {
	case in.Keys == "1":
		if leg.AcceptedAt.IsZero() {
			leg.AcceptedAt = t.now
		}
		if in.Order > 0 {
			return Reply{Then: ThenJoin}
		}
		return Reply{Then: ThenBridge}
	case in.Keys == "2":
		leg.PassedAt = t.now
		return Reply{Say: []Phrase{phrase("screen-passed")}, Then: ThenHangup}
	case in.Try < maxScreens:
		return Reply{Say: []Phrase{phrase("screen-again"), phrase("screen-keys")}, Then: ThenScreen, Next: answerPath(in.Try + 1)}
	}
	return Reply{Then: ThenHangup}
}

func message(r policy.Recording) policy.Report { return policy.Report{Message: &r} }
