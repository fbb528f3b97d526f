package phone

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/twilio/fake"
)

// Caller plays the statements that belong to a call, as far as they can be at this moment.
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

// meet plays one statement at one moment. act is nil where the statement takes no time: the next one can be met at once. stays means
// that the statement is not done.
func (p *player) meet(st statement, m fake.Moment) (act *fake.Act, stays bool) {
	speaking := m.Kind == fake.Speaking || m.Kind == fake.Prompted
	switch do := st.do.(type) {
	case scene:
		do(p)
		return nil, false
	case breakage:
		p.house.Break(bool(do))
		return nil, false
	case hangUp:
		return acts(fake.HangUp()), false
	case wait:
		return p.pass(m, time.Duration(do))
	case talk:
		return p.talk(st, m, time.Duration(do))
	case press, say, silence, leave, partner:
		return p.act(st, m)
	case hear, hearNot, nothing, told, rung, notRung:
		if speaking {
			return acts(fake.Listen()), true
		}
		return p.listen(st, m)
	}
	if m.Kind == fake.Talking {
		p.differ(st, "the talk goes on; write hang up, or specialist hangs up, before it")
	}
	return acts(fake.Listen()), true
}

func acts(a fake.Act) *fake.Act { return &a }

// pass lets time pass.
func (p *player) pass(m fake.Moment, d time.Duration) (*fake.Act, bool) {
	if p.until.IsZero() {
		p.until = m.At.Add(d)
		p.forget()
	}
	if left := p.until.Sub(m.At); left > 0 {
		return acts(fake.Wait(left)), true
	}
	p.until = time.Time{}
	return nil, false
}

// talk passes time too, but only in a talk.
func (p *player) talk(st statement, m fake.Moment, d time.Duration) (*fake.Act, bool) {
	switch {
	case m.Kind == fake.Talking:
		p.talking = true
		act, stays := p.pass(m, d)
		p.talking = stays
		return act, stays
	case p.talking:
		p.differ(st, "the talk ended before that")
	case m.Kind == fake.Asked || m.Kind == fake.Recording:
		p.differ(st, p.instead(m))
	}
	return acts(fake.Listen()), true
}

// act does what the caller does as soon as it means something; where it never will, the script differs.
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
	return acts(fake.Listen()), true
}

// listen checks what was heard or rung so far. More may come while specialists are rung, and where the line has not answered yet what
// the caller did last (keys that did not end an input): nothing is missing then.
func (p *player) listen(st statement, m fake.Moment) (*fake.Act, bool) {
	verdict, found := p.look(st.do)
	switch {
	case verdict == holds:
		return nil, false
	case verdict == missing && (m.Kind == fake.Ringing || m.Kind == fake.Asked && len(p.heard) == 0):
		return acts(fake.Listen()), true
	}
	p.differ(st, m.Kind.String()+found)
	return nil, false
}

type verdict int

const (
	missing verdict = iota // not so, but more may come
	holds
	fails
)

// look says whether a statement about what happened holds, and else what happened.
func (p *player) look(do any) (v verdict, found string) {
	switch do := do.(type) {
	case hear:
		if contains(strings.Join(p.heard, " "), do.text) {
			p.matched = max(p.matched, p.last(do.text)+1)
			return holds, ""
		}
		return missing, quoted(p.heard)
	case hearNot:
		if contains(strings.Join(p.heard, " "), do.text) {
			return fails, quoted(p.heard)
		}
		return holds, ""
	case nothing:
		if len(p.heard) > p.matched {
			return fails, quoted(p.heard[p.matched:])
		}
		return holds, ""
	case told:
		if contains(strings.Join(p.told[do.to], " "), do.text) {
			return holds, ""
		}
		return missing, quoted(p.told[do.to])
	case rung:
		if p.rung[do.to] {
			return holds, ""
		}
		return missing, ""
	case notRung:
		if p.rung[do.to] {
			return fails, ", and it rang"
		}
		return holds, ""
	}
	return missing, quoted(p.heard)
}

// last is the index of the last sentence heard that holds a text; where the text spans sentences, of the last of all.
func (p *player) last(text string) int {
	for i, s := range slices.Backward(p.heard) {
		if contains(s, text) {
			return i
		}
	}
	return len(p.heard) - 1
}

// forget begins anew to collect what is heard.
func (p *player) forget() { p.heard, p.matched = nil, 0 }

func (p *player) instead(m fake.Moment) string { return m.Kind.String() + quoted(p.heard) }

func quoted(heard []string) string {
	if len(heard) == 0 {
		return "; nothing was heard"
	}
	return fmt.Sprintf("; heard: %q", strings.Join(heard, " "))
}

func contains(text, part string) bool {
	fold := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	return strings.Contains(fold(text), fold(part))
}

// Specialist answers as the script says; who is not named doesn't answer.
func (p *player) Specialist(to string) fake.Specialist {
	if s, ok := p.specialists[to]; ok {
		return s
	}
	return fake.Specialist{Status: "no-answer"}
}

// Note keeps what happens.
func (p *player) Note(e fake.Event) {
	p.events = append(p.events, e)
	switch {
	case e.Did == fake.Hears && e.Who == fake.TheCaller:
		p.heard = append(p.heard, e.Text)
	case e.Did == fake.Hears:
		p.told[e.Who] = append(p.told[e.Who], e.Text)
	case e.Did == fake.Rings:
		p.rung[e.Who] = true
	}
}
