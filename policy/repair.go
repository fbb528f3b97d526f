package policy

import (
	"strconv"
	"time"
)

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
	if l.Status == "" {
		return ""
	}
	if l.Seconds == nil {
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
