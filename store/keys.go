package store

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// An index key is a kind, the parts that are looked up, the time that orders them, and what it leads to. A new index is one more line in
// callKeys (with its fields in sameKeys) or customerKeys, and one more on schema.
const (
	byStart    = 's' // time, SID
	byCustomer = 'c' // customer, time, SID
	byMonth    = 'm' // customer, month, time, SID
	byWrong    = 'w' // caller, time, SID, number in the call
	byCaller   = 'p' // caller number, customer number
)

// callKeys are the index keys of a call. They follow from the call alone.
func callKeys(c policy.Call) [][]byte {
	sid := string(c.SID)
	keys := [][]byte{key(byStart).time(c.StartedAt).text(sid)}
	if c.Customer != "" {
		keys = append(keys, key(byCustomer).part(string(c.Customer)).time(c.StartedAt).text(sid))
	}
	if c.Customer != "" && c.Month != "" {
		keys = append(keys, key(byMonth).part(string(c.Customer)).part(string(c.Month)).time(c.StartedAt).text(sid))
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
