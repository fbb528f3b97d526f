package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/doctor"
	"github.com/officernd/supportline/policy"
)

// doctorCommand is "doctor".
type doctorCommand struct {
	Format string `enum:"table,json" default:"table" placeholder:"FORMAT" help:"table or json."`
}

// Help shows examples.
func (doctorCommand) Help() string {
	return `Looks at everything that a new installation gets wrong: the account and its credentials, the numbers, the public address and its
certificate, a signed request, the clock, the voices, the specialists' numbers, the store, the place of recordings, the fallback. Each thing that isn't right has its
fix. Nothing at the provider is changed, and no call is made. Exit status 1 where something is wrong; a warning alone is 0.

Examples:

    supportline doctor
    supportline doctor --format json`
}

func (c doctorCommand) run(ctx context.Context, p *program, configFile string) error {
	conf, problems := config.Load(configFile, p.Env, config.Options{})
	if len(problems) > 0 {
		if err := config.WriteProblems(p.Out, problems); err != nil {
			return err
		}
		return control.Refused("%s has %s: the rest can't be looked at before", configFile, plural(len(problems), "problem"))
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
		found = append(found, f)
		if c.Format == "table" {
			writeFinding(p.Out, f, p.colour())
		}
	}
	if c.Format == "json" {
		err = policy.WriteJSON(p.Out, control.Each(found))
	}
	if err != nil {
		return err
	}
	return diagnosis(p.Err, found)
}

// writeFinding prints a finding, and below it what to do.
func writeFinding(w io.Writer, f doctor.Finding, colour bool) {
	state := fmt.Sprintf("%-7s", f.State)
	if code, bad := map[string]string{doctor.Wrong: red, doctor.Warning: "33"}[f.State]; bad && colour {
		state = "\x1b[" + code + "m" + state + "\x1b[0m"
	}
	fmt.Fprintf(w, "%s  %-15s %s\n", state, f.Check, control.Plain(f.Found))
	if f.Fix != "" {
		fmt.Fprintf(w, "%-25s-> %s\n", "", control.Plain(f.Fix))
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
		return control.Refused("%d wrong, and %s", count[doctor.Wrong], plural(count[doctor.Warning], "warning"))
	case count[doctor.Wrong] > 0:
		return control.Refused("%d wrong", count[doctor.Wrong])
	case count[doctor.Warning] > 0:
		fmt.Fprintf(w, "Nothing is wrong; %s.\n", plural(count[doctor.Warning], "warning"))
	default:
		fmt.Fprintln(w, "Everything is right.")
	}
	return nil
}

// probeCommand is "probe": what doctor asks of the process that has the store open.
type probeCommand struct{}

// Help shows an example.
func (probeCommand) Help() string { return "Example:\n\n    supportline probe" }

func (probeCommand) Run(ctx context.Context, s *control.Session) error {
	state, err := doctor.Probe(ctx, s.Store, s.Archive.Probe, s.Now)
	if err != nil {
		return err
	}
	return json.NewEncoder(s.Out).Encode(state)
}

// probe measures the store, in the server where one runs. A store that does not exist is not made.
func (p *program) probe(ctx context.Context, conf config.Config, configFile string) (state doctor.StoreState, err error) {
	file, err := conf.StoreFile()
	if err != nil {
		return state, err
	}
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return doctor.ProbeDisk(ctx, conf, p.Now)
	}
	text, err := p.quietly(ctx, probeCommand{}, "probe", configFile)
	if err != nil {
		return state, err
	}
	return state, json.Unmarshal(text, &state)
}

// checkCommand is "check".
type checkCommand struct {
	Offline bool `help:"Take missing environment variables for empty, and accept empty secrets."`
}

// Help shows examples.
func (checkCommand) Help() string {
	return `Prints every problem as file:line:column, what is wrong and what to write instead. Exit status 1 where there are any.

Examples:

    supportline check
    supportline check --offline --config supportline.example.yaml`
}

func (c checkCommand) run(_ context.Context, p *program, configFile string) error {
	conf, problems := config.Load(configFile, p.Env, config.Options{Offline: c.Offline})
	if len(problems) > 0 {
		if err := config.WriteProblems(p.Out, problems); err != nil {
			return err
		}
		return control.Refused("%s has %s", configFile, plural(len(problems), "problem"))
	}
	_, err := fmt.Fprintf(p.Err, "%s is right: %s, configuration %s\n", configFile, plural(len(conf.Settings.Lines), "line"), conf.Settings.Version)
	return err
}
