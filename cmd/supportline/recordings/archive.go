package recordings

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// Log is where it stands what is to be done. A store is one.
type Log interface {
	Call(ctx context.Context, sid policy.CallSID) (policy.Call, error)
	Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error)
	DueRecordings(ctx context.Context, step policy.RecordingStep, now time.Time, limit int) ([]policy.DueRecording, error)
	DueRemovals(ctx context.Context, now time.Time, limit int) ([]policy.Removal, error)
	Removed(ctx context.Context, r policy.Removal) error
	RemovalFailed(ctx context.Context, r policy.Removal, cause error, next time.Time) error
}

// Provider is where recordings are made. An account is one.
type Provider interface {
	RecordingMedia(ctx context.Context, sid string) (*twilio.Media, error)
	DeleteRecording(ctx context.Context, sid string) error
}

// Options are what a Keeper takes from its surroundings. Zero fields have the defaults named.
type Options struct {
	Now    func() time.Time // time.Now
	Random func() float64   // in [0, 1); math/rand
	Logger *zap.Logger      // none
	// Told is called after each try, for counting: what was tried ("fetch", "delete", "remove"), and how it went: "ok", "not there" (the
	// provider has no such sound, yet), "failed"; nothing.
	Told func(what, result string)
}

// Keeper does what is to be done about recordings, and opens them. It is safe for concurrent use.
type Keeper struct {
	log      Log
	provider Provider
	place    Place // nil: recordings stay at the provider
	deletes  bool
	o        Options
	turn     chan struct{} // held by the pass that is under way
	mu       sync.Mutex
	down     bool // the place failed last
}

// New makes a Keeper. It starts nothing. place is nil where recordings stay at the provider; what erasing takes from calls is removed there
// all the same.
func New(s Settings, place Place, log Log, provider Provider, o Options) *Keeper {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Told == nil {
		o.Told = func(string, string) {}
	}
	return &Keeper{log: log, provider: provider, place: place, deletes: s.DeleteAtProvider && place != nil, o: o, turn: make(chan struct{}, 1)}
}

const (
	// lookEvery is how often the log is looked at.
	lookEvery = 5 * time.Second
	// atOnce is how many recordings are worked on at a time, and together how many are asked for.
	atOnce   = 4
	together = 100
	// stepWithin, removedWithin and probedWithin bound one recording's turn, so that a place that hangs holds up nothing for ever. Half a gigabyte
	// in an hour is a slow line.
	stepWithin    = time.Hour
	removedWithin = 5 * time.Minute
	probedWithin  = time.Minute
)

// Run does what is due until ctx is over, and returns when nothing of it runs any more.
func (k *Keeper) Run(ctx context.Context) {
	pace := time.NewTicker(lookEvery)
	defer pace.Stop()
	for failing := false; ctx.Err() == nil; {
		_, err := k.Pass(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			k.o.Logger.Error("recordings wait: the log cannot be read or written", zap.Error(err))
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-pace.C:
		}
	}
}

// Done says what a pass did, in numbers of recordings; Down, that the place fails, so that nothing was fetched there.
type Done struct {
	Fetched, Deleted, Removed, Failed int
	Down                              bool
}

// Pass does what is due once: first what has to go, then what is to be fetched, then what is to be deleted at the provider. A recording that
// fails waits for its next turn, and is no error; an error is the log's, or ctx's. Passes follow one another, so that nothing is fetched
// again while it is being removed.
func (k *Keeper) Pass(ctx context.Context) (Done, error) { return k.pass(ctx, k.o.Now()) }

// PassAll is Pass for everything, what waits for its next turn included.
func (k *Keeper) PassAll(ctx context.Context) (Done, error) {
	return k.pass(ctx, k.o.Now().AddDate(1000, 0, 0))
}

// pass does what is due at a time.
func (k *Keeper) pass(ctx context.Context, due time.Time) (Done, error) {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return Done{}, ctx.Err()
	}
	p := &pass{Keeper: k, now: k.o.Now(), due: due, seen: map[string]bool{}}
	err := each(ctx, p.removals, p.remove)
	for _, step := range k.Steps() {
		if err == nil {
			err = each(ctx, p.recordings(step), p.work(step))
		}
	}
	p.did.Down = k.place != nil && !k.up(ctx)
	return p.did, err
}

// Steps are what is done here about a recording, in their order: nothing without a place, and the deleting only where it is configured.
func (k *Keeper) Steps() []policy.RecordingStep {
	switch {
	case k.place == nil:
		return nil
	case !k.deletes:
		return []policy.RecordingStep{policy.StepFetch}
	}
	return []policy.RecordingStep{policy.StepFetch, policy.StepDelete}
}

// up says whether the place can be used, after it could not: else each recording would be fetched for nothing.
func (k *Keeper) up(ctx context.Context) bool {
	k.mu.Lock()
	down := k.down
	k.mu.Unlock()
	return !down || k.placed(k.Probe(ctx)) == nil
}

// placed takes note of whether the place works, and gives the error on.
func (k *Keeper) placed(err error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if (err != nil) != k.down && !errors.Is(err, context.Canceled) {
		k.down = err != nil
		if k.down {
			k.o.Logger.Error("the place of recordings fails; they wait", zap.String("place", k.place.Name()), zap.Error(err))
		} else {
			k.o.Logger.Info("the place of recordings works again", zap.String("place", k.place.Name()))
		}
	}
	return err
}

// Probe says what is wrong with the place; nil where there is none.
func (k *Keeper) Probe(ctx context.Context) error {
	if k.place == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probedWithin)
	defer cancel()
	return k.place.Probe(ctx)
}

// Place names the place; "" where recordings stay at the provider.
func (k *Keeper) Place() string {
	if k.place == nil {
		return ""
	}
	return k.place.Name()
}

// each works on what is due, some at a time, until nothing new is. The first error ends it.
func each[T any](ctx context.Context, due func(context.Context) ([]T, error), work func(context.Context, T) error) error {
	for {
		all, err := due(ctx)
		if err != nil || len(all) == 0 {
			return err
		}
		failed := make([]error, len(all))
		places := make(chan struct{}, atOnce)
		var under sync.WaitGroup
		for i, one := range all {
			places <- struct{}{}
			under.Go(func() {
				defer func() { <-places }()
				if failed[i] = ctx.Err(); failed[i] == nil {
					failed[i] = work(ctx, one)
				}
			})
		}
		under.Wait()
		if err := errors.Join(failed...); err != nil {
			return err
		}
	}
}

// notThere says whether the provider answered that it has no such thing.
func notThere(err error) bool {
	var refused *twilio.Err
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound
}

func resultOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case notThere(err):
		return "not there"
	}
	return "failed"
}
