package ivr

import (
	"errors"
	"time"

	"github.com/officernd/supportline/policy"
)

// In a conference a specialist's leg goes on when the caller hangs up. The specialist is asked then for a word on the call, and gives it by a key: the
// same act as at the console, in the specialist's name. The call itself is over, and neither its end nor its talk time depends on what follows.

// The keys of a specialist after the call.
const (
	necessaryKey = "1"
	trainingKey  = "2"
)

// maxAsked is how often a specialist is asked. With the longest question and the time for a key the leg ends within 20 seconds.
const maxAsked = 2

// askWord asks the specialist whom the caller has left for a word on the call.
func (x *exchange) askWord(leg *policy.Leg, in LegInput) Reply {
	left := *leg
	left.LeftAt = x.now
	say := x.wordKeys(left)
	if in.Gone || len(say) == 0 {
		return Reply{Then: ThenHangup}
	}
	*leg = left
	x.note("wrap-up.asked", "the caller has left: "+x.LegName(left)+" is asked what the call was", "leg", string(leg.SID))
	return Reply{Say: append([]Phrase{phrase("word-left")}, say...), Then: ThenWord, Next: stepPath(stepLeft, in.Try+1)}
}

// wordKeys returns the keys that make sense after the talk of a leg; none where nobody is asked.
func (x *exchange) wordKeys(leg policy.Leg) (say []Phrase) {
	if !x.wantsWord(leg) {
		return nil
	}
	seconds, _, _ := x.call.WithLeg(leg).Talk()
	if !x.call.Waived && time.Duration(seconds)*time.Second > x.FairUse.CallLimit {
		say = append(say, phrase("word-necessary"))
	}
	if !x.call.Training {
		say = append(say, phrase("word-training"))
	}
	return say
}

// wantsWord reports whether the specialist of a leg is asked for a word on the call: as by the link in a message, one who is known by name, and not of a
// call that tries the line.
func (x *exchange) wantsWord(leg policy.Leg) bool {
	taken, accepted := x.call.Accepted()
	_, known := x.Person(x.LegPerson(leg))
	return x.WrapUp != "" && known && accepted && taken.SID == leg.SID && !x.call.Test() && !x.call.Erased
}

// word takes the key of a specialist after the call. Pressing it again undoes nothing: a telephone that sends a tone twice must not take back what was
// meant. What was noted is undone at the console, or by the link in the specialist's message.
func (x *exchange) word(leg policy.Leg, in LegInput) Reply {
	say := x.wordKeys(leg)
	act, noted := x.actOf(leg, in.Keys)
	switch {
	case in.Gone, leg.LeftAt.IsZero(), !x.wantsWord(leg):
		return Reply{Then: ThenHangup}
	case act.Kind != "":
		return Reply{Say: []Phrase{x.did(act, noted)}, Then: ThenHangup}
	case in.Try <= maxAsked && len(say) > 0:
		return Reply{Say: say, Then: ThenWord, Next: stepPath(stepLeft, in.Try+1)}
	}
	return Reply{Say: []Phrase{phrase("word-goodbye")}, Then: ThenHangup}
}

// actOf returns the act that a key stands for, and the words once it is done. It is the zero Act for any other key, and for one that was not offered.
func (x *exchange) actOf(leg policy.Leg, key string) (act policy.Act, noted string) {
	who, _ := x.Person(x.LegPerson(leg))
	act = policy.Act{At: x.now, By: who.Name, Via: policy.ViaPhone}
	seconds, _, _ := x.call.Talk()
	switch {
	case key == trainingKey:
		act.Kind = policy.ActTraining
		return act, "word-noted-training"
	case key == necessaryKey && time.Duration(seconds)*time.Second > x.FairUse.CallLimit:
		act.Kind, act.Reason, act.Limit = policy.ActWaive, byKey, x.FairUse.CallLimit
		return act, "word-noted-necessary"
	}
	return policy.Act{}, ""
}

// byKey is the reason of a waiver by a key, which has no other.
const byKey = "said by key after the call"

// did does an act, and returns what the specialist hears of it.
func (x *exchange) did(act policy.Act, noted string) Phrase {
	call, err := x.call.WithAct(act, -1, policy.Customer{}, nil)
	switch {
	case errors.Is(err, policy.ErrAlready):
		return phrase("word-known")
	case err != nil:
		x.note("wrap-up.refused", "the word by key was not noted: "+err.Error(), "by", act.By)
		return phrase("word-refused")
	}
	x.call = call
	x.note("wrap-up.said", act.Words(), "via", act.Via)
	return phrase(noted)
}
