package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
)

// A Rotation changes the account's auth token in two steps, Create and Promote. Between them the server accepts both tokens, because the
// configuration has both; nothing else is kept of a rotation.
type Rotation struct {
	Conf    config.Config
	Now     func() time.Time
	Confirm func(question string) error // asks the person; an error means no
}

// Create makes the account's secondary token; with replace, after it deleted one that is there. The provider does not document its answer if there is one
// already.
func (r Rotation) Create(ctx context.Context, replace bool) (string, error) {
	at, err := server.AccountWith(r.Conf, r.Conf.Twilio.AuthToken)
	if err != nil {
		return "", err
	}
	if replace {
		if err := r.Confirm("Delete the account's secondary auth token, and make another?"); err != nil {
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

// Promote puts next_auth_token in force and proves it with a signed request. Nothing is promoted before the running server accepts requests
// signed with either token. After a failure it may be called again: it finds out whether next_auth_token is in force.
func (r Rotation) Promote(ctx context.Context) error {
	next := r.Conf.Twilio.NextAuthToken
	if next == "" || next == r.Conf.Twilio.AuthToken {
		return control.Refused("next_auth_token must be the token that comes next: \"supportline rotate-token create\" makes it")
	}
	if err := r.serverAccepts(ctx); err != nil {
		return err
	}
	if err := r.signed(ctx, next); err != nil {
		return fmt.Errorf("%w\nnothing was promoted: mend that, then run this again", err)
	}
	if err := r.promote(ctx); err != nil {
		return err
	}
	if err := r.signed(ctx, next); err != nil {
		return fmt.Errorf("next_auth_token is in force, but %w\nthen run this again", err)
	}
	return nil
}

// promote puts next_auth_token in force, unless it is so already.
func (r Rotation) promote(ctx context.Context) error {
	if done, err := r.nextInForce(ctx); done || err != nil {
		return err
	}
	question := fmt.Sprintf("Change the auth token of account %s? Every other program that uses the old one will be refused, and needs the new one.",
		r.Conf.Twilio.AccountSID)
	if err := r.Confirm(question); err != nil {
		return err
	}
	at, err := server.AccountWith(r.Conf, r.Conf.Twilio.AuthToken)
	if err != nil {
		return err
	}
	switch token, err := at.PromoteSecondaryToken(ctx); {
	case err == nil && token != r.Conf.Twilio.NextAuthToken:
		return errors.New("the account's secondary token was made anew meanwhile, and that one is in force now: copy it from the console's first page, " +
			"Account Info, make it auth_token, empty next_auth_token, and restart the server at once")
	case err == nil || certainlyNotDone(err):
		return err
	default:
		if done, asked := r.nextInForce(ctx); asked != nil || !done {
			return fmt.Errorf("%w\nrun this again: it finds out whether next_auth_token is in force, and the server accepts both", err)
		}
		return nil
	}
}

// nextInForce reports whether next_auth_token was promoted: the provider refuses auth_token from then on.
func (r Rotation) nextInForce(ctx context.Context) (bool, error) {
	switch taken, err := r.takes(ctx, r.Conf.Twilio.NextAuthToken); {
	case err != nil:
		return false, err
	case !taken:
		return false, control.Refused("the provider does not take next_auth_token: it can be too new, so wait a minute and run this again; if it was deleted or made " +
			"anew, \"supportline rotate-token create --replace\" makes another")
	}
	taken, err := r.takes(ctx, r.Conf.Twilio.AuthToken)
	return err == nil && !taken, err
}

// takes reports whether the provider knows a token.
func (r Rotation) takes(ctx context.Context, token string) (bool, error) {
	at, err := server.AccountWith(r.Conf, token)
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
func (r Rotation) serverAccepts(ctx context.Context) error {
	if r.Conf.Store.IsDatabase() {
		return r.processesAccept(ctx)
	}
	conn, err := control.DialStore(r.Conf.Store.File)
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
	for _, token := range server.AcceptedTokens(r.Conf) {
		if !slices.Contains(accepted, control.Fingerprint(token)) {
			return control.Refused("the running server does not accept both auth_token and next_auth_token of this configuration: restart it, then run this again")
		}
	}
	return nil
}

// processesAccept is serverAccepts where any number of servers share a database. Each of them has written there which tokens it accepts.
func (r Rotation) processesAccept(ctx context.Context) (err error) {
	engine, err := server.OpenEngine(ctx, r.Conf.Store, server.EngineOptions{Connections: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	all, err := store.Processes(ctx, engine)
	if err != nil {
		return engine.Explain(err)
	}
	all = slices.DeleteFunc(all, func(p store.Process) bool { return p.Gone })
	if len(all) == 0 {
		return control.Refused("no server runs on %s: start it with \"supportline serve\", then run this again", r.Conf.Store)
	}
	for _, p := range all {
		for _, token := range server.AcceptedTokens(r.Conf) {
			if !slices.Contains(p.Tokens, control.Fingerprint(token)) {
				return control.Refused("the server at %s (process %d) does not accept both auth_token and next_auth_token of this configuration: restart it, "+
					"then run this again", p.Host, p.Number)
			}
		}
	}
	return nil
}

// signed sends a request to public_url as the provider does, signed with a token.
func (r Rotation) signed(ctx context.Context, token string) error {
	d := &Doctor{Conf: r.Conf, Now: r.Now, HTTP: noRedirects()}
	if f := d.Signed(ctx, token); f.State != OK {
		return fmt.Errorf("a request to %s that is signed with next_auth_token is %s\n%s", r.Conf.PublicURL, f.Found, f.Fix)
	}
	return nil
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
