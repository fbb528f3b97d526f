package alarms

import (
	"context"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
)

// Store holds the alarms.
type Store interface {
	// DueAlarms returns the alarms whose next step is due, at most limit of them.
	DueAlarms(ctx context.Context, now time.Time, limit int) ([]alarm.Alarm, error)
	// StepAlarm stores what change makes of an alarm, and its notices, unless the alarm has gone on since it was seen.
	StepAlarm(ctx context.Context, seen alarm.Alarm, change func(alarm.Alarm) (alarm.Alarm, []policy.Notice)) (stepped bool, err error)
}

const (
	// lookEvery is how often it is looked which alarms are due, when nobody calls Wake.
	lookEvery = 5 * time.Second
	// atOnce bounds how many alarms are read at a time.
	atOnce = 100
)

// Rounds tell the steps of alarms as they become due. One process at a time does so, under a lease; were it two, the store would let one of them.
type Rounds struct {
	Store  Store
	Teller Teller
	Now    func() time.Time
	Told   func()      // is called after notices were written, so that they go out at once
	Failed func(error) // is told of each look that failed, nil for one that did not

	wake chan struct{}
}

// NewRounds returns Rounds that can be woken.
func NewRounds(s Store, t Teller, now func() time.Time, told func(), failed func(error)) *Rounds {
	return &Rounds{Store: s, Teller: t, Now: now, Told: told, Failed: failed, wake: make(chan struct{}, 1)}
}

// Wake makes running Rounds look at once. It never blocks.
func (r *Rounds) Wake() {
	select {
	case r.wake <- struct{}{}:
	default: // they look anyway
	}
}

// Run carries on what is due until ctx ends.
func (r *Rounds) Run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := r.Once(ctx); ctx.Err() == nil {
			r.Failed(err)
		}
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-ticker.C:
		}
	}
}

// Once carries on what is due. An alarm that cannot be written does not hold up the others, and is due at the next look.
func (r *Rounds) Once(ctx context.Context) error {
	for {
		now := r.Now()
		due, err := r.Store.DueAlarms(ctx, now, atOnce)
		if err == nil {
			err = r.carryOn(ctx, due, now)
		}
		if err != nil || len(due) < atOnce || ctx.Err() != nil {
			return err
		}
	}
}

// carryOn tells the next step of some alarms that are due at a time.
func (r *Rounds) carryOn(ctx context.Context, due []alarm.Alarm, at time.Time) (failed error) {
	told := false
	for _, seen := range due {
		wrote := false
		_, err := r.Store.StepAlarm(ctx, seen, func(a alarm.Alarm) (alarm.Alarm, []policy.Notice) {
			next, out := r.Teller.Step(a, at)
			wrote = len(out) > 0
			return next, out
		})
		if err != nil {
			failed = err
			continue
		}
		told = told || wrote
	}
	if told {
		r.Told()
	}
	return failed
}
