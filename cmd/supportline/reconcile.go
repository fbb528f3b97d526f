package main

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
)

type reconcileCommand struct {
	Since  string        `placeholder:"D" help:"Calls that began at this time or later (default: the last checkpoint less a day, else 30 days)."`
	Lag    time.Duration `placeholder:"TIME" default:"0s" help:"Leave out calls that began within this time: the provider's list is late (default: ${default})."`
	Format string        `enum:"table,json" default:"table" help:"table or json (default: ${default})."`
}

func (reconcileCommand) Help() string {
	return examples(`Compares the log with the provider's own list of calls, puts right what lost callbacks left open, adds
calls that never reached us, finds voicemails whose callback was lost, and shows what it did. What the log knows better stays.
It can be stopped and run again at any time. A running server does it by itself every five minutes.`,
		"supportline reconcile",
		"supportline reconcile --since 2026-11-01 --format json")
}

func (c reconcileCommand) Run(ctx context.Context, s *control.Session) error {
	at, err := s.Account()
	if err != nil {
		return err
	}
	from, to, err := c.window(ctx, s)
	if err != nil {
		return err
	}
	progress := control.NewBar(s.Err, int64(to.Sub(from)), s.Progress)
	log := server.NotifyingLog(s.Store, s.Settings, s.Notices)
	r := &server.Reconciler{Log: log, List: at, Settings: s.Settings, Now: s.Now(), Seen: func(at time.Time) { progress.At(int64(to.Sub(at))) }}
	repairs := r.Repairs(ctx, from, to)
	if c.Format == "json" {
		err = policy.WriteJSON(s.Out, repairs)
	} else {
		err = writeRepairs(s, repairs, progress.Done)
	}
	progress.Done()
	if err != nil {
		return fmt.Errorf("%w\n%s put right before that; run it again", err, control.Plural(r.Repaired, "call"))
	}
	return c.summary(s, r, from, to)
}

// writeRepairs writes a table row by row, since its length is not known. Its columns are as wide as what they hold. before clears the line for a row.
func writeRepairs(s *control.Session, repairs iter.Seq2[server.Repair, error], before func()) error {
	const row = "%-34s  %-19s  %-16s  %-10s  %-20s  %s"
	head := control.Styled(control.Bold, fmt.Sprintf(row, "SID", zoned("STARTED", time.UTC), "LINE", "WHAT", "BEFORE", "AFTER"), s.Colour)
	for found, err := range repairs {
		if err != nil {
			return err
		}
		before()
		if head != "" {
			fmt.Fprintln(s.Out, head)
			head = ""
		}
		for _, d := range found.Repairs {
			fmt.Fprintf(s.Out, row+"\n", found.SID, found.StartedAt.UTC().Format(time.DateTime), control.Plain(found.Line), d.What,
				control.Plain(d.Before), control.Plain(d.After))
		}
	}
	return nil
}

func (c reconcileCommand) window(ctx context.Context, s *control.Session) (from, to time.Time, err error) {
	to = s.Now().Add(-c.Lag)
	if c.Since != "" {
		from, _, err = flags.ParseMoment(c.Since, time.UTC)
		if err != nil {
			return from, to, fmt.Errorf("--since: %w", err)
		}
		if !from.Before(to) {
			return from, to, fmt.Errorf("--since %s is not before now, less --lag: write an earlier time", c.Since)
		}
		return from, to, nil
	}
	from, err = s.Store.Checkpoint(ctx)
	return server.Since(from, to), to, err
}

func (c reconcileCommand) summary(s *control.Session, r *server.Reconciler, from, to time.Time) error {
	_, err := fmt.Fprintf(s.Err, "%s put right, of those that began from %s to %s UTC\n", control.Plural(r.Repaired, "call"),
		from.UTC().Format(time.DateTime), to.UTC().Format(time.DateTime))
	if err == nil && r.Foreign > 0 {
		_, err = fmt.Fprintf(s.Err, "%s of other numbers in the account left alone\n", control.Plural(r.Foreign, "call"))
	}
	return err
}
