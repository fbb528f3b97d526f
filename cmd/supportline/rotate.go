package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/doctor"
)

// rotateCommands are the two steps that change the account's auth token. Between them the server accepts both tokens, because the
// configuration has both; nothing else is kept of a rotation.
type rotateCommands struct {
	Create  rotateCreate  `cmd:"" help:"Ask the provider for the token that comes next."`
	Promote rotatePromote `cmd:"" help:"Put next_auth_token in force."`
}

// Help shows the whole rotation.
func (rotateCommands) Help() string {
	return `Changes the account's auth token, with which the provider signs its requests, without a call lost:

    1. supportline rotate-token create --out FILE
    2. make the token in FILE next_auth_token, and restart the server: it accepts both
    3. supportline rotate-token promote
    4. make it auth_token, empty next_auth_token, and restart the server

The provider takes the auth token for this, not an API key. Other programs that use the old token need the new one, too.`
}

type rotateCreate struct {
	Out     string `xor:"where" required:"" placeholder:"FILE" help:"Write the token to a new file that you alone can read."`
	Show    bool   `xor:"where" required:"" help:"Print the token to standard output."`
	Replace bool   `help:"Delete a secondary token that the account has already, and make another."`
	Yes     bool   `help:"Replace without a question."`
}

func (rotateCreate) Help() string {
	return examples("Nothing changes for calls: the provider signs nothing with the token before it is promoted.",
		"supportline rotate-token create --out new-token.txt",
		"supportline rotate-token create --replace --show")
}

func (c rotateCreate) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, config.Options{})
	if err != nil {
		return err
	}
	if conf.Twilio.NextAuthToken != "" && !c.Replace {
		return control.Refused("next_auth_token is set already: \"supportline rotate-token promote\" puts it in force; if it is of no use, empty it, or let --replace make another")
	}
	file, err := doctor.NewTokenFile(c.Out)
	if err != nil {
		return err
	}
	token, err := p.rotation(conf, c.Yes).Create(ctx, c.Replace)
	if err != nil {
		return errors.Join(err, file.Abandon())
	}
	if err := file.Hand(p.Out, token); err != nil {
		return fmt.Errorf("the token was made, but nobody was told it: let --replace make another\n%w", err)
	}
	fmt.Fprintln(p.Err, "Make the token next_auth_token (TWILIO_NEXT_AUTH_TOKEN in the shipped configuration), leave auth_token as it is, and restart the "+
		"server. Then: supportline rotate-token promote")
	return nil
}

type rotatePromote struct {
	Yes bool `help:"Do it without a question."`
}

func (rotatePromote) Help() string {
	return examples(`Nothing is promoted before the running server accepts requests signed with either token. Run it again
after any failure: it finds out whether next_auth_token is in force.`, "supportline rotate-token promote")
}

func (c rotatePromote) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, config.Options{})
	if err != nil {
		return err
	}
	if err := p.rotation(conf, c.Yes).Promote(ctx); err != nil {
		return err
	}
	fmt.Fprintln(p.Err, "next_auth_token is in force: a request to public_url that is signed with it was answered, and the provider takes auth_token no more.\n"+
		"Make it auth_token, empty next_auth_token, and restart the server.")
	return nil
}

// rotation returns a rotation that asks the person at this terminal, unless yes answers its questions.
func (p *program) rotation(conf config.Config, yes bool) doctor.Rotation {
	person := p.person()
	return doctor.Rotation{Conf: conf, Now: p.Now, Confirm: func(question string) error { return person.Confirm(yes, question) }}
}
