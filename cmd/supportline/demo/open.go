package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store/bolt"
)

// Log describes the log that a demo makes up, as flags.
type Log struct {
	Calls    int    `placeholder:"N" help:"Make up a log of so many calls first, in a store that has none."`
	Months   int    `default:"12" placeholder:"N" help:"How far back that log goes (default: ${default})."`
	Accounts int    `placeholder:"N" help:"Of how many accounts (default: as many as usually make so many calls)."`
	Seed     uint64 `default:"1" placeholder:"N" help:"The same seed makes the same log (default: ${default})."`
}

// The bounds of what a demo makes up.
const (
	maxCalls  = 100_000_000
	maxMonths = 120
)

// Check returns what is wrong with the flags.
func (l Log) Check() error {
	switch {
	case l.Calls < 0 || l.Calls > maxCalls:
		return fmt.Errorf("--calls %d: write a number from 1 to %d", l.Calls, maxCalls)
	case l.Months < 1 || l.Months > maxMonths:
		return fmt.Errorf("--months %d: write a number from 1 to %d", l.Months, maxMonths)
	case l.Accounts < 0:
		return fmt.Errorf("--accounts %d: write a number of accounts, or leave it out", l.Accounts)
	}
	return nil
}

// Options are the parts of the process that Open uses.
type Options struct {
	Now      func() time.Time
	Logger   *zap.Logger
	User     string    // whom the audit names
	Words    io.Writer // for the person
	Progress func(size int64) *control.Bar
}

// Open opens a demo in a folder, with its customers, and with a log if one was asked for and there is none yet. The caller closes the App.
func Open(ctx context.Context, folder string, conf config.Config, l Log, o Options) (*server.App, error) {
	app, err := server.Open(conf, o.Now, o.Logger, 0)
	if err != nil {
		return nil, err
	}
	filled, err := false, FirstCustomers(ctx, folder, app.Store, conf.Settings, o.User)
	if err == nil {
		filled, err = l.fill(ctx, folder, app, o)
	}
	if err == nil && !filled {
		return app, nil
	}
	err = errors.Join(err, app.Close())
	if err == nil { // filling leaves as many pages free as are used, and each commit would write the list of them
		err = compact(ctx, conf, o)
	}
	if err != nil {
		return nil, err
	}
	return server.Open(conf, o.Now, o.Logger, 0)
}

// compact writes the store's file anew.
func compact(ctx context.Context, conf config.Config, o Options) error {
	info, err := os.Stat(conf.Store.File)
	if err != nil {
		return err
	}
	progress := o.Progress(info.Size())
	defer progress.Done()
	return bolt.Compact(ctx, conf.Store.File, progress.At)
}

// fill makes up the log in a store that has no calls yet, and reports whether it did. A log that is there stays as it is.
func (l Log) fill(ctx context.Context, folder string, app *server.App, o Options) (filled bool, err error) {
	if l.Calls == 0 {
		return false, nil
	}
	for range app.Store.Calls(ctx, policy.Filter{Limit: 1}) {
		fmt.Fprintf(o.Words, "There are calls in %s already: none were made up. Remove the folder to start afresh.\n", folder)
		return false, nil
	}
	accounts := cmp.Or(l.Accounts, AccountsFor(l.Calls, l.Months))
	waiting := min(maxWaiting, l.Calls/100)
	g := Generator{Seed: l.Seed, Settings: app.Conf.Settings, Calls: l.Calls - waiting, Months: l.Months, Accounts: accounts, Until: o.Now()}
	progress := o.Progress(int64(l.Calls))
	defer progress.Done()
	if err := g.Fill(ctx, app.Store, func(done int) { progress.At(int64(done)) }); err != nil {
		return true, err
	}
	return true, cmp.Or(callWithoutAnswer(ctx, app, g.Customers(), waiting, o.Now()), offerOnCalls(ctx, app))
}
