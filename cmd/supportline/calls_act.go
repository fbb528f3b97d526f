package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
)

// act holds what the commands by which a person changes a logged call have in common.
type act struct {
	SID  string `arg:"" name:"SID" help:"The call's SID, as the log shows it."`
	Undo bool   `help:"Take the last such act back. It needs nothing else."`
	By   string `placeholder:"NAME" help:"Who does it (default: the operating system's user)."`
	Seen int    `default:"-1" placeholder:"N" help:"Refuse when more than N acts are on the call: somebody else has changed it since you looked."`
}

type callsWaive struct {
	act
	Reason string `placeholder:"TEXT" help:"Why the length was necessary. It must be given."`
}

// Help shows examples.
func (callsWaive) Help() string {
	return `A call over the limit is deemed necessary, and is not over-long then. It still counts as a ticket.

Examples:

    supportline calls waive CA00000000000000000000000000000001 --reason "outage, moved to a bridge"
    supportline calls waive CA00000000000000000000000000000001 --undo`
}

func (c callsWaive) Run(ctx context.Context, s *control.Session) error {
	if c.Reason == "" && !c.Undo {
		return errors.New("say why the call was necessary: --reason TEXT")
	}
	return c.do(ctx, s, policy.Act{Kind: policy.ActWaive, Reason: c.Reason, Limit: s.Settings.FairUse.CallLimit})
}

type callsTraining struct{ act }

// Help shows an example.
func (callsTraining) Help() string {
	return `The account used the line as a training tool. The call still counts as a ticket.

Example:

    supportline calls training CA00000000000000000000000000000001`
}

func (c callsTraining) Run(ctx context.Context, s *control.Session) error {
	return c.do(ctx, s, policy.Act{Kind: policy.ActTraining})
}

type callsAttach struct {
	act
	Customer string `placeholder:"N" help:"The customer number of the account. It must be given."`
}

// Help shows an example.
func (callsAttach) Help() string {
	return `The call was this account's: it counts there, in the month of its start, and nowhere else.

Example:

    supportline calls attach CA00000000000000000000000000000001 --customer 204518`
}

func (c callsAttach) Run(ctx context.Context, s *control.Session) error {
	if c.Undo {
		return c.do(ctx, s, policy.Act{Kind: policy.ActAttach})
	}
	if c.Customer == "" {
		return errors.New("name the account: --customer N")
	}
	if _, err := s.Store.Customer(ctx, policy.CustomerNumber(c.Customer)); err != nil {
		return unknownCustomer(c.Customer, err)
	}
	return c.do(ctx, s, policy.Act{Kind: policy.ActAttach, Value: c.Customer})
}

type callsTicket struct {
	act
	Number string `placeholder:"T" help:"The number of the ticket. It must be given."`
}

// Help shows an example.
func (callsTicket) Help() string {
	return `Calls about one ticket count once a month.

Example:

    supportline calls ticket CA00000000000000000000000000000001 --number 4711`
}

func (c callsTicket) Run(ctx context.Context, s *control.Session) error {
	if c.Number == "" && !c.Undo {
		return errors.New("name the ticket: --number T")
	}
	return c.do(ctx, s, policy.Act{Kind: policy.ActTicket, Value: c.Number})
}

type callsNote struct {
	act
	Text string `arg:"" optional:"" name:"TEXT" help:"The note."`
}

// Help shows an example.
func (callsNote) Help() string {
	return `Example:

    supportline calls note CA00000000000000000000000000000001 "the customer will send screenshots"`
}

func (c callsNote) Run(ctx context.Context, s *control.Session) error {
	if c.Text == "" && !c.Undo {
		return errors.New("write the note behind the SID")
	}
	return c.do(ctx, s, policy.Act{Kind: policy.ActNote, Value: c.Text})
}

// do writes the act down, and prints the account's month as it is now.
func (a act) do(ctx context.Context, s *control.Session, what policy.Act) error {
	what.At, what.By, what.Undo = s.Now(), cmp.Or(a.By, s.User), a.Undo
	call, err := s.Store.Act(ctx, policy.CallSID(a.SID), what, a.Seen, s.Settings.LineZone)
	switch {
	case errors.Is(err, policy.ErrNoCall):
		return unknownCall(a.SID)
	case err != nil:
		return err
	}
	fmt.Fprintf(s.Err, "Done: act %d on %s.\n", len(call.Acts), call.SID)
	if call.Customer == "" || call.Month == "" {
		return nil
	}
	months, err := s.Accounts().MonthsOf(ctx, policy.Customer{Number: call.Customer}, call.Month, 1)
	if err != nil {
		return err
	}
	u := months[0]
	fmt.Fprintf(s.Err, "%s %s in %s: %d of %d tickets, %d over-long, %d waived, %d training.\n",
		u.Customer, control.Plain(call.Account), u.Month, u.Tickets, u.TicketLimit, u.OverLong, u.Waived, u.Training)
	return nil
}

func unknownCall(sid string) error {
	return control.Refused("no call %s is in the log: \"supportline calls\" shows the SIDs", sid)
}

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
		return unknownCall(e.SID)
	}
	if err != nil {
		return err
	}
	counted, err := s.Store.TicketCounter(ctx)(call)
	if err != nil {
		return err
	}
	history := call.Explain(s.Settings.FairUse, counted, s.Now())
	if e.Format == "json" {
		return policy.WriteJSON(s.Out, control.Each(policy.Steps(history)))
	}
	heading(s.Out, call, call.Row(s.Settings.FairUse, counted), zone, s.Now())
	return historyTable(history, zone).Write(s.Out, s.Colour)
}

// heading prints in a few lines who called, when, and how it went.
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

func historyTable(history []policy.Decision, zone *time.Location) *control.Table {
	t := &control.Table{Head: []string{"AT", "RULE", "RESULT", "INPUTS"}}
	for _, d := range history {
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

// callsRecording is "calls recording".
type callsRecording struct {
	SID       string `arg:"" name:"SID" help:"The call's SID, as the log shows it."`
	Recording string `arg:"" optional:"" name:"RECORDING" help:"The recording's SID, as \"calls explain\" shows it (default: the voicemail, else the first recording)."`
	Out       string `placeholder:"FILE" help:"Write it into this file (default: standard output)."`
	By        string `placeholder:"NAME" help:"Who listens (default: the operating system's user)."`
}

// Help shows examples.
func (callsRecording) Help() string {
	return `A voicemail or a recording that is kept here, as a WAV file. The audit notes who took it. What was not fetched yet is at the provider:
"supportline recordings list" says why.

Examples:

    supportline calls recording CA00000000000000000000000000000001 --out message.wav
    supportline calls recording CA00000000000000000000000000000001 RE00000000000000000000000000000002 > talk.wav`
}

func (c callsRecording) OutputFile() string { return c.Out }

func (c callsRecording) Run(ctx context.Context, s *control.Session) error {
	found, err := s.Archive.Open(ctx, policy.CallSID(c.SID), c.Recording)
	switch {
	case errors.Is(err, policy.ErrNoCall):
		return unknownCall(c.SID)
	case errors.Is(err, policy.ErrNoRecording):
		return control.Refused("call %s has no such recording: \"supportline calls explain %s\" shows what it has", c.SID, c.SID)
	case err != nil:
		return err
	}
	defer found.Close()
	if err := s.Store.Reveal(ctx, found.Call, cmp.Or(c.By, s.User), found.Words()); err != nil {
		return err
	}
	if err := found.Send(s.Out); err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "%s, %d bytes, SHA-256 %s\n", found.Words(), found.Copy.Bytes, found.Copy.SHA256)
	return nil
}
