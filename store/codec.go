package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/officernd/supportline/policy"
)

// Values are CBOR (RFC 8949) with the names of the JSON tags, which takes half the time and two thirds of the space of JSON. Times keep their
// nanoseconds. Text that is not UTF-8 is written and read as it is: what somebody once typed must not make a record unreadable.
var (
	encoding = must(cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.EncMode())
	decoding = must(cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode())
)

func must[T any](mode T, err error) T {
	if err != nil { // impossible: the options are constants
		panic(err)
	}
	return mode
}

func encode(v any) ([]byte, error) { return encoding.Marshal(v) }

// decode reads a stored value. The store wrote it, so anything unreadable is damage.
func decode[T any](bucket, key string, value []byte) (T, error) {
	var v T
	if err := decoding.Unmarshal(value, &v); err != nil {
		return v, fmt.Errorf("%w: %s %s: %w", ErrDamaged, bucket, key, err)
	}
	return v, nil
}

// decodeSearched reads only the fields of a call that a text is compared with (policy.Text.MatchesCall). That takes a seventh of the time of
// decoding the whole record, and a search for a common text reads many calls: the page of a name that very many accounts have takes 4 ms with
// this and 12 without, among 300,000 calls (BenchmarkConsole). ok is false for a value that encode did not write: decoding it as a whole then
// returns the error.
func decodeSearched(value []byte) (c policy.Call, ok bool) {
	_, ok = eachField(value, func(name, value []byte) (rest []byte, ok bool) {
		if string(name) != "call" {
			return skip(value)
		}
		return eachField(value, func(name, value []byte) ([]byte, bool) { return decodeSearchedField(&c, name, value) })
	})
	return c, ok
}

func decodeSearchedField(c *policy.Call, name, value []byte) (rest []byte, ok bool) {
	var text []byte
	switch string(name) {
	case "sid":
		text, rest, ok = cborText(value)
		c.SID = policy.CallSID(text)
	case "from":
		text, rest, ok = cborText(value)
		c.From = policy.Phone(text)
	case "customer":
		text, rest, ok = cborText(value)
		c.Customer = policy.CustomerNumber(text)
	case "account":
		text, rest, ok = cborText(value)
		c.Account = string(text)
	case "ticket":
		text, rest, ok = cborText(value)
		c.Ticket = policy.Ticket(text)
	case "answered":
		c.Answered = value[0] == cborTrue
		return skip(value)
	case "erased":
		c.Erased = value[0] == cborTrue
		return skip(value)
	default:
		return skip(value)
	}
	return rest, ok
}

// The major types of RFC 8949, section 3.1.
const (
	cborBytes  = 2
	cborString = 3
	cborArray  = 4
	cborMap    = 5
	cborTag    = 6
)

const cborTrue = 0xf5

// cborHead reads the major type of the first item of v, and its argument. It does not read indefinite lengths, which encode never writes.
func cborHead(v []byte) (major byte, argument uint64, rest []byte, ok bool) {
	if len(v) == 0 {
		return 0, 0, nil, false
	}
	major, info, rest := v[0]>>5, v[0]&31, v[1:]
	if info < 24 {
		return major, uint64(info), rest, true
	}
	size := 1 << (info - 24)
	if info > 27 || len(rest) < size {
		return 0, 0, nil, false
	}
	var wide [8]byte
	copy(wide[8-size:], rest)
	return major, binary.BigEndian.Uint64(wide[:]), rest[size:], true
}

func cborText(v []byte) (text, rest []byte, ok bool) {
	major, length, rest, ok := cborHead(v)
	if !ok || major != cborString || length > uint64(len(rest)) {
		return nil, nil, false
	}
	return rest[:length], rest[length:], true
}

// eachField calls take for each field of a map whose keys are text, with the key and all that follows it; take returns what follows the value.
func eachField(v []byte, take func(name, value []byte) (rest []byte, ok bool)) (rest []byte, ok bool) {
	major, fields, rest, ok := cborHead(v)
	if !ok || major != cborMap {
		return nil, false
	}
	for ; fields > 0; fields-- {
		name, value, ok := cborText(rest)
		if !ok {
			return nil, false
		}
		if rest, ok = take(name, value); !ok {
			return nil, false
		}
	}
	return rest, true
}

// skip returns what follows the first item of v.
func skip(v []byte) (rest []byte, ok bool) {
	for items := uint64(1); items > 0; items-- {
		major, argument, rest, ok := cborHead(v)
		if !ok || major >= cborBytes && major <= cborMap && argument > uint64(len(rest)) {
			return nil, false
		}
		switch v = rest; major {
		case cborBytes, cborString:
			v = rest[argument:]
		case cborArray:
			items += argument
		case cborMap:
			items += 2 * argument
		case cborTag:
			items++
		}
	}
	return v, true
}

// Places are packed in the bucket search, which has several entries for each call. Packed places sort as places do. A place is 12 bytes of
// time and the SID, 46 bytes as a rule; packed it is 9 bytes of time and 21 of SID. A place without a SID, at which a search begins, has none
// when it is packed either. Seconds since year 1 take 5 bytes until the year 34,000.
const packedTime = 5 + 4

// appendPacked appends a packed place to a key.
func appendPacked(k, place []byte) []byte {
	seconds, rest := binary.BigEndian.Uint64(place), place[8:]
	if seconds >= 1<<40 {
		seconds, rest = 1<<40-1, nil // endOfTime, at which a search may begin
	}
	k = append(k, byte(seconds>>32), byte(seconds>>24), byte(seconds>>16), byte(seconds>>8), byte(seconds))
	if len(rest) < 4 {
		return append(k, 0xff, 0xff, 0xff, 0xff)
	}
	k = append(k, rest[:4]...)
	if len(rest) == 4 {
		return k
	}
	return appendSID(k, string(rest[4:]))
}

// appendUnpacked appends the place that was packed.
func appendUnpacked(place, packed []byte) []byte {
	place = append(place, 0, 0, 0)
	place = append(place, packed[:packedTime]...)
	if len(packed) == packedTime {
		return place
	}
	return appendUnpackedSID(place, packed[packedTime:])
}

// A SID is written as its kind and, where it begins as the provider's do, five bits for each lower-case hex digit. Before any other character
// five bits say between which digits it sorts, and the rest follows as it is.
const (
	sidBefore = iota // sorts before "CA"
	sidCA
	sidAfter

	codeEnd    = 0  // of the SID
	codeBelow  = 1  // before "0"
	codeDigit  = 2  // to 11
	codeMiddle = 12 // after "9", before "a"
	codeLetter = 13 // to 18
	codeAbove  = 19 // after "f"

	sidPrefix = "CA"
)

func codeOf(c byte) byte {
	switch {
	case c < '0':
		return codeBelow
	case c <= '9':
		return codeDigit + c - '0'
	case c < 'a':
		return codeMiddle
	case c <= 'f':
		return codeLetter + c - 'a'
	}
	return codeAbove
}

func appendSID(k []byte, sid string) []byte {
	rest, ours := strings.CutPrefix(sid, sidPrefix)
	switch {
	case !ours && sid < sidPrefix:
		return append(append(k, sidBefore), sid...)
	case !ours:
		return append(append(k, sidAfter), sid...)
	}
	k = append(k, sidCA)
	var bits uint
	waiting := uint(0) // how many of the lowest bits are not written yet
	for i := range len(rest) {
		code := codeOf(rest[i])
		bits, waiting = bits<<5|uint(code), waiting+5
		for waiting >= 8 {
			waiting -= 8
			k = append(k, byte(bits>>waiting))
		}
		if code == codeBelow || code == codeMiddle || code == codeAbove {
			return append(pad(k, bits, waiting), rest[i:]...)
		}
	}
	return pad(k, bits, waiting)
}

func pad(k []byte, bits, waiting uint) []byte {
	if waiting == 0 {
		return k
	}
	return append(k, byte(bits<<(8-waiting)))
}

func appendUnpackedSID(sid, packed []byte) []byte {
	kind, rest := packed[0], packed[1:]
	if kind != sidCA {
		return append(sid, rest...)
	}
	sid = append(sid, sidPrefix...)
	var bits, waiting uint
	for i := 0; ; {
		for waiting < 5 && i < len(rest) {
			bits, waiting = bits<<8|uint(rest[i]), waiting+8
			i++
		}
		if waiting < 5 {
			return sid
		}
		waiting -= 5
		switch code := byte(bits >> waiting & 31); {
		case code == codeEnd:
			return sid
		case code == codeBelow || code == codeMiddle || code == codeAbove:
			return append(sid, rest[i:]...)
		case code >= codeLetter:
			sid = append(sid, 'a'+code-codeLetter)
		default:
			sid = append(sid, '0'+code-codeDigit)
		}
	}
}

// placeAt returns a place without a SID, which is before all calls of that time.
func placeAt(t time.Time) []byte {
	if t.Before(beginOfTime) {
		t = beginOfTime
	}
	return indexKey(make([]byte, 0, timeLength)).time(t)
}

// No call is before beginOfTime or after endOfTime.
var (
	beginOfTime = time.Time{}
	endOfTime   = time.Date(30_000, time.January, 1, 0, 0, 0, 0, time.UTC)
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
