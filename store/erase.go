package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// longestCall is the provider's own bound: an older call without an end has ended, and the report of it was lost.
const longestCall = 4 * time.Hour

// Erase removes a customer's profile and makes the account's calls anonymous (policy.Call.Anonymised), in one step. The audit keeps
// that one account was erased, when and by whom, and forgets its number wherever it stood. Errors: policy.ErrNoCustomer for a number with
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
			if c.End().IsZero() && at.Sub(c.StartedAt) < longestCall {
				return fmt.Errorf("%w: erase it when call %s has ended", policy.ErrCallInProgress, c.SID)
			}
			before, err := b.call(c.SID)
			if err != nil {
				return err
			}
			if err := b.change(before, before.call.Anonymised()); err != nil {
				return err
			}
		}
		did.Calls = len(calls)
		if err := forget(b.tx, number); err != nil {
			return err
		}
		return note(b.tx, policy.AuditEntry{At: at, By: by, Act: "erase", Detail: fmt.Sprintf("one account, %d calls", len(calls))})
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
	if err := write(tx, indexEdits(customerKeys(customer), nil)); err != nil {
		return err
	}
	return tx.Bucket(customersBucket).Delete([]byte(number))
}

// Export is everything that is kept of one customer, calls oldest first; the audit keeps who asked for it. Errors: policy.ErrNoCustomer.
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
		detail := fmt.Sprintf("profile and %d calls", len(all.Calls))
		return note(tx, policy.AuditEntry{At: s.now(), By: by, Act: "export", Customer: number, Detail: detail})
	})
	if err != nil {
		return policy.Exported{}, err
	}
	return all, nil
}

// Audit is what people did to the directory, oldest first. It reads in short steps, as Calls does.
func (s *Store) Audit(ctx context.Context) iter.Seq2[policy.AuditEntry, error] {
	return func(yield func(policy.AuditEntry, error) bool) {
		for next := uint64(1); next > 0; {
			var page []policy.AuditEntry
			err := s.view(ctx, func(tx *bolt.Tx) (err error) {
				page, next, err = auditFrom(tx, next)
				return err
			})
			if err != nil {
				yield(policy.AuditEntry{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// auditFrom reads one page, and the number of the entry at which the next one begins; 0 after the last.
func auditFrom(tx *bolt.Tx, from uint64) (page []policy.AuditEntry, next uint64, err error) {
	cursor := tx.Bucket(auditBucket).Cursor()
	k, v := cursor.Seek(binary.BigEndian.AppendUint64(nil, from))
	for ; k != nil; k, v = cursor.Next() {
		if len(page) == pageLength {
			return page, binary.BigEndian.Uint64(k), nil
		}
		e, err := decode[policy.AuditEntry]("audit entry", fmt.Sprintf("%x", k), v)
		if err != nil {
			return nil, 0, err
		}
		page = append(page, e)
	}
	return page, 0, nil
}

func note(tx *bolt.Tx, e policy.AuditEntry) error {
	audit := tx.Bucket(auditBucket)
	n, err := audit.NextSequence()
	if err != nil {
		return err
	}
	value, err := encode(e)
	if err != nil {
		return err
	}
	return audit.Put(binary.BigEndian.AppendUint64(nil, n), value)
}

// forget takes a customer's number out of the audit.
func forget(tx *bolt.Tx, number policy.CustomerNumber) error {
	audit := tx.Bucket(auditBucket)
	named := map[string]policy.AuditEntry{}
	err := audit.ForEach(func(k, v []byte) error {
		e, err := decode[policy.AuditEntry]("audit entry", fmt.Sprintf("%x", k), v)
		if err == nil && e.Customer == number {
			e.Customer = ""
			named[string(k)] = e
		}
		return err
	})
	if err != nil {
		return err
	}
	for k, e := range named {
		value, err := encode(e)
		if err != nil {
			return err
		}
		if err := audit.Put([]byte(k), value); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) now() time.Time { return s.options.Now().UTC() }
