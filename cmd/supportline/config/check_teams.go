package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// maxAtOnce is the number of addresses that the provider rings in one Dial.
const maxAtOnce = 10

func (c *checker) teams(t table[team]) map[string]policy.Team {
	if t.Given && len(t.Rows) == 0 {
		c.add(t.At, "teams is empty, so there is nobody to ring", `write teams: { general: { ring: [{ to: ["+15550100001"] }] } }`)
	}
	teams := map[string]policy.Team{}
	for _, r := range t.Rows {
		if strings.TrimSpace(r.Key.Value) == "" {
			c.wrong(r.Key, "has a team without a name", "write a name, such as general")
		}
		teams[r.Key.Value] = c.team(r.Key.Value, r.Value)
	}
	return teams
}

func (c *checker) team(name string, t team) policy.Team {
	if t.Ring.Given && len(t.Ring.Items) == 0 {
		c.add(t.Ring.At, "ring has no step, so the team "+quoted(name)+" is never rung", `write ring: [{ to: ["+15550100001"], for: 20s }]`)
	}
	checked := policy.Team{Name: name, Rounds: c.whole(t.Repeat, 1, 10)}
	for _, s := range t.Ring.Items {
		ring := policy.RingStep{To: c.addresses(s.To), For: c.seconds(s.For, 5, 600)}
		c.leavesTime(s, ring)
		checked.Steps = append(checked.Steps, ring)
	}
	return checked
}

// enoughAtOnce is the time of a ring step that leaves the others time to get to the phone after a voicemail has picked up.
const enoughAtOnce = 20 * time.Second

// leavesTime notes a ring step of several whose time is short: the first to pick up stops the others, who are rung again then (rule 16).
func (c *checker) leavesTime(s step, checked policy.RingStep) {
	if len(checked.To) > 1 && checked.For > 0 && checked.For < enoughAtOnce {
		c.note(s.For.At, fmt.Sprintf("for is %s for %d at once: the first to pick up, even a voicemail, stops the others; they are rung again, for at least 10s, "+
			"so the step can last longer", s.For.Value, len(checked.To)), "write 20s or more, or give each a step of its own")
	}
}

// queues notes the steps whose outbound legs the provider would start too late, so that they are dialled, and nothing is announced.
func (c *checker) queues(f *file, s policy.Settings) {
	for _, r := range f.Teams.Rows {
		for _, step := range r.Value.Ring.Items {
			if n := len(step.To.Items); s.Announce && s.CallsPerSecond > 0 && !ivr.RingInTime(n, s.CallsPerSecond) {
				c.note(step.To.At, fmt.Sprintf("to rings %d at once, and with calls_per_second %d the last would ring late: they are rung from the caller's call, "+
					"and nothing is announced at the call limit", n, s.CallsPerSecond), "have Twilio start more calls a second, and set twilio.calls_per_second to it, or make two steps")
			}
		}
	}
}

func (c *checker) addresses(l list[text]) []policy.Target {
	switch n := len(l.Items); {
	case l.Given && n == 0:
		c.add(l.At, "to names nobody", `write at least one number: to: ["+15550100001"]`)
	case n > maxAtOnce:
		c.add(l.Items[maxAtOnce].At, fmt.Sprintf("to names %d addresses, and at most %d ring at once", n, maxAtOnce), "move the rest to a step of its own")
	}
	var to []policy.Target
	for _, t := range l.Items {
		if t.silent() {
			continue
		}
		target, ok := c.target(t, "")
		switch {
		case !ok:
		case c.rungAlready(to, target):
			c.wrong(t, "names "+quoted(t.Value)+" twice in one step", "keep one of the two")
		default:
			c.rings(t, target)
		}
		to = append(to, target)
	}
	c.mayBeNobody(l, to)
	return to
}

// mayBeNobody notes a step that rings rotas alone in all of which nobody may be on call.
func (c *checker) mayBeNobody(l list[text], to []policy.Target) {
	sure := func(t policy.Target) bool {
		rota, is := t.Rota()
		return !is || !c.gaps[rota]
	}
	if len(to) > 0 && !slices.ContainsFunc(to, sure) {
		c.note(l.At, "to names "+strings.Join(words(to), " and ")+" alone, and there may be nobody on call: the next step follows at once then", "name somebody who is always there as well, or see to it that the last step does")
	}
}

// rungAlready reports whether targets hold one, or the person whose number it is.
func (c *checker) rungAlready(to []policy.Target, target policy.Target) bool {
	phone := func(t policy.Target) policy.Phone {
		if p, ok := (policy.Settings{People: c.staff}).Person(policy.PersonID(t)); ok {
			return p.Phone
		}
		number, _ := t.Phone()
		return number
	}
	return slices.ContainsFunc(to, func(before policy.Target) bool {
		return before == target || phone(target) != "" && phone(before) == phone(target)
	})
}

// rings reports people without a phone. Those of a rota are noted: in their turns the next step follows at once.
func (c *checker) rings(t text, target policy.Target) {
	if _, bare := target.Phone(); !bare {
		c.reachable(t, byCall, target)
	}
}

// sip checks sip:user@host, with a port and parameters where needed.
var sip = regexp.MustCompile(`^sip:[^@\s<>"]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(;[^\s<>"]+)?$`)

func (c *checker) address(t text) policy.Phone {
	if !strings.HasPrefix(t.Value, "sip:") {
		return c.number(t)
	}
	if !sip.MatchString(t.Value) || len(t.Value) > 255 {
		c.wrong(t, "is "+quoted(t.Value)+", which is not a SIP address", "write sip:user@host")
		return ""
	}
	return policy.Phone(t.Value)
}

// number checks that a number is in E.164 as the provider sends it. It need not be assigned: a length that is right for its country is enough,
// so that new ranges and the numbers reserved for examples pass.
func (c *checker) number(t text) policy.Phone {
	if t.silent() {
		return ""
	}
	parsed, err := phonenumbers.Parse(t.Value, "ZZ") // no region: the country code must be there
	if err != nil || !phonenumbers.IsPossibleNumber(parsed) {
		c.wrong(t, "is "+quoted(t.Value)+", which is not a telephone number", "write + and the country code, then the rest, such as +448000668187")
		return ""
	}
	if number := phonenumbers.Format(parsed, phonenumbers.E164); number != t.Value {
		c.wrong(t, "is "+quoted(t.Value)+", which is not how the provider writes it", "write "+quoted(number))
		return ""
	}
	return policy.Phone(t.Value)
}

// ownNumbers checks that no team rings one of the lines: such a call would come back to us endlessly.
func (c *checker) ownNumbers(f *file) {
	own := func(t text) bool {
		return slices.ContainsFunc(f.Lines.Items, func(l line) bool {
			return !l.Number.silent() && policy.Phone(l.Number.Value).SameCaller(policy.Phone(t.Value))
		})
	}
	for _, r := range f.Teams.Rows {
		for _, s := range r.Value.Ring.Items {
			for _, t := range s.To.Items {
				if own(t) {
					c.wrong(t, "is "+t.Value+", which is a line of this file and would call itself", "write a specialist's own number")
				}
			}
		}
	}
}
