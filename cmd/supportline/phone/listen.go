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
	ok, final, found := p.look(st.do)
	switch {
	case ok:
		return nil, false
	case !final && (m.Kind == fake.Ringing || m.Kind == fake.Holding || m.Kind == fake.Asked && len(p.heard) == 0):
		return new(fake.Listen()), true
	}
	p.differ(st, m.Kind.String()+found)
	return nil, false
}

// look reports whether a statement about what happened is true. If it is not, found is what happened, and final reports that
// nothing that follows makes it true.
func (p *player) look(do any) (ok, final bool, found string) {
	heard := strings.Join(p.heard, " ")
	switch do := do.(type) {
	case hear:
		if ok = contains(heard, do.text); ok {
			p.matched = max(p.matched, p.last(do.text)+1)
		}
		return ok, false, quoted(p.heard)
	case hearNot:
		return !contains(heard, do.text), true, quoted(p.heard)
	case nothing:
		return len(p.heard) == p.matched, true, quoted(p.heard[p.matched:])
	case told:
		return contains(strings.Join(p.told[do.to], " "), do.text), false, quoted(p.told[do.to])
	case rung:
		return p.rung[do.to], false, ""
	case notRung:
		return !p.rung[do.to], true, ", and it rang"
	}
	return false, false, quoted(p.heard)
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
