package store

import (
	"encoding/binary"
	"strings"
	"time"
)

// In the search's index a place is packed: there are some entries for each call, and there can be many calls. Packed places sort as places
// do. A place is 12 bytes of time and the SID, 46 bytes as a rule; packed it is 9 bytes of time and 21 of SID. A place without a SID,
// which a search begins at, stays one.
// Seconds since year 1 need no more than 5 bytes before the year 34,000.
const packedTime = 5 + 4

// appendPacked adds a place to a key.
func appendPacked(k, place []byte) []byte {
	seconds, rest := binary.BigEndian.Uint64(place), place[8:]
	if seconds >= 1<<40 {
		seconds, rest = 1<<40-1, nil // only the end of all times, which a search may begin at
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

// appendUnpacked reads a packed place back.
func appendUnpacked(place, packed []byte) []byte {
	place = append(place, 0, 0, 0)
	place = append(place, packed[:packedTime]...)
	if len(packed) == packedTime {
		return place
	}
	return appendUnpackedSID(place, packed[packedTime:])
}

// A SID is written as its kind and, where it begins as the provider's do, five bits for each lower-case hex digit. Where something else comes,
// five bits say between which of those it sorts, and the rest follows as it is.
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
	waiting := uint(0) // how many of the lowest bits wait to be written
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

// placeAt is a place without a SID: before all calls of that time.
func placeAt(t time.Time) []byte {
	if t.Before(beginOfTime) {
		t = beginOfTime
	}
	return indexKey(make([]byte, 0, timeLength)).time(t)
}

// No call is before the one or after the other.
var (
	beginOfTime = time.Time{}
	endOfTime   = time.Date(30_000, time.January, 1, 0, 0, 0, 0, time.UTC)
)
