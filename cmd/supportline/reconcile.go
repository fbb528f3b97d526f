package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
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
	Remove(context.Context, []policy.Removal) error
}

// together is how many calls are repaired at once, so that they share commits.
const together = 64

// settled is how long after its end a call without a duration is taken to have none: the provider's list fills it in late.
const settled = time.Hour

// reconciler compares the log with the provider's list, and repairs it. It only ever adds to what is known of a call (policy.Call.Learn), so
// it may be stopped at any point and run any number of times. It keeps nothing of a call that it is done with.
type reconciler struct {
	log      repairable
	list     callList
	settings policy.Settings
	now      time.Time
	seen     func(at time.Time) // progress: calls were compared back to this start; nil: nobody looks
	found    func(repair)       // told of each call that was put right, one at a time

	foreign int                                // calls to numbers that are no line of ours
	held    map[policy.CallSID][]policy.Report // of legs, until their call is listed
	beside  map[policy.CallSID]policy.Report   // of legs that were rung beside a call, by their own SID: the log knows whose they are

	mu       sync.Mutex
	repaired int
	failed   error
	stop     context.CancelFunc
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
	if err := r.calls(ctx, from, to); err != nil {
		return err
	}
	if err := r.recordings(ctx, from, to); err != nil || gap {
		return err
	}
	return r.log.SetCheckpoint(ctx, to)
}

func (r *reconciler) calls(ctx context.Context, from, to time.Time) error {
	ctx, r.stop = context.WithCancel(ctx)
	defer r.stop()
	r.held, r.beside = map[policy.CallSID][]policy.Report{}, map[policy.CallSID]policy.Report{}
	var all sync.WaitGroup
	places := make(chan struct{}, together)
	start := func(sid policy.CallSID, reports []policy.Report) {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			r.learn(ctx, sid, func(c policy.Call) policy.Call {
				for _, report := range reports {
					c = c.LearnListed(report, r.now)
				}
				return c
			})
		})
	}
	for c, err := range r.list.Calls(ctx, from, to) {
		if err != nil {
			r.fail(err)
			break
		}
		if r.seen != nil {
			r.seen(c.StartedAt)
		}
		if sid, reports := r.sort(ctx, c); len(reports) > 0 {
			start(sid, reports)
		}
	}
	all.Wait()
	for sid, reports := range r.held { // of calls that began earlier, or go on
		if r.knows(ctx, sid) {
			start(sid, reports)
		}
	}
	all.Wait()
	return r.failed
}

// sort gives what is to be learned now, of which call. The list is newest first, so legs come before their call, and wait for it: what is
// put right on one call is one repair, and nothing is logged of calls that are another application's.
func (r *reconciler) sort(ctx context.Context, c twilio.ListedCall) (policy.CallSID, []policy.Report) {
	report, ok := r.report(c)
	if !ok {
		return "", nil
	}
	if report.Leg != "" && c.ParentSID == "" {
		r.beside[report.Leg] = report
		return "", nil
	}
	if report.Leg != "" {
		parent := policy.CallSID(c.ParentSID)
		r.held[parent] = append(r.held[parent], report)
		return "", nil
	}
	sid := policy.CallSID(c.SID)
	reports := append(append(r.held[sid], r.ownLegs(ctx, sid)...), report)
	delete(r.held, sid)
	if _, ours := r.settings.Line(report.To); ours || r.knows(ctx, sid) { // of a line that the configuration has no more, too
		return sid, reports
	}
	r.foreign++
	return "", nil
}

// ownLegs are the reports of the legs that were rung beside a call.
func (r *reconciler) ownLegs(ctx context.Context, sid policy.CallSID) (reports []policy.Report) {
	if len(r.beside) == 0 {
		return nil
	}
	call, err := r.log.Call(ctx, sid)
	if err != nil && !errors.Is(err, policy.ErrNoCall) {
		r.fail(fmt.Errorf("call %s: %w", sid, err))
	}
	for _, l := range call.Legs {
		if report, listed := r.beside[l.SID]; listed {
			reports = append(reports, report)
			delete(r.beside, l.SID)
		}
	}
	return reports
}

func (r *reconciler) knows(ctx context.Context, sid policy.CallSID) bool {
	_, err := r.log.Call(ctx, sid)
	if err != nil && !errors.Is(err, policy.ErrNoCall) {
		r.fail(fmt.Errorf("call %s: %w", sid, err))
	}
	return err == nil
}

// fail keeps the first thing that went wrong, and ends the run.
func (r *reconciler) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = err
	}
	r.stop()
}

// report is what a listed call or leg says; false for one that goes on, or is not written up yet.
func (r *reconciler) report(c twilio.ListedCall) (policy.Report, bool) {
	ended := cmp.Or(c.EndedAt, c.StartedAt) // the provider leaves out the end of a call that nobody answered
	switch c.Status {
	case "completed":
		if c.EndedAt.IsZero() || (c.Seconds == nil && r.now.Sub(c.EndedAt) < settled) {
			return policy.Report{}, false
		}
	case "busy", "failed", "no-answer", "canceled":
	default:
		return policy.Report{}, false
	}
	report := policy.Report{
		At: ended, From: policy.Phone(c.From), To: policy.Phone(c.To), Status: c.Status, Seconds: c.Seconds, StartedAt: c.StartedAt,
	}
	_, ours := r.settings.Line(report.From)
	beside := c.Direction == "outbound-api" && ours && r.settings.Announce
	if c.ParentSID != "" || beside {
		report.Leg = policy.CallSID(c.SID)
	}
	return report, c.ParentSID != "" || c.Direction == "inbound" || beside
}

// learn brings what is listed of a call into the log, if it says anything new there.
func (r *reconciler) learn(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) {
	known, err := r.log.Call(ctx, sid)
	if errors.Is(err, policy.ErrNoCall) {
		known, err = policy.Call{SID: sid}, nil
	}
	if err == nil && reflect.DeepEqual(change(known.Clip()), known) {
		return
	}
	var before, after policy.Call
	if err == nil {
		after, err = r.log.Advance(ctx, sid, func(c policy.Call) policy.Call {
			before = c
			return change(c)
		})
	}
	if err != nil {
		r.fail(fmt.Errorf("call %s: %w", sid, err))
		return
	}
	r.tell(before, after)
}

func (r *reconciler) tell(before, after policy.Call) {
	changed := policy.Repairs(before, after)
	if len(changed) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.repaired++
	r.found(repair{SID: after.SID, StartedAt: after.StartedAt, Line: after.Line.Full(), Repairs: changed})
}

// recordings finds voicemails and recordings whose callback was lost, of calls that the log knows. What is still there of an erased call is
// noted for removal: it was reported after the erasing.
func (r *reconciler) recordings(ctx context.Context, from, to time.Time) error {
	ctx, r.stop = context.WithCancel(ctx)
	defer r.stop()
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
		if call.Erased {
			if err := r.removeErased(ctx, listed); err != nil {
				return err
			}
			continue
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
	found := &policy.Recording{SID: listed.SID, URL: listed.URL, Seconds: *listed.Seconds, At: listed.StartedAt}
	_, known := call.Recording(listed.SID)
	if listed.Source == "RecordVerb" {
		return policy.Report{Message: found}, !known
	}
	return policy.Report{Recording: found}, !known
}

func (r *reconciler) removeErased(ctx context.Context, listed twilio.ListedRecording) error {
	if !policy.StorableSID(listed.SID) {
		return nil
	}
	return r.log.Remove(ctx, []policy.Removal{{SID: listed.SID, Why: policy.RemovalErased, At: r.now}})
}
