package phone

import (
	"fmt"
	"slices"
	"strings"

	"github.com/officernd/supportline/twilio/fake"
)

// listen checks what was heard or rung so far. More can follow while specialists are rung, and before the line has answered the last act of the
// caller (keys that did not end an input): then nothing is missing yet.
func (p *player) listen(st statement, m fake.Moment) (*fake.Act, bool) {
	verdict, found := p.look(st.do)
	switch {
	case verdict == holds:
		return nil, false
	case verdict == missing && (m.Kind == fake.Ringing || m.Kind == fake.Holding || m.Kind == fake.Asked && len(p.heard) == 0):
		return acts(fake.Listen()), true
	}
	p.differ(st, m.Kind.String()+found)
	return nil, false
}

type verdict int

const (
	missing verdict = iota // not true, but more can follow
	holds
	fails
)

// look returns whether a statement about what happened is true, and, if not, what happened.
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

// last returns the index of the last sentence heard that contains a text; where the text spans sentences, that of the last of all.
func (p *player) last(text string) int {
	for i, s := range slices.Backward(p.heard) {
		if contains(s, text) {
			return i
		}
	}
	return len(p.heard) - 1
}

// forget clears what was heard.
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
