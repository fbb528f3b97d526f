package main

import (
	"context"
	"fmt"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
)

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
