package store

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/officernd/supportline/policy"
)

// indexFirst is the first version whose index has no entry that is wrong today: the index of an older file is made anew, that of a later one
// gets what it lacks.
const indexFirst = 2

// channelsSince is the first version that finds waiting notices by their channel. A file of the version before it lacks the
// facet of calls that were served to nobody as well, and nothing else.
const channelsSince = 4

// spelledSince is the first version that counts the wrong numbers of all spellings of a caller together (respell). A file of that version lacks
// the entries of wrong numbers by time, and the facets of callers whose number is withheld or spelled in another way, and nothing else.
const spelledSince = 5

// callersSince is the first version that lacks nothing but the cutting of very long names.
const callersSince = 6

// upgradeStep is how many calls, or notices, are indexed in one transaction.
const upgradeStep = 20_000

// nextKey is where the next step of indexing the calls begins, until the last one is done, nobodyKey the same of adding the facet of those that
// were served to nobody, and callersKey that of adding the facets of callers whose number is withheld or no E.164 number as it is spelled.
var (
	nextKey    = []byte("search-next")
	nobodyKey  = []byte("nobody-next")
	callersKey = []byte("callers-next")
)

// upgrade brings a log up to date, and goes on where a process that ended left it: the first transaction already gives the log this version,
// so that no older program writes to it half-way.
func (s *Store) upgrade(ctx context.Context, found version) error {
	if !found.there || found.schema < s.options.Schema {
		if err := s.engine.Update(ctx, func(tx Writer) error { return s.beginUpgrade(tx, found) }); err != nil {
			return err
		}
	}
	calls := func(tx Writer) (int, error) { return indexStep(tx, s.Now()) }
	if err := s.inSteps(ctx, calls, s.options.OnUpgrade); err != nil {
		return err
	}
	for _, part := range []func(Writer) (int, error){nobodyStep, callersStep, dueStep} {
		if err := s.inSteps(ctx, part, nil); err != nil {
			return err
		}
	}
	return nil
}

// inSteps runs a step, each time in a transaction of its own, until it has done less than upgradeStep.
func (s *Store) inSteps(ctx context.Context, step func(Writer) (int, error), progress func(done int)) error {
	for done, n := 0, upgradeStep; n == upgradeStep; {
		err := s.engine.Update(ctx, func(tx Writer) (err error) {
			n, err = step(tx)
			return err
		})
		if err != nil {
			return err
		}
		if done += n; progress != nil && done > 0 {
			progress(done)
		}
	}
	return nil
}

// upgrading reports whether an upgrade was begun and not finished.
func upgrading(tx Reader) bool {
	for _, k := range [][]byte{nextKey, nobodyKey, callersKey} {
		if tx.Get(metaBucket, k) != nil {
			return true
		}
	}
	return !under(key(byDueOnly)).isEmpty(tx, indexBucket)
}

// beginUpgrade writes all entries of the indexes but those of calls, notes what is to be done about those, and gives the log this version, unless
// another process has begun meanwhile.
func (s *Store) beginUpgrade(tx Writer, found version) error {
	if now, _ := strconv.Atoi(string(tx.Get(metaBucket, schemaKey))); now >= s.options.Schema {
		return nil
	}
	tx.Put(metaBucket, schemaKey, []byte(strconv.Itoa(s.options.Schema)))
	tx.Put(metaBucket, oldestKey, []byte(strconv.Itoa(s.options.Oldest)))
	switch {
	case !found.there:
		tx.Put(metaBucket, filledKey, placeAt(beginOfTime))
		return nil
	case found.schema >= callersSince:
		shortenNames(tx)
		return nil
	case found.schema >= channelsSince-1:
		if found.schema < spelledSince {
			respell(tx)
			tx.Put(metaBucket, nobodyKey, placeAt(beginOfTime))
		}
		indexWrongNumbers(tx)
		tx.Put(metaBucket, callersKey, placeAt(beginOfTime))
		shortenNames(tx)
		return nil
	}
	tx.Clear(searchBucket)
	if found.schema < indexFirst {
		tx.Clear(indexBucket)
	}
	if err := indexOthers(tx); err != nil {
		return err
	}
	respell(tx)
	tx.Put(metaBucket, nextKey, placeAt(beginOfTime))
	return nil
}

// shortenNames cuts the keys of very long names, which up to schema 6 could be longer than MaxKey.
func shortenNames(tx Writer) {
	var edits []Edit
	for k := range under(key(byNames)).in(tx, searchBucket) {
		customer := string(partOf(k))
		if name := k[len(namesKey(customer)):]; len(name) > maxName {
			short := namesKey(customer).text(string(name[:maxName]))
			edits = append(edits, Edit{Bucket: searchBucket, Key: bytes.Clone(k), Gone: true}, Edit{Bucket: searchBucket, Key: short})
		}
	}
	for _, e := range edits {
		if e.Gone {
			tx.Delete(e.Bucket, e.Key)
		} else {
			tx.Put(e.Bucket, e.Key, nil)
		}
	}
}

// respell moves the wrong numbers of each caller to the one place of all spellings of the caller's address (policy.Phone.Caller). Up to schema 4 each
// spelling had a place of its own, where nothing would ever remove them now.
func respell(tx Writer) {
	var edits []Edit
	for k := range under(key(byWrong)).in(tx, indexBucket) {
		before := partOf(k)
		if now := policy.Phone(before).Caller(); now != string(before) {
			moved := key(byWrong).part(now).text(string(k[2+len(before):]))
			edits = append(edits, Edit{Bucket: indexBucket, Key: bytes.Clone(k), Gone: true}, Edit{Bucket: indexBucket, Key: moved})
		}
	}
	write(tx, edits)
}

// indexWrongNumbers adds the entries of the wrong numbers by time. Up to schema 5 they were found by caller alone.
func indexWrongNumbers(tx Writer) {
	var edits []Edit
	for k := range under(key(byWrong)).in(tx, indexBucket) {
		edits = append(edits, Edit{Bucket: indexBucket, Key: key(byWrongAt).text(string(k[2+len(partOf(k)):]))})
	}
	write(tx, edits)
}

func indexOthers(tx Writer) error {
	return errors.Join(customerTable.index(tx), caseTable.index(tx), removalTable.index(tx), noticeTable.index(tx), auditTable.index(tx), followUpTable.index(tx), alarmTable.index(tx))
}

// nobodyStep adds the facet of the calls among some that were served to nobody, and returns how many calls it looked at. Those with a customer
// are not decoded: they are nearly all, and nobody waits for the upgrade of a large file longer than for its reading.
func nobodyStep(tx Writer) (n int, err error) {
	return callStep(tx, nobodyKey, func(k, v []byte) ([]Edit, error) {
		if c, ok := decodeSearched(v); ok && c.Customer != "" || tx.Get(searchBucket, unindexedKey(k)) != nil {
			return nil, nil // an unindexed call gets all of its facets at once
		}
		r, err := readRecord(k, v)
		return nobodyKeys(r.Call), err
	})
}

// callersStep adds the facets of the callers among some calls who were not found by their number before, and returns how many calls it looked at.
func callersStep(tx Writer) (n int, err error) {
	return callStep(tx, callersKey, func(k, v []byte) ([]Edit, error) {
		c, ok := decodeSearched(v)
		if !ok {
			r, err := readRecord(k, v)
			return callerKeys(r.Call, appendPacked(nil, k)), err
		}
		if c.From.IsNumber() && !c.From.Withheld() || tx.Get(searchBucket, unindexedKey(k)) != nil {
			return nil, nil
		}
		return callerKeys(c, appendPacked(nil, k)), nil
	})
}

// indexStep adds all entries of some calls, and returns how many calls.
func indexStep(tx Writer, now time.Time) (n int, err error) {
	return callStep(tx, nextKey, func(k, v []byte) ([]Edit, error) {
		r, err := readRecord(k, v)
		return allKeys(r.Call, goesOn(r.Call, now)), err
	})
}

// callStep adds entries of some calls, and returns how many calls. Fewer than upgradeStep were the last. next is where the following step begins.
func callStep(tx Writer, next []byte, entries func(k, v []byte) ([]Edit, error)) (n int, err error) {
	begin := bytes.Clone(tx.Get(metaBucket, next))
	if begin == nil {
		return 0, nil
	}
	var edits []Edit
	rest, done, err := span{from: begin}.visit(tx, callsBucket, upgradeStep, func(k, v []byte) error {
		n++
		keys, err := entries(k, v)
		edits = append(edits, keys...)
		return err
	})
	if err != nil {
		return 0, err
	}
	writeMany(tx, edits)
	if done {
		tx.Delete(metaBucket, next)
	} else {
		tx.Put(metaBucket, next, rest.from)
	}
	return n, nil
}

// dueStep moves some entries of waiting notices to where they are found by channel, and returns how many. The others are still at the old
// place, which is where the next step, or the next process, goes on.
func dueStep(tx Writer) (n int, err error) {
	var edits []Edit
	before := key(byDueOnly)
	_, _, err = under(before).visit(tx, indexBucket, upgradeStep, func(k, _ []byte) error {
		n++
		edits = append(edits, Edit{Bucket: indexBucket, Key: bytes.Clone(k), Gone: true})
		name := k[len(before)+timeLength:]
		waits, err := noticeTable.find(tx, name)
		if waits != nil { // an entry that leads nowhere must not keep the log closed
			edits = append(edits, noticeEntries(name, *waits)...)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	write(tx, edits)
	return n, nil
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
	f := filling{rest: span{back: true}, again: placeAt(s.Now().Add(-lately))}
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
