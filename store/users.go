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

// User returns a user of the console, or users.ErrNoUser.
func (s *Store) User(ctx context.Context, name string) (users.User, error) {
	return fetch(ctx, s, func(tx Reader) (users.User, error) { return userTable.get(tx, name) })
}

// Users returns all users of the console by name, disabled ones included. It reads in short steps, as Calls does.
func (s *Store) Users(ctx context.Context) iter.Seq2[users.User, error] {
	return userTable.scan(ctx, s, span{})
}

// AddUser adds a user, and notes in the audit who did it. Errors: users.ErrExists if the name is taken, even by a disabled user, and
// users.ErrName if it is not a valid name.
func (s *Store) AddUser(ctx context.Context, user users.User, by string) error {
	if name, err := users.ParseName(user.Name); err != nil || name != user.Name {
		return fmt.Errorf("%w: %q", users.ErrName, user.Name)
	}
	return s.write(ctx, func(tx Writer) error {
		if tx.Get(usersBucket, []byte(user.Name)) != nil {
			return fmt.Errorf("%w: %s", users.ErrExists, user.Name)
		}
		if err := userTable.put(tx, []byte(user.Name), nil, user); err != nil {
			return err
		}
		return s.note(ctx, tx, users.AuditEntry{At: user.CreatedAt, By: by, Act: users.ActUserAdd, Subject: user.Name, Detail: string(user.Role)})
	})
}

// ChangeUser changes a user and notes it in the audit, in one step, and returns the new state. A change that leaves the user as it was writes
// nothing, and one without an act is not noted. The name cannot change. Errors: users.ErrNoUser.
func (s *Store) ChangeUser(ctx context.Context, name string, c users.Change) (users.User, error) {
	return update(ctx, s, func(t *step) (after users.User, err error) {
		before, err := userTable.get(t.tx, name)
		if err != nil {
			return after, err
		}
		if after = c.Change(before); after == before {
			return after, nil
		}
		if after.Name != name {
			return after, fmt.Errorf("a change of user %s gave user %s", name, after.Name)
		}
		if err := userTable.put(t.tx, []byte(name), &before, after); err != nil {
			return after, err
		}
		if c.Act == "" {
			return after, nil
		}
		return after, s.note(ctx, t.tx, users.AuditEntry{At: c.At, By: c.By, Act: c.Act, Subject: name, Detail: c.Detail})
	})
}

// A token is stored under its user and its name, and its hash leads there, in one bucket: both are written in one step, or neither.
const (
	tokenOfUser = 'u' // user, name; the value is the token
	tokenByHash = 'h' // hash; the value is the key above
)

func tokenKey(user, name string) indexKey { return key(tokenOfUser).part(user).text(name) }

func tokenEntries(k []byte, t users.Token) []Edit {
	return []Edit{{Bucket: tokensBucket, Key: key(tokenByHash).text(t.Hash), Value: k}}
}

// AddToken adds a token, and notes in the audit who did it. Errors: users.ErrNoUser, users.ErrTokenName, users.ErrTokenExists,
// users.ErrManyTokens.
func (s *Store) AddToken(ctx context.Context, t users.Token, by string) error {
	if _, err := users.ParseTokenName(t.Name); err != nil {
		return err
	}
	return s.write(ctx, func(tx Writer) error {
		if _, err := userTable.get(tx, t.User); err != nil {
			return err
		}
		all, err := tokensOf(tx, t.User)
		switch {
		case err != nil:
			return err
		case tx.Get(tokensBucket, tokenKey(t.User, t.Name)) != nil:
			return fmt.Errorf("%w: %s", users.ErrTokenExists, t.Name)
		case len(all) >= users.MaxTokens:
			return fmt.Errorf("%w: %d; revoke one first", users.ErrManyTokens, len(all))
		}
		if err := tokenTable.put(tx, tokenKey(t.User, t.Name), nil, t); err != nil {
			return err
		}
		return s.note(ctx, tx, users.AuditEntry{At: t.CreatedAt, By: by, Act: users.ActTokenAdd, Subject: t.User, Detail: tokenWords(t)})
	})
}

// tokenWords describes a token for the audit.
func tokenWords(t users.Token) string {
	words := t.Name
	if t.ReadOnly {
		words += ", read-only"
	}
	if t.Masked {
		words += ", without numbers"
	}
	if t.ExpiresAt.IsZero() {
		return words + ", never expires"
	}
	return words + ", until " + t.ExpiresAt.UTC().Format(time.DateOnly)
}

// Token returns the token whose secret has a hash, even if it has expired, or users.ErrNoToken if there is none, or it was revoked.
func (s *Store) Token(ctx context.Context, hash string) (users.Token, error) {
	return fetch(ctx, s, func(tx Reader) (users.Token, error) {
		place := tx.Get(tokensBucket, key(tokenByHash).text(hash))
		if place == nil {
			return users.Token{}, users.ErrNoToken
		}
		return tokenTable.at(tx, place)
	})
}

// TokensOf returns the tokens of a user by name, expired ones included; none for a user who does not exist.
func (s *Store) TokensOf(ctx context.Context, user string) ([]users.Token, error) {
	return fetch(ctx, s, func(tx Reader) ([]users.Token, error) { return tokensOf(tx, user) })
}

// UseToken stores when a token was last used. A token that was revoked meanwhile stays revoked.
func (s *Store) UseToken(ctx context.Context, user, name string, at time.Time) error {
	return s.write(ctx, func(tx Writer) error {
		t, err := tokenTable.find(tx, tokenKey(user, name))
		if err != nil || t == nil || !at.After(t.UsedAt) {
			return err
		}
		after := *t
		after.UsedAt = at
		return tokenTable.put(tx, tokenKey(user, name), t, after)
	})
}

// RevokeToken removes a token, so that it is refused from now on, and notes in the audit who did it. The error is users.ErrNoToken if the user
// has none of that name.
func (s *Store) RevokeToken(ctx context.Context, user, name, by string, at time.Time) error {
	return s.write(ctx, func(tx Writer) error {
		t, err := tokenTable.find(tx, tokenKey(user, name))
		switch {
		case err != nil:
			return err
		case t == nil:
			return fmt.Errorf("%w: %s", users.ErrNoToken, name)
		}
		tokenTable.remove(tx, tokenKey(user, name), *t)
		return s.note(ctx, tx, users.AuditEntry{At: at, By: by, Act: users.ActTokenRevoke, Subject: user, Detail: name})
	})
}

func tokensOf(tx Reader, user string) ([]users.Token, error) {
	return tokenTable.in(tx, under(key(tokenOfUser).part(user)))
}

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
		tx: tx, bucket: auditTable.bucket, key: func(place []byte) []byte { return place[timeLength:] },
		read: func(place, value []byte) (users.AuditEntry, bool, error) {
			w.spend(readCost)
			e, err := auditTable.decode(place[timeLength:], value)
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
		was := before.call
		var account policy.Customer
		zone := time.UTC
		if act.Kind == policy.ActAttach && !act.Undo {
			if account, err = customerTable.get(t.tx, act.Value); err != nil {
				return after, err
			}
			zone = zones(account.Line)
		}
		if after, err = was.Clip().WithAct(act, seen, account, zone); err != nil {
			return after, err
		}
		if err := t.change(before, after); err != nil {
			return after, err
		}
		if err := t.attached(was, after); err != nil {
			return after, err
		}
		return after, s.note(ctx, t.tx, actEntry(was, after, after.Acts[len(after.Acts)-1]))
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
	if act.Via != "" {
		e.Detail = "via " + act.Via
	}
	return e
}
