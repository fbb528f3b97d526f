package store

import (
	"bytes"
	"fmt"
	"reflect"

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
}

// edit is one key to write, or to delete: of a call, or of the index.
type edit struct {
	index, gone bool
	key, value  []byte
}

func (s *Store) newBatch() *batch { return &batch{store: s, changed: map[policy.CallSID]bool{}} }

// answer tells everybody who waits.
func (b *batch) answer(err error) {
	for _, r := range b.requests {
		r.done <- err
	}
}

func (b *batch) write(tx *bolt.Tx) error { return write(tx, b.edits) }

// write brings edits into a transaction, in their order.
func write(tx *bolt.Tx, edits []edit) error {
	calls, index := tx.Bucket(callsBucket), tx.Bucket(indexBucket)
	for _, e := range edits {
		bucket := calls
		if e.index {
			bucket = index
		}
		var err error
		if e.gone {
			err = bucket.Delete(e.key)
		} else {
			err = bucket.Put(e.key, e.value)
		}
		if err != nil {
			return fmt.Errorf("key %x: %w", e.key, err)
		}
	}
	return nil
}

// advance changes one call, and gives it as it stands then. It shares its slices with what is kept: nobody writes into them, and what is
// appended goes elsewhere.
func (b *batch) advance(sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error) {
	before, err := b.call(sid)
	if err != nil {
		return policy.Call{}, err
	}
	after := change(before.call.Clip())
	if after.SID != sid {
		return policy.Call{}, fmt.Errorf("a change of call %s gave call %s", sid, after.SID)
	}
	if err := b.change(before, after); err != nil {
		return policy.Call{}, err
	}
	return after.Clip(), nil
}

// call is a call as it stands: with everything that was applied, or as the file has it.
func (b *batch) call(sid policy.CallSID) (recentCall, error) {
	if c, ok := b.store.recent.calls[sid]; ok {
		return c, nil
	}
	none := recentCall{call: policy.Call{SID: sid}}
	if b.tx != nil {
		return readRecent(b.tx, none)
	}
	found := none
	err := b.store.db.View(func(tx *bolt.Tx) (err error) {
		found, err = readRecent(tx, none)
		return err
	})
	return found, err
}

func readRecent(tx *bolt.Tx, none recentCall) (recentCall, error) {
	place := tx.Bucket(indexBucket).Get(key(bySID).text(string(none.call.SID)))
	if place == nil {
		return none, nil
	}
	value := bytes.Clone(tx.Bucket(callsBucket).Get(place))
	call, err := decode[policy.Call]("call", string(none.call.SID), value)
	return recentCall{call: call, value: value}, err
}

// change writes a call and its index keys, if it is another than before.
func (b *batch) change(before recentCall, after policy.Call) error {
	known := before.value != nil
	if !known && reflect.DeepEqual(after, before.call) {
		return nil
	}
	value, err := encode(after)
	if err != nil {
		return fmt.Errorf("call %s cannot be written: %w", after.SID, err)
	}
	if bytes.Equal(value, before.value) {
		return nil
	}
	b.changed[after.SID] = true
	b.store.recent.keep(recentCall{call: after, value: value})
	place := placeOf(after)
	b.edits = append(b.edits, edit{key: place, value: value})
	b.move(before, after.SID, place)
	if !known {
		b.edits = append(b.edits, indexEdits(nil, callKeys(after))...)
	} else if !sameKeys(before.call, after) {
		b.edits = append(b.edits, indexEdits(callKeys(before.call), callKeys(after))...)
	}
	return nil
}

// move keeps one place for a call whose start has become known, or known better.
func (b *batch) move(before recentCall, sid policy.CallSID, place []byte) {
	if before.value != nil {
		old := placeOf(before.call)
		if bytes.Equal(old, place) {
			return
		}
		b.edits = append(b.edits, edit{key: old, gone: true})
	}
	b.edits = append(b.edits, edit{index: true, key: key(bySID).text(string(sid)), value: place})
}

// indexEdits are the difference between old and new keys of the index.
func indexEdits(old, now [][]byte) (edits []edit) {
	for _, k := range old {
		if !contains(now, k) {
			edits = append(edits, edit{index: true, key: k, gone: true})
		}
	}
	for _, k := range now {
		if !contains(old, k) {
			edits = append(edits, edit{index: true, key: k})
		}
	}
	return edits
}

func contains(keys [][]byte, key []byte) bool {
	for _, k := range keys {
		if bytes.Equal(k, key) {
			return true
		}
	}
	return false
}
