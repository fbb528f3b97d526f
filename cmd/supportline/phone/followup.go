package phone

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

// The time between two looks at what is due by itself while a script waits, and how many looks a wait has at most.
const (
	lookEvery   = 2 * time.Second
	looksAtMost = 100
)

// lasts lets time pass outside of a call to a line. What the server does by itself happens in it.
func (p *player) lasts(st statement, d time.Duration) {
	p.told, p.rung = map[string][]string{}, map[string]bool{}
	until, step := p.clock.Now().Add(d), max(lookEvery, d/looksAtMost)
	for p.diff == nil {
		p.work(st)
		left := until.Sub(p.clock.Now())
		if left <= 0 {
			return
		}
		p.clock.Sleep(min(step, left))
	}
}

// work lets an open server do what is due by itself, and carries the calls that come of it, one after the other, to their ends.
func (p *player) work(st statement) {
	if p.server == nil {
		return
	}
	p.server.Work(p.ctx)
	for _, t := range p.server.Provider().TakeTexts() {
		p.Note(fake.Event{At: p.clock.Now(), Who: t.To, Did: "gets the text", Text: t.Body})
		p.provider.Deliver(p.ctx, t)
	}
	for _, c := range p.server.Provider().TakeCreated() {
		rings := *p.provider
		rings.Seed += " " + c.SID
		record, err := rings.Place(p.ctx, c)
		if err != nil {
			p.differ(st, err.Error())
		}
		p.untroubled(st, record)
		if _, err := p.server.Row(p.ctx, policy.CallSID(c.SID)); err == nil {
			p.record = record
		}
	}
}

// person plays what a person does about the follow-up of the last call to a line.
func (p *player) person(ctx context.Context, st statement) {
	var err error
	refusal := ""
	switch do := st.do.(type) {
	case take:
		err = p.server.Take(ctx, p.dialled, do.by)
	case callBack:
		err, refusal = p.server.CallBack(ctx, p.dialled, do.by), do.refusal
	}
	switch {
	case err != nil && (refusal == "" || !contains(err.Error(), refusal)):
		p.differ(st, "it is refused: "+err.Error())
	case err == nil && refusal != "":
		p.differ(st, "nothing speaks against it")
	}
}

// checkFollowUp returns what is wrong with the follow-up of the last call to a line, "" if nothing is.
func (p *player) checkFollowUp(ctx context.Context, want followUp) string {
	f, err := p.server.FollowUp(ctx, p.dialled)
	if err != nil {
		return err.Error()
	}
	switch found, known := flat(f)[want.field]; {
	case !known:
		return "it has no " + want.field
	case found != want.want:
		return fmt.Sprintf("it has %s %s", want.field, found)
	}
	return ""
}

// checkTexts compares the texts that were sent with a statement about them.
func (p *player) checkTexts(st statement) {
	var bodies []string
	to, want := "", ""
	switch do := st.do.(type) {
	case texted:
		to, want = do.to, do.text
	case notTexted:
		to = do.to
	}
	p.server.Provider().Change(func(s *fake.State) {
		for _, t := range s.Texts {
			if t.To == to {
				bodies = append(bodies, t.Body)
			}
		}
	})
	found := slices.ContainsFunc(bodies, func(body string) bool { return contains(body, want) })
	switch {
	case want == "" && len(bodies) > 0, want != "" && !found && len(bodies) > 0:
		p.differ(st, fmt.Sprintf("this was sent: %q", bodies))
	case want != "" && !found:
		p.differ(st, "no text was sent there")
	}
}
