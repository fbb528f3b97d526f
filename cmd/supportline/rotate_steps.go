package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/twilio"
)

// tokenAccount is what a rotation asks of the account, with one token.
type tokenAccount interface {
	Info(context.Context) (twilio.AccountInfo, error)
	CreateSecondaryToken(context.Context) (string, error)
	DeleteSecondaryToken(context.Context) error
	PromoteSecondaryToken(context.Context) (string, error)
}

// rotationKeeper is where a rotation is put down, and its tokens are accepted from then on.
type rotationKeeper interface {
	read(context.Context) (rotationState, error)
	keep(ctx context.Context, before, after []byte) (rotationState, error)
}

// rotator changes the auth token step by step. Each step looks whether it is done already, so that it may be stopped at any point and run
// again. What it must not lose, it puts down before it goes on; what was not put down, it asks the provider.
type rotator struct {
	conf    config.Twilio
	book    rotationKeeper
	account func(token string) (tokenAccount, error)
	signed  func(ctx context.Context, token string) error // a request to public_url, as the provider sends them
	confirm func(question string) error
	words   io.Writer
	now     func() time.Time
	replace bool

	state         rotationState
	under         rotation
	before, after string // "": there is none yet
	agreed        bool
}

// run goes from where look found the rotation to where only the person goes on.
func (r *rotator) run(ctx context.Context) error {
	if !r.state.Serving {
		return no("no server has the store open: start it with \"supportline serve\", then run this again")
	}
	for _, step := range []func(context.Context) error{r.create, r.accept, r.promote, r.verify} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *rotator) say(step, format string, args ...any) {
	fmt.Fprintf(r.words, "%-9s  %s\n", step, fmt.Sprintf(format, args...))
}

// look reads where the rotation stands.
func (r *rotator) look(ctx context.Context) error {
	if err := r.peek(ctx); err != nil {
		return err
	}
	if r.before == "" {
		return no("a rotation is under way since %s, and auth_token is neither its old token nor its new one: write one of these, or give the "+
			"rotation up with --cancel", r.under.StartedAt.UTC().Format(time.DateOnly))
	}
	return nil
}

// peek is look where it does not matter whether the tokens are known; before is "" where they are not.
func (r *rotator) peek(ctx context.Context) (err error) {
	if r.state, err = r.book.read(ctx); err != nil {
		return err
	}
	if r.under, err = readRotation(r.state.Record); err != nil {
		return err
	}
	r.before, r.after = r.conf.AuthToken, ""
	if len(r.under.SealedNew) > 0 {
		r.before, r.after, _ = r.under.open(r.conf.AuthToken, r.conf.NextAuthToken)
	}
	return nil
}

// put puts a stage down.
func (r *rotator) put(ctx context.Context, stage rotationStage) error {
	next := rotation{Stage: stage, StartedAt: r.under.StartedAt, PromotedAt: r.under.PromotedAt}
	if next.StartedAt.IsZero() {
		next.StartedAt = r.now().UTC().Truncate(time.Second)
	}
	if stage == rotationPromoted {
		next.PromotedAt = r.now().UTC().Truncate(time.Second)
	}
	var err error
	if stage == rotationCreated || stage == rotationPromoted {
		if next, err = next.with(stage, r.before, r.after); err != nil {
			return err
		}
	}
	return r.keep(ctx, next)
}

// keep puts a rotation down in the place of the one that stands there; the zero one ends it.
func (r *rotator) keep(ctx context.Context, next rotation) error {
	record, err := next.record()
	if err != nil {
		return err
	}
	state, err := r.book.keep(ctx, r.state.Record, record)
	if err != nil {
		return err
	}
	r.state, r.under = state, next
	return nil
}

// agree asks once whether the token may be changed at all.
func (r *rotator) agree() error {
	if r.agreed {
		return nil
	}
	question := fmt.Sprintf("Change the auth token of account %s? Every other program that uses the old one will be refused, and needs the new one.",
		r.conf.AccountSID)
	if r.replace {
		question += " The secondary token that it may have is deleted first."
	}
	err := r.confirm(question)
	r.agreed = err == nil
	return err
}

// taken asks the account with a token: does the provider know it?
func (r *rotator) taken(ctx context.Context, token string) (bool, error) {
	at, err := r.account(token)
	if err != nil {
		return false, err
	}
	_, err = at.Info(ctx)
	if statusFrom(err) == http.StatusUnauthorized {
		return false, nil
	}
	return err == nil, err
}

// promoted says whether the new token is in force: the old one is refused from then on. A secondary one is taken, too, so that it says nothing.
func (r *rotator) promoted(ctx context.Context) (bool, error) {
	old, err := r.taken(ctx, r.before)
	if err != nil || old {
		return false, err
	}
	young := false
	if r.after != "" {
		if young, err = r.taken(ctx, r.after); err != nil {
			return false, err
		}
	}
	if !young {
		return false, no("the provider takes neither auth_token nor a token that was made here: if one was promoted just now, wait a minute and run this again; " +
			"else copy auth_token from the console's first page, Account Info, and restart the server")
	}
	return true, nil
}

// statusFrom is the HTTP status that the provider refused with; 0 where it did not.
func statusFrom(err error) int {
	var refused *twilio.Err
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

// refused says that what was asked for was certainly not done.
func refused(err error) bool {
	status := statusFrom(err)
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}
