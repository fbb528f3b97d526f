package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/ivr"
)

// fallbackCommand is "fallback".
type fallbackCommand struct {
	Out string `required:"" placeholder:"DIR" help:"Where the documents go, a folder for each line."`
	At  string `placeholder:"TIME" help:"The week begins at this time: \"2026-11-22 10:00\" (UTC) or RFC 3339 (default: now)."`
}

// Help shows examples.
func (fallbackCommand) Help() string {
	return `Writes the documents that answer callers while the server can't: they say the hours of the week to come and ring the critical team, with no
state. Put them where they can be fetched with GET (a CDN, an object store) and name that place as fallback_url; bin.xml is all in one, for a
TwiML Bin. Write them anew each week, and when a date was edited in the console, since closed days are named.

Examples:

    supportline fallback --out fallback
    0 6 * * 1  supportline fallback --out /srv/fallback`
}

func (c fallbackCommand) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, config.Options{}) // an address that is missing would make documents that lead nowhere
	if err != nil {
		return err
	}
	conf = p.edited(ctx, conf, configFile)
	from := p.Now()
	if c.At != "" {
		if from, _, err = parseMoment(c.At, time.UTC); err != nil {
			return fmt.Errorf("--at: %w", err)
		}
	}
	fallback := conf.Fallback()
	for _, line := range conf.Settings.Lines {
		documents, err := fallback.Documents(line, from)
		if err != nil {
			return err
		}
		folder := filepath.Join(c.Out, ivr.FallbackFolder(line.Number))
		if err := writeDocuments(folder, documents); err != nil {
			return err
		}
		fmt.Fprintf(p.Out, "%s  %s  %s\n", line.Number.Full(), control.Plain(line.Name), strings.Join(slices.Sorted(maps.Keys(documents)), " "))
		fmt.Fprintf(p.Out, "    %s\n", folder)
	}
	until := from.AddDate(0, 0, 7)
	fmt.Fprintf(p.Err, "Right until %s. They refer to each other below %s\n", until.UTC().Format(time.DateOnly), conf.FallbackBase())
	if _, hosted := conf.HostedElsewhere(); !hosted {
		fmt.Fprintln(p.Err, "That is this server, which can't answer when they are needed: name the place that hosts them as fallback_url")
	}
	return nil
}

// writeDocuments writes a line's documents, each whole or not at all.
func writeDocuments(folder string, documents map[string][]byte) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, text := range documents {
		if err := replaceFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// replaceFile writes a file in one step, so that no reader sees half of it.
func replaceFile(file string, text []byte, mode os.FileMode) error {
	if err := os.WriteFile(file+".new", text, mode); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
