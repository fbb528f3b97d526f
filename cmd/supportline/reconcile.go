package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// callList is what the provider lists. An account is one.
type callList interface {
	Calls(ctx context.Context, from, to time.Time) iter.Seq2[twilio.ListedCall, error]
	Recordings(ctx context.Context, from, to time.Time) iter.Seq2[twilio.ListedRecording, error]
}

// repairable is what reconcile needs of the log.
type repairable interface {
	Call(context.Context, policy.CallSID) (policy.Call, error)
	Advance(context.Context, policy.CallSID, func(policy.Call) policy.Call) (policy.Call, error)
	Checkpoint(context.Context) (time.Time, error)
	SetCheckpoint(context.Context, time.Time) error
}

// together is how many calls are repaired at once, so that they share commits.
const together = 64

// settled is how long after its end a call without a duration is taken to have none: the provider's list fills it in late.
const settled = time.Hour

// reconciler compares the log with the provider's list, and repairs it. It only ever adds to what is known of a call (policy.Call.Learn), so
// it may be stopped at any point and run any number of times.
type reconciler struct {
	log      repairable
	list     callList
	settings policy.Settings
	now      time.Time
	seen     func(n int, at time.Time) // progress: so many calls, back to this start; nil: nobody looks

	mu      sync.Mutex
	repairs []repair
	failed  error
	foreign int // calls to numbers that are no line of ours
}

// repair is what was put right on one call.
type repair struct {
	SID       policy.CallSID  `json:"sid"`
	StartedAt time.Time       `json:"started_at"`
	Line      string          `json:"line"`
	Repairs   []policy.Repair `json:"repairs"`
}

// run goes through everything that began in [from, to), but for what retention has removed. Then it moves the checkpoint to there, unless
// that would leave a gap behind the last one.
func (r *reconciler) run(ctx context.Context, from, to time.Time) error {
	covered, err := r.log.Checkpoint(ctx)
	if err != nil {
		return err
	}
	if covered.IsZero() {
		covered = to.Add(-firstLook)
	}
	gap := from.After(covered)
	if kept := r.now.Add(-r.settings.Retention); from.Before(kept) {
		from = kept
	}
	if err := errors.Join(r.calls(ctx, from, to), r.recordings(ctx, from, to)); err != nil {
		return err
	}
	slices.SortFunc(r.repairs, func(a, b repair) int { return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.SID, b.SID)) })
	if gap {
		return nil
	}
	return r.log.SetCheckpoint(ctx, to)
}

func (r *reconciler) calls(ctx context.Context, from, to time.Time) error {
	var all sync.WaitGroup
	defer all.Wait()
	places := make(chan struct{}, together)
	n := 0
	for c, err := range r.list.Calls(ctx, from, to) {
		if err != nil {
			return err
		}
		n++
		if r.seen != nil {
			r.seen(n, c.StartedAt)
		}
		sid, report, ok := r.report(c)
		if !ok {
			continue
		}
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			r.learn(ctx, sid, func(c policy.Call) policy.Call { return c.LearnListed(report, r.now) })
		})
	}
	all.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// report is what a listed call says, of which call; false for one that is none of ours, goes on, or is not written up yet.
func (r *reconciler) report(c twilio.ListedCall) (policy.CallSID, policy.Report, bool) {
	ended := cmp.Or(c.EndedAt, c.StartedAt) // the provider leaves out the end of a call that nobody answered
	switch c.Status {
	case "completed":
		if c.EndedAt.IsZero() || (c.Seconds == nil && r.now.Sub(c.EndedAt) < settled) {
			return "", policy.Report{}, false
		}
	case "busy", "failed", "no-answer", "canceled":
	default:
		return "", policy.Report{}, false
	}
	report := policy.Report{
		At: ended, From: policy.Phone(c.From), To: policy.Phone(c.To), Status: c.Status, Seconds: c.Seconds, StartedAt: c.StartedAt,
	}
	ours := report.To
	sid := policy.CallSID(c.SID)
	if c.ParentSID != "" {
		ours, report.Leg, sid = report.From, sid, policy.CallSID(c.ParentSID)
	} else if c.Direction != "inbound" {
		return "", policy.Report{}, false
	}
	if _, configured := r.settings.Line(ours); !configured {
		r.foreign++
		return "", policy.Report{}, false
	}
	return sid, report, true
}

// learn brings one report into the log, if it says anything new there.
func (r *reconciler) learn(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) {
	known, err := r.log.Call(ctx, sid)
	if errors.Is(err, policy.ErrNoCall) {
		known, err = policy.Call{SID: sid}, nil
	}
	if err == nil && !reflect.DeepEqual(change(known.Clip()), known) {
		var before policy.Call
		var after policy.Call
		after, err = r.log.Advance(ctx, sid, func(c policy.Call) policy.Call {
			before = c
			return change(c)
		})
		if found := policy.Repairs(before, after); err == nil && len(found) > 0 {
			r.note(repair{SID: sid, StartedAt: after.StartedAt, Line: after.Line.Full(), Repairs: found})
			return
		}
	}
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.failed = errors.Join(r.failed, fmt.Errorf("call %s: %w", sid, err))
	}
}

func (r *reconciler) note(found repair) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.repairs = append(r.repairs, found)
}

// recordings finds voicemails and recordings whose callback was lost, of calls that the log knows.
func (r *reconciler) recordings(ctx context.Context, from, to time.Time) error {
	for listed, err := range r.list.Recordings(ctx, from, to) {
		if err != nil {
			return err
		}
		if listed.Status != "completed" || listed.Seconds == nil {
			continue
		}
		call, err := r.log.Call(ctx, policy.CallSID(listed.CallSID))
		if errors.Is(err, policy.ErrNoCall) {
			continue
		}
		if err != nil {
			return err
		}
		if report, missing := missingRecording(call, listed); missing {
			r.learn(ctx, call.SID, func(c policy.Call) policy.Call { return c.Learn(report) })
		}
	}
	return r.failed
}

// missingRecording is the report that a recording's callback would have made, where the log lacks it. The list's own times are no better
// than the callback's.
func missingRecording(call policy.Call, listed twilio.ListedRecording) (policy.Report, bool) {
	if call.Erased {
		return policy.Report{}, false
	}
	found := &policy.Recording{SID: listed.SID, URL: listed.URL, Seconds: *listed.Seconds, At: listed.StartedAt}
	if listed.Source == "RecordVerb" {
		return policy.Report{Message: found}, call.Message == nil || call.Message.SID == ""
	}
	known := slices.ContainsFunc(call.Recordings, func(k policy.Recording) bool { return k.SID == listed.SID })
	return policy.Report{Recording: found}, !known
}
