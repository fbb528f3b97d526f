package ivr

import (
	"slices"

	"github.com/officernd/supportline/policy"
)

// unidentified goes on without an account, or refuses the call, as the company decided for its reason (rule 12). Where all reasons end alike,
// nobody is asked for one.
func (x *exchange) unidentified(say ...Phrase) Reply {
	x.call.State.Unidentified = true
	x.call.State.MayText = x.in.MayText && !x.in.Texted && !x.call.State.Locked
	x.notePresumed()
	switch x.course() {
	case policy.UnidentifiedRefuse:
		return x.refused(say...)
	case policy.UnidentifiedVoicemail:
		return x.numberVoicemail(say...)
	case policy.UnidentifiedConnect:
		x.note("unidentified.connect", "the caller goes on unidentified")
	default:
		x.note("unidentified.by-reason", "the caller goes on unidentified; the reason to call decides")
	}
	return x.goOn(say...)
}

// course returns what happens to a call without a customer number, and "" where its reason decides and is not known yet. Where critical calls
// alone are connected and the others refused, that is a refusal, whose words have a key for critical ones.
func (x *exchange) course() policy.UnidentifiedAction {
	if i := x.reason(); i != "" {
		return x.withoutNumber(i)
	}
	critical, others := x.withoutNumber(policy.Critical), x.withoutNumber(policy.Question)
	differs := func(i policy.Intent) bool { return i != policy.Critical && x.withoutNumber(i) != others }
	switch {
	case slices.ContainsFunc(policy.Intents(), differs):
		return ""
	case critical == others, critical == policy.UnidentifiedConnect && others == policy.UnidentifiedRefuse:
		return others
	}
	return ""
}

// withoutNumber returns what happens to a call with this reason and without a customer number. A caller who is presumed to be an account that is
// refused gets what the company decided for critical calls, and a refusal for the others.
func (x *exchange) withoutNumber(i policy.Intent) policy.UnidentifiedAction {
	state := x.call.State
	if i != policy.Critical && (state.Presumed != "" || state.NotEntitled) {
		return policy.UnidentifiedRefuse
	}
	if action := x.Identification.Unidentified.For(i); action != "" {
		return action
	}
	return policy.UnidentifiedConnect
}

// unidentifiedGate decides a call without a customer number once its reason is known. ok is false if it goes on.
func (x *exchange) unidentifiedGate(i policy.Intent) (reply Reply, ok bool) {
	if !x.call.State.Unidentified {
		return Reply{}, false
	}
	switch x.withoutNumber(i) {
	case policy.UnidentifiedRefuse:
		return x.refused(), true
	case policy.UnidentifiedVoicemail:
		return x.numberVoicemail(), true
	}
	return Reply{}, false
}

// goingOn returns the words that tell a caller that the call goes on without a number, if it does.
func (x *exchange) goingOn() []Phrase {
	if c := x.course(); c == policy.UnidentifiedRefuse || c == policy.UnidentifiedVoicemail {
		return nil
	}
	return []Phrase{phrase("number-missing")}
}

// presumed returns why the calls of the one account that the caller's number is on file of would be refused, and "" where they would not be. A
// caller who gives no number is presumed to be that account, for refusals only: a caller number never identifies (rule 12).
func (x *exchange) presumed() policy.Outcome {
	switch {
	case len(x.in.Callers) != 1:
		return ""
	case !x.IncludesPhone(x.in.Callers[0].Package):
		return policy.NotEntitled
	case x.in.Callers[0].Restricted:
		return policy.RestrictedAccount
	}
	return ""
}

// notePresumed writes into the trace alone why such a call is refused: the words to the caller are those of any call without a number, so that a
// forged caller number tells nothing.
func (x *exchange) notePresumed() {
	if why := x.call.State.Presumed; why != "" {
		x.note("caller-id.on-file", "the caller's number is on file of an account whose calls are refused: refused as one without a number",
			"account", string(x.call.OnFile), "because", string(why))
	}
	if x.call.State.NotEntitled {
		x.note("customer.not-entitled-before", "the caller entered the number of an account without phone support before: refused as one without a number")
	}
}

// refused refuses the call of a caller without a customer number, with the ways out that there are.
func (x *exchange) refused(say ...Phrase) Reply {
	x.note("unidentified.refuse", "callers without a customer number are refused", x.reasonFact()...)
	x.call.Refused = policy.UnidentifiedRefused
	say = append(say, phrase("number-refused"))
	options := x.waysOut()
	if len(options) == 0 {
		return x.leave(append(say, phrase("number-goodbye"))...)
	}
	return x.then(ThenAskKey, stepRefused, append(say, options...)...)
}

// reasonFact returns the reason to call as an input of a decision, if it is known.
func (x *exchange) reasonFact() []string {
	if i := x.reason(); i != "" {
		return []string{"intent", string(i)}
	}
	return nil
}

// waysOut returns the keys of a caller without a customer number whose call is refused.
func (x *exchange) waysOut() (say []Phrase) {
	if x.criticalConnects() {
		say = append(say, phrase("number-refused-critical"))
	}
	if x.mayReturn() {
		say = append(say, phrase("number-refused-again"))
	}
	if x.mayText() {
		say = append(say, phrase("number-refused-text"))
	}
	return say
}

// criticalConnects reports whether a critical call without a customer number rings.
func (x *exchange) criticalConnects() bool {
	if x.withoutNumber(policy.Critical) != policy.UnidentifiedConnect {
		return false
	}
	critical, _ := x.afterHours(policy.Critical)
	return !x.call.Closed || critical == policy.Connect
}

// wayOut takes the key of a caller whose call is refused. A digit other than 1 may be the first of the number.
func (x *exchange) wayOut() Reply {
	key := x.in.oneKey()
	critical := key == "1" || x.in.Word == WordYes || x.in.Intent == policy.Critical || x.in.Intent == policy.RaiseSeverity
	number := x.saysNumber() || isDigit(key)
	if key == starKey && x.mayText() {
		return x.texted(stepRefused, x.waysOut)
	}
	switch {
	case critical && x.criticalConnects():
		x.note("unidentified.critical", "connected as a critical call", "heard", x.in.heard())
		x.call.Refused = ""
		return x.chosen(policy.Critical)
	case number && x.mayReturn():
		x.note("unidentified.number", "the caller enters a number", "heard", x.in.heard())
		return x.returnToNumber()
	}
	x.call.State.Misses++
	if x.call.State.Misses > 1 {
		x.note("unidentified.goodbye", "neither a number nor a critical call", "heard", x.in.heard())
		return x.leave(phrase("number-goodbye"))
	}
	sorry := "menu-wrong"
	if x.in.heard() == "" {
		sorry = "menu-silence"
	}
	return x.then(ThenAskKey, stepRefused, append([]Phrase{phrase(sorry)}, x.waysOut()...)...)
}

// mayText reports whether a key has the way to the customer number sent by text to a caller without one: once, and only where it can arrive.
func (x *exchange) mayText() bool {
	state := x.call.State
	return state.Unidentified && state.MayText && !state.Texted
}

// textKey returns the key for it at the menu: the first that the menu does not use, since the menu's own stay what they are; "" if all are used.
func (x *exchange) textKey() string {
	for _, key := range []string{"6", "7", "8", "5", "4", "3", "2"} {
		if _, used := x.Intent(key); !used && x.mayText() {
			return key
		}
	}
	return ""
}

// texted has the way to the customer number sent, and goes on with what the caller was asked. The text itself is sent off the call's path.
func (x *exchange) texted(step string, ask func() []Phrase) Reply {
	x.note("unidentified.text", "the caller is sent a text that says where the customer number is", "heard", x.in.heard())
	x.call.State.Texted = true
	say := []Phrase{phrase("number-texted")}
	if again := ask(); len(again) > 0 {
		return x.then(ThenAskKey, step, append(say, again...)...)
	}
	return x.leave(append(say, phrase("goodbye"))...)
}

// numberVoicemail has a caller without a customer number leave a message in place of a talk.
func (x *exchange) numberVoicemail(say ...Phrase) Reply {
	x.note("unidentified.voicemail", "callers without a customer number leave a message", x.reasonFact()...)
	x.call.Refused = policy.UnidentifiedRefused // unless a message is left
	return x.then(ThenRecord, stepRecorded, append(say, phrase("number-voicemail"), x.voicemail())...)
}

// lockedGreeting greets a caller for whom no numbers are looked up.
func (x *exchange) lockedGreeting() []Phrase {
	switch {
	case x.call.Intent != "": // a closed line has greeted the caller before
		return []Phrase{phrase("number-unavailable")}
	case len(x.goingOn()) > 0:
		return []Phrase{phrase("number-locked")}
	}
	return []Phrase{phrase("greeting"), phrase("number-unavailable")}
}

// locked goes on without a number after say. Many callers type theirs over every prompt: where keys follow, they are collected first, so that
// those of the number choose nothing.
func (x *exchange) locked(say ...Phrase) Reply {
	switch x.course() {
	case policy.UnidentifiedVoicemail:
		return x.unidentified(say...)
	case policy.UnidentifiedRefuse:
		if len(x.waysOut()) == 0 {
			return x.unidentified(say...)
		}
	}
	return x.letType(say...)
}

func (x *exchange) letType(say ...Phrase) Reply {
	reply := x.then(ThenLetType, stepLocked, say...)
	reply.Digits = x.Identification.Digits - x.call.State.Misses
	return reply
}

// typed takes keys that nobody asked for, until they are as many as a number has or no more come. Misses counts them.
func (x *exchange) typed() Reply {
	switch n := len(digits(x.in.Keys)); {
	case x.in.Intent != "" && x.call.Intent == "": // a closed line has asked for it before
		x.note("menu.spoken", string(x.in.Intent), "said", x.in.Said)
		x.call.State.Spoken = x.in.Intent
		return x.unidentified()
	case x.in.heard() == "":
		return x.unidentified()
	case n > 0 && x.call.State.Misses+n < x.Identification.Digits:
		x.call.State.Misses += n
		return x.letType(phrase("number-unavailable"))
	}
	x.note("customer.ignored", "a number was entered, and none is looked up", "heard", x.in.heard())
	return x.unidentified(x.goingOn()...)
}
