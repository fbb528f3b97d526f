package store

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
)

// servingKeys returns the prefixes of what a call of a customer, from a number, can serve.
func servingKeys(customer policy.CustomerNumber, from policy.Phone) (keys []indexKey) {
	if customer != "" {
		keys = append(keys, key(byServing).text("c").part(string(customer)))
	}
	if caller := from.Caller(); caller != "" {
		keys = append(keys, key(byServing).text("n").part(caller))
	}
	return keys
}

// promptly is how soon after its end a call is reported, as a rule. No caller gets through again in that time.
const promptly = 5 * time.Second

// servedSince returns the follow-up as it is by the other calls in the log that served its account or its number since it waits: its end may have come to
// light late.
func servedSince(tx Reader, f followup.FollowUp, now time.Time) (followup.FollowUp, error) {
	since := placeAt(f.WaitingSince.Add(-longestCall))
	var places [][]byte
	if f.Customer != "" {
		prefix := key(byCustomer).part(string(f.Customer))
		calls := under(prefix)
		calls.from = append(bytes.Clone(prefix), since...)
		for k := range calls.in(tx, indexBucket) {
			places = append(places, bytes.Clone(k[len(prefix):]))
		}
	}
	var others []record
	if caller := f.From.Caller(); caller != "" && now.Sub(f.WaitingSince) > promptly {
		prefix := key(byFrom).part(caller)
		calls := under(prefix)
		calls.from = appendPacked(bytes.Clone(prefix), since)
		for k := range calls.in(tx, searchBucket) {
			places = append(places, appendUnpacked(nil, k[len(prefix):]))
		}
		var err error
		if others, err = unindexed(tx, since, placeAt(endOfTime)); err != nil {
			return f, err
		}
	}
	records, err := recordsAt(tx, places)
	for _, r := range append(records, others...) {
		served, is := f.ServedIn(r.Call)
		if is && r.Call.SID != f.Call && (f.State != followup.Done || served.DoneAt.Before(f.DoneAt)) {
			f = served
		}
	}
	return f, err
}

// serve brings the follow-ups that a call serves up to date: done when a specialist accepted it, and open again when it turns out that nobody did.
func (t *step) serve(before, after policy.Call) error {
	_, accepted := after.Accepted()
	if _, was := before.Accepted(); accepted == was {
		return nil
	}
	list, err := t.servable(after, !accepted)
	for _, f := range list {
		changed, is := f.NotServedIn(after.SID)
		if accepted {
			changed, is = f.ServedIn(after)
		}
		if !is {
			continue
		}
		if err := t.putFollowUp(numberKey(string(f.ID)), f, changed, followup.Act{At: changed.DoneAt}); err != nil {
			return err
		}
	}
	return err
}

// servable returns the follow-ups that a call can serve, its own included, or those that it served.
func (t *step) servable(c policy.Call, served bool) (list []followup.FollowUp, err error) {
	var keys [][]byte
	for _, sid := range []policy.CallSID{c.SID, c.CallBackOf} {
		if k := t.tx.Get(indexBucket, key(byFollowUp).text(string(sid))); sid != "" && k != nil {
			keys = append(keys, bytes.Clone(k))
		}
	}
	for _, prefix := range servingKeys(c.Customer, c.From) {
		for k := range under(prefix).in(t.tx, indexBucket) {
			keys = append(keys, bytes.Clone(k[len(prefix):]))
		}
	}
	if served { // which are done, and found in no queue: those of the last days, by their numbers
		for k := range (span{back: true}).first(servedLately).in(t.tx, followUpsBucket) {
			if keys = append(keys, bytes.Clone(k)); len(keys) >= servedLately {
				break
			}
		}
	}
	slices.SortFunc(keys, bytes.Compare)
	return followUpTable.all(t.tx, slices.CompactFunc(keys, bytes.Equal))
}

// servedLately bounds how many follow-ups are looked at for a call that turns out to have served nobody, which is rare: as many as a day has.
const servedLately = 1000

// waitsFor reports whether the acceptance of a call may serve a follow-up, or a change of it end an alarm, without a transaction of its own.
func (t *step) waitsFor(after policy.Call, ringing bool) (waits bool, err error) {
	spans := []Span{exactly(indexBucket, string(key(byFollowUp).text(string(after.SID))))}
	if ringing {
		spans = append(spans, exactly(indexBucket, string(key(byEvent).text(policy.EventKey(policy.NoticeCriticalRinging, after.SID)))))
	}
	prefixes, guards := servingKeys(after.Customer, after.From), []string(nil)
	for _, prefix := range prefixes {
		spans = append(spans, under(prefix).first(1).of(indexBucket))
	}
	looks := len(spans)
	if t.store.shared {
		guards = servingGuards(prefixes)
	}
	for _, guard := range guards {
		spans = append(spans, exactly(guardsBucket, guard))
	}
	values := make([][]byte, len(guards))
	err = t.view(func(tx Reader) error {
		waits = false
		for i, cursor := range tx.Scan(spans...) {
			k, v := cursor.Next()
			if i < looks {
				waits = waits || k != nil
			} else {
				values[i-looks] = bytes.Clone(v)
			}
		}
		return nil
	})
	if err != nil || waits {
		return waits, err
	}
	for i, guard := range guards {
		t.shareGuard(guard, values[i])
	}
	return false, nil
}

// An acceptance looks for follow-ups that it serves, and a follow-up that is opened for calls that served it. Where many processes write, both could
// look before either is written. So each caller and each account has one of 256 guards: who opens a follow-up rewrites it, and an acceptance expects it
// as it was read, and writes it as it is.
func servingGuards(prefixes []indexKey) (guards []string) {
	for _, prefix := range prefixes {
		sum := fnv.New32a()
		_, _ = sum.Write(prefix)
		guards = append(guards, string(binary.BigEndian.AppendUint16(key(byServing), uint16(sum.Sum32()%256))))
	}
	slices.Sort(guards)
	return slices.Compact(guards)
}

// shareGuard expects a guard as it was read, or as this process wrote it since, and writes it so that who opens a follow-up at the same time looks
// again.
func (t *step) shareGuard(guard string, value []byte) {
	for _, b := range []*batch{t.batch, t.store.underWay} {
		if b != nil && b.guards[guard] != nil {
			value = b.guards[guard]
			break
		}
	}
	t.Expect = append(t.Expect, Entry{Bucket: guardsBucket, Key: []byte(guard), Value: value})
	if value == nil {
		value = freshGuard()
		if t.batch.guards == nil {
			t.batch.guards = map[string][]byte{}
		}
		t.batch.guards[guard] = value
	}
	t.edit(Edit{Bucket: guardsBucket, Key: []byte(guard), Value: value})
}

// rewriteGuards makes every acceptance that is being written at the same time, by a caller or an account, look again.
func (t *step) rewriteGuards(c policy.Call) {
	if !t.store.shared {
		return
	}
	var keys [][]byte
	for _, guard := range servingGuards(servingKeys(c.Customer, c.From)) {
		keys = append(keys, []byte(guard))
	}
	for _, e := range fetched(t.tx, guardsBucket, keys) {
		t.tx.Put(guardsBucket, e.Key, freshGuard())
	}
}

func freshGuard() []byte {
	value := make([]byte, guardLength)
	_, _ = rand.Read(value) // never fails
	return value
}

// attached brings the follow-up and the offers of a call up to whose it is, once a person attached the call to an account or undid that, and serves that account's.
func (t *step) attached(before, after policy.Call) error {
	if before.Customer == after.Customer && before.Account == after.Account {
		return nil
	}
	f, err := followUpOf(t.tx, after.SID)
	if err := cmp.Or(err, t.moveOffers(after)); err != nil {
		return err
	}
	if f != nil {
		now := *f
		now.Customer, now.Account = after.Customer, after.Account
		if err := followUpTable.put(t.tx, numberKey(string(f.ID)), f, now); err != nil {
			return err
		}
	}
	t.rewriteGuards(after)
	return t.serve(policy.Call{}, after)
}
