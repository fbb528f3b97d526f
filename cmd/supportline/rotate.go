package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/doctor"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/twilio"
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

// rotateCreate is "rotate-token create".
type rotateCreate struct {
	Out     string `xor:"where" required:"" placeholder:"FILE" help:"Write the token to a new file that you alone can read."`
	Show    bool   `xor:"where" required:"" help:"Print the token to standard output."`
	Replace bool   `help:"Delete a secondary token that the account has already, and make another."`
	Yes     bool   `help:"Replace without a question."`
}

// Help shows examples.
func (rotateCreate) Help() string {
	return `Nothing changes for calls: the provider signs nothing with the token before it is promoted.

Examples:

    supportline rotate-token create --out new-token.txt
    supportline rotate-token create --replace --show`
}

func (c rotateCreate) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, config.Options{})
	if err != nil {
		return err
	}
	if conf.Twilio.NextAuthToken != "" && !c.Replace {
		return control.Refused("next_auth_token is set already: \"supportline rotate-token promote\" puts it in force; if it is of no use, empty it, or let --replace make another")
	}
	file, err := c.file()
	if err != nil {
		return err
	}
	token, err := c.create(ctx, p, conf)
	if err != nil {
		return errors.Join(err, abandon(file))
	}
	if err := c.hand(p, file, token); err != nil {
		return fmt.Errorf("the token was made, but nobody was told it: let --replace make another\n%w", err)
	}
	fmt.Fprintln(p.Err, "Make the token next_auth_token (TWILIO_NEXT_AUTH_TOKEN in the shipped configuration), leave auth_token as it is, and restart the "+
		"server. Then: supportline rotate-token promote")
	return nil
}

// file creates the file that --out names, before a token is made that could not be written. It is nil with --show.
func (c rotateCreate) file() (*os.File, error) {
	if c.Show {
		return nil, nil
	}
	file, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return nil, fmt.Errorf("--out: %s is there already: name a new file, so that nothing is lost and nobody else has it open", c.Out)
	case err != nil:
		return nil, fmt.Errorf("--out: %w", err)
	}
	return file, nil
}

// abandon removes the file that --out names.
func abandon(file *os.File) error {
	if file == nil {
		return nil
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// hand writes the token to the file, or to standard output.
func (c rotateCreate) hand(p *program, file *os.File, token string) error {
	if file == nil {
		_, err := fmt.Fprintln(p.Out, token)
		return err
	}
	_, err := fmt.Fprintln(file, token)
	return errors.Join(err, file.Sync(), file.Close())
}

// create makes the account's secondary token. The provider does not document its answer if there is one already.
func (c rotateCreate) create(ctx context.Context, p *program, conf config.Config) (string, error) {
	at, err := server.AccountWith(conf, conf.Twilio.AuthToken)
	if err != nil {
		return "", err
	}
	if c.Replace {
		if err := p.confirm(c.Yes, "Delete the account's secondary auth token, and make another?"); err != nil {
			return "", err
		}
		if err := at.DeleteSecondaryToken(ctx); err != nil && statusFrom(err) != http.StatusNotFound {
			return "", err
		}
	}
	token, err := at.CreateSecondaryToken(ctx)
	switch status := statusFrom(err); {
	case err == nil:
		return token, nil
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusTooManyRequests:
		return "", err
	case certainlyNotDone(err):
		return "", control.Refused("%w\nif the account has a secondary token already (the console shows it under API keys & tokens): make it next_auth_token, or let "+
			"--replace delete it and make another", err)
	}
	return "", fmt.Errorf("%w\nwhether the token was made is not known: let --replace make another", err)
}

// rotatePromote is "rotate-token promote".
type rotatePromote struct {
	Yes bool `help:"Do it without a question."`
}

// Help shows an example.
func (rotatePromote) Help() string {
	return `Nothing is promoted before the running server accepts requests signed with either token. Run it again after any failure: it finds out whether
next_auth_token is in force.

Example:

    supportline rotate-token promote`
}

func (c rotatePromote) run(ctx context.Context, p *program, configFile string) error {
	conf, err := p.load(configFile, config.Options{})
	if err != nil {
		return err
	}
	next := conf.Twilio.NextAuthToken
	if next == "" || next == conf.Twilio.AuthToken {
		return control.Refused("next_auth_token must be the token that comes next: \"supportline rotate-token create\" makes it")
	}
	if err := p.serverAccepts(ctx, conf); err != nil {
		return err
	}
	if err := p.signedWith(ctx, conf, next); err != nil {
		return fmt.Errorf("%w\nnothing was promoted: mend that, then run this again", err)
	}
	if err := c.promote(ctx, p, conf); err != nil {
		return err
	}
	if err := p.signedWith(ctx, conf, next); err != nil {
		return fmt.Errorf("next_auth_token is in force, but %w\nthen run this again", err)
	}
	fmt.Fprintln(p.Err, "next_auth_token is in force: a request to public_url that is signed with it was answered, and the provider takes auth_token no more.\n"+
		"Make it auth_token, empty next_auth_token, and restart the server.")
	return nil
}

// promote puts next_auth_token in force, unless it is so already.
func (c rotatePromote) promote(ctx context.Context, p *program, conf config.Config) error {
	if done, err := nextInForce(ctx, conf); done || err != nil {
		return err
	}
	question := fmt.Sprintf("Change the auth token of account %s? Every other program that uses the old one will be refused, and needs the new one.",
		conf.Twilio.AccountSID)
	if err := p.confirm(c.Yes, question); err != nil {
		return err
	}
	at, err := server.AccountWith(conf, conf.Twilio.AuthToken)
	if err != nil {
		return err
	}
	switch token, err := at.PromoteSecondaryToken(ctx); {
	case err == nil && token != conf.Twilio.NextAuthToken:
		return errors.New("the account's secondary token was made anew meanwhile, and that one is in force now: copy it from the console's first page, " +
			"Account Info, make it auth_token, empty next_auth_token, and restart the server at once")
	case err == nil || certainlyNotDone(err):
		return err
	default:
		if done, asked := nextInForce(ctx, conf); asked != nil || !done {
			return fmt.Errorf("%w\nrun this again: it finds out whether next_auth_token is in force, and the server accepts both", err)
		}
		return nil
	}
}

// nextInForce reports whether next_auth_token was promoted: the provider refuses auth_token from then on.
func nextInForce(ctx context.Context, conf config.Config) (bool, error) {
	switch taken, err := takes(ctx, conf, conf.Twilio.NextAuthToken); {
	case err != nil:
		return false, err
	case !taken:
		return false, control.Refused("the provider does not take next_auth_token: it can be too new, so wait a minute and run this again; if it was deleted or made " +
			"anew, \"supportline rotate-token create --replace\" makes another")
	}
	taken, err := takes(ctx, conf, conf.Twilio.AuthToken)
	return err == nil && !taken, err
}

// takes reports whether the provider knows a token.
func takes(ctx context.Context, conf config.Config, token string) (bool, error) {
	at, err := server.AccountWith(conf, token)
	if err != nil {
		return false, err
	}
	_, err = at.Info(ctx)
	if statusFrom(err) == http.StatusUnauthorized {
		return false, nil
	}
	return err == nil, err
}

// serverAccepts returns an error unless the running server accepts the configuration's tokens, both. It is asked for fingerprints.
func (p *program) serverAccepts(ctx context.Context, conf config.Config) error {
	file, err := conf.StoreFile()
	if err != nil {
		return err
	}
	socket, err := control.SocketPath(file)
	if err != nil {
		return err
	}
	conn, err := control.Dial(socket)
	if errors.Is(err, control.ErrNoServer) {
		return control.Refused("%w: start it with \"supportline serve\", then run this again", err)
	}
	if err != nil {
		return err
	}
	var out, words bytes.Buffer
	if err := (control.Client{Conn: conn, In: strings.NewReader(""), Out: &out, Err: &words}).Run(ctx, control.Hello{Tokens: true}); err != nil {
		return fmt.Errorf("the server does not say which tokens it accepts (%w): is it of the same version as this program?", err)
	}
	accepted := strings.Fields(out.String())
	for _, token := range server.AcceptedTokens(conf) {
		if !slices.Contains(accepted, control.Fingerprint(token)) {
			return control.Refused("the running server does not accept both auth_token and next_auth_token of this configuration: restart it, then run this again")
		}
	}
	return nil
}

// signedWith sends a request to public_url as the provider does, signed with a token.
func (p *program) signedWith(ctx context.Context, conf config.Config, token string) error {
	d := &doctor.Doctor{Conf: conf, Now: p.Now, HTTP: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if f := d.Signed(ctx, token); f.State != doctor.OK {
		return fmt.Errorf("a request to %s that is signed with next_auth_token is %s\n%s", conf.PublicURL, f.Found, f.Fix)
	}
	return nil
}

// confirm asks the person at this terminal a question that only yes answers.
func (p *program) confirm(yes bool, question string) error {
	return (&control.Session{Terminal: control.Terminal{Ask: terminal(p.In) && terminal(p.Err)}, In: p.In, Err: p.Err}).Confirm(yes, question)
}

// statusFrom returns the HTTP status with which the provider refused, or 0 if it did not.
func statusFrom(err error) int {
	var refused *twilio.Err
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

// certainlyNotDone reports whether the provider refused a request before it did anything.
func certainlyNotDone(err error) bool {
	status := statusFrom(err)
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}
