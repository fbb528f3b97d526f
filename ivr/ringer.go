package ivr

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// REST is the provider's REST API, as far as calls need it. A twilio.Account is one.
type REST interface {
	Ring(ctx context.Context, r twilio.OutboundLeg) (twilio.PlacedLeg, error)
	Redirect(ctx context.Context, sid, url string) error
	HangUp(ctx context.Context, sid string) error
}

// ringWithin and actionWithin bound a REST action. One that takes longer is of no use to anybody on the telephone.
const (
	ringWithin   = placeWithin - 2*time.Second
	actionWithin = 10 * time.Second
)

// Ringer does the REST actions of calls (Machine.Actions), each in a goroutine of its own, so that no webhook waits for one. It reports to the log
// what came of placing legs. An action that fails, or is lost with the process, does no harm: the machine goes on without it.
type Ringer struct {
	settings Source
	form     form
	log      Log
	queue    *Queue
	rest     REST
	now      func() time.Time
	logger   *zap.Logger
	running  sync.WaitGroup
}

// NewRinger returns a Ringer for the calls of a log, which places legs through the queue of the process.
func NewRinger(s Source, publicURL string, log Log, queue *Queue, now func() time.Time, logger *zap.Logger) *Ringer {
	return &Ringer{settings: s, form: form{base: trimmed(publicURL)}, log: log, queue: queue, rest: queue.rest, now: now, logger: logger}
}

func (r *Ringer) machine() Machine { return Machine{Settings: *r.settings()} }

// Wait returns when no action is under way. A nil Ringer has none.
func (r *Ringer) Wait() {
	if r != nil {
		r.running.Wait()
	}
}

// follow starts the actions that a change of a call asks for, and returns at once. A nil Ringer does nothing.
func (r *Ringer) follow(before, after policy.Call) {
	if r == nil {
		return
	}
	for _, a := range r.machine().Actions(before, after) {
		r.running.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), actionWithin)
			defer cancel()
			r.run(ctx, a)
		})
	}
}

func (r *Ringer) run(ctx context.Context, a RESTAction) {
	var err error
	switch {
	case a.Ring != nil:
		err = r.report(ctx, a.Call, r.place(ctx, *a.Ring))
	case a.HangUp != "":
		err = r.rest.HangUp(ctx, string(a.HangUp))
	default:
		err = r.fetch(ctx, a)
	}
	if err != nil {
		r.logger.Warn("a REST action of a call failed; the call goes on without it", zap.String("sid", string(a.Call)), zap.Error(err))
	}
}

// fetch redirects the caller. An attempt that takes long is given up: the caller comes by itself then.
func (r *Ringer) fetch(ctx context.Context, a RESTAction) error {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	return r.rest.Redirect(ctx, string(a.Call), r.form.base+"/voice/"+a.Fetch+"?"+fetchedQuery)
}

// place places the legs of an attempt, all at the same time, unless the last one would begin to ring too late. It knows of no call.
func (r *Ringer) place(ctx context.Context, q RingRequest) Placed {
	if wait := r.queue.take(len(q.To)); wait > startWithin {
		return Placed{Attempt: q.Attempt, Wait: wait}
	}
	ctx, cancel := context.WithTimeout(ctx, ringWithin)
	defer cancel()
	legs := make([]twilio.PlacedLeg, len(q.To))
	refusals := make([]error, len(q.To))
	var all sync.WaitGroup
	path := r.form.base + "/" + q.Path + "/"
	for i, to := range q.To {
		all.Go(func() {
			legs[i], refusals[i] = r.rest.Ring(ctx, twilio.OutboundLeg{
				From: q.From.Full(), To: to.Full(), Seconds: q.Seconds, URL: path + stepPath(stepScreen, 1), StatusURL: path + "ring", StatusEvents: legEvents,
			})
		})
	}
	all.Wait()
	placed := Placed{Attempt: q.Attempt}
	for i, to := range q.To {
		if refusals[i] != nil {
			placed.Refusals = append(placed.Refusals, policy.Fact{Name: to.Full(), Value: refusals[i].Error()})
			continue
		}
		placed.Legs = append(placed.Legs, policy.Leg{SID: policy.CallSID(legs[i].SID), To: to})
		placed.Wait = max(placed.Wait, legs[i].Queue)
	}
	r.queue.learn(placed.Wait)
	return placed
}

// report merges placed legs into the call, even if placing them used up the time of ctx.
func (r *Ringer) report(ctx context.Context, sid policy.CallSID, p Placed) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	var before policy.Call
	after, err := r.log.Advance(ctx, sid, func(c policy.Call) policy.Call {
		before = c
		return r.machine().Placed(c, p, r.now().UTC().Truncate(time.Millisecond))
	})
	if err == nil {
		r.follow(before, after)
	}
	return err
}

// RESTAction is something to be done over the provider's REST API once a step of a call is committed. One field is set besides Call.
type RESTAction struct {
	Call   policy.CallSID // the caller's
	Ring   *RingRequest
	HangUp policy.CallSID // a leg to hang up
	Fetch  string         // step and number of the webhook to which the caller is redirected
}

// RingRequest asks for the outbound legs of a ring attempt.
type RingRequest struct {
	Attempt int
	Path    string       // of the legs' webhooks, below the public URL
	From    policy.Phone // the number that specialists see
	To      []policy.Phone
	Seconds int
}

// Actions returns what a step of a call asks for. It follows from what the step changed, so a repeated step, which changes nothing, asks for
// nothing.
func (m Machine) Actions(before, after policy.Call) []RESTAction {
	last := after.State.RingAttempt.Number
	if last == 0 {
		return nil // no outbound leg was ever asked for
	}
	var found []RESTAction
	if last > before.State.RingAttempt.Number {
		step := stepOf(m.Settings, after)
		found = append(found, RESTAction{Call: after.SID, Ring: &RingRequest{
			Attempt: last, Path: legPath(after.SID, last), From: after.Line, To: step.To, Seconds: int(step.For / time.Second),
		}})
	}
	for _, l := range after.Legs {
		if idle(after, l) && !idle(before, before.Leg(l.SID)) {
			found = append(found, RESTAction{Call: after.SID, HangUp: l.SID})
		}
	}
	if to := fetched(after); to != "" && to != fetched(before) {
		found = append(found, RESTAction{Call: after.SID, Fetch: to})
	}
	return found
}

// idle reports whether an outbound leg has become useless: the call is over, another specialist has it, or the caller is past its step.
func idle(c policy.Call, l policy.Leg) bool {
	if l.Attempt == 0 || !l.Open() {
		return false
	}
	if taken, accepted := c.Accepted(); accepted {
		return taken.SID != l.SID // the end of the conference ends the other
	}
	return !c.End().IsZero() || l.Attempt != c.State.RingAttempt.Number || c.State.Step != stepWait
}

// fetched returns where the caller should be instead of the ringing tone or an empty conference, and "" if the caller is in the right place.
func fetched(c policy.Call) string {
	if !c.End().IsZero() {
		return ""
	}
	found, _ := settled(c)
	if leftAlone(c) || (c.State.Step == stepWait && found != ringGoesOn) {
		return stepPath(c.State.Step, c.State.Exchange)
	}
	return ""
}
