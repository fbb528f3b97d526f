package main

import (
	"context"
	"time"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// casework is what people do with cases, for the commands, and for the console and its API.
type casework struct {
	*store.Store
	settings policy.Settings
	notices  notices.Settings
}

func (s *session) casework() casework { return casework{s.Store, s.Settings, s.Notices} }

// OpenCase opens a case by hand, with the months it rests on as they are at that time.
func (w casework) OpenCase(ctx context.Context, number policy.CustomerNumber, by, note string, at time.Time) (policy.Case, error) {
	fair := w.settings.FairUse
	a, err := ledger{w.Store, fair}.one(ctx, number, w.settings.ThisMonth(at), max(1, fair.SustainedWithin))
	if err != nil {
		return policy.Case{}, err
	}
	return w.Store.OpenCase(ctx, number, by, note, a.months, at)
}

// MoveCase takes a case one step on, and puts the e-mail to the account holder into the outbox where the move asks for one and a mail server is
// configured. It gives that e-mail.
func (w casework) MoveCase(ctx context.Context, id policy.CaseID, move policy.Move) (policy.Case, []policy.Notice, error) {
	before, err := w.Case(ctx, id)
	if err != nil {
		return policy.Case{}, nil, err
	}
	moved, err := before.Moved(move)
	if err != nil {
		return policy.Case{}, nil, err
	}
	mail, err := w.mail(ctx, moved, move)
	if err != nil {
		return policy.Case{}, nil, err
	}
	after, err := w.Store.MoveCase(ctx, id, move, mail)
	return after, mail, err
}

// mail is the e-mail to the account holder, where the person asked for one.
func (w casework) mail(ctx context.Context, moved policy.Case, move policy.Move) ([]policy.Notice, error) {
	if move.Via != policy.ViaEmail {
		return nil, nil
	}
	holder, err := w.Customer(ctx, moved.Customer)
	switch {
	case err != nil:
		return nil, err
	case holder.Email == "":
		return nil, policy.ErrNoEmail
	}
	return w.notices.Addressed(moved.MoveNotice(holder)), nil
}
