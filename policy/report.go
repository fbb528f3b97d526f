package policy

import (
	"slices"
	"strconv"
	"time"
)

// Report is a report of the provider on a call or one of its legs, in any of its ways: the number's status callback, a leg's
// callbacks, the end of a dial, a recording's callback, its list of calls.
type Report struct {
	At      time.Time // the provider's own time where it gave one, else when we received it
	From    Phone
	To      Phone
	Status  string
	Seconds *int // duration of the call or the leg; nil where the provider gave none
	// StartedAt is when the call or the leg began, if the provider reports it: its list of calls does, its callbacks do not.
	StartedAt time.Time

	Leg        CallSID // set: the report is of this leg, and From and To are the leg's
	Attempt    int     // with Leg: number of the ring attempt that placed it
	DialEnd    bool    // the report is the end of the dial that rang the leg
	NotBridged bool    // with DialEnd: the provider reports that the two sides were never joined

	Message   *Recording // a voicemail
	Recording *Recording // a recording of the talk
}

// Learn merges a report into the call. It is monotonic: whatever the order, the repetition and the loss of reports, the call converges
// to the same record, and nothing that is known is ever forgotten. Earliest times win, final states beat passing ones, and the
// provider's own figures beat ours.
func (c Call) Learn(r Report) Call {
	switch {
	case c.Erased && (r.Message != nil || r.Recording != nil):
		return c // a late report must not bring back where somebody can be heard
	case r.Message != nil:
		return c.learnMessage(*r.Message)
	case r.Recording != nil:
		return c.learnRecording(*r.Recording)
	case r.Leg != "":
		if c.Erased && c.isCallerLeg(r.Leg) {
			r.To = ""
		}
		leg := c.Leg(r.Leg).learn(r)
		if c.isCallerLeg(r.Leg) {
			leg = leg.joined()
		}
		return c.WithLeg(leg)
	case c.CallBackOf != "": // the call is the specialist's leg as well
		return c.learnCall(r).WithLeg(c.Leg(c.SID).learn(r))
	}
	return c.learnCall(r)
}

// isCallerLeg reports whether a leg is to the caller, as on a call-back all are but the specialist's.
func (c Call) isCallerLeg(leg CallSID) bool { return c.CallBackOf != "" && leg != c.SID }

// confirmWithin is far above the time in which the caller of a call-back is asked for the key, all questions and our slowest answers included. A leg that
// lasts longer was joined with the specialist, since nothing else keeps it.
const confirmWithin = 2 * time.Minute

// joined returns the leg to the caller of a call-back, accepted where its length shows that and the webhooks of the key and of the end were lost.
func (l Leg) joined() Leg {
	if l.AcceptedAt.IsZero() && l.Seconds != nil && time.Duration(*l.Seconds)*time.Second > confirmWithin {
		l.AcceptedAt = firstSet(l.ScreenedAt, l.AnsweredAt, l.EndedAt.Add(-time.Duration(*l.Seconds)*time.Second))
	}
	return l
}

func (c Call) learnCall(r Report) Call {
	if c.Line == "" {
		c.Line, c.From = r.To, r.From
	}
	started := r.At
	if final(r.Status) {
		c.Status = further(c.Status, r.Status)
		c.EndedAt = earliest(c.EndedAt, r.At)
		c.TotalSeconds = known(c.TotalSeconds, r.Seconds)
		if r.Seconds != nil {
			started = r.At.Add(-time.Duration(*r.Seconds) * time.Second)
		}
	}
	if !r.StartedAt.IsZero() {
		started = r.StartedAt
	}
	if !c.Answered {
		c.StartedAt = earliest(c.StartedAt, started)
	}
	return c
}

func (l Leg) learn(r Report) Leg {
	l.Attempt = max(l.Attempt, r.Attempt)
	if r.To != "" && !r.DialEnd {
		l.To = r.To
	}
	if r.DialEnd {
		l.DialSeconds = known(l.DialSeconds, r.Seconds)
		l.DialEndedAt = earliest(l.DialEndedAt, r.At)
		l.NotBridged = l.NotBridged || r.NotBridged
		return l
	}
	l.Status = further(l.Status, r.Status)
	switch {
	case r.Status == "ringing" || r.Status == "initiated":
		l.RangAt = earliest(l.RangAt, r.At)
	case r.Status == "in-progress":
		l.AnsweredAt = earliest(l.AnsweredAt, r.At)
	case final(r.Status):
		l.EndedAt = earliest(l.EndedAt, r.At)
		l.Seconds = known(l.Seconds, r.Seconds)
	}
	return l.learnListed(r)
}

// learnListed takes from the provider's list what the callbacks of the leg would have said: when it began to ring, and when it was picked up.
func (l Leg) learnListed(r Report) Leg {
	if r.StartedAt.IsZero() {
		return l
	}
	l.RangAt = earliest(l.RangAt, r.StartedAt)
	if r.Status == "completed" && r.Seconds != nil {
		l.AnsweredAt = earliest(l.AnsweredAt, r.At.Add(-time.Duration(*r.Seconds)*time.Second))
	}
	return l
}

// statuses are the provider's states of a call in their order: an earlier one that arrives late never takes a further one back.
var statuses = []string{"queued", "initiated", "ringing", "in-progress", "canceled", "no-answer", "busy", "failed", "completed"}

// rank returns the place of a state in the order, -1 for any other text.
func rank(status string) int { return slices.Index(statuses, status) }

// Over reports whether the provider has reported the end of the leg, in a callback or at the end of the dial.
func (l Leg) Over() bool { return !l.EndedAt.IsZero() || !l.DialEndedAt.IsZero() || final(l.Status) }

func final(status string) bool { return rank(status) >= rank("canceled") }

func further(a, b string) string {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// known keeps a figure once given; of two that differ the larger, so that their order does not matter.
func known(a, b *int) *int {
	if a == nil || (b != nil && *b > *a) {
		return b
	}
	return a
}

// ruleListed is the rule in the trace of a call that is known from the provider's list alone.
const ruleListed = "provider.listed"

// LearnListed merges an entry of the provider's list of calls (see Learn). A call that the log never saw is added as such: nobody here answered it.
func (c Call) LearnListed(r Report, now time.Time) Call {
	unseen := !c.Answered && len(c.Exchanges) == 0
	c = c.Learn(r)
	if unseen && r.Leg == "" && !c.Listed {
		c.Listed = true
		c.Trace = append(c.Trace, Decision{At: now, Rule: ruleListed, Result: "the log saw nothing of this call: added from the provider's list", Inputs: []Fact{
			{Name: "status", Value: r.Status},
		}})
	}
	return c
}

// Repair is one difference between the log and the provider.
type Repair struct {
	What   string `json:"what"`   // call, status, end, total, talk, outcome, leg, message, recordings
	Before string `json:"before"` // "": nothing was known
	After  string `json:"after"`
}

// Repairs returns in words what changed between two states of a call.
func Repairs(before, after Call) (found []Repair) {
	add := func(what, was, is string) {
		if was != is {
			found = append(found, Repair{what, was, is})
		}
	}
	if after.Listed && !before.Listed {
		add("call", "", "added")
	}
	add("status", before.Status, after.Status)
	add("end", timeText(before.EndedAt), timeText(after.EndedAt))
	add("total", secondsText(before.total()), secondsText(after.total()))
	add("talk", talkText(before), talkText(after))
	add("outcome", string(before.Outcome()), string(after.Outcome()))
	for _, l := range after.Legs {
		was := before.Leg(l.SID)
		add("leg", legText(was), legText(l))
	}
	add("message", recordingText(before.Message), recordingText(after.Message))
	add("recordings", countText(len(before.Recordings)), countText(len(after.Recordings)))
	return found
}

func secondsText(n int, known bool) string {
	if !known {
		return ""
	}
	return strconv.Itoa(n) + " s"
}

func talkText(c Call) string {
	n, _, ok := c.Talk()
	return secondsText(n, ok)
}

func legText(l Leg) string {
	if l.Status == "" || l.Seconds == nil {
		return l.Status
	}
	return l.Status + " " + strconv.Itoa(*l.Seconds) + " s"
}

func recordingText(r *Recording) string {
	if r == nil {
		return ""
	}
	return strconv.Itoa(r.Seconds) + " s"
}

func countText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
