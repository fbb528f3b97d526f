package store

import (
	"context"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// longestCall is the provider's own bound: an older call without an end has ended, and the report of it was lost.
const longestCall = 4 * time.Hour

// Erase removes a customer's profile and the notices about the account, and makes its calls and its cases anonymous
// (policy.Call.Anonymised, policy.Case.Anonymised: the figures stay), in one step. An open case is closed. The recordings of the calls are
// noted for removal, here and at the provider (DueRemovals). The audit keeps that one account
// was erased, when and by whom, and forgets its number wherever it stood. Errors: policy.ErrNoCustomer for a number with
// neither a profile nor calls, policy.ErrCallInProgress while the account is on the phone.
func (s *Store) Erase(ctx context.Context, number policy.CustomerNumber, by string, at time.Time) (policy.Erased, error) {
	var did policy.Erased
	err := s.submit(ctx, true, func(b *batch) error {
		calls, err := recordsUnder(b.tx, key(byCustomer).part(string(number)))
		if err != nil {
			return err
		}
		if err := removeCustomer(b.tx, number, len(calls) > 0); err != nil {
			return err
		}
		for _, r := range calls {
			c := r.Call
			if goesOn(c, at) {
				return fmt.Errorf("%w: erase it when call %s has ended", policy.ErrCallInProgress, c.SID)
			}
			before, err := b.call(c.SID)
			if err != nil {
				return err
			}
			gone := before.call.Removals(policy.RemovalErased, at)
			if err := b.change(before, before.call.Anonymised()); err != nil {
				return err
			}
			if err := putRemovals(b.tx, gone); err != nil {
				return err
			}
			did.Recordings += len(gone)
		}
		did.Calls = len(calls)
		if did.Cases, err = eraseCases(b.tx, number, by, at); err != nil {
			return err
		}
		if did.Notices, err = eraseNotices(b.tx, number); err != nil {
			return err
		}
		if err := forget(b.tx, number); err != nil {
			return err
		}
		detail := fmt.Sprintf("one account, %d calls, %d cases, %d notices", did.Calls, did.Cases, did.Notices)
		return note(b.tx, policy.AuditEntry{At: at, By: by, Act: "erase", Detail: detail})
	})
	if err != nil {
		return policy.Erased{}, err
	}
	return did, nil
}

func removeCustomer(tx *bolt.Tx, number policy.CustomerNumber, calls bool) error {
	customer, err := readCustomer(tx, string(number))
	if err != nil {
		if calls {
			return nil
		}
		return err
	}
	gone := append(indexEdits(customerKeys(customer), nil), searchEdits(customerSearchKeys(customer), nil)...)
	if err := write(tx, gone); err != nil {
		return err
	}
	return tx.Bucket(customersBucket).Delete([]byte(number))
}

// eraseCases closes the open case of an account, and takes the names out of all of them.
func eraseCases(tx *bolt.Tx, customer policy.CustomerNumber, by string, at time.Time) (int, error) {
	cases, err := casesOf(tx, customer)
	if err != nil {
		return 0, err
	}
	for _, before := range cases {
		after := before
		if before.Open() {
			if after, err = before.Moved(policy.Move{At: at, By: by, To: policy.CaseClosed, Note: "the account was erased"}); err != nil {
				return 0, err
			}
		}
		after = after.Anonymised()
		if err := putChanged(tx, casesBucket, casePlace(after.ID), after, caseKeys(before), caseKeys(after)); err != nil {
			return 0, err
		}
	}
	return len(cases), nil
}

// eraseNotices deletes the notices about an account, sent or not: their keys and their words name it.
func eraseNotices(tx *bolt.Tx, customer policy.CustomerNumber) (int, error) {
	notices, err := noticesAbout(tx, customer)
	if err != nil {
		return 0, err
	}
	for _, n := range notices {
		if err := removeNotice(tx, n); err != nil {
			return 0, err
		}
	}
	return len(notices), nil
}

// Export is everything that is kept of one customer, calls and cases oldest first, notices by key; the audit keeps who asked for it. Errors: policy.ErrNoCustomer.
func (s *Store) Export(ctx context.Context, number policy.CustomerNumber, by string) (policy.Exported, error) {
	var all policy.Exported
	err := s.write(ctx, func(tx *bolt.Tx) (err error) {
		if all.Customer, err = readCustomer(tx, string(number)); err != nil {
			return err
		}
		records, err := recordsUnder(tx, key(byCustomer).part(string(number)))
		if err != nil {
			return err
		}
		for _, r := range records {
			call, _, err := r.withStory(tx)
			if err != nil {
				return err
			}
			all.Calls = append(all.Calls, call)
		}
		if all.Cases, err = casesOf(tx, number); err != nil {
			return err
		}
		if all.Notices, err = noticesAbout(tx, number); err != nil {
			return err
		}
		detail := fmt.Sprintf("profile, %d calls, %d cases, %d notices", len(all.Calls), len(all.Cases), len(all.Notices))
		return note(tx, policy.AuditEntry{At: s.now(), By: by, Act: "export", Customer: number, Detail: detail})
	})
	if err != nil {
		return policy.Exported{}, err
	}
	return all, nil
}

func (s *Store) now() time.Time { return s.options.Now().UTC() }
