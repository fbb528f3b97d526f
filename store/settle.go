package store

import (
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// The facets of a call stand at many places of the file, and webhooks must not wait for that. So a call is live in the search's index
// until some more have ended, and then their facets are written at once: they are calls of one time, so they share pages. A search looks at
// the live calls one by one, and finds the same whether a call is settled or not.

const (
	// settleAfter is how many calls end before they are settled together: a search looks at so many calls, and those that go on.
	settleAfter = 64
	// settleLost is how many calls of which no end was reported are settled at one time.
	settleLost = 64
)

// goesOn says whether a call may still be going on: no end of it is known, and it is not older than any call can be.
func goesOn(c policy.Call, now time.Time) bool {
	return c.End().IsZero() && now.Sub(c.StartedAt) < longestCall
}

// stayLive takes in a change of a live call: its place may move, and its end is remembered.
func (b *batch) stayLive(before, after policy.Call) {
	if !before.StartedAt.Equal(after.StartedAt) {
		b.edits = append(b.edits, searchEdits(searchKeys(before, true), searchKeys(after, true))...)
	}
	if before.End().IsZero() && !after.End().IsZero() {
		b.store.ended = append(b.store.ended, after.SID)
	}
}

// settleEnded writes the facets of the calls that ended, once there are some, in the commit that is being made ready anyway. Calls that are
// older than any call can last go with them: the report of their end was lost.
func (b *batch) settleEnded() {
	if len(b.store.ended) < settleAfter || len(b.requests) == 0 {
		return
	}
	newest := time.Time{}
	for _, sid := range b.store.ended {
		if c, err := b.call(sid); err == nil && c.live && !c.call.End().IsZero() {
			b.settle(c)
			if c.call.StartedAt.After(newest) {
				newest = c.call.StartedAt
			}
		}
	}
	b.store.ended = b.store.ended[:0]
	for _, place := range b.lost(newest) {
		if c, err := b.call(policy.CallSID(place[timeLength:])); err == nil && c.live && string(placeOf(c.call)) == string(place) {
			b.settle(c)
		}
	}
}

// lost are the places of live calls that began so long before another one that they must have ended.
func (b *batch) lost(newest time.Time) (places [][]byte) {
	if newest.Before(time.Time{}.Add(longestCall)) {
		return nil
	}
	err := b.store.db.View(func(tx *bolt.Tx) error {
		places = liveBefore(tx, newest.Add(-longestCall), settleLost)
		return nil
	})
	if err != nil {
		return nil // a later one finds them
	}
	return places
}

func (b *batch) settle(c *recentCall) {
	b.edits = append(b.edits, searchEdits(searchKeys(c.call, true), searchKeys(c.call, false))...)
	b.changed[c.call.SID] = true
	settled := *c
	settled.live = false
	b.store.recent.keep(settled)
}

// endedBefore are the calls that had ended when the store was closed, and are live in the search's index.
func (s *Store) endedBefore() (ended []policy.CallSID, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		search := tx.Bucket(searchBucket)
		if search == nil {
			return nil // a file that is read only, and empty
		}
		for _, place := range liveBefore(tx, endOfTime, maxEnded) {
			r, err := recordAt(tx.Bucket(callsBucket), place)
			if err != nil {
				return err
			}
			if !r.Call.End().IsZero() {
				ended = append(ended, r.Call.SID)
			}
		}
		return nil
	})
	return ended, err
}

// maxEnded bounds what is looked at when a store is opened; what is left is settled as lost.
const maxEnded = 10_000
