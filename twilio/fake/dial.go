package fake

import (
	"fmt"
	"slices"
	"time"

	"github.com/officernd/supportline/twilio"
)

// dial is a Dial in progress. It is an event simulation: each leg has the time of its next event, and time passes from event to event while
// the caller listens to the ringing.
type dial struct {
	*call
	legs    []*leg
	elapsed time.Duration
	began   time.Duration // on the call's own time, passed
}

// dial rings all nouns at once and bridges the caller with the leg that takes the call.
func (c *call) dial(v twilio.Dial) next {
	if !v.AnswerOnBridge {
		c.answer()
	}
	c.byMethod(c.caller.base, v.Action, v.Method)
	if conference, ok := v.Nouns[0].(twilio.Conference); ok {
		return c.join(v, conference)
	}
	d := &dial{call: c, began: c.passed}
	for _, noun := range v.Nouns {
		d.legs = append(d.legs, d.newLeg(v, noun))
	}
	for _, l := range d.legs {
		l.ring(orDefault(v.Timeout, 30))
	}
	winner := d.hunt()
	params := map[string]string{}
	d.cancel(winner)
	if winner != nil {
		d.talk(v, winner, params)
	}
	d.result(winner, params)
	return c.afterDial(v.Action, params)
}

// afterDial returns what follows a Dial. When the caller has hung up, its action is requested and not followed.
func (c *call) afterDial(action string, params map[string]string) next {
	n := next{url: action, params: params}
	switch {
	case c.gone && action != "":
		c.actionAfterHangUp(n)
		return end
	case c.gone, c.err != nil:
		return end
	case c.redirected != "":
		return next{}
	}
	return n
}

// hunt lets the legs ring until one is ready to be bridged. It returns nil if none is left or the caller hung up.
func (d *dial) hunt() *leg {
	for {
		l := d.earliest()
		if l == nil || d.err != nil {
			return nil
		}
		due := l.due // pass may change it
		act, left := d.pass(Moment{Kind: Ringing}, due-d.elapsed)
		d.elapsed = due - left
		if act.do == hangsUp {
			d.hangUp()
		}
		if act.do != listens {
			return nil
		}
		if left > 0 { // a specialist has decided, whose event may be the next
			continue
		}
		l.then()
		if l.ready {
			return l
		}
	}
}

// decisions asks the pending specialists how they answer, and reports whether one has decided.
func (c *call) decisions() (decided bool) {
	c.pending = slices.DeleteFunc(c.pending, func(l *leg) bool {
		if l.over {
			return true
		}
		who := c.People.Specialist(l.to)
		if !who.Pending {
			l.decide(who)
			decided = true
		}
		return !who.Pending
	})
	return decided
}

func (d *dial) earliest() *leg {
	var first *leg
	for _, l := range d.legs {
		if !l.over && (first == nil || l.due < first.due) {
			first = l
		}
	}
	return first
}

// cancel ends all legs but one.
func (d *dial) cancel(except *leg) {
	for _, l := range d.legs {
		if l == except || l.over {
			continue
		}
		status := "canceled"
		if !l.answeredAt.IsZero() {
			status = "completed"
		}
		l.end(status)
	}
}

// talk bridges the two until one of them hangs up or the time limit is reached.
func (d *dial) talk(v twilio.Dial, l *leg, params map[string]string) {
	d.answer()
	d.note(l.to, "is joined with the caller", "")
	started := d.Clock.Now()
	act, _ := d.pass(Moment{Kind: Talking}, orDefault(v.TimeLimit, 4*3600))
	switch act.do {
	case hangsUp:
		d.hangUp()
	case isRedirected:
	default:
		d.note(l.to, "hangs up", "")
	}
	l.end("completed")
	if v.Record == "" || v.Record == "do-not-record" {
		return
	}
	recording := d.recording(d.Clock.Now().Sub(started))
	params["RecordingUrl"] = recording["RecordingUrl"]
	d.reportRecording(v.RecordingStatusCallback, recording, started, "DialVerb")
}

// result sets the parameters of the Dial's action.
func (d *dial) result(winner *leg, params map[string]string) {
	params["DialCallStatus"], params["DialBridged"] = "no-answer", fmt.Sprint(winner != nil)
	if d.gone && winner == nil {
		params["DialCallStatus"] = "canceled"
	}
	shown := winner
	if shown == nil {
		shown = d.shown()
	}
	params["DialCallSid"] = shown.sid
	if !shown.answeredAt.IsZero() {
		params["DialCallStatus"] = "completed"
		params["DialCallDuration"] = fmt.Sprint(shown.seconds())
	} else if !d.gone && !slices.ContainsFunc(d.legs, func(l *leg) bool { return l.status != shown.status }) {
		params["DialCallStatus"] = shown.status
	}
}

// shown returns the leg that the action of an unanswered Dial names: the first that was picked up, else the last.
func (d *dial) shown() *leg {
	for _, l := range d.legs {
		if !l.answeredAt.IsZero() {
			return l
		}
	}
	return d.legs[len(d.legs)-1]
}
