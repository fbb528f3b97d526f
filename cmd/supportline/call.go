package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/twilio/fake"
)

// callCommand is "call".
type callCommand struct {
	Number   number `arg:"" optional:"" name:"NUMBER" help:"The line to dial."`
	From     string `default:"anonymous" placeholder:"N" help:"The caller's number (default: ${default})."`
	Attested bool   `help:"The carrier vouches for the caller's number."`
	Script   string `placeholder:"FILE" help:"Play the call written in this file instead, and check it. It needs no server."`
	Scripts  string `placeholder:"DIR" help:"Play all calls (*.call) in this folder."`
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
		files, err := scriptsIn(c.Scripts)
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
	running, err := server.AskHealth(ctx, conf.Listen.Console, "/healthz")
	if err != nil {
		return fmt.Errorf("no server of %s answers (%w): start it with \"supportline serve\", or \"supportline demo\" for the demo's", configFile, err)
	}
	shift := running.Now.Sub(p.Now())
	line := p.telephone(conf)
	line.Transport, line.Hold = fake.Via(conf.Listen.Webhooks), time.Second
	line.Now = func() time.Time { return p.Now().Add(shift) }
	return line.Call(ctx, string(c.Number), c.From, c.Attested)
}

// telephone returns a telephone in this terminal, for the account of a configuration.
func (p *program) telephone(conf config.Config) *phone.Terminal {
	return &phone.Terminal{
		Account: server.PhoneAccount(conf),
		Lines:   phone.NewLines(p.In), Out: p.Out, Seed: rand.Text(), Colour: p.colour(),
	}
}

// indented returns a text with every line indented, so that a help shows the lines as they are.
func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}
