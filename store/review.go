package store

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// Review looks at an account's load in the months of policy.FairUse.SustainedWithin that end with one: decide is given the usage of each, oldest
// first, and the account's cases, and returns which case to open and what to tell. The case, its notices and its entry in the audit are written in
// one step, and the verdict that comes back is what was written: a case with its ID, and the notices that are new. Where there is nothing new,
// nothing is written.
//
// decide must be a pure function: it runs again on the writer's goroutine when its first answer wants something written, so that two
// reviews at once open one case. Errors: policy.ErrNoCustomer.
func (s *Store) Review(
	ctx context.Context, customer policy.CustomerNumber, month policy.Month, fair policy.FairUse, decide func(policy.ReviewInput) policy.Verdict,
) (policy.Verdict, error) {
	look := func(tx Reader) (policy.Verdict, error) {
		input, err := readReviewInput(tx, customer, month, fair)
		if err != nil {
			return policy.Verdict{}, err
		}
		verdict := decide(input)
		verdict.Notices = untold(tx, verdict.Notices)
		return verdict, nil
	}
	verdict, err := fetch(ctx, s, look)
	if err != nil || verdict.Open == nil && len(verdict.Notices) == 0 {
		return verdict, err
	}
	return update(ctx, s, func(t *step) (policy.Verdict, error) {
		verdict, err := look(t.tx)
		if err != nil {
			return verdict, err
		}
		out, err := newNotices(verdict.Notices)
		if err != nil {
			return verdict, err
		}
		if verdict.Open != nil {
			if *verdict.Open, err = s.flag(ctx, t.tx, *verdict.Open); err != nil {
				return verdict, err
			}
		}
		putNew(t.tx, out)
		return verdict, nil
	})
}

// readReviewInput derives an account's usage of some months from their calls.
func readReviewInput(tx Reader, customer policy.CustomerNumber, month policy.Month, fair policy.FairUse) (policy.ReviewInput, error) {
	account, err := directoryEntry(tx, string(customer))
	if err != nil {
		return policy.ReviewInput{}, err
	}
	cases, err := casesOf(tx, customer)
	if err != nil {
		return policy.ReviewInput{}, err
	}
	n := max(1, fair.SustainedWithin)
	report, err := policy.AccountReport(customer, month, n+fair.Lead(), func(m policy.Month) ([]policy.CallSummary, error) {
		return accountSummaries(tx, customer, m, all)
	})
	return policy.ReviewInput{
		Customer: account, Months: report.Account(account, n, fair), Open: openCase(cases), Closed: lastClosed(cases), Told: warned(tx, customer, month),
	}, err
}

// warned returns the keys of the warnings about an account's tickets in a month.
func warned(tx Reader, customer policy.CustomerNumber, month policy.Month) (keys []string) {
	for _, start := range policy.TicketWarnings(customer, month) {
		for k := range under([]byte(start)).in(tx, noticesBucket) {
			keys = append(keys, string(k))
		}
	}
	return keys
}

// untold returns the notices whose keys are new.
func untold(tx Reader, notices []policy.Notice) (fresh []policy.Notice) {
	if len(notices) == 0 {
		return nil
	}
	keys := make([][]byte, len(notices))
	for i, n := range notices {
		keys[i] = []byte(n.Key)
	}
	for i, e := range fetched(tx, noticesBucket, keys) {
		if e.Value == nil {
			fresh = append(fresh, notices[i])
		}
	}
	return fresh
}

// flag writes the case that a verdict opens, and into the audit who opened it.
func (s *Store) flag(ctx context.Context, tx Writer, c policy.Case) (policy.Case, error) {
	opened, err := s.putCase(ctx, tx, c)
	if err != nil {
		return c, err
	}
	e := users.AuditEntry{At: opened.OpenedAt, Act: "case-open", Customer: opened.Customer, Subject: string(opened.ID)}
	if len(opened.Moves) > 0 {
		e.By, e.Reason = opened.Moves[0].By, opened.Moves[0].Note
	}
	return opened, s.note(ctx, tx, e)
}

// Casework is the cases as people work on them: with the months that a case rests on, and the e-mail that a move sends.
type Casework struct {
	*Store
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
	return w.Addressed(moved.MoveNotice(holder)), nil
}
