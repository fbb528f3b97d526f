package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The kinds of notices about one call that ended without a person.
const (
	NoticeVoicemail      NoticeKind = "voicemail"       // a message was left, on an open or a closed line
	NoticeCriticalMissed NoticeKind = "critical-missed" // a critical caller waited, and nobody took the call
)

const (
	// patientSeconds is how long a caller waits who wanted a person: one who leaves earlier may have thought better of it (rule 18).
	patientSeconds = 10
	// toldWithin bounds how long after the end of a call people are told of it. The provider's list of calls may bring up older ones, which
	// whoever installs the program does not want to hear of one by one.
	toldWithin = 24 * time.Hour
)

// CallNotice returns what people are told when a call changes from before to after: that a message was left, that nobody took a critical call, or
// that any other caller who wanted a person got none (rule 18). told is false where that is not news, and for calls to try a line. It is decided when
// the end is known, because a call that goes on may still be served. A critical call that left a message is one notice, with the length of the message;
// a message that becomes known after it is one more. link is the address of the call in the console, or "".
func CallNotice(before, after Call, s Settings, link string, now time.Time) (n Notice, told bool) {
	kind, end := after.newsSince(before), after.End()
	if kind == "" || after.Test() || after.Erased || now.Sub(end) > toldWithin {
		return Notice{}, false
	}
	return after.notice(kind, end, s, link), true
}

// RingingNotice returns what people are told when a critical call begins to ring: before anybody has taken it. told is false where that is not news.
func RingingNotice(before, after Call, s Settings, link string) (n Notice, told bool) {
	if !after.criticalRings() || before.criticalRings() || !before.State.RungAt.IsZero() {
		return Notice{}, false
	}
	return after.notice(NoticeCriticalRinging, after.State.RungAt, s, link), true
}

// GapNotices returns what people are told of the ring steps that led to nobody when a call changes from before to after: once a day of each step.
func GapNotices(before, after Call, link string) (events []Notice) {
	gaps := after.State.Gaps[min(len(before.State.Gaps), len(after.State.Gaps)):]
	if after.Test() || after.Erased {
		return nil
	}
	for _, g := range gaps {
		to := strings.Join(mapped(g.To, func(t Target) string { return string(t) }), ", ")
		n := Notice{
			Key: fmt.Sprintf("%s/step/%s/%s/%s", NoticeRotaGap, g.Team, to, g.At.UTC().Format(time.DateOnly)), Kind: NoticeRotaGap, At: g.At,
			Facts: given("sid", string(after.SID), "team", g.Team, "to", to, "why", g.Why, "from", timeText(g.At), "link", link),
		}
		for _, t := range g.To {
			if rota, ok := t.Rota(); ok {
				n = n.WithFact("rota", rota)
				break
			}
		}
		events = append(events, n)
	}
	return events
}

// criticalRings reports whether people are rung for a critical call that nobody has taken yet.
func (c Call) criticalRings() bool {
	_, accepted := c.Accepted()
	return c.Intent == Critical && !c.State.RungAt.IsZero() && !accepted && c.End().IsZero() && !c.Test() && !c.Erased
}

// RingingOver reports whether a call that rang for a critical caller was taken or ended in a change.
func RingingOver(before, after Call) bool { return before.criticalRings() && !after.criticalRings() }

// EventKey returns the key of what people are told of a call.
func EventKey(kind NoticeKind, call CallSID) string { return string(kind) + "/" + string(call) }

// notice returns an event of the call.
func (c Call) notice(kind NoticeKind, at time.Time, s Settings, link string) Notice {
	n := Notice{Key: EventKey(kind, c.SID), Kind: kind, At: at, Customer: c.Customer, Facts: given(
		"sid", string(c.SID), "customer", string(c.Customer), "account", c.Account, "intent", string(c.Intent),
		"ticket", string(c.Ticket), "line", c.Line.Full(), "outcome", string(c.Outcome()), "started_at", timeText(c.StartedAt),
		"ended_at", timeText(c.End()), "link", link,
	)}
	if line, ok := s.Line(c.Line); ok {
		with(n.Facts, "line_name", line.Name)
	}
	if waited, ok := c.Wait(); ok {
		with(n.Facts, "wait_seconds", strconv.Itoa(waited))
	}
	if c.Message != nil {
		with(n.Facts, "message_seconds", strconv.Itoa(c.Message.Seconds))
	}
	if c.Closed && c.HuntingAt.IsZero() {
		with(n.Facts, "closed", "yes")
	}
	if c.Customer == "" && c.OnFile != "" {
		with(n.Facts, "on_file", string(c.OnFile), "on_file_account", c.State.OnFileName)
	}
	return n
}

// newsSince returns what became due to be told since an earlier state of the call, or "".
func (c Call) newsSince(before Call) NoticeKind {
	switch {
	case c.CallBackOf != "": // the follow-up stays, and whoever called back knows
	case c.criticalMissed() && !before.criticalMissed():
		return NoticeCriticalMissed
	case c.Outcome() == LeftVoicemail && before.Outcome() != LeftVoicemail:
		return NoticeVoicemail
	case c.missed() && !before.missed() && !before.criticalMissed():
		return NoticeMissed
	}
	return ""
}

// missed reports whether a caller who wanted a person got none and left no message (rule 18). It is false while the call goes on.
func (c Call) missed() bool {
	waited, _ := c.Wait()
	outcome := c.Outcome()
	return outcome == Unanswered || outcome == Abandoned && waited >= patientSeconds
}

// criticalMissed reports whether a critical caller waited for a person and none came, also where a message was left in the end. It is false while
// the call goes on.
func (c Call) criticalMissed() bool {
	waited, waiting := c.Wait()
	if c.Intent != Critical || !waiting {
		return false
	}
	switch c.Outcome() {
	case Unanswered, LeftVoicemail:
		return true
	case Abandoned:
		return waited >= patientSeconds
	}
	return false
}

// Talking returns since when caller and specialist have been talking, as long as nobody was told that the talk passed the call limit. talking is
// false before the acceptance, when the end is known, and once people were told.
func (c Call) Talking() (since time.Time, talking bool) {
	leg, accepted := c.Accepted()
	if _, _, over := c.Talk(); !accepted || over || !c.LimitToldAt.IsZero() {
		return time.Time{}, false
	}
	return leg.AcceptedAt, true
}

// CallLimitNotice returns the call, marked as told, and the notices of a talk that passed the call limit and goes on. In a conference one of
// them is an announcement to the specialist. told is false where there is nothing to tell; the call is then unchanged. A call whose end was
// never reported is marked without a notice. A waived call needs none.
func CallLimitNotice(c Call, now time.Time, s Settings) (call Call, notices []Notice, told bool) {
	since, talking := c.Talking()
	elapsed, fair := now.Sub(since), s.FairUse
	if !talking || c.Test() || c.Waived || elapsed <= fair.CallLimit {
		return c, nil, false
	}
	c.LimitToldAt = now
	if elapsed > lostAfter {
		return c, nil, true
	}
	leg, _ := c.Accepted()
	notice := Notice{
		Key: "call-limit/" + string(c.SID), Kind: NoticeCallLimit, At: now, Customer: c.Customer,
		Facts: given(
			"sid", string(c.SID), "customer", string(c.Customer), "account", c.Account, "specialist", leg.To.Full(), "specialist_name", s.LegName(leg), "intent", string(c.Intent),
			"ticket", string(c.Ticket), "line", c.Line.Full(), "accepted_at", clock(since),
			"elapsed_seconds", seconds(elapsed), "limit_seconds", seconds(fair.CallLimit),
		),
	}
	notices = []Notice{notice}
	if leg.Attempt > 0 {
		notice.Channel, notice.To = ChannelAnnouncement, string(leg.SID)
		notices = append(notices, notice)
	}
	return c, notices, true
}
