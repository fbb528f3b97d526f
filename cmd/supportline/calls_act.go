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
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/remedy"
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

func (callsWaive) Help() string {
	return examples("A call over the limit is deemed necessary, and is not over-long then. It still counts as a ticket.",
		`supportline calls waive CA00000000000000000000000000000001 --reason "outage, moved to a bridge"`,
		"supportline calls waive CA00000000000000000000000000000001 --undo")
}

func (c callsWaive) Run(ctx context.Context, s *control.Session) error {
	what := policy.Act{Kind: policy.ActWaive, Reason: c.Reason, Limit: s.Settings.FairUse.CallLimit}
	return c.do(ctx, s, what, "say why the call was necessary: --reason TEXT")
}

type callsTraining struct{ act }

func (callsTraining) Help() string {
	return examples("The account used the line as a training tool. The call still counts as a ticket.",
		"supportline calls training CA00000000000000000000000000000001")
}

func (c callsTraining) Run(ctx context.Context, s *control.Session) error {
	return c.do(ctx, s, policy.Act{Kind: policy.ActTraining}, "")
}

type callsAttach struct {
	act
	Customer string `placeholder:"N" help:"The customer number of the account. It, or --on-file, must be given."`
	OnFile   bool   `help:"The account that the caller's number is on file of."`
}

func (callsAttach) Help() string {
	return examples("The call was this account's: it counts there, in the month of its start, and nowhere else.",
		"supportline calls attach CA00000000000000000000000000000001 --customer 204518",
		"supportline calls attach CA00000000000000000000000000000001 --on-file")
}

func (c callsAttach) Run(ctx context.Context, s *control.Session) error {
	what := policy.Act{Kind: policy.ActAttach}
	if c.OnFile && !c.Undo {
		if c.Customer != "" {
			return errors.New("give --customer N or --on-file, not both")
		}
		number, err := c.onFile(ctx, s)
		if err != nil {
			return err
		}
		c.Customer = number
	}
	if !c.Undo && c.Customer != "" {
		if _, err := s.Store.Customer(ctx, policy.CustomerNumber(c.Customer)); err != nil {
			return flags.Absent(c.Customer, err)
		}
		what.Value = c.Customer
	}
	return c.do(ctx, s, what, "name the account: --customer N, or --on-file")
}

// onFile returns the customer number of the account that the caller's number is on file of.
func (c callsAttach) onFile(ctx context.Context, s *control.Session) (string, error) {
	call, err := s.Store.Call(ctx, policy.CallSID(c.SID))
	if err != nil {
		return "", flags.Absent(c.SID, err)
	}
	act, err := call.AttachOnFile(s.User, s.Now())
	return act.Value, flags.Absent(c.SID, err)
}

type callsTicket struct {
	act
	Number string `placeholder:"T" help:"The number of the ticket. It must be given."`
}

func (callsTicket) Help() string {
	return examples("Calls about one ticket count once a month.",
		"supportline calls ticket CA00000000000000000000000000000001 --number 4711")
}

func (c callsTicket) Run(ctx context.Context, s *control.Session) error {
	return c.do(ctx, s, policy.Act{Kind: policy.ActTicket, Value: c.Number}, "name the ticket: --number T")
}

type callsNote struct {
	act
	Text string `arg:"" optional:"" name:"TEXT" help:"The note."`
}

func (callsNote) Help() string {
	return examples("", `supportline calls note CA00000000000000000000000000000001 "the customer will send screenshots"`)
}

func (c callsNote) Run(ctx context.Context, s *control.Session) error {
	return c.do(ctx, s, policy.Act{Kind: policy.ActNote, Value: c.Text}, "write the note behind the SID")
}

// do writes the act down, and prints the account's month as it is now. missing is the error of an act that has neither value nor reason, unless it
// needs none or is undone.
func (a act) do(ctx context.Context, s *control.Session, what policy.Act, missing string) error {
	if missing != "" && what.Value+what.Reason == "" && !a.Undo {
		return errors.New(missing)
	}
	what.At, what.By, what.Undo = s.Now(), cmp.Or(a.By, s.User), a.Undo
	call, err := s.Store.Act(ctx, policy.CallSID(a.SID), what, a.Seen, s.Settings.LineZone)
	if err != nil {
		return flags.Absent(a.SID, err)
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

// callsExplain is "calls explain": why everything happened on one call.
type callsExplain struct {
	SID    string     `arg:"" name:"SID" help:"The call's SID, as the log shows it."`
	Zone   flags.Zone `default:"UTC" placeholder:"ZONE" help:"The zone of the times in the table (default: UTC)."`
	Format string     `enum:"table,json" default:"table" placeholder:"FORMAT" help:"table or json."`
}

func (callsExplain) Help() string {
	return examples("",
		"supportline calls explain CA00000000000000000000000000000001",
		"supportline calls explain CA00000000000000000000000000000001 --format json")
}

func (e callsExplain) Run(ctx context.Context, s *control.Session) error {
	zone := e.Zone.Location
	call, err := s.Store.Call(ctx, policy.CallSID(e.SID))
	if err != nil {
		return flags.Absent(e.SID, err)
	}
	counted, err := s.Store.TicketCounter(ctx)(call)
	if err != nil {
		return err
	}
	offers, err := s.Store.OffersOf(ctx, call.SID)
	if err != nil {
		return err
	}
	history := remedy.Decisions(s.Settings.Explain(call, counted, s.Now()), offers)
	if e.Format == "json" {
		return policy.WriteJSON(s.Out, control.Each(policy.Steps(history)))
	}
	heading(s.Out, call, s.Settings.Row(call, counted), zone, s.Now())
	return historyTable(history, call.StartedAt, zone).Write(s.Out, s.Colour)
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
	line("from", call.Caller())
	line("account", strings.TrimSpace(text(r.Customer)+" "+text(r.Account)))
	line("on file", text(r.OnFile))
	line("intent", text(r.Intent))
	line("ticket", text(r.Ticket))
	line("started", given(r.StartedAt, func(t time.Time) string { return t.In(zone).Format(time.DateTime + " MST") }))
	line("outcome", ending(call, now))
	line("specialist", r.TakenBy())
	seconds := func(n int) string { return fmt.Sprintf("%d s", n) }
	line("wait", given(r.WaitSeconds, seconds))
	line("talk", given(r.TalkSeconds, seconds))
	line("total", given(r.TotalSeconds, seconds))
	line("month", text(r.Month))
	line("notes", notes(r))
	line("settings", call.Config)
	fmt.Fprintln(w)
}

// historyTable shows times of day, with the date where it is not that of the call's start.
func historyTable(history []policy.Decision, start time.Time, zone *time.Location) *control.Table {
	t := &control.Table{Head: []string{zoned("AT", zone), "RULE", "RESULT", "INPUTS"}}
	for _, d := range history {
		at := wall(policy.TimeOrNil(d.At), zone)
		if date, clock, dated := strings.Cut(at, " "); dated && date == start.In(zone).Format(time.DateOnly) {
			at = clock
		}
		var inputs []string
		for _, f := range d.Inputs {
			inputs = append(inputs, f.Name+" "+f.Value)
		}
		t.Add(at, d.Rule, d.Result, strings.Join(inputs, ", "))
	}
	return t
}

type callsRecording struct {
	SID       string `arg:"" name:"SID" help:"The call's SID, as the log shows it."`
	Recording string `arg:"" optional:"" name:"RECORDING" help:"The recording's SID, as \"calls explain\" shows it (default: the voicemail, else the first recording)."`
	Out       string `placeholder:"FILE" help:"Write it into this file (default: standard output)."`
	By        string `placeholder:"NAME" help:"Who listens (default: the operating system's user)."`
}

func (callsRecording) Help() string {
	return examples(`A voicemail or a recording that is kept here, as a WAV file. The audit notes who took it. What was not
fetched yet is at the provider: "supportline recordings list" says why.`,
		"supportline calls recording CA00000000000000000000000000000001 --out message.wav",
		"supportline calls recording CA00000000000000000000000000000001 RE00000000000000000000000000000002 > talk.wav")
}

func (c callsRecording) OutputFile() string { return c.Out }

func (c callsRecording) Run(ctx context.Context, s *control.Session) error {
	found, err := s.Archive.Open(ctx, policy.CallSID(c.SID), c.Recording)
	switch {
	case errors.Is(err, policy.ErrNoRecording):
		return control.Refused("call %s has no such recording: \"supportline calls explain %s\" shows what it has", c.SID, c.SID)
	case err != nil:
		return flags.Absent(c.SID, err)
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
