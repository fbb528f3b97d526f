package store

import (
	"encoding/binary"
	"fmt"
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
