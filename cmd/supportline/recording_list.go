package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
)

// recordingCommands are the commands about recordings that wait for a step.
type recordingCommands struct {
	List  recordingsList  `cmd:"" help:"What waits: to be fetched, to be deleted at the provider, to be removed."`
	Fetch recordingsFetch `cmd:"" help:"Do at once what waits."`
}

// recordingsList is "recordings list".
type recordingsList struct {
	Failed bool   `help:"Only those that failed before."`
	Limit  int    `default:"1000" placeholder:"N" help:"At most so many of each kind (default: ${default})."`
	Zone   string `default:"UTC" placeholder:"ZONE" help:"The zone of the times in the table (default: UTC)."`
	Format string `enum:"table,json,csv" default:"table" placeholder:"FORMAT" help:"table, json or csv."`
}

// Help shows examples.
func (recordingsList) Help() string {
	return `Voicemails and recordings that the server has still to do something about, and why it could not yet. It tries again by itself.

Examples:

    supportline recordings list
    supportline recordings list --failed --format json`
}

// waitingRecording is a recording that waits, as JSON and CSV. Call and Seconds are unknown where the call has lost the recording.
type waitingRecording struct {
	Recording string          `json:"recording"`
	Call      *policy.CallSID `json:"call"`
	Step      string          `json:"step"` // fetch, delete or remove
	Seconds   *int            `json:"seconds"`
	Tries     int             `json:"tries"`
	NextAt    *time.Time      `json:"next_at"`
	Error     *string         `json:"error"`
}

// someday returns a time after the next attempt of everything.
func someday(now time.Time) time.Time { return now.AddDate(1000, 0, 0) }

func (l recordingsList) Run(ctx context.Context, s *control.Session) error {
	if l.Limit < 1 {
		return fmt.Errorf("--limit %d: write a number of recordings", l.Limit)
	}
	zone, err := parseZone(l.Zone)
	if err != nil {
		return fmt.Errorf("--zone: %w", err)
	}
	if s.Archive.BucketName() == "" {
		fmt.Fprintln(s.Err, "recordings.keep names no place: voicemails and recordings stay at the provider.")
	}
	found := func(yield func(waitingRecording, error) bool) { l.each(ctx, s, yield) }
	t := control.Table{
		Head:  []string{"RECORDING", "CALL", "STEP", "SECONDS", "TRIES", "NEXT TRY", "ERROR"},
		Right: map[string]bool{"SECONDS": true, "TRIES": true},
	}
	return control.Print(s, l.Format, found, t, func(r waitingRecording) []string {
		return []string{r.Recording, text(r.Call), r.Step, figure(r.Seconds), strconv.Itoa(r.Tries), wall(r.NextAt, zone), text(r.Error)}
	}, "No recordings wait.")
}

// each yields the recordings that wait for a step which the configuration allows: none is fetched without a bucket, or deleted at the provider
// unless that is on.
func (l recordingsList) each(ctx context.Context, s *control.Session, yield func(waitingRecording, error) bool) {
	for _, step := range s.Archive.Steps() {
		due, err := s.Store.DueRecordings(ctx, step, someday(s.Now()), l.Limit)
		if err != nil {
			yield(waitingRecording{}, err)
			return
		}
		for _, d := range due {
			w, there, err := l.waiting(ctx, s, step, d)
			if (there || err != nil) && (!yield(w, err) || err != nil) {
				return
			}
		}
	}
	removals, err := s.Store.DueRemovals(ctx, someday(s.Now()), l.Limit)
	if err != nil {
		yield(waitingRecording{}, err)
		return
	}
	for _, r := range removals {
		w := waitingRecording{Recording: r.SID, Step: "remove", Tries: r.Tries, NextAt: known(r.NextAt), Error: orNull(r.Error)}
		if (r.Tries > 0 || !l.Failed) && !yield(w, nil) {
			return
		}
	}
}

func (l recordingsList) waiting(ctx context.Context, s *control.Session, step policy.RecordingStep, d policy.DueRecording) (waitingRecording, bool, error) {
	call, err := s.Store.Call(ctx, d.Call)
	if errors.Is(err, policy.ErrNoCall) {
		return waitingRecording{}, false, nil
	}
	r, there := call.Recording(d.SID)
	if err != nil || !there || r.Step() != step || (l.Failed && r.Tries == 0) {
		return waitingRecording{}, false, err
	}
	return waitingRecording{
		Recording: r.SID, Call: orNull(call.SID), Step: string(step), Seconds: &r.Seconds, Tries: r.Tries, NextAt: known(r.NextAt), Error: orNull(r.Error),
	}, true, nil
}

// recordingsFetch is "recordings fetch".
type recordingsFetch struct{}

// Help shows an example.
func (recordingsFetch) Help() string {
	return `Fetches, deletes and removes what waits, without waiting for the next try. A running server does so by itself. Exit status 1 where something
still waits.

Example:

    supportline recordings fetch`
}

func (recordingsFetch) Run(ctx context.Context, s *control.Session) error {
	did, err := s.Archive.PassAll(ctx)
	fmt.Fprintf(s.Err, "%d fetched, %d deleted at the provider, %d removed\n", did.Fetched, did.Deleted, did.Removed)
	switch {
	case err != nil:
		return err
	case did.Failed > 0:
		return control.Refused("%s failed: \"supportline recordings list --failed\" says why", plural(did.Failed, "recording"))
	case did.Down:
		return control.Refused("the place %s fails: \"supportline doctor\" says why", s.Archive.BucketName())
	}
	return nil
}
