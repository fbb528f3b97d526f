package phone

import (
	"strings"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

// Words of the fake provider that the page depends on.
const (
	picksUp  = "picks up"
	isJoined = "is joined with the caller"
	presses  = "presses"
)

// enter notes the kind of the present moment.
func (c *browserCall) enter(m fake.Moment) {
	if m.Kind != c.kind {
		c.kind, c.since = m.Kind, m.At
	}
	state := c.state()
	if state != c.view.State {
		c.view.State = state
		c.view.Version++
		c.stir()
	}
}

func (c *browserCall) state() console.PhoneState {
	switch c.kind {
	case fake.Speaking, fake.Prompted:
		return console.PhoneSpeaks
	case fake.Asked:
		return console.PhoneAsks
	case fake.Recording:
		return console.PhoneRecords
	case fake.Talking:
		return console.PhoneTalks
	}
	state := console.PhoneHolds
	for _, s := range c.view.Specialists {
		switch {
		case s.State == picksUp:
			return console.PhoneScreens
		case s.State == fake.Rings:
			state = console.PhoneRings
		}
	}
	return state
}

// Note adds an event to the page.
func (c *browserCall) Note(e fake.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	line := console.PhoneLine{At: e.At, Who: console.PhoneSpecialist, Number: policy.Phone(e.Who), Did: e.Did, Text: e.Text}
	switch e.Who {
	case fake.TheCaller:
		line.Who, line.Number = console.PhoneCaller, ""
	case fake.TheProvider:
		line.Who, line.Number = console.PhoneProvider, ""
	}
	line.Sound = e.Did == fake.Hears && strings.HasPrefix(e.Text, "(")
	switch {
	case strings.HasPrefix(e.Text, fake.Plays) && line.Sound:
		line.Text = "a sound"
	case line.Sound:
		line.Text = "a tone"
	}
	if line.Who == console.PhoneSpecialist {
		c.specialist(line)
	}
	c.add(line)
}

// specialist notes what a specialist did last and was told.
func (c *browserCall) specialist(line console.PhoneLine) {
	if c.rung(line.Number) == nil {
		c.view.Specialists = append(c.view.Specialists, console.PhoneRung{Number: line.Number})
	}
	s := c.rung(line.Number)
	switch {
	case line.Did == fake.Hears:
		if !line.Sound {
			s.Told = append(s.Told, line.Text)
		}
		return
	case line.Did == presses:
		return
	case line.Did == fake.Rings:
		s.Told = nil
	case line.Did == isJoined:
		c.view.JoinedAt = line.At
	case s.State == isJoined:
		c.view.JoinedAt = time.Time{}
	}
	s.State, s.Rings = line.Did, line.Did == fake.Rings
}

// add adds a line. Keys that are pressed one after the other are one line, and so is a sound that goes on.
func (c *browserCall) add(line console.PhoneLine) {
	last := &console.PhoneLine{}
	if n := len(c.view.Said); n > 0 {
		last = &c.view.Said[n-1]
	}
	same := last.Who == line.Who && last.Number == line.Number && last.Did == line.Did
	switch {
	case same && line.Sound && last.Sound && line.Text == last.Text:
		return
	case same && line.Who == console.PhoneCaller && line.Did == presses && !strings.Contains(last.Text, "("):
		last.Text += line.Text
	default:
		c.view.Said = append(c.view.Said, line)
	}
	c.view.Version++
	c.stir()
}
