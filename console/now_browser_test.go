package console_test

import (
	"testing"
	"time"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
)

// The page moves while a call does, and shows after a reload what it showed before. The audit and the health page are looked at on the way.
func TestNowMovesInTheBrowser(t *testing.T) {
	p := browsertest.NewPlace(t)
	for i := range 9 {
		p.Load(t, browsertest.Served(policy.CallSID("CA"+string(rune('a'+i))), browsertest.Monday.Add(-time.Duration(i)*47*time.Minute), 200))
	}
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/now")
	tab.SignIn("admin")
	tab.See("No calls in progress.")
	tab.Check("now-quiet")
	advance := func(change func(policy.Call) policy.Call) {
		t.Helper()
		if _, err := p.Store.Advance(t.Context(), "CAlive", change); err != nil {
			t.Fatal(err)
		}
	}
	advance(func(c policy.Call) policy.Call {
		c.Line, c.From, c.StartedAt, c.Answered, c.Intent = browsertest.UKLine, browsertest.Caller, browsertest.Monday.Add(-time.Minute), true, policy.Critical
		c.Customer, c.Account, c.HuntingAt = browsertest.Northwind.Number, browsertest.Northwind.Name, browsertest.Monday.Add(-30*time.Second)
		return c
	})
	tab.Wait(`[href="/calls/CAlive"]`)
	tab.See("waiting for a specialist")
	advance(func(c policy.Call) policy.Call {
		return c.WithLeg(policy.Leg{SID: "CAleg", To: browsertest.Specialist, RangAt: browsertest.Monday.Add(-25 * time.Second), AcceptedAt: browsertest.Monday.Add(-21 * time.Minute)})
	})
	tab.Wait(`[href="/calls/CAlive"]`)
	tab.Wait(`#live .sign.bad`)
	tab.See("talking")
	tab.Check("now")
	tab.Go(p.Server.URL + "/now")
	tab.See("talking")
	advance(func(c policy.Call) policy.Call {
		c.EndedAt = browsertest.Monday
		return c
	})
	tab.Wait(`#live .empty`)
	tab.Go(p.Server.URL + "/audit")
	tab.Check("audit")
	tab.Go(p.Server.URL + "/health")
	tab.Check("health")
}
