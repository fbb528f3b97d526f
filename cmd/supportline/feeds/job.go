package feeds

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
)

// Store keeps the answers of feeds.
type Store interface {
	// Reading returns how the calendar of a rota is read.
	Reading(rota oncall.Rota) oncall.Reading
	// FeedAnswer returns the last answer of a rota's feed. One of another address than the rota's own is none.
	FeedAnswer(ctx context.Context, rota oncall.Rota) (oncall.Answer, error)
	// PutFeedAnswer stores an answer in place of the one before. Those who ask who is on call see it from then on.
	PutFeedAnswer(ctx context.Context, answer oncall.Answer) error
}

// Teller tells people about events. Telling one again does nothing: its key names it.
type Teller interface {
	Tell(ctx context.Context, events ...policy.Notice) error
}

// Options hold what a Job takes from the program. Zero fields have the defaults named.
type Options struct {
	Now       func() time.Time                            // time.Now
	Transport http.RoundTripper                           // http.DefaultTransport
	Logger    *zap.Logger                                 // none
	Asked     func(rota string, a oncall.Answer, ok bool) // after each answer, for counting; nothing
	// Shifts returns who is on call in a rota from a time until another, without a break. Nil: gaps are not looked for.
	Shifts func(rota string, from, until time.Time) []oncall.Shift
}

// askEvery is how often a feed is asked. An override in the tool that keeps the rota is in force within this time.
const askEvery = 5 * time.Minute

// Job asks the feeds of rotas for their calendars.
type Job struct {
	rotas  []oncall.Rota
	store  Store
	teller Teller
	client *http.Client
	o      Options

	mu     sync.Mutex
	warned map[string]string // by rota, the day on which a gap that comes was told
}

// New returns a Job over the rotas that have a feed.
func New(rotas []oncall.Rota, s Store, t Teller, o Options) *Job {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Asked == nil {
		o.Asked = func(string, oncall.Answer, bool) {}
	}
	return &Job{rotas: Fed(rotas), store: s, teller: t, client: client(o.Transport), o: o, warned: map[string]string{}}
}

// Fed returns the rotas that are read from a calendar.
func Fed(rotas []oncall.Rota) []oncall.Rota {
	return slices.DeleteFunc(slices.Clone(rotas), func(r oncall.Rota) bool { return r.Feed == "" })
}

// Read asks a feed once for its calendar, and stores nothing. A nil transport is the network. The error is in words, without the address.
func Read(ctx context.Context, transport http.RoundTripper, address string, how oncall.Reading, now time.Time) (oncall.Calendar, error) {
	got, err := fetchOnce(ctx, client(transport), address, oncall.Answer{})
	if err != nil {
		return oncall.Calendar{}, err
	}
	return oncall.ParseCalendar(got.body, how, now)
}

// Run asks each feed at once, and then every few minutes until ctx ends. One that hangs holds up no other.
func (j *Job) Run(ctx context.Context) {
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		j.Once(ctx)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// Once asks each feed once.
func (j *Job) Once(ctx context.Context) {
	var all sync.WaitGroup
	for _, r := range j.rotas {
		all.Go(func() {
			err := j.ask(ctx, r)
			if ctx.Err() != nil { // who is stopped has learnt nothing about gaps either
				return
			}
			if err != nil {
				j.o.Logger.Error("what the calendar of a rota answered could not be stored", zap.String("rota", r.Name), zap.Error(err))
			}
			if err := j.warn(ctx, r); err != nil && ctx.Err() == nil {
				j.o.Logger.Error("a gap that comes could not be told", zap.String("rota", r.Name), zap.Error(err))
			}
		})
	}
	all.Wait()
}

// ask asks one feed, and keeps what it answered. That it begins to fail is told before it is kept: whoever dies between tells it again, under the same key.
func (j *Job) ask(ctx context.Context, r oncall.Rota) error {
	last, err := j.store.FeedAnswer(ctx, r)
	if err != nil {
		return err
	}
	got, err := fetch(ctx, j.client, r.Feed, last)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	next := judged(last, got, err, j.store.Reading(r), j.o.Now())
	j.log(last, next)
	if !next.FailedAt.IsZero() && last.FailedAt.IsZero() {
		if err := j.teller.Tell(ctx, next.Notice()); err != nil {
			return err
		}
	}
	j.o.Asked(r.Name, next, next.FailedAt.IsZero())
	return j.store.PutFeedAnswer(ctx, next)
}

// judged returns what is kept after an answer. A good one is a whole calendar; one without anybody from now on, where the last one had somebody, is
// none: tools answer so when a rota is deleted, or its names are hidden.
func judged(last oncall.Answer, got fetched, cause error, how oncall.Reading, now time.Time) oncall.Answer {
	next := last
	next.CheckedAt = now
	var c oncall.Calendar
	if cause == nil && !got.unchanged {
		next.Body, next.ETag, next.LastModified = got.body, got.etag, got.date
	}
	if cause == nil {
		c, cause = oncall.ParseCalendar(next.Body, how, now)
	}
	if cause == nil && !got.unchanged && !c.Has(now) && last.Body != nil {
		if before, err := oncall.ParseCalendar(last.Body, how, now); err == nil && before.Has(now) {
			cause = errors.New("nobody of the configuration is on call in it from now on, and in the one before there was somebody")
		}
	}
	if cause == nil {
		next.FetchedAt, next.FailedAt, next.Error = now, time.Time{}, ""
		return next
	}
	next.Body, next.ETag, next.LastModified = last.Body, last.ETag, last.LastModified
	next.Error = cause.Error()
	if next.FailedAt.IsZero() {
		next.FailedAt = now
	}
	if got.unchanged { // what is kept cannot be read any more: it is asked for whole
		next.ETag, next.LastModified = "", ""
	}
	return next
}

// log writes that a feed begins to fail, or is good again.
func (j *Job) log(last, next oncall.Answer) {
	switch rota := zap.String("rota", next.Rota); {
	case last.FailedAt.IsZero() && !next.FailedAt.IsZero():
		j.o.Logger.Warn("the calendar of a rota cannot be read; the last good one is used, and it is asked for on", rota, zap.String("cause", next.Error))
	case !last.FailedAt.IsZero() && next.FailedAt.IsZero():
		j.o.Logger.Info("the calendar of a rota is read again", rota)
	}
}

// warnWithin is how long before a gap it is told.
const warnWithin = 24 * time.Hour

// lookAhead is how far a calendar is looked at for whether anybody is on call after a gap.
const lookAhead = 28 * 24 * time.Hour

// warn tells, once a day, of a gap that begins within a day and is none that the calendar means: a name in it is nobody's, or nothing comes after. A
// rota of nights has a gap each day.
func (j *Job) warn(ctx context.Context, r oncall.Rota) error {
	now := j.o.Now()
	day := now.UTC().Format(time.DateOnly)
	j.mu.Lock()
	told := j.warned[r.Name] == day
	j.mu.Unlock()
	if j.o.Shifts == nil || told {
		return nil
	}
	gap, found := comingGap(j.o.Shifts(r.Name, now, now.Add(lookAhead)), now)
	if !found {
		return nil
	}
	if err := j.teller.Tell(ctx, oncall.GapNotice(r.Name, gap, now)); err != nil {
		return fmt.Errorf("the gap of %s: %w", gap.From.UTC().Format(time.RFC3339), err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.warned[r.Name] = day
	return nil
}

// comingGap returns the first gap that begins within a day and wants a person.
func comingGap(shifts []oncall.Shift, now time.Time) (gap oncall.Shift, found bool) {
	for i, s := range shifts {
		if len(s.People) == 0 && s.From.Before(now.Add(warnWithin)) && (s.Note != "" || i > 0 && i == len(shifts)-1) {
			return s, true
		}
	}
	return oncall.Shift{}, false
}
