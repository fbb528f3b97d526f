package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/flags"
	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio/fake"
)

type callCommand struct {
	Number   flags.Number `arg:"" optional:"" name:"NUMBER" help:"The line to dial."`
	From     string       `default:"anonymous" placeholder:"N" help:"The caller's number (default: ${default})."`
	Attested bool         `help:"The carrier vouches for the caller's number."`
	Script   string       `placeholder:"FILE" help:"Play the call written in this file instead, and check it. It needs no server."`
	Scripts  string       `placeholder:"DIR" help:"Play all calls (*.call) in this folder."`
}

// Help shows examples, and the language of scripts.
func (callCommand) Help() string {
	return `Dials a line of the running server, signing as the provider does. You are the caller and every specialist.

Examples:

    supportline call +448000668187
    supportline call +448000668187 --from +442079460018 --attested
    supportline call --script night.call
    supportline call --scripts calls/

The statements of a script:

` + indented(phone.Help())
}

// errOneOfThree is returned unless exactly one thing to call is named.
var errOneOfThree = errors.New("name one thing to call: a NUMBER, --script FILE or --scripts DIR")

func (c callCommand) run(ctx context.Context, p *program, configFile string) error {
	switch {
	case c.Number != "" && c.Script == "" && c.Scripts == "":
		return c.dial(ctx, p, configFile)
	case c.Number == "" && c.Script != "" && c.Scripts == "":
		return p.playScripts(ctx, configFile, []string{c.Script})
	case c.Number == "" && c.Script == "" && c.Scripts != "":
		files, err := demo.ScriptsIn(c.Scripts)
		if err != nil {
			return err
		}
		return p.playScripts(ctx, configFile, files)
	}
	return errOneOfThree
}

// dial calls the running server, on the server's clock, because that of a demo can be shifted.
func (c callCommand) dial(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, config.Options{})
	if err != nil {
		return err
	}
	running, err := server.AskHealth(ctx, conf.Listen.Health(), "/healthz")
	if err != nil {
		return notRunning(configFile, err)
	}
	shift := running.Now.Sub(p.Now())
	line := p.telephone(conf)
	line.Transport, line.Hold = fake.Via(conf.Listen.Webhooks), time.Second
	line.Now = func() time.Time { return p.Now().Add(shift) }
	line.Logged = func(ctx context.Context, sid policy.CallSID) (bool, error) {
		return p.logged(ctx, conf, configFile, sid)
	}
	return line.Call(ctx, string(c.Number), c.From, c.Attested)
}

// notRunning returns the error of a command that needs a server which does not answer.
func notRunning(configFile string, err error) error {
	return fmt.Errorf("no server of %s answers (%w): start it with \"supportline serve\", or \"supportline demo\" for the demo's", configFile, err)
}

// logged reports whether the running server has a call in its log.
func (p *program) logged(ctx context.Context, conf config.Config, configFile string, sid policy.CallSID) (bool, error) {
	var found []policy.Row
	ask := callsList{Limit: 1, Format: "json"}
	ask.Text = string(sid)
	err := p.ask(ctx, conf, ask, []string{"calls", "--text", string(sid), "--format", "json"}, configFile, &found)
	return len(found) > 0, err
}

// telephone returns a telephone in this terminal, for the account of a configuration.
func (p *program) telephone(conf config.Config) *phone.Terminal {
	return &phone.Terminal{
		Account: server.PhoneAccount(conf), Name: conf.Settings.WhoIsAt,
		Lines: phone.NewLines(p.In), Out: p.Out, Seed: rand.Text(), Colour: p.colour(),
	}
}

// indented returns a text with every line indented, so that a help shows the lines as they are.
func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}

func (p *program) playScripts(ctx context.Context, configFile string, files []string) error {
	base, err := p.scriptConfig(configFile)
	if err != nil {
		return err
	}
	return base.PlayAll(ctx, files, p.Out, p.Err)
}

// scriptConfig reads the configuration for scripts: the file, or where the default one is not there the shipped example.
func (p *program) scriptConfig(file string) (demo.Script, error) {
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) && file == defaultConfig {
		return demo.Script{Name: "supportline.example.yaml", Text: config.Example(), Env: p.Env}, nil
	}
	text, problems := config.Read(file)
	return demo.Script{Name: file, Text: text, Env: p.Env}, p.refused(problems)
}
