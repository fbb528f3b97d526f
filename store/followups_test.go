package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// TestOfAMissedCallAndOneThatIsServedAtOnceByTwoProcesses: whichever of them is written first, the follow-up is done by itself. Neither process sees
// what the other is about to write.
func TestOfAMissedCallAndOneThatIsServedAtOnceByTwoProcesses(t *testing.T) {
	url := database(postgrestest.Emptied(t))
	one, other := url.open(t, store.Options{}), url.open(t, store.Options{})
	ended := time.Now().UTC()
	log := func(s *store.Store) store.NotifyingLog {
		return store.NotifyingLog{Store: s, Link: func(policy.CallSID) string { return "" }}
	}
	step := func(s *store.Store, sid policy.CallSID, change func(policy.Call) policy.Call) {
		if _, err := log(s).Advance(t.Context(), sid, change); err != nil {
			t.Error(err)
		}
	}
	for n := range 60 {
		customer := policy.CustomerNumber(fmt.Sprint(100000 + n))
		missed, served := policy.CallSID(fmt.Sprint("CA-missed-", n)), policy.CallSID(fmt.Sprint("CA-served-", n))
		for _, sid := range []policy.CallSID{missed, served} {
			step(one, sid, func(c policy.Call) policy.Call {
				c.Line, c.From, c.StartedAt, c.Answered, c.Intent = "+448000668187", "anonymous", ended.Add(-time.Minute), true, policy.Question
				c.Customer, c.Account, c.Month, c.HuntingAt = customer, "Northwind", "2026-11", ended.Add(-time.Minute)
				return c
			})
		}
		var both sync.WaitGroup
		both.Go(func() {
			step(one, missed, func(c policy.Call) policy.Call { c.Exhausted, c.LeftAt = true, ended; return c })
		})
		both.Go(func() {
			step(other, served, func(c policy.Call) policy.Call {
				return c.WithLeg(policy.Leg{SID: "CA-leg-" + served, To: "+15550100001", AcceptedAt: ended.Add(time.Second)})
			})
		})
		both.Wait()
		f, err := one.FollowUpOf(t.Context(), missed)
		if err != nil || f.State != followup.Done || f.ServedBy != served {
			t.Fatalf("pair %d: %+v, %v", n, f, err)
		}
	}
}

// TestOneProcessStepsAnAlarm: however many processes find that an alarm is due, also two that both hold themselves for the one to do so, one of them tells
// its next step; and whoever takes it meanwhile ends that, or comes after.
func TestOneProcessStepsAnAlarm(t *testing.T) {
	url := database(postgrestest.Emptied(t))
	processes := []*store.Store{url.open(t, store.Options{}), url.open(t, store.Options{})}
	for _, s := range processes {
		s.TellBy(oneAlarmEach)
	}
	for n := range 12 {
		event := policy.Notice{Key: fmt.Sprint("backup-old/", n), Kind: policy.NoticeBackup, At: began}
		if err := processes[0].Tell(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		open, err := processes[1].OpenAlarms(t.Context())
		if err != nil || len(open) != 1 {
			t.Fatalf("%+v, %v", open, err)
		}
		seen := open[0]
		var told atomic.Int32
		var all sync.WaitGroup
		for _, s := range processes {
			all.Go(func() {
				stepped, err := s.StepAlarm(t.Context(), seen, func(a alarm.Alarm) (alarm.Alarm, []policy.Notice) {
					a.Step++
					return a, []policy.Notice{{Key: fmt.Sprintf("alarm/%s/%d", a.ID, a.Step), Channel: policy.ChannelWebhook, At: began}}
				})
				if err != nil {
					t.Error(err)
				}
				if stepped {
					told.Add(1)
				}
			})
		}
		if n%2 == 0 {
			all.Go(func() {
				if _, err := processes[1].TakeAlarm(t.Context(), seen.ID, followup.Act{At: began, By: "ada"}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		list, err := processes[0].NoticesUnder(t.Context(), []string{"alarm/" + string(seen.ID) + "/"}, 10)
		if err != nil || told.Load() > 1 || len(list) != 1+int(told.Load()) || n%2 == 1 && told.Load() != 1 {
			t.Errorf("alarm %s was told on by %d of 2 processes: %+v, %v", seen.ID, told.Load(), list, err)
		}
		for _, one := range list {
			if n%2 == 0 && one.WithdrawnAt.IsZero() {
				t.Errorf("%s still waits, and ada has the alarm", one.Key)
			}
		}
		if _, err := processes[0].FinishAlarm(t.Context(), seen.ID, followup.Act{At: began, By: "ada"}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWebhooksDoNotWaitForABurstOfMissedCalls: what opens a follow-up runs alone, and what shares a commit goes on between a few of those.
func TestWebhooksDoNotWaitForABurstOfMissedCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const missed, held, most = 40, 10, 5
		var commits, hold atomic.Int64
		release := make(chan struct{})
		s, err := store.Open(t.Context(), store.NewMemory(), store.Options{OnCommit: func(time.Duration, int, error) {
			if commits.Add(1) == hold.Load() {
				<-release
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		s.TellBy(oneAlarmEach)
		log := store.NotifyingLog{Store: s, Link: func(policy.CallSID) string { return "" }}
		advance := func(sid policy.CallSID, change func(policy.Call) policy.Call) {
			if _, err := log.Advance(t.Context(), sid, change); err != nil {
				t.Error(err)
			}
		}
		for n := range missed {
			advance(policy.CallSID(fmt.Sprint("CA", n)), func(c policy.Call) policy.Call {
				c.Line, c.StartedAt, c.Answered, c.Intent, c.HuntingAt = "+448000668187", time.Now(), true, policy.Critical, time.Now()
				return c
			})
		}
		hold.Store(commits.Load() + held)
		var all sync.WaitGroup
		for n := range missed {
			all.Go(func() {
				advance(policy.CallSID(fmt.Sprint("CA", n)), func(c policy.Call) policy.Call { c.Exhausted, c.LeftAt = true, time.Now(); return c })
			})
		}
		synctest.Wait() // the burst is under way
		began := commits.Load()
		all.Go(func() {
			advance("CA-other", step)
			if waited := commits.Load() - began; waited > most {
				t.Errorf("a webhook waits for %d of the %d commits that are left, %d at most", waited, missed-held, most)
			}
		})
		synctest.Wait()
		close(release)
		all.Wait()
	})
}
