package server

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

// How far back a run looks. A call that began before the last checkpoint can have ended since: the provider lets none last longer than 24 hours,
// and its duration is waited for.
const (
	FirstLook = 30 * 24 * time.Hour
	overlap   = 24*time.Hour + settled
)

// reconcileEvery and listLag pace the server's own runs. The provider's list is complete some minutes late.
const (
	reconcileEvery = 5 * time.Minute
	listLag        = 5 * time.Minute
)

// Since returns where a run begins after a checkpoint.
func Since(checkpoint, to time.Time) time.Time {
	if checkpoint.IsZero() {
		return to.Add(-FirstLook)
	}
	return checkpoint.Add(-overlap)
}

// A CallList lists the provider's calls and recordings. A twilio.Account is one.
type CallList interface {
	Calls(ctx context.Context, from, to time.Time) iter.Seq2[twilio.ListedCall, error]
	Recordings(ctx context.Context, from, to time.Time) iter.Seq2[twilio.ListedRecording, error]
}

// Repairable is the part of the log that a Reconciler needs.
type Repairable interface {
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

// A Reconciler compares the log with the provider's list, and repairs it. It only ever adds to what is known of a call (policy.Call.Learn), so
// it may be stopped at any point and run any number of times. It keeps nothing of a call once it has compared it.
type Reconciler struct {
	Log      Repairable
	List     CallList
	Settings policy.Settings
	Now      time.Time
	Seen     func(at time.Time) // progress: calls were compared back to this start; may be nil
	Found    func(Repair)       // is told of each call that was put right, one at a time

	Repaired int // calls that were put right
	Foreign  int // calls to numbers that are no line of ours

	held     map[policy.CallSID][]policy.Report // of legs, until their call is listed
	outbound map[policy.CallSID]policy.Report   // of outbound legs, by their own SID: the log knows whose they are

	mu     sync.Mutex
	failed error
	stop   context.CancelFunc
}

// A Repair is what was put right on one call.
type Repair struct {
	SID       policy.CallSID  `json:"sid"`
	StartedAt time.Time       `json:"started_at"`
	Line      string          `json:"line"`
	Repairs   []policy.Repair `json:"repairs"`
}

// Run goes through everything that began in [from, to), but for what retention has removed. Then it moves the checkpoint to there, unless
// that would leave a gap behind the last one.
func (r *Reconciler) Run(ctx context.Context, from, to time.Time) error {
	covered, err := r.Log.Checkpoint(ctx)
	if err != nil {
		return err
	}
	if covered.IsZero() {
		covered = to.Add(-FirstLook)
	}
	gap := from.After(covered)
	if kept := r.Now.Add(-r.Settings.Retention); from.Before(kept) {
		from = kept
	}
	ctx, r.stop = context.WithCancel(ctx)
	defer r.stop()
	if err := r.calls(ctx, from, to); err != nil {
		return err
	}
	if err := r.recordings(ctx, from, to); err != nil || gap {
		return err
	}
	return r.Log.SetCheckpoint(ctx, to)
}

// Repairs runs, and returns each repair as it happens; an error ends the sequence.
func (r *Reconciler) Repairs(ctx context.Context, from, to time.Time) iter.Seq2[Repair, error] {
	return func(yield func(Repair, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		found := make(chan Repair)
		r.Found = func(one Repair) { found <- one }
		var err error
		go func() {
			defer close(found)
			err = r.Run(ctx, from, to)
		}()
		listening := true
		for one := range found {
			if listening = listening && yield(one, nil); !listening {
				stop() // what is under way is let finish
			}
		}
		if listening && err != nil {
			yield(Repair{}, err)
		}
	}
}

func (r *Reconciler) calls(ctx context.Context, from, to time.Time) error {
	r.held, r.outbound = map[policy.CallSID][]policy.Report{}, map[policy.CallSID]policy.Report{}
	var all sync.WaitGroup
	places := make(chan struct{}, together)
	start := func(sid policy.CallSID, reports []policy.Report) {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			r.learn(ctx, sid, func(before policy.Call) policy.Call {
				c := before
				for _, report := range reports {
					c = c.LearnListed(report, r.Now)
				}
				return r.Settings.WithPeople(before, c)
			})
		})
	}
	for c, err := range r.List.Calls(ctx, from, to) {
		if err != nil {
			r.fail(err)
			break
		}
		if r.Seen != nil {
			r.Seen(c.StartedAt)
		}
		if sid, reports := r.sort(ctx, c); len(reports) > 0 {
			start(sid, reports)
		}
	}
	all.Wait()
	for sid, reports := range r.held { // of calls that began earlier, or go on
		if _, logged := r.known(ctx, sid); logged {
			start(sid, reports)
		}
	}
	all.Wait()
	return r.failed
}

// sort returns what is to be learned now, and of which call. The list is newest first, so legs come before their call, and wait for it: what is
// put right on one call is one repair, and nothing is logged of calls that are another application's.
func (r *Reconciler) sort(ctx context.Context, c twilio.ListedCall) (policy.CallSID, []policy.Report) {
	report, ok := r.report(c)
	switch {
	case !ok:
		return "", nil
	case r.isCallBack(ctx, c):
		report.Leg = ""
		sid := policy.CallSID(c.SID)
		reports := append(r.held[sid], report)
		delete(r.held, sid)
		return sid, reports
	}
	if report.Leg != "" && c.ParentSID == "" {
		if !r.Settings.Announce { // an alarm's call, which is not in the log
			return "", nil
		}
		r.outbound[report.Leg] = report
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
	_, ours := r.Settings.Line(report.To)
	if !ours {
		_, ours = r.known(ctx, sid) // of a line that the configuration has no more
	}
	if ours {
		return sid, reports
	}
	r.Foreign++
	return "", nil
}

// isCallBack reports whether a listed call is a call-back in the log. One on which nobody picked up is not there, and its follow-up knows what came of it.
func (r *Reconciler) isCallBack(ctx context.Context, c twilio.ListedCall) bool {
	if _, ours := r.Settings.Line(policy.Phone(c.From)); !ours || c.Direction != "outbound-api" {
		return false
	}
	call, logged := r.known(ctx, policy.CallSID(c.SID))
	return logged && call.CallBackOf != ""
}

// ownLegs returns the reports of the outbound legs of a call.
func (r *Reconciler) ownLegs(ctx context.Context, sid policy.CallSID) (reports []policy.Report) {
	if len(r.outbound) == 0 {
		return nil
	}
	call, _ := r.known(ctx, sid)
	for _, l := range call.Legs {
		if report, listed := r.outbound[l.SID]; listed {
			reports = append(reports, report)
			delete(r.outbound, l.SID)
		}
	}
	return reports
}

// known returns a call as the log has it, and whether it does.
func (r *Reconciler) known(ctx context.Context, sid policy.CallSID) (policy.Call, bool) {
	call, err := r.Log.Call(ctx, sid)
	if err != nil && !errors.Is(err, policy.ErrNoCall) {
		r.fail(fmt.Errorf("call %s: %w", sid, err))
	}
	return call, err == nil
}

// fail keeps the first thing that went wrong, and ends the run.
func (r *Reconciler) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = err
	}
	r.stop()
}

// report returns a listed call or leg as a report, and false for one that goes on or whose figures are not complete yet.
func (r *Reconciler) report(c twilio.ListedCall) (policy.Report, bool) {
	ended := cmp.Or(c.EndedAt, c.StartedAt) // the provider leaves out the end of a call that nobody answered
	switch c.Status {
	case "completed":
		if c.EndedAt.IsZero() || (c.Seconds == nil && r.Now.Sub(c.EndedAt) < settled) {
			return policy.Report{}, false
		}
	case "busy", "failed", "no-answer", "canceled":
	default:
		return policy.Report{}, false
	}
	report := policy.Report{
		At: ended, From: policy.Phone(c.From), To: policy.Phone(c.To), Status: c.Status, Seconds: c.Seconds, StartedAt: c.StartedAt,
	}
	if c.Direction == "inbound" {
		report.To = r.Settings.Dialled(report.To)
	}
	_, ours := r.Settings.Line(report.From)
	outbound := c.Direction == "outbound-api" && ours
	if c.ParentSID != "" || outbound {
		report.Leg = policy.CallSID(c.SID)
	}
	return report, c.ParentSID != "" || c.Direction == "inbound" || outbound
}

// learn brings what is listed of a call into the log, if that is new there.
func (r *Reconciler) learn(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) {
	known, err := r.Log.Call(ctx, sid)
	if errors.Is(err, policy.ErrNoCall) {
		known, err = policy.Call{SID: sid}, nil
	}
	if err == nil && reflect.DeepEqual(change(known.Clip()), known) {
		return
	}
	var before, after policy.Call
	if err == nil {
		after, err = r.Log.Advance(ctx, sid, func(c policy.Call) policy.Call {
			before = c
			return change(c)
		})
	}
	if err != nil {
		r.fail(fmt.Errorf("call %s: %w", sid, err))
		return
	}
	changed := policy.Repairs(before, after)
	if len(changed) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Repaired++
	r.Found(Repair{SID: after.SID, StartedAt: after.StartedAt, Line: after.Line.Full(), Repairs: changed})
}

// recordings finds voicemails and recordings whose callback was lost, of calls that the log knows. What is still there of an erased call is
// noted for removal: it was reported after the erasing.
func (r *Reconciler) recordings(ctx context.Context, from, to time.Time) error {
	for listed, err := range r.List.Recordings(ctx, from, to) {
		if err != nil {
			return err
		}
		if listed.Status != "completed" || listed.Seconds == nil {
			continue
		}
		call, err := r.Log.Call(ctx, policy.CallSID(listed.CallSID))
		if errors.Is(err, policy.ErrNoCall) {
			continue
		}
		if err != nil {
			return err
		}
		if call.Erased {
			if !policy.StorableSID(listed.SID) {
				continue
			}
			if err := r.Log.Remove(ctx, []policy.Removal{{SID: listed.SID, Why: policy.RemovalErased, At: r.Now}}); err != nil {
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

// missingRecording returns the report that a recording's callback would have made, if the log lacks it. The list's own times are no better
// than the callback's.
func missingRecording(call policy.Call, listed twilio.ListedRecording) (policy.Report, bool) {
	found := &policy.Recording{SID: listed.SID, URL: listed.URL, Seconds: *listed.Seconds, At: listed.StartedAt}
	_, known := call.Recording(listed.SID)
	if listed.Source == "RecordVerb" {
		return policy.Report{Message: found}, !known
	}
	return policy.Report{Recording: found}, !known
}

// reconcileOnce is one of the server's own runs.
func (a *App) reconcileOnce(ctx context.Context, list CallList, now time.Time) error {
	checkpoint, err := a.Store.Checkpoint(ctx)
	if err != nil {
		return err
	}
	to := now.Add(-listLag)
	r := &Reconciler{Log: a.callLog(), List: list, Settings: a.Conf.Settings, Now: now, Found: func(found Repair) {
		for _, what := range found.Repairs {
			a.Counters.repaired(what)
		}
	}}
	return r.Run(ctx, Since(checkpoint, to), to)
}
