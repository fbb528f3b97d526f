package fake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/officernd/supportline/twilio"
)

// Created is a call that the server created over REST, and that belongs to no call under way: somebody is rung who has not called.
type Created struct {
	SID   string
	Leg   twilio.OutboundLeg
	Queue time.Duration // until it rings
}

// created accepts a call that belongs to no call under way. It is listed at once, and waits for Place.
func (a *Account) created(c Created) {
	a.state.Calls = append(a.state.Calls, twilio.ListedCall{
		SID: c.SID, From: c.Leg.From, To: c.Leg.To, Direction: "outbound-api", Status: queued, StartedAt: a.state.Now(),
	})
	a.calls = append(a.calls, c)
	a.outbound[c.SID] = c.SID
	a.wake()
}

// TakeCreated returns the calls that were created since the last time, for Provider.Place.
func (a *Account) TakeCreated() (calls []Created) {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls, a.calls = a.calls, nil
	return calls
}

// wake tells Serve that there is something to do. The caller holds mu.
func (a *Account) wake() {
	select {
	case a.changed <- struct{}{}:
	default: // it will look anyway
	}
}

// Serve rings whom the server calls, and delivers what it texts, until ctx ends: each call with a Provider like p, at the same time as the others. p
// has this account.
func (a *Account) Serve(ctx context.Context, p Provider) {
	for n := 0; ; n++ {
		for _, c := range a.TakeCreated() {
			rings := p
			rings.Seed += " " + c.SID
			go func() { _, _ = rings.Place(ctx, c) }() // its troubles are notes to People
		}
		for _, t := range a.TakeTexts() {
			p.Deliver(ctx, t)
		}
		select {
		case <-ctx.Done():
			return
		case <-a.changed:
		}
	}
}

// Place runs one created call from its queue to its end, with the People of the Provider, and returns when its last callback is delivered.
func (p *Provider) Place(ctx context.Context, o Created) (Record, error) {
	if p.Transport == nil || p.Clock == nil || p.People == nil || p.Account == nil {
		return Record{}, errors.New("fake: a provider that places calls needs a Transport, a Clock, People and an Account")
	}
	c := &call{Provider: p, ctx: ctx, began: p.Clock.Now(), gets: map[string]bool{}, gone: true}
	c.caller = &party{sid: o.SID} // REST actions of the call are found under it; nobody has called
	c.placeLeg(restAction{sid: o.SID, ring: o.Leg, queued: o.Queue})
	l := c.outbound[0]
	for !l.over {
		c.runActions()
		next, due := c.nextOutbound()
		if next == nil {
			break
		}
		c.sleep(max(0, due))
	}
	l.end("completed") // in a conference alone
	c.flush()
	c.Account.Change(func(*State) {
		delete(c.Account.actions, o.SID)
		delete(c.Account.outbound, o.SID)
	})
	c.record.SID, c.record.Status = o.SID, l.status
	if !l.answeredAt.IsZero() {
		c.record.Seconds = l.seconds()
	}
	return c.record, c.err
}

// withCall returns the list with a call, in place of what was listed of it when it was created.
func withCall(all []twilio.ListedCall, l twilio.ListedCall) []twilio.ListedCall {
	if i := slices.IndexFunc(all, func(o twilio.ListedCall) bool { return o.SID == l.SID }); i >= 0 {
		all[i] = l
		return all
	}
	return append(all, l)
}

// refuseLeg answers a request to create a call that can't be.
func (a *Account) refuseLeg(w http.ResponseWriter, ring twilio.OutboundLeg) bool {
	if code := a.state.RefusedCalls[ring.To]; code != 0 {
		Refuse(w, http.StatusBadRequest, code, "The number "+ring.To+" can't be called")
		return true
	}
	return false
}

// usualTalk is how long the parties of a call that the server placed talk if neither hangs up.
const usualTalk = time.Minute

// dials rings somebody from a leg's own document, and bridges the two, until one of them hangs up. What the document dials is a child of the leg.
func (l *leg) dials(v twilio.Dial) {
	l.dial.byMethod(l.base, v.Action, v.Method)
	d := &dial{call: l.dial.call, began: l.dial.passed}
	child := d.newLeg(v, v.Nouns[0])
	child.parent, child.base, child.from = l.sid, l.base, cmp.Or(v.CallerID, l.from)
	d.legs, l.child = []*leg{child}, child
	d.outbound = append(d.outbound, child)
	var bridged time.Time
	child.bridged = func() { bridged = d.Clock.Now(); l.talks(child) }
	child.ended = func() {
		l.child = nil
		if l.over {
			return
		}
		l.dial.elapsed = l.dial.passed - l.dial.began
		params := child.dialResult(!bridged.IsZero())
		if !bridged.IsZero() && v.Record != "" && v.Record != "do-not-record" {
			recording := d.recording(d.Clock.Now().Sub(bridged))
			params["RecordingUrl"] = recording["RecordingUrl"]
			d.reportRecording(v.RecordingStatusCallback, recording, bridged, "DialVerb")
		}
		l.follow(v.Action, params)
	}
	l.leaves = func() { // its answer is not followed
		if v.Action != "" && !l.dial.Faults.NoActionAfterHangUp {
			l.dial.document(l.party, v.Action, child.dialResult(!bridged.IsZero()))
		}
	}
	l.then = nil
	if l.who.Leaves > 0 {
		l.due, l.then = max(l.pickedUp+l.who.Leaves, l.dial.passed-l.dial.began), func() { l.end("completed") }
	}
	child.ring(orDefault(v.Timeout, 30))
}

// talks bridges a leg with the one that its document dialled.
func (l *leg) talks(child *leg) {
	child.dial.note(child.to, "is joined with "+l.to, "")
	first, talk := l, cmp.Or(l.who.Talks, usualTalk)
	if child.who.Talks > 0 && (l.who.Talks == 0 || child.who.Talks < talk) {
		first, talk = child, child.who.Talks
	}
	l.then, child.then = nil, nil
	first.due, first.then = first.dial.passed-first.dial.began+talk, func() { first.end("completed") }
}

// hangsUpOn ends the leg that a leg dialled, which has hung up.
func (l *leg) hangsUpOn(child *leg) {
	status := "canceled"
	if !child.answeredAt.IsZero() {
		status = "completed"
	}
	child.end(status)
	l.leaves()
}

// dialResult returns the parameters of the action of the Dial that rang the leg.
func (l *leg) dialResult(bridged bool) map[string]string {
	params := map[string]string{"DialCallSid": l.sid, "DialCallStatus": l.status, "DialBridged": fmt.Sprint(bridged)}
	if !l.answeredAt.IsZero() {
		params["DialCallStatus"], params["DialCallDuration"] = "completed", fmt.Sprint(l.seconds())
	}
	return params
}
