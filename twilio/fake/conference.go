package fake

import (
	"fmt"
	"time"

	"github.com/officernd/supportline/twilio"
)

// room is the conference of a call: the caller and one leg.
type room struct {
	name   string
	sid    string
	caller bool
	leg    *leg
	ended  bool // by somebody who left it, while the caller was in it
}

// enters puts a party into the room. The first gives it its name, and the account knows it then.
func (c *call) enter(conference twilio.Conference) {
	if c.room.name == conference.Name && !c.room.ended {
		return
	}
	c.room = room{name: conference.Name, sid: c.sid("CF"), caller: c.room.caller}
	c.Account.setConference(c.room.sid, c.room.name, true)
}

// leaves takes a leg out of the room, which ends with it if its document said so.
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

// moves says that a moment of the caller in the room is over: the other one has come, or the room has ended.
func (r *room) interrupts(m Moment) bool {
	return r.caller && (r.ended || (m.Kind == Holding && r.leg != nil))
}

// meet leads a leg into a conference.
func (l *leg) join(v twilio.Dial) {
	conference, ok := v.Nouns[0].(twilio.Conference)
	if !ok {
		l.dial.trouble("13201 a document for a specialist's leg can't dial anybody")
		l.end("completed")
		return
	}
	l.dial.enter(conference)
	l.room, l.dial.room.leg = &conference, l
	l.hold(conference)
	l.then = nil // until the caller comes or goes
}

// wait lets whoever is alone hear what the conference has for that.
func (l *leg) hold(conference twilio.Conference) {
	if l.dial.room.caller || conference.WaitURL == "" {
		return
	}
	if doc, ok := l.dial.document(l.party, conference.WaitURL, nil); ok {
		for _, v := range doc.Verbs {
			l.hear(v)
		}
	}
}

// meet leads the caller into a conference, where the call stays until the room ends or the caller hangs up.
func (c *call) join(v twilio.Dial, conference twilio.Conference) next {
	c.answer()
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
	if l != nil && (conference.EndOnExit || act.do == partnerHangsUp) {
		l.end("completed")
	}
	if talked && conference.Record != "" && conference.Record != "do-not-record" {
		recording := c.recording(c.Clock.Now().Sub(started))
		c.reportRecording(conference.RecordingStatusCallback, recording, started, "Conference")
	}
	n := next{url: v.Action, params: map[string]string{"DialCallStatus": "answered"}}
	switch {
	case c.gone && v.Action != "":
		c.actionAfterHangUp(n)
		return end
	case c.gone, c.err != nil:
		return end
	case c.redirected != "", v.Action == "":
		return next{}
	}
	return n
}

// stay passes the time in the conference: alone to its own sound, then in talk.
func (c *call) confer(v twilio.Dial, conference twilio.Conference) Act {
	left := orDefault(v.TimeLimit, 4*3600)
	for c.room.leg == nil && !c.room.ended {
		act, passed := c.hold(conference)
		if left -= passed; act.do != listens || left <= 0 {
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

// alone is one round of what the conference has for a single party.
func (c *call) hold(conference twilio.Conference) (Act, time.Duration) {
	began := c.Clock.Now()
	doc, ok := c.document(c.caller, conference.WaitURL, nil)
	if !ok || len(doc.Verbs) == 0 {
		act, _ := c.pass(Moment{Kind: Holding}, time.Second)
		return act, time.Second
	}
	for _, v := range doc.Verbs {
		if act := c.prompt(v, Moment{Kind: Holding}); act.do != listens {
			return act, 0
		}
		if c.room.leg != nil || c.room.ended {
			break
		}
	}
	return Listen(), c.Clock.Now().Sub(began)
}

// conference keeps a conference among those under way, or takes it out.
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

// room is a conference under way as the API shows it.
func (a *Account) conference(name string) map[string]any {
	return map[string]any{
		"sid": a.conferences[name], "friendly_name": name, "status": "in-progress", "account_sid": a.state.SID,
		"uri": fmt.Sprintf("/2010-04-01/Accounts/%s/Conferences/%s.json", a.state.SID, a.conferences[name]),
	}
}
