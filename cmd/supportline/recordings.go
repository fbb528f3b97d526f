package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/cmd/supportline/recordings"
)

// recordingCommands are the commands about recordings that wait for a step.
type recordingCommands struct {
	List  recordingsList  `cmd:"" help:"What waits: to be fetched, to be deleted at the provider, to be removed."`
	Fetch recordingsFetch `cmd:"" help:"Do at once what waits."`
}

type recordingsList struct {
	Failed bool       `help:"Only those that failed before."`
	Limit  int        `default:"1000" placeholder:"N" help:"At most so many of each kind (default: ${default})."`
	Zone   flags.Zone `default:"UTC" placeholder:"ZONE" help:"The zone of the times in the table (default: UTC)."`
	Format string     `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

func (recordingsList) Help() string {
	return examples(`Voicemails and recordings that the server has still to do something about, and why it could not yet. It
tries again by itself.`,
		"supportline recordings list",
		"supportline recordings list --failed --format json")
}

func (l recordingsList) Run(ctx context.Context, s *control.Session) error {
	if l.Limit < 1 {
		return fmt.Errorf("--limit %d: write a number of recordings", l.Limit)
	}
	zone := l.Zone.Location
	if s.Archive.BucketName() == "" {
		fmt.Fprintln(s.Err, "recordings.keep names no place: voicemails and recordings stay at the provider.")
	}
	t := control.Table{
		Head:  []string{"RECORDING", "CALL", "STEP", "SECONDS", "TRIES", zoned("NEXT TRY", zone), "ERROR"},
		Right: map[string]bool{"SECONDS": true, "TRIES": true},
	}
	return control.Print(s, l.Format, s.Archive.Waiting(ctx, s.Now(), l.Failed, l.Limit), t, func(r recordings.Waiting) []string {
		return []string{r.Recording, text(r.Call), r.Step, given(r.Seconds, strconv.Itoa), strconv.Itoa(r.Tries), wall(r.NextAt, zone), text(r.Error)}
	}, "No recordings wait.")
}

type recordingsFetch struct{}

func (recordingsFetch) Help() string {
	return examples(`Fetches, deletes and removes what waits, without waiting for the next try. A running server does so by
itself. Exit status 1 where something still waits.`, "supportline recordings fetch")
}

func (recordingsFetch) Run(ctx context.Context, s *control.Session) error {
	did, err := s.Archive.PassAll(ctx)
	fmt.Fprintf(s.Err, "%d fetched, %d deleted at the provider, %d removed\n", did.Fetched, did.Deleted, did.Removed)
	switch {
	case err != nil:
		return err
	case did.Failed > 0:
		return control.Refused("%s failed: \"supportline recordings list --failed\" says why", control.Plural(did.Failed, "recording"))
	case did.Down:
		return control.Refused("the place %s fails: \"supportline doctor\" says why", s.Archive.BucketName())
	}
	return nil
}
