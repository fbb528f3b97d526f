package store

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// Audit returns the entries of the audit, oldest first. It reads in short steps, as Calls does.
func (s *Store) Audit(ctx context.Context) iter.Seq2[users.AuditEntry, error] {
	return auditTable.scan(ctx, s, span{})
}

// Note adds an entry to the audit, for an event that changes nothing else in the store, such as a sign-in.
func (s *Store) Note(ctx context.Context, e users.AuditEntry) error {
	return s.write(ctx, func(tx Writer) error { return s.note(ctx, tx, e) })
}

// SearchAudit returns one page of the audit, newest first by the time of the act, then by the time of writing. A page costs bounded work, as
// in Search.
func (s *Store) SearchAudit(ctx context.Context, filter users.AuditFilter, at policy.Page) (policy.Found[users.AuditEntry], error) {
	return searchPage(ctx, s, at, marks{numberKey, numberOf}, filter, searchAudit)
}

func searchAudit(tx Reader, f users.AuditFilter, d direction, from []byte, many int, w *work) (page[users.AuditEntry], error) {
	p, found := newPlan(tx, d, w), &intersect{direction: d, work: w}
	for _, prefix := range auditPrefixes(users.AuditEntry{By: f.By, Act: f.Act, Subject: f.Subject, Customer: f.Customer}) {
		found.iterators = append(found.iterators, p.under(searchBucket, prefix))
	}
	s := query[users.AuditEntry]{
		direction: d, work: w, many: many, since: bound(f.Since), until: bound(f.Until), candidates: found, narrowed: found,
		read: func(place []byte) (users.AuditEntry, bool, error) {
			w.spend(readCost)
			e, err := auditTable.at(tx, place[timeLength:])
			return e, err == nil && f.Matches(e), err
		},
	}
	return s.seek(from)
}

// auditPrefixes returns the prefixes of the keys under which an entry is found: one for all entries, and one for each of its values.
func auditPrefixes(e users.AuditEntry) []indexKey {
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

func auditEntries(k []byte, e users.AuditEntry) (entries []Edit) {
	place := append(placeAt(e.At), k...)
	for _, prefix := range auditPrefixes(e) {
		entries = append(entries, Edit{Bucket: searchBucket, Key: append(prefix, place...)})
	}
	return entries
}

type osUserKey struct{}

// AsOSUser returns a context in which every entry of the audit names a user of the operating system, who runs a command.
func AsOSUser(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, osUserKey{}, name)
}

func osUser(ctx context.Context) string {
	name, _ := ctx.Value(osUserKey{}).(string)
	return name
}

// note writes an entry into the audit, with the operating system's user of a command (AsOSUser). The error is policy.ErrInput for a name that
// cannot be one.
func (s *Store) note(ctx context.Context, tx Writer, e users.AuditEntry) error {
	e.OSUser = osUser(ctx)
	if _, err := policy.WrittenLine("the name of who does it", e.By); err != nil {
		return err
	}
	k, err := auditTable.next(ctx, s)
	if err != nil {
		return err
	}
	return auditTable.put(tx, k, nil, e)
}

// forget removes a customer's number, and what people wrote about the account, from the audit.
func forget(tx Writer, number policy.CustomerNumber) error {
	prefix := key(ofAuditCustomer).part(string(number))
	var keys [][]byte
	for k := range under(prefix).in(tx, searchBucket) {
		keys = append(keys, bytes.Clone(k[len(prefix)+timeLength:]))
	}
	for _, k := range keys {
		before, err := auditTable.at(tx, k)
		if err != nil {
			return err
		}
		if before.Customer != number { // the index may have only the beginning of a number
			continue
		}
		after := before
		after.Customer, after.Reason = "", ""
		if err := auditTable.put(tx, k, &before, after); err != nil {
			return err
		}
	}
	return nil
}

// Act applies an act of a person to a call (policy.Call.WithAct), and notes it in the audit, in one step. seen is how many acts the call had
// when the person saw it, so that the second of two people learns what the first one did; -1 accepts any number. zones returns the zone of a
// home line, which decides the month of a call that is attached to an account.
//
// Errors: policy.ErrNoCall, policy.ErrNoCustomer for an unknown account to attach the call to, and those of WithAct.
func (s *Store) Act(ctx context.Context, sid policy.CallSID, act policy.Act, seen int, zones func(policy.Phone) *time.Location) (policy.Call, error) {
	return update(ctx, s, func(t *step) (after policy.Call, err error) {
		before, err := t.call(sid)
		if err != nil {
			return after, err
		}
		if before.value == nil {
			return after, fmt.Errorf("%w: %s", policy.ErrNoCall, sid)
		}
		var account policy.Customer
		zone := time.UTC
		if act.Kind == policy.ActAttach && !act.Undo {
			if account, err = customerTable.get(t.tx, act.Value); err != nil {
				return after, err
			}
			zone = zones(account.Line)
		}
		if after, err = before.call.Clip().WithAct(act, seen, account, zone); err != nil {
			return after, err
		}
		if err := t.change(before, after); err != nil {
			return after, err
		}
		return after, s.note(ctx, t.tx, actEntry(before.call, after, after.Acts[len(after.Acts)-1]))
	})
}

// actEntry returns the entry of an act in the audit, with the account that it concerned.
func actEntry(before, after policy.Call, act policy.Act) users.AuditEntry {
	e := users.AuditEntry{At: act.At, By: act.By, Act: string(act.Kind), Customer: after.Customer, Subject: string(after.SID), Reason: act.Reason}
	if e.Customer == "" {
		e.Customer = before.Customer
	}
	if act.Undo {
		e.Act = "undo " + e.Act
	}
	return e
}
