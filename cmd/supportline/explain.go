package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
)

// callsExplain is "calls explain": why everything happened on one call.
type callsExplain struct {
	SID    string `arg:"" name:"SID" help:"The call's SID, as the log shows it."`
	Zone   string `default:"UTC" placeholder:"ZONE" help:"The zone of the times in the table (default: UTC)."`
	Format string `enum:"table,json" default:"table" placeholder:"FORMAT" help:"table or json."`
}

// Help shows an example.
func (callsExplain) Help() string {
	return `Examples:

    supportline calls explain CA00000000000000000000000000000001
    supportline calls explain CA00000000000000000000000000000001 --format json`
}

func (e callsExplain) Run(ctx context.Context, s *control.Session) error {
	zone, err := parseZone(e.Zone)
	if err != nil {
		return fmt.Errorf("--zone: %w", err)
	}
	call, err := s.Store.Call(ctx, policy.CallSID(e.SID))
	if errors.Is(err, policy.ErrNoCall) {
		return control.Refused("no call %s is in the log: \"supportline calls\" shows the SIDs", e.SID)
	}
	if err != nil {
		return err
	}
	counted, err := s.Store.TicketCounter(ctx)(call)
	if err != nil {
		return err
	}
	story := call.Explain(s.Settings.FairUse, counted, s.Now())
	if e.Format == "json" {
		return policy.WriteJSON(s.Out, control.Each(policy.Steps(story)))
	}
	heading(s.Out, call, call.Row(s.Settings.FairUse, counted), zone, s.Now())
	return storyTable(story, zone).Write(s.Out, s.Colour)
}

// heading says in a few lines who called, when, and how it went.
func heading(w io.Writer, call policy.Call, r policy.Row, zone *time.Location, now time.Time) {
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%-11s %s\n", name, control.Plain(value))
		}
	}
	line("call", string(r.SID))
	line("line", r.Line)
	line("from", r.From)
	line("account", strings.TrimSpace(text(r.Customer)+" "+text(r.Account)))
	line("intent", text(r.Intent))
	line("ticket", text(r.Ticket))
	line("started", zoned(r.StartedAt, zone))
	line("outcome", ending(call, now))
	line("specialist", text(r.Specialist))
	line("wait", seconds(r.WaitSeconds))
	line("talk", seconds(r.TalkSeconds))
	line("total", seconds(r.TotalSeconds))
	line("month", text(r.Month))
	line("notes", notes(r))
	line("settings", call.Config)
	fmt.Fprintln(w)
}

func zoned(t *time.Time, zone *time.Location) string {
	if t == nil {
		return ""
	}
	return t.In(zone).Format("2006-01-02 15:04:05 MST")
}

func seconds(n *int) string {
	if n == nil {
		return ""
	}
	return fmt.Sprintf("%d s", *n)
}

func storyTable(story []policy.Decision, zone *time.Location) *control.Table {
	t := &control.Table{Head: []string{"AT", "RULE", "RESULT", "INPUTS"}}
	for _, d := range story {
		at := ""
		if !d.At.IsZero() {
			at = d.At.In(zone).Format("15:04:05")
		}
		var inputs []string
		for _, f := range d.Inputs {
			inputs = append(inputs, f.Name+" "+f.Value)
		}
		t.Add(at, d.Rule, d.Result, strings.Join(inputs, ", "))
	}
	return t
}
