package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
)

// oncallShow is "oncall show": who is on call, and who will be.
type oncallShow struct {
	At     string `placeholder:"TIME" help:"A date, a date and time on the rota's own clock, or RFC 3339 (default: now)."`
	Rota   string `placeholder:"NAME" help:"This rota only (default: all)."`
	Format string `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

func (oncallShow) Help() string {
	return examples(`Shows of each rota who is on call, who is next, and four weeks, overrides and calendars included: the same
answer as calls and alarms get. Times are on the rota's own clock; in JSON and CSV they are UTC.`,
		"supportline oncall",
		`supportline oncall --rota primary --at "2026-12-24 18:00"`,
		"supportline oncall --format csv")
}

// fourWeeks is how far ahead is shown.
const fourWeeks = 28 * 24 * time.Hour

func (c oncallShow) Run(_ context.Context, s *control.Session) error {
	roster := s.Rotas.Roster()
	rotas := roster.Rotas()
	if c.Rota != "" {
		rota, err := rotaNamed(roster, c.Rota)
		if err != nil {
			return err
		}
		rotas = []oncall.Rota{rota}
	}
	var rows []oncall.Row
	for i, rota := range rotas {
		at := s.Now()
		if c.At != "" {
			var err error
			if at, _, err = flags.ParseMoment(c.At, clockOf(rota)); err != nil {
				return fmt.Errorf("--at: %w", err)
			}
		}
		if c.Format != "table" {
			rows = append(rows, roster.Rows(rota.Name, at, at.Add(fourWeeks))...)
			continue
		}
		if i > 0 {
			fmt.Fprintln(s.Out)
		}
		if err := showRota(s, roster, rota, at); err != nil {
			return err
		}
	}
	if c.Format != "table" {
		return control.Export(s, c.Format, control.Each(rows))
	}
	if len(rotas) == 0 {
		fmt.Fprintln(s.Err, "The configuration has no rotas.")
	}
	return nil
}

// showRota prints who is on call in a rota, the age of its calendar, and four weeks.
func showRota(s *control.Session, roster *oncall.Roster, rota oncall.Rota, at time.Time) error {
	zone := clockOf(rota)
	fmt.Fprintf(s.Out, "%s (%s): %s on %s.\n", rota.Name, zone, onCallNames(roster, roster.OnCall(rota.Name, at)), moment(at.In(zone)))
	if next, ok := roster.NextHandOver(rota.Name, at); ok {
		fmt.Fprintf(s.Out, "Next: %s, on %s.\n", onCallNames(roster, next.People), moment(next.From.In(zone)))
	} else {
		fmt.Fprintln(s.Out, "Nobody takes over within 400 days.")
	}
	for _, a := range s.Rotas.Answers() {
		if a.Rota == rota.Name {
			fmt.Fprintln(s.Out, calendarAge(a, zone, s.Now()))
		}
	}
	fmt.Fprintln(s.Out)
	t := control.Table{Head: []string{"FROM", "UNTIL", "WHO", "BY", "NOTE"}}
	for _, shift := range roster.Shifts(rota.Name, at, at.Add(fourWeeks)) {
		by := shift.Why
		if shift.Override > 0 {
			by = fmt.Sprintf("override %d", shift.Override)
		}
		t.Add(dayAndTime(shift.From, zone), dayAndTime(shift.Until, zone), onCallNames(roster, shift.People), by, shift.Note)
	}
	if err := t.Write(s.Out, s.Colour); err != nil {
		return err
	}
	for _, gap := range roster.Gaps(rota.Name, at, at.Add(fourWeeks)) {
		line := fmt.Sprintf("A gap: nobody is on call in %s from %s to %s.", rota.Name, dayAndTime(gap.From, zone), dayAndTime(gap.Until, zone))
		fmt.Fprintln(s.Out, control.Styled(control.Yellow, line, s.Colour))
	}
	return nil
}

// calendarAge returns when the calendar of a rota was read, and since when it can't be.
func calendarAge(a oncall.Answer, zone *time.Location, now time.Time) string {
	read := "Its calendar was never read"
	if age, known := a.Age(now); known {
		read = "Its calendar was read " + shortTime(age) + " ago"
	}
	if a.FailedAt.IsZero() {
		return read + "."
	}
	return fmt.Sprintf("%s, and fails since %s: %s.", read, dayAndTime(a.FailedAt, zone), control.Plain(a.Error))
}

func onCallNames(r *oncall.Roster, who []policy.PersonID) string {
	return control.Plain(cmp.Or(r.Names(who), "nobody"))
}

func dayAndTime(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2006-01-02 15:04")
}

// clockOf returns the zone of a rota's wall clock.
func clockOf(r oncall.Rota) *time.Location { return cmp.Or(r.Zone, time.UTC) }

func rotaNamed(r *oncall.Roster, name string) (oncall.Rota, error) {
	rota, ok := r.Rota(name)
	if ok {
		return rota, nil
	}
	var names []string
	for _, known := range r.Rotas() {
		names = append(names, known.Name)
	}
	if len(names) == 0 {
		return rota, errors.New("the configuration has no rotas")
	}
	return rota, fmt.Errorf("there is no rota %q: write one of %s", name, flags.List(names))
}

// overriding are the flags of what changes who is on call.
type overriding struct {
	Rota   string `arg:"" name:"ROTA" help:"The rota."`
	Reason string `placeholder:"TEXT" help:"Why."`
	By     string `placeholder:"NAME" help:"Who does it (default: the operating system's user)."`
}

// change makes a change of a rota's overrides from the roster as it is in force, and prints what is so now.
func (o overriding) change(ctx context.Context, s *control.Session, of func(r *oncall.Roster, zone *time.Location) (oncall.Change, error)) error {
	if err := s.Rotas.Reload(ctx); err != nil {
		return err
	}
	roster := s.Rotas.Roster()
	rota, err := rotaNamed(roster, o.Rota)
	if err != nil {
		return err
	}
	c, err := of(roster, clockOf(rota))
	if err != nil {
		return err
	}
	after, err := s.Rotas.ChangeOverrides(ctx, rota.Name, roster.Revision(rota.Name).Version, c)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "%s: %s.\n", rota.Name, control.Plain(after.Words()))
	if n := len(after.Overrides); n > 0 && after.Overrides[n-1].Number == after.Version {
		fmt.Fprintf(s.Err, "It is override %d: \"supportline oncall undo %s %d\" takes it back.\n", after.Version, rota.Name, after.Version)
	}
	return nil
}

// override returns the override of a person for a time that was written down.
func (o overriding) override(s *control.Session, person, from, until string, zone *time.Location) (oncall.Override, error) {
	over := oncall.Override{Person: specialist(s, person), By: who(s, o.By, s.User), At: s.Now(), From: s.Now(), Reason: o.Reason}
	var err error
	var day bool
	if from != "" {
		if over.From, _, err = flags.ParseMoment(from, zone); err != nil {
			return over, fmt.Errorf("--from: %w", err)
		}
	}
	if until != "" {
		if over.Until, day, err = flags.ParseMoment(until, zone); err != nil {
			return over, fmt.Errorf("--until: %w", err)
		}
		if day {
			over.Until = over.Until.AddDate(0, 0, 1)
		}
	}
	return over, nil
}

// specialist returns the ID of the specialist whom a flag names; what nobody is called stays as it is, for the error that lists them.
func specialist(s *control.Session, named string) policy.PersonID {
	if p, ok := s.Settings.PersonNamed(named); ok {
		return p.ID
	}
	return policy.PersonID(named)
}

type oncallOverride struct {
	overriding
	Person string `placeholder:"WHO" help:"Who is on call instead, by short name or name. It must be given."`
	From   string `placeholder:"TIME" help:"From when on, on the rota's clock (default: now)."`
	Until  string `placeholder:"TIME" help:"Until when; a date includes its day. It must be given."`
}

func (oncallOverride) Help() string {
	return examples("Puts one person on call for a time, whoever's turns are in it. Calls and alarms go by it at once.",
		`supportline oncall override primary --person ben --from "2026-12-24 18:00" --until 2026-12-26 --reason "Ada is away"`)
}

func (c oncallOverride) Run(ctx context.Context, s *control.Session) error {
	if c.Person == "" || c.Until == "" {
		return errors.New("say who, and until when: --person WHO --until TIME")
	}
	return c.change(ctx, s, func(r *oncall.Roster, zone *time.Location) (oncall.Change, error) {
		over, err := c.override(s, c.Person, c.From, c.Until, zone)
		return oncall.Add(r, over), err
	})
}

type oncallSwap struct {
	overriding
	For    string `placeholder:"WHO" help:"Whose turn it is, by short name or name. It must be given."`
	Person string `placeholder:"WHO" help:"Who takes it, by short name or name. It must be given."`
	From   string `placeholder:"TIME" help:"The turns from this time on, on the rota's clock (default: now)."`
	Until  string `placeholder:"TIME" help:"Until when; a date includes its day (default: to the end of the next turn)."`
}

func (oncallSwap) Help() string {
	return examples(`Gives a person's turns to somebody else: the next one, or all in a time. Unlike an override it leaves the
turns of others in that time alone.`,
		`supportline oncall swap primary --for ada --person cleo --reason "a wedding"`,
		"supportline oncall swap primary --for ada --person cleo --from 2026-12-21 --until 2026-12-27")
}

func (c oncallSwap) Run(ctx context.Context, s *control.Session) error {
	if c.For == "" || c.Person == "" {
		return errors.New("say whose turn it is, and who takes it: --for WHO --person WHO")
	}
	return c.change(ctx, s, func(r *oncall.Roster, zone *time.Location) (oncall.Change, error) {
		over, err := c.override(s, c.Person, c.From, c.Until, zone)
		if over.Instead = specialist(s, c.For); c.Until == "" {
			turn, ok := r.NextTurn(c.Rota, over.Instead, over.From)
			if !ok {
				return oncall.Change{}, control.Refused("%s has no turn in %s within 400 days", control.Plain(c.For), c.Rota)
			}
			over.From, over.Until = turn.From, turn.Until
		}
		return oncall.Add(r, over), err
	})
}

type oncallUndo struct {
	overriding
	Number int `arg:"" name:"NUMBER" help:"The override, as \"supportline oncall\" shows it."`
}

func (oncallUndo) Help() string {
	return examples("Takes an override or a swap back. Of one that has begun, what is past stays.", "supportline oncall undo primary 3")
}

func (c oncallUndo) Run(ctx context.Context, s *control.Session) error {
	return c.change(ctx, s, func(r *oncall.Roster, _ *time.Location) (oncall.Change, error) {
		change := oncall.Remove(r, c.Number, who(s, c.By, s.User), s.Now())
		change.Reason = c.Reason
		return change, nil
	})
}
