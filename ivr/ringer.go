package ivr

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// Switchboard is the provider's REST API, as far as calls need it. A twilio.Account is one.
type Switchboard interface {
	Ring(ctx context.Context, r twilio.Ringing) (sid string, err error)
	Fetch(ctx context.Context, sid, url string) error
	HangUp(ctx context.Context, sid string) error
}

// ringWithin and errandWithin bound an errand. What takes longer is of no use to anybody on the telephone.
const (
	ringWithin   = wordWithin - 2*time.Second
	errandWithin = 10 * time.Second
)

// Ringer runs the errands of calls (Machine.Errands), each on its own and beside the webhooks: nobody on a telephone waits for one. What comes of
// an order to ring is brought into the log. An errand that fails, or is lost with the process, has done no harm: the machine goes on
// without it.
type Ringer struct {
	settings Source
	form     form
	log      Log
	board    Switchboard
	now      func() time.Time
	logger   *zap.Logger
	running  sync.WaitGroup
}

// NewRinger makes a Ringer for the calls of a log.
func NewRinger(s Source, publicURL string, log Log, board Switchboard, now func() time.Time, logger *zap.Logger) *Ringer {
	return &Ringer{settings: s, form: form{base: trimmed(publicURL)}, log: log, board: board, now: now, logger: logger}
}

func (r *Ringer) machine() Machine { return Machine{*r.settings()} }

// Wait returns when no errand runs. A nil Ringer has none.
func (r *Ringer) Wait() {
	if r != nil {
		r.running.Wait()
	}
}

// follow starts what a change of a call asks for, and returns at once. A nil Ringer does nothing.
func (r *Ringer) follow(before, after policy.Call) {
	if r == nil {
		return
	}
	for _, e := range r.machine().Errands(before, after) {
		r.running.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), errandWithin)
			defer cancel()
			r.run(ctx, e)
		})
	}
}

func (r *Ringer) run(ctx context.Context, e Errand) {
	var err error
	switch {
	case e.Ring != nil:
		err = r.report(ctx, e.Call, r.ring(ctx, e.Call, *e.Ring))
	case e.HangUp != "":
		err = r.board.HangUp(ctx, string(e.HangUp))
	default:
		err = r.fetch(ctx, e)
	}
	if err != nil {
		r.logger.Warn("an errand of a call failed; the call goes on without it", zap.String("sid", string(e.Call)), zap.Error(err))
	}
}

// fetch brings the caller on, unless that is too late.
func (r *Ringer) fetch(ctx context.Context, e Errand) error {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	return r.board.Fetch(ctx, string(e.Call), r.form.base+"/voice/"+e.Fetch+"?"+fetchedQuery)
}

// ring rings everybody of an order at once.
func (r *Ringer) ring(ctx context.Context, call policy.CallSID, o Order) Rung {
	ctx, cancel := context.WithTimeout(ctx, ringWithin)
	defer cancel()
	legs := make([]policy.Leg, len(o.To))
	refusals := make([]error, len(o.To))
	var all sync.WaitGroup
	for i, to := range o.To {
		all.Go(func() {
			var sid string
			sid, refusals[i] = r.board.Ring(ctx, twilio.Ringing{
				From: o.Line.Full(), To: to.Full(), Seconds: o.Seconds, URL: r.form.besideURL(call, o.Number, turnKey(stepScreen, 1)),
				StatusURL: r.form.besideURL(call, o.Number, "ring"), StatusEvents: legEvents,
			})
			legs[i] = policy.Leg{SID: policy.CallSID(sid), To: to}
		})
	}
	all.Wait()
	rung := Rung{Order: o.Number}
	for i, leg := range legs {
		if refusals[i] != nil {
			rung.Refusals = append(rung.Refusals, policy.Fact{Name: leg.To.Full(), Value: refusals[i].Error()})
			continue
		}
		rung.Legs = append(rung.Legs, leg)
	}
	return rung
}

// report brings what came of an order into the log, even when that took all the time there was.
func (r *Ringer) report(ctx context.Context, sid policy.CallSID, rung Rung) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	var before policy.Call
	after, err := r.log.Advance(ctx, sid, func(c policy.Call) policy.Call {
		before = c
		return r.machine().Rung(c, rung, r.now().UTC().Truncate(time.Millisecond))
	})
	if err == nil {
		r.follow(before, after)
	}
	return err
}
