package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"iter"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// The keys of the bucket search. A facet is a kind, a value and a packed place, so that calls are found in the order of time. A call that goes
// on is unindexed, and has one entry that says so; its facets are written once, some time after its end. Both follow from the call, and from
// whether it is unindexed, by pure functions, so that later changes are differences.
const (
	byUnindexed  = 'l' // place
	byLine       = 'L' // line, packed place, as in the next
	byIntent     = 'i'
	byOutcome    = 'o' // "": no end was reported
	bySpecialist = 'S' // address, and a person's ID
	byPerson     = 'P' // who was rung or took the call, as figuresKey has it; the value is the person's figures and name
	byTicket     = 'T'
	byMark       = 'M' // waived, training, nobody, withheld; the value of nobody is the line, after a byte that is 1 where an account is on file
	byOnFile     = 'F' // customer number that the caller's number was on file of, where the call is not that account's
	byTalk       = 'd' // band of talk times; the value is the talk time, doubled, and one more where it was waived
	byFrom       = 'f' // caller's number, in whatever way it was spelled
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

// The values of byMark.
const (
	markWaived   = "w"
	markTraining = "t"
	markNobody   = "n" // served to nobody (policy.Call.ServedToNobody)
	markWithheld = "h" // from a number that was withheld (policy.Call.Withheld)
)

// searchKeys returns the entries of a call in the bucket search.
func searchKeys(c policy.Call, unindexed bool) []Edit {
	if unindexed {
		return []Edit{{Bucket: searchBucket, Key: unindexedKey(placeOf(c))}}
	}
	return facetKeys(c)
}

func unindexedKey(place []byte) []byte { return append(key(byUnindexed), place...) }

// facetKeys returns the facets of a call that is indexed.
func facetKeys(c policy.Call) []Edit {
	place := appendPacked(make([]byte, 0, 32), placeOf(c))
	keys := make([]Edit, 0, 10)
	add := func(wanted bool, k indexKey) {
		if wanted {
			keys = append(keys, Edit{Bucket: searchBucket, Key: append(k, place...)})
		}
	}
	leg, accepted := c.Accepted()
	add(true, facet(byOutcome, c.Outcome()))
	add(c.Line != "", facet(byLine, c.Line))
	add(c.Intent != "", facet(byIntent, c.Intent))
	add(accepted && leg.To != "", facet(bySpecialist, leg.To))
	add(accepted && leg.Person != "", facet(bySpecialist, leg.Person))
	add(c.Waived, key(byMark).text(markWaived))
	add(c.Training, key(byMark).text(markTraining))
	add(c.OnFile != "" && c.OnFile != c.Customer, onFileKey(c.OnFile))
	add(c.Ticket != "", key(byTicket).part(string(c.Ticket)))
	if seconds, _, ok := c.Talk(); ok {
		keys = append(keys, Edit{Bucket: searchBucket, Key: append(talkKey(bandOf(seconds)), place...), Value: talkValue(seconds, c.Waived)})
	}
	keys = append(append(keys, nobodyKeys(c)...), callerKeys(c, place)...)
	keys = append(keys, figuresEntries(c, place)...)
	if c.Customer != "" && c.Account != "" { // words of the name lead to the number; its calls share the entry (searchTerms)
		keys = append(keys, Edit{Bucket: searchBucket, Key: namesKey(string(c.Customer)).text(c.Account[:min(len(c.Account), maxName)])})
	}
	return keys
}

func onFileKey(customer policy.CustomerNumber) indexKey { return key(byOnFile).part(string(customer)) }

// nobodyKeys returns the facet of an indexed call that was served to nobody. Its value spares a count of a month the calls.
func nobodyKeys(c policy.Call) []Edit {
	if !c.ServedToNobody() {
		return nil
	}
	value := append([]byte{0}, c.Line...)
	if c.OnFile != "" {
		value[0] = 1
	}
	return []Edit{{Bucket: searchBucket, Key: appendPacked(key(byMark).text(markNobody), placeOf(c)), Value: value}}
}

// callerKeys returns the facets of the caller of an indexed call, at its packed place: all spellings of a number are found by it, and all
// withheld ones together.
func callerKeys(c policy.Call, place []byte) (keys []Edit) {
	if number := c.From.Number(); searchable(number) != "" {
		keys = append(keys, Edit{Bucket: searchBucket, Key: append(key(byFrom).part(string(number)), place...)})
	}
	if c.Withheld() {
		keys = append(keys, Edit{Bucket: searchBucket, Key: append(key(byMark).text(markWithheld), place...)})
	}
	return keys
}

// onFileOf returns the places of the calls of others, and of nobody, from numbers that were on file of an account.
func onFileOf(tx Reader, customer policy.CustomerNumber) (places [][]byte, err error) {
	prefix := onFileKey(customer)
	for k := range under(prefix).in(tx, searchBucket) {
		places = append(places, appendUnpacked(nil, k[len(prefix):]))
	}
	records, err := unindexed(tx, nil, placeAt(endOfTime))
	for _, r := range records {
		if r.Call.OnFile == customer && r.Call.Customer != customer {
			places = append(places, placeOf(r.Call))
		}
	}
	return places, err
}

// facet returns the beginning of the keys of a value. These values are few and each is on many calls, so four bytes of a hash stand for it;
// should two share one, the calls themselves tell them apart.
func facet[V ~string](kind byte, value V) indexKey {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(value)) // never returns an error
	return hash.Sum(key(kind))
}

// maxName is how many bytes of a name are searched for, so that its key is far below MaxKey.
const maxName = 2000

func namesKey(customer string) indexKey { return key(byNames).part(customer) }

// Talk times are in bands of a minute for the first hour, then of five minutes up to six hours, so that a range is few bands.
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

// unindexedBefore returns the places of the unindexed calls that began before a time, the oldest first, at most so many.
func unindexedBefore(tx Reader, before time.Time, many int) (places [][]byte) {
	for k := range (span{from: key(byUnindexed), to: unindexedKey(placeAt(before)), few: many}).in(tx, searchBucket) {
		if len(places) == many {
			break
		}
		places = append(places, bytes.Clone(k[1:]))
	}
	return places
}

// The facets of a call are in many places of the file, and webhooks must not wait for that. So a call is unindexed until some more have ended,
// and then the facets of all of them are written at once: calls of one time share pages. A search looks at the unindexed calls one by one, so
// that it finds the same before and after.

const (
	// indexAfter is how many calls end before they are indexed together: a search looks at so many calls, and at those that go on.
	indexAfter = 64
	// indexLost is how many calls without a reported end are indexed at a time.
	indexLost = 64
)

// goesOn reports whether a call may still go on: its end is not known, and it is not older than any call can be.
func goesOn(c policy.Call, now time.Time) bool {
	return c.End().IsZero() && now.Sub(c.StartedAt) < longestCall
}

// stayUnindexed handles a change of an unindexed call: its place may move, and its end is remembered.
func (t *step) stayUnindexed(before, after policy.Call) {
	if !before.StartedAt.Equal(after.StartedAt) {
		t.edit(difference(searchKeys(before, true), searchKeys(after, true))...)
	}
	if before.End().IsZero() && !after.End().IsZero() {
		t.store.ended = append(t.store.ended, after.SID)
	}
}

// indexEnded writes the facets of the calls that ended, once there are enough, in the commit that is being prepared anyway. Calls that are
// older than any call can be are indexed with them: the report of their end was lost, or the process that learned of it. After an error the next
// run finds them.
func (s *Store) indexEnded(next *batch) {
	if len(s.ended) < indexAfter || next.requests == 0 {
		return
	}
	ended := s.ended
	s.ended = nil
	newest := s.index(next, ended, func(c policy.Call) bool { return !c.End().IsZero() })
	if newest.Before(time.Time{}.Add(longestCall)) {
		return
	}
	var lost []policy.CallSID
	_ = s.viewToApply(func(tx Reader) error { // those that cannot be read now are found with the next
		lost = nil
		for _, place := range unindexedBefore(tx, newest.Add(-longestCall), indexLost) {
			lost = append(lost, policy.CallSID(place[timeLength:]))
		}
		return nil
	})
	s.index(next, lost, func(c policy.Call) bool { return c.StartedAt.Before(newest.Add(-longestCall)) })
}

// index indexes the calls among some that are to be, each as a step of its own, and returns the latest of their starts.
func (s *Store) index(next *batch, calls []policy.CallSID, due func(policy.Call) bool) (newest time.Time) {
	list := make([]*request, len(calls))
	for i, sid := range calls {
		list[i] = &request{sid: sid}
	}
	if s.look(next, list) != nil {
		return newest
	}
	var found []recentCall
	var facets []Edit
	for _, sid := range calls {
		if c, known := s.recent.calls[sid]; known && c.value != nil && c.unindexed && due(c.call) {
			found = append(found, *c)
			facets = append(facets, searchKeys(c.call, false)...)
		}
	}
	var there termsThere
	if s.viewToApply(func(tx Reader) error { there = readTerms(tx, facets); return nil }) != nil {
		return newest
	}
	for _, c := range found {
		next.indexed(c, there)
		if c.call.StartedAt.After(newest) {
			newest = c.call.StartedAt
		}
	}
	return newest
}

// indexed makes the facets of a call a step of the batch.
func (b *batch) indexed(c recentCall, there termsThere) {
	t := &step{store: b.store, batch: b, sid: c.call.SID}
	t.rely(&c)
	t.edit(difference(searchKeys(c.call, true), nil)...)
	t.edit(difference(b.store.rowsOf(c.call, true), b.store.rowsOf(c.call, false))...)
	t.indexWith(searchKeys(c.call, false), there)
	b.add(t)
	b.changed[c.call.SID] = true
	c.unindexed = false
	b.store.recent.keep(c)
}

// endedBefore returns the unindexed calls that had ended when the store was opened.
func (s *Store) endedBefore(ctx context.Context) ([]policy.CallSID, error) {
	return fetch(ctx, s, func(tx Reader) (ended []policy.CallSID, err error) {
		records, err := recordsAt(tx, unindexedBefore(tx, endOfTime, maxEnded))
		for _, r := range records {
			if !r.Call.End().IsZero() {
				ended = append(ended, r.Call.SID)
			}
		}
		return ended, err
	})
}

// maxEnded bounds how many calls are looked at when a store is opened; the others are indexed as lost.
const maxEnded = 10_000

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
