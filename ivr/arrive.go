package ivr

import (
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// arrive answers the first webhook: which line was dialled, whether it is open, and who the caller might be.
func (x *exchange) arrive() Reply {
	x.record()
	if x.loops() {
		return x.reject()
	}
	if x.line.Zone == nil {
		x.note("line.unknown", "the dialled number is not configured", "number", x.call.Line.Full())
		x.call.Refused = policy.Failed
		return x.leave(phrase("unknown-line"))
	}
	x.note("line.configured", x.line.Name, "number", x.call.Line.Full())
	if x.in.Gone {
		return x.gone()
	}
	x.call.Closed = !x.hours()
	if x.call.Closed {
		if ending, same := x.closedEnding(); same {
			return x.closed(ending)
		}
	}
	return x.recognise(x.closedNotice()...)
}

func (x *exchange) record() {
	if x.call.Answered {
		return
	}
	x.call.Answered, x.call.StartedAt, x.call.Config = true, x.now, x.Version
	x.call.Line, x.call.From = x.in.Line, x.in.From
	x.call.Known = len(x.in.Callers) > 0
	if len(x.in.Callers) == 1 {
		x.call.OnFile = x.in.Callers[0].Number
	}
	x.call.State.Presumed = x.presumed()
}

// hours reports whether the line is open, and notes which rule decided.
func (x *exchange) hours() bool {
	opening := x.line.Opening(x.now)
	result := "closed"
	if opening.Open {
		result = "open"
	}
	if opening.Reason != "" {
		result += ": " + opening.Reason
	}
	x.note(opening.Rule, result, "time", x.localTime(), "zone", x.line.Zone.String())
	return opening.Open
}

// closedEnding returns how a closed line ends a call. same is false if that depends on the reason to call, which is then asked.
func (x *exchange) closedEnding() (ending policy.AfterHoursAction, same bool) {
	ending = x.AfterHours.For(x.Menu[0].Intent)
	differs := func(m policy.MenuKey) bool { return x.AfterHours.For(m.Intent) != ending }
	return ending, ending != policy.Connect && !slices.ContainsFunc(x.Menu, differs)
}

// closedNotice returns what a closed line says before it asks for the reason.
func (x *exchange) closedNotice() []Phrase {
	switch {
	case !x.call.Closed:
		return nil
	case x.AfterHours.For(policy.Critical) == policy.Connect:
		return []Phrase{phrase("closed-critical")}
	}
	return []Phrase{x.whenOpen()}
}

func (x *exchange) whenOpen() Phrase {
	args := []string{"now", x.now.In(x.line.Zone).Format(time.RFC3339)}
	if opens, ok := x.line.NextOpening(x.now); ok {
		args = append(args, "opens", opens.In(x.line.Zone).Format(time.RFC3339))
	}
	return phrase("closed", args...)
}

// closed ends a call to a closed line with the hours, the next opening, and a voicemail or goodbye.
func (x *exchange) closed(ending policy.AfterHoursAction) Reply {
	x.note("hours.after", "after hours: "+string(ending), "intent", string(x.call.Intent))
	say := []Phrase{x.whenOpen(), phrase("closed-hours")}
	if ending == policy.Voicemail {
		return x.then(ThenRecord, stepRecorded, append(say, phrase("voicemail"))...)
	}
	return x.leave(append(say, phrase("goodbye"))...)
}

// recognise lets a caller whose number belongs to one account confirm it with one key, and asks the others for their customer number. A caller
// number never identifies by itself.
func (x *exchange) recognise(say ...Phrase) Reply {
	if len(x.in.Callers) > 0 {
		names := make([]string, len(x.in.Callers))
		for i, c := range x.in.Callers {
			names[i] = string(c.Number)
		}
		facts := []string{"accounts", strings.Join(names, " "), "attested", yesNo(x.in.Attested), "caller_id", string(x.Identification.CallerID)}
		if x.shortcut() {
			x.note("caller-id.offered", "the caller's number is known: one key confirms", facts...)
			x.call.State.Offered = x.in.Callers[0].Number
			return x.then(ThenAskKey, stepKnown, append(say, x.greeting("welcome-known"))...)
		}
		x.note("caller-id.known", "the caller's number is known, but identifies nobody", facts...)
	}
	if x.tooMany(x.in.WrongNumbers) {
		return x.locked(append(say, x.lockedGreeting()...)...)
	}
	return x.thenNumber(append(say, x.greeting("welcome", "digits", count(x.Identification.Digits)))...)
}

// shortcut reports whether one key may confirm the account of the caller's number. No carrier vouches for a number that is spelled in another way
// than its own.
func (x *exchange) shortcut() bool {
	if !x.in.From.IsNumber() {
		return false
	}
	switch x.Identification.CallerID {
	case policy.CallerIDAny:
		return len(x.in.Callers) == 1
	case policy.CallerIDAttested:
		return len(x.in.Callers) == 1 && x.in.Attested
	}
	return false
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
