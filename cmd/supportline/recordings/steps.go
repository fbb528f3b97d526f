package recordings

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
)

// pass is one round of work.
type pass struct {
	*Archive
	now   time.Time
	due   time.Time       // what is due until then is done; after now in PassAll
	seen  map[string]bool // what was attempted in this pass is not attempted again in it
	count sync.Mutex
	did   Done
}

// fresh reports whether this pass has not attempted that before, and remembers it.
func (p *pass) fresh(kind, sid string) bool {
	before := p.seen[kind+sid]
	p.seen[kind+sid] = true
	return !before
}

func (p *pass) recordings(step policy.RecordingStep) func(context.Context) ([]policy.DueRecording, error) {
	return func(ctx context.Context) ([]policy.DueRecording, error) {
		if !p.up(ctx) {
			return nil, ctx.Err()
		}
		due, err := p.log.DueRecordings(ctx, step, p.due, together+len(p.seen))
		return slices.DeleteFunc(due, func(d policy.DueRecording) bool { return !p.fresh(string(step), d.SID) }), err
	}
}

// fetch copies one recording, and notes the copy in the log. A call that has forgotten the recording meanwhile stays as it is, and the copy is
// removed in the next pass, because that was noted at the same time.
func (p *pass) fetch(ctx context.Context, d policy.DueRecording) error {
	return p.step(ctx, d, policy.StepFetch, func(ctx context.Context, r policy.Recording) (func(policy.Call) policy.Call, error) {
		made, err := p.copy(ctx, r)
		return func(c policy.Call) policy.Call { return c.LearnCopy(d.SID, made) }, err
	})
}

// delete deletes one recording at the provider, after it has compared our copy once more: from then on that is the only one.
func (p *pass) delete(ctx context.Context, d policy.DueRecording) error {
	return p.step(ctx, d, policy.StepDelete, func(ctx context.Context, r policy.Recording) (func(policy.Call) policy.Call, error) {
		err := p.check(ctx, *r.Copy)
		if err == nil {
			err = p.provider.DeleteRecording(ctx, d.SID)
		}
		at := p.o.Now()
		return func(c policy.Call) policy.Call { return c.LearnDeleted(d.SID, at) }, err
	})
}

// step takes one step with one recording, and notes the result in the log. An error is the log's.
func (p *pass) step(
	ctx context.Context, d policy.DueRecording, what policy.RecordingStep, do func(context.Context, policy.Recording) (func(policy.Call) policy.Call, error),
) error {
	within, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	r, mine, err := p.claim(ctx, d, what)
	if err != nil || !mine {
		return err
	}
	stopKeeping := p.keepClaim(within, d, what)
	learn, failed := do(within, r)
	stopKeeping()
	if failed != nil {
		if ctx.Err() != nil { // we stopped it ourselves, which is no failure of the recording
			_, err := p.log.Advance(context.WithoutCancel(ctx), d.Call, func(c policy.Call) policy.Call { return c.LearnReleased(d.SID, p.o.By, p.now) })
			return errors.Join(ctx.Err(), err)
		}
		next := p.next(r, what, failed)
		learn = func(c policy.Call) policy.Call { return c.LearnFailed(d.SID, what, failed.Error(), next) }
	}
	// The result is noted even while the program stops.
	_, err = p.log.Advance(context.WithoutCancel(ctx), d.Call, learn)
	p.tell(string(what), failed, zap.String("call", string(d.Call)), zap.String("recording", d.SID), zap.Int("try", r.Tries+1))
	return err
}

// claim claims a recording for one step, and returns it. mine is false for one that was forgotten, for which the step was taken already, or that
// another process has claimed.
func (p *pass) claim(ctx context.Context, d policy.DueRecording, what policy.RecordingStep) (r policy.Recording, mine bool, err error) {
	call, err := p.log.Call(ctx, d.Call)
	if errors.Is(err, policy.ErrNoCall) {
		return r, false, nil
	}
	if r, mine = call.Recording(d.SID); err != nil || !mine || r.Step() != what {
		return r, false, err
	}
	now := p.o.Now()
	until := now.Add(claimFor)
	call, err = p.log.Advance(ctx, d.Call, func(c policy.Call) policy.Call { return c.LearnClaimed(d.SID, what, p.o.By, now, until) })
	if err != nil {
		return r, false, err
	}
	r, mine = call.Recording(d.SID)
	return r, mine && r.ClaimedBy == p.o.By && r.NextAt.Equal(until), nil
}

// keepClaim renews a claim from time to time, until it is told that the step is over.
func (p *pass) keepClaim(ctx context.Context, d policy.DueRecording, what policy.RecordingStep) (over func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		pace := time.NewTicker(claimEvery)
		defer pace.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-pace.C:
			}
			if _, _, err := p.claim(ctx, d, what); err != nil && ctx.Err() == nil { // the claim lasts a while without it
				p.o.Logger.Warn("a claim of a recording was not renewed", zap.String("recording", d.SID), zap.Error(err))
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// next returns when a step that failed is tried again: always after this pass.
func (p *pass) next(r policy.Recording, what policy.RecordingStep, failed error) time.Time {
	pause := again(r.Tries+1, p.o.Random())
	if what == policy.StepFetch && notThere(failed) && !r.At.IsZero() && p.now.Sub(r.At) > hopeless {
		pause = spread(seldom, p.o.Random())
	}
	return p.now.Add(pause)
}

// copy writes the sound from the provider to the bucket, and reads it back.
func (p *pass) copy(ctx context.Context, r policy.Recording) (policy.RecordingCopy, error) {
	media, err := p.provider.RecordingMedia(ctx, r.SID)
	if err != nil {
		return policy.RecordingCopy{}, err
	}
	defer media.Close()
	sum := sha256.New()
	sound := &sound{from: media, sum: sum}
	made := policy.RecordingCopy{Bucket: p.bucket.Name(), File: r.SID + suffix, Type: media.Type}
	err = p.bucket.Put(ctx, made.File, media.Type, sound, media.Bytes)
	switch {
	case sound.err != nil: // of the provider; the bucket may have wrapped it
		return made, sound.err
	case p.noteUp(err) != nil:
		return made, fmt.Errorf("%s: %w", made.Bucket, err)
	}
	made.Bytes, made.SHA256, made.At = sound.bytes, hex.EncodeToString(sum.Sum(nil)), p.o.Now()
	if err := p.check(ctx, made); err != nil {
		_, removal := p.bucket.Remove(ctx, made.File)
		return made, errors.Join(err, removal)
	}
	return made, nil
}

// check reads a copy and compares it with its checksum.
func (p *pass) check(ctx context.Context, k policy.RecordingCopy) error {
	file, _, err := p.find(ctx, k)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := verify(file, k); err != nil {
		return fmt.Errorf("%s in %s: %w", k.File, k.Bucket, err)
	}
	return nil
}

// tell counts and logs the result of an attempt.
func (p *pass) tell(what string, failed error, fields ...zap.Field) {
	p.count.Lock()
	defer p.count.Unlock()
	p.o.Told(what, resultOf(failed))
	if failed != nil {
		p.did.Failed++
		p.o.Logger.Warn("a recording waits", append(fields, zap.String("step", what), zap.Error(failed))...)
		return
	}
	did := map[string]struct {
		count *int
		words string
	}{
		string(policy.StepFetch):  {&p.did.Fetched, "a recording was fetched"},
		string(policy.StepDelete): {&p.did.Deleted, "a recording was deleted at the provider"},
		"remove":                  {&p.did.Removed, "a recording was removed"},
	}[what]
	*did.count++
	p.o.Logger.Info(did.words, fields...)
}
