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
	stepLeft   = "left"   // an outbound leg's time in the conference is over, or never began; from the second on: a key after the call
)

// LegInput is one webhook of a specialist's leg.
type LegInput struct {
	Step    string
	Leg     policy.CallSID
	To      policy.Phone // the specialist
	Try     int
	Keys    string
	Attempt int // that placed the leg; 0: it is of a Dial on the caller's call
	// Unjoined is that the provider could not let the leg into the conference.
	Unjoined bool
	Gone     bool // the specialist has hung up already
	// Month are the calls of the call's account in its month, as far as they are needed to tell whether it is over; nil: they were not read, or could
	// not be.
	Month []policy.CallSummary
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
		leg = m.Settings.Rang(leg, in.To, m.Settings.RungAt(call, in.To))
	}
	leg.Attempt = max(leg.Attempt, in.Attempt)
	reply := x.leg(&leg, in)
	x.call = x.call.WithLeg(leg)
	return x.finish(in.key(), in.Keys, reply)
}

func (x *exchange) leg(leg *policy.Leg, in LegInput) Reply {
	taken, accepted := x.call.Accepted()
	switch {
	case in.Step == stepLeft && in.Try > 1:
		return x.word(*leg, in)
	case in.Step == stepLeft:
		return x.leftConference(leg, in)
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
	if in.Month != nil {
		_, _, x.call.State.Over = x.accepting(in.Month)
	}
	return Reply{Say: x.whoCalls(), Then: ThenScreen, Next: answerPath(in.Try)}
}

func answerPath(try int) string { return stepPath(stepAnswer, try) }

// whoCalls returns the words to a specialist: how severe the matter is, who calls, and at most two facts that may change what is done. A ticket's
// number is always said, and is one of them.
func (x *exchange) whoCalls() []Phrase {
	who := phrase("screen-unidentified")
	if x.call.Customer != "" {
		who = phrase("screen-account", "account", x.call.Account)
	}
	facts := x.facts()
	say := append([]Phrase{phrase("screen-intent", "intent", string(x.call.Intent)), who}, facts[:min(len(facts), maxFacts)]...)
	if x.Recording {
		say = append(say, phrase("screen-recorded"))
	}
	return append(say, phrase("screen-keys"))
}

// facts returns what is to be known of a call, the ticket first and then the rarest first. With a ticket the account that the number of a caller
// without a customer number is on file of is left out: the ticket names the account.
func (x *exchange) facts() (facts []Phrase) {
	add := func(is bool, id string, args ...string) {
		if is {
			facts = append(facts, phrase(id, args...))
		}
	}
	c := x.call
	identified := c.Customer != ""
	onFile := !identified && c.State.OnFileName != ""
	add(c.Ticket != "", "screen-ticket", "ticket", string(c.Ticket))
	add(onFile && c.Ticket == "", "screen-on-file", "account", c.State.OnFileName)
	add(identified && c.State.Over, "screen-over")
	add(identified && c.State.Restricted, "screen-restricted")
	add(c.Known && !onFile, "screen-known")
	return facts
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
		return Reply{Then: in.ringing().joins(), Next: stepPath(stepLeft, 1)}
	case in.Keys == "2":
		leg.PassedAt = x.now
		return Reply{Say: []Phrase{phrase("screen-passed")}, Then: ThenHangup}
	case in.Try < maxScreens:
		return Reply{Say: []Phrase{phrase("screen-again"), phrase("screen-keys")}, Then: ThenScreen, Next: answerPath(in.Try + 1)}
	}
	return Reply{Then: ThenHangup}
}

// leftConference takes the end of a specialist's time in the conference. One who has talked is asked for a word on the call. One who never met the
// caller hears why, and the hunt goes on without conferences: the caller shall reach somebody.
func (x *exchange) leftConference(leg *policy.Leg, in LegInput) Reply {
	met := !in.Unjoined && !x.call.JoinedAt.IsZero() && x.now.Sub(x.call.JoinedAt) >= leftWithin
	switch {
	case met:
		return x.askWord(leg, in)
	case !x.call.End().IsZero():
		return Reply{Say: []Phrase{phrase("screen-gone")}, Then: ThenHangup}
	}
	x.unjoined("specialist", *leg)
	if leg.EndedAt.IsZero() { // to the call it has ended, though the specialist still hears why
		leg.EndedAt = x.now
	}
	return Reply{Say: []Phrase{phrase("screen-unjoined")}, Then: ThenHangup}
}

// unjoined notes that one of the two was not let into the conference, and has the rest of the hunt dialled.
func (x *exchange) unjoined(who string, leg policy.Leg) {
	x.note("conference.failed", "the "+who+" could not be joined with the other: from here on specialists are dialled", "leg", string(leg.SID))
	x.call.State.DialledOnly = true
}
