package recordings

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/officernd/supportline/policy"
)

// Waiting is a recording that waits for a step, as JSON and CSV. Call and Seconds are unknown where the call has lost the recording.
type Waiting struct {
	Recording string          `json:"recording"`
	Call      *policy.CallSID `json:"call"`
	Step      string          `json:"step"` // fetch, delete or remove
	Seconds   *int            `json:"seconds"`
	Tries     int             `json:"tries"`
	NextAt    *time.Time      `json:"next_at"`
	Error     *string         `json:"error"`
}

// Waiting returns the recordings that wait for a step which the configuration allows, at most limit of each step: none is fetched without a
// bucket, or deleted at the provider unless that is on. With failed, it returns only those that failed before.
func (a *Archive) Waiting(ctx context.Context, now time.Time, failed bool, limit int) iter.Seq2[Waiting, error] {
	someday := now.AddDate(1000, 0, 0) // after the next attempt of everything
	return func(yield func(Waiting, error) bool) {
		for _, step := range a.Steps() {
			due, err := a.log.DueRecordings(ctx, step, someday, limit)
			if err != nil {
				yield(Waiting{}, err)
				return
			}
			for _, d := range due {
				w, there, err := a.waiting(ctx, step, d)
				if (err != nil || (there && (w.Tries > 0 || !failed))) && (!yield(w, err) || err != nil) {
					return
				}
			}
		}
		removals, err := a.log.DueRemovals(ctx, someday, limit)
		if err != nil {
			yield(Waiting{}, err)
			return
		}
		for _, r := range removals {
			if (r.Tries > 0 || !failed) && !yield(waiting(r.SID, "remove", r.Tries, r.NextAt, r.Error), nil) {
				return
			}
		}
	}
}

func (a *Archive) waiting(ctx context.Context, step policy.RecordingStep, d policy.DueRecording) (w Waiting, there bool, err error) {
	call, err := a.log.Call(ctx, d.Call)
	if errors.Is(err, policy.ErrNoCall) {
		return w, false, nil
	}
	r, there := call.Recording(d.SID)
	if err != nil || !there || r.Step() != step {
		return w, false, err
	}
	w = waiting(r.SID, string(step), r.Tries, r.NextAt, r.Error)
	w.Call, w.Seconds = &call.SID, &r.Seconds
	return w, true, nil
}

func waiting(sid, step string, tries int, next time.Time, problem string) Waiting {
	w := Waiting{Recording: sid, Step: step, Tries: tries}
	if !next.IsZero() {
		w.NextAt = new(next.UTC().Truncate(time.Second))
	}
	if problem != "" {
		w.Error = &problem
	}
	return w
}
