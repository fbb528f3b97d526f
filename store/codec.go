package store

import (
	"encoding/binary"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"github.com/officernd/supportline/policy"
)

// Values are CBOR (RFC 8949) with the names of the JSON tags: half the time and two thirds of the size of JSON. Times keep their
// nanoseconds. A text that is no UTF-8 is written as it is, and read back: what somebody once typed must not make a record unreadable.
var (
	encoding = must(cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.EncMode())
	decoding = must(cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode())
)

func must[T any](mode T, err error) T {
	if err != nil { // the options are constants
		panic(err)
	}
	return mode
}

func encode(v any) ([]byte, error) { return encoding.Marshal(v) }

// decode reads a stored value, which is ours, so that anything unreadable means damage.
func decode[T any](bucket, key string, value []byte) (T, error) {
	var v T
	if err := decoding.Unmarshal(value, &v); err != nil {
		return v, fmt.Errorf("%w: %s %s: %w", ErrDamaged, bucket, key, err)
	}
	return v, nil
}

// glimpse reads of a call's record the fields by which a text finds it (policy.Text.MatchesCall), and walks over the rest. Reading the whole
// takes seven times as long, and a text that is on many calls is looked for in many that are not wanted. ok is false for what is not
// written as encode writes it: then reading the whole tells what is wrong.
func glimpse(value []byte) (c policy.Call, ok bool) {
	_, ok = eachField(value, func(name, value []byte) (rest []byte, ok bool) {
		if string(name) != "call" {
			return skip(value)
		}
		return eachField(value, func(name, value []byte) ([]byte, bool) { return glimpseField(&c, name, value) })
	})
	return c, ok
}

func glimpseField(c *policy.Call, name, value []byte) (rest []byte, ok bool) {
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
	default:
		return skip(value)
	}
	return rest, ok
}

// The major types of RFC 8949, section 3.1, that matter here.
const (
	cborBytes  = 2
	cborString = 3
	cborArray  = 4
	cborMap    = 5
	cborTag    = 6
)

// cborHead reads the type of the item that v begins with, and its argument. Lengths that are not known in front are not read: encode writes none.
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

// eachField walks over a map whose keys are text. take gets each key with what follows it, and gives what follows the value.
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

// skip gives what follows the item that v begins with.
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
