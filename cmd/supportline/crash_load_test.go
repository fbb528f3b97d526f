package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// resendEvery is how soon a webhook is sent again that nobody took.
const resendEvery = 25 * time.Millisecond

// load lets callers call until wait is called, which returns when their calls are over.
func (c *crash) load() (wait func()) {
	c.over.Store(false)
	var all sync.WaitGroup
	for n := range callers {
		random := rand.New(rand.NewPCG(c.seed, uint64(n)+2))
		all.Go(func() {
			for !c.over.Load() && !c.Failed() {
				c.one(random)
			}
		})
	}
	all.Go(c.person)
	return func() {
		c.over.Store(true)
		all.Wait()
	}
}

// one makes one call: each webhook is sent until it is answered.
func (c *crash) one(random *rand.Rand) {
	s := c.scripts[random.IntN(len(c.scripts))]
	sid, m := c.begin(s)
	for i, webhook := range s.sent {
		for began := time.Now(); !c.try(string(sid), m, i, webhook); <-time.After(resendEvery) {
			if c.Failed() {
				return
			}
			if time.Since(began) > time.Minute {
				c.Errorf("%s, call %s, webhook %d %s was not answered for a minute", s.name, sid, i+1, webhook.path)
				return
			}
		}
		if m.left.Load() { // the next caller comes when the log is back: most of what is sent shall reach it
			for c.away.Load() > time.Now().UnixNano() && !c.Failed() {
				<-time.After(resendEvery)
			}
			return
		}
		<-time.After(time.Duration(random.IntN(60)) * time.Millisecond)
	}
}

// try sends a webhook once, and reports whether it was answered.
func (c *crash) try(sid string, m *made, i int, webhook sent) bool {
	c.gate.RLock()
	defer c.gate.RUnlock()
	m.waits.Store(true)
	began := time.Now()
	got, err := c.postTo("http://"+c.members[0].address, webhook, m.sids)
	c.sent.Add(1)
	if errors.Is(err, context.DeadlineExceeded) {
		c.Errorf("%s, call %s, webhook %d %s was not answered within %v", m.script.name, sid, i+1, webhook.path, answeredWithin)
	}
	if err != nil {
		return false
	}
	c.answered.Add(1)
	for took := int64(time.Since(began)); ; {
		longest := c.longest.Load()
		if took <= longest || c.longest.CompareAndSwap(longest, took) {
			break
		}
	}
	switch want := m.sids.Replace(webhook.answer); {
	case isWithoutLog(got) && began.UnixNano() < c.away.Load(): // some are as they would be with it
		c.withoutLog.Add(1)
		m.left.Store(true)
	case got == want:
		m.answered.Store(int64(i + 1))
		m.waits.Store(false)
	default:
		c.Errorf("%s, call %s, webhook %d %s (seed %d)\nheard %s\nwant  %s", m.script.name, sid, i+1, webhook.path, c.seed, got, want)
	}
	return true
}

// withoutLog are parts of the answers without the log: they ring the caller through, let one go who has talked or left a message, or ask a specialist
// without a name. The last two are a document that is empty.
var withoutLog = []string{"/plain/", ">Goodbye.<", ">Thank you for calling. Goodbye.<", "Who calls can't be looked up now.", "<Response/>", "<Response></Response>"}

func isWithoutLog(answer string) bool {
	return slices.ContainsFunc(withoutLog, func(part string) bool { return strings.Contains(answer, part) })
}
