package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
)

// checker turns the file as written into the Config as used. It reports values that have the right shape and a wrong meaning.
type checker struct {
	*findings
	offline bool
	folder  string         // where relative paths begin
	now     time.Time      // zero: not known
	before  []oncall.Turns // that were in force until now

	overrides []oncall.Revision // in force

	// Whom targets can name, those with mistakes included: they are read before whoever names them.
	staff  []policy.Person
	shifts []oncall.Rota
	gaps   map[string]bool // the rotas in which there may be nobody
}

func (c *checker) wrong(t text, what, instead string) { c.add(t.At, t.Key+" "+what, instead) }

// either returns the place of the first value, or of the second if the file does not have the first.
func either(first, second text) place {
	if first.Given {
		return first.At
	}
	return second.At
}

// path returns a path of the file as it is seen from the working directory.
func (c *checker) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.folder, name)
}

// named returns the path of a file or folder that the file may name, or "".
func (c *checker) named(t text, noun string) string {
	if t.Value != "" {
		return c.path(t.Value)
	}
	if t.Given {
		c.wrong(t, "is empty", "write the name of a "+noun+", or remove the key")
	}
	return ""
}

// distinct reads the items of a list. read returns an item and how a problem names it, and ok false where it has reported a
// problem, or there is nothing to read.
func distinct[T comparable](c *checker, l list[text], read func(text) (item T, name string, ok bool)) []T {
	var found []T
	for _, t := range l.Items {
		switch item, name, ok := read(t); {
		case !ok:
		case slices.Contains(found, item):
			c.wrong(t, "names "+name+" twice", "keep one of the two")
		default:
			found = append(found, item)
		}
	}
	return found
}

// silent reports whether there is nothing to check: the value is missing, or its wrong shape has been reported.
func (t text) silent() bool { return !t.Given && t.Value == "" }

func (c *checker) config(f *file) Config {
	found := Config{
		PublicURL:   c.url(f.PublicURL),
		FallbackURL: c.optionalURL(f.FallbackURL),
		Listen:      c.listen(f.Listen),
		Console:     c.console(f.Console, f.Lines),
		Store:       c.store(f.Store),
		Twilio:      c.account(f.Twilio),
		Settings:    c.settings(f),
		Rotas:       c.shifts,
		Recordings:  c.recordings(f.Recordings),
		Backups:     c.backups(f.Backups),
	}
	found.Notices = c.notices(f.Notices, hostOf(found.PublicURL))
	found.Notices.Named = c.channels(f, found.Notices, schemeless(found.PublicURL))
	found.Notices.Console = strings.TrimSuffix(found.Console.URL, "/")
	if len(found.Notices.All()) > 0 {
		found.Notices.Facts = found.Settings.LetterFacts()
	}
	found.FollowUps = c.followUps(f.FollowUps, found.Settings.Menu)
	found.Twilio.SMSFrom = c.sender(f.Twilio.SMSFrom)
	found.Settings.Texts = found.Twilio.SMSFrom != ""
	found.Settings.Mail = found.Notices.Reaches(policy.ChannelEmail)
	found.Notices.Named = ofDemo(found)
	found.Alarms = c.alarms(f, found.Notices, found.Settings.Lines)
	found.Settings.WrapUp = c.wrapUp(f, found.Notices, found.Settings.Links)
	c.letters(f, found)
	return found
}

// letters notes that account holders cannot be told what they are to be told.
func (c *checker) letters(f *file, found Config) {
	if found.Settings.FairUse.TellHolder && !found.Notices.Reaches(policy.ChannelEmail) {
		c.note(f.FairUse.TellHolder.At, "tell_holder is true, and there is no mail server, so no account holder is told", "add notices: { smtp: ... }")
	}
}

func (c *checker) settings(f *file) policy.Settings {
	lines := c.lines(f.Lines)
	c.staff = c.people(f.Specialists, f.Lines)
	c.shifts = c.rotas(f.Rotas, lines)
	c.onDuty(f.Rotas)
	s := policy.Settings{
		Company:        c.company(f),
		Links:          c.links(f.Links),
		CallsPerSecond: c.whole(f.Twilio.CallsPerSec, 1, 1000),
		Countries:      c.countries(f.Twilio.Countries, f.Lines),
		Lines:          lines,
		Packages:       c.packages(f.Packages),
		Menu:           c.menu(f.Menu),
		People:         c.staff,
		Rotas:          c.inRotas(),
		Teams:          c.teams(f.Teams),
		NoAnswer:       policy.AfterHoursAction(c.oneOf(f.NoAnswer, "voicemail", "message")),
		FairUse:        c.fairUse(f.FairUse),
		Retention:      c.retention(f.Retention),
		Announce:       c.oneOf(f.Notice, "notify", "whisper") == "whisper",
		Recording:      c.oneOf(f.Recording, "off", "on") == "on",
	}
	s.Identification = c.identification(f.Identification, s.Menu)
	s.AfterHours = c.afterHours(f.AfterHours, s)
	c.ownNumbers(f)
	c.queues(f, s)
	s.Routes = c.routes(f.Routes, f.Teams)
	toTheOne(s.Routes, f)
	for i, l := range f.Lines.Items {
		s.Lines[i].Routes = c.routes(l.Routes, f.Teams)
	}
	c.routed(f, s)
	return s
}

func (c *checker) packages(l list[text]) []string {
	if l.Given && len(l.Items) == 0 {
		c.add(l.At, "packages names none, so nobody may call", "write packages: [Ultimate]")
	}
	return distinct(c, l, func(t text) (name, shown string, ok bool) {
		name = strings.TrimSpace(t.Value)
		if name == "" && !t.silent() {
			c.wrong(t, "holds an empty name", "write the name of a package, as the customers file has it")
		}
		return name, quoted(name), name != ""
	})
}

func (c *checker) menu(t table[text]) []policy.MenuKey {
	if t.Given && len(t.Rows) == 0 {
		c.add(t.At, "menu has no key, so nobody can say why they call", `write menu: { "1": critical, "5": question }`)
	}
	var menu []policy.MenuKey
	onKey := map[policy.Intent]string{}
	for _, r := range t.Rows {
		switch key := r.Key.Value; {
		case key == "9":
			c.wrong(r.Key, `key "9" is taken: it repeats the menu`, "write one of 0 to 8")
		case len(key) != 1 || key < "0" || key > "8":
			c.wrong(r.Key, "has the key "+quoted(key), "write one digit, 0 to 8 (9 repeats the menu)")
		}
		intent, ok := c.intent(r.Value)
		if !ok {
			continue
		}
		if before, twice := onKey[intent]; twice {
			c.wrong(r.Value, fmt.Sprintf("stands for %s, which is on key %s already", intent, before), "keep one of the two")
		}
		onKey[intent] = r.Key.Value
		menu = append(menu, policy.MenuKey{Key: r.Key.Value, Intent: intent})
	}
	return menu
}

func intents() []string { return words(policy.Intents()) }

func (c *checker) intent(t text) (policy.Intent, bool) {
	if t.silent() {
		return "", false
	}
	if slices.Contains(intents(), t.Value) {
		return policy.Intent(t.Value), true
	}
	c.wrong(t, "is "+quoted(t.Value)+", which is not a reason to call", meant(t.Value, intents()))
	return "", false
}

func (c *checker) routes(t table[text], teams table[team]) map[policy.Intent]string {
	var names []string
	for _, r := range teams.Rows {
		names = append(names, r.Key.Value)
	}
	routes := map[policy.Intent]string{}
	for _, r := range t.Rows {
		if !slices.Contains(intents(), r.Key.Value) {
			c.wrong(r.Key, "has the key "+quoted(r.Key.Value)+", which is not a reason to call", meant(r.Key.Value, intents()))
			continue
		}
		routes[policy.Intent(r.Key.Value)] = r.Value.Value
		switch {
		case r.Value.silent() || !teams.Given: // without teams, that alone is the problem
		case !slices.Contains(names, r.Value.Value):
			c.wrong(r.Value, "leads to the team "+quoted(r.Value.Value)+", which is not in teams", meant(r.Value.Value, names))
		}
	}
	return routes
}

// unrouted reports whether the file leaves open which team takes which calls.
func (f *file) unrouted() bool {
	return len(f.Routes.Rows) == 0 && (f.Routes.Given || f.Routes.At == place{})
}

// toTheOne leads every reason to call to the only team, where the file has one team and no routes.
func toTheOne(routes map[policy.Intent]string, f *file) {
	if !f.unrouted() || len(f.Teams.Rows) != 1 {
		return
	}
	for _, intent := range policy.Intents() {
		routes[intent] = f.Teams.Rows[0].Key.Value
	}
}

// routed checks that every call has somebody to ring: on every line there is a team for each intent of the menu, and for questions, the intent
// of callers who choose nothing.
func (c *checker) routed(f *file, s policy.Settings) {
	if !f.Routes.Given && f.Routes.At != (place{}) || len(f.Teams.Rows) == 0 {
		return // the wrong shape has been reported, or that there is no team at all
	}
	needed := map[policy.Intent]bool{policy.Question: true}
	for _, m := range s.Menu {
		needed[m.Intent] = true
	}
	at := f.At
	if f.Routes.Given {
		at = f.Routes.At
	}
	var open []policy.Intent
	for _, intent := range slices.Sorted(maps.Keys(needed)) {
		if line, ok := withoutTeam(f, s, intent); !ok {
			continue
		} else if open = append(open, intent); !f.unrouted() {
			c.add(at, fmt.Sprintf("calls with the reason %s have no team on the line %s", intent, line), fmt.Sprintf("add %s: TEAM to routes", intent))
		}
	}
	if f.unrouted() && len(open) > 0 {
		what := fmt.Sprintf("routes does not say which of the %d teams takes which calls", len(f.Teams.Rows))
		c.add(at, what, "write "+exampleRoutes(open, f.Teams))
	}
}

// withoutTeam returns the first line on which calls with a reason have nobody to ring; ok is false where there is none.
func withoutTeam(f *file, s policy.Settings, intent policy.Intent) (number string, ok bool) {
	if _, routed := s.Routes[intent]; routed {
		return "", false
	}
	for i, l := range s.Lines {
		if _, routed := l.Routes[intent]; !routed {
			return f.Lines.Items[i].Number.Value, true
		}
	}
	return "", false
}

// exampleRoutes returns routes as they could be: critical calls to the first team, or the one of that name, all others to the last.
func exampleRoutes(open []policy.Intent, teams table[team]) string {
	first, last := teams.Rows[0].Key.Value, teams.Rows[len(teams.Rows)-1].Key.Value
	var routes []string
	for _, intent := range open {
		to := last
		if intent == policy.Critical {
			to = first
		}
		for _, r := range teams.Rows {
			if r.Key.Value == string(intent) {
				to = r.Key.Value
			}
		}
		routes = append(routes, fmt.Sprintf("%s: %s", intent, to))
	}
	return "routes: { " + strings.Join(routes, ", ") + " }"
}
