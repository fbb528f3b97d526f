package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
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
