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
	Ring(ctx context.Context, r twilio.OutboundLeg) (sid string, err error)
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
	rest     REST
	now      func() time.Time
	logger   *zap.Logger
	running  sync.WaitGroup
}

// NewRinger returns a Ringer for the calls of a log.
func NewRinger(s Source, publicURL string, log Log, rest REST, now func() time.Time, logger *zap.Logger) *Ringer {
	return &Ringer{settings: s, form: form{base: trimmed(publicURL)}, log: log, rest: rest, now: now, logger: logger}
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

// place places the legs of an attempt, all at the same time. It knows of no call.
func (r *Ringer) place(ctx context.Context, q RingRequest) Placed {
	ctx, cancel := context.WithTimeout(ctx, ringWithin)
	defer cancel()
	legs := make([]policy.Leg, len(q.To))
	refusals := make([]error, len(q.To))
	var all sync.WaitGroup
	path := r.form.base + "/" + q.Path + "/"
	for i, to := range q.To {
		all.Go(func() {
			var sid string
			sid, refusals[i] = r.rest.Ring(ctx, twilio.OutboundLeg{
				From: q.From.Full(), To: to.Full(), Seconds: q.Seconds, URL: path + stepPath(stepScreen, 1), StatusURL: path + "ring", StatusEvents: legEvents,
			})
			legs[i] = policy.Leg{SID: policy.CallSID(sid), To: to}
		})
	}
	all.Wait()
	placed := Placed{Attempt: q.Attempt}
	for i, leg := range legs {
		if refusals[i] != nil {
			placed.Refusals = append(placed.Refusals, policy.Fact{Name: leg.To.Full(), Value: refusals[i].Error()})
			continue
		}
		placed.Legs = append(placed.Legs, leg)
	}
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
