package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// byIntent is one word for all callers, or a word for each reason to call.
type byIntent struct {
	All  text
	Each table[text]
}

func (b *byIntent) decode(d *decoder, n node) {
	if shape(n.Node) == "a group of keys" {
		b.Each.decode(d, n)
		return
	}
	b.All.decode(d, n)
}

func (c *checker) identification(i identification, menu []policy.MenuKey) policy.Identification {
	return policy.Identification{
		Digits:              c.whole(i.Digits, 3, 12),
		Tries:               c.whole(i.Tries, 1, 5),
		Unidentified:        c.unidentified(i.Unidentified, menu),
		CallerID:            policy.CallerID(c.oneOf(i.CallerID, "attested", "any", "off")),
		WrongNumbersPerHour: c.whole(i.WrongNumbersPerHour, 1, 1000),
		WrongNumbersInAll:   c.whole(i.WrongNumbersInAll, 1, 100_000),
	}
}

func (c *checker) unidentified(b byIntent, menu []policy.MenuKey) policy.Unidentified {
	actions := words([]policy.UnidentifiedAction{policy.UnidentifiedConnect, policy.UnidentifiedVoicemail, policy.UnidentifiedRefuse})
	if !b.Each.Given {
		return policy.Unidentified{Default: policy.UnidentifiedAction(cmp.Or(c.oneOf(b.All, actions...), actions[0]))}
	}
	u := policy.Unidentified{ByIntent: map[policy.Intent]policy.UnidentifiedAction{}}
	c.reasons(b.Each, menu, func(intent policy.Intent, value text) {
		action := policy.UnidentifiedAction(c.oneOf(value, actions...))
		if intent == "" {
			u.Default = action
		} else {
			u.ByIntent[intent] = action
		}
	}, "unidentified does not say what happens to most callers without a number", "add default: connect, default: voicemail, or default: refuse")
	return u
}

func (c *checker) afterHours(t table[text], s policy.Settings) policy.AfterHours {
	a := policy.AfterHours{ByIntent: map[policy.Intent]policy.AfterHoursAction{}}
	c.reasons(t, s.Menu, func(intent policy.Intent, value text) {
		switch {
		case intent == "":
			a.Default = policy.AfterHoursAction(c.oneOf(value, "voicemail", "message"))
		case strings.HasPrefix(value.Value, "line"):
			a.ByIntent[intent] = c.otherLine(value, s.Lines)
		default:
			a.ByIntent[intent] = policy.AfterHoursAction(c.oneOf(value, "voicemail", "message", "connect"))
		}
	}, "after_hours does not say what most calls get", "add default: voicemail, or default: message")
	return a
}

// reasons reads a table from reasons to call to words, in which default stands for all reasons that it does not name: read is called with "" for it.
// A table without default is a problem, which missing and instead describe.
func (c *checker) reasons(t table[text], menu []policy.MenuKey, read func(policy.Intent, text), missing, instead string) {
	names := append([]string{"default"}, intents()...)
	found := false
	for _, r := range t.Rows {
		if r.Key.Value == "default" {
			found = true
			read("", r.Value)
			continue
		}
		if !slices.Contains(names, r.Key.Value) {
			c.wrong(r.Key, "has the key "+quoted(r.Key.Value), meant(r.Key.Value, names))
			continue
		}
		intent := policy.Intent(r.Key.Value)
		if !slices.ContainsFunc(menu, func(m policy.MenuKey) bool { return m.Intent == intent }) {
			c.wrong(r.Key, fmt.Sprintf("names %s, which no key of the menu chooses", intent), "remove it, or put it on a key of the menu")
		}
		read(intent, r.Value)
	}
	if t.Given && !found {
		c.add(t.At, missing, instead)
	}
}

// otherLine returns the action that leads to the team of another line.
func (c *checker) otherLine(t text, lines []policy.Line) policy.AfterHoursAction {
	action := policy.AfterHoursAction(t.Value)
	number, ok := action.Line()
	var known []string
	for _, l := range lines {
		known = append(known, "line "+l.Number.Full())
	}
	if !ok || !slices.Contains(known, t.Value) {
		c.wrong(t, "is "+quoted(t.Value)+", which is no line of this file", meant(t.Value, known))
		return ""
	}
	return policy.OtherLine(number)
}

// maxCompany bounds the company's name: a greeting with a longer one takes too long to say.
const maxCompany = 40

// company returns the company's name. Without one callers are greeted without a name, which is worth a note.
func (c *checker) company(f *file) string {
	name := strings.TrimSpace(f.Company.Value)
	switch {
	case name == "":
		at := f.At
		if f.Company.Given {
			at = f.Company.At
		}
		c.note(at, "company is not set, so the greeting names nobody", "write company: and the name that your customers know")
	case len([]rune(name)) > maxCompany:
		c.wrong(f.Company, fmt.Sprintf("has %d characters", len([]rune(name))), fmt.Sprintf("write at most %d: it is said in the greeting", maxCompany))
	case !strings.ContainsFunc(name, unicode.IsLetter) || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || strings.ContainsRune("{}<>", r) }):
		c.wrong(f.Company, "is "+quoted(name)+", which cannot be said", "write the name as a voice would read it, in letters")
	}
	if long := ivr.NameMistake(name); long != "" && len([]rune(name)) <= maxCompany {
		c.note(f.Company.At, "company is "+quoted(name)+": "+long, "write the short name that your customers use")
	}
	return name
}

// ticketPlace stands for the ticket's number in links.ticket.
const ticketPlace = "{ticket}"

func (c *checker) links(l links) policy.Links {
	ticket := l.Ticket
	ticket.Value = strings.ReplaceAll(ticket.Value, ticketPlace, "0")
	if l.Ticket.Value != "" && !strings.Contains(l.Ticket.Value, ticketPlace) {
		c.wrong(l.Ticket, "has no place for the ticket's number", "write "+ticketPlace+" where it belongs: https://help.example.com/tickets/"+ticketPlace)
	}
	c.link(ticket)
	return policy.Links{
		Policy: c.link(l.Policy), CustomerNumber: c.link(l.CustomerNumber), Training: c.link(l.Training), ScreenSharing: c.link(l.ScreenSharing),
		Ticket: l.Ticket.Value,
	}
}
