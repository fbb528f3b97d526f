package config

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/policy/users"
)

var (
	// shortName is the form of the names by which the file knows specialists and rotas: it must not look like a number or a kind of target.
	shortName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,39}$`)
	memberID  = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)
)

// maxPersonName bounds the name of a person, which stands in texts of 160 characters.
const maxPersonName = 60

// people returns the specialists in the order of the file.
func (c *checker) people(t table[person], lines list[line]) []policy.Person {
	once := singly{c, map[string]string{}}
	var people []policy.Person
	for _, r := range t.Rows {
		c.shortName(r.Key, "ada")
		p := c.person(r)
		once.id(r.Key, p)
		once.own(r.Value.Name, p, oneName(p.Name))
		once.phone(r.Value.Phone, p)
		once.own(r.Value.Email, p, oncall.Folded(p.Email))
		once.own(r.Value.Slack, p, p.Slack)
		once.own(r.Value.User, p, p.User)
		for _, number := range []text{r.Value.Phone, r.Value.SMS} {
			c.notALine(number, lines)
		}
		people = append(people, p)
	}
	return people
}

func (c *checker) person(r row[person]) policy.Person {
	c.called(r.Value.Phone)
	c.texted(r.Value.SMS)
	c.mailbox(r.Value.Email)
	p := policy.Person{ // with mistakes too: that somebody cannot be reached would be news of the same mistake
		ID: policy.PersonID(r.Key.Value), Name: c.personName(r.Value.Name), Phone: policy.Phone(r.Value.Phone.Value), SMS: policy.Phone(r.Value.SMS.Value),
		Email: r.Value.Email.Value, Slack: r.Value.Slack.Value, User: c.user(r.Value.User),
	}
	if p.SMS == "" && p.Phone.IsNumber() {
		p.SMS = p.Phone
	}
	if !memberID.MatchString(p.Slack) && p.Slack != "" {
		c.wrong(r.Value.Slack, "is "+quoted(p.Slack)+", which is not a member's ID", "write the one that Slack shows in the person's profile under Copy member ID, such as U01ABCDEF")
	}
	return p
}

// shortName checks a name that the user chose for a person or a rota.
func (c *checker) shortName(key text, example string) {
	if !shortName.MatchString(key.Value) {
		c.wrong(key, "has the name "+quoted(key.Value), "write a short name that begins with a letter, of letters, digits and . _ -, such as "+example)
	}
}

func (c *checker) personName(t text) string {
	name := strings.TrimSpace(t.Value)
	unsayable := func(r rune) bool { return unicode.IsControl(r) || strings.ContainsRune("{}<>", r) }
	switch n := len([]rune(name)); {
	case t.silent():
	case !strings.ContainsFunc(name, unicode.IsLetter) || strings.ContainsFunc(name, unsayable):
		c.wrong(t, "is "+quoted(name)+", which cannot be said", "write the person's name in letters, such as Ada Moreau")
	case n > maxPersonName:
		c.wrong(t, fmt.Sprintf("has %d characters", n), fmt.Sprintf("write at most %d", maxPersonName))
	}
	return name
}

// called checks a number or a SIP address that somebody is called on.
func (c *checker) called(t text) {
	if !t.silent() && t.Value != "" {
		c.affordable(t, c.address(t))
	}
}

// texted checks a number that texts go to.
func (c *checker) texted(t text) {
	switch {
	case t.silent() || t.Value == "":
	case strings.HasPrefix(t.Value, "sip:"):
		c.wrong(t, "is a SIP address, which takes no texts", "write the number of a mobile phone, or remove the key")
	default:
		c.affordable(t, c.number(t))
	}
}

// affordable reports a number whose owner earns by every call.
func (c *checker) affordable(t text, number policy.Phone) {
	switch kindOf(number) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST:
		c.wrong(t, "is a premium number, which costs by the minute", "write an ordinary number")
	case phonenumbers.PAGER:
		c.wrong(t, "is a pager, which nobody can speak on", "write the number of a phone")
	case phonenumbers.PERSONAL_NUMBER:
		c.wrong(t, "is a personal number, which leads anywhere at a premium", "write the number of a phone")
	}
}

// kindOf returns what a number is in the numbering plan of its country; UNKNOWN for a made-up number, and for a SIP address.
func kindOf(number policy.Phone) phonenumbers.PhoneNumberType {
	if !number.IsNumber() {
		return phonenumbers.UNKNOWN
	}
	parsed, err := phonenumbers.Parse(number.Full(), "ZZ")
	if err != nil {
		return phonenumbers.UNKNOWN
	}
	return phonenumbers.GetNumberType(parsed)
}

// mailbox checks an e-mail address without a name.
func (c *checker) mailbox(t text) {
	if t.silent() || t.Value == "" {
		return
	}
	a, err := mail.ParseAddress(t.Value)
	_, domain, _ := strings.Cut(t.Value, "@")
	if err != nil || a.Address != t.Value || !hostName.MatchString(domain) {
		c.wrong(t, "is "+quoted(t.Value)+", which is not an e-mail address", "write an address alone, such as ada@example.com")
	}
}

// user returns the name of a user of the console.
func (c *checker) user(t text) string {
	if t.silent() || t.Value == "" {
		return ""
	}
	name, err := users.ParseName(t.Value)
	if err != nil {
		c.wrong(t, "is "+quoted(t.Value)+", which is not the name of a user", `write the one that "supportline users list" shows, such as ada or ada@example.com`)
	}
	return name
}

// singly reports what belongs to two people: calls, calendars, chats and sign-ins could not tell them apart.
type singly struct {
	*checker
	of map[string]string // key and value -> the person's ID
}

func (s singly) own(t text, p policy.Person, value string) {
	if value == "" {
		return
	}
	if before := s.owner(t.Key+" "+value, p); before != string(p.ID) {
		s.wrong(t, fmt.Sprintf("of %s is that of %s too", p.ID, before), "write each person's own, or remove one of the two")
	}
}

// id reports a name of the file that is another person's, to calendars and commands, which know people by either name.
func (s singly) id(t text, p policy.Person) {
	if before := s.owner("name "+oneName(t.Value), p); before != t.Value {
		s.wrong(t, fmt.Sprintf("has the name %q, by which %s is known too", t.Value, before), "write another name for one of the two")
	}
}

// owner returns the first person who has something.
func (s singly) owner(what string, p policy.Person) string {
	if _, taken := s.of[what]; !taken {
		s.of[what] = string(p.ID)
	}
	return s.of[what]
}

// oneName returns a name without regard to how it is written.
func oneName(name string) string { return oncall.Folded(strings.Join(strings.Fields(name), " ")) }

// phone takes two ways of writing one number for the same.
func (s singly) phone(t text, p policy.Person) {
	if caller := p.Phone.Caller(); caller != "" {
		s.own(t, p, caller)
		return
	}
	s.own(t, p, p.Phone.Full())
}

// target reads whom a text names after a prefix such as "sms:": a person, a rota, a number or a SIP address. ok is false after a problem.
func (c *checker) target(t text, prefix string) (target policy.Target, ok bool) {
	name := strings.TrimPrefix(t.Value, prefix)
	if _, is := policy.Target(name).Phone(); is || len(c.staff) == 0 && len(c.shifts) == 0 {
		bare := t
		bare.Value = name
		to := c.address(bare)
		c.affordable(bare, to)
		return policy.Target(to), to != ""
	}
	if rota, is := policy.Target(name).Rota(); is {
		return policy.Target(name), c.knownRota(t, prefix, rota)
	}
	return policy.Target(name), c.knownPerson(t, prefix, name)
}

func (c *checker) knownRota(t text, prefix, rota string) bool {
	known := c.rotaNames()
	if slices.Contains(known, rota) {
		return true
	}
	what := "names the rota " + quoted(rota) + ", which is not in rotas"
	switch {
	case slices.Contains(c.personIDs(), rota):
		c.wrong(t, what, "write "+prefix+rota)
	case len(known) == 0:
		c.wrong(t, what, "add rotas: { "+rota+": { people: [...] } }")
	default:
		c.wrong(t, what, alike(rota, prefix+"rota:", known))
	}
	return false
}

// alike is meant for names that stand after a prefix.
func alike(name, prefix string, known []string) string {
	if near := policy.Nearest(name, known, 1+len(name)/3); near != "" {
		return "write " + prefix + near
	}
	var all []string
	for _, k := range known {
		all = append(all, prefix+k)
	}
	return "write " + listed(all)
}

func (c *checker) knownPerson(t text, prefix, name string) bool {
	known := c.personIDs()
	if slices.Contains(known, name) {
		return true
	}
	what := "names " + quoted(name) + ", who is not in specialists"
	same := func(p policy.Person) bool {
		return strings.EqualFold(name, string(p.ID)) || strings.EqualFold(name, p.Name)
	}
	switch i := slices.IndexFunc(c.staff, same); {
	case i >= 0:
		c.wrong(t, what, "write "+prefix+string(c.staff[i].ID))
	case slices.Contains(c.rotaNames(), name):
		c.wrong(t, what, "write "+prefix+"rota:"+name)
	case len(known) == 0:
		c.wrong(t, what, "add specialists: { "+name+": { name: ... } }")
	default:
		c.wrong(t, what, alike(name, prefix, known))
	}
	return false
}

// meantBy returns the people whom a target can mean: a person, or those of a rota.
func (c *checker) meantBy(target policy.Target) (people []policy.Person, isRota bool) {
	name, isRota := target.Rota()
	if isRota {
		i := slices.IndexFunc(c.shifts, func(r oncall.Rota) bool { return r.Name == name })
		return c.members(c.shifts[i]), true
	}
	p, _ := policy.Settings{People: c.staff}.Person(policy.PersonID(target))
	return []policy.Person{p}, false
}

// fromCalendar reports whether a target is a rota that is read from a calendar.
func (c *checker) fromCalendar(target policy.Target) bool {
	name, _ := target.Rota()
	return slices.ContainsFunc(c.shifts, func(r oncall.Rota) bool { return r.Name == name && len(r.Layers) == 0 })
}

func (c *checker) personIDs() []string {
	var ids []string
	for _, p := range c.staff {
		ids = append(ids, string(p.ID))
	}
	return ids
}

func (c *checker) rotaNames() []string {
	var names []string
	for _, r := range c.shifts {
		names = append(names, r.Name)
	}
	return names
}

// notALine reports a number that is one of the lines: such a call would come back to us endlessly. ok is false then.
func (c *checker) notALine(t text, lines list[line]) (ok bool) {
	own := func(l line) bool {
		return !l.Number.silent() && policy.Phone(l.Number.Value).SameCaller(policy.Phone(t.Value))
	}
	if t.silent() || !slices.ContainsFunc(lines.Items, own) {
		return true
	}
	c.wrong(t, "is "+t.Value+", which is a line of this file and would call itself", "write a specialist's own number")
	return false
}
