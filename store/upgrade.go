package store

import (
	"bytes"
	"errors"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// indexFirst is the first version whose index has nothing in it that is wrong today: that of an older file is made anew, and to that of any other
// what it lacks is added.
const indexFirst = 2

// upgradeStep is how many calls are indexed in one transaction.
const upgradeStep = 20_000

// nextKey is where the next step of indexing the calls begins; it is there until the last one is done.
var nextKey = []byte("search-next")

// upgrade brings a file up to date. It takes up again where a process that was ended left it: from the first transaction on the file is of
// this version, so that no older one writes to what is half done.
func (s *Store) upgrade(version int) error {
	if version < schema {
		if err := s.db.Update(func(tx *bolt.Tx) error { return beginUpgrade(tx, version) }); err != nil {
			return err
		}
	}
	for calls, done := 0, false; !done; {
		err := s.db.Update(func(tx *bolt.Tx) (err error) {
			n := 0
			n, done, err = indexStep(tx, s.now())
			calls += n
			return err
		})
		if err != nil {
			return err
		}
		if s.options.OnUpgrade != nil && calls > 0 {
			s.options.OnUpgrade(calls)
		}
	}
	return nil
}

// upgrading says whether an upgrade was begun and not ended.
func upgrading(tx *bolt.Tx) bool {
	meta := tx.Bucket(metaBucket)
	return meta != nil && meta.Get(nextKey) != nil
}

// beginUpgrade makes the buckets that are missing and everything in the indexes that is not of calls.
func beginUpgrade(tx *bolt.Tx, version int) error {
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
	if err := indexOthers(tx); err != nil {
		return err
	}
	if err := tx.Bucket(metaBucket).Put(nextKey, placeAt(beginOfTime)); err != nil {
		return err
	}
	return tx.Bucket(metaBucket).Put(schemaKey, []byte(strconv.Itoa(schema)))
}

func indexOthers(tx *bolt.Tx) error {
	return errors.Join(
		indexAll(tx, inIndex, customersBucket, customerKeys), indexAll(tx, inSearch, customersBucket, customerSearchKeys),
		indexAll(tx, inIndex, casesBucket, caseKeys), indexAll(tx, inIndex, removalsBucket, removalKeys),
		indexAll(tx, inIndex, noticesBucket, noticeKeys), indexAudit(tx),
	)
}

// indexAll makes the entries of everything in a bucket.
func indexAll[T any](tx *bolt.Tx, in bucket, from []byte, keys func(T) []entry) error {
	return tx.Bucket(from).ForEach(func(k, v []byte) error {
		found, err := decode[T](string(from), string(k), v)
		if err != nil {
			return err
		}
		return write(tx, difference(in, nil, keys(found)))
	})
}

func indexAudit(tx *bolt.Tx) error {
	return tx.Bucket(auditBucket).ForEach(func(k, v []byte) error {
		e, err := decodeAudit(k, v)
		if err != nil {
			return err
		}
		return write(tx, searchEdits(nil, auditKeys(bytes.Clone(k), e)))
	})
}

// indexStep brings some calls into the indexes, and returns how many, and whether they were the last.
func indexStep(tx *bolt.Tx, now time.Time) (n int, done bool, err error) {
	meta := tx.Bucket(metaBucket)
	var edits []edit
	rest := span{from: bytes.Clone(meta.Get(nextKey))}
	rest, done, err = rest.visit(tx.Bucket(callsBucket), upgradeStep, func(k, v []byte) error {
		r, err := readRecord(k, v)
		if err != nil {
			return err
		}
		n++
		edits = append(edits, edit{in: inIndex, key: key(bySID).text(string(r.Call.SID)), value: bytes.Clone(k[:timeLength])})
		edits = append(edits, indexEdits(nil, callKeys(r.Call))...)
		edits = append(edits, searchEdits(nil, searchKeys(r.Call, goesOn(r.Call, now)))...)
		return nil
	})
	if err != nil {
		return 0, false, err
	}
	if err := writeMany(tx, edits); err != nil {
		return 0, false, err
	}
	if done {
		return n, true, meta.Delete(nextKey)
	}
	return n, false, meta.Put(nextKey, rest.from)
}
