package store

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// The keys of the search's index. A facet is a kind, a value and a packed place, so that what is found is in the order of time. A call that
// goes on has one entry, among those that are live; its facets are written once, some time after it ended (settle). The two follow
// from the call and from whether it is live by pure functions, so that later changes are differences.
const (
	byLive       = 'l' // place
	byLine       = 'L' // line, packed place, as in the next
	byIntent     = 'i'
	byOutcome    = 'o' // "": no end was reported
	bySpecialist = 'S'
	byTicket     = 'T'
	byMark       = 'M' // waived, training
	byTalk       = 'd' // band of talk times; the value is the talk time, doubled, and one more where it was waived
	byFrom       = 'f' // caller's number
	byNames      = 'N' // customer number, an account name on its calls
	byWord       = 'W' // word of such a name, zero, customer number
	byPart       = 'g' // four digits, a caller's number that has them

	ofName   = 'n' // word of a customer's name, zero, customer number
	ofNumber = 'p' // four digits, customer number

	ofAudit         = 'A' // time, number of the entry, as in the next
	ofAuditBy       = 'B' // who
	ofAuditAct      = 'a' // what
	ofAuditSubject  = 'b' // subject
	ofAuditCustomer = 'c' // customer number
)

// The marks.
const (
	markWaived   = "w"
	markTraining = "t"
)

// searchKeys are the entries of a call in the search's index.
func searchKeys(c policy.Call, live bool) []entry {
	if live {
		return []entry{{key: liveKey(placeOf(c))}}
	}
	return facetKeys(c)
}

func liveKey(place []byte) []byte { return append(key(byLive), place...) }

// facetKeys are the facets of a call that is no longer live.
func facetKeys(c policy.Call) []entry {
	place := appendPacked(make([]byte, 0, 32), placeOf(c))
	keys := make([]entry, 0, 10)
	add := func(k indexKey) { keys = append(keys, entry{key: append(k, place...)}) }
	add(facet(byOutcome, c.Outcome()))
	if c.Line != "" {
		add(facet(byLine, c.Line))
	}
	if c.Intent != "" {
		add(facet(byIntent, c.Intent))
	}
	if leg, accepted := c.Accepted(); accepted && leg.To != "" {
		add(facet(bySpecialist, leg.To))
	}
	if c.Waived {
		add(key(byMark).text(markWaived))
	}
	if c.Training {
		add(key(byMark).text(markTraining))
	}
	if c.Ticket != "" {
		add(key(byTicket).part(string(c.Ticket)))
	}
	if searchable(c.From) != "" {
		add(key(byFrom).part(string(c.From)))
	}
	if seconds, _, ok := c.Talk(); ok {
		keys = append(keys, entry{append(talkKey(bandOf(seconds)), place...), talkValue(seconds, c.Waived)})
	}
	return append(keys, nameKeys(c)...)
}

// facet is the beginning of the keys of a value. Few values are on all calls, so four bytes of a hash stand for each: should two share one,
// the calls themselves tell them apart.
func facet[V ~string](kind byte, value V) indexKey {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(value)) // never fails
	return hash.Sum(key(kind))
}

// nameKeys is the entry by which words of the account's name lead to its number. Calls share it (terms).
func nameKeys(c policy.Call) []entry {
	if c.Customer == "" || c.Account == "" {
		return nil
	}
	return []entry{{key: namesKey(string(c.Customer)).text(c.Account[:min(len(c.Account), maxName)])}}
}

// maxName bounds how much of a name is searched for, far below bbolt's bound of a key.
const maxName = 4000

func namesKey(customer string) indexKey { return key(byNames).part(customer) }

// Talk times are in bands of a minute for the first hour, and of five minutes for the first six, so that a range is few bands.
const (
	minuteBands = 60
	allBands    = minuteBands + 60
)

func bandOf(seconds int) byte {
	minutes := max(0, seconds) / 60
	if minutes < minuteBands {
		return byte(minutes)
	}
	return byte(min(minuteBands+(minutes-minuteBands)/5, allBands))
}

func talkKey(band byte) indexKey { return append(key(byTalk), band) }

func talkValue(seconds int, waived bool) []byte {
	n := uint64(max(0, seconds)) << 1
	if waived {
		n |= 1
	}
	return binary.AppendUvarint(nil, n)
}

func readTalk(value []byte) (seconds int, waived bool) {
	n, _ := binary.Uvarint(value)
	return int(n >> 1), n&1 != 0
}

// liveBefore are the places of calls that are live and began before a time, at most so many, from the oldest.
func liveBefore(tx *bolt.Tx, before time.Time, many int) (places [][]byte) {
	prefix := key(byLive)
	end := liveKey(placeAt(before))
	cursor := tx.Bucket(searchBucket).Cursor()
	for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix) && bytes.Compare(k, end) < 0 && len(places) < many; k, _ = cursor.Next() {
		places = append(places, bytes.Clone(k[len(prefix):]))
	}
	return places
}
