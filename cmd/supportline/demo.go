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
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio/fake"
)

type demoCommand struct {
	Dir string `default:"supportline-demo" placeholder:"DIR" help:"The folder of the demo's files (default: ${default}). Remove it to start afresh."`
	At  string `placeholder:"TIME" help:"Let the demo's clock begin at this time: \"2026-11-22 10:00\" (UTC) or RFC 3339."`

	demo.Log
}

func (demoCommand) Help() string {
	return examples(`Writes a configuration and sample customers into a folder, and answers calls on loopback addresses only.
--config is not looked at.`,
		"supportline demo",
		`supportline demo --at "2026-11-22 10:00"`,
		"supportline demo --calls 20000")
}

func (d demoCommand) run(ctx context.Context, p *program, _ string) error {
	if err := d.Check(); err != nil {
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
	demo.ShowPeople(&conf)
	app, err := demo.Open(ctx, d.Dir, conf, d.Log, demo.Options{
		Now: shown.Now, Logger: logger, User: control.UserName(os.Getuid()), Words: p.Err,
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
	outside := demo.NewOutside(app, account)
	app.Private = outside.With(demo.WithAccount(app.Private, account))
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
	if err := outside.Start(ctx); err != nil {
		return errors.Join(err, app.Close())
	}
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

// shifted returns the program on a clock that begins at a time.
func (p *program) shifted(at string) (*program, error) {
	if at == "" {
		return p, nil
	}
	begin, _, err := flags.ParseMoment(at, time.UTC)
	if err != nil {
		return nil, fmt.Errorf("--at: %w", err)
	}
	if y := begin.Year(); y < 2000 || y > 2199 { // beyond that the distance to now is no time.Duration
		return nil, fmt.Errorf("--at %s: write a year from 2000 to 2199", at)
	}
	other, shift := *p, begin.Sub(p.Now())
	other.Now = func() time.Time { return p.Now().Add(shift) }
	return &other, nil
}

// introduce prints where things are and what to try.
func (d demoCommand) introduce(w io.Writer, conf config.Config, password string, now time.Time) {
	folder := func(name string) string { return filepath.Join(d.Dir, name) }
	fmt.Fprintf(w, "A support line runs on this machine. Ctrl-C stops it; %s is kept, remove it to start afresh.\n\n", d.Dir)
	for _, row := range [][2]string{
		{"console", "http://" + conf.Listen.Console + "/"},
		{"", "sign in as " + demo.User + " with " + password},
		{"phone", "http://" + conf.Listen.Console + "/phone, in the console"},
		{"what people get", "http://" + conf.Listen.Console + demo.OutsidePage + ": mail, texts, calls, chat, pager"},
		{"webhooks", conf.PublicURL},
		{"health and metrics", "http://" + conf.Listen.Health() + "/healthz, /readyz, /metrics"},
		{"configuration", folder(demo.ConfigFile)},
		{"customers", folder(demo.CustomersFile)},
		{"store", conf.Store.File},
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
	fmt.Fprintf(w, "\nTry in another terminal; enter customer number 204518 and press 1 where you are asked, and take the call as the specialist.\n"+
		"Call again and let nobody answer (n, then h): the page with what people get shows how somebody is woken.\n\n")
	for _, command := range []string{"call " + call, "calls", "calls explain SID", "followups", "oncall", "customers list", hours} {
		fmt.Fprintf(w, "  %s %s --config %s\n", invocation(), command, folder(demo.ConfigFile))
	}
	fmt.Fprintln(w)
}

// criticalKey returns the menu's key for critical calls if they connect on a closed line, else "".
func criticalKey(s policy.Settings) string {
	for _, k := range s.Menu {
		if k.Intent == policy.Critical && s.AfterHours.For(policy.Critical) == policy.Connect {
			return k.Key
		}
	}
	return ""
}

// invocation returns how this program was started, for commands to paste: "go run" builds it in a folder that is gone afterwards.
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

const promptHelp = `Here is a phone, too. Type one of
  dial NUMBER [from NUMBER]   call a line of the demo
  calls                       the log
  explain SID                 why everything happened on one call
  followups                   who waits for a person: take, call and done act on it
  oncall                      who is on call
  hours                       the lines' hours
  quit                        stop the demo
`

// prompt is the demo's own terminal: a phone and the commands to look at what it did.
type prompt struct {
	program *program
	app     *server.App
	file    string        // the configuration
	account *fake.Account // the demo's
	lines   *phone.Lines
}

// run reads commands until quit, the end of the input or of ctx.
func (t *prompt) run(ctx context.Context) {
	line := t.program.telephone(t.app.Conf)
	line.Transport, line.Now = fake.Straight(t.app.Webhooks), t.program.Now
	line.Provider, line.Settle = t.account, t.app.Ringer.Wait
	line.Logged = t.logged
	t.lines = line.Lines
	fmt.Fprint(t.program.Out, promptHelp)
	for {
		fmt.Fprint(t.program.Out, "demo> ")
		typed, ok := t.lines.Next(ctx)
		words := strings.Fields(typed)
		switch {
		case !ok, typed == "quit", typed == "exit":
			return
		case len(words) == 0:
		case words[0] == "dial":
			control.Report(t.program.Err, dialFrom(ctx, line, words[1:]))
		case words[0] == "explain":
			t.command(ctx, append([]string{"calls"}, words...))
		case slices.Contains([]string{"calls", "followups", "oncall", "hours"}, words[0]):
			t.command(ctx, words)
		default:
			fmt.Fprint(t.program.Out, promptHelp)
		}
	}
}

// logged reports whether the demo has a call in its log.
func (t *prompt) logged(ctx context.Context, sid policy.CallSID) (bool, error) {
	_, err := t.app.Store.Call(ctx, sid)
	if errors.Is(err, policy.ErrNoCall) {
		return false, nil
	}
	return err == nil, err
}

func dialFrom(ctx context.Context, line *phone.Terminal, words []string) error {
	from := "anonymous"
	if len(words) == 3 && words[1] == "from" {
		from, words = words[2], words[:1]
	}
	if len(words) != 1 {
		return fmt.Errorf("write dial NUMBER, or dial NUMBER from NUMBER: dial +448000668187")
	}
	var to flags.Number
	if err := to.UnmarshalText([]byte(words[0])); err != nil {
		return err
	}
	return line.Call(ctx, string(to), from, true)
}

// command runs a command of the program on the store that the demo has open.
func (t *prompt) command(ctx context.Context, args []string) {
	p := t.program
	line, err := parse(args, p.Out, p.Err)
	switch command := line.command.(type) {
	case localCommand:
		err = command.run(ctx, p, t.file)
	case control.Command:
		s := t.app.Session()
		s.Terminal, s.In, s.Out, s.Err, s.Now = control.Terminal{Colour: p.colour(), User: control.UserName(os.Getuid())}, strings.NewReader(""), p.Out, p.Err, p.Now
		err = command.Run(store.AsOSUser(ctx, s.User), &s)
	}
	control.Report(p.Err, err)
}
