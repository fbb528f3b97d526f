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
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
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
	log := demo.Log{Calls: d.Calls, Months: d.Months, Accounts: d.Accounts, Seed: d.Seed}
	if err := log.Check(); err != nil {
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
	logger := server.NewLogger(logFile)
	demo.LetEverybodyCall(&conf)
	app, err := demo.Open(ctx, d.Dir, conf, log, demo.Options{
		Now: shown.Now, Logger: logger, User: userName(), Words: p.Err,
		Progress: func(size int64) *control.Bar { return control.NewBar(p.Err, size, control.IsTerminal(p.Err)) },
	})
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
	logger.Info("demo", zap.String("webhooks", s.Webhooks.Addr().String()), zap.Time("now", shown.Now()))
	conf.Settings = app.Settings()
	d.introduce(p.Out, conf, password, shown.Now())
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	prompted := make(chan struct{})
	go func() {
		defer close(prompted)
		if control.IsTerminal(p.In) && control.IsTerminal(p.Out) {
			(&prompt{program: shown, app: app, file: filepath.Join(d.Dir, demo.ConfigFile), account: account}).run(ctx)
			stop()
		}
	}()
	err = s.Run(ctx)
	<-prompted
	return errors.Join(err, app.Close())
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
