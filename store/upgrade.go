package store

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

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

// upgradeStep is how many calls, or notices, are indexed in one transaction.
const upgradeStep = 20_000

// nextKey is where the next step of indexing the calls begins, until the last one is done, nobodyKey the same of adding the facet of those that
// were served to nobody, and callersKey that of adding the facets of callers whose number is withheld or no E.164 number as it is spelled.
var (
	nextKey    = []byte("search-next")
	nobodyKey  = []byte("nobody-next")
	callersKey = []byte("callers-next")
)

// upgrade brings a file up to date, and goes on where a process that ended left it: the first transaction already gives the file this version,
// so that no older program writes to it half-way.
func (s *Store) upgrade(version int) error {
	if version < schema {
		if err := s.db.Update(func(tx *bolt.Tx) error { return beginUpgrade(tx, version) }); err != nil {
			return err
		}
	}
	calls := func(tx *bolt.Tx) (int, error) { return indexStep(tx, s.now()) }
	if err := s.inSteps(calls, s.options.OnUpgrade); err != nil {
		return err
	}
	for _, step := range []func(*bolt.Tx) (int, error){nobodyStep, callersStep} {
		if err := s.inSteps(step, nil); err != nil {
			return err
		}
	}
	return s.inSteps(dueStep, nil)
}

// inSteps runs a step, each time in a transaction of its own, until it has done less than upgradeStep.
func (s *Store) inSteps(step func(*bolt.Tx) (int, error), progress func(done int)) error {
	for done, more := 0, true; more; {
		err := s.db.Update(func(tx *bolt.Tx) error {
			n, err := step(tx)
			done, more = done+n, n == upgradeStep
			return err
		})
		if err != nil {
			return err
		}
		if progress != nil && done > 0 {
			progress(done)
		}
	}
	return nil
}

// upgrading reports whether an upgrade was begun and not finished.
func upgrading(tx *bolt.Tx) bool {
	meta, index := tx.Bucket(metaBucket), tx.Bucket(indexBucket)
	if meta == nil || index == nil {
		return false
	}
	return meta.Get(nextKey) != nil || meta.Get(nobodyKey) != nil || meta.Get(callersKey) != nil || !under(key(byDueOnly)).isEmpty(index)
}

// beginUpgrade creates the buckets that are missing, and all entries of the indexes but those of calls.
func beginUpgrade(tx *bolt.Tx, version int) error {
	meta := tx.Bucket(metaBucket)
	switch {
	case version >= spelledSince:
		return errors.Join(indexWrongNumbers(tx), meta.Put(callersKey, placeAt(beginOfTime)), meta.Put(schemaKey, []byte(strconv.Itoa(schema))))
	case version >= channelsSince-1:
		return errors.Join(respell(tx), indexWrongNumbers(tx), meta.Put(nobodyKey, placeAt(beginOfTime)), meta.Put(callersKey, placeAt(beginOfTime)),
			meta.Put(schemaKey, []byte(strconv.Itoa(schema))))
	}
	outdated := [][]byte{searchBucket}
	if version < indexFirst {
		outdated = append(outdated, indexBucket)
	}
	for _, name := range outdated {
		if err := tx.DeleteBucket(name); err != nil && !errors.Is(err, berrors.ErrBucketNotFound) {
			return err
		}
	}
	for _, name := range buckets {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	if err := errors.Join(indexOthers(tx), respell(tx)); err != nil {
		return err
	}
	if err := tx.Bucket(metaBucket).Put(nextKey, placeAt(beginOfTime)); err != nil {
		return err
	}
	return tx.Bucket(metaBucket).Put(schemaKey, []byte(strconv.Itoa(schema)))
}

// respell moves the wrong numbers of each caller to the one place of all spellings of the caller's address (policy.Phone.Caller). Up to schema 4 each
// spelling had a place of its own, where nothing would ever remove them now.
func respell(tx *bolt.Tx) error {
	var edits []edit
	for k := range under(key(byWrong)).in(tx.Bucket(indexBucket)) {
		before := partOf(k)
		if now := policy.Phone(before).Caller(); now != string(before) {
			moved := key(byWrong).part(now).text(string(k[2+len(before):]))
			edits = append(edits, edit{in: inIndex, key: bytes.Clone(k), gone: true}, edit{in: inIndex, key: moved})
		}
	}
	return write(tx, edits)
}

// indexWrongNumbers adds the entries of the wrong numbers by time. Up to schema 5 they were found by caller alone.
func indexWrongNumbers(tx *bolt.Tx) error {
	var edits []edit
	for k := range under(key(byWrong)).in(tx.Bucket(indexBucket)) {
		edits = append(edits, edit{in: inIndex, key: key(byWrongAt).text(string(k[2+len(partOf(k)):]))})
	}
	return write(tx, edits)
}

func indexOthers(tx *bolt.Tx) error {
	return errors.Join(customerTable.index(tx), caseTable.index(tx), removalTable.index(tx), noticeTable.index(tx), auditTable.index(tx))
}

// nobodyStep adds the facet of the calls among some that were served to nobody, and returns how many calls it looked at. Those with a customer
// are not decoded: they are nearly all, and nobody waits for the upgrade of a large file longer than for its reading.
func nobodyStep(tx *bolt.Tx) (n int, err error) {
	return callStep(tx, nobodyKey, func(k, v []byte) ([]edit, error) {
		if c, ok := decodeSearched(v); ok && c.Customer != "" || tx.Bucket(searchBucket).Get(unindexedKey(k)) != nil {
			return nil, nil // an unindexed call gets all of its facets at once
		}
		r, err := readRecord(k, v)
		return nobodyKeys(r.Call), err
	})
}

// callersStep adds the facets of the callers among some calls who were not found by their number before, and returns how many calls it looked at.
func callersStep(tx *bolt.Tx) (n int, err error) {
	return callStep(tx, callersKey, func(k, v []byte) ([]edit, error) {
		c, ok := decodeSearched(v)
		if !ok {
			r, err := readRecord(k, v)
			return callerKeys(r.Call, appendPacked(nil, k)), err
		}
		if c.From.IsNumber() && !c.From.Withheld() || tx.Bucket(searchBucket).Get(unindexedKey(k)) != nil {
			return nil, nil
		}
		return callerKeys(c, appendPacked(nil, k)), nil
	})
}

// indexStep adds all entries of some calls, and returns how many calls.
func indexStep(tx *bolt.Tx, now time.Time) (n int, err error) {
	return callStep(tx, nextKey, func(k, v []byte) ([]edit, error) {
		r, err := readRecord(k, v)
		return allKeys(r.Call, goesOn(r.Call, now)), err
	})
}

// callStep adds entries of some calls, and returns how many calls. Fewer than upgradeStep were the last. next is where the following step begins.
func callStep(tx *bolt.Tx, next []byte, entries func(k, v []byte) ([]edit, error)) (n int, err error) {
	meta := tx.Bucket(metaBucket)
	begin := bytes.Clone(meta.Get(next))
	if begin == nil {
		return 0, nil
	}
	var edits []edit
	rest, done, err := span{from: begin}.visit(tx.Bucket(callsBucket), upgradeStep, func(k, v []byte) error {
		n++
		keys, err := entries(k, v)
		edits = append(edits, keys...)
		return err
	})
	if err != nil {
		return 0, err
	}
	if err := writeMany(tx, edits); err != nil {
		return 0, err
	}
	if done {
		return n, meta.Delete(next)
	}
	return n, meta.Put(next, rest.from)
}

// dueStep moves some entries of waiting notices to where they are found by channel, and returns how many. The others are still at the old
// place, which is where the next step, or the next process, goes on.
func dueStep(tx *bolt.Tx) (n int, err error) {
	var edits []edit
	before := key(byDueOnly)
	_, _, err = under(before).visit(tx.Bucket(indexBucket), upgradeStep, func(k, _ []byte) error {
		n++
		edits = append(edits, edit{in: inIndex, key: bytes.Clone(k), gone: true})
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
	return n, write(tx, edits)
}
