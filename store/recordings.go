package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// recordingKeys returns the entries of a call's recordings in the index: a recording is found by its next step and the time of the next try.
func recordingKeys(c policy.Call) []Edit {
	if c.Message == nil && len(c.Recordings) == 0 {
		return nil
	}
	var keys []Edit
	for _, r := range c.Recorded() {
		if step := r.Step(); step != "" {
			keys = append(keys, Edit{Bucket: indexBucket, Key: key(byStep).part(string(step)).time(r.NextAt).part(string(c.SID)).text(r.SID)})
		}
	}
	return keys
}

func sameRecordings(a, b policy.Call) bool {
	if a.Message == b.Message && len(a.Recordings)+len(b.Recordings) == 0 {
		return true
	}
	return len(difference(recordingKeys(a), recordingKeys(b))) == 0
}

// DueRecordings returns the recordings whose next step is step and whose time has come, at most limit of them, the longest due first. It reads
// those alone.
func (s *Store) DueRecordings(ctx context.Context, step policy.RecordingStep, now time.Time, limit int) ([]policy.DueRecording, error) {
	prefix := key(byStep).part(string(step))
	return fetch(ctx, s, func(tx Reader) ([]policy.DueRecording, error) {
		return lookUp(tx, due(prefix, now), len(prefix)+timeLength, limit, dueRecordings)
	})
}

// dueRecordings returns the recordings that entries of the index name: SID of the call, SID of the recording.
func dueRecordings(_ Reader, entries [][]byte) (found []policy.DueRecording, err error) {
	for _, rest := range entries {
		if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
			return nil, fmt.Errorf("%w: index of recordings %x", ErrDamaged, rest)
		}
		end := 1 + int(rest[0])
		found = append(found, policy.DueRecording{Call: policy.CallSID(rest[1:end]), SID: string(rest[end:])})
	}
	return found, nil
}

// Reveal notes in the audit that a person was shown something of a call that is not for everybody, such as a recording, before it is shown.
// It takes its detail without names and numbers. Errors: policy.ErrNoCall.
func (s *Store) Reveal(ctx context.Context, sid policy.CallSID, by, detail string) error {
	return s.write(ctx, func(tx Writer) error {
		c, err := readCall(tx, string(sid))
		if err != nil {
			return err
		}
		return s.note(ctx, tx, users.AuditEntry{At: s.Now(), By: by, Act: "reveal", Customer: c.Customer, Subject: string(sid), Detail: detail})
	})
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
