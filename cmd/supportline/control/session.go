package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/alarms"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/figures"
	"github.com/officernd/supportline/twilio"
)

// A Command is a command on the store. It runs in the process that has the store open, which is the server where there is one, so it knows the
// person's terminal by its session alone and touches no file, no environment and no clock of its own.
type Command interface {
	Run(ctx context.Context, s *Session) error
}

// A Storeless command has an answer where there is no store yet: from the configuration alone. Its Session has no Store then.
type Storeless interface {
	Command
	// WithoutStore returns what the person should know about that answer.
	WithoutStore() string
}

// A Session is one run of a Command.
type Session struct {
	Terminal
	In       io.Reader
	Out, Err io.Writer
	Now      func() time.Time
	Store    *store.Store
	// FollowUps acts on what waits for a person.
	FollowUps FollowUps
	// Offers offers pages of the company.
	Offers   Offers
	Rotas    *store.Rotas    // who is on call; a change through it is in force at once
	Settings policy.Settings // in force
	Notices  notices.Settings
	// Sample sends a sample to a receiver of alarms: a channel, or a way and whom (alarms.Teller.Sample).
	Sample func(ctx context.Context, receiver string) ([]alarms.Sent, error)
	// Account makes the client of the provider's account; its error says what is missing.
	Account func() (*twilio.Account, error)
	// Backup makes a backup of the store into a new file, named by its whole path, and tells the person of the session.
	Backup func(ctx context.Context, s *Session, file string) error
	// Archive opens recordings, and fetches and removes them.
	Archive *recordings.Archive
}

// FollowUps acts on follow-ups. A store does, and that of a server tells people at once.
type FollowUps interface {
	AskCallBack(ctx context.Context, id followup.ID, to policy.Target, act followup.Act) (followup.CallBack, error)
	TakeFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error)
	FinishFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error)
	ReopenFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error)
}

// Offers offers pages of the company to callers and account holders, and takes them back. That of a server sends at once.
type Offers interface {
	OfferOn(ctx context.Context, sid policy.CallSID, ask remedy.Ask) (remedy.Offer, error)
	TakeBackOffer(ctx context.Context, id remedy.ID, act followup.Act) (remedy.Offer, error)
}

// Terminal describes the person who started a Command, and the person's terminal, wherever the Command runs.
type Terminal struct {
	Ask       bool   `json:"ask"`      // somebody can answer a question
	Progress  bool   `json:"progress"` // standard error is a terminal
	Colour    bool   `json:"colour"`   // standard output is a terminal that takes colours
	User      string `json:"user"`     // the operating system's name of the person; a server finds it out itself (peerUser)
	Input     string `json:"input"`    // the name of what In reads, for problems found in it
	InputSize int64  `json:"input_size"`
}

// Accounts derives usage from the log, under the figures in force.
func (s *Session) Accounts() figures.Accounts {
	return figures.Accounts{Store: s.Store, FairUse: s.Settings.FairUse}
}

// ThisMonth returns the current month of the company.
func (s *Session) ThisMonth() policy.Month { return s.Settings.ThisMonth(s.Now()) }

// Month reads the value of a flag, which means the current month if it is empty. A month that has not begun is an error.
func (s *Session) Month(flag, text string) (policy.Month, error) {
	month, err := s.Settings.BegunMonth(text, s.Now())
	if err != nil {
		return "", fmt.Errorf("%s: %w", flag, err)
	}
	return month, nil
}

// Confirm asks a question that only yes answers. Where nobody can answer, the act needs --yes, which is the flag yes.
func (s *Session) Confirm(yes bool, question string) error {
	if yes {
		return nil
	}
	if !s.Ask {
		return errors.New("nobody can be asked here: add --yes to do it without a question")
	}
	fmt.Fprintf(s.Err, "%s [y/N] ", question)
	answer, err := bufio.NewReader(s.In).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return Refused("nothing was changed")
}
