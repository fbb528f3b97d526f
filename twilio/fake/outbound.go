package fake

import (
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/twilio"
)

// restAction is a request of the server over the REST API, for the call whose SID its address contains.
type restAction struct {
	sid      string // of the call or leg that it is about
	ring     twilio.OutboundLeg
	queued   time.Duration // until it rings
	redirect string        // URL of the document to go on with
	announce string        // URL of the document to play
	hangUp   bool
}

// begin makes the account accept REST actions for a call. A nil Account does nothing.
func (a *Account) begin(c *call) {
	if a != nil {
		a.Change(func(*State) { a.active = append(a.active, c.caller.sid) })
	}
}

// forget makes the account refuse REST actions for a call and its legs.
func (a *Account) forget(c *call) {
	if a == nil {
		return
	}
	a.Change(func(*State) {
		a.active = slices.DeleteFunc(a.active, func(sid string) bool { return sid == c.caller.sid })
		delete(a.actions, c.caller.sid)
		for sid, of := range a.outbound {
			if of == c.caller.sid {
				delete(a.outbound, sid)
			}
		}
	})
}

// runActions runs the REST actions that were accepted meanwhile.
func (c *call) runActions() {
	if c.Settle != nil {
		c.Settle()
	}
	if c.Account == nil {
		return
	}
	var found []restAction
	c.Account.Change(func(*State) {
		found = c.Account.actions[c.caller.sid]
		delete(c.Account.actions, c.caller.sid)
	})
	for _, a := range found {
		c.runAction(a)
	}
	if len(found) > 0 {
		c.runActions() // they may have led to more
	}
}

func (c *call) runAction(a restAction) {
	switch {
	case a.ring.To != "":
		c.placeLeg(a)
	case a.sid == c.caller.sid && c.caller.direction != "":
		if u, err := resolve("", a.redirect); err == nil && !c.gone {
			c.redirected = u
		}
	default:
		i := slices.IndexFunc(c.outbound, func(l *leg) bool { return l.sid == a.sid })
		if i < 0 || c.outbound[i].over {
			return
		}
		l := c.outbound[i]
		l.dial.elapsed = c.passed - l.dial.began
		switch {
		case a.announce != "":
			l.announce(a.announce)
		case a.redirect != "":
			l.follow(a.redirect, nil)
		case l.answeredAt.IsZero():
			l.end("canceled")
		default:
			l.end("completed")
		}
	}
}

// queued is the status of an outbound leg that waits for its start.
const queued = "queued"

func (c *call) placeLeg(a restAction) {
	d := &dial{call: c, began: c.passed}
	l := &leg{
		dial: d, screen: a.ring.URL, callback: a.ring.StatusURL, events: a.ring.StatusEvents,
		party: &party{sid: a.sid, direction: "outbound-api", status: "initiated", from: a.ring.From, to: a.ring.To},
	}
	d.legs = []*leg{l}
	c.outbound = append(c.outbound, l)
	rings := time.Duration(a.ring.Seconds) * time.Second
	if a.queued == 0 {
		l.ring(rings)
		return
	}
	l.rangAt, l.status = c.Clock.Now(), queued
	l.due, l.then = a.queued, func() {
		d.began, d.elapsed = c.passed, 0
		l.ring(rings)
	}
}

// sleep lets at most d pass, until the next event of an outbound leg, and returns how much passed.
func (c *call) sleep(d time.Duration) time.Duration {
	l, due := c.nextOutbound()
	if l == nil || due > d {
		c.advance(d)
		return d
	}
	c.advance(due)
	l.dial.elapsed = l.due
	then := l.then
	l.then = nil
	then()
	c.runActions()
	return max(0, due)
}

// advance lets d pass. It counts the time, since a Clock may skip it.
func (c *call) advance(d time.Duration) {
	c.Clock.Sleep(d)
	c.passed += max(0, d)
}

// nextOutbound returns the outbound leg with the next event, and the time until that.
func (c *call) nextOutbound() (first *leg, due time.Duration) {
	for _, l := range c.outbound {
		if l.over || l.then == nil {
			continue
		}
		if in := l.dial.began + l.due - c.passed; first == nil || in < due {
			first, due = l, in
		}
	}
	return first, due
}

// finishLegs lets the outbound legs of a call that is over end, so that their callbacks are sent.
func (c *call) finishLegs() {
	c.runActions()
	for l, due := c.nextOutbound(); l != nil; l, due = c.nextOutbound() {
		c.sleep(max(0, due))
	}
	for _, l := range c.outbound {
		l.end("completed") // alone in a conference: the specialist hangs up
	}
	c.flush()
}

// announce plays a document to the leg alone.
func (l *leg) announce(address string) {
	doc, ok := l.dial.document(l.party, address, nil)
	if !ok {
		return
	}
	for _, v := range doc.Verbs {
		l.hear(v)
	}
}

// callOf returns the call under way whose SID an address contains.
func (a *Account) callOf(address string) (caller string, ok bool) {
	i := slices.IndexFunc(a.active, func(sid string) bool { return strings.Contains(address, sid) })
	if i < 0 {
		return "", false
	}
	return a.active[i], true
}
