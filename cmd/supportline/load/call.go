package load

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/officernd/supportline/twilio"
)

// maxWebhooks bounds what a caller goes along with: a call that is longer goes round in a circle.
const maxWebhooks = 200

// call is one made-up call.
type call struct {
	*run
	rng    *rand.Rand
	who    caller
	sid    string
	caller party
	due    time.Time // when the next webhook should be sent
	sent   int       // webhooks so far
	gone   bool      // the caller hung up
}

// next names the document that follows, "" after the last.
type next struct {
	address string
	params  []string
}

// carry carries the call from the first ring to its end.
func (c *call) carry() {
	c.caller = party{sid: c.sid, from: c.who.from, to: c.who.line.Full(), direction: "inbound", status: "ringing"}
	n := next{address: c.load.PublicURL + "/voice"}
	began := c.due
	for n.address != "" && c.sent < maxWebhooks {
		doc, ok := c.document(&c.caller, n.address, n.params...)
		if !ok {
			break
		}
		c.caller.status = "in-progress"
		n = c.follow(doc)
	}
	if c.sent == 0 {
		return // it was never sent
	}
	if c.sent >= maxWebhooks {
		c.meter.failed("", fmt.Sprintf("a call of more than %d webhooks", maxWebhooks))
	}
	c.caller.status = "completed"
	c.report(&c.caller, c.load.PublicURL+"/status", "CallDuration", c.seconds(began))
	c.meter.ended()
}

// seconds returns how long something has gone on, as the provider reports it.
func (c *call) seconds(since time.Time) string {
	return fmt.Sprint(int(time.Since(since).Round(time.Second) / time.Second))
}

// leaves reports whether the caller hangs up at this moment: because of impatience, or because the run is over.
func (c *call) leaves() bool {
	if c.who.leaves > 0 && c.sent >= c.who.leaves || c.over() {
		c.gone = true
	}
	return c.gone
}

// follow follows a document to the next one.
func (c *call) follow(doc twilio.Response) next {
	for _, v := range doc.Verbs {
		if c.leaves() {
			return next{}
		}
		switch v := v.(type) {
		case twilio.Gather:
			keys := c.answer(v.Action)
			if keys == "" && !v.EmptyResult {
				continue
			}
			c.think(1)
			return next{c.own(v.Action), digits(keys)}
		case twilio.Redirect:
			c.think(1)
			return next{address: c.own(v.URL)}
		case twilio.Dial:
			return c.dial(v)
		case twilio.Record, twilio.Hangup, twilio.Reject: // nobody leaves a message: the provider has no recording of a made-up call
			return next{}
		}
	}
	return next{}
}

// digits returns the parameters of pressed keys. A finishing key is not among the digits.
func digits(keys string) []string {
	if n := len(keys); n > 1 && keys[n-1] == '#' {
		return []string{"Digits", keys[:n-1], "FinishedOnKey", "#"}
	}
	return []string{"Digits", keys}
}

// leg is a specialist's side.
type leg struct {
	party
	screen, callback string
	events           []string
	over             bool
}

// dial rings specialists all at once. Each one who picks up stops the others.
func (c *call) dial(d twilio.Dial) next {
	legs := c.ring(d)
	if len(legs) == 0 {
		c.meter.failed("", "a Dial that this load can't follow")
		return next{}
	}
	if c.leaves() {
		c.endAll(legs, "canceled")
		return c.dialled(d, legs[0], "canceled", false)
	}
	status := "no-answer"
	for _, l := range legs {
		switch r := react(c.rng, c.who.kind); r {
		case rejects:
			c.end(l, "busy")
			if len(legs) == 1 {
				status = "busy"
			}
		case ignores:
		default:
			for _, other := range legs {
				if other != l {
					c.end(other, "canceled")
				}
			}
			c.think(1)
			return c.dialled(d, l, "completed", c.pickUp(l, r == takes))
		}
	}
	c.think(1)
	c.endAll(legs, "no-answer")
	return c.dialled(d, legs[0], status, false)
}

// dialled returns the action of a Dial that is over. When the caller has hung up the provider requests it and follows nothing.
func (c *call) dialled(d twilio.Dial, l *leg, status string, bridged bool) next {
	n := next{c.own(d.Action), []string{"DialCallStatus", status, "DialCallSid", l.sid, "DialBridged", fmt.Sprint(bridged)}}
	if c.gone {
		c.document(&c.caller, n.address, n.params...)
		return next{}
	}
	return n
}

func (c *call) ring(d twilio.Dial) (legs []*leg) {
	for _, noun := range d.Nouns {
		l := &leg{party: party{sid: c.sids.next(), parent: c.sid, from: d.CallerID, direction: "outbound-dial"}}
		switch n := noun.(type) {
		case twilio.Number:
			l.to, l.screen, l.callback, l.events = n.Number, c.own(n.URL), c.own(n.StatusCallback), n.StatusEvents
		case twilio.Sip:
			l.to, l.screen, l.callback, l.events = n.URI, c.own(n.URL), c.own(n.StatusCallback), n.StatusEvents
		default:
			return nil
		}
		c.progress(l, "initiated", "initiated")
		c.progress(l, "ringing", "ringing")
		legs = append(legs, l)
	}
	return legs
}

// pickUp screens a specialist and lets the two talk, and reports whether they did.
func (c *call) pickUp(l *leg, accepts bool) (talked bool) {
	began := time.Now()
	c.progress(l, "answered", "in-progress")
	doc, ok := c.document(&l.party, l.screen)
	for _, v := range doc.Verbs {
		g, asks := v.(twilio.Gather)
		if !asks {
			continue
		}
		key := "2"
		if accepts {
			key = "1"
		}
		c.think(1)
		doc, ok = c.document(&l.party, c.own(g.Action), "Digits", key)
		break
	}
	talked = ok && !slices.ContainsFunc(doc.Verbs, func(v twilio.Verb) bool { _, ends := v.(twilio.Hangup); return ends })
	if talked {
		c.think(talk)
	}
	c.end(l, "completed", "CallDuration", c.seconds(began))
	return talked
}

func (c *call) endAll(legs []*leg, status string) {
	for _, l := range legs {
		c.end(l, status)
	}
}

func (c *call) end(l *leg, status string, more ...string) {
	if !l.over {
		l.over = true
		c.progress(l, "completed", status, more...)
	}
}

// progress reports an event of a leg, if the server wants to know of it.
func (c *call) progress(l *leg, event, status string, more ...string) {
	l.status = status
	if slices.Contains(l.events, event) && l.callback != "" {
		c.report(&l.party, l.callback, more...)
	}
}
