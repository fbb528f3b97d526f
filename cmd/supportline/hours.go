package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
)

// hoursCommand is "hours".
type hoursCommand struct {
	At   string `placeholder:"TIME" help:"A date, a date and time on the line's own clock, or RFC 3339 (default: now)."`
	Line number `placeholder:"NUMBER" help:"This line only (default: all)."`
	YAML bool   `help:"Show the closed days and special hours in force as YAML, to paste into the configuration."`
}

// Help shows examples.
func (hoursCommand) Help() string {
	return `Says of each line whether it is open, which rule says so and when it next changes, and shows two weeks. Dates that were edited in the
console count where the store is at hand. --yaml writes them as the configuration does: paste the lists over those of each line, and the
edits are no longer needed.

Examples:

    supportline hours
    supportline hours --line +448000668187 --at "2026-11-24 18:59"
    supportline hours --yaml`
}

func (c hoursCommand) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.settings(configFile)
	if err != nil {
		return err
	}
	conf = p.edited(ctx, conf, configFile)
	lines := conf.Settings.Lines
	if c.Line != "" {
		line, ok := conf.Settings.Line(policy.Phone(c.Line))
		if !ok {
			return fmt.Errorf("--line %s is not a line of this configuration: write one of %s", c.Line, list(fullNumbers(lines)))
		}
		lines = []policy.Line{line}
	}
	if c.YAML {
		_, err := p.Out.Write(config.DatesYAML(lines))
		return err
	}
	return c.show(p, lines)
}

// show says of each line how it stands, and what the two weeks hold.
func (c hoursCommand) show(p *program, lines []policy.Line) (err error) {
	for i, line := range lines {
		at := p.Now()
		if c.At != "" {
			if at, _, err = parseMoment(c.At, line.Zone); err != nil {
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

func fullNumbers(lines []policy.Line) []string {
	var numbers []string
	for _, l := range lines {
		numbers = append(numbers, l.Number.Full())
	}
	return numbers
}

// openingText says whether a line is open, why, and for how long, in two sentences.
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
