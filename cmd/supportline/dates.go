package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
)

// datesCommand is "dates": what commands that read the configuration ask of whoever has the store open.
type datesCommand struct{}

// Help shows an example.
func (datesCommand) Help() string { return "Example:\n\n    supportline dates" }

func (datesCommand) Run(ctx context.Context, s *control.Session) error {
	revisions, err := s.Store.ScheduleRevisions(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(s.Out).Encode(revisions)
}

// revisions are what people edited of the lines' dates, from the server where one runs, else from the store's file; none where there is no
// store yet.
func (p *program) revisions(ctx context.Context, conf config.Config, configFile string) (revisions []policy.ScheduleRevision, err error) {
	file, err := conf.StoreFile()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	text, err := p.quietly(ctx, datesCommand{}, "dates", configFile)
	if err != nil {
		return nil, err
	}
	return revisions, json.Unmarshal(text, &revisions)
}

// edited is a configuration under the edits of its lines' dates, for commands that need no store otherwise. It says on standard error that
// there are edits, or that nobody could be asked for them.
func (p *program) edited(ctx context.Context, conf config.Config, configFile string) config.Config {
	revisions, err := p.revisions(ctx, conf, configFile)
	if err != nil {
		fmt.Fprintf(p.Err, "The store can't be asked, so this is the configuration alone, without what was edited in the console: %v\n", err)
		return conf
	}
	dates := 0
	for _, e := range revisions {
		dates += len(e.Dates)
	}
	conf.Settings = conf.Settings.With(revisions)
	if dates > 0 {
		fmt.Fprintf(p.Err, "With %s edited in the console, configuration %s.\n", plural(dates, "date"), conf.Settings.Version)
	}
	return conf
}

// quietly runs a data command of the program's own, and gives what it printed. Its error is what the command said.
func (p *program) quietly(ctx context.Context, command control.Command, name, configFile string) ([]byte, error) {
	var out, words bytes.Buffer
	quiet := *p
	quiet.Out, quiet.Err, quiet.In = &out, &words, strings.NewReader("")
	if err := quiet.data(ctx, command, []string{name}, configFile); err != nil {
		if said := strings.TrimSpace(words.String()); said != "" {
			err = errors.New(strings.TrimPrefix(said, "supportline: "))
		}
		return nil, err
	}
	return out.Bytes(), nil
}
