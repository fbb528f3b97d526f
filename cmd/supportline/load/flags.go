package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
)

// Flags describe a load on the command line.
type Flags struct {
	Rate          int           `placeholder:"N" help:"So many calls a second arrive, however slow the server is."`
	Concurrency   int           `placeholder:"N" help:"So many calls go on at any time (16 where there is no --rate)."`
	For           time.Duration `default:"30s" placeholder:"TIME" help:"How long calls begin (default: ${default}); with --find, for each rate."`
	Find          time.Duration `placeholder:"TIME" help:"Find the rate up to which 99 of 100 webhooks are answered within this time, such as 50ms."`
	Mix           string        `default:"${mix}" placeholder:"KIND=N,..." help:"How often each kind of caller calls (default: ${default})."`
	Customer      []string      `placeholder:"N" help:"Callers are of this account, or of these (default: all customers)."`
	Think         time.Duration `placeholder:"TIME" help:"How long people take for an act on average (default: no time); ten times that for a talk."`
	Seed          uint64        `placeholder:"N" help:"The same seed draws the same callers (default: others each time)."`
	To            string        `placeholder:"HOST:PORT" help:"Where the server listens (default: listen.webhooks)."`
	YesThisIsMine bool          `help:"The server may be on another machine."`
	Format        string        `enum:"table,json" default:"table" placeholder:"FORMAT" help:"table or json."`
}

// Check returns what is wrong with the flags.
func (f Flags) Check() error {
	_, err := ParseMix(f.Mix)
	switch {
	case err != nil:
		return err
	case f.Rate > 0 && f.Concurrency > 0, f.Find > 0 && f.Concurrency > 0:
		return errors.New("--rate and --find let calls arrive however slow the server is, --concurrency does not: leave it out, or them")
	case f.Rate < 0 || f.Concurrency < 0 || f.Concurrency > maxConnections || f.Rate > maxRate:
		return fmt.Errorf("write --rate 1 to %d, or --concurrency 1 to %d", maxRate, maxConnections)
	case f.For == 0:
		return errors.New("--for 0s: write how long, such as 30s")
	}
	return nil
}

// Drive drives a server with callers of some accounts, and prints what it measured. The answer is no where a webhook failed, or no rate held.
func (f Flags) Drive(ctx context.Context, to Target, customers []policy.Customer, s *control.Session) error {
	mix, err := ParseMix(f.Mix)
	if err != nil {
		return err
	}
	l := &Load{
		Target: to, Customers: customers, Mix: mix, Rate: float64(f.Rate), Concurrency: f.Concurrency, For: f.For, Think: f.Think, Seed: f.Seed,
	}
	if l.Rate == 0 && l.Concurrency == 0 {
		l.Concurrency = 16
	}
	if l.Seed == 0 {
		l.Seed = rand.Uint64()
	}
	if f.Find > 0 {
		return f.find(ctx, l, s)
	}
	progress := control.NewBar(s.Err, int64(f.For), s.Progress)
	l.Progress = func(d time.Duration) { progress.At(int64(d)) }
	r, err := l.Run(ctx)
	progress.Done()
	if err == nil && f.Format == "json" {
		err = policy.WriteJSON(s.Out, control.Each(r.List()))
	} else if err == nil {
		err = r.Write(s.Out, s.Colour)
	}
	if err == nil && r.All.Errors > 0 {
		return control.Refused("%s", control.Plural(r.All.Errors, "error"))
	}
	return err
}

// find prints each rate as it is tried, and the largest that held.
func (f Flags) find(ctx context.Context, l *Load, s *control.Session) error {
	var steps []Step
	table := f.Format == "table"
	if table {
		fmt.Fprintln(s.Out, stepHead)
	}
	rate, err := l.Find(ctx, f.Find, func(step Step) {
		steps = append(steps, step)
		if table {
			fmt.Fprintln(s.Out, step)
		}
	})
	switch {
	case err != nil:
		return err
	case !table:
		err = policy.WriteJSON(s.Out, control.Each(steps))
	case rate > 0:
		_, err = fmt.Fprintf(s.Out, "\n%.0f calls a second held: 99 of 100 webhooks were answered within %s.\n", rate, f.Find)
	}
	if err == nil && rate == 0 {
		return control.Refused("no rate held: not even the smallest that was tried")
	}
	return err
}
