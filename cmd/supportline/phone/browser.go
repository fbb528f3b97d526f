package phone

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

const (
	// slice is the time between two questions to somebody who waits. The fake provider asks at most 10,000 times at one moment, which is more than
	// the longest call has slices.
	slice    = 250 * time.Millisecond
	patience = 20 * time.Second // how long the line waits before its own time for an answer begins: a person has to find the key on the page
	maxLines = 500
)

// browserCall is one call in a browser. Its people act as the page asks, and on its clock time really passes, unless somebody skips it.
type browserCall struct {
	simulator *Simulator
	by        string
	ctx       context.Context // when it ends, so does the call
	cancel    func()
	wake      chan struct{} // something was done

	mu      sync.Mutex
	stirred chan struct{}     // closed and replaced at each change
	view    console.PhoneCall // its ID never changes
	acts    []console.PhoneAct
	answers map[string]fake.Specialist
	kind    fake.Kind
	since   time.Time // when the present kind of moment began, or the last act in it
	idle    bool      // only time passes
	skips   bool      // what passes next is skipped
	leaving bool
	eyes    int // the number of requests that wait for a change
	seen    time.Time
}

// run carries the call to its end.
func (c *browserCall) run() {
	verstat := ""
	if c.view.Attested {
		verstat = fullAttestation
	}
	p := &fake.Provider{
		AccountSID: c.simulator.Account.SID, Token: c.simulator.Account.Token, Transport: c.simulator.Transport, Clock: browserClock{c}, People: c,
		Account: c.simulator.Provider, Seed: c.view.ID,
	}
	record, err := p.Call(c.ctx, incoming(c.simulator.Account, c.view.Line.Full(), c.view.From.Full(), verstat))
	if err != nil {
		record.Troubles = append(record.Troubles, err.Error())
	}
	c.change(func() {
		c.view.State, c.view.EndedAt, c.view.JoinedAt = console.PhoneOver, c.simulator.Now(), time.Time{}
		c.view.SID, c.view.Trouble = policy.CallSID(record.SID), strings.Join(record.Troubles, "; ")
		for i := range c.view.Specialists {
			c.view.Specialists[i].Rings = false
		}
	})
}

// change makes a change that the page shows.
func (c *browserCall) change(by func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	by()
	c.view.Version++
	c.stir()
}

// stir wakes everything in await.
func (c *browserCall) stir() {
	close(c.stirred)
	c.stirred = make(chan struct{})
}

// await returns when so() is true, the call is over, or ctx has ended.
func (c *browserCall) await(ctx context.Context, so func() bool) {
	for {
		c.mu.Lock()
		stirred, done := c.stirred, so() || !c.view.EndedAt.IsZero()
		c.mu.Unlock()
		if done {
			return
		}
		select {
		case <-stirred:
		case <-ctx.Done():
			return
		}
	}
}

// snapshot returns the present state of the call, with slices of its own.
func (c *browserCall) snapshot() console.PhoneCall {
	c.mu.Lock()
	defer c.mu.Unlock()
	view := c.view
	view.Said, view.Specialists = slices.Clone(view.Said), slices.Clone(view.Specialists)
	for i, s := range view.Specialists {
		view.Specialists[i].Told = slices.Clone(s.Told)
	}
	return view
}

// looked notes that somebody looks at the call. by is added to the number of requests that wait for a change.
func (c *browserCall) looked(by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.eyes, c.seen = c.eyes+by, c.simulator.Now()
}

// take stores an act for the next moment in which it is possible.
func (c *browserCall) take(act console.PhoneAct) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.acts) >= callsKept { // nobody does so much in no time
		return
	}
	if act.Specialist != "" {
		rung := c.rung(act.Specialist)
		if answer, ok := answers[act.Answer]; ok && rung != nil && rung.Rings {
			c.answers[act.Specialist.Full()] = answer
		}
	} else {
		c.acts = append(c.acts, act)
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// settle returns when what was done has had its effect.
func (c *browserCall) settle(ctx context.Context) {
	c.await(ctx, func() bool { return c.idle && len(c.acts) == 0 && len(c.answers) == 0 })
}

// answers maps the answers of specialists to the provider's terms.
var answers = map[console.PhoneAnswer]fake.Specialist{
	console.PhoneAccepts:   {Presses: []string{"1"}},
	console.PhonePasses:    {Presses: []string{"2"}},
	console.PhoneVoicemail: {},
	console.PhoneBusy:      {Status: "busy"},
	console.PhoneNobody:    {Status: "no-answer"},
}

// Caller does what was asked for on the page. Without that, time passes.
func (c *browserCall) Caller(m fake.Moment) fake.Act {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		c.enter(m)
		c.leaving = c.leaving || c.forsaken(m.At)
		for len(c.acts) > 0 && !c.leaving {
			act := c.acts[0]
			c.acts = c.acts[1:]
			if does, ok := c.do(act, m); ok {
				return does
			}
		}
		asked := m.Kind == fake.Asked || m.Kind == fake.Recording
		switch {
		case c.leaving || c.ctx.Err() != nil:
			c.acts = nil
			return fake.HangUp()
		case c.skips:
			return fake.Listen()
		case len(c.answers) > 0:
			return fake.Wait(0) // specialists are asked before the caller is again
		case asked && m.At.Sub(c.since) < patience:
			c.pass(slice)
		case m.Left <= 0, c.pass(min(slice, m.Left)):
			c.skips = m.Left > 0 // it has passed
			return fake.Wait(slice)
		}
		m.At = c.simulator.Now()
	}
}

// do returns an act of the page in the provider's terms, false where it has no meaning at this moment.
func (c *browserCall) do(act console.PhoneAct, m fake.Moment) (fake.Act, bool) {
	if act.Keys != "" || act.Words != "" {
		c.since = m.At
	}
	switch {
	case act.HangsUp == console.PhoneCaller:
		c.leaving = true
	case act.HangsUp == console.PhoneSpecialist && m.Kind == fake.Talking:
		return fake.PartnerHangsUp(), true
	case act.Skip && c.view.Skipping() != "":
		c.skips = true
		return fake.Listen(), true
	case act.Keys != "" && m.Keys:
		c.skips = true // the keys took their time already
		return fake.Press(act.Keys), true
	case act.Words != "" && m.Speech:
		c.skips = true
		return fake.Say(act.Words), true
	case act.Keys != "":
		c.add(console.PhoneLine{At: m.At, Who: console.PhoneCaller, Did: "presses", Text: act.Keys + " (nobody listens to keys now)"})
	case act.Words != "":
		c.add(console.PhoneLine{At: m.At, Who: console.PhoneCaller, Did: "says", Text: act.Words + " (the line does not listen now)"})
	}
	return fake.Act{}, false
}

// forsaken reports whether the call ends although nobody hung up. It adds the reason to the page.
func (c *browserCall) forsaken(now time.Time) bool {
	why := ""
	switch {
	case now.Sub(c.view.StartedAt) > longest:
		why = "a call from the console ends after " + longest.String()
	case c.eyes == 0 && now.Sub(c.seen) > away:
		why = "nobody has looked at the phone for " + away.String()
	case len(c.view.Said) >= maxLines:
		why = "so much was said that the page is full"
	default:
		return false
	}
	c.add(console.PhoneLine{At: now, Who: console.PhoneProvider, Did: "ends the call", Text: why})
	return true
}

// Specialist answers as was chosen on the page; until then the answer is undecided.
func (c *browserCall) Specialist(to string) fake.Specialist {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer, chosen := c.answers[to]
	switch {
	case c.leaving:
		return fake.Specialist{Status: "no-answer"}
	case !chosen:
		return fake.Specialist{Pending: true}
	}
	delete(c.answers, to)
	if rung := c.rung(policy.Phone(to)); rung != nil {
		rung.Rings = false
		c.view.Version++
	}
	others := slices.ContainsFunc(c.view.Specialists, func(s console.PhoneRung) bool { return s.Rings || s.State == picksUp })
	c.skips = answer.Status == "no-answer" && !others // nobody is left to wait for
	c.stir()
	return answer
}

func (c *browserCall) rung(to policy.Phone) *console.PhoneRung {
	i := slices.IndexFunc(c.view.Specialists, func(s console.PhoneRung) bool { return s.Number == to })
	if i < 0 {
		return nil
	}
	return &c.view.Specialists[i]
}

// pass lets real time pass. It reports whether all of it did: an act and the end of the call cut it short. The caller holds the lock.
func (c *browserCall) pass(d time.Duration) (all bool) {
	if len(c.acts) > 0 || len(c.answers) > 0 || c.leaving {
		return false
	}
	over := c.simulator.after(d)
	c.idle = true
	c.stir()
	c.mu.Unlock()
	select {
	case <-over:
		all = true
	case <-c.wake:
	case <-c.ctx.Done():
	}
	c.mu.Lock()
	c.idle = false
	return all
}

// browserClock is the clock of the server. Waiting on it can be cut short.
type browserClock struct{ call *browserCall }

// Now returns the time of the server.
func (b browserClock) Now() time.Time { return b.call.simulator.Now() }

// Sleep waits for d. What was skipped, or has passed already while the caller was asked, takes no time. Where nobody is asked meanwhile, as after
// the caller has hung up, every act cuts it short.
func (b browserClock) Sleep(d time.Duration) {
	c := b.call
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > 0 && !c.skips && !c.leaving {
		c.pass(d)
	}
	c.skips = false
}
