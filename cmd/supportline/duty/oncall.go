package duty

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

// OnCall are the commands on rotas. "oncall" alone, or with flags, is "oncall show".
type OnCall struct {
	Show     onCallShow     `cmd:"" default:"withargs" help:"Who is on call, the next hand-over, and four weeks."`
	Override onCallOverride `cmd:"" help:"Put a person on call for a time."`
	Swap     onCallSwap     `cmd:"" help:"Give a person's turn to somebody else."`
	Undo     onCallUndo     `cmd:"" help:"Take an override or a swap back."`
}

// Help returns the help of what is shown.
func (OnCall) Help() string { return onCallShow{}.Help() }

// onCallShow is "oncall show": who is on call, and who will be.
type onCallShow struct {
	At     string `placeholder:"TIME" help:"A date, a date and time on the rota's own clock, or RFC 3339 (default: now)."`
	Rota   string `placeholder:"NAME" help:"This rota only (default: all)."`
	Format string `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

func (onCallShow) Help() string {
	return flags.Examples(`Shows of each rota who is on call, who is next, and four weeks, overrides and calendars included: the same
answer as calls and alarms get. Times are on the rota's own clock; in JSON and CSV they are UTC.`,
		"supportline oncall",
		`supportline oncall --rota primary --at "2026-12-24 18:00"`,
		"supportline oncall --format csv")
}

// WithoutStore implements control.Storeless.
func (onCallShow) WithoutStore() string {
	return "There is no store yet, so these are the turns of the configuration, without overrides and calendars."
}

// fourWeeks is how far ahead is shown.
const fourWeeks = 28 * 24 * time.Hour

func (c onCallShow) Run(_ context.Context, s *control.Session) error {
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

func moment(t time.Time) string { return t.Format("Monday, 2006-01-02 at 15:04:05 MST") }

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
