package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// maxSID bounds the key of a call, in bytes; the provider's SIDs have 34.
const maxSID = 128

// Advance reads a call, changes it and writes it in one step: no other change of that call comes between. A call that is not there yet starts
// as policy.Call{SID: sid}. When Advance returns the call, it is on the disk; a change that leaves the call as it was writes nothing.
//
// change must be a pure function of the call: it runs on the writing goroutine while others wait, and it keeps the SID. If it panics, Advance
// returns that as an error and the call stays as it was. If ctx ends before change ran, it never runs. If ctx ends while the commit is under
// way, the outcome is unknown to the caller: a disk that hangs holds up no caller, and only reading the call tells. Both errors wrap that of
// ctx. After any other error the call is as it was before, as far as a failing disk allows.
func (s *Store) Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error) {
	return s.AdvanceAndNotify(ctx, sid, func(c policy.Call) (policy.Call, []policy.Notice) { return change(c), nil })
}

// AdvanceAndNotify is Advance for a change that people are told of: the call and the notices are written in one step, both or neither. A
// notice whose key is in the outbox already is not written again; one without a channel is an event, which is told as Tell does.
func (s *Store) AdvanceAndNotify(ctx context.Context, sid policy.CallSID, change func(policy.Call) (policy.Call, []policy.Notice)) (policy.Call, error) {
	return s.advance(ctx, sid, policy.WrongNumberCount{}, func(c policy.Call, _ policy.WrongNumbers) (policy.Call, news) {
		after, notices := change(c)
		return after, newsOf(notices)
	})
}

// AdvanceCounting is Advance for a change that depends on how many wrong customer numbers were entered. They are counted in the step that writes
// the change, with every change before it: of many calls at one moment each sees those that came first, so that a limit holds.
func (s *Store) AdvanceCounting(
	ctx context.Context, sid policy.CallSID, count policy.WrongNumberCount, change func(policy.Call, policy.WrongNumbers) policy.Call,
) (policy.Call, error) {
	return s.advance(ctx, sid, count, func(c policy.Call, wrong policy.WrongNumbers) (policy.Call, news) { return change(c, wrong), news{} })
}

func (s *Store) advance(
	ctx context.Context, sid policy.CallSID, count policy.WrongNumberCount,
	change func(policy.Call, policy.WrongNumbers) (policy.Call, news),
) (policy.Call, error) {
	if err := validSID(sid); err != nil {
		return policy.Call{}, err
	}
	after := results.Get().(*policy.Call)
	defer results.Put(after)
	*after = policy.Call{}
	err := s.advanceBy(ctx, sid, func(t *step) (err error) {
		*after, err = t.advance(count, change)
		return err
	})
	if err != nil {
		return policy.Call{}, err
	}
	return *after, nil
}

// results holds calls that requests return their result in. A call is large, and every webhook needs one.
var results = sync.Pool{New: func() any { return new(policy.Call) }}

func validSID(sid policy.CallSID) error {
	if sid == "" || len(sid) > maxSID {
		return fmt.Errorf("a call's SID has 1 to %d characters, not %d", maxSID, len(sid))
	}
	return nil
}

// TalkingSince returns the calls that a specialist accepted before a time, that have no known end, and of which nobody was told that they
// passed the call limit (policy.Call.Talking), the earliest acceptance first. It reads the entries of those calls alone.
func (s *Store) TalkingSince(ctx context.Context, before time.Time) ([]policy.CallSID, error) {
	talking := span{from: key(byTalking), to: key(byTalking).time(before)}
	return fetch(ctx, s, func(tx Reader) (found []policy.CallSID, err error) {
		for k := range talking.in(tx, indexBucket) {
			found = append(found, policy.CallSID(k[1+timeLength:]))
		}
		return found, nil
	})
}

// Call returns a call with its history, or policy.ErrNoCall.
func (s *Store) Call(ctx context.Context, sid policy.CallSID) (policy.Call, error) {
	return fetch(ctx, s, func(tx Reader) (policy.Call, error) { return readCall(tx, string(sid)) })
}

func readCall(tx Reader, sid string) (policy.Call, error) {
	place := placeBySID(tx, sid)
	if place == nil {
		return policy.Call{}, fmt.Errorf("%w: %s", policy.ErrNoCall, sid)
	}
	r, err := recordAt(tx, place)
	if err != nil {
		return r.Call, err
	}
	return r.withHistory(tx)
}

// placeBySID returns the place of a call, nil if there is none.
func placeBySID(tx Reader, sid string) []byte {
	start := tx.Get(indexBucket, key(bySID).text(sid))
	if start == nil {
		return nil
	}
	return indexKey(bytes.Clone(start)).text(sid)
}

func recordAt(tx Reader, place []byte) (record, error) {
	return readRecord(place, tx.Get(callsBucket, place))
}

func readRecord(place, value []byte) (record, error) {
	return decode[record]("call", string(place[min(len(place), timeLength):]), value)
}

// recordsUnder returns the calls whose entry in the index is a prefix and their place, oldest first.
func recordsUnder(tx Reader, prefix indexKey) ([]record, error) {
	return lookUp(tx, under(prefix), len(prefix), noLimit, recordsAt)
}

// recordsAt returns the calls at some places, in one round trip.
func recordsAt(tx Reader, places [][]byte) (found []record, err error) {
	for _, e := range fetched(tx, callsBucket, places) {
		r, err := readRecord(e.Key, e.Value)
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, nil
}

// CountCalls counts the calls that began from each of some ordered times up to the next one, by outcome; "" counts the calls that go on, or of
// which no end was reported. There is one count less than times. CountCalls reads the index, and of the calls only the unindexed ones: a day
// of ten thousand calls takes milliseconds.
func (s *Store) CountCalls(ctx context.Context, times []time.Time) ([]policy.OutcomeCount, error) {
	if !slices.IsSortedFunc(times, time.Time.Compare) {
		return nil, policy.ErrOrder
	}
	var counts []policy.OutcomeCount
	for i := 1; i < len(times); i++ {
		count, err := fetch(ctx, s, func(tx Reader) (policy.OutcomeCount, error) { return countBetween(tx, times[i-1], times[i]) })
		if err != nil {
			return nil, err
		}
		counts = append(counts, count)
	}
	return counts, nil
}

func countBetween(tx Reader, since, until time.Time) (policy.OutcomeCount, error) {
	count, from, to := policy.OutcomeCount{}, placeAt(since), placeAt(until)
	for _, outcome := range append(policy.Outcomes(), "") {
		prefix := facet(byOutcome, outcome)
		indexed := span{from: appendPacked(bytes.Clone(prefix), from), to: appendPacked(prefix, to)}
		if n := indexed.count(tx, searchBucket, noLimit); n > 0 {
			count[outcome] = n
		}
	}
	records, err := unindexed(tx, from, to)
	for _, r := range records {
		count[r.Call.Outcome()]++
	}
	return count, err
}

// CountNobody counts the calls of a month that were served to nobody, by line in the order of their numbers. zones returns the zone of a line, which
// decides the month of such a call. CountNobody reads the index, and of the calls only the unindexed ones.
func (s *Store) CountNobody(ctx context.Context, month policy.Month, zones func(policy.Phone) *time.Location) ([]policy.NobodyCount, error) {
	return fetch(ctx, s, func(tx Reader) ([]policy.NobodyCount, error) {
		lines := map[policy.Phone]policy.NobodyCount{}
		err := eachNobody(tx, month, func(line policy.Phone, at time.Time, onFile bool) {
			if policy.MonthOf(at, zones(line)) != month {
				return
			}
			n := lines[line]
			n.Line, n.Calls = line, n.Calls+1
			if onFile {
				n.OnFile++
			}
			lines[line] = n
		})
		return slices.SortedFunc(maps.Values(lines), func(a, b policy.NobodyCount) int { return cmp.Compare(a.Line, b.Line) }), err
	})
}

// anyZone is more than the clocks of any two zones differ.
const anyZone = 27 * time.Hour

// eachNobody calls count with the calls that were served to nobody in a month of any zone, and may call it with some around that month.
func eachNobody(tx Reader, month policy.Month, count func(line policy.Phone, at time.Time, onFile bool)) error {
	begin, end := month.Bounds(time.UTC)
	from, to := placeAt(begin.Add(-anyZone)), placeAt(end.Add(anyZone))
	prefix := key(byMark).text(markNobody)
	indexed := span{from: appendPacked(bytes.Clone(prefix), from), to: appendPacked(bytes.Clone(prefix), to)}
	for k, v := range indexed.in(tx, searchBucket) {
		if len(v) == 0 {
			return fmt.Errorf("%w: index of calls that were served to nobody %x", ErrDamaged, k)
		}
		count(policy.Phone(v[1:]), readTime(appendUnpacked(nil, k[len(prefix):])), v[0] == 1)
	}
	records, err := unindexed(tx, from, to)
	for _, r := range records {
		if c := r.Call; c.ServedToNobody() {
			count(c.Line, c.StartedAt, c.OnFile != "")
		}
	}
	return err
}

// unindexed returns the unindexed calls between two places, oldest first.
func unindexed(tx Reader, from, to []byte) ([]record, error) {
	var places [][]byte
	for k := range (span{from: unindexedKey(from), to: unindexedKey(to)}).in(tx, searchBucket) {
		places = append(places, bytes.Clone(k[1:]))
	}
	return recordsAt(tx, places)
}

// recordingKeys returns the entries of a call's recordings in the index: a recording is found by its next step and the time of the next try.
func recordingKeys(c policy.Call) []Edit {
	if c.Message == nil && len(c.Recordings) == 0 {
		return nil
	}
	var keys []Edit
	for _, r := range c.Recorded() {
		if step := r.Step(); step != "" {
			keys = append(keys, Edit{Bucket: indexBucket, Key: key(byStep).part(string(step)).time(r.NextAt).part(string(c.SID)).text(r.SID)})
		}
	}
	return keys
}

func sameRecordings(a, b policy.Call) bool {
	if a.Message == b.Message && len(a.Recordings)+len(b.Recordings) == 0 {
		return true
	}
	return len(difference(recordingKeys(a), recordingKeys(b))) == 0
}

// DueRecordings returns the recordings whose next step is step and whose time has come, at most limit of them, the longest due first. It reads
// those alone.
func (s *Store) DueRecordings(ctx context.Context, step policy.RecordingStep, now time.Time, limit int) ([]policy.DueRecording, error) {
	prefix := key(byStep).part(string(step))
	return fetch(ctx, s, func(tx Reader) ([]policy.DueRecording, error) {
		return lookUp(tx, due(prefix, now), len(prefix)+timeLength, limit, dueRecordings)
	})
}

// dueRecordings returns the recordings that entries of the index name: SID of the call, SID of the recording.
func dueRecordings(_ Reader, entries [][]byte) (found []policy.DueRecording, err error) {
	for _, rest := range entries {
		if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
			return nil, fmt.Errorf("%w: index of recordings %x", ErrDamaged, rest)
		}
		end := 1 + int(rest[0])
		found = append(found, policy.DueRecording{Call: policy.CallSID(rest[1:end]), SID: string(rest[end:])})
	}
	return found, nil
}

// Reveal notes in the audit that a person was shown something of a call that is not for everybody, such as a recording, before it is shown.
// It takes its detail without names and numbers. Errors: policy.ErrNoCall.
func (s *Store) Reveal(ctx context.Context, sid policy.CallSID, by, detail string) error {
	return s.write(ctx, func(tx Writer) error {
		c, err := readCall(tx, string(sid))
		if err != nil {
			return err
		}
		return s.note(ctx, tx, users.AuditEntry{At: s.Now(), By: by, Act: "reveal", Customer: c.Customer, Subject: string(sid), Detail: detail})
	})
}

const (
	// loadBatch is how many calls one commit of Load writes: the more, the fewer pages of the index are written twice.
	loadBatch = 100_000
	// sharedBatch is the same where others use the engine too, and no statement may take long.
	sharedBatch = 2000
)

// Load writes many whole calls that are not in the log yet, such as generated ones, in large transactions. It is fastest for calls in the
// order of their start and of their SIDs. progress, which may be nil, is called after each transaction with the number of calls that are on
// the disk. After an error those stay, and nothing of the failed transaction does. Other writers wait seconds for a transaction, so Load is
// for a store that is not in service yet.
func (s *Store) Load(ctx context.Context, calls iter.Seq[policy.Call], progress func(done int)) error {
	if progress == nil {
		progress = func(int) {}
	}
	l := loader{store: s, written: make(chan error, 1), progress: progress}
	size := loadBatch
	if s.Shared() {
		size = sharedBatch
	}
	batch := make([]policy.Call, 0, size)
	for c := range calls {
		if batch = append(batch, c); len(batch) == size {
			if err := l.load(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if err := l.load(ctx, batch); err != nil {
		return err
	}
	return l.wait()
}

// loader prepares a batch while the one before is being written.
type loader struct {
	store    *Store
	written  chan error
	writing  int // how many calls are being written
	done     int
	progress func(done int)
}

func (l *loader) load(ctx context.Context, calls []policy.Call) error {
	edits, err := l.edits(ctx, calls)
	if waited := l.wait(); waited != nil {
		return waited
	}
	if err != nil || len(calls) == 0 {
		return err
	}
	l.writing = len(calls)
	go func() {
		l.written <- l.store.loadEdits(ctx, edits)
	}()
	return nil
}

func (l *loader) wait() error {
	if l.writing == 0 {
		return nil
	}
	err := <-l.written
	if err == nil {
		l.done += l.writing
		l.progress(l.done)
	}
	l.writing = 0
	return err
}

// edits returns everything that a batch writes, in the order of the keys of each bucket.
func (l *loader) edits(ctx context.Context, calls []policy.Call) ([]Edit, error) {
	if len(calls) == 0 {
		return nil, nil
	}
	step, err := l.store.engine.Next(ctx, stepsBucket, len(calls))
	if err != nil {
		return nil, err
	}
	edits, now := make([]Edit, 0, 16*len(calls)), l.store.Now()
	for _, c := range calls {
		if err := validSID(c.SID); err != nil {
			return nil, err
		}
		var numbers []uint64
		if len(c.Exchanges) > 0 || len(c.Trace) > 0 {
			value, err := encode(newSegment(c.Exchanges, c.Trace))
			if err != nil {
				return nil, fmt.Errorf("call %s cannot be written: %w", c.SID, err)
			}
			numbers = []uint64{step}
			edits = append(edits, Edit{Bucket: stepsBucket, Key: stepKey(step), Value: value})
			step++
		}
		value, err := encode(record{c.WithoutHistory(), numbers})
		if err != nil {
			return nil, fmt.Errorf("call %s cannot be written: %w", c.SID, err)
		}
		edits = append(edits, Edit{Key: placeOf(c), Value: value})
		edits = append(edits, allKeys(c, goesOn(c, now))...)
		edits = append(edits, l.store.rowsOf(c, goesOn(c, now))...)
	}
	slices.SortFunc(edits, Edit.compare)
	return edits, nil
}

// loadEdits writes the edits of whole calls, unless one of them is in the log already.
func (s *Store) loadEdits(ctx context.Context, edits []Edit) error {
	for range loadAttempts {
		change, err := fetch(ctx, s, func(tx Reader) (Change, error) { return loadChange(tx, edits) })
		if err != nil {
			return err
		}
		if err := s.commitAlone(ctx, []Change{change}); !errors.Is(err, errNotHeld) {
			return err
		}
		if err := s.notInLog(ctx, change.Expect); err != nil {
			return err
		}
	}
	return errNotHeld
}

// loadAttempts bounds how often a load begins anew because others write the same search terms.
const loadAttempts = 10

// notInLog returns an error if a call is there that a load expects not to be.
func (s *Store) notInLog(ctx context.Context, expected []Entry) error {
	return s.view(ctx, func(tx Reader) error {
		entries := slices.Clone(expected)
		tx.Fetch(entries)
		for _, e := range entries {
			if e.Value != nil && e.Bucket == indexBucket {
				return fmt.Errorf("call %s is in the log already", e.Key[1:])
			}
		}
		return nil
	})
}

// loadChange returns the change that writes edits, which are in the order of their keys, with the search terms that they need.
func loadChange(tx Reader, edits []Edit) (c Change, err error) {
	fresh, there := readTerms(tx, edits).of(edits)
	c.Expect = there
	for i, e := range edits {
		if e.Bucket == indexBucket && e.Key[0] == bySID {
			if i > 0 && edits[i-1].compare(e) == 0 {
				return c, fmt.Errorf("call %s is in the log already", e.Key[1:])
			}
			c.Expect = append(c.Expect, Entry{Bucket: indexBucket, Key: e.Key})
		}
		if !isName(e) {
			c.Edits = append(c.Edits, e)
		}
	}
	for _, e := range there {
		fresh = append(fresh, Edit{Bucket: e.Bucket, Key: e.Key, Value: e.Value})
	}
	c.Edits = append(c.Edits, fresh...)
	slices.SortStableFunc(c.Edits, Edit.compare)
	return c, nil
}
