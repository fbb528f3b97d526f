package store

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// caseEntries returns the entries of a case, by account: an open case is looked for on each call.
func caseEntries(k []byte, c policy.Case) []Edit {
	if c.Customer == "" { // of an account that was erased
		return nil
	}
	return []Edit{{Bucket: indexBucket, Key: append(key(byCase).part(string(c.Customer)), k...), Value: []byte(c.State)}}
}

// Case returns a case, or policy.ErrNoCase.
func (s *Store) Case(ctx context.Context, id policy.CaseID) (policy.Case, error) {
	return fetch(ctx, s, func(tx Reader) (policy.Case, error) { return readCase(tx, id) })
}

func readCase(tx Reader, id policy.CaseID) (policy.Case, error) {
	k := numberKey(string(id))
	if k == nil {
		return policy.Case{}, fmt.Errorf("%w: %q", policy.ErrNoCase, string(id))
	}
	c, err := caseTable.find(tx, k)
	if c == nil {
		return policy.Case{}, fmt.Errorf("%w: %s", policy.ErrNoCase, id)
	}
	return *c, err
}

// Cases returns all cases, open and closed, in the order in which they were opened. It reads in short steps, as Calls does.
func (s *Store) Cases(ctx context.Context) iter.Seq2[policy.Case, error] {
	return caseTable.scan(ctx, s, span{})
}

// CasesOf returns the cases of an account, in the order in which they were opened. It reads those alone.
func (s *Store) CasesOf(ctx context.Context, customer policy.CustomerNumber) ([]policy.Case, error) {
	return fetch(ctx, s, func(tx Reader) ([]policy.Case, error) { return casesOf(tx, customer) })
}

// OpenCases returns the cases that are not closed, in the order in which they were opened. It reads the index alone.
func (s *Store) OpenCases(ctx context.Context) ([]policy.CaseHead, error) {
	var found []policy.CaseHead
	for head, err := range scan(ctx, s, indexBucket, under(key(byCase)), summaryPage, readHead) {
		if err != nil {
			return nil, err
		}
		if head.State != policy.CaseClosed {
			found = append(found, head)
		}
	}
	slices.SortFunc(found, func(a, b policy.CaseHead) int { return bytes.Compare(numberKey(string(a.ID)), numberKey(string(b.ID))) })
	return found, nil
}

func readHead(k, v []byte) (policy.CaseHead, error) {
	id := policy.CaseID(numberOf(k[len(k)-numberLength:]))
	return policy.CaseHead{ID: id, Customer: policy.CustomerNumber(partOf(k)), State: policy.CaseState(v)}, nil
}

// ClosedCases returns at most limit of the closed cases, those that were opened last first, and reports whether there are more. before is the
// last case of the page before, "" for the first page.
func (s *Store) ClosedCases(ctx context.Context, before policy.CaseID, limit int) (found []policy.Case, more bool, err error) {
	older := span{back: true}
	if before != "" {
		if older.to = numberKey(string(before)); older.to == nil {
			return nil, false, fmt.Errorf("%w: %q", policy.ErrNoCase, string(before))
		}
	}
	for c, err := range caseTable.scan(ctx, s, older) {
		switch {
		case err != nil:
			return nil, false, err
		case c.Open():
		case len(found) == limit:
			return found, true, nil
		default:
			found = append(found, c)
		}
	}
	return found, false, nil
}

// casesOf returns the cases of an account, in the order in which they were opened.
func casesOf(tx Reader, customer policy.CustomerNumber) ([]policy.Case, error) {
	prefix := key(byCase).part(string(customer))
	return lookUp(tx, under(prefix), len(prefix), noLimit, caseTable.all)
}

// restricted reports whether an open case restricts an account. It is called on each call, so it reads the index alone.
func restricted(tx Reader, customer policy.CustomerNumber) bool {
	return allRestricted(tx, []policy.CustomerNumber{customer})[0]
}

// allRestricted reports the same of several accounts, in one round trip.
func allRestricted(tx Reader, customers []policy.CustomerNumber) []bool {
	spans, found := make([]Span, len(customers)), make([]bool, len(customers))
	for i, c := range customers {
		spans[i] = under(key(byCase).part(string(c))).of(indexBucket)
	}
	for i, cases := range tx.Scan(spans...) {
		for k, v := cases.Next(); k != nil && !found[i]; k, v = cases.Next() {
			found[i] = policy.CaseState(v) == policy.CaseRestricted
		}
	}
	return found
}

// openCase returns the open case of an account, or nil: there is never more than one.
func openCase(cases []policy.Case) *policy.Case {
	if i := slices.IndexFunc(cases, policy.Case.Open); i >= 0 {
		return &cases[i]
	}
	return nil
}

// lastClosed returns the case that was closed last, or nil: an account has one case after the other.
func lastClosed(cases []policy.Case) *policy.Case {
	for i := range slices.Backward(cases) {
		if !cases[i].Open() {
			return &cases[i]
		}
	}
	return nil
}

// OpenCase opens a case by hand, with the months that it rests on, and notes in the audit who did it. Errors: policy.ErrNoCustomer,
// policy.ErrCaseOpen, policy.ErrNoNote.
func (s *Store) OpenCase(ctx context.Context, customer policy.CustomerNumber, by, text string, months []policy.Usage, at time.Time) (policy.Case, error) {
	return update(ctx, s, func(t *step) (policy.Case, error) {
		account, err := customerTable.get(t.tx, string(customer))
		if err != nil {
			return policy.Case{}, err
		}
		text, err := policy.WrittenText("the note", text)
		if err != nil {
			return policy.Case{}, err
		}
		if text == "" {
			return policy.Case{}, fmt.Errorf("%w: say why the case of customer %s is opened", policy.ErrNoNote, customer)
		}
		return s.flag(ctx, t.tx, policy.NewCase(account, months, by, text, at))
	})
}

// putCase writes a new case under the next number, unless the account has an open one.
func (s *Store) putCase(ctx context.Context, tx Writer, c policy.Case) (policy.Case, error) {
	cases, err := casesOf(tx, c.Customer)
	if err != nil {
		return policy.Case{}, err
	}
	if open := openCase(cases); open != nil {
		return policy.Case{}, fmt.Errorf("%w: case %s of customer %s is %s", policy.ErrCaseOpen, open.ID, c.Customer, open.State)
	}
	k, err := caseTable.next(ctx, s)
	if err != nil {
		return policy.Case{}, err
	}
	c.ID = policy.CaseID(numberOf(k))
	return c, caseTable.put(tx, k, nil, c)
}

// MoveCase moves a case to its next state (policy.Case.Moved), and writes the entry in the audit and the notices in the same step. Errors:
// policy.ErrNoCase, and those of Moved.
func (s *Store) MoveCase(ctx context.Context, id policy.CaseID, move policy.Move, notices []policy.Notice) (policy.Case, error) {
	if _, err := newNotices(notices); err != nil {
		return policy.Case{}, err
	}
	return update(ctx, s, func(t *step) (after policy.Case, err error) {
		before, err := readCase(t.tx, id)
		if err != nil {
			return after, err
		}
		if after, err = before.Moved(move); err != nil {
			return after, err
		}
		if err := caseTable.put(t.tx, numberKey(string(id)), &before, after); err != nil {
			return after, err
		}
		letters, err := t.withOffers(ctx, notices)
		if err != nil {
			return after, err
		}
		out, err := newNotices(letters)
		if err != nil {
			return after, err
		}
		putNew(t.tx, out)
		return after, s.note(ctx, t.tx, users.AuditEntry{
			At: move.At, By: after.LastMove().By, Act: "case-move", Customer: before.Customer, Subject: string(id),
			Detail: fmt.Sprintf("from %s to %s", before.State, after.State), Reason: after.LastMove().Note,
		})
	})
}

// Review looks at an account's load in the months of policy.FairUse.SustainedWithin that end with one: decide is given the usage of each, oldest
// first, and the account's cases, and returns which case to open and what to tell. The case, its notices and its entry in the audit are written in
// one step, and the verdict that comes back is what was written: a case with its ID, and the notices that are new. Where there is nothing new,
// nothing is written.
//
// A notice without a channel is an event, which is told as Tell does. decide must be a pure function: it runs again on the writer's goroutine when its first answer wants something written, so that two
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
		verdict.Notices = s.untold(tx, verdict.Notices)
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
		if verdict.Open != nil {
			if *verdict.Open, err = s.flag(ctx, t.tx, *verdict.Open); err != nil {
				return verdict, err
			}
		}
		letters, err := t.withOffers(ctx, verdict.Notices)
		if err != nil {
			return verdict, err
		}
		verdict.Notices, err = t.tellAll(ctx, letters)
		return verdict, err
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
		for k := range under(key(byEvent).text(start)).in(tx, indexBucket) { // told by an alarm
			keys = append(keys, string(k[1:]))
		}
	}
	return keys
}

// untold returns the notices whose keys are new, and the events that people were not told of.
func (s *Store) untold(tx Reader, list []policy.Notice) (fresh []policy.Notice) {
	for _, n := range list {
		out := []policy.Notice{n}
		if n.Channel == "" {
			if tx.Get(indexBucket, key(byEvent).text(n.Key)) != nil {
				continue
			}
			if s.raises(n) {
				fresh = append(fresh, n)
				continue
			}
			_, out = s.tellEvent(n, nil, "")
		}
		if slices.ContainsFunc(out, func(n policy.Notice) bool { return tx.Get(noticesBucket, []byte(n.Key)) == nil }) {
			fresh = append(fresh, n)
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
