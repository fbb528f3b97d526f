package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// status says where the rotation stands, by what is put down of it; the provider is not asked.
func (r *rotator) status(ctx context.Context, out io.Writer) error {
	if err := r.peek(ctx); err != nil {
		return err
	}
	if r.under.Stage == "" {
		_, err := fmt.Fprintln(out, "no rotation is under way")
		return err
	}
	promoted := r.under.Stage == rotationPromoted
	configured := promoted && tokenMark(r.conf.AuthToken) == r.under.New
	for _, step := range []struct {
		name string
		done bool
		at   time.Time
	}{
		{"create", r.under.Stage != rotationCreating, r.under.StartedAt},
		{"promote", promoted, r.under.PromotedAt},
		{"configure", configured && (!r.state.Serving || r.state.Configured == r.under.New), time.Time{}},
		{"drop", false, time.Time{}},
	} {
		text := "to be done"
		if step.done {
			text = "done"
			if !step.at.IsZero() {
				text += " on " + step.at.UTC().Format(time.DateTime)
			}
		}
		if _, err := fmt.Fprintf(out, "%-9s  %s\n", step.name, text); err != nil {
			return err
		}
	}
	return no("a rotation is under way: \"supportline rotate-token\" goes on with it")
}

// cancel gives up a rotation whose token is not in force, and deletes that token. One that the configuration can't open is only forgotten.
func (r *rotator) cancel(ctx context.Context) error {
	if err := r.peek(ctx); err != nil {
		return err
	}
	if r.under.Stage == "" {
		return no("no rotation is under way")
	}
	if r.before != "" {
		if err := r.undo(ctx); err != nil {
			return err
		}
	} else if taken, err := r.taken(ctx, r.conf.AuthToken); err != nil {
		return err
	} else if !taken {
		return no("the provider does not take auth_token: copy it from the console's first page, Account Info, before the tokens of the rotation are forgotten")
	}
	if err := r.keep(ctx, rotation{}); err != nil {
		return err
	}
	fmt.Fprintln(r.words, "The rotation is given up; the auth token stays as it is.")
	return nil
}

func (r *rotator) undo(ctx context.Context) error {
	done, err := r.promoted(ctx)
	if err != nil {
		return err
	}
	if done || r.under.Stage == rotationPromoted {
		return no("the new token is in force, and the old one is gone at the provider: there is no way back, run this again without --cancel")
	}
	if err := r.confirm("Delete the account's secondary token, and give the rotation up?"); err != nil {
		return err
	}
	at, err := r.account(r.before)
	if err != nil {
		return err
	}
	if err := at.DeleteSecondaryToken(ctx); err != nil && statusFrom(err) != http.StatusNotFound {
		return err
	}
	return nil
}
