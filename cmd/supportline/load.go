package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/load"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
)

type loadCommand struct {
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

func (loadCommand) Help() string {
	return examples(`Makes up whole calls against a running server, signed as the provider signs them, and measures how long it takes to answer. The calls
are logged, and figures change: use a demo, or a store that nobody relies on. Their SIDs begin with `+load.SIDPrefix+`. Exit status 1 where
a webhook failed, or with --find where no rate held.`,
		"supportline load --rate 50 --for 1m",
		"supportline load --concurrency 64 --mix critical=1,question=3",
		"supportline load --find 50ms --for 10s")
}

func (c loadCommand) run(ctx context.Context, p *program, configFile string) error {
	l, err := c.load(ctx, p, configFile)
	if err != nil {
		return err
	}
	if c.Find > 0 {
		return c.find(ctx, p, l)
	}
	progress := control.NewBar(p.Err, int64(c.For), control.IsTerminal(p.Err))
	l.Progress = func(d time.Duration) { progress.At(int64(d)) }
	r, err := l.Run(ctx)
	progress.Done()
	if err == nil && c.Format == "json" {
		err = policy.WriteJSON(p.Out, control.Each(r.List()))
	} else if err == nil {
		err = r.Write(p.Out, p.colour())
	}
	if err == nil && r.Failed() > 0 {
		return control.Refused("%s failed", control.Plural(r.Failed(), "webhook"))
	}
	return err
}

// load returns what the flags ask for, once the server has answered that it is well.
func (c loadCommand) load(ctx context.Context, p *program, configFile string) (*load.Load, error) {
	l := &load.Load{Rate: float64(c.Rate), Concurrency: c.Concurrency, For: c.For, Think: c.Think, Seed: c.Seed}
	mix, err := load.ParseMix(c.Mix)
	switch {
	case err != nil:
		return nil, err
	case c.Rate > 0 && c.Concurrency > 0, c.Find > 0 && c.Concurrency > 0:
		return nil, errors.New("--rate and --find let calls arrive however slow the server is, --concurrency does not: leave it out, or them")
	case c.Rate == 0 && c.Concurrency == 0:
		l.Concurrency = 16
	case c.Rate < 0 || c.Concurrency < 0 || c.Concurrency > load.MaxConnections || c.Rate > load.MaxRate:
		return nil, fmt.Errorf("write --rate 1 to %d, or --concurrency 1 to %d", load.MaxRate, load.MaxConnections)
	case c.For == 0:
		return nil, errors.New("--for 0s: write how long, such as 30s")
	}
	if c.Seed == 0 {
		l.Seed = rand.Uint64()
	}
	conf, err := p.load(configFile, config.Options{})
	if err != nil {
		return nil, err
	}
	l.Mix = mix
	if l.Target, err = load.NewTarget(conf, c.To, c.YesThisIsMine); err != nil {
		return nil, err
	}
	if !load.IsDemo(conf) {
		fmt.Fprintf(p.Err, "Warning: the store %s is not a demo's. Its log gets the made-up calls, and nothing takes them out again.\n", conf.Store)
	}
	l.Customers, err = c.customers(ctx, p, conf, configFile)
	return l, err
}

// customers returns the accounts that call.
func (c loadCommand) customers(ctx context.Context, p *program, conf config.Config, configFile string) (all []policy.Customer, err error) {
	for _, n := range c.Customer {
		all = append(all, policy.Customer{Number: policy.CustomerNumber(n)})
	}
	if len(all) > 0 || c.To != "" && c.YesThisIsMine {
		return all, nil
	}
	if _, err := server.AskHealth(ctx, conf.Listen.Health(), "/healthz"); err != nil {
		return nil, fmt.Errorf("no server of %s answers (%w): start it with \"supportline serve\", or \"supportline demo\" for the demo's", configFile, err)
	}
	err = p.ask(ctx, conf, customersList{Format: "json"}, []string{"customers", "list", "--format", "json"}, configFile, &all)
	return all, err
}

// find prints each rate that is tried, and the largest that held.
func (c loadCommand) find(ctx context.Context, p *program, l *load.Load) error {
	var steps []load.Step
	table := c.Format == "table"
	if table {
		fmt.Fprintln(p.Out, load.StepHead)
	}
	rate, err := l.Find(ctx, c.Find, func(s load.Step) {
		steps = append(steps, s)
		if table {
			fmt.Fprintln(p.Out, s)
		}
	})
	switch {
	case err != nil:
		return err
	case !table:
		err = policy.WriteJSON(p.Out, control.Each(steps))
	case rate > 0:
		_, err = fmt.Fprintf(p.Out, "\n%.0f calls a second held: 99 of 100 webhooks were answered within %s.\n", rate, c.Find)
	}
	if err == nil && rate == 0 {
		return control.Refused("no rate held")
	}
	return err
}
