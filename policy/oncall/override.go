package oncall

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/officernd/supportline/policy"
)

// ErrChanged refuses a change of somebody who saw an earlier version.
var ErrChanged = errors.New("the rota's overrides changed")

// inputError is a refusal of what a person entered. It matches policy.ErrInput.
type inputError string

func (e inputError) Error() string { return string(e) }

// Is implements what errors.Is asks for.
func (inputError) Is(target error) bool { return target == policy.ErrInput }

const errOverride inputError = "the rota cannot be overridden so"

// Override puts a person on call for a time, whatever the turns are: in place of everybody, or of one person alone (a swap).
type Override struct {
	Number int             `json:"number"` // the version that made it
	From   time.Time       `json:"from"`
	Until  time.Time       `json:"until"` // exclusive
	Person policy.PersonID `json:"person"`
	// Instead is whose turns the person takes: the override applies only while this one would be on call without it. "": it always does.
	Instead policy.PersonID `json:"instead,omitempty"`
	By      string          `json:"by"`
	At      time.Time       `json:"at"`
	Reason  string          `json:"reason,omitempty"` // in the person's own words
}

func (o *Override) covers(at time.Time) bool { return !at.Before(o.From) && at.Before(o.Until) }

// Revision is one version of all overrides of a rota. Each change makes another, and each is kept.
type Revision struct {
	Rota      string     `json:"rota"`
	Version   int        `json:"version"` // 1 is the first; 0: nothing was ever overridden
	At        time.Time  `json:"at"`
	By        string     `json:"by"`
	Change    string     `json:"change"`           // what the person did, in words
	Reason    string     `json:"reason,omitempty"` // why, in the person's own
	Overrides []Override `json:"overrides"`        // in the order in which they were made: the last wins
}

// Words returns who made this version, and how: `mila put Ben Okafor on call from 2026-11-29 20:00 to 2026-11-30 12:00: "Ada is ill"`.
func (e Revision) Words() string {
	text := e.By + " " + e.Change
	if e.Reason != "" {
		text += `: "` + e.Reason + `"`
	}
	return text
}

// Bounds of what people can override: far above what a team does, and far below what the path of a call could feel.
const (
	maxOverrides = 200 // of one rota that are not over
	maxReason    = 200 // characters
	maxAhead     = 3 * 366 * 24 * time.Hour
	// pastKept is how long an override that is over stays, so that it is shown who was on call.
	pastKept = 35 * 24 * time.Hour
	// maxPast is how many of these are kept.
	maxPast = 200
)

// Change is a person's change of a rota's overrides. It is made by Add or Remove.
type Change struct {
	At     time.Time
	By     string
	Reason string // why, in the person's own words
	change func(Revision) (overrides []Override, words string, err error)
}

// Changed returns the revision after one more change, with the next version, without overrides that were over for 35 days. The errors are
// policy.ErrInput without a name, and those of the change.
func (e Revision) Changed(c Change) (Revision, error) {
	by, err := policy.WrittenLine("the name of who does it", c.By)
	if err == nil && by == "" {
		err = inputError("no name: say who does it")
	}
	if err != nil {
		return Revision{}, err
	}
	overrides, words, err := c.change(e)
	if err != nil {
		return Revision{}, err
	}
	return Revision{Rota: e.Rota, Version: e.Version + 1, At: c.At, By: by, Change: words, Reason: c.Reason, Overrides: bounded(overrides, c.At)}, nil
}

// bounded returns overrides without those that were over for long, and without the first of too many that are over.
func bounded(all []Override, now time.Time) []Override {
	kept := slices.DeleteFunc(all, func(o Override) bool { return o.Until.Before(now.Add(-pastKept)) })
	over := -maxPast
	for _, o := range kept {
		if !o.Until.After(now) {
			over++
		}
	}
	return slices.DeleteFunc(kept, func(o Override) bool {
		drop := over > 0 && !o.Until.After(now)
		if drop {
			over--
		}
		return drop
	})
}

// Add returns the change that puts a person on call for a time, or, with Override.Instead, on call in that person's turns. r is what the change was made
// on; Number is given by Changed. What is past stays as it was: an override that begins before it is made begins when it is made.
//
// Errors of Changed: policy.ErrInput for a rota or a person that there is not, a time that is empty, over, or too far away, a reason that is too long,
// nobody to swap with, and too many overrides; policy.ErrAlready.
func Add(r *Roster, o Override) Change {
	o.Reason = strings.Join(strings.Fields(o.Reason), " ")
	o.At, o.From, o.Until = o.At.UTC(), latest(o.From, o.At).UTC(), o.Until.UTC()
	return Change{At: o.At, By: o.By, Reason: o.Reason, change: func(e Revision) ([]Override, string, error) {
		if err := o.check(r.With(e), e.Rota); err != nil {
			return nil, "", err
		}
		running := 0
		for _, other := range e.Overrides {
			if other.Until.After(o.At) {
				running++
			}
		}
		if running >= maxOverrides {
			return nil, "", fmt.Errorf("%w: %d overrides are ahead; write them into the configuration as people and layers, and remove them here", errOverride, running)
		}
		o.Number = e.Version + 1
		o.By = strings.TrimSpace(o.By)
		return append(slices.Clone(e.Overrides), o), r.words(o, e.Rota), nil
	}}
}

// check returns an error if the override cannot be made on a roster.
func (o Override) check(r *Roster, name string) error {
	if _, err := policy.WrittenText("the reason", o.Reason); err != nil {
		return err
	}
	switch {
	case r.find(name) == nil:
		return fmt.Errorf("%w: there is no rota %q; %s", errOverride, name, oneOf("the rotas are", "there are none", r.rotaNames()))
	case !r.knows(o.Person):
		return r.nobody(o.Person)
	case o.Instead == o.Person:
		return fmt.Errorf("%w: %s cannot swap with themselves; name another person", errOverride, r.name(o.Person))
	case !o.Until.After(o.At):
		return fmt.Errorf("%w: it ends at %s, which is past; write a later end", errOverride, r.clock(name, o.Until))
	case !o.From.Before(o.Until):
		return fmt.Errorf("%w: it begins at %s, which is not before its end at %s; write an earlier begin or a later end", errOverride, r.clock(name, o.From), r.clock(name, o.Until))
	case o.Until.Sub(o.At) > maxAhead:
		return fmt.Errorf("%w: %s is more than three years away; look whether the year is right", errOverride, r.clock(name, o.Until))
	case utf8.RuneCountInString(o.Reason) > maxReason:
		return fmt.Errorf("%w: the reason is longer than %d characters; write the short of it", errOverride, maxReason)
	case o.Instead != "" && !r.isOnCall(name, o.Instead, o.From, o.Until):
		return r.noTurn(name, o)
	case r.only(name, o.Person, o.From, o.Until):
		return fmt.Errorf("%w: %s is on call in %s then", policy.ErrAlready, r.name(o.Person), name)
	}
	return nil
}

// nobody returns the error for an ID that is no specialist's.
func (r *Roster) nobody(id policy.PersonID) error {
	var ids []string
	for _, p := range r.people {
		ids = append(ids, string(p.ID))
	}
	return fmt.Errorf("%w: there is no specialist %q; %s", errOverride, string(id), oneOf("the specialists are", "the configuration has none", ids))
}

// oneOf returns what can be named, in words.
func oneOf(some, none string, names []string) string {
	if len(names) == 0 {
		return none
	}
	return some + " " + strings.Join(names, ", ")
}

// noTurn returns the error for a swap of a turn that there is not, with the next turn of the person.
func (r *Roster) noTurn(name string, o Override) error {
	who, between := r.name(o.Instead), fmt.Sprintf("from %s to %s", r.clock(name, o.From), r.clock(name, o.Until))
	if s, ok := r.NextTurn(name, o.Instead, o.At); ok {
		return fmt.Errorf("%w: %s is not on call in %s %s; the next turn is from %s to %s", errOverride, who, name, between, r.clock(name, s.From), r.clock(name, s.Until))
	}
	return fmt.Errorf("%w: %s is not on call in %s %s, nor within 400 days", errOverride, who, name, between)
}

// NextTurn returns the shift of a person in a rota that goes on at a time, or else the next one within 400 days.
func (r *Roster) NextTurn(name string, who policy.PersonID, at time.Time) (Shift, bool) {
	shifts := r.Shifts(name, at, at.Add(horizon))
	i := slices.IndexFunc(shifts, func(s Shift) bool { return slices.Contains(s.People, who) })
	if i < 0 {
		return Shift{}, false
	}
	return shifts[i], true
}

// isOnCall reports whether a person is on call in a rota at some time between two.
func (r *Roster) isOnCall(name string, who policy.PersonID, from, until time.Time) bool {
	return slices.ContainsFunc(r.Shifts(name, from, until), func(s Shift) bool { return slices.Contains(s.People, who) })
}

// only reports whether a person, and nobody else, is on call in a rota all the time between two.
func (r *Roster) only(name string, who policy.PersonID, from, until time.Time) bool {
	return !slices.ContainsFunc(r.Shifts(name, from, until), func(s Shift) bool { return !slices.Equal(s.People, []policy.PersonID{who}) })
}

// Remove returns the change that takes an override back. Of one that has begun, what is past stays. Errors of Changed: policy.ErrNothingToUndo for one
// that there is not, or that is over.
func Remove(r *Roster, number int, by string, at time.Time) Change {
	return Change{At: at.UTC(), By: by, change: func(e Revision) ([]Override, string, error) {
		i := slices.IndexFunc(e.Overrides, func(o Override) bool { return o.Number == number })
		if i < 0 || !e.Overrides[i].Until.After(at) {
			return nil, "", fmt.Errorf("%w: %s has no override %d that is not over", policy.ErrNothingToUndo, e.Rota, number)
		}
		all, o := slices.Clone(e.Overrides), e.Overrides[i]
		words := "took back that " + r.who(o) + " " + r.times(o, e.Rota)
		if o.From.Before(at) {
			all[i].Until = at.UTC()
			return all, words + ", from " + r.clock(e.Rota, at) + " on", nil
		}
		return slices.Delete(all, i, i+1), words, nil
	}}
}

// words returns what an override does: "put Ben Okafor on call from 2026-11-29 20:00 to 2026-11-30 12:00".
func (r *Roster) words(o Override, name string) string {
	if o.Instead != "" {
		return "gave " + r.name(o.Instead) + "'s turns " + r.times(o, name) + " to " + r.name(o.Person)
	}
	return "put " + r.name(o.Person) + " on call " + r.times(o, name)
}

func (r *Roster) who(o Override) string {
	if o.Instead != "" {
		return r.name(o.Person) + " has " + r.name(o.Instead) + "'s turns"
	}
	return r.name(o.Person) + " is on call"
}

func (r *Roster) times(o Override, name string) string {
	return "from " + r.clock(name, o.From) + " to " + r.clock(name, o.Until)
}

// clock returns a time on a rota's clock.
func (r *Roster) clock(name string, at time.Time) string {
	zone := time.UTC
	if o := r.find(name); o != nil && o.Zone != nil {
		zone = o.Zone
	}
	return at.In(zone).Format("2006-01-02 15:04")
}

// name returns what a person is called, or the ID of one who left the configuration.
func (r *Roster) name(id policy.PersonID) string {
	for _, p := range r.people {
		if p.ID == id && p.Name != "" {
			return p.Name
		}
	}
	return string(id)
}

func (r *Roster) rotaNames() (names []string) {
	for _, o := range r.rotas {
		names = append(names, o.Name)
	}
	return names
}
