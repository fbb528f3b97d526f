package store

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// batch is the content of one commit, and the requests that wait for it.
type batch struct {
	store    *Store
	tx       *bolt.Tx // of a request that runs alone, else nil
	requests []*request
	changed  map[policy.CallSID]bool
	guessing map[policy.CallSID]bool // calls whose wrong numbers the batch changes; nil: none
	edits    []edit
	notices  []outgoing
}

func (s *Store) newBatch() *batch {
	return &batch{store: s, changed: map[policy.CallSID]bool{}, requests: make([]*request, 0, usualBatch), edits: make([]edit, 0, 3*usualBatch)}
}

// usualBatch is how many requests a batch has room for at first: about as many as a busy server commits at once.
const usualBatch = 32

func (b *batch) answer(err error) {
	for _, r := range b.requests {
		r.done <- err
	}
}

func (b *batch) dirty() bool { return len(b.edits) > 0 || len(b.notices) > 0 }

func (b *batch) write(tx *bolt.Tx) error {
	if err := write(tx, b.edits); err != nil {
		return err
	}
	return putNew(tx, b.notices)
}

// advance changes a call and returns its new state. The result shares its slices with the state in memory: nobody writes to their elements,
// and appending copies.
func (b *batch) advance(
	sid policy.CallSID, count policy.WrongNumberCount, change func(policy.Call, policy.WrongNumbers) (policy.Call, []policy.Notice),
) (policy.Call, error) {
	before, err := b.call(sid)
	if err != nil {
		return policy.Call{}, err
	}
	wrong, err := b.wrongNumbers(count)
	if err != nil {
		return policy.Call{}, err
	}
	after, notices := change(before.call.Clip(), wrong)
	if after.SID != sid {
		return policy.Call{}, fmt.Errorf("a change of call %s gave call %s", sid, after.SID)
	}
	told, err := newNotices(notices)
	if err != nil {
		return policy.Call{}, fmt.Errorf("call %s: %w", sid, err)
	}
	if err := b.change(before, after); err != nil {
		return policy.Call{}, err
	}
	b.notices = append(b.notices, told...)
	return after.Clip(), nil
}

// guesses notes that the batch changes the wrong numbers of a call.
func (b *batch) guesses(sid policy.CallSID) {
	if b.guessing == nil {
		b.guessing = map[policy.CallSID]bool{}
	}
	b.guessing[sid] = true
}

// wrongNumbers counts wrong customer numbers with everything that was applied. Calls whose wrong numbers this batch changes, or the one under
// way, count as they are in memory, whatever the file has of them by now.
func (b *batch) wrongNumbers(count policy.WrongNumberCount) (n policy.WrongNumbers, err error) {
	most := count.AtMost
	if most == (policy.WrongNumbers{}) {
		return n, nil
	}
	applied := maps.Clone(b.guessing)
	if last := b.store.underWay; last != nil && len(last.guessing) > 0 {
		applied = maps.Clone(last.guessing)
		maps.Copy(applied, b.guessing)
	}
	caller := count.Caller.Caller()
	for sid := range applied {
		c, err := b.call(sid)
		if err != nil {
			return n, err
		}
		for _, at := range c.call.WrongNumbers {
			if at.Before(count.Since) {
				continue
			}
			n.InAll++
			if c.call.From.Caller() == caller {
				n.ByCaller++
			}
		}
	}
	return n, b.view(func(tx *bolt.Tx) error {
		index := tx.Bucket(indexBucket)
		n.ByCaller = countWrong(index, key(byWrong).part(caller), count.Since, applied, n.ByCaller, most.ByCaller)
		n.InAll = countWrong(index, key(byWrongAt), count.Since, applied, n.InAll, most.InAll)
		return nil
	})
}

// countWrong adds to n the entries under a prefix that are of a time or later, those of some calls aside, and stops at most.
func countWrong(index *bolt.Bucket, prefix indexKey, since time.Time, aside map[policy.CallSID]bool, n, most int) int {
	entries := under(prefix)
	entries.from = indexKey(bytes.Clone(prefix)).time(since)
	for k := range entries.in(index) {
		if n >= most {
			break
		}
		if sid := k[len(prefix)+timeLength : len(k)-wrongLength]; !aside[policy.CallSID(sid)] {
			n++
		}
	}
	return min(n, most)
}

// view reads in the transaction of the batch, or in one of its own.
func (b *batch) view(read func(*bolt.Tx) error) error {
	if b.tx != nil {
		return read(b.tx)
	}
	return b.store.db.View(read)
}

// call returns the present state of a call: with everything that was applied, or from the file.
func (b *batch) call(sid policy.CallSID) (found *recentCall, err error) {
	if c, ok := b.store.recent.calls[sid]; ok {
		return c, nil
	}
	err = b.view(func(tx *bolt.Tx) (err error) {
		found, err = readRecent(tx, sid)
		return err
	})
	return found, err
}

func readRecent(tx *bolt.Tx, sid policy.CallSID) (*recentCall, error) {
	place := placeBySID(tx, string(sid))
	if place == nil {
		return &recentCall{call: policy.Call{SID: sid}}, nil
	}
	value := bytes.Clone(tx.Bucket(callsBucket).Get(place))
	r, err := decode[record]("call", string(sid), value)
	if err != nil {
		return nil, err
	}
	call, size, err := r.withHistory(tx)
	unindexed := tx.Bucket(searchBucket).Get(unindexedKey(place)) != nil
	return &recentCall{call: call, steps: r.Steps, value: value, size: size, unindexed: unindexed}, err
}

// change writes a call and its index entries, unless it is as it was before.
func (b *batch) change(before *recentCall, after policy.Call) error {
	known := before.value != nil
	if !known && reflect.DeepEqual(after, before.call) {
		return nil
	}
	steps, size, err := b.writeHistory(before, after)
	if err != nil {
		return fmt.Errorf("call %s cannot be written: %w", after.SID, err)
	}
	b.store.record = record{after.WithoutHistory(), steps}
	value, err := encode(&b.store.record)
	if err != nil {
		return fmt.Errorf("call %s cannot be written: %w", after.SID, err)
	}
	if bytes.Equal(value, before.value) {
		return nil
	}
	b.changed[after.SID] = true
	if !sameWrongNumbers(before.call, after) {
		b.guesses(after.SID)
	}
	place := placeOf(after)
	b.edits = append(b.edits, edit{key: place, value: value})
	unindexed := before.unindexed
	if old := placeOf(before.call); known && !bytes.Equal(old, place) { // its start has become known
		b.edits = append(b.edits, edit{key: old, gone: true})
		b.edits = append(b.edits, edit{in: inIndex, key: key(bySID).text(string(after.SID)), value: place[:timeLength]})
	}
	switch {
	case !known:
		unindexed = after.End().IsZero()
		b.edits = append(b.edits, allKeys(after, unindexed)...)
	case !unindexed:
		b.edits = append(b.edits, difference(facetKeys(before.call), facetKeys(after))...)
		fallthrough
	case !sameKeys(before.call, after):
		b.edits = append(b.edits, difference(callKeys(before.call), callKeys(after))...)
	}
	if known && unindexed {
		b.stayUnindexed(before.call, after)
	}
	b.store.recent.keep(recentCall{call: after, steps: steps, value: value, size: size, unindexed: unindexed}) // before may point to what this overwrites
	return nil
}

// writeHistory writes what a change added to the history of a call, or all of a history that was written anew. It returns the numbers of its
// segments, and their size.
func (b *batch) writeHistory(before *recentCall, after policy.Call) (steps []uint64, size int, err error) {
	exchanges, trace, grew := continues(before.call, after)
	if grew {
		steps, size = slices.Clip(before.steps), before.size
	} else {
		for _, n := range before.steps {
			b.edits = append(b.edits, edit{in: inSteps, key: stepKey(n), gone: true})
		}
	}
	if len(exchanges) == 0 && len(trace) == 0 {
		return steps, size, nil
	}
	value, err := encode(newSegment(exchanges, trace))
	if err != nil {
		return nil, 0, err
	}
	b.store.step++
	b.edits = append(b.edits, edit{in: inSteps, key: stepKey(b.store.step), value: value})
	return append(steps, b.store.step), size + len(value), nil
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
	if !known {
		kept = new(recentCall)
		l.calls[c.call.SID] = kept
	}
	l.size += c.bytes() - kept.bytes()
	*kept = c
}

func (c *recentCall) bytes() int { return len(c.value) + c.size }

// shrink drops calls beyond the bound, in no particular order. Those that are not in the file yet stay.
func (l *recentCalls) shrink(waiting map[policy.CallSID]bool) {
	for sid := range l.calls {
		if l.size <= maxRecent {
			return
		}
		if !waiting[sid] {
			l.size -= l.calls[sid].bytes()
			delete(l.calls, sid)
		}
	}
}

func (l *recentCalls) forget() { *l = recentCalls{calls: map[policy.CallSID]*recentCall{}} }
