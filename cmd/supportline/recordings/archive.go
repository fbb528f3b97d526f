package recordings

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	random "math/rand/v2"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// Log holds the calls with their recordings, and what is to be done about them. A store is one.
type Log interface {
	Call(ctx context.Context, sid policy.CallSID) (policy.Call, error)
	Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error)
	DueRecordings(ctx context.Context, step policy.RecordingStep, now time.Time, limit int) ([]policy.DueRecording, error)
	DueRemovals(ctx context.Context, now time.Time, limit int) ([]policy.Removal, error)
	Removed(ctx context.Context, r policy.Removal) error
	RemovalFailed(ctx context.Context, r policy.Removal, cause error, next time.Time) error
}

// Provider makes the recordings. An account is one.
type Provider interface {
	RecordingMedia(ctx context.Context, sid string) (*twilio.Media, error)
	DeleteRecording(ctx context.Context, sid string) error
}

// Options hold what an Archive takes from the program. Zero fields have the defaults named.
type Options struct {
	Now    func() time.Time // time.Now
	Random func() float64   // in [0, 1); math/rand
	Logger *zap.Logger      // none
	By     string           // the process that works, as the log knows it; a name of its own
	// Told is called after each attempt, for counting: what was attempted ("fetch", "delete", "remove"), and the result: "ok", "not there"
	// (the provider does not have the sound, yet), "failed". The default does nothing.
	Told func(what, result string)
}

// Archive fetches, deletes and removes recordings as the log asks for it, and opens them. It is safe for concurrent use.
type Archive struct {
	log      Log
	provider Provider
	bucket   Bucket // nil: recordings stay at the provider
	deletes  bool
	o        Options
	turn     chan struct{} // held by the pass that is under way
	mu       sync.Mutex
	down     bool // the bucket failed last
}

// New returns an Archive. It starts nothing. bucket is nil where recordings stay at the provider; what erasing takes from calls is removed
// there all the same.
func New(s Settings, bucket Bucket, log Log, provider Provider, o Options) *Archive {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = random.Float64
	}
	o.Logger, o.By = cmp.Or(o.Logger, zap.NewNop()), cmp.Or(o.By, rand.Text())
	if o.Told == nil {
		o.Told = func(string, string) {}
	}
	return &Archive{log: log, provider: provider, bucket: bucket, deletes: s.DeleteAtProvider && bucket != nil, o: o, turn: make(chan struct{}, 1)}
}

const (
	// lookEvery is how often the log is asked for work.
	lookEvery = 5 * time.Second
	// atOnce bounds the recordings that are worked on at a time, together those that are asked for at a time.
	atOnce   = 4
	together = 100
	// stepWithin, removedWithin and probedWithin bound the work on one recording, so that a bucket that hangs does not hold up the others.
	// An hour is enough for half a gigabyte over a slow line.
	stepWithin    = time.Hour
	removedWithin = 5 * time.Minute
	probedWithin  = time.Minute
	// claimFor is how long a recording is left to a process that claimed it and was not heard of since. The clocks of processes may be minutes apart.
	claimFor   = 5 * time.Minute
	claimEvery = time.Minute
)

// Run does what is due until ctx is over, and returns when nothing of it is running any more.
func (a *Archive) Run(ctx context.Context) {
	pace := time.NewTicker(lookEvery)
	defer pace.Stop()
	for failing := false; ctx.Err() == nil; {
		_, err := a.Pass(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			a.o.Logger.Error("recordings wait: the log cannot be read or written", zap.Error(err))
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-pace.C:
		}
	}
}

// Done holds what a pass did, in numbers of recordings. Down means that the bucket fails, so that nothing was fetched.
type Done struct {
	Fetched, Deleted, Removed, Failed int
	Down                              bool
}

// Pass does once what is due: first the removals, then the fetching, then the deletions at the provider. A recording that fails waits for its
// next attempt, and is no error; an error is the log's, or ctx's. Passes follow one another, so that nothing is fetched again while it is
// being removed.
func (a *Archive) Pass(ctx context.Context) (Done, error) { return a.pass(ctx, a.o.Now()) }

// PassAll is Pass for everything, including what waits for its next attempt.
func (a *Archive) PassAll(ctx context.Context) (Done, error) {
	return a.pass(ctx, a.o.Now().AddDate(1000, 0, 0))
}

// pass does what is due at the given time.
func (a *Archive) pass(ctx context.Context, due time.Time) (Done, error) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return Done{}, ctx.Err()
	}
	p := &pass{Archive: a, now: a.o.Now(), due: due, seen: map[string]bool{}}
	err := each(ctx, p.removals, p.remove)
	work := map[policy.RecordingStep]func(context.Context, policy.DueRecording) error{
		policy.StepFetch: p.fetch, policy.StepDelete: p.delete,
	}
	for _, step := range a.Steps() {
		if err == nil {
			err = each(ctx, p.recordings(step), work[step])
		}
	}
	p.did.Down = a.bucket != nil && !a.up(ctx)
	return p.did, err
}

// Steps returns the steps that are taken here, in their order: none without a bucket, and the deletion only where it is configured.
func (a *Archive) Steps() []policy.RecordingStep {
	switch {
	case a.bucket == nil:
		return nil
	case !a.deletes:
		return []policy.RecordingStep{policy.StepFetch}
	}
	return []policy.RecordingStep{policy.StepFetch, policy.StepDelete}
}

// up reports whether the bucket can be used. After a failure it is probed first: otherwise each recording would be fetched in vain.
func (a *Archive) up(ctx context.Context) bool {
	a.mu.Lock()
	down := a.down
	a.mu.Unlock()
	return !down || a.noteUp(a.Probe(ctx)) == nil
}

// noteUp remembers from err whether the bucket works, and returns err.
func (a *Archive) noteUp(err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if (err != nil) != a.down && !errors.Is(err, context.Canceled) {
		a.down = err != nil
		if a.down {
			a.o.Logger.Error("the bucket of recordings fails; they wait", zap.String("bucket", a.bucket.Name()), zap.Error(err))
		} else {
			a.o.Logger.Info("the bucket of recordings works again", zap.String("bucket", a.bucket.Name()))
		}
	}
	return err
}

// Probe returns what is wrong with the bucket; nil where there is none.
func (a *Archive) Probe(ctx context.Context) error {
	if a.bucket == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probedWithin)
	defer cancel()
	return a.bucket.Probe(ctx)
}

// BucketName returns the name of the bucket, "" where recordings stay at the provider.
func (a *Archive) BucketName() string {
	if a.bucket == nil {
		return ""
	}
	return a.bucket.Name()
}

// each works on what is due, some at a time, until nothing new is due. The first error ends it.
func each[T any](ctx context.Context, due func(context.Context) ([]T, error), work func(context.Context, T) error) error {
	for {
		all, err := due(ctx)
		if err != nil || len(all) == 0 {
			return err
		}
		failed := make([]error, len(all))
		slots := make(chan struct{}, atOnce)
		var under sync.WaitGroup
		for i, one := range all {
			slots <- struct{}{}
			under.Go(func() {
				defer func() { <-slots }()
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

// notThere reports whether the provider answered that it does not have the recording.
func notThere(err error) bool {
	refused, ok := errors.AsType[*twilio.Err](err)
	return ok && refused.Status == http.StatusNotFound
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
