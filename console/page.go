package console

import (
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// page is the data of every template: the person, and the body that the handler made. "$" is the page everywhere in a view.
type page struct {
	Body    any
	User    users.User // Name is empty if nobody is signed in
	Now     time.Time
	Zone    *time.Location
	Nav     []navItem
	Numbers bool   // telephone numbers are shown in full
	Done    string // what was done, in a sentence, or ""
	may     func(users.Permission) bool
	assets  assets
	policy  *policy.Settings
}

type navItem struct {
	Title, Path string
	Here        bool
}

// page returns the data of a page with a body.
func (r *request) page(body any) page {
	return page{
		Body: body, User: r.user, Now: r.now, Zone: r.zone, Nav: r.nav(), Done: doneSentences[r.QueryParam("done")], may: r.may, assets: r.console.assets,
		policy: &r.console.Policy,
	}
}

// doneSentences say what was done, by the word in the address.
var doneSentences = map[string]string{
	// a call
	"waive": "The call is waived.", "undo-waive": "The waiver was undone.",
	"training": "The call is marked as training.", "undo-training": "The training mark was removed.",
	"attach": "The call is attached to the account.", "undo-attach": "The call is no longer attached.",
	"attached": "The calls are attached to the accounts that their numbers are on file of.",
	"ticket":   "The ticket number is set.", "undo-ticket": "The ticket number was reset.",
	"note": "The note is added.", "undo-note": "The note was removed.",
	"offer": "It is being sent. Its state is below.", "offer-back": "Taken back: the link leads nowhere now.",
	// a case
	"open": "The case is open.", "move": "The case was moved.",
	"mailed":   "The case was moved, and an e-mail is being sent to the account holder.",
	"unmailed": "The case was moved. No mail server is configured, so no e-mail was sent: write to the account holder yourself.",
	// the dates of a line
	"edit": "Saved. It applies from the next call on.", "withdraw": "The edit was removed.",
	"restore": "The earlier version is in force again.", "written": "The edits that the configuration has were removed. The hours did not change.",
	// a follow-up, an alarm, a rota
	"taken": "It is yours now. Nobody else is told of it any more.", "followed-up": "Done. It is out of the list.",
	"reopened": "It is back in the list for anybody to take. Nobody is told of it again.",
	"calling":  "The specialist's phone rings in a moment. Press 1 there, and the caller's phone rings.",
	"override": "Saved. It is in force at once.", "unoverride": "The override was removed.",
	// the rest
	"import": "The customers are imported.", "discard": "Nothing was imported. The file was discarded.",
	"profile": "Saved.", "revoked": "The token is revoked.", "session": "The session is ended.", "retry": "The notice is being sent again.",
}

// nav returns the pages that the person may see, in their order.
func (r *request) nav() []navItem {
	if r.user.Name == "" {
		return nil
	}
	var items []navItem
	here := r.Request().URL.Path
	for _, n := range r.console.sections {
		first := n.routes[0]
		if n.title != "" && (first.needs == "" || r.may(first.needs)) {
			items = append(items, navItem{n.title, first.path, here == first.path || strings.HasPrefix(here, first.path+"/")})
		}
		if n.title == "On call" && r.console.Settings.Outside != "" {
			items = append(items, navItem{Title: "What people get", Path: r.console.Settings.Outside})
		}
	}
	return items
}

// With returns the page with another body, for templates that are used within others: {{template "marks" ($.With .)}}.
func (p page) With(body any) page {
	p.Body = body
	return p
}

// Can reports whether the person has a permission: {{if $.Can "acts"}}.
func (p page) Can(what users.Permission) bool { return p.may(what) }

// Phone returns a telephone number, masked unless it was revealed to the person. All ways of saying that a number is withheld are shown as one.
func (p page) Phone(number policy.Phone) string {
	switch {
	case number == "":
		return "–"
	case number.Withheld():
		return "withheld"
	case p.Numbers:
		return number.Full()
	}
	return number.String()
}

// Specialist returns the name of a leg's specialist, or the number as Phone does.
func (p page) Specialist(l policy.Leg) string {
	if name := p.policy.LegName(l); name != "" {
		return name
	}
	return p.Phone(l.To)
}

// NumberBeside returns the number of a leg that is shown with a name, if it was revealed to the person.
func (p page) NumberBeside(l policy.Leg) string {
	if !p.Numbers || p.policy.LegName(l) == "" {
		return ""
	}
	return p.Phone(l.To)
}

// At returns the name of the specialist at an address, or the address as Phone does.
func (p page) At(to policy.Phone) string { return p.Specialist(policy.Leg{To: to}) }

// Target returns whom a ring step names: "rota primary", a person by name, with the number if that was revealed to the reader, or a number as Phone does.
func (p page) Target(t policy.Target) string {
	if rota, ok := t.Rota(); ok {
		return "rota " + rota
	}
	who, known := p.policy.Person(policy.PersonID(t))
	to, bare := t.Phone()
	if bare {
		who, known = p.policy.PersonAt(to)
	} else {
		to = who.Phone
	}
	switch {
	case !known && bare:
		return p.Phone(to)
	case !known:
		return string(t)
	case p.Numbers && to != "":
		return who.Name + " (" + to.Full() + ")"
	}
	return who.Name
}

// Caller returns who called, as Phone does. A call that came without any number is one from a withheld number as well.
func (p page) Caller(c policy.Call) string {
	if c.Withheld() {
		return "withheld"
	}
	return p.Phone(c.From)
}

// Text returns a text of the log, with the telephone numbers in it as Phone returns them.
func (p page) Text(text string) string {
	if p.Numbers {
		return text
	}
	return policy.MaskedText(text)
}

// Act returns a person's act in words, with the telephone numbers in it as Phone returns them.
func (p page) Act(a policy.Act) string {
	if !p.Numbers {
		a = a.Masked()
	}
	return a.Words()
}

// MaxWritten returns how many characters a person may write into a field, and MaxLine the same of a name or a number.
func (page) MaxWritten() int { return policy.MaxWritten }

// MaxLine returns how many characters a name or a number has at most.
func (page) MaxLine() int { return policy.MaxLine }

// Email returns an e-mail address, with all but the first letter of the name masked unless it was revealed to the person.
func (p page) Email(text string) string {
	switch {
	case text == "":
		return "–"
	case p.Numbers:
		return text
	}
	name, host, _ := strings.Cut(text, "@")
	if name == "" {
		return text
	}
	_, size := utf8.DecodeRuneInString(name)
	masked := name[:size] + "***"
	if host != "" {
		masked += "@" + host
	}
	return masked
}

// Time returns a moment in the person's zone, to the second, or a dash for the zero time.
func (p page) Time(t time.Time) template.HTML { return moment(t, p.Zone, "2006-01-02 15:04:05") }

// Clock returns a moment's time of day in the person's zone.
func (p page) Clock(t time.Time) template.HTML { return moment(t, p.Zone, "15:04:05") }

// ClockOn returns a moment's time of day, with the date if that is not the date of start.
func (p page) ClockOn(t, start time.Time) template.HTML {
	if t.IsZero() || t.In(p.Zone).Format(time.DateOnly) == start.In(p.Zone).Format(time.DateOnly) {
		return p.Clock(t)
	}
	return p.Time(t)
}

// Day returns a moment's date in the person's zone.
func (p page) Day(t time.Time) template.HTML { return moment(t, p.Zone, "2006-01-02") }

// In returns a moment with day and zone in another zone, or nothing if the time is the same in the person's zone.
func (p page) In(t time.Time, zone *time.Location) template.HTML {
	_, here := t.In(p.Zone).Zone()
	if _, there := t.In(zone).Zone(); t.IsZero() || here == there {
		return ""
	}
	return moment(t, zone, "Mon 15:04:05 MST")
}

func moment(t time.Time, zone *time.Location, layout string) template.HTML {
	if t.IsZero() {
		return "–"
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, t.UTC().Format(time.RFC3339), t.In(zone).Format(layout)))
}

// Minutes returns whole seconds as minutes and seconds, 12:05, or a dash for nil.
func (p page) Minutes(seconds *int) string {
	if seconds == nil {
		return "–"
	}
	return minutes(*seconds)
}

// Seconds returns whole seconds as minutes and seconds, 12:05.
func (page) Seconds(n int) string { return minutes(n) }

func minutes(seconds int) string { return fmt.Sprintf("%d:%02d", seconds/60, seconds%60) }

// Length returns a sum of seconds as hours and minutes, 3 h 05 min.
func (p page) Length(seconds int) string {
	if minutes := seconds / 60; minutes >= 60 {
		return fmt.Sprintf("%d h %02d min", minutes/60, minutes%60)
	}
	return fmt.Sprintf("%d min", seconds/60)
}

// Asset returns the address of a static file.
func (p page) Asset(name string) string { return p.assets.path(name) }
