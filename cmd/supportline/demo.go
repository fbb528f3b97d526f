package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// demoCommand is "demo".
type demoCommand struct {
	Dir      string `default:"supportline-demo" placeholder:"DIR" help:"The folder of the demo's files (default: ${default}). Remove it to start afresh."`
	At       string `placeholder:"TIME" help:"Let the demo's clock begin at this time: \"2026-11-22 10:00\" (UTC) or RFC 3339."`
	Calls    int    `placeholder:"N" help:"Make up a log of so many calls first, in a store that has none."`
	Months   int    `default:"12" placeholder:"N" help:"How far back that log goes (default: ${default})."`
	Accounts int    `placeholder:"N" help:"Of how many accounts (default: as many as usually make so many calls)."`
	Seed     uint64 `default:"1" placeholder:"N" help:"The same seed makes the same log (default: ${default})."`
}

// Help shows examples.
func (demoCommand) Help() string {
	return `Writes a configuration and sample customers into a folder, and answers calls on loopback addresses only. --config is not looked at.

Examples:

    supportline demo
    supportline demo --at "2026-11-22 10:00"
    supportline demo --calls 20000`
}

func (d demoCommand) run(ctx context.Context, p *program, _ string) error {
	if err := d.checkCalls(); err != nil {
		return err
	}
	shown, err := p.shifted(d.At)
	if err != nil {
		return err
	}
	conf, err := demo.Configure(d.Dir, func(file string) (config.Config, error) { return p.load(file, config.Options{}) })
	if err != nil {
		return err
	}
	logFile, err := os.OpenFile(filepath.Join(d.Dir, demo.LogFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	log := server.NewLogger(logFile)
	demo.LetEverybodyCall(&conf)
	app, err := d.open(ctx, conf, shown.Now, log, p.Err)
	if err != nil {
		return err
	}
	password, err := demo.FirstUser(ctx, d.Dir, app.Store, shown.Now())
	if err != nil {
		return errors.Join(err, app.Close())
	}
	account := demo.NewAccount(conf, shown.Now)
	app.Private = demo.WithAccount(app.Private, account)
	app.UseDemoPhones(account)
	s, err := server.Listen(app, parseCommand)
	if err != nil {
		return errors.Join(err, app.Close())
	}
	log.Info("demo", zap.String("webhooks", s.Webhooks.Addr().String()), zap.Time("now", shown.Now()))
	conf.Settings = app.Settings()
	d.introduce(p.Out, conf, password, shown.Now())
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	prompted := make(chan struct{})
	go func() {
		defer close(prompted)
		if terminal(p.In) && terminal(p.Out) {
			(&prompt{program: shown, app: app, file: filepath.Join(d.Dir, demo.ConfigFile), account: account}).run(ctx)
			stop()
		}
	}()
	err = s.Run(ctx)
	<-prompted
	return errors.Join(err, app.Close())
}

// open opens the demo, with its customers, and with a log where one was asked for.
func (d demoCommand) open(ctx context.Context, conf config.Config, now func() time.Time, log *zap.Logger, words io.Writer) (*server.App, error) {
	app, err := server.Open(conf, now, log, store.Options{})
	if err != nil {
		return nil, err
	}
	filled, err := false, demo.FirstCustomers(ctx, d.Dir, app.Store, conf.Settings, userName())
	if err == nil {
		filled, err = d.fill(ctx, app, words, now())
	}
	if err == nil && !filled {
		return app, nil
	}
	err = errors.Join(err, app.Close())
	if err == nil { // filling leaves as many pages free as are used, and each commit would write the list of them
		err = compactStore(ctx, conf, words)
	}
	if err != nil {
		return nil, err
	}
	return server.Open(conf, now, log, store.Options{})
}

// compactStore writes the store's file anew, and shows how far it came.
func compactStore(ctx context.Context, conf config.Config, words io.Writer) error {
	file, err := conf.StoreFile()
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	progress := newBar(words, info.Size(), terminal(words))
	defer progress.done()
	return store.Compact(ctx, file, progress.at)
}

// shifted is the program on a clock that begins at a time, and goes on from there.
func (p *program) shifted(at string) (*program, error) {
	if at == "" {
		return p, nil
	}
	begin, _, err := parseMoment(at, time.UTC)
	if err != nil {
		return nil, fmt.Errorf("--at: %w", err)
	}
	other, shift := *p, begin.Sub(p.Now())
	other.Now = func() time.Time { return p.Now().Add(shift) }
	return &other, nil
}

// introduce says where things are and what to try.
func (d demoCommand) introduce(w io.Writer, conf config.Config, password string, now time.Time) {
	folder := func(name string) string { return filepath.Join(d.Dir, name) }
	path, _ := strings.CutPrefix(conf.Store, "bolt:")
	fmt.Fprintf(w, "A support line runs on this machine. Ctrl-C stops it; %s is kept, remove it to start afresh.\n\n", d.Dir)
	for _, row := range [][2]string{
		{"console", "http://" + conf.Listen.Console + "/"},
		{"", "sign in as " + demo.User + " with " + password},
		{"phone", "http://" + conf.Listen.Console + "/phone, in the console"},
		{"webhooks", conf.PublicURL},
		{"health and metrics", "http://" + conf.Listen.Console + "/healthz, /readyz, /metrics"},
		{"configuration", folder(demo.ConfigFile)},
		{"customers", folder(demo.CustomersFile)},
		{"store", path},
		{"recordings", cmp.Or(conf.Recordings.Folder, "at the provider: the configuration names no folder")},
		{"server's log", folder(demo.LogFile)},
	} {
		fmt.Fprintf(w, "  %-19s %s\n", row[0], row[1])
	}
	fmt.Fprintln(w)
	for _, line := range conf.Settings.Lines {
		fmt.Fprintln(w, openingText(line, now))
	}
	if key := criticalKey(conf.Settings); key != "" {
		fmt.Fprintf(w, "A critical call (SEV 1, key %s) gets through day and night.\n", key)
	}
	call, hours := conf.Settings.Lines[len(conf.Settings.Lines)-1].Number.Full(), "hours"
	if d.At != "" {
		hours += " --at " + now.UTC().Format(time.RFC3339)
	}
	fmt.Fprintf(w, "\nTry in another terminal; enter customer number 204518, then press 1, and take the call as the specialist:\n\n")
	for _, command := range []string{"call " + call, "calls", "calls explain SID", "customers list", hours} {
		fmt.Fprintf(w, "  %s %s --config %s\n", invocation(), command, folder(demo.ConfigFile))
	}
	fmt.Fprintln(w)
}

// criticalKey is the menu's key for critical calls where they connect on a closed line; "" otherwise.
func criticalKey(s policy.Settings) string {
	if s.AfterHours.For(policy.Critical) != policy.Connect {
		return ""
	}
	i := slices.IndexFunc(s.Menu, func(k policy.MenuKey) bool { return k.Intent == policy.Critical })
	if i < 0 {
		return ""
	}
	return s.Menu[i].Key
}

// invocation is how this program was started, for commands to paste: "go run" builds it in a folder that is gone afterwards.
func invocation() string {
	binary, err := os.Executable()
	if err == nil && strings.Contains(binary, string(filepath.Separator)+"go-build") {
		return "go run ./cmd/supportline"
	}
	if err == nil && filepath.Base(os.Args[0]) != os.Args[0] {
		return os.Args[0]
	}
	return "supportline"
}

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
func (d demoCommand) fill(ctx context.Context, app *server.App, words io.Writer, now time.Time) (filled bool, err error) {
	if d.Calls == 0 {
		return false, nil
	}
	for range app.Store.Calls(ctx, policy.Filter{Limit: 1}) {
		fmt.Fprintf(words, "There are calls in %s already: none were made up. Remove the folder to start afresh.\n", d.Dir)
		return false, nil
	}
	g := demo.Generator{Seed: d.Seed, Settings: app.Conf.Settings, Calls: d.Calls, Months: d.Months, Accounts: d.Accounts, Until: now}
	if g.Accounts == 0 {
		g.Accounts = demo.AccountsFor(g.Calls, g.Months)
	}
	progress := newBar(words, int64(d.Calls), terminal(words))
	defer progress.done()
	return true, g.Fill(ctx, app.Store, func(done int) { progress.at(int64(done)) })
}
