package store

import (
	"bytes"

	"github.com/officernd/supportline/policy"
)

// look reads the calls of some requests that are not in memory, in three round trips at most, and with them those that another process may have
// changed since they were.
func (s *Store) look(next *batch, list []*request) error {
	var wanted []*recentCall
	var seen map[policy.CallSID]bool
	for _, r := range list {
		c, known := s.recent.calls[r.sid]
		applied := next.changed[r.sid] || s.underWay != nil && s.underWay.changed[r.sid]
		if r.sid == "" || seen[r.sid] || known && (applied || !s.shared) {
			continue
		}
		if seen == nil {
			seen = map[policy.CallSID]bool{}
		}
		seen[r.sid] = true
		if !known {
			c = &recentCall{call: policy.Call{SID: r.sid}}
		}
		wanted = append(wanted, c)
	}
	if len(wanted) == 0 {
		return nil
	}
	var found []recentCall
	err := s.viewToApply(func(tx Reader) (err error) {
		found, err = readAll(tx, wanted)
		return err
	})
	for _, c := range found {
		s.recent.keep(c)
	}
	return err
}

// readRecent reads one call, in one round trip where it is as it was; nil: that is not known.
func readRecent(tx Reader, sid policy.CallSID, was *recentCall) (*recentCall, error) {
	if was == nil {
		was = &recentCall{call: policy.Call{SID: sid}}
	}
	found, err := readAll(tx, []*recentCall{was})
	if err != nil {
		return nil, err
	}
	return &found[0], nil
}

// readAll reads calls anew, those that are as they were without their histories. Of a call that is not there it returns the SID alone. That takes a
// round trip where all are as they were, and two more otherwise, however many there are.
func readAll(tx Reader, was []*recentCall) ([]recentCall, error) {
	list := make([]reading, len(was))
	for i, c := range was {
		list[i].was = c
		if c.value != nil {
			list[i].place = placeOf(c.call)
		}
	}
	for range 3 { // a place in memory may be that of a call whose start has become known: then its record is found in the third
		if fetchRecords(tx, list) == 0 {
			break
		}
	}
	return decodeAll(tx, list)
}

// reading is a call that is being read.
type reading struct {
	was       *recentCall
	place     []byte // nil: not known
	value     []byte // of the record
	unindexed bool
	absent    bool
}

// fetchRecords reads in one round trip the records whose places are known, and the places of the others. It returns how many calls are not read yet.
func fetchRecords(tx Reader, list []reading) (left int) {
	var entries []Entry
	for _, r := range list {
		switch {
		case r.value != nil || r.absent:
		case r.place != nil:
			entries = append(entries, Entry{Bucket: callsBucket, Key: r.place}, Entry{Bucket: searchBucket, Key: unindexedKey(r.place)})
		default:
			entries = append(entries, Entry{Bucket: indexBucket, Key: key(bySID).text(string(r.was.call.SID))})
		}
	}
	tx.Fetch(entries)
	for i := range list {
		r := &list[i]
		switch {
		case r.value != nil || r.absent:
			continue
		case r.place != nil:
			r.value, r.unindexed = bytes.Clone(entries[0].Value), entries[1].Value != nil
			entries = entries[2:]
			if r.value == nil {
				r.place = nil
			}
		case entries[0].Value == nil:
			r.absent, entries = true, entries[1:]
		default:
			r.place, entries = indexKey(bytes.Clone(entries[0].Value)).text(string(r.was.call.SID)), entries[1:]
		}
		if r.value == nil && !r.absent {
			left++
		}
	}
	return left
}

// decodeAll decodes the records that are not as they were, and reads their histories in one round trip.
func decodeAll(tx Reader, list []reading) ([]recentCall, error) {
	found, records, steps := make([]recentCall, len(list)), make([]record, len(list)), []Entry(nil)
	for i, r := range list {
		switch {
		case r.absent:
			found[i] = recentCall{call: policy.Call{SID: r.was.call.SID}}
			continue
		case bytes.Equal(r.value, r.was.value) && r.value != nil:
			found[i] = *r.was
			found[i].unindexed = r.unindexed
			continue
		}
		var err error
		if records[i], err = decode[record]("call", string(r.was.call.SID), r.value); err != nil {
			return nil, err
		}
		for _, n := range records[i].Steps {
			steps = append(steps, Entry{Bucket: stepsBucket, Key: stepKey(n)})
		}
		found[i] = recentCall{steps: records[i].Steps, value: r.value, unindexed: r.unindexed}
	}
	tx.Fetch(steps)
	for i := range found {
		if found[i].call.SID != "" {
			continue
		}
		n := len(records[i].Steps)
		call, size, err := records[i].with(steps[:n])
		if err != nil {
			return nil, err
		}
		found[i].call, found[i].size, steps = call, size, steps[n:]
	}
	return found, nil
}

// maxRecent bounds the memory of decoded calls, in bytes of their encoding; decoded they take two to three times that.
const maxRecent = 2 << 20

// recentCall is a decoded call, the numbers of the segments of its history, and the encoding of its record.
type recentCall struct {
	call      policy.Call
	steps     []uint64
	value     []byte // nil if there is no such call
	size      int    // of the encoded history, in bytes
	unindexed bool   // its facets are not written yet
}

// recentCalls keeps the calls that changed last decoded, for their next step. It has every call that is not in the file yet. A call that ended
// stays too, since the reports of its end are still to come. Only applyAll uses it.
type recentCalls struct {
	calls map[policy.CallSID]*recentCall
	size  int
}

func (l *recentCalls) keep(c recentCall) {
	kept, known := l.calls[c.call.SID]
	if known {
		l.size -= kept.bytes()
	} else {
		kept = new(recentCall)
		l.calls[c.call.SID] = kept
	}
	l.size += c.bytes()
	*kept = c
}

func (l *recentCalls) drop(sid policy.CallSID) {
	if kept, known := l.calls[sid]; known {
		l.size -= kept.bytes()
		delete(l.calls, sid)
	}
}

func (c *recentCall) bytes() int { return recentCost + len(c.value) + c.size }

// recentCost is the least memory of a call, in bytes: also one that the engine does not have.
const recentCost = 256

// shrink drops calls beyond the bound, in no particular order. Those that are not in the file yet stay.
func (l *recentCalls) shrink(waiting map[policy.CallSID]bool) {
	for sid := range l.calls {
		if l.size <= maxRecent {
			return
		}
		if !waiting[sid] {
			l.drop(sid)
		}
	}
}

func (l *recentCalls) forget() { *l = recentCalls{calls: map[policy.CallSID]*recentCall{}} }
