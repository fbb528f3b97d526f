package phone

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
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
func (p *player) person(ctx context.Context, st statement) error {
	f, err := p.server.FollowUp(ctx, p.dialled)
	if errors.Is(err, followup.ErrNone) {
		p.differ(st, "the call has no follow-up")
		return nil
	}
	if err != nil {
		return err
	}
	refusal := ""
	switch do := st.do.(type) {
	case take:
		err = p.server.Take(ctx, f.ID, do.by)
	case callBack:
		err, refusal = p.server.CallBack(ctx, f.ID, do.by), do.refusal
	}
	switch {
	case err != nil && (refusal == "" || !contains(err.Error(), refusal)):
		p.differ(st, "it is refused: "+err.Error())
	case err == nil && refusal != "":
		p.differ(st, "nothing speaks against it")
	}
	return nil
}

// checkFollowUp returns what is wrong with the follow-up of the last call to a line, "" if nothing is.
func (p *player) checkFollowUp(ctx context.Context, want followUp) (problem string, err error) {
	f, err := p.server.FollowUp(ctx, p.dialled)
	if errors.Is(err, followup.ErrNone) {
		return "the call has no follow-up", nil
	}
	found, known := flat(f)[want.field]
	if want.field == "result" && len(f.CallBacks) > 0 {
		found, known = f.CallBacks[len(f.CallBacks)-1].Result, true
	}
	switch {
	case err != nil || found == want.want:
		return "", err
	case !known:
		return "it has no " + want.field, nil
	}
	return fmt.Sprintf("it has %s %s", want.field, found), nil
}
