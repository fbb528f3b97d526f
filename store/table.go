package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

// table is a bucket of records of one kind.
type table[T any] struct {
	bucket  Bucket
	kind    string                          // in errors
	numbers bool                            // keys are bytes, not text
	missing error                           // of get
	entries func(k []byte, record T) []Edit // what leads to a record in the indexes; nil: nothing does
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
	followUpTable = table[followup.FollowUp]{bucket: followUpsBucket, kind: "follow-up", numbers: true, missing: followup.ErrNone, entries: followUpEntries}
	alarmTable    = table[alarm.Alarm]{bucket: alarmsBucket, kind: "alarm", numbers: true, missing: alarm.ErrNone, entries: alarmEntries}
	offerTable    = table[remedy.Offer]{bucket: offersBucket, kind: "offer", numbers: true, missing: remedy.ErrNone, entries: offerEntries}
	revisionTable = table[policy.ScheduleRevision]{bucket: datesBucket, kind: "dates", numbers: true}
	overrideTable = table[oncall.Revision]{bucket: oncallBucket, kind: "overrides", numbers: true}
	feedTable     = table[feedAnswer]{bucket: oncallBucket, kind: "calendar", numbers: true}
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
func (t table[T]) find(tx Reader, k []byte) (*T, error) {
	value := tx.Get(t.bucket, k)
	if value == nil {
		return nil, nil
	}
	record, err := t.decode(k, value)
	return &record, err
}

// at returns the record that an index leads to.
func (t table[T]) at(tx Reader, k []byte) (T, error) {
	return t.decode(k, tx.Get(t.bucket, k))
}

// get returns the record under a key, or the error for one that is missing.
func (t table[T]) get(tx Reader, k string) (found T, err error) {
	record, err := t.find(tx, []byte(k))
	if record == nil {
		return found, fmt.Errorf("%w: %s", t.missing, k)
	}
	return *record, err
}

// put writes a record in place of the one before, nil for a new one, and the difference of their entries.
func (t table[T]) put(tx Writer, k []byte, before *T, after T) error {
	value, err := encode(after)
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", t.name(k), err)
	}
	tx.Put(t.bucket, k, value)
	if t.entries == nil {
		return nil
	}
	var old []Edit
	if before != nil {
		old = t.entries(k, *before)
	}
	write(tx, difference(old, t.entries(k, after)))
	return nil
}

// numbered returns the record with a number, or the error for one that is missing.
func (t table[T]) numbered(tx Reader, number string) (k []byte, found T, err error) {
	var record *T
	if k = numberKey(number); k != nil {
		record, err = t.find(tx, k)
	}
	switch {
	case err != nil:
		return nil, found, err
	case record == nil:
		return nil, found, fmt.Errorf("%w: %q", t.missing, number)
	}
	return k, *record, nil
}

// remove deletes a record and its entries.
func (t table[T]) remove(tx Writer, k []byte, before T) {
	tx.Delete(t.bucket, k)
	if t.entries != nil {
		write(tx, difference(t.entries(k, before), nil))
	}
}

// index writes the entries of all records.
func (t table[T]) index(tx Writer) error {
	var edits []Edit
	for k, v := range (span{}).in(tx, t.bucket) {
		record, err := t.decode(k, v)
		if err != nil {
			return err
		}
		edits = append(edits, t.entries(bytes.Clone(k), record)...)
	}
	write(tx, edits)
	return nil
}

// in returns the records whose keys are in a span.
func (t table[T]) in(tx Reader, r span) (found []T, err error) {
	for k, v := range r.in(tx, t.bucket) {
		record, err := t.decode(k, v)
		if err != nil {
			return nil, err
		}
		found = append(found, record)
	}
	return found, nil
}

// all returns the records under some keys, which an index leads to, in one round trip.
func (t table[T]) all(tx Reader, keys [][]byte) (found []T, err error) {
	for _, e := range fetched(tx, t.bucket, keys) {
		record, err := t.decode(e.Key, e.Value)
		if err != nil {
			return nil, err
		}
		found = append(found, record)
	}
	return found, nil
}

// fetched reads the entries under some keys in one round trip.
func fetched(tx Reader, b Bucket, keys [][]byte) []Entry {
	entries := make([]Entry, len(keys))
	for i, k := range keys {
		entries[i] = Entry{Bucket: b, Key: k}
	}
	tx.Fetch(entries)
	return entries
}

// next returns a new key behind all others.
func (t table[T]) next(ctx context.Context, s *Store) ([]byte, error) {
	n, err := s.engine.Next(ctx, t.bucket, 1)
	return binary.BigEndian.AppendUint64(nil, n), err
}

// scan iterates over the records in a span, in short steps (scan).
func (t table[T]) scan(ctx context.Context, s *Store, r span) iter.Seq2[T, error] {
	return scan(ctx, s, t.bucket, r, pageLength, t.decode)
}

// lookUp returns what read makes of the entries of the index in a span, at most limit of them, without the first skip bytes of their keys. read
// gets all of them at once, to read what they lead to in one round trip.
func lookUp[T any](tx Reader, r span, skip, limit int, read func(tx Reader, rest [][]byte) ([]T, error)) (found []T, err error) {
	var rest [][]byte
	for k := range r.first(limit).in(tx, indexBucket) {
		if len(rest) == limit {
			break
		}
		rest = append(rest, bytes.Clone(k[skip:]))
	}
	if len(rest) == 0 {
		return nil, nil
	}
	return read(tx, rest)
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
func fetch[T any](ctx context.Context, s *Store, read func(Reader) (T, error)) (result T, err error) {
	err = s.view(ctx, func(tx Reader) (err error) {
		result, err = read(tx)
		return err
	})
	return result, err
}

// update runs change in a transaction of its own, and returns the result once it is durable. change may run again from the beginning.
func update[T any](ctx context.Context, s *Store, change func(*step) (T, error)) (T, error) {
	var result, none T
	err := s.alone(ctx, func(t *step) (err error) {
		result, err = change(t)
		return err
	})
	if err != nil {
		return none, err
	}
	return result, nil
}

func (e Edit) compare(other Edit) int {
	return cmp.Or(cmp.Compare(e.Bucket, other.Bucket), bytes.Compare(e.Key, other.Key))
}

// write applies edits to a transaction, in their order, with the search terms that they need, and removes those that nothing needs any more.
func write(tx Writer, edits []Edit) {
	var terms []Edit
	if slices.ContainsFunc(edits, needsTerm) {
		terms, _ = readTerms(tx, edits).of(edits)
	}
	for _, e := range edits {
		switch {
		case isName(e): // one of the terms, where it is new
		case e.Gone:
			tx.Delete(e.Bucket, e.Key)
		default:
			tx.Put(e.Bucket, e.Key, e.Value)
		}
	}
	for _, e := range terms {
		tx.Put(e.Bucket, e.Key, e.Value)
	}
	removeUnusedTerms(tx, edits)
}

// writeMany is write for many edits that only add. It writes them in the order of their keys, which is the fastest.
func writeMany(tx Writer, edits []Edit) {
	fresh, _ := readTerms(tx, edits).of(edits)
	all := append(slices.DeleteFunc(slices.Clone(edits), isName), fresh...)
	slices.SortStableFunc(all, Edit.compare)
	for _, e := range all {
		tx.Put(e.Bucket, e.Key, e.Value)
	}
}

// difference returns what turns the old entries into those of now.
func difference(old, now []Edit) (edits []Edit) {
	for _, e := range old {
		if _, stays := find(now, e); !stays && !isName(e) {
			edits = append(edits, Edit{Bucket: e.Bucket, Key: e.Key, Gone: true})
		}
	}
	for _, e := range now {
		if before, there := find(old, e); !there || !bytes.Equal(before.Value, e.Value) {
			edits = append(edits, e)
		}
	}
	return edits
}

func find(entries []Edit, e Edit) (Edit, bool) {
	i := slices.IndexFunc(entries, func(other Edit) bool { return other.Bucket == e.Bucket && bytes.Equal(other.Key, e.Key) })
	if i < 0 {
		return Edit{}, false
	}
	return entries[i], true
}
