package ivr

import (
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// arrive answers the first webhook: which line was dialled, is it open, and who might it be.
func (t *turn) arrive() Reply {
	t.record()
	if t.line.Zone == nil {
		t.note("line.unknown", "the dialled number is not configured", "number", t.call.Line.Full())
		t.call.Refused = policy.Failed
		return t.leave(phrase("unknown-line"))
	}
	t.note("line.configured", t.line.Name, "number", t.call.Line.Full())
	if t.in.Gone {
		return t.gone()
	}
	t.call.Closed = !t.hours()
	if t.call.Closed && !t.AfterHours.Asks(t.Menu) {
		return t.closed(t.AfterHours.For(t.Menu[0].Intent)) // the same for each
	}
	return t.recognise(t.closedNotice()...)
}

func (t *turn) record() {
	if t.call.Answered {
		return
	}
	t.call.Answered, t.call.StartedAt, t.call.Config = true, t.now, t.Version
	t.call.Line, t.call.From = t.in.Line, t.in.From
	t.call.Known = len(t.in.Callers) > 0
}

// hours asks the evaluator, and says in the trace which rule decided.
func (t *turn) hours() bool {
	opening := t.line.Opening(t.now)
	result := "closed"
	if opening.Open {
		result = "open"
	}
	if opening.Reason != "" {
		result += ": " + opening.Reason
	}
	t.note(opening.Rule, result, "time", t.localTime(), "zone", t.line.Zone.String())
	return opening.Open
}

// closedNotice is what a closed line says before it asks, since some calls get through or end differently.
func (t *turn) closedNotice() []Phrase {
	switch {
	case !t.call.Closed:
		return nil
	case t.AfterHours.For(policy.Critical) == policy.Connect:
		return []Phrase{phrase("closed-critical")}
	}
	return []Phrase{t.whenOpen()}
}

func (t *turn) whenOpen() Phrase {
	args := []string{"now", t.now.In(t.line.Zone).Format(time.RFC3339)}
	if opens, ok := t.line.NextOpening(t.now); ok {
		args = append(args, "opens", opens.In(t.line.Zone).Format(time.RFC3339))
	}
	return phrase("closed", args...)
}

// closed ends a call to a closed line: the hours, the next opening, then voicemail or goodbye.
func (t *turn) closed(ending policy.Ending) Reply {
	t.note("hours.after", "after hours: "+string(ending), "intent", string(t.call.Intent))
	say := []Phrase{t.whenOpen(), phrase("closed-hours")}
	if ending == policy.Voicemail {
		return t.then(ThenRecord, stepRecorded, append(say, phrase("voicemail"))...)
	}
	return t.leave(append(say, phrase("goodbye"))...)
}

// recognise offers the shortcut to a caller whose number belongs to one account, and asks the others for their customer number. A
// caller number never identifies by itself: the caller confirms it.
func (t *turn) recognise(say ...Phrase) Reply {
	if len(t.in.Callers) > 0 {
		names := make([]string, len(t.in.Callers))
		for i, c := range t.in.Callers {
			names[i] = string(c.Number)
		}
		facts := []string{"accounts", strings.Join(names, " "), "attested", yesNo(t.in.Attested), "caller_id", string(t.Identification.CallerID)}
		if t.shortcut() {
			t.note("caller-id.offered", "the caller's number is known: one key confirms", facts...)
			t.call.State.Offered = t.in.Callers[0].Number
			return t.then(ThenAskKey, stepKnown, append(say, phrase("welcome-known"))...)
		}
		t.note("caller-id.known", "the caller's number is known, but identifies nobody", facts...)
	}
	return t.askNumber(append(say, phrase("welcome", "digits", count(t.Identification.Digits)))...)
}

func (t *turn) shortcut() bool {
	switch t.Identification.CallerID {
	case policy.CallerIDAny:
		return len(t.in.Callers) == 1
	case policy.CallerIDAttested:
		return len(t.in.Callers) == 1 && t.in.Attested
	}
	return false
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
