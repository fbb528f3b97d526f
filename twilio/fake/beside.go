package fake

import (
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/twilio"
)

// order is something that the house asked for over the REST API, for the call that its address names.
type order struct {
	sid      string // the call or leg that it is about; of a leg to ring: its own
	ring     twilio.OutboundLeg
	fetch    string // bring it to this address
	announce string // let it hear the document at this address
	hangUp   bool
}

// carries and drops tell the account which calls and legs can be given orders. Without an account there are none.
func (a *Account) carries(c *call) {
	if a != nil {
		a.Change(func(*State) { a.carried = append(a.carried, c.caller.sid) })
	}
}

func (a *Account) drops(c *call) {
	if a == nil {
		return
	}
	a.Change(func(*State) {
		a.carried = slices.DeleteFunc(a.carried, func(sid string) bool { return sid == c.caller.sid })
		delete(a.orders, c.caller.sid)
		for sid, of := range a.live {
			if of == c.caller.sid {
				delete(a.live, sid)
			}
		}
	})
}

// orders carries out what the house asked for meanwhile.
func (c *call) orders() {
	if c.Settle != nil {
		c.Settle()
	}
	if c.Account == nil {
		return
	}
	var found []order
	c.Account.Change(func(*State) {
		found = c.Account.orders[c.caller.sid]
		delete(c.Account.orders, c.caller.sid)
	})
	for _, o := range found {
		c.carryOut(o)
	}
	if len(found) > 0 {
		c.orders() // what came of them may have led to more
	}
}

func (c *call) carryOut(o order) {
	switch {
	case o.ring.To != "":
		c.ringBeside(o)
	case o.sid == c.caller.sid:
		if u, err := resolve("", o.fetch); err == nil && !c.gone {
			c.fetched = u
		}
	default:
		i := slices.IndexFunc(c.beside, func(l *leg) bool { return l.sid == o.sid })
		if i < 0 || c.beside[i].over {
			return
		}
		l := c.beside[i]
		l.dial.elapsed = c.passed - l.dial.began
		switch {
		case o.announce != "":
			l.announce(o.announce)
		case o.fetch != "":
			l.follow(o.fetch, nil)
		case l.answeredAt.IsZero():
			l.end("canceled")
		default:
			l.end("completed")
		}
	}
}

// ringBeside rings a leg that is a call of its own.
func (c *call) ringBeside(o order) {
	d := &dial{call: c, began: c.passed}
	l := &leg{
		dial: d, screen: o.ring.URL, callback: o.ring.StatusURL, events: o.ring.StatusEvents,
		party: &party{sid: o.sid, direction: "outbound-api", status: "initiated", from: o.ring.From, to: o.ring.To},
	}
	if len(l.events) == 0 {
		l.events = []string{"completed"}
	}
	d.legs = []*leg{l}
	c.beside = append(c.beside, l)
	l.ring(time.Duration(o.ring.Seconds) * time.Second)
}

// sleep lets at most d go by, as far as the next thing that happens on a leg beside the call, and gives how much that was.
func (c *call) sleep(d time.Duration) time.Duration {
	l, due := c.nextBeside()
	if l == nil || due > d {
		c.lets(d)
		return d
	}
	c.lets(due)
	l.dial.elapsed = l.due
	l.happens()
	c.orders()
	return max(0, due)
}

// lets time go by. What passed is counted here, since a Clock may skip it.
func (c *call) lets(d time.Duration) {
	c.Clock.Sleep(d)
	c.passed += max(0, d)
}

// nextBeside is the leg beside the call on which something happens next, and how soon.
func (c *call) nextBeside() (first *leg, due time.Duration) {
	for _, l := range c.beside {
		if l.over || l.then == nil {
			continue
		}
		if in := l.dial.began + l.due - c.passed; first == nil || in < due {
			first, due = l, in
		}
	}
	return first, due
}

func (l *leg) happens() {
	then := l.then
	l.then = nil
	then()
}

// linger lets the legs beside a call that is over come to their end, so that their callbacks are sent.
func (c *call) linger() {
	c.orders()
	for l, due := c.nextBeside(); l != nil; l, due = c.nextBeside() {
		c.sleep(max(0, due))
	}
	for _, l := range c.beside {
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
func (a *Account) belongs(address string) (caller string, ok bool) {
	i := slices.IndexFunc(a.carried, func(sid string) bool { return strings.Contains(address, sid) })
	if i < 0 {
		return "", false
	}
	return a.carried[i], true
}
