package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/policy/users"
)

// A key of the bucket oncall is a kind and the name of a rota.
const (
	overridesKind = 'r' // name, version
	feedKind      = 'f' // name; the value is the last answer, without its body
	bodyKind      = 'b' // name; the value is the body
	turnsKind     = 't' // alone; the value is the rotas that were in force last
)

func rotaKey(kind byte, rota string) []byte { return key(kind).part(rota) }

// feedAnswer is an oncall.Answer whose body is apart, so that it is cheap to see whether that has changed.
type feedAnswer struct {
	Answer oncall.Answer `json:"answer"`
	Sum    []byte        `json:"sum,omitempty"` // of the body; nil: there was no good answer yet
}

// Rotas are who is on call: the configured rotas, with the overrides that people made, and the calendars as they were read last. A change is in force for
// the very next webhook, and reading costs one atomic load.
type Rotas struct {
	settings policy.Settings
	store    *Store
	now      atomic.Pointer[oncall.Roster]

	mu      sync.Mutex // serializes changes, so that what is in force never goes back
	read    bool       // what is stored was read
	answers map[string]feedAnswer
	parsed  map[string]parsedCalendar
}

// parsedCalendar is when and of what a calendar was made.
type parsedCalendar struct {
	sum []byte
	at  time.Time
}

// parseEvery is after how long a calendar is worked out anew, although its feed did not change: it is worked out for a time around now.
const parseEvery = 12 * time.Hour

// NewRotas returns rotas as configured. Reload puts what is stored of them in force.
func NewRotas(rotas []oncall.Rota, settings policy.Settings, s *Store) *Rotas {
	o := &Rotas{settings: settings, store: s, answers: map[string]feedAnswer{}, parsed: map[string]parsedCalendar{}}
	o.now.Store(oncall.NewRoster(rotas, settings.People, nil, nil))
	return o
}

// Roster returns who is on call, as it is in force.
func (o *Rotas) Roster() *oncall.Roster { return o.now.Load() }

// OnCall implements policy.Roster.
func (o *Rotas) OnCall(rota string, at time.Time) []policy.PersonID {
	return o.now.Load().OnCall(rota, at)
}

// Answers returns the last answer of each calendar that was asked, without its body, in the order of the rotas.
func (o *Rotas) Answers() (all []oncall.Answer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.Roster().Rotas() {
		if a, ok := o.answers[r.Name]; ok {
			all = append(all, a.Answer)
		}
	}
	return all
}

// Reload puts in force what is stored, also by another process, and works calendars out anew that are due. It reads in one round trip, and the
// calendars that changed in another. After an error, what was in force stays so.
func (o *Rotas) Reload(ctx context.Context) error {
	rotas := o.Roster().Rotas()
	if len(rotas) == 0 {
		return nil
	}
	found, err := o.stored(ctx, rotas)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.read = true
	o.overridden(found.revisions...)
	for _, a := range found.answers {
		o.answered(a, found.bodies[a.Answer.Rota])
	}
	return nil
}

// storedRotas is what is stored of rotas. bodies are those that are to be read.
type storedRotas struct {
	revisions []oncall.Revision
	answers   []feedAnswer
	bodies    map[string][]byte
}

func (o *Rotas) stored(ctx context.Context, rotas []oncall.Rota) (storedRotas, error) {
	return fetch(ctx, o.store, func(tx Reader) (found storedRotas, err error) {
		var spans []Span
		for _, r := range rotas {
			feed := rotaKey(feedKind, r.Name)
			spans = append(spans, under(rotaKey(overridesKind, r.Name)).backwards().first(1).of(oncallBucket),
				span{from: feed, to: append(bytes.Clone(feed), 0)}.first(1).of(oncallBucket))
		}
		cursors := tx.Scan(spans...)
		for i, r := range rotas {
			if err := found.read(cursors[2*i], cursors[2*i+1], r); err != nil {
				return found, err
			}
		}
		found.bodies = map[string][]byte{}
		var keys [][]byte
		for _, a := range found.answers {
			if o.isDue(a) {
				keys = append(keys, rotaKey(bodyKind, a.Answer.Rota))
			}
		}
		if len(keys) == 0 {
			return found, nil
		}
		for _, e := range fetched(tx, oncallBucket, keys) {
			found.bodies[string(partOf(e.Key))] = bytes.Clone(e.Value)
		}
		return found, nil
	})
}

// read reads the newest revision of a rota and the last answer of its feed.
func (f *storedRotas) read(overrides, feed Cursor, r oncall.Rota) error {
	if k, v := overrides.Next(); k != nil {
		e, err := overrideTable.decode(k, v)
		if err != nil {
			return err
		}
		f.revisions = append(f.revisions, e)
	}
	if k, v := feed.Next(); k != nil && r.Feed != "" {
		a, err := feedTable.decode(k, v)
		if err != nil {
			return err
		}
		if a.Answer.Source == oncall.SourceOf(r.Feed) { // not that of another address, which the rota had before
			f.answers = append(f.answers, a)
		}
	}
	return nil
}

// isDue reports whether the calendar of an answer is to be worked out.
func (o *Rotas) isDue(a feedAnswer) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := o.parsed[a.Answer.Rota]
	return a.Sum != nil && (!bytes.Equal(p.sum, a.Sum) || o.store.Now().Sub(p.at) >= parseEvery)
}

// overridden puts revisions in force, unless a newer one of their rota is.
func (o *Rotas) overridden(revisions ...oncall.Revision) {
	roster := o.Roster()
	revisions = slices.DeleteFunc(revisions, func(e oncall.Revision) bool { return e.Version <= roster.Revision(e.Rota).Version })
	if len(revisions) > 0 {
		o.now.Store(roster.With(revisions...))
	}
}

// answered takes the answer of a feed over, and works out its calendar if body is not nil. A body that cannot be read, as of a newer version, leaves the
// calendar as it was.
func (o *Rotas) answered(a feedAnswer, body []byte) {
	name := a.Answer.Rota
	if o.answers[name].Answer.CheckedAt.After(a.Answer.CheckedAt) {
		return
	}
	o.answers[name] = a
	rota, ok := o.Roster().Rota(name)
	if body == nil || !ok {
		return
	}
	now := o.store.Now()
	o.parsed[name] = parsedCalendar{a.Sum, now}
	if calendar, err := oncall.ParseCalendar(body, o.Reading(rota), now); err == nil {
		o.now.Store(o.Roster().WithCalendar(name, calendar))
	}
}

// Reading returns how the calendar of a rota is read.
func (o *Rotas) Reading(r oncall.Rota) oncall.Reading {
	how := oncall.Reading{Zone: r.Zone, People: o.settings.People}
	if len(o.settings.Lines) > 0 {
		how.Home = o.settings.Lines[0].Zone
	}
	return how
}

// FeedAnswer returns the last answer of a rota's calendar, with its body. One of another address than the rota's own is none.
func (o *Rotas) FeedAnswer(ctx context.Context, rota oncall.Rota) (oncall.Answer, error) {
	none := oncall.Answer{Rota: rota.Name, Source: oncall.SourceOf(rota.Feed)}
	a, err := o.store.FeedAnswer(ctx, rota.Name)
	if err != nil || a.Source != none.Source {
		return none, err
	}
	return a, nil
}

// PutFeedAnswer stores an answer (see Store.PutFeedAnswer), and puts it in force before it returns.
func (o *Rotas) PutFeedAnswer(ctx context.Context, answer oncall.Answer) error {
	if err := o.store.PutFeedAnswer(ctx, answer); err != nil {
		return err
	}
	a, body := withoutBody(answer)
	if !o.isDue(a) {
		body = nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answered(a, body)
	return nil
}

// withoutBody returns an answer as it is stored, and its body.
func withoutBody(answer oncall.Answer) (a feedAnswer, body []byte) {
	body = answer.Body
	answer.Body = nil
	a.Answer = answer
	if body != nil {
		sum := sha256.Sum256(body)
		a.Sum = sum[:]
	}
	return a, body
}

// FeedAnswer returns the last answer of a rota's calendar, with its body; the zero answer if there never was any.
func (s *Store) FeedAnswer(ctx context.Context, rota string) (oncall.Answer, error) {
	return fetch(ctx, s, func(tx Reader) (oncall.Answer, error) {
		a, err := feedTable.find(tx, rotaKey(feedKind, rota))
		if err != nil || a == nil {
			return oncall.Answer{}, err
		}
		if a.Sum != nil {
			a.Answer.Body = bytes.Clone(tx.Get(oncallBucket, rotaKey(bodyKind, rota)))
		}
		return a.Answer, nil
	})
}

// PutFeedAnswer stores the answer of a rota's calendar, the last good body included, in place of the one before.
func (s *Store) PutFeedAnswer(ctx context.Context, answer oncall.Answer) error {
	a, body := withoutBody(answer)
	_, err := update(ctx, s, func(t *step) (struct{}, error) {
		k := rotaKey(feedKind, answer.Rota)
		before, err := feedTable.find(t.tx, k)
		switch {
		case err != nil:
			return struct{}{}, err
		case a.Sum == nil:
			t.tx.Delete(oncallBucket, rotaKey(bodyKind, answer.Rota))
		case before == nil || !bytes.Equal(before.Sum, a.Sum):
			t.tx.Put(oncallBucket, rotaKey(bodyKind, answer.Rota), body)
		}
		return struct{}{}, feedTable.put(t.tx, k, before, a)
	})
	return err
}

// ChangeOverrides changes the overrides of a rota in the store (see Store.ChangeOverrides), and puts the change in force before it returns. If what is
// stored could not be read at the start, it tries again.
func (o *Rotas) ChangeOverrides(ctx context.Context, rota string, seen int, c oncall.Change) (oncall.Revision, error) {
	after, err := o.store.ChangeOverrides(ctx, rota, seen, c)
	if err != nil {
		return oncall.Revision{}, err
	}
	o.mu.Lock()
	read := o.read
	o.overridden(after)
	o.mu.Unlock()
	if !read {
		_ = o.Reload(ctx) // the server's log has why it could not be read; this change is in force all the same
	}
	return after, nil
}

// Revisions returns the revisions of a rota's overrides before a version (0 for all), newest first, at most limit.
func (o *Rotas) Revisions(ctx context.Context, rota string, before, limit int) ([]oncall.Revision, error) {
	return o.store.OverrideRevisions(ctx, rota, before, limit)
}

// OverrideRevisions returns the revisions of a rota's overrides before a version (0 for all), newest first, at most limit.
func (s *Store) OverrideRevisions(ctx context.Context, rota string, before, limit int) ([]oncall.Revision, error) {
	return newestVersions(ctx, s, overrideTable, rotaKey(overridesKind, rota), before, limit)
}

// ChangeOverrides adds a revision of a rota's overrides and notes it in the audit, in one step, if seen is still the newest version. Otherwise the error is
// oncall.ErrChanged, with what somebody else changed. The other errors are those of oncall.Revision.Changed.
func (s *Store) ChangeOverrides(ctx context.Context, rota string, seen int, c oncall.Change) (oncall.Revision, error) {
	return update(ctx, s, func(t *step) (after oncall.Revision, err error) {
		own := rotaKey(overridesKind, rota)
		before, since, err := newestSince(t.tx, overrideTable, own, seen, func(e oncall.Revision) int { return e.Version })
		switch {
		case err != nil:
			return after, err
		case before.Version != seen:
			return after, overtaken(oncall.ErrChanged, since, func(e oncall.Revision) (string, time.Time) { return e.Words(), e.At })
		}
		before.Rota = rota
		if after, err = before.Changed(c); err != nil {
			return after, err
		}
		if err := overrideTable.put(t.tx, versionKey(own, after.Version), nil, after); err != nil {
			return after, err
		}
		detail := fmt.Sprintf("version %d: %s", after.Version, after.Change)
		return after, s.note(ctx, t.tx, users.AuditEntry{At: c.At, By: after.By, Act: users.ActOverride, Subject: rota, Detail: detail, Reason: c.Reason})
	})
}

// TurnsInForce returns the turns of the rotas that were put in force last, by any process.
func (s *Store) TurnsInForce(ctx context.Context) ([]oncall.Turns, error) {
	return fetch(ctx, s, func(tx Reader) ([]oncall.Turns, error) {
		value := tx.Get(oncallBucket, key(turnsKind))
		if value == nil {
			return nil, nil
		}
		return decode[[]oncall.Turns]("turns", "in force", value)
	})
}

// PutInForce stores the turns of the rotas that are in force from now on. Answers of calendars that none of them has any more are removed. Where nothing
// changes, nothing is written.
func (s *Store) PutInForce(ctx context.Context, rotas []oncall.Rota) error {
	turns, feeds := oncall.TurnsOf(rotas), map[string]bool{}
	for _, r := range rotas {
		feeds[r.Name] = r.Feed != ""
	}
	value, err := encode(turns)
	if err != nil {
		return err
	}
	edits, err := fetch(ctx, s, func(tx Reader) ([]Edit, error) { return inForceEdits(tx, value, len(turns), feeds) })
	if err != nil || len(edits) == 0 {
		return err
	}
	_, err = update(ctx, s, func(t *step) (struct{}, error) {
		write(t.tx, edits)
		return struct{}{}, nil
	})
	return err
}

// inForceEdits returns what is to be written so that the rotas are stored that are in force.
func inForceEdits(tx Reader, value []byte, turns int, feeds map[string]bool) (edits []Edit, err error) {
	before := tx.Get(oncallBucket, key(turnsKind))
	if !bytes.Equal(before, value) && (before != nil || turns > 0) {
		edits = append(edits, Edit{Bucket: oncallBucket, Key: key(turnsKind), Value: value})
	}
	answers, err := feedTable.in(tx, under(key(feedKind)))
	for _, a := range answers {
		if name := a.Answer.Rota; !feeds[name] {
			edits = append(edits, Edit{Bucket: oncallBucket, Key: rotaKey(feedKind, name), Gone: true}, Edit{Bucket: oncallBucket, Key: rotaKey(bodyKind, name), Gone: true})
		}
	}
	return edits, err
}
