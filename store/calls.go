package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// maxSID bounds the key of a call; the provider's are 34 characters.
const maxSID = 128

// Advance reads a call, changes it and writes it in one step: no other change of that call comes between. A call that is not there yet
// starts as policy.Call{SID: sid}. When Advance returns the call, it is on the disk; a change that leaves the call as it was writes
// nothing.
//
// change must be a pure function of the call: it runs on the writer's goroutine while others wait, and it keeps the SID. If it panics,
// Advance returns that as an error and the call stays as it was. If ctx ends before the change ran, it never runs. If it ends while the
// commit is under way, Advance returns too, so that a disk that hangs holds up no caller; the call may then have changed, and only
// reading it tells. Both errors are ctx's. After any other error the call is as it was before, as far as a failing disk lets anybody say.
func (s *Store) Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error) {
	return s.AdvanceAndNotify(ctx, sid, func(c policy.Call) (policy.Call, []policy.Notice) { return change(c), nil })
}

// AdvanceAndNotify is Advance for a change that people shall learn of: the call and the notices are written in one step, both or neither.
// A notice whose key is in the outbox already is not written again.
func (s *Store) AdvanceAndNotify(ctx context.Context, sid policy.CallSID, change func(policy.Call) (policy.Call, []policy.Notice)) (policy.Call, error) {
	if err := validSID(sid); err != nil {
		return policy.Call{}, err
	}
	after := results.Get().(*policy.Call)
	defer results.Put(after)
	*after = policy.Call{}
	err := s.submit(ctx, false, func(b *batch) (err error) {
		*after, err = b.advance(sid, change)
		return err
	})
	if err != nil {
		return policy.Call{}, err
	}
	return *after, nil
}

// results are places that a request's call is left in. A call is large, and every webhook needs one.
var results = sync.Pool{New: func() any { return new(policy.Call) }}

func validSID(sid policy.CallSID) error {
	if sid == "" || len(sid) > maxSID {
		return fmt.Errorf("a call's SID has 1 to %d characters, not %d", maxSID, len(sid))
	}
	return nil
}

// TalkingSince are the calls of which the specialist accepted before a time, that go on as far as is known, and whose passing of the call
// limit was not told yet (policy.Call.Talking): the earliest acceptance first. It reads those calls' entries and no others.
func (s *Store) TalkingSince(ctx context.Context, before time.Time) ([]policy.CallSID, error) {
	var talking []policy.CallSID
	err := s.view(ctx, func(tx *bolt.Tx) error {
		prefix := key(byTalking)
		end := key(byTalking).time(before)
		cursor := tx.Bucket(indexBucket).Cursor()
		for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix) && bytes.Compare(k, end) < 0; k, _ = cursor.Next() {
			talking = append(talking, policy.CallSID(k[len(prefix)+timeLength:]))
		}
		return nil
	})
	return talking, err
}

// Call is one call of the log; policy.ErrNoCall if there is none.
func (s *Store) Call(ctx context.Context, sid policy.CallSID) (policy.Call, error) {
	var call policy.Call
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		call, err = readCall(tx, string(sid))
		return err
	})
	return call, err
}

// AccountMonth are the calls of an account that belong to a month (rule 4), oldest first, without their stories. It reads those calls and
// no others.
func (s *Store) AccountMonth(ctx context.Context, customer policy.CustomerNumber, month policy.Month) ([]policy.Call, error) {
	var calls []policy.Call
	err := s.view(ctx, func(tx *bolt.Tx) error {
		records, err := recordsUnder(tx, monthKey(month).part(string(customer)))
		for _, r := range records {
			calls = append(calls, r.Call)
		}
		return err
	})
	return calls, err
}

// WrongNumbers counts the customer numbers that nobody has and that a caller entered at since or later, over all calls. Callers without a
// number share one count (policy.Phone.Caller).
func (s *Store) WrongNumbers(ctx context.Context, caller policy.Phone, since time.Time) (int, error) {
	count := 0
	err := s.view(ctx, func(tx *bolt.Tx) error {
		prefix := key(byWrong).part(caller.Caller())
		from := bytes.Clone(prefix)
		cursor := tx.Bucket(indexBucket).Cursor()
		for k, _ := cursor.Seek(indexKey(from).time(since)); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
			count++
		}
		return nil
	})
	return count, err
}

func readCall(tx *bolt.Tx, sid string) (policy.Call, error) {
	place := placeBySID(tx, sid)
	if place == nil {
		return policy.Call{}, fmt.Errorf("%w: %s", policy.ErrNoCall, sid)
	}
	r, err := recordAt(tx.Bucket(callsBucket), place)
	if err != nil {
		return r.Call, err
	}
	call, _, err := r.withStory(tx)
	return call, err
}

// placeBySID is where a call stands; nil if there is none.
func placeBySID(tx *bolt.Tx, sid string) []byte {
	start := tx.Bucket(indexBucket).Get(key(bySID).text(sid))
	if start == nil {
		return nil
	}
	return indexKey(bytes.Clone(start)).text(sid)
}

// recordAt is the call at a place.
func recordAt(calls *bolt.Bucket, place []byte) (record, error) {
	return readRecord(place, calls.Get(place))
}

func readRecord(place, value []byte) (record, error) {
	return decode[record]("call", string(place[min(len(place), timeLength):]), value)
}

// recordsUnder are the calls whose index key is a prefix and the place, oldest first.
func recordsUnder(tx *bolt.Tx, prefix indexKey) ([]record, error) {
	var found []record
	calls, cursor := tx.Bucket(callsBucket), tx.Bucket(indexBucket).Cursor()
	for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
		r, err := recordAt(calls, k[len(prefix):])
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, nil
}

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
