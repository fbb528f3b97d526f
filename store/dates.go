package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// ScheduleRevisions returns the newest revision of each line whose dates were ever edited, by line.
func (s *Store) ScheduleRevisions(ctx context.Context) (newest []policy.ScheduleRevision, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(datesBucket).ForEach(func(k, v []byte) error {
			e, err := decodeRevision(k, v)
			if err != nil {
				return err
			}
			if n := len(newest); n > 0 && newest[n-1].Line == e.Line {
				newest = newest[:n-1]
			}
			newest = append(newest, e)
			return nil
		})
	})
	slices.SortFunc(newest, func(a, b policy.ScheduleRevision) int { return strings.Compare(a.Line.Full(), b.Line.Full()) })
	return newest, err
}

// LineRevisions returns the revisions of a line before a version (0 for all), newest first, at most limit.
func (s *Store) LineRevisions(ctx context.Context, line policy.Phone, before, limit int) (found []policy.ScheduleRevision, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		for e, err := range revisionsBack(tx, line, before) {
			if err != nil {
				return err
			}
			if len(found) == limit {
				break
			}
			found = append(found, e)
		}
		return nil
	})
	return found, err
}

// ChangeDates adds an revision of a line's dates and notes it in the audit, in one step, if seen is still the newest version. Otherwise the
// error is policy.ErrScheduleChanged, with what somebody else changed. The other errors are those of policy.ScheduleRevision.Changed.
func (s *Store) ChangeDates(ctx context.Context, line policy.Phone, seen int, c policy.ScheduleChange) (policy.ScheduleRevision, error) {
	var after policy.ScheduleRevision
	err := s.write(ctx, func(tx *bolt.Tx) error {
		before := policy.ScheduleRevision{Line: line}
		var since []policy.ScheduleRevision
		for e, err := range revisionsBack(tx, line, 0) {
			if err != nil {
				return err
			}
			if before.Version == 0 {
				before = e
			}
			if e.Version <= seen {
				break
			}
			since = append(since, e)
		}
		if before.Version != seen {
			return policy.Overtaken(since)
		}
		var err error
		if after, err = before.Changed(c); err != nil {
			return err
		}
		value, err := encode(after)
		if err != nil {
			return fmt.Errorf("the dates of line %s cannot be written: %w", line, err)
		}
		if err := tx.Bucket(datesBucket).Put(revisionKey(line, after.Version), value); err != nil {
			return err
		}
		detail := fmt.Sprintf("version %d: %s", after.Version, after.Change)
		return note(tx, users.AuditEntry{At: c.At, By: c.By, Act: users.ActLineDates, Subject: line.Full(), Detail: detail, Reason: c.Reason})
	})
	if err != nil {
		return policy.ScheduleRevision{}, err
	}
	return after, nil
}

// revisionsBack returns the revisions of a line before a version (0 for all), newest first.
func revisionsBack(tx *bolt.Tx, line policy.Phone, before int) iter.Seq2[policy.ScheduleRevision, error] {
	return func(yield func(policy.ScheduleRevision, error) bool) {
		own := under(revisionPrefix(line)).backwards()
		if before > 0 {
			own.to = revisionKey(line, before)
		}
		for k, v := range own.in(tx.Bucket(datesBucket)) {
			if e, err := decodeRevision(k, v); !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// revisionKey returns a key of a line and a version: the newest revision of a line has its last key.
func revisionKey(line policy.Phone, version int) []byte {
	return binary.BigEndian.AppendUint32(revisionPrefix(line), uint32(version))
}

func revisionPrefix(line policy.Phone) []byte { return indexKey(nil).part(line.Full()) }

func decodeRevision(k, v []byte) (policy.ScheduleRevision, error) {
	return decode[policy.ScheduleRevision]("dates", fmt.Sprintf("%x", k), v)
}
