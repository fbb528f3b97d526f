package policy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// PersonID is the name by which the configuration knows a specialist: "ada".
type PersonID string

// Person is a specialist. Each field but ID and Name is "" where the configuration has none.
type Person struct {
	ID    PersonID
	Name  string // as it is shown and said: "Ada Moreau"
	Phone Phone  // E.164 or a SIP address
	SMS   Phone  // E.164, for texts: of its own, or Phone where that is a number
	Email string
	Slack string // the member's ID: "U01ADA"
	User  string // the sign-in of the console
}

// Target is whom a ring step, an alarm or a call-back names: a person ("ada"), a rota ("rota:primary"), or a bare number or SIP address.
type Target string

// rotaTarget begins a target that is a rota.
const rotaTarget = "rota:"

// Rota returns the name of the rota that the target is.
func (t Target) Rota() (name string, ok bool) { return strings.CutPrefix(string(t), rotaTarget) }

// Phone returns the number or SIP address that the target is.
func (t Target) Phone() (number Phone, ok bool) {
	if !t.isBare() {
		return "", false
	}
	return Phone(t), true
}

func (t Target) isBare() bool {
	return strings.HasPrefix(string(t), "+") || strings.HasPrefix(string(t), "sip:")
}

// Roster is who is on call. It is safe to share, and answers from memory.
type Roster interface {
	// OnCall returns the people who are on call in a rota at a time, in their order; nobody in a gap, or for a rota that there is not.
	OnCall(rota string, at time.Time) []PersonID
}

// Reached is somebody whom a target leads to. Person is the zero Person for a bare number that is nobody's.
type Reached struct {
	Person Person
	Phone  Phone // that the target names, or the person's own; "" for a person without one
}

// Person returns the specialist with an ID.
func (s Settings) Person(id PersonID) (Person, bool) {
	return s.personBy(func(p Person) bool { return p.ID == id })
}

// PersonAt returns the specialist whose number or SIP address a leg was of: whose telephone it is, else who alone gets texts there.
func (s Settings) PersonAt(to Phone) (Person, bool) {
	caller := to.Caller()
	is := func(own Phone) bool {
		if own == "" || own.IsNumber() {
			return caller != "" && own.Full() == caller
		}
		return own.SameParty(to)
	}
	if p, ok := s.personBy(func(p Person) bool { return is(p.Phone) }); ok {
		return p, true
	}
	texted := func(p Person) bool { return is(p.SMS) }
	found, ok := s.personBy(texted)
	if others := slices.ContainsFunc(s.People, func(p Person) bool { return p.ID != found.ID && texted(p) }); others {
		return Person{}, false // a telephone that people share is that of none of them
	}
	return found, ok
}

// WhoIsAt returns the name of the specialist at an address, or the address where nobody is.
func (s Settings) WhoIsAt(address string) string {
	p, _ := s.PersonAt(Phone(address))
	return cmp.Or(p.Name, address)
}

// PersonNamed returns the specialist whom a text names: by ID, else by name, in any case.
func (s Settings) PersonNamed(text string) (Person, bool) {
	if p, ok := s.Person(PersonID(text)); ok {
		return p, true
	}
	return s.personBy(func(p Person) bool { return strings.EqualFold(p.Name, text) || strings.EqualFold(string(p.ID), text) })
}

// ErrNobody reports a text that is neither a specialist nor an address.
var ErrNobody = errors.New("no specialist is called that")

// ParseSpecialist reads what a person typed to find calls by who accepted them, as Filter's Person and Specialist: a specialist's name, an ID, also of
// somebody who left the configuration, or an address. "" is everybody. The error is ErrNobody.
func (s Settings) ParseSpecialist(text string) (PersonID, Phone, error) {
	if p, ok := s.PersonNamed(text); ok && text != "" {
		return p.ID, p.Phone, nil
	}
	switch {
	case text == "" || strings.ContainsRune(text, ':') || Phone(text).Number() != "":
		return "", Phone(text), nil
	case personID.MatchString(text):
		return PersonID(text), "", nil
	}
	ids := mapped(s.People, func(p Person) string { return string(p.ID) })
	return "", "", fmt.Errorf("%w: %q; write one of %s, or a number with its country", ErrNobody, text, strings.Join(ids, ", "))
}

// TextsOf returns where a specialist alone gets texts, as Filter's Texts; "" for nobody.
func (s Settings) TextsOf(id PersonID) Phone {
	p, known := s.Person(id)
	if owner, _ := s.PersonAt(p.SMS); !known || owner.ID != id {
		return ""
	}
	return p.SMS
}

// personID is the form of a PersonID.
var personID = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,39}$`)

// NameOf returns the name of a specialist, and for one who left the configuration the ID.
func (s Settings) NameOf(id PersonID) string {
	if p, ok := s.Person(id); ok {
		return p.Name
	}
	return string(id)
}

// LegPerson returns the specialist of a leg: who was rung, and for a leg of nobody whose address it is now; "" for nobody.
func (s Settings) LegPerson(l Leg) PersonID {
	if l.Person != "" || l.To == "" {
		return l.Person
	}
	p, _ := s.PersonAt(l.To)
	return p.ID
}

// LegName returns the name of the specialist of a leg, "" for nobody's. Who left the configuration has the name of then.
func (s Settings) LegName(l Leg) string {
	id := s.LegPerson(l)
	if _, here := s.Person(id); !here && l.Name != "" {
		return l.Name
	}
	return s.NameOf(id)
}

// Rang returns a leg as it is at an address, where a person was rung; "" for nobody.
func (s Settings) Rang(l Leg, to Phone, person PersonID) Leg {
	l.To, l.Person, l.Name = to, person, s.NameOf(person)
	return l
}

// PersonOf returns the specialist who signs in to the console under a name.
func (s Settings) PersonOf(user string) (Person, bool) {
	return s.personBy(func(p Person) bool { return p.User != "" && p.User == user })
}

// ActsAs returns the name under which a console user acts: the specialist's, or the user's own where the user is none.
func (s Settings) ActsAs(user string) string {
	if p, ok := s.PersonOf(user); ok {
		return p.Name
	}
	return user
}

func (s Settings) personBy(is func(Person) bool) (Person, bool) {
	if i := slices.IndexFunc(s.People, is); i >= 0 {
		return s.People[i], true
	}
	return Person{}, false
}

// RungAt returns the specialist whom a call rang at an address: who was rung there, else whose address it is now; "" for nobody.
func (s Settings) RungAt(c Call, to Phone) PersonID {
	for _, r := range c.State.Rung {
		if r.To.SameParty(to) {
			return r.Person
		}
	}
	p, _ := s.PersonAt(to)
	return p.ID
}

// WithPeople returns a call that was changed from before with the specialist on each leg whose address became known.
func (s Settings) WithPeople(before, c Call) Call {
	for _, l := range c.Legs {
		if l.Person != "" || l.To == "" || before.Leg(l.SID).To != "" {
			continue
		}
		if l = s.Rang(l, l.To, s.RungAt(c, l.To)); l.Person != "" {
			c = c.WithLeg(l)
		}
	}
	return c
}

// WhyNobody returns why a target leads to nobody who can be rung at a time, in words, and "" where it leads to somebody.
func (s Settings) WhyNobody(t Target, at time.Time) string {
	found := s.Reach([]Target{t}, at)
	rota, isRota := t.Rota()
	switch {
	case slices.ContainsFunc(found, func(r Reached) bool { return r.Phone != "" }):
		return ""
	case len(found) > 0:
		return found[0].Person.Name + " has no phone"
	case !isRota:
		return string(t) + " is not in the configuration"
	}
	for _, gone := range s.onCall(rota, at) {
		return fmt.Sprintf("%s, on call in the rota %s, is not in the configuration", gone, rota)
	}
	return "nobody is on call in the rota " + rota
}

// Reach returns whom targets lead to at a time, each person and each number once, in the order of the targets. A person who left the
// configuration is nobody.
func (s Settings) Reach(targets []Target, at time.Time) []Reached {
	return s.reached(targets, func(rota string) []PersonID { return s.onCall(rota, at) })
}

func (s Settings) onCall(rota string, at time.Time) []PersonID {
	if s.Roster == nil {
		return nil
	}
	return s.Roster.OnCall(rota, at)
}

// MayReach returns whom targets lead to at some time, as Reach does: everybody of a rota.
func (s Settings) MayReach(targets []Target) []Reached {
	return s.reached(targets, func(rota string) []PersonID { return s.Rotas[rota] })
}

func (s Settings) reached(targets []Target, onCall func(rota string) []PersonID) (found []Reached) {
	add := func(r Reached) {
		same := func(o Reached) bool { return o.Person.ID == r.Person.ID && o.Phone == r.Phone }
		if !slices.ContainsFunc(found, same) {
			found = append(found, r)
		}
	}
	for _, t := range targets {
		if to, bare := t.Phone(); bare {
			p, _ := s.PersonAt(to)
			add(Reached{p, to})
			continue
		}
		ids := []PersonID{PersonID(t)}
		if rota, ok := t.Rota(); ok {
			ids = onCall(rota)
		}
		for _, id := range ids {
			if p, ok := s.Person(id); ok {
				add(Reached{p, p.Phone})
			}
		}
	}
	return found
}

// Figures count what a specialist did: on one call, or in a time.
type Figures struct {
	Calls       int `json:"calls"` // that the specialist took, call-backs included
	CallBacks   int `json:"callbacks"`
	TalkSeconds int `json:"talk_seconds"` // of those whose talk time is known
	Rings       int `json:"rings"`        // of the telephone for a caller, and how those ended that took no call:
	Passed      int `json:"passed"`       // passed on by the key
	NoKey       int `json:"no_key"`       // picked up, and no key pressed: by a voicemail, or somebody who hung up
	Busy        int `json:"busy"`         // engaged, or turned away
	Unanswered  int `json:"unanswered"`   // rang out
	Stopped     int `json:"stopped"`      // somebody else was first, or the caller had left
	Failed      int `json:"failed"`       // could not be reached
	Heard       int `json:"voicemails_heard"`
	Done        int `json:"followups_done"`
}

// Plus returns the sum of two figures.
func (f Figures) Plus(g Figures) Figures {
	return Figures{
		f.Calls + g.Calls, f.CallBacks + g.CallBacks, f.TalkSeconds + g.TalkSeconds, f.Rings + g.Rings, f.Passed + g.Passed, f.NoKey + g.NoKey,
		f.Busy + g.Busy, f.Unanswered + g.Unanswered, f.Stopped + g.Stopped, f.Failed + g.Failed, f.Heard + g.Heard, f.Done + g.Done,
	}
}

// PersonFigures are the figures of a specialist, or of a number that was nobody's: then Person is "". What was done to a follow-up is known by the Name
// of who did it alone.
type PersonFigures struct {
	Person PersonID
	Name   string // at that time
	To     Phone  // "" where Person or Name is known
	Figures
}

// Figures returns what a call was for each specialist who was rung or took it; nobody for a call that only tries the line. Whom a call-back rings asked
// for it, so that is no ring.
func (c Call) Figures() (all []PersonFigures) {
	if c.Test() {
		return nil
	}
	add := func(l Leg, f Figures) {
		one := PersonFigures{l.Person, l.Name, l.To, f}
		if l.Person != "" {
			one.To = ""
		}
		for i, other := range all {
			if other.Person == one.Person && other.To == one.To {
				all[i].Figures = other.Plus(f)
				return
			}
		}
		if one.Person != "" || one.To != "" {
			all = append(all, one)
		}
	}
	taken, accepted := c.Accepted()
	if accepted {
		seconds, _, _ := c.Talk()
		f := Figures{Calls: 1, TalkSeconds: seconds}
		if c.CallBackOf != "" {
			f.CallBacks = 1
		}
		add(taken, f)
	}
	for _, l := range c.Legs {
		if c.CallBackOf == "" {
			add(l, l.ring(accepted && l.SID == taken.SID))
		}
	}
	return all
}

// ring returns one ring of a leg, and how it ended where the leg did not take the call.
func (l Leg) ring(took bool) Figures {
	f := Figures{Rings: 1}
	switch {
	case took || !l.Over() && l.PassedAt.IsZero():
	case !l.PassedAt.IsZero():
		f.Passed = 1
	case !l.AcceptedAt.IsZero(): // the caller had left
		f.Stopped = 1
	case !l.AnsweredAt.IsZero() || !l.ScreenedAt.IsZero():
		f.NoKey = 1
	case l.Status == "busy":
		f.Busy = 1
	case l.Status == "no-answer":
		f.Unanswered = 1
	case l.Status == "failed":
		f.Failed = 1
	default:
		f.Stopped = 1
	}
	return f
}

// FiguresRow is a specialist's figures as people and programs are shown them, with the names of the JSON and CSV. Number is there for one that is
// nobody's, and Specialist for whom the configuration has, or had when they were rung.
type FiguresRow struct {
	Specialist *PersonID `json:"specialist"`
	Name       *string   `json:"name"`
	Number     *string   `json:"number"`
	Figures
}

// Masked returns the row for those who may not see telephone numbers.
func (r FiguresRow) Masked() FiguresRow {
	if r.Number != nil {
		masked := Phone(*r.Number).String()
		r.Number = &masked
	}
	return r
}

// FiguresRows sums figures up by person: the specialists of the configuration in its order, also those without any, then by name who left it and who
// else did something, then numbers that are nobody's now either.
func (s Settings) FiguresRows(all []PersonFigures) []FiguresRow {
	sums := map[PersonFigures]Figures{}
	names := map[PersonID]string{} // of then
	for _, p := range s.People {
		sums[PersonFigures{Person: p.ID, Name: p.Name}] = Figures{}
	}
	for _, f := range all {
		if f.Person != "" && f.Name != "" {
			names[f.Person] = f.Name
		}
	}
	for _, f := range all {
		who := s.whose(f, names)
		sums[who] = sums[who].Plus(f.Figures)
	}
	rank := func(who PersonFigures) int {
		if i := slices.IndexFunc(s.People, func(p Person) bool { return p.ID == who.Person }); i >= 0 {
			return i
		}
		return len(s.People)
	}
	order := slices.SortedFunc(maps.Keys(sums), func(a, b PersonFigures) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.To, b.To), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Person, b.Person))
	})
	return mapped(order, func(who PersonFigures) FiguresRow {
		return FiguresRow{orNil(who.Person), orNil(who.Name), orNil(who.To.Full()), sums[who]}
	})
}

// whose returns whose figures some are, as the configuration has it now. names are those that people had
// then, by which they are known who were renamed, or left.
func (s Settings) whose(f PersonFigures, names map[PersonID]string) PersonFigures {
	id := f.Person
	if id == "" && f.To != "" {
		id = s.LegPerson(Leg{To: f.To})
	} else if id == "" {
		p, known := s.PersonNamed(f.Name)
		if !known {
			p, _ = s.PersonOf(f.Name)
		}
		id = p.ID
		for then, name := range names {
			if p.ID == "" && name == f.Name && (id == "" || then < id) {
				id = then
			}
		}
	}
	switch p, here := s.Person(id); {
	case here:
		return PersonFigures{Person: id, Name: p.Name}
	case id != "":
		return PersonFigures{Person: id, Name: cmp.Or(names[id], string(id))}
	}
	return PersonFigures{Name: f.Name, To: f.To}
}
