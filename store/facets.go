package store

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// The keys of the search's index. A facet is a kind, a value and a packed place, so that what is found is in the order of time. A call that
// goes on has one entry, among those that are live; its facets are written once, some time after it ended (settle). The two follow
// from the call and from whether it is live by pure functions, so that later changes are differences.
const (
	byLive       = 'l' // place
	byLine       = 'L' // line, packed place, as in the next
	byIntent     = 'i'
	byOutcome    = 'o' // "": no end was reported
	bySpecialist = 'S'
	byTicket     = 'T'
	byMark       = 'M' // waived, training
	byTalk       = 'd' // band of talk times; the value is the talk time, doubled, and one more where it was waived
	byFrom       = 'f' // caller's number
	byNames      = 'N' // customer number, an account name on its calls
	byWord       = 'W' // word of such a name, zero, customer number
	byPart       = 'g' // four digits, a caller's number that has them

	ofName   = 'n' // word of a customer's name, zero, customer number
	ofNumber = 'p' // four digits, customer number

	ofAudit         = 'A' // time, number of the entry, as in the next
	ofAuditBy       = 'B' // who
	ofAuditAct      = 'a' // what
	ofAuditSubject  = 'b' // subject
	ofAuditCustomer = 'c' // customer number
)

// The marks.
const (
	markWaived   = "w"
	markTraining = "t"
)

// searchKeys are the entries of a call in the search's index.
func searchKeys(c policy.Call, live bool) []entry {
	if live {
		return []entry{{key: liveKey(placeOf(c))}}
	}
	return facetKeys(c)
}

func liveKey(place []byte) []byte { return append(key(byLive), place...) }

// facetKeys are the facets of a call that is no longer live.
func facetKeys(c policy.Call) []entry {
	place := appendPacked(make([]byte, 0, 32), placeOf(c))
	keys := make([]entry, 0, 10)
	add := func(k indexKey) { keys = append(keys, entry{key: append(k, place...)}) }
	add(facet(byOutcome, c.Outcome()))
	if c.Line != "" {
		add(facet(byLine, c.Line))
	}
	if c.Intent != "" {
		add(facet(byIntent, c.Intent))
	}
	if leg, accepted := c.Accepted(); accepted && leg.To != "" {
		add(facet(bySpecialist, leg.To))
	}
	if c.Waived {
		add(key(byMark).text(markWaived))
	}
	if c.Training {
		add(key(byMark).text(markTraining))
	}
	if c.Ticket != "" {
		add(key(byTicket).part(string(c.Ticket)))
	}
	if searchable(c.From) != "" {
		add(key(byFrom).part(string(c.From)))
	}
	if seconds, _, ok := c.Talk(); ok {
		keys = append(keys, entry{append(talkKey(bandOf(seconds)), place...), talkValue(seconds, c.Waived)})
	}
	return append(keys, nameKeys(c)...)
}

// facet is the beginning of the keys of a value. Few values are on all calls, so four bytes of a hash stand for each: should two share one,
// the calls themselves tell them apart.
func facet[V ~string](kind byte, value V) indexKey {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(value)) // never fails
	return hash.Sum(key(kind))
}

// nameKeys is the entry by which words of the account's name lead to its number. Calls share it (terms).
func nameKeys(c policy.Call) []entry {
	if c.Customer == "" || c.Account == "" {
		return nil
	}
	return []entry{{key: namesKey(string(c.Customer)).text(c.Account[:min(len(c.Account), maxName)])}}
}

// maxName bounds how much of a name is searched for, far below bbolt's bound of a key.
const maxName = 4000

func namesKey(customer string) indexKey { return key(byNames).part(customer) }

// Talk times are in bands of a minute for the first hour, and of five minutes for the first six, so that a range is few bands.
const (
	minuteBands = 60
	allBands    = minuteBands + 60
)

func bandOf(seconds int) byte {
	minutes := max(0, seconds) / 60
	if minutes < minuteBands {
		return byte(minutes)
	}
	return byte(min(minuteBands+(minutes-minuteBands)/5, allBands))
}

func talkKey(band byte) indexKey { return append(key(byTalk), band) }

func talkValue(seconds int, waived bool) []byte {
	n := uint64(max(0, seconds)) << 1
	if waived {
		n |= 1
	}
	return binary.AppendUvarint(nil, n)
}

func readTalk(value []byte) (seconds int, waived bool) {
	n, _ := binary.Uvarint(value)
	return int(n >> 1), n&1 != 0
}

// liveBefore are the places of calls that are live and began before a time, at most so many, from the oldest.
func liveBefore(tx *bolt.Tx, before time.Time, many int) (places [][]byte) {
	prefix := key(byLive)
	end := liveKey(placeAt(before))
	cursor := tx.Bucket(searchBucket).Cursor()
	for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix) && bytes.Compare(k, end) < 0 && len(places) < many; k, _ = cursor.Next() {
		places = append(places, bytes.Clone(k[len(prefix):]))
	}
	return places
}

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
