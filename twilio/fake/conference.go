package fake

import (
	"fmt"
	"time"

	"github.com/officernd/supportline/twilio"
)

// room is the conference of a call: the caller and one outbound leg.
type room struct {
	name   string
	sid    string
	caller bool
	leg    *leg
	ended  bool // by a party with EndOnExit that left
}

// enter opens a conference unless it is open.
func (c *call) enter(conference twilio.Conference) {
	if c.room.name == conference.Name && !c.room.ended {
		return
	}
	c.room = room{name: conference.Name, sid: c.sid("CF"), caller: c.room.caller}
	c.Account.setConference(c.room.sid, c.room.name, true)
}

// leave removes a leg, and ends the conference if the leg's document said so.
func (r *room) leave(l *leg) {
	if r.leg != l {
		return
	}
	r.leg = nil
	if l.room.EndOnExit {
		r.ended = true
		l.dial.Account.setConference(r.sid, r.name, false)
	}
}

// interrupts reports whether the caller's moment in the conference is over: the other party has joined, or the conference has ended.
func (r *room) interrupts(m Moment) bool {
	return r.caller && (r.ended || (m.Kind == Holding && r.leg != nil))
}

func (l *leg) join(v twilio.Dial) {
	conference, ok := v.Nouns[0].(twilio.Conference)
	if !ok {
		l.dials(v)
		return
	}
	l.dial.byMethod(l.base, v.Action, v.Method)
	if l.dial.Faults.NoConference {
		l.afterConference(v, "failed")
		return
	}
	l.dial.enter(conference)
	l.room, l.dial.room.leg = &conference, l
	l.leaves = func() { l.afterConference(v, "answered") }
	l.hold(conference)
	l.then = nil // until the caller joins or leaves
}

// afterConference lets the leg follow what comes after its Dial.
func (l *leg) afterConference(v twilio.Dial, status string) {
	if v.Action == "" {
		l.step()
		return
	}
	l.follow(v.Action, map[string]string{"DialCallStatus": status})
}

// hold plays the document for a party that is alone, as far as its first words: the other party comes within moments.
func (l *leg) hold(conference twilio.Conference) {
	if l.dial.room.caller || conference.WaitURL == "" {
		return
	}
	if doc, ok := l.dial.document(l.party, conference.WaitURL, nil); ok {
		if len(doc.Verbs) > 0 {
			l.hear(doc.Verbs[0])
		}
	}
}

// join makes the caller join a conference, until that ends or the caller hangs up.
func (c *call) join(v twilio.Dial, conference twilio.Conference) next {
	c.answer()
	if c.Faults.NoConference {
		return c.afterDial(v.Action, map[string]string{"DialCallStatus": "failed"})
	}
	c.enter(conference)
	c.room.caller = true
	started := c.Clock.Now()
	act := c.confer(v, conference)
	c.room.caller = false
	l := c.room.leg
	if act.do == partnerHangsUp {
		c.note(l.to, "hangs up", "")
	}
	if act.do == hangsUp {
		c.hangUp()
	}
	talked := l != nil || c.room.ended
	switch {
	case l != nil && act.do == partnerHangsUp:
		l.end("completed")
	case l != nil && conference.EndOnExit:
		c.room.leg, c.room.ended = nil, true
		l.leaves()
	}
	if talked && conference.Record != "" && conference.Record != "do-not-record" {
		recording := c.recording(c.Clock.Now().Sub(started))
		c.reportRecording(conference.RecordingStatusCallback, recording, started, "Conference")
	}
	return c.afterDial(v.Action, map[string]string{"DialCallStatus": "answered"})
}

// confer lets the time in the conference pass: on hold until the leg joins, then in talk.
func (c *call) confer(v twilio.Dial, conference twilio.Conference) Act {
	left, wait := orDefault(v.TimeLimit, 4*3600), conference.WaitURL
	for c.room.leg == nil && !c.room.ended {
		var act Act
		began := c.passed // a Clock may skip the time
		act, wait = c.hold(wait)
		if left -= c.passed - began; act.do != listens || left <= 0 || c.err != nil {
			return act
		}
	}
	if c.room.ended {
		return Listen()
	}
	c.note(c.room.leg.to, "is joined with the caller", "")
	for left > 0 && !c.room.ended {
		act, rest := c.pass(Moment{Kind: Talking}, left)
		if left = rest; act.do != listens {
			return act
		}
	}
	if c.room.ended {
		return Listen()
	}
	return PartnerHangsUp()
}

// hold plays one document to the caller, who is alone in a conference. It returns the address of the next one, which is that of a Redirect, or
// "" for silence.
func (c *call) hold(address string) (act Act, next string) {
	if address == "" {
		act, _ := c.pass(Moment{Kind: Holding}, time.Second)
		return act, ""
	}
	doc, ok := c.document(c.caller, address, nil)
	if !ok {
		return Listen(), ""
	}
	for _, v := range doc.Verbs {
		if v, redirects := v.(twilio.Redirect); redirects {
			return Listen(), v.URL
		}
		if act := c.prompt(v, Moment{Kind: Holding}); act.do != listens || c.room.leg != nil || c.room.ended {
			return act, ""
		}
	}
	return Listen(), ""
}

// setConference adds a conference to those under way, or removes it.
func (a *Account) setConference(sid, name string, underWay bool) {
	if a == nil {
		return
	}
	a.Change(func(*State) {
		if underWay {
			a.conferences[name] = sid
		} else if a.conferences[name] == sid {
			delete(a.conferences, name)
		}
	})
}

// conference returns the JSON of a conference under way.
func (a *Account) conference(name string) map[string]any {
	return map[string]any{
		"sid": a.conferences[name], "friendly_name": name, "status": "in-progress", "account_sid": a.state.SID,
		"uri": fmt.Sprintf("/2010-04-01/Accounts/%s/Conferences/%s.json", a.state.SID, a.conferences[name]),
	}
}
