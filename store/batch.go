package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// batch is one transaction in the making.
type batch struct {
	tx           *bolt.Tx
	calls, index *bolt.Bucket
	recent       *recentCalls
	changed      map[policy.CallSID]recentCall // calls as they stand in this transaction
	dirty        bool                          // something was written
}

func (b *batch) open() {
	b.calls, b.index = b.tx.Bucket(callsBucket), b.tx.Bucket(indexBucket)
	b.changed = map[policy.CallSID]recentCall{}
}

// attempt runs one request, unless its sender has left. What panics fails that request alone: a change function runs before anything of
// it is written.
func (b *batch) attempt(r *request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("a change panicked: %v\n%s", p, debug.Stack())
		}
	}()
	if r.err = r.ctx.Err(); r.err != nil || r.dropped {
		return
	}
	r.applied = true
	b.dirty = b.dirty || r.alone
	r.err = r.apply(b)
}

// advance changes one call, and gives it as it stands then. What it returns shares no slice with what is kept.
func (b *batch) advance(sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error) {
	before, err := b.call(sid)
	if err != nil {
		return policy.Call{}, err
	}
	after := change(before.call.Clone())
	if after.SID != sid {
		return policy.Call{}, fmt.Errorf("a change of call %s gave call %s", sid, after.SID)
	}
	if err := b.put(before, after); err != nil {
		return policy.Call{}, err
	}
	return after.Clone(), nil
}

// call is a call as it stands: in this batch, in memory, or in the file.
func (b *batch) call(sid policy.CallSID) (recentCall, error) {
	if c, ok := b.changed[sid]; ok {
		return c, nil
	}
	if c, ok := b.recent.calls[sid]; ok {
		return c, nil
	}
	value := b.calls.Get([]byte(sid))
	if value == nil {
		return recentCall{call: policy.Call{SID: sid}}, nil
	}
	call, err := decode[policy.Call]("call", string(sid), value)
	return recentCall{call: call, size: len(value)}, err
}

// put writes a call and its index keys, if it is another than before.
func (b *batch) put(before recentCall, after policy.Call) error {
	if before.size == 0 && reflect.DeepEqual(after, before.call) {
		return nil
	}
	value, err := json.Marshal(after)
	if err != nil {
		return fmt.Errorf("call %s cannot be written: %w", after.SID, err)
	}
	sid := []byte(after.SID)
	known := before.size > 0
	if known && len(value) == before.size && bytes.Equal(value, b.calls.Get(sid)) {
		return nil
	}
	b.dirty = true
	b.changed[after.SID] = recentCall{call: after, size: len(value)}
	if err := b.calls.Put(sid, value); err != nil {
		return fmt.Errorf("call %s: %w", after.SID, err)
	}
	var old [][]byte
	if known {
		if sameKeys(before.call, after) {
			return nil
		}
		old = callKeys(before.call)
	}
	return reindex(b.index, old, callKeys(after))
}

// reindex writes the difference between old and new keys.
func reindex(index *bolt.Bucket, old, now [][]byte) error {
	for _, k := range old {
		if !contains(now, k) {
			if err := index.Delete(k); err != nil {
				return err
			}
		}
	}
	for _, k := range now {
		if !contains(old, k) {
			if err := index.Put(k, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func contains(keys [][]byte, key []byte) bool {
	for _, k := range keys {
		if bytes.Equal(k, key) {
			return true
		}
	}
	return false
}
