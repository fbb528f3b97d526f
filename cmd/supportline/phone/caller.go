package phone

import (
	"strings"
	"time"

	"github.com/officernd/supportline/twilio/fake"
)

// Caller plays the statements of a call that are possible at this moment.
func (p *player) Caller(m fake.Moment) fake.Act {
	for p.diff == nil && p.pos < len(p.script.statements) {
		st := p.script.statements[p.pos]
		act, stays := p.meet(st, m)
		if !stays {
			p.pos++
		}
		if act != nil {
			return *act
		}
	}
	if p.diff != nil {
		return fake.HangUp()
	}
	return fake.Listen()
}

// meet plays one statement at one moment. act is nil where the statement takes no time, so that the next one follows at once. stays reports
// that the statement is not finished.
func (p *player) meet(st statement, m fake.Moment) (act *fake.Act, stays bool) {
	speaking := m.Kind == fake.Speaking || m.Kind == fake.Prompted
	switch do := st.do.(type) {
	case scene:
		do(p)
		return nil, false
	case fault:
		do(p)
		return nil, false
	case hangUp:
		return new(fake.HangUp()), false
	case wait:
		return p.pass(st, m, time.Duration(do))
	case talk:
		return p.talk(st, m, time.Duration(do))
	case press, say, silence, leave, partner:
		return p.act(st, m)
	case hear, hearNot, nothing, told, rung, notRung:
		if speaking {
			return new(fake.Listen()), true
		}
		return p.listen(st, m)
	}
	if m.Kind == fake.Talking {
		p.differ(st, "the talk goes on; write hang up, or specialist hangs up, before it")
	}
	return new(fake.Listen()), true
}

func (p *player) pass(st statement, m fake.Moment, d time.Duration) (*fake.Act, bool) {
	if p.until.IsZero() {
		p.until = m.At.Add(d)
		p.forget()
	}
	if left := p.until.Sub(m.At); left > 0 {
		return new(fake.Wait(left)), true
	}
	p.until = time.Time{}
	p.work(st)
	return nil, false
}

func (p *player) talk(st statement, m fake.Moment, d time.Duration) (*fake.Act, bool) {
	switch {
	case m.Kind == fake.Talking:
		p.talking = true
		act, stays := p.pass(st, m, d)
		p.talking = stays
		return act, stays
	case p.talking:
		p.differ(st, "the talk ended before that")
	case m.Kind == fake.Asked || m.Kind == fake.Recording:
		p.differ(st, p.instead(m))
	}
	return new(fake.Listen()), true
}

// act returns the act of the caller once it has a meaning. Where it never will, the script differs.
func (p *player) act(st statement, m fake.Moment) (*fake.Act, bool) {
	var act fake.Act
	var now, never bool
	waiting := m.Kind == fake.Asked || m.Kind == fake.Recording
	switch do := st.do.(type) {
	case press:
		act, now, never = fake.Press(string(do)), m.Keys, waiting || m.Kind == fake.Talking
	case say:
		act, now, never = fake.Say(string(do)), m.Speech, waiting || m.Kind == fake.Talking
	case silence:
		act, now, never = fake.Listen(), waiting, m.Kind == fake.Talking
	case leave:
		act, now = fake.Message(time.Duration(do)), m.Kind == fake.Recording
		never = m.Kind == fake.Asked || m.Kind == fake.Talking
	case partner:
		act, now, never = fake.PartnerHangsUp(), m.Kind == fake.Talking, waiting
	}
	switch {
	case now:
		p.forget()
		return &act, false
	case never:
		p.differ(st, p.instead(m))
	}
	return new(fake.Listen()), true
}

// Specialist answers as the script says. Specialists who are not named do not answer.
func (p *player) Specialist(to string) fake.Specialist {
	if s, ok := p.specialists[to]; ok {
		return s
	}
	return fake.Specialist{Status: "no-answer"}
}

// Note stores an event.
func (p *player) Note(e fake.Event) {
	p.events = append(p.events, e)
	switch {
	case e.Did == fake.Hears && strings.HasPrefix(e.Text, fake.Plays): // a sound is no sentence
	case e.Did == fake.Hears && e.Who == fake.TheCaller:
		p.heard = append(p.heard, e.Text)
	case e.Did == fake.Hears:
		p.told[e.Who] = append(p.told[e.Who], e.Text)
	case e.Did == fake.Rings:
		p.rung[e.Who] = true
	}
}
