package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/users"
)

// followUpEntries returns the entries of a follow-up: by its call and its account, and while it is not done in the queue, by when it is late, and by
// whom a call serves with it.
func followUpEntries(k []byte, f followup.FollowUp) []Edit {
	edits := []Edit{{Bucket: indexBucket, Key: key(byFollowUp).text(string(f.Call)), Value: bytes.Clone(k)}}
	if f.Customer != "" {
		edits = append(edits, Edit{Bucket: indexBucket, Key: append(key(byAccount).part(string(f.Customer)), k...)})
	}
	if _, calling := f.UnderWay(); calling {
		edits = append(edits, Edit{Bucket: indexBucket, Key: append(key(byCallBack), k...)})
	}
	edits = append(edits, deeds(k, f)...)
	if f.State == followup.Done {
		return edits
	}
	edits = append(edits,
		Edit{Bucket: indexBucket, Key: append(queueKey(f).time(f.WaitingSince), k...), Value: inQueue(f)},
		Edit{Bucket: indexBucket, Key: append(latenessKey(f.Severity()).time(f.DueAt), k...)})
	for _, prefix := range servingKeys(f.Customer, f.From) {
		edits = append(edits, Edit{Bucket: indexBucket, Key: append(prefix, k...)})
	}
	return edits
}

// following is by what follow-ups are due.
type following struct {
	clock   followup.Clock
	inForce func() policy.Settings
}

// FollowBy sets the clock of follow-ups, and the settings with the lines in force, by whose hours it runs, from now on. Before it is called, the clock is
// the usual one, and the lines are as configured.
func (s *Store) FollowBy(clock followup.Clock, inForce func() policy.Settings) {
	s.following.Store(&following{clock, inForce})
}

func (s *Store) clock(configured policy.Settings) (followup.Clock, policy.Settings) {
	if f := s.following.Load(); f != nil {
		return f.clock, f.inForce()
	}
	return followup.UsualClock(), configured
}

func queueKey(f followup.FollowUp) indexKey { return append(key(byQueue), byte(f.Rank())) }

func latenessKey(s followup.Severity) indexKey { return key(byLateness).part(string(s)) }

// inQueue returns what a list of the queue selects by, so that it need not read what it leaves out: when it is due, the state, and who has it.
func inQueue(f followup.FollowUp) []byte {
	return indexKey{}.time(f.DueAt).part(string(f.State)).text(f.Owner)
}

// mayMatch reports whether a filter can select an entry of the queue.
func mayMatch(f followup.Filter, k, v []byte) bool {
	due, state := readTime(v), v[timeLength+1:][:v[timeLength]]
	owner := v[timeLength+1+len(state):]
	rank := int(k[1])
	return (f.State == "" || string(state) == string(f.State)) && (f.Owner == "" || string(owner) == f.Owner) &&
		(f.LateAt.IsZero() || f.LateAt.After(due)) && (f.Severity == "" || followup.Severities()[rank/2] == f.Severity)
}

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

// FollowUp returns a follow-up, or followup.ErrNone.
func (s *Store) FollowUp(ctx context.Context, id followup.ID) (followup.FollowUp, error) {
	return fetch(ctx, s, func(tx Reader) (followup.FollowUp, error) {
		_, f, err := followUpTable.numbered(tx, string(id))
		return f, err
	})
}

// FollowUpOf returns the follow-up of a call, or followup.ErrNone.
func (s *Store) FollowUpOf(ctx context.Context, sid policy.CallSID) (followup.FollowUp, error) {
	return fetch(ctx, s, func(tx Reader) (followup.FollowUp, error) {
		f, err := followUpOf(tx, sid)
		if f == nil && err == nil {
			err = fmt.Errorf("%w: of call %s", followup.ErrNone, sid)
		}
		if err != nil {
			return followup.FollowUp{}, err
		}
		return *f, nil
	})
}

// followUpOf returns the follow-up of a call, nil if it has none.
func followUpOf(tx Reader, sid policy.CallSID) (*followup.FollowUp, error) {
	k := tx.Get(indexBucket, key(byFollowUp).text(string(sid)))
	if k == nil {
		return nil, nil
	}
	f, err := followUpTable.at(tx, bytes.Clone(k))
	return &f, err
}

// FollowUpsOf returns the follow-ups of an account in the order in which they were opened. It reads those alone.
func (s *Store) FollowUpsOf(ctx context.Context, customer policy.CustomerNumber) ([]followup.FollowUp, error) {
	return fetch(ctx, s, func(tx Reader) ([]followup.FollowUp, error) { return followUpsOf(tx, customer) })
}

func followUpsOf(tx Reader, customer policy.CustomerNumber) ([]followup.FollowUp, error) {
	prefix := key(byAccount).part(string(customer))
	return lookUp(tx, under(prefix), len(prefix), noLimit, followUpTable.all)
}

// OpenFollowUps returns the follow-ups that are not done, in the order in which they are to be called: by severity, identified callers first, and by
// how long they wait (rule 20). after is the last one of the page before, "" for the first page.
func (s *Store) OpenFollowUps(ctx context.Context, after followup.ID, limit int) ([]followup.FollowUp, error) {
	found, err := s.FollowUps(ctx, followup.Filter{Waiting: true}, followup.Page{After: after, Limit: limit})
	return found.List, err
}

// followUpWork is how many entries a page of follow-ups looks at, at most.
const followUpWork = 20_000

// FollowUps returns a page of the follow-ups that a filter selects: those that are not done in the order in which they are to be called
// (OpenFollowUps), all others by their numbers, the newest first. A page costs bounded work, however little is found. Errors: followup.ErrNone for a page
// after one that is gone.
func (s *Store) FollowUps(ctx context.Context, f followup.Filter, page followup.Page) (followup.Found, error) {
	return fetch(ctx, s, func(tx Reader) (followup.Found, error) {
		p := followUpPage{tx: tx, filter: f, limit: page.Limit}
		if f.Customer != "" {
			return p.found, p.ofAccount(page.After)
		}
		rest, bucket := span{back: true}, followUpsBucket
		if f.InQueue() {
			rest, bucket = under(key(byQueue)), indexBucket
		}
		if page.After != "" {
			k, after, err := followUpTable.numbered(tx, string(page.After))
			if err != nil {
				return p.found, err
			}
			if f.InQueue() {
				k = append(queueKey(after).time(after.WaitingSince), k...)
			}
			rest = rest.behind(k)
		}
		err := p.read(rest, bucket)
		return p.found, err
	})
}

// followUpPage reads a page of follow-ups.
type followUpPage struct {
	tx     Reader
	filter followup.Filter
	limit  int
	found  followup.Found
	full   bool
}

// read reads the page through the queue, or through the records themselves.
func (p *followUpPage) read(rest span, bucket Bucket) (err error) {
	var keys [][]byte
	for work, done := followUpWork, false; !done && !p.full && work > 0; work -= pageLength {
		keys = keys[:0]
		last := []byte(nil)
		rest, done, err = rest.visit(p.tx, bucket, pageLength, func(k, v []byte) error {
			last = bytes.Clone(k[len(k)-numberLength:])
			if bucket != indexBucket || mayMatch(p.filter, k, v) {
				keys = append(keys, last)
			}
			return nil
		})
		if err != nil {
			return err
		}
		list, err := followUpTable.all(p.tx, keys)
		if err != nil {
			return err
		}
		if p.add(list); !p.full && !done {
			p.found.Next = followup.ID(numberOf(last))
		}
		if !p.full && done {
			p.found.Next = ""
		}
	}
	return nil
}

// add adds those of a list that the filter selects. One more than fit makes the page full.
func (p *followUpPage) add(list []followup.FollowUp) {
	for _, f := range list {
		if !p.filter.Matches(f) {
			continue
		}
		if n := len(p.found.List); n == p.limit {
			p.full = true
			if n > 0 {
				p.found.Next = p.found.List[n-1].ID
			}
			return
		}
		p.found.List = append(p.found.List, f)
	}
}

// ofAccount reads the page from the follow-ups of one account, which are few.
func (p *followUpPage) ofAccount(after followup.ID) error {
	list, err := followUpsOf(p.tx, p.filter.Customer)
	if err != nil {
		return err
	}
	slices.Reverse(list)
	if p.filter.InQueue() {
		slices.SortFunc(list, followup.Compare)
	}
	if after != "" {
		i := slices.IndexFunc(list, func(f followup.FollowUp) bool { return f.ID == after })
		if i < 0 {
			return fmt.Errorf("%w: %q", followup.ErrNone, string(after))
		}
		list = list[i+1:]
	}
	p.add(list)
	return nil
}

// CountFollowUps counts the follow-ups that are not done, by severity, and those of them that are late at a time. It reads the index alone.
func (s *Store) CountFollowUps(ctx context.Context, now time.Time) (map[followup.Severity]followup.Count, error) {
	return fetch(ctx, s, func(tx Reader) (map[followup.Severity]followup.Count, error) {
		all := map[followup.Severity]followup.Count{}
		for _, severity := range followup.Severities() {
			prefix := latenessKey(severity)
			late := span{from: prefix, to: indexKey(bytes.Clone(prefix)).time(now)}
			all[severity] = followup.Count{Waiting: under(prefix).count(tx, indexBucket, noLimit), Late: late.count(tx, indexBucket, noLimit)}
		}
		return all, nil
	})
}

// TakeFollowUp makes somebody the owner of a follow-up, and stops the alarm that tells people of it once none of its follow-ups is open. Both, what
// they withdraw and the entry in the audit are one step: of two people at once one is the owner. Errors: followup.ErrNone, a followup.Conflict.
func (s *Store) TakeFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error) {
	return s.actOn(ctx, id, act, "followup-take", func(f followup.FollowUp) (followup.FollowUp, error) { return f.Taken(act) })
}

// FinishFollowUp notes that somebody has done a follow-up, and what, in one step as TakeFollowUp. Errors: followup.ErrNone, policy.ErrNoNote, a
// followup.Conflict.
func (s *Store) FinishFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error) {
	return s.actOn(ctx, id, act, "followup-done", func(f followup.FollowUp) (followup.FollowUp, error) { return f.Finished(act) })
}

// ReopenFollowUp puts a follow-up back, so that it is nobody's again. Its alarm stays as it is. Errors: followup.ErrNone.
func (s *Store) ReopenFollowUp(ctx context.Context, id followup.ID, act followup.Act) (followup.FollowUp, error) {
	return s.actOn(ctx, id, act, "followup-reopen", func(f followup.FollowUp) (followup.FollowUp, error) { return f.Reopened(), nil })
}

// ChangeFollowUp changes a follow-up in one step, for what is no act of a person, such as how far a call-back has come. change must be a pure
// function; it may run again. An error of change leaves everything as it was. Errors: followup.ErrNone.
func (s *Store) ChangeFollowUp(ctx context.Context, id followup.ID, change func(followup.FollowUp) (followup.FollowUp, error)) (followup.FollowUp, error) {
	return update(ctx, s, func(t *step) (after followup.FollowUp, err error) {
		k, before, err := followUpTable.numbered(t.tx, string(id))
		if err != nil {
			return after, err
		}
		before.CallBacks = slices.Clip(before.CallBacks)
		if after, err = change(before); err != nil {
			return after, err
		}
		return after, t.putFollowUp(k, before, after, followup.Act{At: s.now(), By: after.DoneBy})
	})
}

// actOn changes a follow-up as a person does. A change that leaves it as it was writes nothing.
func (s *Store) actOn(
	ctx context.Context, id followup.ID, act followup.Act, name string, change func(followup.FollowUp) (followup.FollowUp, error),
) (followup.FollowUp, error) {
	return update(ctx, s, func(t *step) (after followup.FollowUp, err error) {
		k, before, err := followUpTable.numbered(t.tx, string(id))
		if err != nil {
			return after, err
		}
		if after, err = change(before); err != nil || after.State == before.State && after.Owner == before.Owner {
			return after, err
		}
		if err := t.putFollowUp(k, before, after, act); err != nil {
			return after, err
		}
		return after, s.noteFollowUp(ctx, t.tx, after, act, name)
	})
}

func (s *Store) noteFollowUp(ctx context.Context, tx Writer, f followup.FollowUp, act followup.Act, name string) error {
	return s.note(ctx, tx, users.AuditEntry{
		At: act.At, By: act.By, Act: name, Customer: f.Customer, Subject: string(f.ID), Detail: via(act), Reason: f.Note,
	})
}

func via(act followup.Act) string {
	if act.Via == "" {
		return ""
	}
	return "via " + string(act.Via)
}

// putFollowUp writes a follow-up that an act changed, and takes its alarms along.
func (t *step) putFollowUp(k []byte, before, after followup.FollowUp, act followup.Act) error {
	if err := followUpTable.put(t.tx, k, &before, after); err != nil {
		return err
	}
	if before.State == after.State || after.State == followup.Open {
		return nil
	}
	for _, id := range after.Alarms {
		_, a, err := alarmTable.numbered(t.tx, id)
		if errors.Is(err, alarm.ErrNone) { // past its retention
			continue
		}
		if err == nil {
			err = t.settleAlarm(a, act)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// HeardVoicemail notes who played the message of a call first. A call without a follow-up has nothing to note.
func (s *Store) HeardVoicemail(ctx context.Context, sid policy.CallSID, by string, at time.Time) error {
	return s.write(ctx, func(tx Writer) error {
		f, err := followUpOf(tx, sid)
		if f == nil || err != nil || !f.HeardAt.IsZero() {
			return err
		}
		return followUpTable.put(tx, numberKey(string(f.ID)), f, f.Heard(by, at))
	})
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

// openFollowUp writes what a call waits for: a follow-up of its own, or what became known of the one that it has.
func (t *step) openFollowUp(wanted followup.FollowUp) (k []byte, f followup.FollowUp, err error) {
	had, err := followUpOf(t.tx, wanted.Call)
	if err != nil {
		return nil, f, err
	}
	if had != nil {
		k, f = numberKey(string(had.ID)), had.Again(wanted)
		return k, f, followUpTable.put(t.tx, k, had, f)
	}
	if k, err = followUpTable.next(t.request.ctx, t.store); err != nil {
		return nil, f, err
	}
	wanted.ID = followup.ID(numberOf(k))
	if f, err = servedSince(t.tx, wanted, t.store.now()); err != nil {
		return nil, f, err
	}
	return k, f, followUpTable.put(t.tx, k, nil, f)
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
	for _, guard := range servingGuards(servingKeys(c.Customer, c.From)) {
		t.tx.Get(guardsBucket, []byte(guard))
		t.tx.Put(guardsBucket, []byte(guard), freshGuard())
	}
}

func freshGuard() []byte {
	value := make([]byte, guardLength)
	_, _ = rand.Read(value) // never fails
	return value
}

// attached brings the follow-up of a call up to whose it is, once a person attached the call to an account or undid that, and serves that account's.
func (t *step) attached(before, after policy.Call) error {
	if before.Customer == after.Customer && before.Account == after.Account {
		return nil
	}
	f, err := followUpOf(t.tx, after.SID)
	if err != nil {
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

// removeFollowUp removes the follow-up of a call that is past its time.
func removeFollowUp(tx Writer, sid policy.CallSID) error {
	f, err := followUpOf(tx, sid)
	if f != nil && err == nil {
		followUpTable.remove(tx, numberKey(string(f.ID)), *f)
	}
	return err
}

// eraseFollowUps makes the follow-ups of an account anonymous, those of its calls included, and removes the alarms about it.
func eraseFollowUps(tx Writer, customer policy.CustomerNumber, calls []record, at time.Time) error {
	list, err := followUpsOf(tx, customer)
	if err != nil {
		return err
	}
	sids := map[string]bool{}
	for _, r := range calls {
		sids[string(r.Call.SID)] = true
		f, err := followUpOf(tx, r.Call.SID)
		if err != nil {
			return err
		}
		if f != nil && f.Customer != customer {
			list = append(list, *f)
		}
	}
	for _, f := range list {
		if err := followUpTable.put(tx, numberKey(string(f.ID)), &f, f.Anonymised(at)); err != nil {
			return err
		}
	}
	alarms, err := alarmsAbout(tx, customer, sids)
	for _, a := range alarms {
		alarmTable.remove(tx, numberKey(string(a.ID)), a)
	}
	return err
}

// alarmsAbout returns the alarms about an account, about some calls, and about calls from a number on file of it. It reads all, which retention keeps few.
func alarmsAbout(tx Reader, customer policy.CustomerNumber, calls map[string]bool) ([]alarm.Alarm, error) {
	all, err := alarmTable.in(tx, span{})
	return slices.DeleteFunc(all, func(a alarm.Alarm) bool {
		e := a.Event
		return e.Customer != customer && e.Facts["on_file"] != string(customer) && !calls[e.Facts["sid"]]
	}), err
}

// Followed are the follow-ups and the alarms of one customer, as an export has them.
type Followed struct {
	FollowUps []followup.FollowUp `json:"followups"` // in the order in which they were opened
	Alarms    []alarm.Alarm       `json:"alarms"`
}

// Followed returns the follow-ups and the alarms of one customer, for an export.
func (s *Store) Followed(ctx context.Context, customer policy.CustomerNumber) (Followed, error) {
	return fetch(ctx, s, func(tx Reader) (all Followed, err error) {
		if all.FollowUps, err = followUpsOf(tx, customer); err != nil {
			return all, err
		}
		all.Alarms, err = alarmTable.in(tx, span{})
		all.Alarms = slices.DeleteFunc(all.Alarms, func(a alarm.Alarm) bool { return a.Event.Customer != customer })
		return all, err
	})
}
