package oncall

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// Roster is who is on call in all rotas. It is immutable and safe to share, and answers from memory.
type Roster struct {
	rotas  []*rota // in the order of the configuration
	people []policy.Person
}

// rota is a rota that is prepared to answer.
type rota struct {
	Rota
	layers   []*turns
	revision Revision
	calendar Calendar // the zero one: none was read yet, or the turns are its own
}

// NewRoster returns the roster of rotas, with the newest revision of the overrides of each, and the calendars of those that have a feed, by the name of
// their rota. Revisions and calendars of other rotas count for nothing.
func NewRoster(rotas []Rota, people []policy.Person, revisions []Revision, calendars map[string]Calendar) *Roster {
	r := &Roster{people: people}
	for _, configured := range rotas {
		made := &rota{Rota: configured, revision: Revision{Rota: configured.Name}, calendar: calendars[configured.Name]}
		for _, l := range configured.Layers {
			made.layers = append(made.layers, l.prepared(configured.Zone))
		}
		r.rotas = append(r.rotas, made)
	}
	return r.With(revisions...)
}

// With returns the roster under other revisions of the overrides.
func (r *Roster) With(revisions ...Revision) *Roster {
	return r.changed(func(o *rota) {
		for _, e := range revisions {
			if e.Rota == o.Name {
				o.revision = e
			}
		}
	})
}

// WithCalendar returns the roster with another calendar of a rota.
func (r *Roster) WithCalendar(name string, c Calendar) *Roster {
	return r.changed(func(o *rota) {
		if o.Name == name {
			o.calendar = c
		}
	})
}

func (r *Roster) changed(change func(*rota)) *Roster {
	next := &Roster{people: r.people}
	for _, o := range r.rotas {
		c := *o
		change(&c)
		next.rotas = append(next.rotas, &c)
	}
	return next
}

// Rotas returns the rotas as configured, in their order. The caller must not change them.
func (r *Roster) Rotas() (all []Rota) {
	for _, o := range r.rotas {
		all = append(all, o.Rota)
	}
	return all
}

// Rota returns the rota of a name.
func (r *Roster) Rota(name string) (Rota, bool) {
	if o := r.find(name); o != nil {
		return o.Rota, true
	}
	return Rota{}, false
}

// Revision returns the overrides of a rota in force.
func (r *Roster) Revision(name string) Revision {
	if o := r.find(name); o != nil {
		return o.revision
	}
	return Revision{Rota: name}
}

func (r *Roster) find(name string) *rota {
	for _, o := range r.rotas {
		if o.Name == name {
			return o
		}
	}
	return nil
}

// OnCall implements policy.Roster.
func (r *Roster) OnCall(name string, at time.Time) []policy.PersonID {
	o := r.find(name)
	if o == nil {
		return nil
	}
	return r.shift(o.overridden(), len(o.revision.Overrides), at).People
}

// Shifts returns who is on call in a rota from one time to another: shifts that follow each other without a break, gaps included. The first begins at
// from and the last ends at until, also where they go on beyond. For a rota that there is not it returns none.
func (r *Roster) Shifts(name string, from, until time.Time) (shifts []Shift) {
	o := r.find(name)
	if o == nil {
		return nil
	}
	for s := range r.stretches(o.overridden(), from, until) {
		if n := len(shifts); n > 0 && s.extends(shifts[n-1]) {
			shifts[n-1].Until = s.Until
		} else {
			shifts = append(shifts, s)
		}
	}
	return shifts
}

// horizon is how far ahead a hand-over is looked for: more than a year.
const horizon = 400 * 24 * time.Hour

// NextHandOver returns the shift with which the people on call in a rota change next after a time, a gap included. Its Until is when they change again, or
// the zero time if that is over 400 days away. ok is false if nobody takes over within 400 days.
func (r *Roster) NextHandOver(name string, at time.Time) (next Shift, ok bool) {
	o := r.find(name)
	if o == nil {
		return Shift{}, false
	}
	now := r.OnCall(name, at)
	for s := range r.stretches(o.overridden(), at, at.Add(horizon)) {
		switch {
		case !ok && !slices.Equal(s.People, now):
			next, ok = s, true
		case ok && slices.Equal(s.People, next.People):
			next.Until = s.Until
		case ok:
			return next, true
		}
	}
	next.Until = time.Time{}
	return next, ok
}

// stretches goes through times in which nothing changes, in order. Neighbours can be alike.
func (r *Roster) stretches(o overridden, from, until time.Time) iter.Seq[Shift] {
	return func(yield func(Shift) bool) {
		for at := from; at.Before(until); {
			s := r.shift(o, len(o.overrides), at)
			if s.Override > 0 {
				s.Planned = r.shift(o, 0, at).People
			}
			s.From, s.Until = at.In(o.zone), earliest(o.next(at), until).In(o.zone)
			if !yield(s) {
				return
			}
			at = s.Until
		}
	}
}

// shift returns the shift at a moment by the first so many overrides, without its times.
func (r *Roster) shift(o overridden, upTo int, at time.Time) Shift {
	for i := upTo - 1; i >= 0; i-- {
		over := &o.overrides[i]
		if !over.covers(at) {
			continue
		}
		if over.Instead == "" {
			return r.byOverride(*over, []policy.PersonID{over.Person})
		}
		below := r.shift(o, i, at)
		if slices.Contains(below.People, over.Instead) {
			return r.byOverride(*over, replaced(below.People, over.Instead, over.Person))
		}
		return below
	}
	return o.base.at(at)
}

// byOverride returns the shift of an override. A person who left the configuration is nobody.
func (r *Roster) byOverride(o Override, people []policy.PersonID) Shift {
	s := Shift{Why: ByOverride, Note: o.Reason, Override: o.Number}
	for _, id := range people {
		if r.knows(id) {
			s.People = append(s.People, id)
		} else {
			s.Note = fmt.Sprintf("%s is not in the configuration any more", id)
		}
	}
	return s
}

func (r *Roster) knows(id policy.PersonID) bool {
	return slices.ContainsFunc(r.people, func(p policy.Person) bool { return p.ID == id })
}

// replaced returns people with one in the place of another, each once.
func replaced(people []policy.PersonID, out, in policy.PersonID) (now []policy.PersonID) {
	for _, id := range people {
		if id == out {
			id = in
		}
		if !slices.Contains(now, id) {
			now = append(now, id)
		}
	}
	return now
}

// overridden is a rota with its overrides.
type overridden struct {
	overrides []Override
	base      base
	zone      *time.Location
}

// base is who is on call in a rota without overrides.
type base interface {
	// at returns the shift at a moment, without its times.
	at(time.Time) Shift
	// next returns a moment after another, up to which nothing changes; the zero time: nothing changes any more.
	next(time.Time) time.Time
}

// overridden returns the rota as it answers.
func (o *rota) overridden() overridden {
	all := overridden{overrides: o.revision.Overrides, zone: o.Zone}
	if o.Feed == "" {
		all.base = layered(o.layers)
	} else {
		all.base = o.calendar
	}
	if all.zone == nil { // of a feed whose calendar has its own
		all.zone = time.UTC
	}
	return all
}

func (o overridden) next(at time.Time) time.Time {
	next := o.base.next(at)
	for _, over := range o.overrides {
		for _, edge := range [2]time.Time{over.From, over.Until} {
			if edge.After(at) {
				next = earliest(next, edge)
			}
		}
	}
	return next
}

// layered are the turns of a rota's own.
type layered []*turns

func (l layered) at(at time.Time) Shift {
	for i := len(l) - 1; i >= 0; i-- {
		if !l[i].applies(at) {
			continue
		}
		if who, _, ok := l[i].at(at); ok {
			why := ByTurn
			if i > 0 {
				why = ByLayer
			}
			return Shift{People: []policy.PersonID{who}, Why: why}
		}
	}
	return Shift{}
}

func (l layered) next(at time.Time) (next time.Time) {
	for _, t := range l {
		next = earliest(next, t.next(at))
	}
	return next
}
