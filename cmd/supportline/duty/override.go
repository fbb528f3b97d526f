package duty

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
)

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

type onCallOverride struct {
	overriding
	Person string `placeholder:"WHO" help:"Who is on call instead, by short name or name. It must be given."`
	From   string `placeholder:"TIME" help:"From when on, on the rota's clock (default: now)."`
	Until  string `placeholder:"TIME" help:"Until when; a date includes its day. It must be given."`
}

func (onCallOverride) Help() string {
	return flags.Examples("Puts one person on call for a time, whoever's turns are in it. Calls and alarms go by it at once.",
		`supportline oncall override primary --person ben --from "2026-12-24 18:00" --until 2026-12-26 --reason "Ada is away"`)
}

func (c onCallOverride) Run(ctx context.Context, s *control.Session) error {
	if c.Person == "" || c.Until == "" {
		return errors.New("say who, and until when: --person WHO --until TIME")
	}
	return c.change(ctx, s, func(r *oncall.Roster, zone *time.Location) (oncall.Change, error) {
		over, err := c.override(s, c.Person, c.From, c.Until, zone)
		return oncall.Add(r, over), err
	})
}

type onCallSwap struct {
	overriding
	For    string `placeholder:"WHO" help:"Whose turn it is, by short name or name. It must be given."`
	Person string `placeholder:"WHO" help:"Who takes it, by short name or name. It must be given."`
	From   string `placeholder:"TIME" help:"The turns from this time on, on the rota's clock (default: now)."`
	Until  string `placeholder:"TIME" help:"Until when; a date includes its day (default: to the end of the next turn)."`
}

func (onCallSwap) Help() string {
	return flags.Examples(`Gives a person's turns to somebody else: the next one, or all in a time. Unlike an override it leaves the
turns of others in that time alone.`,
		`supportline oncall swap primary --for ada --person cleo --reason "a wedding"`,
		"supportline oncall swap primary --for ada --person cleo --from 2026-12-21 --until 2026-12-27")
}

func (c onCallSwap) Run(ctx context.Context, s *control.Session) error {
	if c.For == "" || c.Person == "" {
		return errors.New("say whose turn it is, and who takes it: --for WHO --person WHO")
	}
	if _, known := s.Settings.PersonNamed(c.For); !known {
		return fmt.Errorf("--for: there is no specialist %q: write one of %s", c.For, flags.List(peopleOf(s)))
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

func peopleOf(s *control.Session) (ids []policy.PersonID) {
	for _, p := range s.Settings.People {
		ids = append(ids, p.ID)
	}
	return ids
}

type onCallUndo struct {
	overriding
	Number int `arg:"" name:"NUMBER" help:"The override, as \"supportline oncall\" shows it."`
}

func (onCallUndo) Help() string {
	return flags.Examples("Takes an override or a swap back. Of one that has begun, what is past stays.", "supportline oncall undo primary 1")
}

func (c onCallUndo) Run(ctx context.Context, s *control.Session) error {
	return c.change(ctx, s, func(r *oncall.Roster, _ *time.Location) (oncall.Change, error) {
		change := oncall.Remove(r, c.Number, who(s, c.By, s.User), s.Now())
		change.Reason = c.Reason
		return change, nil
	})
}
