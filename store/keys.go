package store

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// An index key is a kind, the parts that are looked up, and what it leads to: for a call its place, so that what is found is in the order
// of time. A new index is one more line in callKeys (with its fields in sameKeys), customerKeys, caseKeys or noticeKeys, and one more on
// schema.
const (
	bySID      = 's' // SID; the value is the start, so that both give the place
	byCustomer = 'c' // customer, place
	byMonth    = 'm' // month, customer, place; the value is the summary
	byWrong    = 'w' // caller, time, SID, number in the call
	byTalking  = 't' // acceptance, SID
	byCaller   = 'p' // caller number, customer number
	byCase     = 'o' // customer, number of the case; the value is its state
	byDue      = 'n' // channel, time of the next try, key of the notice
	byDueOnly  = 'd' // before channelsSince: time of the next try, key of the notice
	byFailed   = 'g' // when the notice was given up, its key
	byStep     = 'r' // what is to be done about a recording, time of the next try, SID of the call, SID of the recording
	byRemoval  = 'x' // time of the next try, SID of the recording
)

// entry is a key of the index and what stands there.
type entry struct{ key, value []byte }

// placeOf is the key of a call among the calls: its start and its SID. Calls that go on at the same time stand side by side, so that a
// commit writes few pages, and a listing reads pages in order.
func placeOf(c policy.Call) []byte {
	return indexKey(make([]byte, 0, 48)).time(c.StartedAt).text(string(c.SID))
}

// callKeys are the entries of a call in the index besides that by SID. They follow from the call alone.
func callKeys(c policy.Call) []entry {
	sid, place := string(c.SID), placeOf(c)
	var keys []entry
	if c.Customer != "" {
		keys = append(keys, entry{key: append(key(byCustomer).part(string(c.Customer)), place...)})
	}
	if c.Customer != "" && c.Month != "" && !c.Test() {
		keys = append(keys, entry{append(monthKey(c.Month).part(string(c.Customer)), place...), encodeSummary(c.Summary())})
	}
	if since, talking := c.Talking(); talking {
		keys = append(keys, entry{key: key(byTalking).time(since).text(sid)})
	}
	for i, at := range c.WrongNumbers {
		keys = append(keys, entry{key: key(byWrong).part(c.From.Caller()).time(at).text(sid).count(i)})
	}
	return append(keys, recordingKeys(c)...)
}

// sameKeys says whether two states of one call have the same entries in the index, without making them: most steps change none.
func sameKeys(a, b policy.Call) bool {
	return a.StartedAt.Equal(b.StartedAt) && a.Customer == b.Customer && a.Month == b.Month && a.From == b.From &&
		slices.EqualFunc(a.WrongNumbers, b.WrongNumbers, time.Time.Equal) && sameRecordings(a, b) &&
		(nobodyRung(a, b) || sameSummary(a.Summary(), b.Summary()) && sameTalking(a, b))
}

// nobodyRung says that neither state has a leg or an act, so that nothing of a summary but the ticket can differ, and nobody talks.
func nobodyRung(a, b policy.Call) bool {
	return len(a.Legs)+len(b.Legs)+len(a.Acts)+len(b.Acts) == 0 && a.Ticket == b.Ticket
}

func sameTalking(a, b policy.Call) bool {
	since, talks := a.Talking()
	other, talked := b.Talking()
	return talks == talked && since.Equal(other)
}

func monthKey(m policy.Month) indexKey { return key(byMonth).part(string(m)) }

// customerKeys are the index keys of a customer.
func customerKeys(c policy.Customer) []entry {
	var keys []entry
	for _, number := range c.CallerNumbers {
		keys = append(keys, entry{key: key(byCaller).part(number.Full()).text(string(c.Number))})
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

// readTime reads back what time added.
func readTime(k []byte) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint64(k))+time.Time{}.Unix(), int64(binary.BigEndian.Uint32(k[8:]))).UTC()
}

// count tells apart what has the same time in one call.
func (k indexKey) count(i int) indexKey { return binary.BigEndian.AppendUint32(k, uint32(i)) }

// text adds text that ends the key, or is followed by what needs no reading back.
func (k indexKey) text(s string) indexKey { return append(k, s...) }
