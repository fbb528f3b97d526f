package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// A page whose events are refused, because the person has too many open, stays as it came.
func TestAPageWithoutItsEventsStays(t *testing.T) {
	p := browsertest.NewPlace(t)
	operator := p.As(t, users.Operator)
	for range 10 { // as many as one person has at once
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.Server.URL+"/now/events", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := operator.HTTP.Do(r)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", answer, err)
		}
		defer answer.Body.Close()
	}
	tab := browsertest.Open(t)
	tab.Go(p.Server.URL + "/followups")
	tab.SignIn("operator")
	tab.Refused("/followups/events", http.StatusServiceUnavailable)
	tab.See("No caller is waiting for a person.")
	if strings.Contains(tab.Text(), "Too many pages are open") {
		t.Error("the page was replaced by the refusal")
	}
}

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
