package policy

import (
	"strconv"
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

// CallNotice returns what people are told when a call changes from before to after: that a message was left, or that nobody took a critical
// call. told is false where that is not news, and for calls to try a line. It is decided when the end is known, because a call that goes on may
// still be served. A critical call that left a message is one notice, with the length of the message; a message that becomes known after it
// is one more. link is the address of the call in the console, or "".
func CallNotice(before, after Call, s Settings, link string, now time.Time) (n Notice, told bool) {
	kind, end := after.newsSince(before), after.End()
	if kind == "" || after.Test() || after.Erased || now.Sub(end) > toldWithin {
		return Notice{}, false
	}
	n = Notice{Key: string(kind) + "/" + string(after.SID), Kind: kind, At: end, Customer: after.Customer, Facts: given(
		"sid", string(after.SID), "customer", string(after.Customer), "account", after.Account, "intent", string(after.Intent),
		"ticket", string(after.Ticket), "line", after.Line.Full(), "outcome", string(after.Outcome()), "started_at", timeText(after.StartedAt),
		"ended_at", timeText(end), "link", link,
	)}
	if line, ok := s.Line(after.Line); ok {
		with(n.Facts, "line_name", line.Name)
	}
	if waited, ok := after.Wait(); ok {
		with(n.Facts, "wait_seconds", strconv.Itoa(waited))
	}
	if after.Message != nil {
		with(n.Facts, "message_seconds", strconv.Itoa(after.Message.Seconds))
	}
	if after.Closed && after.HuntingAt.IsZero() {
		with(n.Facts, "closed", "yes")
	}
	if after.Customer == "" && after.OnFile != "" {
		with(n.Facts, "on_file", string(after.OnFile), "on_file_account", after.State.OnFileName)
	}
	return n, true
}

// newsSince returns what became due to be told since an earlier state of the call, or "".
func (c Call) newsSince(before Call) NoticeKind {
	switch {
	case c.criticalMissed() && !before.criticalMissed():
		return NoticeCriticalMissed
	case c.Outcome() == leftVoicemail && before.Outcome() != leftVoicemail:
		return NoticeVoicemail
	}
	return ""
}

// criticalMissed reports whether a critical caller waited for a person and none came, also where a message was left in the end. It is false while
// the call goes on.
func (c Call) criticalMissed() bool {
	waited, waiting := c.Wait()
	if c.Intent != Critical || !waiting {
		return false
	}
	switch c.Outcome() {
	case Unanswered, leftVoicemail:
		return true
	case Abandoned:
		return waited >= patientSeconds
	}
	return false
}
