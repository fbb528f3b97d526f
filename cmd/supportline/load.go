package main

import (
	"context"
	"fmt"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/load"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
)

type loadCommand struct{ load.Flags }

func (loadCommand) Help() string {
	return examples(`Makes up whole calls against a running server, signed as the provider signs them, and measures how long it takes to answer. The calls
are logged, and figures change: use a demo, or a store that nobody relies on. Their SIDs begin with `+load.SIDPrefix+`. Exit status 1 where
a webhook failed, or with --find where no rate held.`,
		"supportline load --rate 50 --for 1m",
		"supportline load --concurrency 64 --mix critical=1,question=3",
		"supportline load --find 50ms --for 10s")
}

func (c loadCommand) run(ctx context.Context, p *program, configFile string) error {
	if err := c.Check(); err != nil {
		return err
	}
	conf, err := p.load(configFile, config.Options{})
	if err != nil {
		return err
	}
	target, err := load.NewTarget(conf, c.To, c.YesThisIsMine)
	if err != nil {
		return err
	}
	customers, err := c.customers(ctx, p, conf, configFile)
	if err != nil {
		return err
	}
	if !load.IsDemo(conf) {
		fmt.Fprintf(p.Err, "Warning: the store %s is not a demo's. Its log gets the made-up calls, and nothing takes them out again.\n", conf.Store)
	}
	return c.Drive(ctx, target, customers, p.person())
}

// customers returns the accounts that call: those of the flags, or all that the server has.
func (c loadCommand) customers(ctx context.Context, p *program, conf config.Config, configFile string) (all []policy.Customer, err error) {
	for _, n := range c.Customer {
		all = append(all, policy.Customer{Number: policy.CustomerNumber(n)})
	}
	if len(all) > 0 {
		return all, nil
	}
	if c.To == "" {
		if _, err := server.AskHealth(ctx, conf.Listen.Health(), "/healthz"); err != nil {
			return nil, notRunning(configFile, err)
		}
	}
	err = p.ask(ctx, conf, customersList{Format: "json"}, []string{"customers", "list", "--format", "json"}, configFile, &all)
	return all, err
}
