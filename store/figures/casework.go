package figures

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// Casework is the cases as people work on them: with the months that a case rests on, and the e-mail that a move sends.
type Casework struct {
	*store.Store
	Settings policy.Settings
	// Addressed returns the notices by which one event is told, one for each receiver; none where no mail server is configured.
	Addressed func(policy.Notice) []policy.Notice
}

// OpenCase opens a case by hand, with the months it rests on as they are at that time. Errors are those of Store.OpenCase.
func (w Casework) OpenCase(ctx context.Context, number policy.CustomerNumber, by, note string, at time.Time) (policy.Case, error) {
	fair := w.Settings.FairUse
	account, err := Accounts{w.Store, fair}.Months(ctx, number, w.Settings.ThisMonth(at), max(1, fair.SustainedWithin))
	if err != nil {
		return policy.Case{}, err
	}
	return w.Store.OpenCase(ctx, number, by, note, account.Months, at)
}

// MoveCase takes a case one step on, and puts the e-mail to the account holder, which it returns, into the outbox where the move tells them, they
// have an address and a mail server is configured; the move says then that they were told by e-mail. Errors are those of Store.MoveCase, and
// policy.ErrNoEmail if a person asked for an e-mail to an account holder without an address.
func (w Casework) MoveCase(ctx context.Context, id policy.CaseID, move policy.Move) (policy.Case, []policy.Notice, error) {
	before, err := w.Case(ctx, id)
	if err != nil {
		return policy.Case{}, nil, err
	}
	if _, err := before.Moved(move); err != nil {
		return policy.Case{}, nil, err
	}
	mail, err := w.mail(ctx, before, move)
	if err != nil {
		return policy.Case{}, nil, err
	}
	if len(mail) > 0 {
		move.Via = cmp.Or(move.Via, policy.ViaEmail)
	}
	after, err := w.Store.MoveCase(ctx, id, move, mail)
	return after, mail, err
}

// mail returns the e-mail to the account holder about a move of the case, if the move tells them.
func (w Casework) mail(ctx context.Context, before policy.Case, move policy.Move) ([]policy.Notice, error) {
	if !move.TellsHolder() {
		return nil, nil
	}
	holder, err := w.Customer(ctx, before.Customer)
	switch {
	case errors.Is(err, policy.ErrNoCustomer) && move.Via != policy.ViaEmail: // erased: there is nobody to tell
		return nil, nil
	case err != nil:
		return nil, err
	case holder.Email == "" && move.Via == policy.ViaEmail:
		return nil, policy.ErrNoEmail
	case holder.Email == "":
		return nil, nil
	}
	move.Via = cmp.Or(move.Via, policy.ViaEmail)
	moved, err := before.Moved(move)
	if err != nil {
		return nil, err
	}
	month, err := Accounts{w.Store, w.Settings.FairUse}.Usage(ctx, before.Customer, w.Settings.ThisMonth(move.At))
	if err != nil {
		return nil, err
	}
	return w.Addressed(moved.MoveNotice(holder, month, w.Settings.FairUse)), nil
}
