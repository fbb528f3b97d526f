package fake

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/officernd/supportline/twilio"
)

// leg is the call to one specialist, dialled or outbound.
type leg struct {
	*party
	dial     *dial
	who      Specialist
	screen   string   // URL of the document for the specialist
	callback string   // URL for its progress
	events   []string // of its progress, as wanted

	due        time.Duration // time of its next event, from the start of the dial
	then       func()        // the next event
	rangAt     time.Time
	rings      time.Duration // timeout
	pickedUp   time.Duration
	answeredAt time.Time
	endedAt    time.Time
	questions  int
	toned      bool // its machine has sent its tones
	verbs      []twilio.Verb
	ready      bool
	over       bool
	room       *twilio.Conference // joined
	leaves     func()             // follows what comes after the conference
	child      *leg               // that the leg's own document dials
	bridged    func()             // of a child: it is ready to be bridged
	ended      func()             // of a child
}

func (d *dial) newLeg(v twilio.Dial, noun twilio.Noun) *leg {
	l := &leg{dial: d, party: &party{
		sid: d.sid("CA"), parent: d.caller.sid, direction: "outbound-dial", status: "initiated", base: d.caller.base,
		from: cmp.Or(v.CallerID, d.caller.from),
	}}
	switch n := noun.(type) {
	case twilio.Number:
		l.to, l.screen, l.callback, l.events = n.Number, n.URL, n.StatusCallback, n.StatusEvents
		d.byMethod(l.base, n.URL, n.Method)
	case twilio.Sip:
		l.to, l.screen, l.callback, l.events = n.URI, n.URL, n.StatusCallback, n.StatusEvents
		d.byMethod(l.base, n.URL, n.Method)
	}
	return l
}

// progress sets the status and reports it if the event is wanted.
func (l *leg) progress(event, status string) {
	l.status = status
	if !slices.Contains(l.events, event) {
		l.seq++
		return
	}
	params := map[string]string{"CallStatus": status}
	if event == "completed" && !l.answeredAt.IsZero() {
		params["CallDuration"] = fmt.Sprint(l.seconds())
		params["Duration"] = fmt.Sprint((l.seconds() + 59) / 60)
	}
	l.dial.report(l.party, l.callback, params)
}

func (l *leg) ring(timeout time.Duration) {
	l.rangAt, l.rings = l.dial.Clock.Now(), timeout
	if len(l.events) == 0 {
		l.events = []string{"completed"}
	}
	l.progress("initiated", "initiated")
	l.progress("ringing", "ringing")
	l.dial.note(l.to, Rings, "")
	l.decide(l.dial.People.Specialist(l.to))
	if l.who.Pending {
		l.dial.pending = append(l.dial.pending, l)
	}
}

// decide sets the event with which the ringing ends.
func (l *leg) decide(who Specialist) {
	l.who = who
	l.due = min(l.dial.passed-l.dial.began+who.PicksUp, l.rings)
	switch {
	case who.Pending, who.Status == "no-answer", l.due == l.rings:
		l.due, l.then = l.rings, func() { l.end("no-answer") }
	case l.who.Status != "":
		l.then = func() { l.end(l.who.Status) }
	default:
		l.then = l.pickUp
	}
}

func (l *leg) pickUp() {
	l.answeredAt, l.pickedUp = l.dial.Clock.Now(), l.due
	l.dial.note(l.to, "picks up", "")
	l.progress("answered", "in-progress")
	l.dial.cancel(l) // the others of the same Dial
	if l.screen == "" {
		l.readyToTalk()
		return
	}
	l.follow(l.screen, nil)
}

// follow fetches a document for the leg and starts it. If that fails the leg ends.
func (l *leg) follow(address string, params map[string]string) {
	doc, ok := l.dial.document(l.party, address, params)
	if !ok {
		l.end("completed")
		return
	}
	l.verbs = doc.Verbs
	l.step()
}

// step follows the next verb of the leg's document. At the end of the document a dialled leg is ready to be bridged, and an outbound leg ends.
func (l *leg) step() {
	if len(l.verbs) == 0 {
		if l.parent == "" {
			l.end("completed")
			return
		}
		l.readyToTalk()
		return
	}
	v := l.verbs[0]
	l.verbs = l.verbs[1:]
	if l.parent != "" && !screens(v) {
		l.dial.trouble("13201 the document of a dialled leg can't use %T: it is skipped, and the leg is bridged at the document's end", v)
		l.step()
		return
	}
	switch v := v.(type) {
	case twilio.Say, twilio.Play, twilio.Pause:
		l.after(l.hear(v), l.step)
	case twilio.Gather:
		l.gather(v)
	case twilio.Redirect:
		l.follow(v.URL, nil)
	case twilio.Hangup:
		l.end("completed")
	case twilio.Dial:
		l.join(v)
	default:
		l.dial.trouble("13201 a document for a specialist's leg can't use %T", v)
		l.end("completed")
	}
}

func (l *leg) readyToTalk() {
	if l.ready = true; l.bridged != nil {
		l.bridged()
	}
}

// screens reports whether the provider documents a verb for the document of a dialled leg. Others have no effect there.
func screens(v twilio.Verb) bool {
	switch v.(type) {
	case twilio.Say, twilio.Play, twilio.Pause, twilio.Gather, twilio.Hangup:
		return true
	}
	return false
}

func (l *leg) hear(v twilio.Verb) time.Duration {
	text, length := heard(v)
	if text != "" {
		l.dial.note(l.to, Hears, text)
	}
	return length
}

// gather asks the specialist, who hears the whole question before pressing a key.
func (l *leg) gather(g twilio.Gather) {
	l.dial.byMethod(l.base, g.Action, g.Method)
	var length time.Duration
	for _, p := range g.Prompts {
		length += l.hear(p)
	}
	timeout, keys, thinks := orDefault(g.Timeout, 5), "", l.who.Thinks
	switch {
	case l.who.Tones != "" && !l.toned:
		keys, length, thinks, l.toned = l.who.Tones, 0, toneAfter, true
	case l.questions < len(l.who.Presses):
		keys = l.who.Presses[l.questions]
		l.questions++
	}
	in := input{gather: g}
	in.press(keys)
	if in.digits == "" || thinks > timeout {
		then := l.step
		if g.EmptyResult {
			then = func() { l.follow(cmp.Or(g.Action, l.base), nil) }
		}
		l.after(length+timeout, then)
		return
	}
	wait := length + thinks
	if !in.done {
		wait += timeout
	}
	l.after(wait, func() {
		l.dial.note(l.to, "presses", keys)
		l.follow(cmp.Or(g.Action, l.base), in.params())
	})
}

// toneAfter is when a machine sends its tones, from its pick-up.
const toneAfter = 500 * time.Millisecond

// after sets the next event, unless the specialist hangs up before it.
func (l *leg) after(d time.Duration, then func()) {
	l.due, l.then = l.dial.elapsed+d, then
	if leaves := l.pickedUp + l.who.Leaves; l.who.Leaves > 0 && leaves < l.due {
		l.due, l.then = max(leaves, l.dial.elapsed), func() { l.end("completed") }
	}
}

// endings are the transcript's words for the status at the end of a leg.
var endings = map[string]string{
	"completed": "is off the line", "canceled": "stops ringing", "busy": "is busy", "failed": "can't be reached", "no-answer": "doesn't answer",
}

func (l *leg) end(status string) {
	if l.over {
		return
	}
	l.over, l.ready, l.endedAt = true, false, l.dial.Clock.Now()
	defer l.dial.room.leave(l)
	if l.status != queued {
		l.dial.note(l.to, endings[status], "")
	}
	l.status = status
	l.dial.listCall(l.party, l.rangAt, l.answeredAt)
	l.progress("completed", status)
	if l.child != nil && !l.child.over {
		l.hangsUpOn(l.child)
	}
	if l.ended != nil {
		l.ended()
	}
}

// seconds returns the length of the leg from its answer to its end, as the provider reports it.
func (l *leg) seconds() int { return seconds(l.endedAt.Sub(l.answeredAt)) }
