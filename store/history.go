package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// The history of a call, its exchanges and its trace, only grows. So each change writes the segment that it added under the next number of the
// whole log, and the record of the call, which is small, has those numbers. A commit writes a few full pages however long the calls are, and a
// listing reads no histories.

// record is a call in the file, without its history.
type record struct {
	Call  policy.Call `json:"call"` // without exchanges and trace
	Steps []uint64    `json:"steps,omitempty"`
}

// segment has the exchanges and decisions that one change added to a history.
type segment struct {
	_         struct{} `cbor:",toarray"`
	Exchanges []storedExchange
	Trace     []storedDecision
}

type storedExchange struct {
	_     struct{} `cbor:",toarray"`
	Key   string
	At    int64 // nanoseconds since 1970
	Heard string
	Reply []byte
}

type storedDecision struct {
	_              struct{} `cbor:",toarray"`
	At             int64
	Rule, Result   string
	Config         string
	NamesAndValues []string
}

func newSegment(exchanges []policy.Exchange, trace []policy.Decision) segment {
	c := segment{Exchanges: make([]storedExchange, len(exchanges)), Trace: make([]storedDecision, len(trace))}
	for i, t := range exchanges {
		c.Exchanges[i] = storedExchange{Key: t.Key, At: nanos(t.At), Heard: t.Heard, Reply: t.Reply}
	}
	for i, d := range trace {
		facts := make([]string, 0, 2*len(d.Inputs))
		for _, f := range d.Inputs {
			facts = append(facts, f.Name, f.Value)
		}
		c.Trace[i] = storedDecision{At: nanos(d.At), Rule: d.Rule, Result: d.Result, Config: d.Config, NamesAndValues: facts}
	}
	return c
}

// addTo appends the segment to a call's history.
func (c segment) addTo(call *policy.Call) {
	for _, t := range c.Exchanges {
		call.Exchanges = append(call.Exchanges, policy.Exchange{Key: t.Key, At: moment(t.At), Heard: t.Heard, Reply: t.Reply})
	}
	for _, d := range c.Trace {
		decision := policy.Decision{At: moment(d.At), Rule: d.Rule, Result: d.Result, Config: d.Config}
		for i := 0; i+1 < len(d.NamesAndValues); i += 2 {
			decision.Inputs = append(decision.Inputs, policy.Fact{Name: d.NamesAndValues[i], Value: d.NamesAndValues[i+1]})
		}
		call.Trace = append(call.Trace, decision)
	}
}

// never is a time that is not set.
const never = math.MinInt64

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return never
	}
	return t.UnixNano()
}

func moment(n int64) time.Time {
	if n == never {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// continues returns what was added to a call's history, and reports whether the history only grew; if not, it returns all of it.
func continues(before, after policy.Call) (exchanges []policy.Exchange, trace []policy.Decision, grew bool) {
	n, m := len(before.Exchanges), len(before.Trace)
	if n > len(after.Exchanges) || m > len(after.Trace) ||
		!slices.EqualFunc(before.Exchanges, after.Exchanges[:n], sameExchange) || !slices.EqualFunc(before.Trace, after.Trace[:m], sameDecision) {
		return after.Exchanges, after.Trace, false
	}
	return after.Exchanges[n:], after.Trace[m:], true
}

func sameExchange(a, b policy.Exchange) bool {
	return a.Key == b.Key && a.Heard == b.Heard && a.At.Equal(b.At) && bytes.Equal(a.Reply, b.Reply)
}

func sameDecision(a, b policy.Decision) bool {
	return a.Rule == b.Rule && a.Result == b.Result && a.Config == b.Config && a.At.Equal(b.At) && slices.Equal(a.Inputs, b.Inputs)
}

func stepKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// withHistory reads a call's history.
func (r record) withHistory(tx Reader) (policy.Call, error) {
	keys := make([][]byte, len(r.Steps))
	for i, n := range r.Steps {
		keys[i] = stepKey(n)
	}
	call, _, err := r.with(fetched(tx, stepsBucket, keys))
	return call, err
}

// historiesAtOnce is how many histories are read in one round trip.
const historiesAtOnce = 200

// withHistories reads the histories of calls.
func withHistories(tx Reader, records []record) (calls []policy.Call, err error) {
	for part := range slices.Chunk(records, historiesAtOnce) {
		var keys [][]byte
		for _, r := range part {
			for _, n := range r.Steps {
				keys = append(keys, stepKey(n))
			}
		}
		steps := fetched(tx, stepsBucket, keys)
		for _, r := range part {
			call, _, err := r.with(steps[:len(r.Steps)])
			if err != nil {
				return nil, err
			}
			calls, steps = append(calls, call), steps[len(r.Steps):]
		}
	}
	return calls, nil
}

// with returns the call with its history, from the entries of its segments, and the size of the history as it is stored.
func (r record) with(steps []Entry) (call policy.Call, size int, err error) {
	call = r.Call
	for i, n := range r.Steps {
		c, err := decode[segment]("step", fmt.Sprint(n), steps[i].Value)
		if err != nil {
			return call, size, fmt.Errorf("call %s: %w", call.SID, err)
		}
		c.addTo(&call)
		size += len(steps[i].Value)
	}
	return call, size, nil
}
