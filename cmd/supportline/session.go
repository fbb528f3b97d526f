package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
)

// dataCommand is a command on the store. It runs in the process that has the store open, which is the server where there is one, so it
// knows the person's terminal by its session alone and touches no file, no environment and no clock of its own.
type dataCommand interface {
	run(ctx context.Context, s *session) error
}

// reader is a data command whose input is a file that the person named; "-" is standard input.
type reader interface {
	inputFile() string
}

// session is one run of a data command.
type session struct {
	surroundings
	In       io.Reader
	Out, Err io.Writer
	Now      func() time.Time
	Store    *store.Store
	Settings policy.Settings
	Notices  notices.Settings
	// Account makes the client of the provider's account; its error says what is missing.
	Account func() (*twilio.Account, error)
	// Keeper opens recordings, and does what is to be done about them.
	Keeper *recordings.Keeper
}

// surroundings are what a data command must know of the person who started it, wherever it runs.
type surroundings struct {
	Ask       bool   `json:"ask"`      // somebody can answer a question
	Progress  bool   `json:"progress"` // standard error is a terminal
	Colour    bool   `json:"colour"`   // standard output is a terminal that takes colours
	User      string `json:"user"`     // the operating system's name of the person
	Input     string `json:"input"`    // the name of what In reads, for problems found in it
	InputSize int64  `json:"input_size"`
}

// confirm asks a question that only yes answers. Where nobody can answer, the act needs --yes (yes is that flag).
func (s *session) confirm(yes bool, question string) error {
	return asker{s.Ask, s.In, s.Err}.confirm(yes, question)
}

// asker asks a person.
type asker struct {
	possible bool // somebody can answer
	in       io.Reader
	words    io.Writer
}

func (a asker) confirm(yes bool, question string) error {
	if yes {
		return nil
	}
	if !a.possible {
		return fmt.Errorf("nobody can be asked here: add --yes to do it without a question")
	}
	fmt.Fprintf(a.words, "%s [y/N] ", question)
	answer, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return no("nothing was changed")
}
