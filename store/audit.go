package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// Audit is what people did to the directory, to calls, to cases, to notices, to users and to the dates of lines, who signed in, and what retention removed, oldest first. It reads in
// short steps, as Calls does.
func (s *Store) Audit(ctx context.Context) iter.Seq2[policy.AuditEntry, error] {
	return pages(ctx, s, auditBucket, decodeAudit)
}

// Note adds an entry to the audit, for what changes nothing else in the store: a sign-in, a look at what is masked.
func (s *Store) Note(ctx context.Context, e policy.AuditEntry) error {
	return s.write(ctx, func(tx *bolt.Tx) error { return note(tx, e) })
}

// SearchAudit is one page of the audit, newest first by the time of what was done, then by when it was written down. As in Search, a page
// costs bounded work.
func (s *Store) SearchAudit(ctx context.Context, filter policy.AuditFilter, page policy.Page) (policy.Found[policy.AuditEntry], error) {
	var found policy.Found[policy.AuditEntry]
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		older, newer := placeOfAuditMark(page.Older), placeOfAuditMark(page.Newer)
		found, err = searchPage(older, newer, page.Size(), markOfAudit, func(d direction, from []byte, many, spend int) (reach[policy.AuditEntry], error) {
			return searchAudit(tx, filter, d, from, many, s.work(spend))
		})
		return err
	})
	return found, err
}

func searchAudit(tx *bolt.Tx, f policy.AuditFilter, d direction, from []byte, many int, w *work) (reach[policy.AuditEntry], error) {
	audit := tx.Bucket(auditBucket)
	found := &both{direction: d, work: w}
	for _, prefix := range auditPrefixes(policy.AuditEntry{By: f.By, Act: f.Act, Subject: f.Subject, Customer: f.Customer}) {
		found.streams = append(found.streams, &leaf{direction: d, cursor: tx.Bucket(searchBucket).Cursor(), work: w, prefix: prefix})
	}
	s := seeker[policy.AuditEntry]{
		direction: d, work: w, many: many, candidates: found, narrowed: found,
		read: func(place []byte) (policy.AuditEntry, bool, error) {
			w.spend(readCost)
			k := place[timeLength:]
			e, err := decodeAudit(k, audit.Get(k))
			return e, err == nil && f.Matches(e), err
		},
	}
	s.since, s.until = bounds(f.Since, f.Until)
	return s.seek(from)
}

// auditPrefixes are the beginnings of the keys under which an entry is found: all of them, and one for each thing that it says.
func auditPrefixes(e policy.AuditEntry) []indexKey {
	keys := []indexKey{key(ofAudit)}
	add := func(kind byte, value string) {
		if value != "" {
			keys = append(keys, key(kind).part(value))
		}
	}
	add(ofAuditBy, e.By)
	add(ofAuditAct, e.Act)
	add(ofAuditSubject, e.Subject)
	add(ofAuditCustomer, string(e.Customer))
	return keys
}

// auditKeys are the entries of the search's index for the entry of the audit under a key.
func auditKeys(k []byte, e policy.AuditEntry) []entry {
	place := append(placeAt(e.At), k...)
	var keys []entry
	for _, prefix := range auditPrefixes(e) {
		keys = append(keys, entry{key: append(prefix, place...)})
	}
	return keys
}

func markOfAudit(place []byte) policy.Mark {
	m := policy.Mark{At: readTime(place)}
	if n := place[timeLength:]; len(n) == 8 {
		m.ID = strconv.FormatUint(binary.BigEndian.Uint64(n), 10)
	}
	return m
}

func placeOfAuditMark(m policy.Mark) []byte {
	if m.IsZero() {
		return nil
	}
	place := placeAt(m.At)
	if n, err := strconv.ParseUint(m.ID, 10, 64); err == nil {
		place = binary.BigEndian.AppendUint64(place, n)
	}
	return place
}

func decodeAudit(k, v []byte) (policy.AuditEntry, error) {
	return decode[policy.AuditEntry]("audit entry", fmt.Sprintf("%x", k), v)
}

// note adds an entry to the audit.
func note(tx *bolt.Tx, e policy.AuditEntry) error {
	n, err := tx.Bucket(auditBucket).NextSequence()
	if err != nil {
		return err
	}
	return noteAs(tx, binary.BigEndian.AppendUint64(nil, n), e)
}

// noteAs writes an entry, or writes one anew.
func noteAs(tx *bolt.Tx, k []byte, e policy.AuditEntry) error {
	audit := tx.Bucket(auditBucket)
	var old []entry
	if v := audit.Get(k); v != nil {
		before, err := decodeAudit(k, v)
		if err != nil {
			return err
		}
		old = auditKeys(k, before)
	}
	value, err := encode(e)
	if err != nil {
		return fmt.Errorf("audit of %s cannot be written: %w", e.Act, err)
	}
	if err := audit.Put(k, value); err != nil {
		return err
	}
	return write(tx, searchEdits(old, auditKeys(k, e)))
}

// forget takes a customer's number, and what people wrote about the account, out of the audit.
func forget(tx *bolt.Tx, number policy.CustomerNumber) error {
	named := map[string]policy.AuditEntry{}
	for _, place := range placesUnder(tx, key(ofAuditCustomer).part(string(number))) {
		k := place[timeLength:]
		e, err := decodeAudit(k, tx.Bucket(auditBucket).Get(k))
		if err != nil {
			return err
		}
		if e.Customer == number { // the index has the beginning of a long number only
			e.Customer, e.Reason = "", ""
			named[string(k)] = e
		}
	}
	for k, e := range named {
		if err := noteAs(tx, []byte(k), e); err != nil {
			return err
		}
	}
	return nil
}

// Act does to a call what a person wants (policy.Call.WithAct), and notes it in the audit, in one step. seen is how many acts the call had
// when the person saw it, so that the second of two people learns what the first one did; -1: whatever it had. zones gives the zone of a
// home line, which decides the month of a call that is given to an account.
//
// Errors: policy.ErrNoCall, policy.ErrNoCustomer for a call that shall be given to an account that is not there, and those of WithAct.
func (s *Store) Act(ctx context.Context, sid policy.CallSID, act policy.Act, seen int, zones func(policy.Phone) *time.Location) (policy.Call, error) {
	var after policy.Call
	err := s.submit(ctx, true, func(b *batch) error {
		before, err := b.call(sid)
		if err != nil {
			return err
		}
		if before.value == nil {
			return fmt.Errorf("%w: %s", policy.ErrNoCall, sid)
		}
		var account policy.Customer
		zone := time.UTC
		if act.Kind == policy.ActAttach && !act.Undo {
			if account, err = readCustomer(b.tx, act.Value); err != nil {
				return err
			}
			zone = zones(account.Line)
		}
		if after, err = before.call.Clip().WithAct(act, seen, account, zone); err != nil {
			return err
		}
		if err := b.change(before, after); err != nil {
			return err
		}
		return note(b.tx, actEntry(before.call, after, act))
	})
	if err != nil {
		return policy.Call{}, err
	}
	return after, nil
}

// actEntry is an act in the audit, with the account that it concerned.
func actEntry(before, after policy.Call, act policy.Act) policy.AuditEntry {
	e := policy.AuditEntry{At: act.At, By: act.By, Act: string(act.Kind), Customer: after.Customer, Subject: string(after.SID), Reason: act.Reason}
	if e.Customer == "" {
		e.Customer = before.Customer
	}
	if act.Undo {
		e.Act = "undo " + e.Act
	}
	return e
}
