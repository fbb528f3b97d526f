package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

// expireBatch is how many calls or notices one transaction of Expire looks at, so that no caller waits for it long.
const expireBatch = 100

// Expire removes the calls that began before a time, with their histories and follow-ups, the alarms, and the notices from before it that were sent or
// given up (rule 13). The calls of the months that a case of the account rests on stay, and so do calls without a known start, of which there are only
// reports of legs. The recordings of a call are noted for removal (DueRemovals) in the step that removes it. The audit gets one entry with the
// totals, if anything was removed.
//
// Expire works in bounded steps, each complete with its entry in the audit, so that other writers come between. What it reports as removed is
// removed, also when it returns an error.
func (s *Store) Expire(ctx context.Context, before time.Time) (policy.RetentionResult, error) {
	w := &sweep{before: before, at: s.Now(), rest: span{from: indexKey{}.time(time.Time{}.Add(1)), to: indexKey{}.time(before)}}
	for _, part := range []func(Writer, *sweep) error{expireCalls, expireNotices, expireAlarms, expireOffers} {
		for w.done = false; !w.done; {
			after, err := update(ctx, s, func(t *step) (sweep, error) {
				after := *w
				if err := part(t.tx, &after); err != nil {
					return after, err
				}
				return after, s.noteSweep(ctx, t.tx, &after, *w)
			})
			if err != nil {
				return w.did, err
			}
			*w = after
		}
		w.rest = span{}
	}
	return w.did, nil
}

// sweep is the progress of Expire.
type sweep struct {
	before time.Time
	at     time.Time
	rest   span // what is left
	done   bool
	did    policy.RetentionResult
	key    []byte // of the audit entry, once there is one
	entry  *users.AuditEntry
}

// noteSweep writes the totals into the audit, if a step removed anything.
func (s *Store) noteSweep(ctx context.Context, tx Writer, w *sweep, last sweep) (err error) {
	if w.did.Calls == last.did.Calls && w.did.Notices == last.did.Notices {
		return nil
	}
	if w.key == nil {
		if w.key, err = auditTable.next(ctx, s); err != nil {
			return err
		}
	}
	detail := fmt.Sprintf("%d calls and %d notices from before %s", w.did.Calls, w.did.Notices, w.before.UTC().Format(time.RFC3339))
	w.entry = &users.AuditEntry{At: w.at, By: "retention", Act: "expire", Detail: detail}
	return auditTable.put(tx, w.key, last.entry, *w.entry)
}

func expireCalls(tx Writer, w *sweep) (err error) {
	var old []record
	cases := map[policy.CustomerNumber][]policy.Case{} // of the accounts in this batch
	w.rest, w.done, err = w.rest.visit(tx, callsBucket, expireBatch, func(k, v []byte) error {
		r, err := readRecord(k, v)
		if err != nil {
			return err
		}
		number := r.Call.Customer
		if _, known := cases[number]; !known {
			if cases[number], err = casesOf(tx, number); err != nil {
				return err
			}
		}
		switch {
		case goesOn(r.Call, w.at):
		case r.Call.Expires(w.before, cases[number]):
			old = append(old, r)
		default:
			w.did.Kept++
		}
		return nil
	})
	for _, r := range old {
		removeCall(tx, r)
		if err := removeFollowUp(tx, r.Call.SID); err != nil {
			return err
		}
		gone := r.Call.Removals(policy.RemovalExpired, w.at)
		if err := putRemovals(tx, gone); err != nil {
			return err
		}
		w.did.Recordings += len(gone)
	}
	w.did.Calls += len(old)
	return err
}

func removeCall(tx Writer, r record) {
	edits := slices.Concat(allKeys(r.Call, true), facetKeys(r.Call), rowKeys(r.Call, false))
	edits = append(edits, Edit{Bucket: callsBucket, Key: placeOf(r.Call)})
	for _, n := range r.Steps {
		edits = append(edits, Edit{Bucket: stepsBucket, Key: stepKey(n)})
	}
	write(tx, difference(edits, nil))
}

func expireNotices(tx Writer, w *sweep) (err error) {
	var old []policy.Notice
	w.rest, w.done, err = w.rest.visit(tx, noticesBucket, expireBatch, func(k, v []byte) error {
		n, err := noticeTable.decode(k, v)
		if !n.Waits() && n.At.Before(w.before) {
			old = append(old, n)
		}
		return err
	})
	w.did.Notices += len(old)
	removeNotices(tx, old)
	return err
}

// expireAlarms removes the alarms that began before the time, taken or not.
func expireAlarms(tx Writer, w *sweep) (err error) {
	var old []alarm.Alarm
	w.rest, w.done, err = w.rest.visit(tx, alarmsBucket, expireBatch, func(k, v []byte) error {
		a, err := alarmTable.decode(k, v)
		if err == nil && a.StartedAt.Before(w.before) && a.Event.At.Before(w.before) {
			old = append(old, a)
		}
		return err
	})
	for _, a := range old {
		alarmTable.remove(tx, numberKey(string(a.ID)), a)
	}
	return err
}

func removeNotices(tx Writer, notices []policy.Notice) {
	for _, n := range notices {
		noticeTable.remove(tx, []byte(n.Key), n)
	}
}

// longestCall is the provider's own bound: an older call without an end has ended, and the report of it was lost.
const longestCall = 4 * time.Hour

// Erase removes a customer's profile and the notices about the account, and makes its calls, its follow-ups and its cases anonymous (policy.Call.Anonymised,
// policy.Case.Anonymised: the figures stay), in one step. An open case is closed. Calls of others, and of nobody, lose the account that the caller's
// number was on file of (policy.Call.WithoutOnFile). The recordings of the calls are noted for removal, here and
// at the provider (DueRemovals). The audit keeps that one account was erased, when and by whom, and loses its number everywhere; a sign of the number that
// leads back to nobody stays, for copies from before (EraseAgain). Errors:
// policy.ErrNoCustomer for a number with neither a profile nor calls, policy.ErrCallInProgress while the account is on the phone.
func (s *Store) Erase(ctx context.Context, number policy.CustomerNumber, by string, at time.Time) (policy.EraseResult, error) {
	return s.erase(ctx, erasing{number: number, by: by, at: at, asked: at})
}

// erasing erases an account, step by step.
type erasing struct {
	number policy.CustomerNumber
	by     string
	at     time.Time
	asked  time.Time // when it was erased first
	again  bool      // in a restored store: whatever names the account there, and no call goes on
}

func (s *Store) erase(ctx context.Context, e erasing) (policy.EraseResult, error) {
	number, by, at := e.number, e.by, e.at
	return update(ctx, s, func(t *step) (did policy.EraseResult, err error) {
		calls, err := recordsUnder(t.tx, key(byCustomer).part(string(number)))
		if err != nil {
			return did, err
		}
		names, err := removeCustomer(t.tx, number, calls)
		if err != nil && !(e.again && errors.Is(err, policy.ErrNoCustomer)) {
			return did, err
		}
		if did.Notices, err = t.eraseOffers(number); err != nil {
			return did, err
		}
		if err := t.forgetOnFile(e, names); err != nil {
			return did, err
		}
		for _, r := range calls {
			c := r.Call
			if !e.again && goesOn(c, at) {
				return did, fmt.Errorf("%w: erase it when call %s has ended", policy.ErrCallInProgress, c.SID)
			}
			before, err := t.call(c.SID)
			if err != nil {
				return did, err
			}
			gone := before.call.Removals(policy.RemovalErased, at)
			if err := t.change(before, before.call.Anonymised()); err != nil {
				return did, err
			}
			if err := putRemovals(t.tx, gone); err != nil {
				return did, err
			}
			did.Recordings += len(gone)
		}
		did.Calls = len(calls)
		if did.Cases, err = eraseCases(t.tx, number, by, at); err != nil {
			return did, err
		}
		if err := eraseFollowUps(t.tx, number, calls, at); err != nil {
			return did, err
		}
		notices, err := noticesNaming(t.tx, number, calls)
		if err != nil {
			return did, err
		}
		removeNotices(t.tx, notices) // sent or not: their keys and their text name the account
		did.Notices += len(notices)
		if err := forget(t.tx, number); err != nil {
			return did, err
		}
		t.tx.Put(erasuresBucket, erasureSign(s.secret, number), erasureTime(e.asked))
		detail := fmt.Sprintf("one account, %d calls, %d cases, %d notices", did.Calls, did.Cases, did.Notices)
		return did, s.note(ctx, t.tx, users.AuditEntry{At: at, By: by, Act: "erase", Detail: detail})
	})
}

// removeCustomer removes a profile, where there is one, and returns what the account was called there and on its calls.
func removeCustomer(tx Writer, number policy.CustomerNumber, calls []record) (names []string, err error) {
	customer, err := customerTable.get(tx, string(number))
	switch {
	case err == nil:
		names = []string{customer.Name}
		customerTable.remove(tx, []byte(number), customer)
	case len(calls) > 0: // of an account that is no longer in the directory
		err = nil
	}
	for _, r := range calls {
		if !slices.Contains(names, r.Call.Account) {
			names = append(names, r.Call.Account)
		}
	}
	return names, err
}

// forgetOnFile removes an account from the calls of others, and of nobody, that came from a number on file of it.
func (t *step) forgetOnFile(e erasing, names []string) error {
	places, err := onFileOf(t.tx, e.number)
	if err != nil {
		return err
	}
	for _, place := range places {
		before, err := t.call(policy.CallSID(place[timeLength:]))
		if err != nil {
			return err
		}
		if !e.again && goesOn(before.call, e.at) {
			return fmt.Errorf("%w: erase it when call %s, from a number that is on file of it, has ended", policy.ErrCallInProgress, before.call.SID)
		}
		if err := t.change(before, before.call.WithoutOnFile(names)); err != nil {
			return err
		}
	}
	return nil
}

// eraseCases closes the open case of an account, and removes the names from all of its cases.
func eraseCases(tx Writer, customer policy.CustomerNumber, by string, at time.Time) (int, error) {
	cases, err := casesOf(tx, customer)
	if err != nil {
		return 0, err
	}
	for _, before := range cases {
		after := before
		if before.Open() {
			if after, err = before.Moved(policy.Move{At: at, By: by, To: policy.CaseClosed, Note: "the account was erased"}); err != nil {
				return 0, err
			}
		}
		after = after.Anonymised()
		if err := caseTable.put(tx, numberKey(string(after.ID)), &before, after); err != nil {
			return 0, err
		}
	}
	return len(cases), nil
}

// Erasures are the accounts that were erased from a store, and when. They are known by signs of their numbers, made with the store's secret: no number
// can be read from them.
type Erasures struct {
	secret []byte
	asked  map[string]time.Time // by sign
}

func erasureSign(secret []byte, number policy.CustomerNumber) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("supportline erasure\x00" + number))
	return mac.Sum(nil)
}

func erasureTime(t time.Time) []byte { return binary.BigEndian.AppendUint64(nil, uint64(t.UnixNano())) }

// Erasures returns the accounts that were erased.
func (s *Store) Erasures(ctx context.Context) (Erasures, error) {
	asked, err := fetch(ctx, s, func(tx Reader) (map[string]time.Time, error) {
		all := map[string]time.Time{}
		for k, v := range (span{}).in(tx, erasuresBucket) {
			if len(v) != numberLength {
				return nil, fmt.Errorf("%w: erasure %x", ErrDamaged, k)
			}
			all[string(k)] = time.Unix(0, int64(binary.BigEndian.Uint64(v))).UTC()
		}
		return all, nil
	})
	return Erasures{s.Secret(), asked}, err
}

// since returns when an account was erased, if these erasures know of one that others don't know.
func (e Erasures) since(others Erasures, number policy.CustomerNumber) (asked time.Time, is bool) {
	asked, is = e.asked[string(erasureSign(e.secret, number))]
	return asked, is && asked.After(others.asked[string(erasureSign(others.secret, number))])
}

// EraseAgain erases, in a store that was restored from a copy, the accounts that were erased since the copy was made, and takes their erasures over. It
// returns how many accounts were there again. One that was erased before, and is a customer again, stays.
func (s *Store) EraseAgain(ctx context.Context, since Erasures, by string, at time.Time) (again int, err error) {
	known, err := s.Erasures(ctx)
	if err != nil || maps.Equal(since.asked, known.asked) {
		return 0, err
	}
	numbers, err := s.numbersNamed(ctx)
	if err != nil {
		return 0, err
	}
	for _, number := range slices.Sorted(maps.Keys(numbers)) {
		asked, is := since.since(known, number)
		if !is {
			continue
		}
		if _, err := s.erase(ctx, erasing{number: number, by: by, at: at, asked: asked, again: true}); err != nil {
			return again, err
		}
		again++
	}
	if !bytes.Equal(since.secret, known.secret) { // signs of another store mean nothing here
		return again, nil
	}
	return again, s.write(ctx, func(tx Writer) error {
		for sign, asked := range since.asked {
			if asked.After(known.asked[sign]) {
				tx.Put(erasuresBucket, []byte(sign), erasureTime(asked))
			}
		}
		return nil
	})
}

// numbersNamed returns the number of each account that anything in the store names.
func (s *Store) numbersNamed(ctx context.Context) (map[policy.CustomerNumber]bool, error) {
	all := map[policy.CustomerNumber]bool{}
	ofCall := func(k, v []byte) (policy.Call, error) {
		r, err := readRecord(k, v)
		return r.Call, err
	}
	err := cmp.Or(
		named(all, s.Customers(ctx), func(c policy.Customer) policy.CustomerNumber { return c.Number }),
		named(all, caseTable.scan(ctx, s, span{}), func(c policy.Case) policy.CustomerNumber { return c.Customer }),
		named(all, s.Audit(ctx), func(e users.AuditEntry) policy.CustomerNumber { return e.Customer }),
		named(all, followUpTable.scan(ctx, s, span{}), func(f followup.FollowUp) policy.CustomerNumber { return f.Customer }),
		named(all, s.Notices(ctx), func(n policy.Notice) policy.CustomerNumber { return n.Customer }),
		named(all, offerTable.scan(ctx, s, span{}), func(o remedy.Offer) policy.CustomerNumber { return o.Customer }),
		named(all, scan(ctx, s, callsBucket, span{}, pageLength, ofCall), func(c policy.Call) policy.CustomerNumber {
			all[c.OnFile] = true
			return c.Customer
		}),
	)
	delete(all, "")
	return all, err
}

// named adds the number of the account that each of a list names.
func named[T any](all map[policy.CustomerNumber]bool, list iter.Seq2[T, error], number func(T) policy.CustomerNumber) error {
	for one, err := range list {
		if err != nil {
			return err
		}
		all[number(one)] = true
	}
	return nil
}

// Export returns everything that is stored of one customer, calls and cases oldest first, notices by key, and notes in the audit who asked. A call
// that is attached to nobody is not the customer's, although it came from a number on file of the account: anybody may send that number.
// Errors: policy.ErrNoCustomer.
func (s *Store) Export(ctx context.Context, number policy.CustomerNumber, by string) (policy.CustomerExport, error) {
	return update(ctx, s, func(t *step) (all policy.CustomerExport, err error) {
		if all.Customer, err = customerTable.get(t.tx, string(number)); err != nil {
			return all, err
		}
		records, err := recordsUnder(t.tx, key(byCustomer).part(string(number)))
		if err != nil {
			return all, err
		}
		calls, err := withHistories(t.tx, records)
		if err != nil {
			return all, err
		}
		for _, call := range calls {
			if call.OnFile != "" && call.OnFile != number { // whose number that was is no business of this customer's
				call = call.WithoutOnFile(nil)
			}
			all.Calls = append(all.Calls, call)
		}
		if all.Cases, err = casesOf(t.tx, number); err != nil {
			return all, err
		}
		if all.Notices, err = noticesAbout(t.tx, number); err != nil {
			return all, err
		}
		detail := fmt.Sprintf("profile, %d calls, %d cases, %d notices", len(all.Calls), len(all.Cases), len(all.Notices))
		return all, s.note(ctx, t.tx, users.AuditEntry{At: s.Now(), By: by, Act: "export", Customer: number, Detail: detail})
	})
}
