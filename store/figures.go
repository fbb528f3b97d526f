package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// The figures of specialists are sums over two indexes: each call has an entry for everybody who was rung or took it, and each follow-up one for what
// was done to it. Of calls that were logged before there was such an index, FillFigures adds the entries.

// Who a key of byPerson is of. A person who got another number stays one.
const (
	figuresOfPerson  = 'p' // and the ID
	figuresOfAddress = 'a' // and a number or SIP address that was nobody's
)

// figuresKey returns the beginning of the keys of a person's figures.
func figuresKey(f policy.PersonFigures) indexKey {
	if f.Person != "" {
		return key(byPerson).part(string(figuresOfPerson) + string(f.Person))
	}
	return key(byPerson).part(string(figuresOfAddress) + f.To.Full())
}

// figuresEntries returns the facets of an indexed call, at its packed place, by who was rung or took it.
func figuresEntries(c policy.Call, place []byte) (keys []Edit) {
	for _, f := range c.Figures() {
		keys = append(keys, Edit{Bucket: searchBucket, Key: append(figuresKey(f), place...), Value: encodeFigures(f)})
	}
	return keys
}

func encodeFigures(f policy.PersonFigures) (value []byte) {
	for _, n := range []int{f.Calls, f.CallBacks, f.TalkSeconds, f.Rings, f.Passed, f.NoKey, f.Busy, f.Unanswered, f.Stopped, f.Failed} {
		value = binary.AppendUvarint(value, uint64(max(0, n)))
	}
	return append(value, f.Name...)
}

// readFigures reads an entry of byPerson, its place aside.
func readFigures(k, v []byte) (f policy.PersonFigures, err error) {
	who := partOf(k)
	if len(who) == 0 {
		return f, fmt.Errorf("%w: index by specialist %x", ErrDamaged, k)
	}
	if who[0] == figuresOfPerson {
		f.Person = policy.PersonID(who[1:])
	} else {
		f.To = policy.Phone(who[1:])
	}
	for _, n := range []*int{&f.Calls, &f.CallBacks, &f.TalkSeconds, &f.Rings, &f.Passed, &f.NoKey, &f.Busy, &f.Unanswered, &f.Stopped, &f.Failed} {
		value, length := binary.Uvarint(v)
		if length <= 0 {
			return f, fmt.Errorf("%w: index by specialist %x", ErrDamaged, k)
		}
		*n, v = int(value), v[length:]
	}
	f.Name = string(v)
	return f, nil
}

// The values of byDeed.
const (
	deedHeard = "h"
	deedDone  = "d"
)

// deeds returns the entries of a follow-up by who played its message first, and by who finished it.
func deeds(k []byte, f followup.FollowUp) (edits []Edit) {
	add := func(who string, at time.Time, what string) {
		if who != "" {
			edits = append(edits, Edit{Bucket: indexBucket, Key: append(key(byDeed).part(who).time(at), append(bytes.Clone(k), what...)...), Value: []byte(what)})
		}
	}
	add(f.HeardBy, f.HeardAt, deedHeard)
	add(f.DoneBy, f.DoneAt, deedDone)
	return edits
}

// Figures returns what each specialist did in a time: on the calls that began in it, and to follow-ups. It reads the indexes, and of the calls only the
// unindexed ones. complete is since when all calls are there: the zero time, but while FillFigures works.
func (s *Store) Figures(ctx context.Context, since, until time.Time) (all []policy.PersonFigures, complete time.Time, err error) {
	from, to := placeAt(since), placeAt(until)
	var people, doers []indexKey
	var sums figureSums
	err = s.view(ctx, func(tx Reader) error {
		sums, complete = figureSums{at: map[policy.PersonFigures]int{}, seen: map[string]bool{}}, filledSince(tx)
		people, doers = groups(tx, searchBucket, byPerson), groups(tx, indexBucket, byDeed)
		records, err := unindexed(tx, from, to)
		for _, r := range records {
			sums.seen[string(placeOf(r.Call))] = true
			sums.add(r.Call.Figures()...)
		}
		return err
	})
	for _, of := range people {
		calls := span{from: appendPacked(bytes.Clone(of), from), to: appendPacked(bytes.Clone(of), to)}
		if err == nil {
			err = sums.read(scan(ctx, s, searchBucket, calls, summaryPage, sums.ofCall))
		}
	}
	for _, of := range doers {
		acts := span{from: indexKey(bytes.Clone(of)).time(since), to: indexKey(bytes.Clone(of)).time(until)}
		if err == nil {
			err = sums.read(scan(ctx, s, indexBucket, acts, summaryPage, ofDeed))
		}
	}
	return sums.all, complete, err
}

// groups returns the beginnings that the keys of an index have up to their first part, each once.
func groups(tx Reader, b Bucket, kind byte) (found []indexKey) {
	cursor := tx.Scan(under(key(kind)).first(1).of(b))[0]
	for k, _ := cursor.Next(); k != nil; k, _ = cursor.Seek(append(bytes.Clone(found[len(found)-1]), bytes.Repeat([]byte{0xff}, timeLength)...)) {
		found = append(found, bytes.Clone(k[:2+len(partOf(k))]))
	}
	return found
}

// figureSums are figures, summed up by person.
type figureSums struct {
	all  []policy.PersonFigures
	at   map[policy.PersonFigures]int // where in all, by person and address, or by name alone
	seen map[string]bool              // the places of calls that are summed up already
}

func (t *figureSums) add(list ...policy.PersonFigures) {
	for _, f := range list {
		who := policy.PersonFigures{Person: f.Person, To: f.To}
		if f.Person == "" {
			who.Name = f.Name
		}
		i, there := t.at[who]
		if !there {
			i = len(t.all)
			t.at[who], t.all = i, append(t.all, who)
		}
		t.all[i].Figures, t.all[i].Name = t.all[i].Plus(f.Figures), cmp.Or(f.Name, t.all[i].Name)
	}
}

func (t *figureSums) read(entries iter.Seq2[policy.PersonFigures, error]) error {
	for f, err := range entries {
		if err != nil {
			return err
		}
		if f.Figures != (policy.Figures{}) {
			t.add(f)
		}
	}
	return nil
}

// ofCall reads an entry of byPerson. That of a call which was unindexed a moment ago counts nothing more.
func (t *figureSums) ofCall(k, v []byte) (policy.PersonFigures, error) {
	if place := k[2+len(partOf(k)):]; len(t.seen) > 0 && t.seen[string(appendUnpacked(nil, place))] {
		return policy.PersonFigures{}, nil
	}
	return readFigures(k, v)
}

func ofDeed(k, v []byte) (f policy.PersonFigures, _ error) {
	f.Name = string(partOf(k))
	if string(v) == deedHeard {
		f.Heard = 1
	} else {
		f.Done = 1
	}
	return f, nil
}

// filledKey has since when all calls have their entries: a place, that before all others once they have; nothing where none was looked at.
var filledKey = []byte("figures")

// filledSince returns the time since which all calls have their entries, the zero time for all calls.
func filledSince(tx Reader) time.Time {
	switch place := tx.Get(metaBucket, filledKey); {
	case place == nil:
		return tx.Now()
	case len(place) < timeLength || bytes.Compare(place, placeAt(beginOfTime)) <= 0:
		return time.Time{}
	default:
		return readTime(place)
	}
}

// lately is how far back a process looks again, when it begins, for calls that one of the version before logged beside others.
const lately = 24 * time.Hour

// FillFigures adds the entries that calls lack from before there were any, from the newest on. It works in bounded steps, each complete, and goes on where
// it was left; several processes may do it at once. Where all are there, it looks at the calls of a day.
func (s *Store) FillFigures(ctx context.Context) error {
	f := filling{rest: span{back: true}, again: placeAt(s.now().Add(-lately))}
	for !f.done {
		next, err := update(ctx, s, func(t *step) (filling, error) { return f.step(t.tx) })
		if err != nil {
			return err
		}
		f = next
		s.options.Yield()
	}
	return nil
}

// filling is how far FillFigures has come.
type filling struct {
	rest  span   // of the calls
	again []byte // the place to which it looks at all calls, whatever was filled before
	done  bool
}

func (f filling) step(tx Writer) (filling, error) {
	filled := bytes.Clone(tx.Get(metaBucket, filledKey))
	if filled != nil && f.rest.to != nil && bytes.Compare(f.rest.to, f.again) < 0 && bytes.Compare(filled, f.rest.to) < 0 {
		f.rest.to = filled
	}
	var places, entries []Edit
	rest, done, err := f.rest.visit(tx, callsBucket, fillStep, func(k, v []byte) error {
		r, err := readRecord(k, v)
		place := Edit{Bucket: callsBucket, Key: bytes.Clone(k), Value: bytes.Clone(v)}
		for _, e := range figuresEntries(r.Call, appendPacked(nil, k)) {
			places, entries = append(places, place), append(entries, e)
		}
		return err
	})
	if err != nil {
		return f, err
	}
	for i, there := range areThere(tx, places, entries) {
		if !there {
			tx.Put(searchBucket, entries[i].Key, entries[i].Value)
			tx.Put(callsBucket, places[i].Key, places[i].Value) // the same: a change of the call meanwhile makes this step run again
		}
	}
	f.rest, f.done = rest, done
	reached := rest.to
	if done {
		reached = placeAt(beginOfTime)
	}
	if filled == nil || bytes.Compare(reached, filled) < 0 {
		tx.Put(metaBucket, filledKey, reached)
	}
	return f, nil
}

// areThere reports which entries are there, or will be written by themselves since their call is unindexed.
func areThere(tx Reader, calls, entries []Edit) []bool {
	keys := make([][]byte, 0, 2*len(entries))
	for i, e := range entries {
		keys = append(keys, e.Key, unindexedKey(calls[i].Key))
	}
	found, there := fetched(tx, searchBucket, keys), make([]bool, len(entries))
	for i := range there {
		there[i] = found[2*i].Value != nil || found[2*i+1].Value != nil
	}
	return there
}
