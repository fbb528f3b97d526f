package store

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// An index key is a kind, the parts that are looked up, and what it leads to: for a call its place, so that what is found is in the order
// of time. A new index is one more line in callKeys (with its fields in sameKeys) or customerKeys, and one more on schema.
const (
	bySID      = 's' // SID; the value is the place
	byCustomer = 'c' // customer, place
	byMonth    = 'm' // customer, month, place
	byWrong    = 'w' // caller, time, SID, number in the call
	byCaller   = 'p' // caller number, customer number
)

// placeOf is the key of a call among the calls: its start and its SID. Calls that go on at the same time stand side by side, so that a
// commit writes few pages, and a listing reads pages in order.
func placeOf(c policy.Call) []byte {
	return indexKey(make([]byte, 0, 48)).time(c.StartedAt).text(string(c.SID))
}

// callKeys are the index keys of a call besides that by SID. They follow from the call alone.
func callKeys(c policy.Call) [][]byte {
	sid, place := string(c.SID), placeOf(c)
	var keys [][]byte
	if c.Customer != "" {
		keys = append(keys, append(key(byCustomer).part(string(c.Customer)), place...))
	}
	if c.Customer != "" && c.Month != "" {
		keys = append(keys, append(key(byMonth).part(string(c.Customer)).part(string(c.Month)), place...))
	}
	for i, at := range c.WrongNumbers {
		keys = append(keys, key(byWrong).part(c.From.Caller()).time(at).text(sid).count(i))
	}
	return keys
}

// sameKeys says whether two states of one call have the same index keys, without making them: most steps change none.
func sameKeys(a, b policy.Call) bool {
	return a.StartedAt.Equal(b.StartedAt) && a.Customer == b.Customer && a.Month == b.Month && a.From == b.From &&
		slices.EqualFunc(a.WrongNumbers, b.WrongNumbers, time.Time.Equal)
}

// customerKeys are the index keys of a customer.
func customerKeys(c policy.Customer) [][]byte {
	var keys [][]byte
	for _, number := range c.CallerNumbers {
		keys = append(keys, key(byCaller).part(number.Full()).text(string(c.Number)))
	}
	return keys
}

type indexKey []byte

func key(kind byte) indexKey { return append(make(indexKey, 0, 80), kind) }

// maxPart bounds what a key takes from outside, far below bbolt's own bound: what is longer is no number, and shares a key with its like.
const maxPart = 200

// part adds text of any content so that no other text can be mistaken for it: its length goes first.
func (k indexKey) part(s string) indexKey {
	s = s[:min(len(s), maxPart)]
	return append(append(k, byte(len(s))), s...)
}

// time adds a time so that keys sort by it: seconds since year 1, which are never negative, and nanoseconds.
func (k indexKey) time(t time.Time) indexKey {
	t = t.UTC()
	k = binary.BigEndian.AppendUint64(k, uint64(t.Unix()-time.Time{}.Unix()))
	return binary.BigEndian.AppendUint32(k, uint32(t.Nanosecond()))
}

const timeLength = 8 + 4

// count tells apart what has the same time in one call.
func (k indexKey) count(i int) indexKey { return binary.BigEndian.AppendUint32(k, uint32(i)) }

// text adds text that ends the key, or is followed by what needs no reading back.
func (k indexKey) text(s string) indexKey { return append(k, s...) }
