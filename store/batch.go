package store

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// batch is what one commit will bring into the file, and who waits for it.
type batch struct {
	store    *Store
	tx       *bolt.Tx // of a request that runs alone; nil for the others
	requests []*request
	changed  map[policy.CallSID]bool
	edits    []edit
	notices  []outgoing
}

func (s *Store) newBatch() *batch {
	return &batch{store: s, changed: map[policy.CallSID]bool{}, requests: make([]*request, 0, crowd), edits: make([]edit, 0, 3*crowd)}
}

// crowd is how many requests a batch has room for at first: about as many as a busy server commits at once.
const crowd = 32

// answer tells everybody who waits.
func (b *batch) answer(err error) {
	for _, r := range b.requests {
		r.done <- err
	}
}

// dirty says whether there is anything to commit.
func (b *batch) dirty() bool { return len(b.edits) > 0 || len(b.notices) > 0 }

func (b *batch) write(tx *bolt.Tx) error {
	if err := write(tx, b.edits); err != nil {
		return err
	}
	return putNew(tx, b.notices)
}

// advance changes one call, and gives it as it stands then. It shares its slices with what is kept: nobody writes into them, and what is
// appended goes elsewhere.
func (b *batch) advance(sid policy.CallSID, change func(policy.Call) (policy.Call, []policy.Notice)) (policy.Call, error) {
	before, err := b.call(sid)
	if err != nil {
		return policy.Call{}, err
	}
	after, notices := change(before.call.Clip())
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

// call is a call as it stands: with everything that was applied, or as the file has it.
func (b *batch) call(sid policy.CallSID) (found *recentCall, err error) {
	if c, ok := b.store.recent.calls[sid]; ok {
		return c, nil
	}
	if b.tx != nil {
		return readRecent(b.tx, sid)
	}
	err = b.store.db.View(func(tx *bolt.Tx) (err error) {
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
	call, story, err := r.withStory(tx)
	live := tx.Bucket(searchBucket).Get(liveKey(place)) != nil
	return &recentCall{call: call, steps: r.Steps, value: value, story: story, live: live}, err
}

// change writes a call and its index keys, if it is another than before.
func (b *batch) change(before *recentCall, after policy.Call) error {
	known := before.value != nil
	if !known && reflect.DeepEqual(after, before.call) {
		return nil
	}
	steps, story, err := b.tell(before, after)
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
	place := placeOf(after)
	b.edits = append(b.edits, edit{key: place, value: value})
	b.move(before, after.SID, place)
	live := before.live
	switch {
	case !known:
		live = after.End().IsZero()
		b.edits = append(b.edits, indexEdits(nil, callKeys(after))...)
		b.edits = append(b.edits, searchEdits(nil, searchKeys(after, live))...)
	case !live:
		b.edits = append(b.edits, searchEdits(facetKeys(before.call), facetKeys(after))...)
		fallthrough
	case !sameKeys(before.call, after):
		b.edits = append(b.edits, indexEdits(callKeys(before.call), callKeys(after))...)
	}
	if known && live {
		b.stayLive(before.call, after)
	}
	b.store.recent.keep(recentCall{call: after, steps: steps, value: value, story: story, live: live}) // where before may be
	return nil
}

// tell writes what a change added to the story of a call, or all of a story that was written anew. It gives the numbers of its steps, and
// their size.
func (b *batch) tell(before *recentCall, after policy.Call) (steps []uint64, size int, err error) {
	turns, trace, grew := continues(before.call, after)
	if grew {
		steps, size = slices.Clip(before.steps), before.story
	} else {
		for _, n := range before.steps {
			b.edits = append(b.edits, edit{in: inSteps, key: stepKey(n), gone: true})
		}
	}
	if len(turns) == 0 && len(trace) == 0 {
		return steps, size, nil
	}
	value, err := encode(newChapter(turns, trace))
	if err != nil {
		return nil, 0, err
	}
	b.store.step++
	b.edits = append(b.edits, edit{in: inSteps, key: stepKey(b.store.step), value: value})
	return append(steps, b.store.step), size + len(value), nil
}

// move keeps one place for a call whose start has become known, or known better.
func (b *batch) move(before *recentCall, sid policy.CallSID, place []byte) {
	if before.value != nil {
		old := placeOf(before.call)
		if bytes.Equal(old, place) {
			return
		}
		b.edits = append(b.edits, edit{key: old, gone: true})
	}
	b.edits = append(b.edits, edit{in: inIndex, key: key(bySID).text(string(sid)), value: place[:timeLength]})
}

// maxRecent bounds the memory of the calls that are kept decoded, in bytes of their encoding; decoded they take two to three times that.
const maxRecent = 2 << 20

// recentCall is a call, the numbers of the steps of its story, and the encoding of its record.
type recentCall struct {
	call  policy.Call
	steps []uint64
	value []byte // nil: there is no such call
	story int    // bytes of the story's encoding
	live  bool   // in the search's index
}

// recentCalls keeps the calls that were changed last decoded, for the next step of each. What is not in the file yet is here for sure. A
// call that is over stays too, since the reports of its end are still to come. Only the goroutine that applies uses it.
type recentCalls struct {
	calls map[policy.CallSID]*recentCall
	size  int
}

// keep takes in how a call stands now.
func (l *recentCalls) keep(c recentCall) {
	kept, known := l.calls[c.call.SID]
	if !known {
		kept = new(recentCall)
		l.calls[c.call.SID] = kept
	}
	l.size += c.bytes() - kept.bytes()
	*kept = c
}

func (c *recentCall) bytes() int { return len(c.value) + c.story }

// shrink forgets calls beyond the bound, in no order: which ones go matters little. Those that are not in the file yet stay.
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

func (l *recentCalls) drop(sid policy.CallSID) {
	l.size -= l.calls[sid].bytes()
	delete(l.calls, sid)
}
