package demo

import (
	"context"
	"time"

	"github.com/officernd/supportline/twilio/fake"
)

// telephones are those of the people whom a demo calls.
type telephones struct {
	outside *Outside
	ctx     context.Context
}

// ringsFor is how long a telephone rings before whoever has it does not answer.
const ringsFor = 25 * time.Second

// Caller implements fake.People: nobody has called.
func (telephones) Caller(fake.Moment) fake.Act { return fake.Listen() }

// Specialist implements fake.People: it rings until somebody presses a key on the page, or for long.
func (t telephones) Specialist(to string) fake.Specialist {
	o := t.outside
	call := o.arrived(arrival{Kind: kindCall, To: o.settings().WhoIsAt(to), State: "rings", Ringing: true, key: to, answer: make(chan fake.Specialist, 1)})
	over := time.NewTimer(ringsFor)
	defer over.Stop()
	answer, state := fake.Specialist{Status: "no-answer"}, "not answered"
	select {
	case answer = <-call.answer:
		if state = "picked up"; answer.Status != "" {
			state = answer.Status
		}
	case <-over.C:
	case <-t.ctx.Done():
	}
	o.mu.Lock()
	call.Ringing, call.State = false, state // this one: somebody can be called twice at a time
	o.mu.Unlock()
	return answer
}

// Note implements fake.People: what is heard is shown.
func (t telephones) Note(e fake.Event) {
	if e.Text == "" {
		return
	}
	t.outside.change(kindCall, e.Who, func(a *arrival) { a.Text += e.Did + " " + e.Text + "\n" })
}
