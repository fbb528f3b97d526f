package ivr

import (
	"fmt"
	"time"

	"github.com/officernd/supportline/policy"
)

// Steps of a leg, as they appear in the paths of its webhooks.
const (
	stepScreen = "screen" // a specialist, or their voicemail, picked up
	stepAnswer = "answer" // the key they pressed
)

// LegInput is one webhook of a specialist's leg.
type LegInput struct {
	Step    string
	Leg     policy.CallSID
	To      policy.Phone // the specialist
	Try     int
	Keys    string
	Attempt int // that placed the leg; 0: it is of a Dial on the caller's call
}

func (in LegInput) key() string { return fmt.Sprintf("%s/%s/%d", in.Step, in.Leg, in.Try) }

// NextLeg decides one webhook of a leg, on the call that it was rung for. The first specialist to press the accepting key has the call. Like
// Next it is pure, and a webhook that was answered before gets its reply again.
func (m Machine) NextLeg(call policy.Call, in LegInput, now time.Time) (policy.Call, Reply) {
	if reply, ok := answered(call, in.key()); ok {
		return call, reply
	}
	x := m.start(call.Clip(), Input{}, now)
	leg := x.call.Leg(in.Leg)
	if leg.To == "" {
		leg.To = in.To
	}
	leg.Attempt = max(leg.Attempt, in.Attempt)
	reply := x.leg(&leg, in)
	x.call = x.call.WithLeg(leg)
	return x.finish(in.key(), in.Keys, reply)
}

func (x *exchange) leg(leg *policy.Leg, in LegInput) Reply {
	taken, accepted := x.call.Accepted()
	switch {
	case !x.call.End().IsZero():
		return Reply{Say: []Phrase{phrase("screen-gone")}, Then: ThenHangup}
	case accepted && taken.SID != leg.SID, !accepted && in.ringing().late(x.call):
		return Reply{Say: []Phrase{phrase("screen-taken")}, Then: ThenHangup}
	case in.Step == stepScreen:
		return x.screen(leg, in)
	}
	return x.answer(leg, in)
}

// screen asks a specialist to take the call, and begins with who calls.
func (x *exchange) screen(leg *policy.Leg, in LegInput) Reply {
	if leg.ScreenedAt.IsZero() {
		leg.ScreenedAt = x.now
	}
	return Reply{Say: x.whoCalls(), Then: ThenScreen, Next: answerPath(in.Try)}
}

func answerPath(try int) string { return stepPath(stepAnswer, try) }

// whoCalls tells a specialist how severe the matter is, who calls, and at most two facts that may change what is done, the rarest first. A ticket's
// number is always said, and is one of the two: with it the specialist sees the account of a caller who gave no number.
func (x *exchange) whoCalls() []Phrase {
	say := []Phrase{phrase("screen-intent", "intent", string(x.call.Intent))}
	var facts []Phrase
	if x.call.Ticket != "" {
		facts = append(facts, phrase("screen-ticket", "ticket", string(x.call.Ticket)))
	}
	if x.call.Customer != "" {
		say = append(say, phrase("screen-account", "account", x.call.Account))
	} else {
		say = append(say, phrase("screen-unidentified"))
	}
	if x.call.Known {
		facts = append(facts, phrase("screen-known"))
	}
	say = append(say, facts[:min(len(facts), maxFacts)]...)
	if x.Recording {
		say = append(say, phrase("screen-recorded"))
	}
	return append(say, phrase("screen-keys"))
}

// maxFacts is how many facts besides reason and account a specialist is told.
const maxFacts = 2

// answer takes the specialist's key. A leg on which none is pressed is a voicemail, and is hung up.
func (x *exchange) answer(leg *policy.Leg, in LegInput) Reply {
	switch {
	case in.Keys == "1":
		if leg.AcceptedAt.IsZero() {
			leg.AcceptedAt = x.now
		}
		return Reply{Then: in.ringing().joins()}
	case in.Keys == "2":
		leg.PassedAt = x.now
		return Reply{Say: []Phrase{phrase("screen-passed")}, Then: ThenHangup}
	case in.Try < maxScreens:
		return Reply{Say: []Phrase{phrase("screen-again"), phrase("screen-keys")}, Then: ThenScreen, Next: answerPath(in.Try + 1)}
	}
	return Reply{Then: ThenHangup}
}
