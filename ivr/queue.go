package ivr

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/officernd/supportline/twilio"
)

// Priority orders the calls that wait in a Queue.
type Priority int

// The priorities, the first of them first.
const (
	ForAlarm    Priority = iota // somebody is told of an alarm
	ForCallBack                 // a specialist is rung to call somebody back
)

// ErrUnwanted reports that a call was not placed, since it was no longer wanted when its turn came.
var ErrUnwanted = errors.New("the call is no longer wanted")

// Queue is the queue of the calls that this process starts over the provider's REST API: the provider starts only so many of an account's calls a
// second (Settings.CallsPerSecond), and holds the others up. The legs of a caller's specialists are never made to wait for the rest: alarms wait for
// them, and call-backs for alarms. It is safe for concurrent use.
type Queue struct {
	settings Source
	rest     REST
	now      func() time.Time
	after    func(time.Duration) <-chan time.Time

	mu      sync.Mutex
	next    time.Time     // when the next call can start
	waiting []*waiter     // in the order in which they start
	changed chan struct{} // closed when one of the above changes
}

// waiter is a call that waits for its start.
type waiter struct {
	Priority
	waited time.Time // the start that it has waited for, whatever the clock reads
}

// NewQueue returns an empty Queue. after is time.After, or another way of waiting for a clock that is not the machine's.
func NewQueue(s Source, rest REST, now func() time.Time, after func(time.Duration) <-chan time.Time) *Queue {
	return &Queue{settings: s, rest: rest, now: now, after: after, changed: make(chan struct{})}
}

// Place places a call when it is its turn. wanted is asked right before: where it returns false nothing is placed, and the error is ErrUnwanted.
// Other errors are those of wanted, of the provider, and of ctx, which ends the wait as well.
func (q *Queue) Place(ctx context.Context, p Priority, call twilio.OutboundLeg, wanted func(context.Context) (bool, error)) (twilio.PlacedLeg, error) {
	start, err := q.wait(ctx, p)
	if err != nil {
		return twilio.PlacedLeg{}, err
	}
	is, err := wanted(ctx)
	if err == nil && !is {
		err = ErrUnwanted
	}
	if err != nil {
		q.giveBack(start)
		return twilio.PlacedLeg{}, err
	}
	placed, err := q.rest.Ring(ctx, call)
	if err == nil {
		q.learn(placed.Queue)
	}
	return placed, err
}

// wait returns the start that a call has taken, once it has come.
func (q *Queue) wait(ctx context.Context, p Priority) (start time.Time, err error) {
	me := &waiter{Priority: p}
	q.join(me)
	for {
		start, left, changed := q.turn(me)
		if left <= 0 {
			return start, nil
		}
		var due <-chan time.Time // never, while others are before it
		if !start.IsZero() {
			due = q.after(left)
		}
		select {
		case <-ctx.Done():
			q.leave(me)
			return time.Time{}, ctx.Err()
		case <-changed:
		case <-due:
			me.waited = start
		}
	}
}

func (q *Queue) join(me *waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := slices.IndexFunc(q.waiting, func(o *waiter) bool { return o.Priority > me.Priority })
	if at < 0 {
		at = len(q.waiting)
	}
	q.waiting = slices.Insert(q.waiting, at, me)
	q.tell()
}

func (q *Queue) leave(me *waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(o *waiter) bool { return o == me })
	q.tell()
}

// turn takes the next start for a call that has waited for it. left is the time until the start, more than zero where the call has to go on waiting:
// for start, or, where that is the zero time, for those before it. changed is closed when either may have changed.
func (q *Queue) turn(me *waiter) (start time.Time, left time.Duration, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[0] != me {
		return time.Time{}, 1, q.changed
	}
	now := q.now()
	start = later(now, q.next)
	if start.After(now) && start.After(me.waited) {
		return start, start.Sub(now), q.changed
	}
	q.waiting = q.waiting[1:]
	q.next = start.Add(apart(q.perSecond()))
	q.tell()
	return start, 0, q.changed
}

// giveBack gives a start back that was taken and not used, unless somebody else counts on it already.
func (q *Queue) giveBack(start time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next.Equal(start.Add(apart(q.perSecond()))) {
		q.next = start
		q.tell()
	}
}

// take takes the next n starts for the legs of a caller, before everything that waits, and returns the time until the last of them. It takes none if
// that is beyond startWithin.
func (q *Queue) take(n int) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	last := later(now, q.next).Add(time.Duration(n-1) * apart(q.perSecond()))
	if last.Sub(now) <= startWithin {
		q.next = last.Add(apart(q.perSecond()))
		q.tell()
	}
	return last.Sub(now)
}

// learn takes the provider's word that a call waits at its side, since others may use the account as well.
func (q *Queue) learn(wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if next := q.now().Add(wait + apart(q.perSecond())); wait > 0 && next.After(q.next) {
		q.next = next
		q.tell()
	}
}

// tell wakes those who wait. The caller holds mu.
func (q *Queue) tell() {
	close(q.changed)
	q.changed = make(chan struct{})
}

func (q *Queue) perSecond() int { return q.settings().CallsPerSecond }

// RingInTime reports whether so many people can be rung at once by outbound legs, if no other call rings, where the provider starts so many of the
// account's calls a second.
func RingInTime(people, perSecond int) bool {
	return time.Duration(people-1)*apart(perSecond) <= startWithin
}

// apart returns the time between two starts.
func apart(perSecond int) time.Duration { return time.Second / time.Duration(max(1, perSecond)) }
