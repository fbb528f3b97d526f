package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/officernd/supportline/policy"
)

// The bounds of what a demo makes up.
const (
	maxDemoCalls  = 100_000_000
	maxDemoMonths = 120
)

// checkCalls finds what is wrong with the flags of a log that is made up.
func (d demoCommand) checkCalls() error {
	switch {
	case d.Calls < 0 || d.Calls > maxDemoCalls:
		return fmt.Errorf("--calls %d: write a number from 1 to %d", d.Calls, maxDemoCalls)
	case d.Months < 1 || d.Months > maxDemoMonths:
		return fmt.Errorf("--months %d: write a number from 1 to %d", d.Months, maxDemoMonths)
	case d.Accounts < 0:
		return fmt.Errorf("--accounts %d: write a number of accounts, or leave it out", d.Accounts)
	}
	return nil
}

// fill makes up a log of the demo's company, with its accounts, in a store that has no calls yet, and says whether it did. A log that is there
// stays as it is.
func (d demoCommand) fill(ctx context.Context, h *house, words io.Writer, now time.Time) (filled bool, err error) {
	if d.Calls == 0 {
		return false, nil
	}
	for range h.store.Calls(ctx, policy.Filter{Limit: 1}) {
		fmt.Fprintf(words, "There are calls in %s already: none were made up. Remove the folder to start afresh.\n", d.Dir)
		return false, nil
	}
	g := generator{Seed: d.Seed, Settings: h.conf.Settings, Calls: d.Calls, Months: d.Months, Accounts: d.Accounts, Until: now}
	if g.Accounts == 0 {
		g.Accounts = accountsFor(g.Calls, g.Months)
	}
	return true, g.fill(ctx, h, newBar(words, int64(d.Calls), terminal(words)))
}

// fill brings the accounts and the log into a house.
func (g generator) fill(ctx context.Context, h *house, progress *bar) error {
	customers := g.customers()
	if _, err := h.store.ImportCustomers(ctx, customers, "demo"); err != nil {
		return err
	}
	defer progress.done()
	return h.store.Load(ctx, g.log(customers), func(done int) { progress.at(int64(done)) })
}
