package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// maxNoticeKey bounds the key of a notice, so that it fits into the index.
const maxNoticeKey = 1024

// noticeEntries returns the entries of a notice: one that waits is found by its channel and the time of its next attempt, one that was given
// up by when that was.
func noticeEntries(k []byte, n policy.Notice) []Edit {
	switch {
	case n.Waits():
		return []Edit{{Bucket: indexBucket, Key: append(dueKey(n.Channel).time(n.NextAt), k...)}}
	case !n.FailedAt.IsZero() && n.WithdrawnAt.IsZero():
		return []Edit{{Bucket: indexBucket, Key: append(key(byFailed).time(n.FailedAt), k...)}}
	}
	return nil
}

func dueKey(c policy.Channel) indexKey { return key(byDue).part(string(c)) }

// FailedNotices returns how many notices were given up and wait for a person. It reads their entries in the index.
func (s *Store) FailedNotices(ctx context.Context) (int, error) {
	return fetch(ctx, s, func(tx Reader) (int, error) { return under(key(byFailed)).count(tx, indexBucket, noLimit), nil })
}

// NoticesGivenUp returns the notices that were given up and wait for a person, at most limit of them, the last first.
func (s *Store) NoticesGivenUp(ctx context.Context, limit int) ([]policy.Notice, error) {
	return fetch(ctx, s, func(tx Reader) ([]policy.Notice, error) {
		return lookUp(tx, under(key(byFailed)).backwards(), 1+timeLength, limit, noticeTable.all)
	})
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

// edits returns what writes a notice.
func (n outgoing) edits() []Edit {
	k := []byte(n.notice.Key)
	return append([]Edit{{Bucket: noticesBucket, Key: k, Value: n.value}}, noticeEntries(k, n.notice)...)
}

// untoldOf returns the notices whose keys are new, each once. It reads in one round trip.
func untoldOf(tx Reader, notices []outgoing) (fresh []outgoing) {
	keys, seen := make([][]byte, len(notices)), map[string]bool{}
	for i, n := range notices {
		keys[i] = []byte(n.notice.Key)
	}
	for i, e := range fetched(tx, noticesBucket, keys) {
		if e.Value == nil && !seen[notices[i].notice.Key] {
			fresh = append(fresh, notices[i])
		}
		seen[notices[i].notice.Key] = true
	}
	return fresh
}

// putNew writes the notices whose keys are new.
func putNew(tx Writer, notices []outgoing) {
	if len(notices) == 0 {
		return
	}
	for _, n := range untoldOf(tx, notices) {
		write(tx, n.edits())
	}
}

// PutNotices writes notices into the outbox, all or none of them. A notice whose key is there already is not written again, even when it has
// been sent or given up.
func (s *Store) PutNotices(ctx context.Context, notices []policy.Notice) error {
	out, err := newNotices(notices)
	if err != nil || len(out) == 0 {
		return err
	}
	return s.advanceBy(ctx, "", func(t *step) error {
		t.notices = append(t.notices, out...)
		return nil
	})
}

// Notices returns all notices of the outbox by their keys: those that wait, were sent, or were given up. It reads in short steps, as Calls does.
func (s *Store) Notices(ctx context.Context) iter.Seq2[policy.Notice, error] {
	return noticeTable.scan(ctx, s, span{})
}

// NoticesUnder returns the notices whose keys have one of the prefixes (policy.NoticesAbout), at most limit of them, newest first. It reads each of
// those once, and no others.
func (s *Store) NoticesUnder(ctx context.Context, starts []string, limit int) ([]policy.Notice, error) {
	found, err := fetch(ctx, s, func(tx Reader) (found []policy.Notice, err error) {
		for _, start := range starts {
			under, err := noticeTable.in(tx, under([]byte(start)))
			if err != nil {
				return nil, err
			}
			found = append(found, under...)
		}
		return found, nil
	})
	slices.SortStableFunc(found, func(a, b policy.Notice) int { return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Key, b.Key)) })
	return found[:min(limit, len(found))], err
}

// DueNotices returns the notices of one channel that wait and whose next attempt is due, at most limit of them: the longest due first, those of
// one moment by key. It reads those and no others, however many wait on another channel.
func (s *Store) DueNotices(ctx context.Context, channel policy.Channel, now time.Time, limit int) ([]policy.Notice, error) {
	prefix := dueKey(channel)
	return fetch(ctx, s, func(tx Reader) ([]policy.Notice, error) {
		return lookUp(tx, due(prefix, now), len(prefix)+timeLength, limit, noticeTable.all)
	})
}

// NoticeChannels returns the channels on which notices wait, by name. It reads one entry of each, however many wait.
func (s *Store) NoticeChannels(ctx context.Context) ([]policy.Channel, error) {
	return fetch(ctx, s, func(tx Reader) (found []policy.Channel, err error) {
		all := key(byDue)
		cursor := tx.Scan(under(all).of(indexBucket))[0]
		for k, _ := cursor.Next(); k != nil; {
			part := k[len(all):]
			name := policy.Channel(part[1 : 1+int(part[0])])
			found = append(found, name)
			k, _ = cursor.Seek(under(dueKey(name)).to)
		}
		return found, nil
	})
}

// ClaimNotice stores that a process delivers a notice up to a time, and returns false if the notice is not due at now: another process does so, or it was
// sent or given up. Errors: policy.ErrNoNotice.
func (s *Store) ClaimNotice(ctx context.Context, key, by string, now, until time.Time) (claimed bool, err error) {
	err = s.changeNotice(ctx, key, func(_ *step, n *policy.Notice) error {
		*n, claimed = n.Claimed(by, now, until)
		return nil
	})
	return claimed && err == nil, err
}

// ReleaseNotice makes a notice due at a time that the process claimed and did not attempt to deliver. Errors: policy.ErrNoNotice.
func (s *Store) ReleaseNotice(ctx context.Context, key, by string, now time.Time) error {
	return s.changeNotice(ctx, key, func(_ *step, n *policy.Notice) error {
		*n = n.Released(by, now)
		return nil
	})
}

// NoticeSent stores that a notice was delivered. If it was delivered before, the first time stays. Errors: policy.ErrNoNotice.
func (s *Store) NoticeSent(ctx context.Context, key string, at time.Time) error {
	return s.changeNotice(ctx, key, func(_ *step, n *policy.Notice) error {
		if n.SentAt.IsZero() {
			n.Attempts++
			n.SentAt, n.NextAt, n.FailedAt, n.Error, n.ClaimedBy = at, time.Time{}, time.Time{}, "", ""
			n.Shown, n.ShownCount = n.State, n.Count
		}
		return nil
	})
}

// NoticeShown stores that the receiver of a notice shows the state and the count that are in shown, which is the notice as it was delivered, and
// what the receiver named it. The notice is due again at once if it shall show something else by now. Errors: policy.ErrNoNotice.
func (s *Store) NoticeShown(ctx context.Context, shown policy.Notice, receipt map[string]string, at time.Time) error {
	return s.changeNotice(ctx, shown.Key, func(_ *step, n *policy.Notice) error {
		if n.SentAt.IsZero() {
			n.SentAt = at
		}
		if receipt != nil {
			n.Receipt = receipt
		}
		n.Shown, n.ShownCount, n.FailedAt, n.Error, n.ClaimedBy = shown.State, shown.Count, time.Time{}, "", ""
		n.Attempts++
		if n.NextAt = (time.Time{}); n.Waits() {
			n.Attempts, n.NextAt = 0, at
		}
		return nil
	})
}

// NoticeFailed stores that a delivery failed at a time, why, and when the next attempt is due; a zero nextAt gives the notice up until a person
// retries it; the alarm that it tells of goes on to its next step if it told nobody else. A notice that was sent stays sent. Errors: policy.ErrNoNotice.
func (s *Store) NoticeFailed(ctx context.Context, key string, at time.Time, cause error, nextAt time.Time) error {
	if cause == nil {
		return errors.New("a failed delivery needs a cause")
	}
	return s.changeNotice(ctx, key, func(t *step, n *policy.Notice) error {
		if !n.Waits() {
			return nil
		}
		n.Attempts++
		n.Error, n.NextAt, n.ClaimedBy = cause.Error(), nextAt, ""
		if !nextAt.IsZero() {
			return nil
		}
		n.FailedAt = at
		return undelivered(t.tx, *n, at)
	})
}

// NoticeLost stores that a notice which the other side had taken turned out at a time not to have reached anybody, and why: it is given up until a
// person retries it. One that is withdrawn, or given up already, stays as it is. Errors: policy.ErrNoNotice.
func (s *Store) NoticeLost(ctx context.Context, key string, at time.Time, cause error) error {
	return s.changeNotice(ctx, key, func(t *step, n *policy.Notice) error {
		if !n.WithdrawnAt.IsZero() || !n.FailedAt.IsZero() {
			return nil
		}
		if n.SentAt.IsZero() { // the word of the loss was quicker than the end of the delivery, which then changes nothing
			n.SentAt = at
		}
		n.FailedAt, n.Error, n.NextAt, n.ClaimedBy = at, cause.Error(), time.Time{}, ""
		return undelivered(t.tx, *n, at)
	})
}

// RetryNotice makes a notice due at a time, counting its attempts anew, and notes in the audit who did so. Errors: policy.ErrNoNotice,
// policy.ErrSent, policy.ErrWithdrawn, and remedy.ErrSentToday for an offer whose number was sent another text.
func (s *Store) RetryNotice(ctx context.Context, key, by string, at time.Time) error {
	return s.changeNotice(ctx, key, func(t *step, n *policy.Notice) error {
		switch {
		case !n.WithdrawnAt.IsZero():
			return fmt.Errorf("%w: %s, at %s", policy.ErrWithdrawn, key, n.WithdrawnAt.UTC().Format(time.RFC3339))
		case !n.SentAt.IsZero() && n.FailedAt.IsZero():
			return fmt.Errorf("%w: %s, at %s", policy.ErrSent, key, n.SentAt.UTC().Format(time.RFC3339))
		}
		if n.Offer != "" {
			if err := t.sendAgain(n.Offer, at); err != nil {
				return err
			}
		}
		again := n.State == "" && !n.FailedAt.IsZero()
		n.Attempts, n.FailedAt, n.Until = 0, time.Time{}, time.Time{}
		if again {
			n.SentAt, n.TriedAt = time.Time{}, time.Time{} // it was sent, and did not arrive: the person wants it sent again
		}
		if n.ClaimedBy == "" || !n.NextAt.After(at) { // else it is being delivered at this moment
			n.NextAt, n.ClaimedBy = at, ""
		}
		detail := fmt.Sprintf("a %s notice by %s", n.Kind, n.Channel)
		return s.note(ctx, t.tx, users.AuditEntry{At: at, By: by, Act: "retry", Customer: n.Customer, Detail: detail})
	})
}

func (s *Store) changeNotice(ctx context.Context, key string, change func(*step, *policy.Notice) error) error {
	return s.alone(ctx, func(t *step) error {
		before, err := noticeTable.get(t.tx, key)
		if err != nil {
			return err
		}
		after := before
		if err := change(t, &after); err != nil {
			return err
		}
		if after.Offer != "" {
			if err := offered(t.tx, after); err != nil {
				return err
			}
		}
		return noticeTable.put(t.tx, []byte(key), &before, after)
	})
}

// noticesAbout returns the notices about an account, by key. It reads the whole outbox, which retention keeps short.
func noticesAbout(tx Reader, customer policy.CustomerNumber) ([]policy.Notice, error) {
	all, err := noticeTable.in(tx, span{})
	return slices.DeleteFunc(all, func(n policy.Notice) bool { return n.Customer != customer }), err
}

// noticesNaming returns the notices about an account, about its calls, and about calls from a number on file of it.
func noticesNaming(tx Reader, customer policy.CustomerNumber, calls []record) ([]policy.Notice, error) {
	sids := map[string]bool{}
	for _, r := range calls {
		sids[string(r.Call.SID)] = true
	}
	all, err := noticeTable.in(tx, span{})
	return slices.DeleteFunc(all, func(n policy.Notice) bool {
		return n.Customer != customer && n.Facts["on_file"] != string(customer) && !sids[n.Facts["sid"]]
	}), err
}

func removalEntries(sid []byte, r policy.Removal) []Edit {
	return []Edit{{Bucket: indexBucket, Key: append(key(byRemoval).time(r.NextAt), sid...)}}
}

// mergedRemovals returns one removal from two of one recording: erasing removes more than retention, and a bucket that is known stays known.
func mergedRemovals(r, other policy.Removal) policy.Removal {
	if other.Why == policy.RemovalErased && r.Why != policy.RemovalErased {
		r.Why, r.NextAt = other.Why, time.Time{} // there is more to do: now
	}
	if r.Bucket == "" {
		r.Bucket = other.Bucket
	}
	return r
}

// putRemovals writes removals, merged with those of the same recordings that are there already.
func putRemovals(tx Writer, removals []policy.Removal) error {
	for _, r := range removals {
		before, err := removalTable.find(tx, []byte(r.SID))
		if err != nil {
			return err
		}
		if before != nil {
			r = mergedRemovals(*before, r)
		}
		if err := removalTable.put(tx, []byte(r.SID), before, r); err != nil {
			return err
		}
	}
	return nil
}

// Remove notes recordings for removal, all or none: recordings that an erased call must not get back. One that is noted already stays noted.
func (s *Store) Remove(ctx context.Context, removals []policy.Removal) error {
	for _, r := range removals {
		if !policy.StorableSID(r.SID) {
			return fmt.Errorf("recording %q has no SID that can be removed", r.SID)
		}
	}
	return s.write(ctx, func(tx Writer) error { return putRemovals(tx, removals) })
}

// DueRemovals returns the removals whose time has come, at most limit of them, the longest due first. It reads those alone.
func (s *Store) DueRemovals(ctx context.Context, now time.Time, limit int) ([]policy.Removal, error) {
	return fetch(ctx, s, func(tx Reader) ([]policy.Removal, error) {
		return lookUp(tx, due(key(byRemoval), now), 1+timeLength, limit, removalTable.all)
	})
}

// Removed notes that a recording is gone everywhere. r is the removal as it was read: one that has been asked for again for another reason
// stays. A removal that does not exist is no error.
func (s *Store) Removed(ctx context.Context, r policy.Removal) error {
	return s.changeRemoval(ctx, r, func(tx Writer, before policy.Removal) error {
		if before.Why == r.Why {
			removalTable.remove(tx, []byte(r.SID), before)
		}
		return nil
	})
}

// RemovalFailed notes that a recording could not be removed, why, and when to try again.
func (s *Store) RemovalFailed(ctx context.Context, r policy.Removal, cause error, next time.Time) error {
	if cause == nil {
		return errors.New("a failed removal needs a cause")
	}
	return s.changeRemoval(ctx, r, func(tx Writer, before policy.Removal) error {
		after := before
		after.Tries, after.Error, after.NextAt = before.Tries+1, cause.Error(), next
		return removalTable.put(tx, []byte(r.SID), &before, after)
	})
}

func (s *Store) changeRemoval(ctx context.Context, r policy.Removal, change func(Writer, policy.Removal) error) error {
	return s.write(ctx, func(tx Writer) error {
		before, err := removalTable.find(tx, []byte(r.SID))
		if err != nil || before == nil {
			return err
		}
		return change(tx, *before)
	})
}
