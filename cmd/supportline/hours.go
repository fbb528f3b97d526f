package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
)

type hoursCommand struct {
	At   string       `placeholder:"TIME" help:"A date, a date and time on the line's own clock, or RFC 3339 (default: now)."`
	Line flags.Number `placeholder:"NUMBER" help:"This line only (default: all)."`
	YAML bool         `help:"Show the closed days and special hours in force as YAML, to paste into the configuration."`
}

func (hoursCommand) Help() string {
	return examples(`Says of each line whether it is open, which rule says so and when it next changes, and shows two weeks.
Dates that were edited in the console count where the store is at hand. --yaml writes them as the configuration does: paste
the lists over those of each line, and the edits are no longer needed.`,
		"supportline hours",
		`supportline hours --line +448000668187 --at "2026-11-24 18:59"`,
		"supportline hours --yaml")
}

func (c hoursCommand) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, offline)
	if err != nil {
		return err
	}
	conf = p.edited(ctx, conf, configFile)
	lines := conf.Settings.Lines
	if c.Line != "" {
		line, ok := conf.Settings.Line(policy.Phone(c.Line))
		if !ok {
			var numbers []string
			for _, l := range lines {
				numbers = append(numbers, l.Number.Full())
			}
			return fmt.Errorf("--line %s is not a line of this configuration: write one of %s", c.Line, flags.List(numbers))
		}
		lines = []policy.Line{line}
	}
	if c.YAML {
		_, err := p.Out.Write(config.DatesYAML(lines))
		return err
	}
	return c.show(p, lines)
}

// show prints for each line whether it is open, and its two weeks.
func (c hoursCommand) show(p *program, lines []policy.Line) (err error) {
	for i, line := range lines {
		at := p.Now()
		if c.At != "" {
			if at, _, err = flags.ParseMoment(c.At, line.Zone); err != nil {
				return fmt.Errorf("--at: %w", err)
			}
		}
		if i > 0 {
			fmt.Fprintln(p.Out)
		}
		fmt.Fprintf(p.Out, "%s\n\n", openingText(line, at))
		if err := writeFortnight(p.Out, line, at, p.colour()); err != nil {
			return err
		}
	}
	return nil
}

// openingText returns in two sentences whether a line is open, why, and for how long.
func openingText(line policy.Line, at time.Time) string {
	o := line.Opening(at)
	state, change := "closed", "opens"
	if o.Open {
		state, change = "open", "closes"
	}
	next := fmt.Sprintf("It never %s within 400 days.", change)
	if !o.Until.IsZero() {
		next = fmt.Sprintf("It %s on %s.", change, moment(o.Until.In(line.Zone)))
	}
	return fmt.Sprintf("%s, %s (%s): %s on %s\nby %s: %s. %s",
		control.Plain(line.Name), line.Number.Full(), line.Zone, state, moment(at.In(line.Zone)), o.Rule, control.Plain(o.Reason), next)
}

func moment(t time.Time) string { return t.Format("Monday, 2006-01-02 at 15:04:05 MST") }

// writeFortnight shows 14 days, the day of at first. Why is left out where the week's own hours decide.
func writeFortnight(w io.Writer, line policy.Line, at time.Time, colour bool) error {
	t := control.Table{Head: []string{"DATE", "DAY", "OPEN", "RULE", "WHY"}}
	first := policy.DateOf(at.In(line.Zone))
	for n := range 14 {
		day := line.Day(first.Plus(n))
		why := day.Reason
		if day.Usual {
			why = ""
		}
		t.Add(day.Date.String(), day.Date.Weekday().String()[:3], intervals(day.Open), day.Rule, why)
	}
	return t.Write(w, colour)
}

// intervals shows the open stretches of one day on the wall clock; one that lasts to midnight ends at 24:00.
func intervals(open []policy.Interval) string {
	if len(open) == 0 {
		return "closed"
	}
	var text []string
	for _, i := range open {
		to := i.To.Format("15:04")
		if to == "00:00" {
			to = "24:00"
		}
		text = append(text, i.From.Format("15:04")+"-"+to)
	}
	return strings.Join(text, ", ")
}

// datesCommand is "dates": what commands that read the configuration ask of the process that has the store open.
type datesCommand struct{}

func (datesCommand) Help() string { return examples("", "supportline dates") }

func (datesCommand) Run(ctx context.Context, s *control.Session) error {
	revisions, err := s.Store.ScheduleRevisions(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(s.Out).Encode(revisions)
}

// revisions returns what people edited of the lines' dates; none if there is no store yet.
func (p *program) revisions(ctx context.Context, conf config.Config, configFile string) (revisions []policy.ScheduleRevision, err error) {
	err = p.ask(ctx, conf, datesCommand{}, []string{"dates"}, configFile, &revisions)
	if errors.Is(err, server.ErrNoStore) {
		return nil, nil
	}
	return revisions, err
}

// edited returns a configuration under the edits of its lines' dates, for commands that need no store otherwise. It writes to standard error
// that there are edits, or that the store could not be asked.
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
		fmt.Fprintf(p.Err, "With %s edited in the console, configuration %s.\n", control.Plural(dates, "date"), conf.Settings.Version)
	}
	return conf
}

// ask runs a command on the store, in the server if one runs, and decodes the JSON that it prints. Its error is what the command wrote to
// standard error. If there is no store, the error is server.ErrNoStore, and none is made.
func (p *program) ask(ctx context.Context, conf config.Config, command control.Command, args []string, configFile string, answer any) error {
	var out, words bytes.Buffer
	quiet := *p
	quiet.Out, quiet.Err, quiet.In = &out, &words, strings.NewReader("")
	switch err := quiet.data(ctx, conf, command, args, configFile); {
	case errors.Is(err, server.ErrNoStore):
		return server.ErrNoStore
	case err != nil:
		if said := strings.TrimSpace(words.String()); said != "" {
			err = errors.New(strings.TrimPrefix(said, "supportline: "))
		}
		return err
	}
	return json.Unmarshal(out.Bytes(), answer)
}
