package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// table is a bucket of records of one kind.
type table[T any] struct {
	bucket  []byte
	kind    string                          // in errors
	numbers bool                            // keys are bytes, not text
	missing error                           // of get
	entries func(k []byte, record T) []edit // what leads to a record in the indexes; nil: nothing does
}

var (
	customerTable = table[policy.Customer]{bucket: customersBucket, kind: "customer", missing: policy.ErrNoCustomer, entries: customerEntries}
	caseTable     = table[policy.Case]{bucket: casesBucket, kind: "case", numbers: true, entries: caseEntries}
	noticeTable   = table[policy.Notice]{bucket: noticesBucket, kind: "notice", missing: policy.ErrNoNotice, entries: noticeEntries}
	removalTable  = table[policy.Removal]{bucket: removalsBucket, kind: "removal", entries: removalEntries}
	auditTable    = table[users.AuditEntry]{bucket: auditBucket, kind: "audit entry", numbers: true, entries: auditEntries}
	userTable     = table[users.User]{bucket: usersBucket, kind: "user", missing: users.ErrNoUser}
	tokenTable    = table[users.Token]{bucket: tokensBucket, kind: "token", numbers: true, entries: tokenEntries}
	sessionTable  = table[users.Session]{bucket: signInsBucket, kind: "session", numbers: true, entries: sessionEntries}
	deviceTable   = table[users.Device]{bucket: signInsBucket, kind: "device", numbers: true}
	triesTable    = table[users.Tries]{bucket: triesBucket, kind: "tries", numbers: true, entries: triesEntries}
	revisionTable = table[policy.ScheduleRevision]{bucket: datesBucket, kind: "dates", numbers: true}
)

func (t table[T]) name(k []byte) string {
	if t.numbers {
		return fmt.Sprintf("%s %x", t.kind, k)
	}
	return t.kind + " " + string(k)
}

func (t table[T]) decode(k, v []byte) (T, error) {
	var record T
	if err := decoding.Unmarshal(v, &record); err != nil { // the store wrote it, so anything unreadable is damage
		return record, fmt.Errorf("%w: %s: %w", ErrDamaged, t.name(k), err)
	}
	return record, nil
}

// find returns the record under a key, nil if there is none.
func (t table[T]) find(tx *bolt.Tx, k []byte) (*T, error) {
	value := tx.Bucket(t.bucket).Get(k)
	if value == nil {
		return nil, nil
	}
	record, err := t.decode(k, value)
	return &record, err
}

// at returns the record that an index leads to.
func (t table[T]) at(tx *bolt.Tx, k []byte) (T, error) {
	return t.decode(k, tx.Bucket(t.bucket).Get(k))
}

// get returns the record under a key, or the error for one that is missing.
func (t table[T]) get(tx *bolt.Tx, k string) (found T, err error) {
	record, err := t.find(tx, []byte(k))
	if record == nil {
		return found, fmt.Errorf("%w: %s", t.missing, k)
	}
	return *record, err
}

// put writes a record in place of the one before, nil for a new one, and the difference of their entries.
func (t table[T]) put(tx *bolt.Tx, k []byte, before *T, after T) error {
	value, err := encode(after)
	if err == nil {
		err = tx.Bucket(t.bucket).Put(k, value)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", t.name(k), err)
	}
	if t.entries == nil {
		return nil
	}
	var old []edit
	if before != nil {
		old = t.entries(k, *before)
	}
	return write(tx, difference(old, t.entries(k, after)))
}

// remove deletes a record and its entries.
func (t table[T]) remove(tx *bolt.Tx, k []byte, before T) error {
	if err := tx.Bucket(t.bucket).Delete(k); err != nil {
		return fmt.Errorf("%s: %w", t.name(k), err)
	}
	if t.entries == nil {
		return nil
	}
	return write(tx, difference(t.entries(k, before), nil))
}

// index writes the entries of all records.
func (t table[T]) index(tx *bolt.Tx) error {
	return tx.Bucket(t.bucket).ForEach(func(k, v []byte) error {
		record, err := t.decode(k, v)
		if err != nil {
			return err
		}
		return write(tx, t.entries(bytes.Clone(k), record))
	})
}

// in returns the records whose keys are in a span.
func (t table[T]) in(tx *bolt.Tx, r span) (found []T, err error) {
	for k, v := range r.in(tx.Bucket(t.bucket)) {
		record, err := t.decode(k, v)
		if err != nil {
			return nil, err
		}
		found = append(found, record)
	}
	return found, nil
}

// next returns a new key behind all others.
func (t table[T]) next(tx *bolt.Tx) ([]byte, error) {
	n, err := tx.Bucket(t.bucket).NextSequence()
	return binary.BigEndian.AppendUint64(nil, n), err
}

// scan iterates over the records in a span, in short steps (scan).
func (t table[T]) scan(ctx context.Context, s *Store, r span) iter.Seq2[T, error] {
	return scan(ctx, s, t.bucket, r, pageLength, t.decode)
}

// lookUp returns what read makes of the entries of the index in a span, at most limit of them, without the first skip bytes of their keys.
func lookUp[T any](tx *bolt.Tx, r span, skip, limit int, read func(tx *bolt.Tx, rest []byte) (T, error)) (found []T, err error) {
	for k := range r.in(tx.Bucket(indexBucket)) {
		if len(found) == limit {
			break
		}
		v, err := read(tx, k[skip:])
		if err != nil {
			return nil, err
		}
		found = append(found, v)
	}
	return found, nil
}

// noLimit is a limit that is never reached.
const noLimit = -1

// due returns the entries under a prefix whose time, which follows it, has come.
func due(prefix indexKey, now time.Time) span {
	return span{from: prefix, to: indexKey(bytes.Clone(prefix)).time(now.Add(1))} // what is due now is due
}

// numberOf returns a key of next as text, numberKey the key of a text, nil if there is none.
func numberOf(k []byte) string {
	if len(k) != numberLength {
		return ""
	}
	return strconv.FormatUint(binary.BigEndian.Uint64(k), 10)
}

func numberKey(text string) []byte {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return nil
	}
	return binary.BigEndian.AppendUint64(nil, n)
}

const numberLength = 8

// fetch reads in a transaction of its own.
func fetch[T any](ctx context.Context, s *Store, read func(*bolt.Tx) (T, error)) (result T, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) (err error) {
		result, err = read(tx)
		return err
	})
	return result, err
}

// update runs change in a transaction of its own, and returns the result once it is on the disk. The batch has the transaction.
func update[T any](ctx context.Context, s *Store, change func(*batch) (T, error)) (T, error) {
	var result, none T
	err := s.submit(ctx, true, func(b *batch) (err error) {
		result, err = change(b)
		return err
	})
	if err != nil {
		return none, err
	}
	return result, nil
}
