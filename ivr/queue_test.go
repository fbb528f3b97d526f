package ivr_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

// placedCalls is a REST API that records which calls were placed, and when.
type placedCalls struct {
	mu     sync.Mutex
	began  time.Time
	to     []string
	after  []time.Duration
	queued map[string]time.Duration // what the provider tells of its own queue, by number
}

func (p *placedCalls) Ring(_ context.Context, r twilio.OutboundLeg) (twilio.PlacedLeg, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to, p.after = append(p.to, r.To), append(p.after, time.Since(p.began))
	return twilio.PlacedLeg{SID: "CA" + r.To, Queue: p.queued[r.To]}, nil
}
func (p *placedCalls) Redirect(context.Context, string, string) error { return nil }
func (p *placedCalls) HangUp(context.Context, string) error           { return nil }

// queueOf returns a queue of an account that starts so many calls a second.
func queueOf(t *testing.T, perSecond int) (*ivr.Queue, *placedCalls, policy.Settings) {
	t.Helper()
	s := crowd(t, 2, perSecond)
	rest := &placedCalls{began: time.Now(), queued: map[string]time.Duration{}}
	return ivr.NewQueue(always(s), rest, time.Now, time.After), rest, s
}

func wanted(context.Context) (bool, error) { return true, nil }

// placing starts to place a call for each of so many people.
func placing(t *testing.T, q *ivr.Queue, p ivr.Priority, name string, n int) *sync.WaitGroup {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if _, err := q.Place(t.Context(), p, twilio.OutboundLeg{To: name + strconv.Itoa(i)}, wanted); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait() // so that they come in this order
	}
	return &all
}

// TestCallsStartAsManyASecondAsTheAccountMay, and the first at once.
func TestCallsStartAsManyASecondAsTheAccountMay(t *testing.T) {
	for perSecond, apart := range map[int]time.Duration{1: time.Second, 4: 250 * time.Millisecond, 0: time.Second} {
		synctest.Test(t, func(t *testing.T) {
			q, rest, _ := queueOf(t, perSecond)
			placing(t, q, ivr.ForAlarm, "a", 4).Wait()
			want := []time.Duration{0, apart, 2 * apart, 3 * apart}
			if diff := cmp.Diff(want, rest.after); diff != "" {
				t.Errorf("%d a second: %s", perSecond, diff)
			}
		})
	}
}

// TestAlarmsGoBeforeCallBacks, however long these have waited.
func TestAlarmsGoBeforeCallBacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, rest, _ := queueOf(t, 1)
		backs := placing(t, q, ivr.ForCallBack, "back", 3)
		alarms := placing(t, q, ivr.ForAlarm, "alarm", 2)
		backs.Wait()
		alarms.Wait()
		if diff := cmp.Diff([]string{"back0", "alarm0", "alarm1", "back1", "back2"}, rest.to); diff != "" {
			t.Error(diff)
		}
	})
}

// TestSpecialistsNeverWaitForAlarms: the legs of a caller start at once, and what waits for its turn goes on waiting.
func TestSpecialistsNeverWaitForAlarms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, rest, s := queueOf(t, 1)
		alarms := placing(t, q, ivr.ForAlarm, "alarm", 5)
		var ringer *ivr.Ringer
		web := newServerWith(t, func(d *ivr.Deps) {
			s.Announce = true
			d.Settings = always(s)
			ringer = ivr.NewRinger(d.Settings, publicURL, d.Log, q, time.Now, zap.NewNop())
			d.Ringer = ringer
		})
		web.reachesTheHunt()
		ringer.Wait()
		if got := web.calls[sid].State.Result; got != policy.RingPlaced {
			t.Fatalf("with five alarms in the queue: %q", got)
		}
		alarms.Wait()
		at := map[string]time.Duration{}
		for i, to := range rest.to {
			at[to] = rest.after[i]
		}
		legs, second := at["+15550100101"], at["alarm1"]
		if legs != 0 || second != 3*time.Second {
			t.Errorf("the legs after %v, the second alarm after %v", legs, second)
		}
	})
}

// TestTakenWhileItWaits: none of five is dialled, and they hold nobody up.
func TestTakenWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, rest, _ := queueOf(t, 1)
		placing(t, q, ivr.ForAlarm, "first", 1).Wait()
		taken := false
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				open := func(context.Context) (bool, error) { return !taken, nil }
				if _, err := q.Place(t.Context(), ivr.ForAlarm, twilio.OutboundLeg{To: "taken"}, open); !errors.Is(err, ivr.ErrUnwanted) {
					t.Errorf("placed: %v", err)
				}
			})
		}
		synctest.Wait()
		taken = true
		other := placing(t, q, ivr.ForAlarm, "other", 1)
		all.Wait()
		other.Wait()
		if diff := cmp.Diff([]string{"first0", "other0"}, rest.to); diff != "" || rest.after[1] != time.Second {
			t.Errorf("%s at %v", diff, rest.after)
		}
	})
}

// TestACallThatCannotBeAskedAbout is not placed.
func TestACallThatCannotBeAskedAbout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, rest, _ := queueOf(t, 1)
		broken := func(context.Context) (bool, error) { return true, errDisk }
		if _, err := q.Place(t.Context(), ivr.ForAlarm, twilio.OutboundLeg{To: "a"}, broken); !errors.Is(err, errDisk) || len(rest.to) > 0 {
			t.Errorf("%v, placed %q", err, rest.to)
		}
	})
}

// TestTheQueueOfTheProviderIsLearnt by what waits here.
func TestTheQueueOfTheProviderIsLearnt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, rest, _ := queueOf(t, 1)
		rest.queued["a0"] = 5 * time.Second
		placing(t, q, ivr.ForAlarm, "a", 2).Wait()
		if diff := cmp.Diff([]time.Duration{0, 6 * time.Second}, rest.after); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAWaitThatIsGivenUp leaves the place to the next.
func TestAWaitThatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, rest, _ := queueOf(t, 1)
		placing(t, q, ivr.ForAlarm, "a", 1).Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		go func() {
			_, err := q.Place(ctx, ivr.ForAlarm, twilio.OutboundLeg{To: "given up"}, wanted)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
		}()
		synctest.Wait()
		placing(t, q, ivr.ForCallBack, "b", 1).Wait()
		if diff := cmp.Diff([]string{"a0", "b0"}, rest.to); diff != "" || rest.after[1] != time.Second {
			t.Errorf("%s at %v", diff, rest.after)
		}
	})
}

// TestAClockThatStands, as that of a script does between two of its steps, holds nobody up for ever.
func TestAClockThatStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rest := &placedCalls{began: time.Now(), queued: map[string]time.Duration{}}
		q := ivr.NewQueue(always(settings(t)), rest, func() time.Time { return tuesday }, time.After)
		placing(t, q, ivr.ForAlarm, "a", 3).Wait()
		if !slices.Equal(rest.to, []string{"a0", "a1", "a2"}) {
			t.Errorf("placed %q", rest.to)
		}
	})
}
