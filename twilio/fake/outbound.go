package fake

import (
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/twilio"
)

// order is something that the house asked for over the REST API, for the call that its address names.
type restAction struct {
	sid      string // the call or leg that it is about; of a leg to ring: its own
	ring     twilio.OutboundLeg
	redirect string // bring it to this address
	announce string // let it hear the document at this address
	hangUp   bool
}

// carries and drops tell the account which calls and legs can be given orders. Without an account there are none.
func (a *Account) begin(c *call) {
	if a != nil {
		a.Change(func(*State) { a.active = append(a.active, c.caller.sid) })
	}
}

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

// orders carries out what the house asked for meanwhile.
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
		c.runActions() // what came of them may have led to more
	}
}

func (c *call) runAction(a restAction) {
	switch {
	case a.ring.To != "":
		c.placeLeg(a)
	case a.sid == c.caller.sid:
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

// placeLeg rings a leg that is a call of its own.
func (c *call) placeLeg(a restAction) {
	d := &dial{call: c, began: c.passed}
	l := &leg{
		dial: d, screen: a.ring.URL, callback: a.ring.StatusURL, events: a.ring.StatusEvents,
		party: &party{sid: a.sid, direction: "outbound-api", status: "initiated", from: a.ring.From, to: a.ring.To},
	}
	if len(l.events) == 0 {
		l.events = []string{"completed"}
	}
	d.legs = []*leg{l}
	c.outbound = append(c.outbound, l)
	l.ring(time.Duration(a.ring.Seconds) * time.Second)
}

// sleep lets at most d go by, as far as the next thing that happens on a leg beside the call, and gives how much that was.
func (c *call) sleep(d time.Duration) time.Duration {
	l, due := c.nextOutbound()
	if l == nil || due > d {
		c.advance(d)
		return d
	}
	c.advance(due)
	l.dial.elapsed = l.due
	l.fire()
	c.runActions()
	return max(0, due)
}

// lets time go by. What passed is counted here, since a Clock may skip it.
func (c *call) advance(d time.Duration) {
	c.Clock.Sleep(d)
	c.passed += max(0, d)
}

// nextOutbound is the leg beside the call on which something happens next, and how soon.
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

func (l *leg) fire() {
	then := l.then
	l.then = nil
	then()
}

// finishLegs lets the legs beside a call that is over come to their end, so that their callbacks are sent.
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

// announce lets the leg hear a document, and nobody else.
func (l *leg) announce(address string) {
	doc, ok := l.dial.document(l.party, address, nil)
	if !ok {
		return
	}
	for _, v := range doc.Verbs {
		l.hear(v)
	}
}

// belongs finds the call that an address names.
func (a *Account) callOf(address string) (caller string, ok bool) {
	i := slices.IndexFunc(a.active, func(sid string) bool { return strings.Contains(address, sid) })
	if i < 0 {
		return "", false
	}
	return a.active[i], true
}
