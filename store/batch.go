package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/officernd/supportline/policy"
)

// batch is the content of one commit.
type batch struct {
	store    *Store
	steps    []*step
	requests int                     // that wait for it
	changed  map[policy.CallSID]bool // calls that it changes
	guessing map[policy.CallSID]bool // calls whose wrong numbers it changes; nil: none
	guards   map[string][]byte       // that it rewrites; nil: none
}

// step is one request as it is applied: what it writes, and what it relies on.
type step struct {
	Change
	store   *Store
	batch   *batch   // nil: it runs alone
	tx      Writer   // of a step that runs alone
	request *request // nil: the facets of a call that ended are written
	sid     policy.CallSID
	notices []outgoing
}

func (s *Store) newBatch() *batch {
	return &batch{store: s, changed: map[policy.CallSID]bool{}, steps: make([]*step, 0, usualBatch)}
}

// usualBatch is how many requests a batch has room for at first: about as many as a busy server commits at once.
const usualBatch = 32

func (b *batch) room() int { return maxBatch - b.requests }

func (b *batch) newStep(r *request) *step {
	t := &step{store: b.store, batch: b, request: r, sid: r.sid, Change: Change{Edits: make([]Edit, 0, usualEdits)}}
	if b.store.shared {
		t.Expect = make([]Entry, 0, usualExpected)
	}
	return t
}

// usualEdits is how many entries most changes of a call write, and usualExpected how many they rely upon.
const (
	usualEdits    = 4
	usualExpected = 2
)

// add makes a step that was applied a part of the batch.
func (b *batch) add(t *step) {
	b.steps = append(b.steps, t)
	if t.request != nil {
		b.requests++
	}
}

// without removes the steps on some calls, and returns them.
func (b *batch) without(calls map[policy.CallSID]bool) (removed []*step) {
	b.steps = slices.DeleteFunc(slices.Clone(b.steps), func(t *step) bool {
		if !calls[t.sid] {
			return false
		}
		removed = append(removed, t)
		if t.request != nil {
			b.requests--
		}
		return true
	})
	return removed
}

// answer answers all requests.
func (b *batch) answer(err error) {
	for _, t := range b.steps {
		if t.request != nil {
			t.request.done <- err
		}
	}
}

// answerHeld answers the requests that were committed, or all after an error.
func (b *batch) answerHeld(did outcome) {
	for _, t := range b.steps {
		if t.request != nil && !slices.Contains(did.failed, t) {
			t.request.done <- did.err
		}
	}
}

func (t *step) dirty() bool { return len(t.Edits) > 0 || len(t.notices) > 0 }

// write writes a step that runs alone.
func (t *step) write() {
	write(t.tx, t.Edits)
	putNew(t.tx, t.notices)
}

// changes returns the changes of steps, with those of their notices that are new. It looks when the batch before is committed, since that may have
// written them.
func (s *Store) changes(ctx context.Context, steps []*step) ([]Change, error) {
	changes, notices := make([]Change, len(steps)), 0
	for i, t := range steps {
		changes[i] = t.Change
		notices += len(t.notices)
	}
	if notices == 0 {
		return changes, nil
	}
	return changes, s.view(ctx, func(tx Reader) error {
		for i, t := range steps {
			c := Change{Expect: slices.Clip(t.Expect), Edits: slices.Clip(t.Edits)}
			for _, n := range untoldOf(tx, t.notices) {
				c.Expect = append(c.Expect, Entry{Bucket: noticesBucket, Key: []byte(n.notice.Key)})
				c.Edits = append(c.Edits, n.edits()...)
			}
			changes[i] = c
		}
		return nil
	})
}

// advance changes a call and returns its new state. The result shares its slices with the state in memory: nobody writes to their elements,
// and appending copies.
func (t *step) advance(
	count policy.WrongNumberCount, change func(policy.Call, policy.WrongNumbers) (policy.Call, news),
) (policy.Call, error) {
	t.lookAhead()
	before, err := t.call(t.sid)
	if err != nil {
		return policy.Call{}, err
	}
	var wrong policy.WrongNumbers
	if count.AtMost != (policy.WrongNumbers{}) {
		if wrong, err = t.wrongNumbers(count); err != nil {
			return policy.Call{}, err
		}
	}
	was := before.call
	after, n := change(before.call.Clip(), wrong)
	if after.SID != t.sid {
		return policy.Call{}, fmt.Errorf("a change of call %s gave call %s", t.sid, after.SID)
	}
	told, err := t.weigh(&n, after)
	if err != nil {
		return policy.Call{}, err
	}
	if err := t.change(before, after); err != nil {
		return policy.Call{}, err
	}
	t.notices = append(t.notices, told...)
	if t.tx != nil {
		err = t.carryOut(n, was, after)
	}
	return after.Clip(), err
}

// view reads in the transaction of the step, or in one of its own.
func (t *step) view(read func(Reader) error) error {
	if t.tx != nil {
		return read(t.tx)
	}
	return t.store.viewToApply(read)
}

// call returns the present state of a call: with everything that was applied, or as the engine has it.
func (t *step) call(sid policy.CallSID) (*recentCall, error) {
	c, known := t.store.recent.calls[sid]
	if t.tx != nil { // everything that was applied is committed: what is in memory need only be compared
		return readRecent(t.tx, sid, c)
	}
	if known {
		return c, nil
	}
	return t.read(sid)
}

func (t *step) read(sid policy.CallSID) (found *recentCall, err error) {
	err = t.view(func(tx Reader) (err error) {
		found, err = readRecent(tx, sid, nil)
		return err
	})
	return found, err
}

// change writes a call and its index entries, unless it is as it was before.
func (t *step) change(before *recentCall, after policy.Call) error {
	known := before.value != nil
	if !known && reflect.DeepEqual(after, before.call) {
		return nil
	}
	steps, size, err := t.writeHistory(before, after)
	if err != nil {
		return fmt.Errorf("call %s cannot be written: %w", after.SID, err)
	}
	t.store.record = record{after.WithoutHistory(), steps}
	value, err := encode(&t.store.record)
	if err != nil {
		return fmt.Errorf("call %s cannot be written: %w", after.SID, err)
	}
	if bytes.Equal(value, before.value) {
		return nil
	}
	if t.batch != nil {
		t.rely(before)
		t.batch.changed[after.SID] = true
	}
	if !sameWrongNumbers(before.call, after) {
		t.guess(after)
	}
	place := placeOf(after)
	t.edit(Edit{Bucket: callsBucket, Key: place, Value: value})
	unindexed := before.unindexed
	if old := placeOf(before.call); known && !bytes.Equal(old, place) { // its start has become known
		t.edit(Edit{Bucket: callsBucket, Key: old, Gone: true})
		t.edit(Edit{Bucket: indexBucket, Key: key(bySID).text(string(after.SID)), Value: place[:timeLength]})
	}
	switch {
	case !known:
		unindexed = after.End().IsZero()
		err = t.index(allKeys(after, unindexed))
	case !unindexed:
		err = t.index(difference(facetKeys(before.call), facetKeys(after)))
		fallthrough
	case !sameKeys(before.call, after):
		if err == nil {
			err = t.index(difference(callKeys(before.call), callKeys(after)))
		}
	}
	if err != nil {
		return err
	}
	t.edit(difference(t.store.rowsOf(before.call, before.unindexed || !known), t.store.rowsOf(after, unindexed))...)
	if known && unindexed {
		t.stayUnindexed(before.call, after)
	}
	if t.batch != nil {
		t.store.recent.keep(recentCall{call: after, steps: steps, value: value, size: size, unindexed: unindexed}) // before may point to what this overwrites
	}
	return nil
}

func (t *step) edit(edits ...Edit) { t.Edits = append(t.Edits, edits...) }

// rely expects a call as it was read: absent, or its record, and unindexed if it is. Where no other process can write, nothing but the batches before
// changes a call.
func (t *step) rely(before *recentCall) {
	if !t.store.shared {
		return
	}
	if before.value == nil {
		t.Expect = append(t.Expect, Entry{Bucket: indexBucket, Key: key(bySID).text(string(before.call.SID))})
		return
	}
	place := placeOf(before.call)
	t.Expect = append(t.Expect, Entry{Bucket: callsBucket, Key: place, Value: before.value})
	if before.unindexed { // an indexed call stays so
		t.Expect = append(t.Expect, Entry{Bucket: searchBucket, Key: unindexedKey(place), Value: []byte{}})
	}
}

// index writes entries of the indexes, with the search terms that lead to them.
func (t *step) index(edits []Edit) error {
	if t.tx == nil && slices.ContainsFunc(edits, leavesTerm) {
		return errAlone
	}
	if t.tx != nil || !slices.ContainsFunc(edits, needsTerm) {
		t.edit(edits...)
		return nil
	}
	var there termsThere
	err := t.view(func(tx Reader) error {
		there = readTerms(tx, edits)
		return nil
	})
	if err == nil {
		t.indexWith(edits, there)
	}
	return err
}

// indexWith is index for a step of a batch, and terms of which is known whether they are there: then they are relied upon, and written again so that
// nobody who removes the last call they lead to removes them.
func (t *step) indexWith(edits []Edit, there termsThere) {
	fresh, first := there.of(edits)
	for _, e := range edits {
		if !isName(e) {
			t.edit(e)
		}
	}
	t.edit(fresh...)
	if !t.store.shared {
		return
	}
	for _, e := range first {
		t.Expect = append(t.Expect, e)
		t.edit(Edit{Bucket: e.Bucket, Key: e.Key, Value: e.Value})
	}
}

// writeHistory writes what a change added to the history of a call, or all of a history that was written anew. It returns the numbers of its
// segments, and their size.
func (t *step) writeHistory(before *recentCall, after policy.Call) (steps []uint64, size int, err error) {
	exchanges, trace, grew := continues(before.call, after)
	if grew {
		steps, size = slices.Clip(before.steps), before.size
	} else {
		for _, n := range before.steps {
			t.edit(Edit{Bucket: stepsBucket, Key: stepKey(n), Gone: true})
		}
	}
	if len(exchanges) == 0 && len(trace) == 0 {
		return steps, size, nil
	}
	value, err := encode(newSegment(exchanges, trace))
	if err != nil {
		return nil, 0, err
	}
	number, err := t.store.nextStep()
	if err != nil {
		return nil, 0, err
	}
	t.edit(Edit{Bucket: stepsBucket, Key: stepKey(number), Value: value})
	return append(steps, number), size + len(value), nil
}

// numbers are reserved from an engine and not used yet.
type numbers struct{ next, end uint64 }

// stepBlock is how many numbers of segments are reserved at once.
const stepBlock = 1024

func (s *Store) nextStep() (uint64, error) {
	if s.steps.next == s.steps.end {
		ctx, cancel := context.WithTimeout(context.Background(), commitPatience)
		defer cancel()
		first, err := s.engine.Next(ctx, stepsBucket, stepBlock)
		if err != nil {
			return 0, err
		}
		s.steps = numbers{first, first + stepBlock}
	}
	s.steps.next++
	return s.steps.next - 1, nil
}

// guardLength is enough that no two rewritings are ever the same.
const guardLength = 12

// guess notes that the step changes the wrong numbers of a call.
func (t *step) guess(after policy.Call) {
	for _, guard := range []string{wrongGuard(after.From.Caller()), allWrongGuard} {
		value := make([]byte, guardLength)
		_, _ = rand.Read(value) // never fails
		t.edit(Edit{Bucket: guardsBucket, Key: []byte(guard), Value: value})
		if t.batch == nil {
			continue
		}
		if t.batch.guards == nil {
			t.batch.guards = map[string][]byte{}
		}
		t.batch.guards[guard] = value
	}
	if t.batch == nil {
		return
	}
	if t.batch.guessing == nil {
		t.batch.guessing = map[policy.CallSID]bool{}
	}
	t.batch.guessing[after.SID] = true
}

// relyOnGuard expects a guard as it was read, or as this process rewrote it since.
func (t *step) relyOnGuard(guard string, value []byte) {
	for _, b := range []*batch{t.batch, t.store.underWay} {
		if b != nil && b.guards[guard] != nil {
			value = b.guards[guard]
			break
		}
	}
	t.Expect = append(t.Expect, Entry{Bucket: guardsBucket, Key: []byte(guard), Value: bytes.Clone(value)})
}

// wrongNumbers counts wrong customer numbers with everything that was applied. Calls whose wrong numbers this batch changes, or the one under
// way, count as they are in memory, whatever the engine has of them by now.
func (t *step) wrongNumbers(count policy.WrongNumberCount) (n policy.WrongNumbers, err error) {
	most := count.AtMost
	applied := map[policy.CallSID]bool{}
	for _, b := range []*batch{t.batch, t.store.underWay} {
		if b != nil && t.tx == nil {
			maps.Copy(applied, b.guessing)
		}
	}
	caller := count.Caller.Caller()
	for sid := range applied {
		c, err := t.call(sid)
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
	in, relied := n, len(t.Expect)
	err = t.view(func(tx Reader) error {
		n, t.Expect = in, t.Expect[:relied]
		own := key(byWrong).part(caller)
		spans := []Span{wrongSince(own, count.Since, most.ByCaller), wrongSince(key(byWrongAt), count.Since, most.InAll)}
		if !count.TextedSince.IsZero() {
			spans = append(spans, wrongSince(noTextKey(count.Caller), count.TextedSince, 1))
		}
		guarded := len(spans)
		if t.store.shared {
			spans = append(spans, exactly(guardsBucket, wrongGuard(caller)), exactly(guardsBucket, allWrongGuard))
		}
		cursors := tx.Scan(spans...)
		for i, guards := range cursors[guarded:] {
			_, value := guards.Next()
			t.relyOnGuard(string(spans[guarded+i].From), value)
		}
		for _, texted := range cursors[2:guarded] {
			k, _ := texted.Next()
			n.Texted = k != nil
		}
		n.ByCaller = countWrong(cursors[0], len(own), applied, n.ByCaller, most.ByCaller)
		n.InAll = countWrong(cursors[1], len(key(byWrongAt)), applied, n.InAll, most.InAll)
		return nil
	})
	return n, err
}

// countWrong adds to n the entries of a cursor, those of some calls aside, and stops at most.
func countWrong(entries Cursor, prefix int, aside map[policy.CallSID]bool, n, most int) int {
	for k, _ := entries.Next(); k != nil && n < most; k, _ = entries.Next() {
		if sid := k[prefix+timeLength : len(k)-wrongLength]; !aside[policy.CallSID(sid)] {
			n++
		}
	}
	return min(n, most)
}
