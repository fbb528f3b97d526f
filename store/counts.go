package store

import (
	"bytes"
	"context"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// CountCalls counts the calls that began from each of some times, which are in order, up to the next one, by outcome; "" are those that go
// on, or of which no end was reported. There is one count less than times. It reads the index, and of the calls only those that are live: a
// day of ten thousand takes milliseconds.
func (s *Store) CountCalls(ctx context.Context, times []time.Time) ([]policy.OutcomeCount, error) {
	if !slices.IsSortedFunc(times, time.Time.Compare) {
		return nil, policy.ErrOrder
	}
	var counts []policy.OutcomeCount
	for i := 1; i < len(times); i++ {
		count := policy.OutcomeCount{}
		err := s.view(ctx, func(tx *bolt.Tx) error {
			for _, outcome := range append(policy.Outcomes(), "") {
				if n := countSettled(tx, outcome, times[i-1], times[i]); n > 0 {
					count[outcome] = n
				}
			}
			return countLive(tx, count, times[i-1], times[i])
		})
		if err != nil {
			return nil, err
		}
		counts = append(counts, count)
	}
	return counts, nil
}

func countSettled(tx *bolt.Tx, outcome policy.Outcome, since, until time.Time) (n int) {
	prefix := facet(byOutcome, outcome)
	from, to := appendPacked(bytes.Clone(prefix), placeAt(since)), appendPacked(bytes.Clone(prefix), placeAt(until))
	cursor := tx.Bucket(searchBucket).Cursor()
	for k, _ := cursor.Seek(from); k != nil && bytes.Compare(k, to) < 0; k, _ = cursor.Next() {
		n++
	}
	return n
}

func countLive(tx *bolt.Tx, count policy.OutcomeCount, since, until time.Time) error {
	cursor, calls, to := tx.Bucket(searchBucket).Cursor(), tx.Bucket(callsBucket), liveKey(placeAt(until))
	for k, _ := cursor.Seek(liveKey(placeAt(since))); k != nil && bytes.Compare(k, to) < 0; k, _ = cursor.Next() {
		r, err := recordAt(calls, k[1:])
		if err != nil {
			return err
		}
		count[r.Call.Outcome()]++
	}
	return nil
}
