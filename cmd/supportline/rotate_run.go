package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// create makes the secondary token, unless there is one that we know: from an earlier run, or as next_auth_token.
func (r *rotator) create(ctx context.Context) error {
	if r.under.Stage == "" && !r.replace {
		if err := r.adopt(ctx); err != nil {
			return err
		}
	}
	known := r.under.Stage == rotationPromoted || r.under.Stage == rotationCreated
	if known && r.replace && r.under.Stage == rotationCreated {
		in, err := r.promoted(ctx)
		if err != nil {
			return err
		}
		known = in
	}
	if !known {
		if err := r.makeSecondary(ctx); err != nil {
			return err
		}
	}
	r.say("create", "the new token was made on %s", r.under.StartedAt.UTC().Format(time.DateOnly))
	return nil
}

// adopt takes next_auth_token, where the provider knows it: somebody made it by hand.
func (r *rotator) adopt(ctx context.Context) error {
	next := r.conf.NextAuthToken
	if next == "" || next == r.before {
		return nil
	}
	taken, err := r.taken(ctx, next)
	if err != nil || !taken {
		return err
	}
	r.after = next
	return r.put(ctx, rotationCreated)
}

// makeSecondary asks the provider for a secondary token. That it does so it puts down first: one that nobody was told of, because the answer was lost,
// is then known to be ours, and made anew by the next run.
func (r *rotator) makeSecondary(ctx context.Context) error {
	r.after = ""
	if _, err := r.promoted(ctx); err != nil {
		return err
	}
	if err := r.agree(); err != nil {
		return err
	}
	at, err := r.account(r.before)
	if err != nil {
		return err
	}
	remove := r.replace || r.under.Stage == rotationCreating
	if err := r.put(ctx, rotationCreating); err != nil {
		return err
	}
	if remove {
		if err := at.DeleteSecondaryToken(ctx); err != nil && statusFrom(err) != http.StatusNotFound {
			return err
		}
	}
	if r.after, err = at.CreateSecondaryToken(ctx); err != nil {
		return r.notMade(ctx, err)
	}
	return r.put(ctx, rotationCreated)
}

func (r *rotator) notMade(ctx context.Context, err error) error {
	if !refused(err) {
		return fmt.Errorf("%w\nwhether the secondary token was made is not known: run this again, and it is made anew", err)
	}
	if failed := r.keep(ctx, rotation{}); failed != nil {
		return fmt.Errorf("%w\n%w", err, failed)
	}
	if status := statusFrom(err); status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests {
		return err
	}
	return no("%w\nif the account has a secondary token already (the console shows it under API keys & tokens): write it as next_auth_token, or let "+
		"--replace delete it and make another", err)
}

// accept lets the running server show that it takes requests signed with either token. Before that nothing is promoted.
func (r *rotator) accept(ctx context.Context) error {
	if r.under.Stage == rotationPromoted {
		return nil
	}
	for _, token := range []string{r.before, r.after} {
		if err := r.signed(ctx, token); err != nil {
			return fmt.Errorf("%w\nnothing was promoted: mend that, then run this again", err)
		}
	}
	r.say("accept", "the server accepts both tokens, also after a restart")
	return nil
}

// promote makes the new token the one in force. When it is not known whether it did, it asks.
func (r *rotator) promote(ctx context.Context) error {
	if r.under.Stage != rotationPromoted {
		done, err := r.promoted(ctx)
		if err == nil && !done {
			err = r.makePrimary(ctx)
		}
		if err != nil {
			return err
		}
		if err := r.put(ctx, rotationPromoted); err != nil {
			return fmt.Errorf("the new token is in force, but that could not be put down: run this again\n%w", err)
		}
	}
	r.say("promote", "the new token is in force since %s; the provider takes the old one no more", r.under.PromotedAt.Format(time.DateTime))
	return nil
}

func (r *rotator) makePrimary(ctx context.Context) error {
	const lost = "the provider does not take the secondary token that was made here: it can be too new, so wait a minute and run this again; if it was " +
		"deleted or made anew elsewhere, --replace makes another"
	if taken, err := r.taken(ctx, r.after); err != nil {
		return err
	} else if !taken {
		return no(lost)
	}
	if err := r.agree(); err != nil {
		return err
	}
	at, err := r.account(r.before)
	if err != nil {
		return err
	}
	got, err := at.PromoteSecondaryToken(ctx)
	switch {
	case err == nil:
		r.after = got // ours, or else one that somebody made in this very moment: it is the one in force
		return nil
	case statusFrom(err) == http.StatusNotFound:
		return no(lost)
	case refused(err):
		return err
	}
	if done, asked := r.promoted(ctx); asked != nil || !done {
		return fmt.Errorf("%w\nrun this again: it finds out whether the new token is in force, and the server accepts both", err)
	}
	return nil
}

// verify uses the new token as the provider does, and as we do.
func (r *rotator) verify(ctx context.Context) error {
	taken, err := r.taken(ctx, r.after)
	switch {
	case err != nil:
		return err
	case !taken:
		return no("the provider does not take the new token: wait a minute and run this again; if somebody changed it since, make the one that the " +
			"console shows auth_token")
	}
	if err := r.signed(ctx, r.after); err != nil {
		return fmt.Errorf("the new token is in force, but %w\nthen run this again", err)
	}
	r.say("verify", "a request to public_url that is signed with it is answered, and the REST API takes it")
	return nil
}

// finish drops the old token where the configuration has the new one, and else says how it gets there.
func (r *rotator) finish(ctx context.Context) error {
	switch {
	case r.conf.AuthToken != r.after:
		r.say("configure", "to be done by you: auth_token is the old token; until it is the new one, the server accepts both")
		fmt.Fprint(r.words, howToConfigure)
		return nil
	case r.state.Configured != tokenMark(r.after):
		r.say("configure", "to be done by you: restart the server, which was started with another auth_token, and run this again")
		return nil
	}
	if err := r.keep(ctx, rotation{}); err != nil {
		return fmt.Errorf("%w\nlook with --status before you run this again: where no rotation is under way, the old token is dropped", err)
	}
	r.say("configure", "auth_token is the new token")
	r.say("drop", "the server accepts the new token alone")
	return nil
}

const howToConfigure = `
  supportline rotate-token --out FILE    writes the new token to a file that you alone can read; --show prints it
  make it auth_token, which mostly is TWILIO_AUTH_TOKEN in the server's environment; leave next_auth_token empty; restart the server
  supportline rotate-token               drops the old token
`
