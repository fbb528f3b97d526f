package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/officernd/supportline/policy"
)

// How far back a run looks. A call that began before the last checkpoint can have ended since: the provider lets none last longer than 24 hours,
// and its duration is waited for.
const (
	firstLook = 30 * 24 * time.Hour
	overlap   = 24*time.Hour + settled
)

// reconcileCommand is "reconcile".
type reconcileCommand struct {
	Since  string        `placeholder:"D" help:"Calls that began at this time or later (default: the last checkpoint less a day, else 30 days)."`
	Lag    time.Duration `placeholder:"TIME" default:"0s" help:"Leave out calls that began within this time: the provider's list is late (default: ${default})."`
	Format string        `enum:"table,json" default:"table" help:"table or json (default: ${default})."`
}

// Help shows examples.
func (reconcileCommand) Help() string {
	return `Compares the log with the provider's own list of calls, puts right what lost callbacks left open, adds calls that never reached us, finds
voicemails whose callback was lost, and shows what it did. What the log knows better stays. It can be stopped and run again at any time. A
running server does it by itself every five minutes.

Examples:

    supportline reconcile
    supportline reconcile --since 2026-11-01 --format json`
}

func (c reconcileCommand) run(ctx context.Context, s *session) error {
	at, err := s.Account()
	if err != nil {
		return err
	}
	from, to, err := c.window(ctx, s)
	if err != nil {
		return err
	}
	progress := newBar(s.Err, int64(to.Sub(from)), s.Progress)
	r := &reconciler{log: s.Store, list: at, settings: s.Settings, now: s.Now(), seen: func(_ int, at time.Time) { progress.at(int64(to.Sub(at))) }}
	err = r.run(ctx, from, to)
	progress.done()
	if err != nil {
		return fmt.Errorf("%w\n%s put right before that; run it again", err, plural(len(r.repairs), "call"))
	}
	return c.show(s, r, from, to)
}

func (c reconcileCommand) window(ctx context.Context, s *session) (from, to time.Time, err error) {
	to = s.Now().Add(-c.Lag)
	if c.Since != "" {
		from, _, err = parseMoment(c.Since, time.UTC)
		if err != nil {
			return from, to, fmt.Errorf("--since: %w", err)
		}
		return from, to, nil
	}
	from, err = s.Store.Checkpoint(ctx)
	return since(from, to), to, err
}

// since is where a run begins after a checkpoint.
func since(checkpoint, to time.Time) time.Time {
	if checkpoint.IsZero() {
		return to.Add(-firstLook)
	}
	return checkpoint.Add(-overlap)
}

func (c reconcileCommand) show(s *session, r *reconciler, from, to time.Time) error {
	if c.Format == "json" {
		if r.repairs == nil {
			r.repairs = []repair{}
		}
		return json.NewEncoder(s.Out).Encode(r.repairs)
	}
	if len(r.repairs) > 0 {
		t := table{head: []string{"SID", "STARTED", "LINE", "WHAT", "BEFORE", "AFTER"}}
		for _, call := range r.repairs {
			for _, d := range call.Repairs {
				t.add(string(call.SID), call.StartedAt.UTC().Format(time.DateTime), call.Line, d.What, d.Before, d.After)
			}
		}
		if err := t.write(s.Out, s.Colour); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(s.Err, "%s put right, of those that began from %s to %s\n", plural(len(r.repairs), "call"),
		from.UTC().Format(time.DateTime), to.UTC().Format(time.DateTime))
	if err == nil && r.foreign > 0 {
		_, err = fmt.Fprintf(s.Err, "%s of other numbers in the account left alone\n", plural(r.foreign, "call"))
	}
	return err
}

// reconcileEvery and listLag pace the server's own runs. The provider's list is complete some minutes late.
const (
	reconcileEvery = 5 * time.Minute
	listLag        = 5 * time.Minute
)

// reconcile is the server's own run.
func (j *jobs) reconcile(ctx context.Context, list callList, told func(policy.Repair), now time.Time) error {
	checkpoint, err := j.store.Checkpoint(ctx)
	if err != nil {
		return err
	}
	to := now.Add(-listLag)
	r := &reconciler{log: j.store, list: list, settings: j.settings, now: now}
	err = r.run(ctx, since(checkpoint, to), to)
	for _, call := range r.repairs {
		for _, d := range call.Repairs {
			told(d)
		}
	}
	return err
}
