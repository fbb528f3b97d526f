package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// maxNoticeKey bounds the key of a notice, so that it fits into the index.
const maxNoticeKey = 1024

// noticeKeys are the index entries of a notice: those that wait are found by the time of their next try, and those that were given up too.
func noticeKeys(n policy.Notice) []entry {
	switch {
	case !n.SentAt.IsZero():
		return nil
	case !n.FailedAt.IsZero():
		return []entry{{key: key(byFailed).time(n.FailedAt).text(n.Key)}}
	}
	return []entry{{key: dueKey(n.Channel).time(n.NextAt).text(n.Key)}}
}

func dueKey(c policy.Channel) indexKey { return key(byDue).part(string(c)) }

// FailedNotices is how many notices were given up and wait for a person. It reads their entries in the index.
func (s *Store) FailedNotices(ctx context.Context) (failed int, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		prefix, cursor := key(byFailed), tx.Bucket(indexBucket).Cursor()
		for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
			failed++
		}
		return nil
	})
	return failed, err
}

// NoticesGivenUp are the notices that were given up and wait for a person, at most limit of them, the last first.
func (s *Store) NoticesGivenUp(ctx context.Context, limit int) (found []policy.Notice, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		prefix, cursor := key(byFailed), tx.Bucket(indexBucket).Cursor()
		cursor.Seek(append(bytes.Clone(prefix), 0xff)) // times are far below that
		k, _ := cursor.Prev()
		for ; bytes.HasPrefix(k, prefix) && len(found) < limit; k, _ = cursor.Prev() {
			name := k[len(prefix)+timeLength:]
			n, err := decode[policy.Notice]("notice", string(name), tx.Bucket(noticesBucket).Get(name))
			if err != nil {
				return err
			}
			found = append(found, n)
		}
		return nil
	})
	return found, err
}

// outgoing is a notice on its way into the outbox.
type outgoing struct {
	notice policy.Notice
	value  []byte
}

func newNotices(notices []policy.Notice) ([]outgoing, error) {
	var out []outgoing
	for _, n := range notices {
		if n.Key == "" || len(n.Key) > maxNoticeKey {
			return nil, fmt.Errorf("a notice's key has 1 to %d characters, not %d", maxNoticeKey, len(n.Key))
		}
		value, err := encode(n)
		if err != nil {
			return nil, fmt.Errorf("notice %s cannot be written: %w", n.Key, err)
		}
		out = append(out, outgoing{n, value})
	}
	return out, nil
}

// putNew writes the notices whose keys are new. That is seen here, in the commit, since what a batch before this one wrote need not be in
// the file when a notice is made.
func putNew(tx *bolt.Tx, notices []outgoing) error {
	outbox := tx.Bucket(noticesBucket)
	for _, n := range notices {
		if outbox.Get([]byte(n.notice.Key)) != nil {
			continue
		}
		if err := outbox.Put([]byte(n.notice.Key), n.value); err != nil {
			return fmt.Errorf("notice %s: %w", n.notice.Key, err)
		}
		if err := write(tx, indexEdits(nil, noticeKeys(n.notice))); err != nil {
			return err
		}
	}
	return nil
}

// PutNotices writes notices into the outbox, all or none of them. One whose key is there already is not written again, whatever became of
// it.
func (s *Store) PutNotices(ctx context.Context, notices []policy.Notice) error {
	out, err := newNotices(notices)
	if err != nil || len(out) == 0 {
		return err
	}
	return s.submit(ctx, false, func(b *batch) error {
		b.notices = append(b.notices, out...)
		return nil
	})
}

// Notices are all notices of the outbox by their keys: those that wait, were sent, or were given up. It reads in short steps, as Calls does.
func (s *Store) Notices(ctx context.Context) iter.Seq2[policy.Notice, error] {
	return pages(ctx, s, noticesBucket, decodeNotice)
}

// NoticesUnder are the notices whose keys begin in one of some ways (policy.NoticesAbout), at most limit of them, newest first. It reads those
// and no others, and none twice.
func (s *Store) NoticesUnder(ctx context.Context, starts []string, limit int) ([]policy.Notice, error) {
	var found []policy.Notice
	err := s.view(ctx, func(tx *bolt.Tx) error {
		cursor := tx.Bucket(noticesBucket).Cursor()
		for _, start := range starts {
			for k, v := cursor.Seek([]byte(start)); bytes.HasPrefix(k, []byte(start)); k, v = cursor.Next() {
				n, err := decodeNotice(k, v)
				if err != nil {
					return err
				}
				found = append(found, n)
			}
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b policy.Notice) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Key, b.Key)) })
	return found[:min(limit, len(found))], err
}

func decodeNotice(k, v []byte) (policy.Notice, error) {
	return decode[policy.Notice]("notice", string(k), v)
}

// pages reads a bucket in the order of its keys, and in short steps.
func pages[T any](ctx context.Context, s *Store, bucket []byte, read func(k, v []byte) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for next := []byte{}; next != nil; {
			var page []T
			err := s.view(ctx, func(tx *bolt.Tx) error {
				cursor := tx.Bucket(bucket).Cursor()
				k, v := cursor.Seek(next)
				for ; k != nil && len(page) < pageLength; k, v = cursor.Next() {
					found, err := read(k, v)
					if err != nil {
						return err
					}
					page = append(page, found)
				}
				next = bytes.Clone(k)
				return nil
			})
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, found := range page {
				if !yield(found, nil) {
					return
				}
			}
		}
	}
}

// DueNotices returns the notices of one channel that wait and whose next try is due, at most limit of them: the longest due first, those of
// one moment by key. It reads those and no others, however many wait on another channel.
func (s *Store) DueNotices(ctx context.Context, channel policy.Channel, now time.Time, limit int) ([]policy.Notice, error) {
	var due []policy.Notice
	err := s.view(ctx, func(tx *bolt.Tx) error {
		prefix := dueKey(channel)
		end := dueKey(channel).time(now.Add(1)) // what is due now is due
		outbox, cursor := tx.Bucket(noticesBucket), tx.Bucket(indexBucket).Cursor()
		for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix) && bytes.Compare(k, end) < 0 && len(due) < limit; k, _ = cursor.Next() {
			name := k[len(prefix)+timeLength:]
			n, err := decodeNotice(name, outbox.Get(name))
			if err != nil {
				return err
			}
			due = append(due, n)
		}
		return nil
	})
	return due, err
}

// NoticeSent notes that a notice was delivered. Of one that is noted as sent already the first time stays. Errors: policy.ErrNoNotice.
func (s *Store) NoticeSent(ctx context.Context, key string, at time.Time) error {
	return s.changeNotice(ctx, key, func(n policy.Notice) (policy.Notice, *policy.AuditEntry, error) {
		if !n.SentAt.IsZero() {
			return n, nil, nil
		}
		n.Attempts++
		n.SentAt, n.NextAt, n.FailedAt, n.Error = at, time.Time{}, time.Time{}, ""
		return n, nil, nil
	})
}

// NoticeFailed notes that a delivery failed at a time, why, and when to try next; a zero nextAt gives the notice up until a person
// retries it. A notice that was sent stays sent. Errors: policy.ErrNoNotice.
func (s *Store) NoticeFailed(ctx context.Context, key string, at time.Time, cause error, nextAt time.Time) error {
	if cause == nil {
		return errors.New("a delivery failed for a reason: give it")
	}
	return s.changeNotice(ctx, key, func(n policy.Notice) (policy.Notice, *policy.AuditEntry, error) {
		if !n.SentAt.IsZero() {
			return n, nil, nil
		}
		n.Attempts++
		n.Error, n.NextAt = cause.Error(), nextAt
		if nextAt.IsZero() {
			n.FailedAt = at
		}
		return n, nil, nil
	})
}

// RetryNotice makes a notice due at a time, as if it had never been tried, and notes in the audit who wanted that. Errors:
// policy.ErrNoNotice, policy.ErrSent.
func (s *Store) RetryNotice(ctx context.Context, key, by string, at time.Time) error {
	return s.changeNotice(ctx, key, func(n policy.Notice) (policy.Notice, *policy.AuditEntry, error) {
		if !n.SentAt.IsZero() {
			return n, nil, fmt.Errorf("%w: %s, at %s", policy.ErrSent, key, n.SentAt.UTC().Format(time.RFC3339))
		}
		n.Attempts, n.NextAt, n.FailedAt = 0, at, time.Time{}
		return n, &policy.AuditEntry{At: at, By: by, Act: "retry", Customer: n.Customer, Detail: fmt.Sprintf("a %s notice by %s", n.Kind, n.Channel)}, nil
	})
}

// changeNotice changes one notice, with a note in the audit where there is one to make, in one step.
func (s *Store) changeNotice(ctx context.Context, key string, change func(policy.Notice) (policy.Notice, *policy.AuditEntry, error)) error {
	return s.write(ctx, func(tx *bolt.Tx) error {
		value := tx.Bucket(noticesBucket).Get([]byte(key))
		if value == nil {
			return fmt.Errorf("%w: %s", policy.ErrNoNotice, key)
		}
		before, err := decodeNotice([]byte(key), value)
		if err != nil {
			return err
		}
		after, entry, err := change(before)
		if err != nil {
			return err
		}
		if entry != nil {
			if err := note(tx, *entry); err != nil {
				return err
			}
		}
		return putChanged(tx, noticesBucket, []byte(key), after, noticeKeys(before), noticeKeys(after))
	})
}

// putChanged writes a value and the change of its index entries.
func putChanged(tx *bolt.Tx, bucket, at []byte, after any, old, now []entry) error {
	value, err := encode(after)
	if err != nil {
		return fmt.Errorf("%s %s cannot be written: %w", bucket, at, err)
	}
	if err := tx.Bucket(bucket).Put(at, value); err != nil {
		return fmt.Errorf("%s %s: %w", bucket, at, err)
	}
	return write(tx, indexEdits(old, now))
}

// noticesAbout are the notices about an account, by key. It reads the whole outbox, which retention keeps short.
func noticesAbout(tx *bolt.Tx, customer policy.CustomerNumber) (found []policy.Notice, err error) {
	err = tx.Bucket(noticesBucket).ForEach(func(k, v []byte) error {
		n, err := decodeNotice(k, v)
		if err == nil && n.Customer == customer {
			found = append(found, n)
		}
		return err
	})
	return found, err
}

func removeNotice(tx *bolt.Tx, n policy.Notice) error {
	if err := tx.Bucket(noticesBucket).Delete([]byte(n.Key)); err != nil {
		return fmt.Errorf("notice %s: %w", n.Key, err)
	}
	return write(tx, indexEdits(noticeKeys(n), nil))
}
