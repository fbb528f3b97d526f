package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
)

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
