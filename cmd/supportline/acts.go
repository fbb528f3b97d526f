package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
)

// act is what the commands by which a person changes a logged call have in common.
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

// do writes the act down, and says what the account's month is now.
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
