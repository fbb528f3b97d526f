package store

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
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
