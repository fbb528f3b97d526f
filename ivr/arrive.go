package ivr

import (
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
		return x.whileClosed()
	}
	return x.recognise()
}

func (x *exchange) record() {
	if x.call.Answered {
		return
	}
	x.call.Answered, x.call.StartedAt, x.call.Config = true, x.now, x.Version
	x.call.Line, x.call.From = x.in.Line, x.in.From
	x.call.Known = len(x.in.Callers) > 0
	if len(x.in.Callers) == 1 {
		x.call.OnFile, x.call.State.OnFileName = x.in.Callers[0].Number, x.in.Callers[0].Name
	}
	x.call.State.Presumed = x.presumed()
	if x.shortcut() { // a closed line asks for something else first, and only the first webhook tells what the carrier vouches for
		x.call.State.Offered = x.in.Callers[0].Number
	}
}

// hours reports whether the line is open, and notes which rule decided.
func (x *exchange) hours() bool {
	opening := x.line.At(x.now)
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

// whileClosed answers a call to a closed line. Where all reasons end alike nobody is asked for one, and where critical calls alone are let through
// two keys ask for those. Else number and reason are asked for as on an open line.
func (x *exchange) whileClosed() Reply {
	others, alike := x.othersWhenClosed()
	critical, _ := x.afterHours(policy.Critical)
	switch {
	case !alike || others == policy.Connect:
		return x.recognise(x.closedNotice()...)
	case critical == policy.Connect:
		return x.askUrgent()
	case critical != others:
		return x.recognise(x.closedNotice()...)
	}
	return x.closed(others)
}

// afterHours returns what the closed line does with a call of this intent, and the line whose team takes it. The other lines' hours are those of
// the moment when the call came: who was let in keeps its place (rule 1).
func (x *exchange) afterHours(i policy.Intent) (policy.AfterHoursAction, policy.Line) {
	return x.AfterHoursAt(x.line, i, x.call.StartedAt)
}

// othersWhenClosed returns what the closed line does with the calls that are not critical. alike is false if that depends on their reason.
func (x *exchange) othersWhenClosed() (action policy.AfterHoursAction, alike bool) {
	action, alike = x.AfterHours.Default, true
	found := false
	for _, m := range x.Menu {
		if m.Intent == policy.Critical {
			continue
		}
		next, _ := x.afterHours(m.Intent)
		alike = alike && (!found || next == action)
		action, found = next, true
	}
	return action, alike
}

// closedNotice returns what a closed line says before it asks for number and reason: nothing where it takes every call.
func (x *exchange) closedNotice() []Phrase {
	others, alike := x.othersWhenClosed()
	critical, _ := x.afterHours(policy.Critical)
	switch {
	case critical == policy.Connect && alike && others == policy.Connect:
		return nil
	case critical == policy.Connect:
		return []Phrase{phrase("closed-urgent")}
	}
	return []Phrase{x.whenOpen()}
}

// askUrgent asks with two keys whether the call is critical.
func (x *exchange) askUrgent(say ...Phrase) Reply {
	id := "closed-critical"
	if others, _ := x.othersWhenClosed(); others != policy.Voicemail {
		id = "closed-critical-message"
	}
	return x.then(ThenAskKey, stepClosed, append(say, phrase(id))...)
}

// urgent takes the answer of a caller of a closed line: a critical call goes on with the customer number, and others end as the company decided.
func (x *exchange) urgent() Reply {
	others, _ := x.othersWhenClosed()
	switch i := x.in.Intent; {
	case x.in.oneKey() == "1" || i == policy.Critical || (i == "" && x.in.Word == WordYes):
		x.note("closed.critical", "a critical call to a closed line", "heard", x.in.heard())
		x.call.Intent = policy.Critical
		return x.recognise()
	case x.in.oneKey() == "2" || i != "" || x.in.Word == WordNo:
		x.call.Intent = i
		return x.closed(others)
	}
	x.call.State.Misses++
	if x.call.State.Misses > 1 {
		return x.closed(others)
	}
	return x.askUrgent(x.sorry())
}

// sorry returns the words after an answer that is none of those asked for, and notes it.
func (x *exchange) sorry() Phrase {
	if x.in.heard() == "" {
		x.note("menu.silence", "no choice was heard", "miss", count(x.call.State.Misses))
		return phrase("menu-silence")
	}
	x.note("menu.wrong-key", "not a choice of the menu", "heard", x.in.heard(), "miss", count(x.call.State.Misses))
	return phrase("menu-wrong")
}

func (x *exchange) whenOpen() Phrase {
	args := []string{"now", x.now.In(x.line.Zone).Format(time.RFC3339)}
	if opens, ok := x.line.NextOpening(x.now); ok {
		args = append(args, "opens", opens.In(x.line.Zone).Format(time.RFC3339))
	}
	if reason := x.line.ClosedFor(x.now); reason != "" {
		args = append(args, "reason", reason)
	}
	if x.call.State.Step == stepClosed {
		args = append(args, "told", "yes")
	}
	return phrase("closed", args...)
}

// closed ends a call to a closed line with the hours, the next opening, and a voicemail or goodbye.
func (x *exchange) closed(ending policy.AfterHoursAction) Reply {
	x.note("hours.after", "after hours: "+string(ending), "intent", string(x.call.Intent))
	if x.call.Customer == "" && x.call.OnFile != "" {
		x.note("caller-id.on-file", "the caller's number is on file of an account, which nobody confirmed", "account", string(x.call.OnFile))
	}
	say := []Phrase{x.whenOpen(), phrase("closed-hours")}
	if ending == policy.Voicemail {
		return x.then(ThenRecord, stepRecorded, append(say, x.voicemail())...)
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
		if x.call.State.Offered != "" {
			x.note("caller-id.offered", "the caller's number is known: one key confirms", facts...)
			return x.then(ThenAskKey, stepKnown, append(say, phrase(x.greeted("welcome-known", "known-plain")))...)
		}
		x.note("caller-id.known", "the caller's number is known, but identifies nobody", facts...)
	}
	if x.tooMany(0) {
		return x.locked(append(say, x.lockedGreeting()...)...)
	}
	return x.thenNumber(append(say, x.numberPhrase(x.greeted("welcome", "number-plain")))...)
}

// greeted returns the first text, which greets, or the other one where a closed line has greeted the caller before.
func (x *exchange) greeted(greets, plain string) string {
	if x.call.Intent != "" {
		return plain
	}
	return greets
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
