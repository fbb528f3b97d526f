package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
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

func (c reconcileCommand) Run(ctx context.Context, s *control.Session) error {
	at, err := s.Account()
	if err != nil {
		return err
	}
	from, to, err := c.window(ctx, s)
	if err != nil {
		return err
	}
	progress := &sharedBar{bar: newBar(s.Err, int64(to.Sub(from)), s.Progress)}
	r := &reconciler{log: s.Store, list: at, settings: s.Settings, now: s.Now(), seen: func(at time.Time) { progress.at(int64(to.Sub(at))) }}
	repairs := func(yield func(repair, error) bool) { r.each(ctx, from, to, yield) }
	if c.Format == "json" {
		err = writeJSON(s.Out, repairs)
	} else {
		err = (&repairRows{out: s.Out, colour: s.Colour, before: progress.done}).write(repairs)
	}
	progress.done()
	if err != nil {
		return fmt.Errorf("%w\n%s put right before that; run it again", err, plural(r.repaired, "call"))
	}
	return c.summary(s, r, from, to)
}

// each runs, and gives each repair as it happens; an error ends the sequence.
func (r *reconciler) each(ctx context.Context, from, to time.Time, yield func(repair, error) bool) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	found := make(chan repair)
	r.found = func(one repair) { found <- one }
	var err error
	go func() {
		defer close(found)
		err = r.run(ctx, from, to)
	}()
	listening := true
	for one := range found {
		if listening = listening && yield(one, nil); !listening {
			stop() // what is under way is let finish
		}
	}
	if listening && err != nil {
		yield(repair{}, err)
	}
}

// sharedBar is a bar that one draws and another clears away for a row.
type sharedBar struct {
	mu sync.Mutex
	*bar
}

func (b *sharedBar) at(done int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bar.at(done)
}

func (b *sharedBar) done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bar.done()
}

// repairRows is a table that is written row by row, since nobody knows how long it gets. Its columns are as wide as what they hold.
type repairRows struct {
	out    io.Writer
	colour bool
	before func() // clears the line for a row
}

func (t *repairRows) write(repairs iter.Seq2[repair, error]) error {
	const row = "%-34s  %-19s  %-16s  %-10s  %-20s  %s"
	head := fmt.Sprintf(row, "SID", "STARTED", "LINE", "WHAT", "BEFORE", "AFTER")
	if t.colour {
		head = "\x1b[1m" + head + "\x1b[0m"
	}
	for found, err := range repairs {
		if err != nil {
			return err
		}
		t.before()
		if head != "" {
			fmt.Fprintln(t.out, head)
			head = ""
		}
		for _, d := range found.Repairs {
			fmt.Fprintf(t.out, row+"\n", found.SID, found.StartedAt.UTC().Format(time.DateTime), plain(found.Line), d.What, plain(d.Before), plain(d.After))
		}
	}
	return nil
}

func (c reconcileCommand) window(ctx context.Context, s *control.Session) (from, to time.Time, err error) {
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

func (c reconcileCommand) summary(s *control.Session, r *reconciler, from, to time.Time) error {
	_, err := fmt.Fprintf(s.Err, "%s put right, of those that began from %s to %s\n", plural(r.repaired, "call"),
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
	r := &reconciler{log: j.store, list: list, settings: j.settings, now: now, found: func(found repair) {
		for _, what := range found.Repairs {
			told(what)
		}
	}}
	return r.run(ctx, since(checkpoint, to), to)
}
