package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/doctor"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
)

type doctorCommand struct {
	Format string `enum:"table,json" default:"table" placeholder:"FORMAT" help:"table or json."`
}

func (doctorCommand) Help() string {
	return examples(`Looks at everything that a new installation gets wrong: the account and its credentials, the numbers,
the public address and its certificate, a signed request, the clock, the voices, the specialists' numbers, the sender of
texts, the rotas and their calendars, the store, the place of recordings, the fallback, the mail server and the channels of
alarms, the identity provider. Each thing that isn't right has its fix. Nothing at the provider is
changed, and no call is made. Exit status 1 where something is wrong; a warning alone is 0.`,
		"supportline doctor",
		"supportline doctor --format json")
}

func (c doctorCommand) run(ctx context.Context, p *program, configFile string) error {
	notes := p.Out
	if c.Format == "json" {
		notes = p.Err
	}
	conf, err := p.examine(configFile, config.Options{}, notes, ": the rest can't be looked at before")
	if err != nil {
		return err
	}
	if revisions, err := p.revisions(ctx, conf, configFile); err == nil { // where the store can't be asked, its own finding says so
		conf.Settings = conf.Settings.With(revisions)
	}
	d, err := doctor.New(conf, p.Now, func(ctx context.Context) (doctor.StoreState, error) { return p.probe(ctx, conf, configFile) })
	if err != nil {
		return err
	}
	var found []doctor.Finding
	for f := range d.Findings(ctx) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.Format == "table" {
			writeFinding(p.Out, f, found, p.colour())
		}
		found = append(found, f)
	}
	if c.Format == "table" {
		writeFix(p.Out, found)
	}
	if c.Format == "json" {
		err = policy.WriteJSON(p.Out, control.Each(found))
	}
	if err != nil {
		return err
	}
	return diagnosis(p.Err, found)
}

// writeFinding prints a finding, and above it what to do about those before it, if that is something else.
func writeFinding(w io.Writer, f doctor.Finding, before []doctor.Finding, colour bool) {
	if n := len(before); n > 0 && (before[n-1].Check != f.Check || before[n-1].Fix != f.Fix) {
		writeFix(w, before)
	}
	style, bad := map[string]string{doctor.Wrong: control.Red, doctor.Warning: control.Yellow}[f.State]
	state := control.Styled(style, fmt.Sprintf("%-7s", f.State), bad && colour)
	fmt.Fprintf(w, "%s  %-15s %s\n", state, f.Check, control.Plain(f.Found))
}

// writeFix prints what to do about the last finding, once for all of the same fix before it.
func writeFix(w io.Writer, found []doctor.Finding) {
	if n := len(found); n > 0 && found[n-1].Fix != "" {
		fmt.Fprintf(w, "%-25s-> %s\n", "", control.Plain(found[n-1].Fix))
	}
}

// diagnosis prints a summary. It returns a refusal if something is wrong.
func diagnosis(w io.Writer, found []doctor.Finding) error {
	count := map[string]int{}
	for _, f := range found {
		count[f.State]++
	}
	switch {
	case count[doctor.Wrong] > 0 && count[doctor.Warning] > 0:
		return control.Refused("%d wrong, and %s", count[doctor.Wrong], control.Plural(count[doctor.Warning], "warning"))
	case count[doctor.Wrong] > 0:
		return control.Refused("%d wrong", count[doctor.Wrong])
	case count[doctor.Warning] > 0:
		fmt.Fprintf(w, "Nothing is wrong; %s.\n", control.Plural(count[doctor.Warning], "warning"))
	default:
		fmt.Fprintln(w, "Everything is right.")
	}
	return nil
}

// probeCommand is "probe": what doctor asks of the process that has the store open.
type probeCommand struct{}

func (probeCommand) Help() string { return examples("", "supportline probe") }

func (probeCommand) Run(ctx context.Context, s *control.Session) error {
	state, err := doctor.Probe(ctx, s.Store, s.Rotas.Roster(), s.Archive.Probe, s.Now)
	if err != nil {
		return err
	}
	return json.NewEncoder(s.Out).Encode(state)
}

// probe measures the store, in the server where one runs. A store that does not exist is not made.
func (p *program) probe(ctx context.Context, conf config.Config, configFile string) (state doctor.StoreState, err error) {
	err = p.ask(ctx, conf, probeCommand{}, []string{"probe"}, configFile, &state)
	if errors.Is(err, server.ErrNoStore) {
		return doctor.ProbeDisk(ctx, conf, p.Now)
	}
	return state, err
}

type checkCommand struct {
	Offline bool `help:"Take missing environment variables for empty, and accept empty secrets."`
}

func (checkCommand) Help() string {
	return examples(`Prints every problem as file:line:column, what is wrong and what to write instead. Exit status 1 where
there are any. Notes are advice: with them alone the configuration is right.`,
		"supportline check",
		"supportline check --offline --config supportline.example.yaml")
}

func (c checkCommand) run(ctx context.Context, p *program, configFile string) error {
	o := config.Options{Offline: c.Offline}
	if first, problems := config.Load(configFile, p.Env, o); len(problems) == 0 && len(first.Rotas) > 0 && !c.Offline {
		before := p.rotasInForce(ctx, first, configFile)
		o.Now, o.Before, o.Overrides = p.Now(), before.Turns, before.Overrides
	}
	conf, err := p.examine(configFile, o, p.Out, "")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Err, "%s is right: %s, configuration %s\n", configFile, control.Plural(len(conf.Settings.Lines), "line"), conf.Settings.Version)
	return err
}

// rotasInForce is what people and the configuration before made of the rotas.
type rotasInForce struct {
	Turns     []oncall.Turns    `json:"turns"`
	Overrides []oncall.Revision `json:"overrides"`
}

// rotasInForce returns nothing if there is no store yet, or if it cannot be asked, which is written to standard error.
func (p *program) rotasInForce(ctx context.Context, conf config.Config, configFile string) (found rotasInForce) {
	if err := p.ask(ctx, conf, turnsCommand{}, []string{"turns"}, configFile, &found); err != nil && !errors.Is(err, server.ErrNoStore) {
		fmt.Fprintf(p.Err, "The store can't be asked, so it's not known whose turn now changes: %v\n", err)
	}
	return found
}

// turnsCommand is "turns": what check asks of the process that has the store open.
type turnsCommand struct{}

func (turnsCommand) Help() string { return examples("", "supportline turns") }

func (turnsCommand) Run(ctx context.Context, s *control.Session) error {
	turns, err := s.Store.TurnsInForce(ctx)
	if err != nil {
		return err
	}
	found, roster := rotasInForce{Turns: turns}, s.Rotas.Roster()
	for _, r := range roster.Rotas() {
		found.Overrides = append(found.Overrides, roster.Revision(r.Name))
	}
	return json.NewEncoder(s.Out).Encode(found)
}

// examine reads the configuration for a command whose answer its problems are: they are printed to standard output, and refuse the rest. What is only
// noted goes to notes.
func (p *program) examine(file string, o config.Options, notes io.Writer, rest string) (config.Config, error) {
	conf, problems := config.Load(file, p.Env, o)
	if len(problems) == 0 {
		return conf, config.WriteProblems(notes, conf.Notes)
	}
	if err := config.WriteProblems(p.Out, problems); err != nil {
		return conf, err
	}
	return conf, control.Refused("%s has %s%s", file, control.Plural(len(problems), "problem"), rest)
}
