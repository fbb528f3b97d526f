package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store/postgres/postgrestest"
	"github.com/officernd/supportline/twilio/fake"
)

// providersLimit is how long the provider waits for an answer.
const providersLimit = 15 * time.Second

// TestCallersGetThroughWhileTheDatabaseIsAway: whatever is the matter with it, each webhook is answered in time, the caller is rung through without the
// log, and afterwards the provider's list repairs the log.
func TestCallersGetThroughWhileTheDatabaseIsAway(t *testing.T) {
	for name, trouble := range map[string]func(*testing.T, *postgrestest.Server, *postgrestest.Proxy, bool){
		"refuses connections": func(_ *testing.T, _ *postgrestest.Server, p *postgrestest.Proxy, on bool) {
			p.Refuse(on)
			p.Cut()
		},
		"says nothing": func(_ *testing.T, _ *postgrestest.Server, p *postgrestest.Proxy, on bool) { p.Silence(on) },
		"is slow": func(_ *testing.T, _ *postgrestest.Server, p *postgrestest.Proxy, on bool) {
			p.Delay(map[bool]time.Duration{true: 3 * time.Second}[on])
		},
		"is read-only": func(t *testing.T, s *postgrestest.Server, _ *postgrestest.Proxy, on bool) { s.ReadOnly(t, on) },
		"is stopped":   func(t *testing.T, s *postgrestest.Server, _ *postgrestest.Proxy, on bool) { stopped(t, s, on) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := postgrestest.NewServer(t)
			p := postgrestest.NewProxy(t, s.Database(t))
			l := newTelephony(t, func(c *config.Config) { c.Store = config.Store{URL: p.URL} })
			l.provision(true)
			before, _ := l.call(ukLine, "204518", "1")
			trouble(t, s, p, true)
			longest := l.timed()
			record, heard := l.call(ukLine, "1")
			if *longest > providersLimit*2/3 {
				t.Errorf("an answer took %v", *longest)
			}
			if !slices.ContainsFunc(heard, func(s string) bool { return strings.Contains(s, "If your platform is down, press 1.") }) {
				t.Errorf("heard %q", heard)
			}
			if !slices.ContainsFunc(record.Events, func(e fake.Event) bool { return e.Did == "is joined with the caller" }) {
				t.Errorf("nobody was rung; heard %q", heard)
			}
			trouble(t, s, p, false)
			l.recovered()
			if _, err := l.reconcile(); err != nil {
				t.Fatal(err)
			}
			if c, err := l.app.Store.Call(t.Context(), policy.CallSID(before.SID)); err != nil || c.Outcome() != policy.Served {
				t.Errorf("the call before it is %q in the log: %v", c.Outcome(), err)
			}
			c, err := l.app.Store.Call(t.Context(), policy.CallSID(record.SID))
			if err != nil || c.Outcome() != policy.Failed || c.EndedAt.IsZero() || len(c.Legs) == 0 || c.Trace[0].Rule != "provider.listed" {
				t.Errorf("the call is %q in the log, and not one that the provider's list alone knows: %+v, %v", c.Outcome(), c.Trace, err)
			}
		})
	}
}

// TestASecondAwayCostsNoCall: a database that is back before anybody has to be told is waited for, and the log has all of the call.
func TestASecondAwayCostsNoCall(t *testing.T) {
	p := postgrestest.NewProxy(t, postgrestest.Database(t))
	l := newTelephony(t, func(c *config.Config) { c.Store = config.Store{URL: p.URL} })
	l.provision(true)
	p.Refuse(true)
	p.Cut()
	time.AfterFunc(time.Second, func() { p.Refuse(false) })
	record, heard := l.call(ukLine, "204518", "1")
	c, err := l.app.Store.Call(t.Context(), policy.CallSID(record.SID))
	if err != nil || c.Outcome() != policy.Served || c.Customer != "204518" || c.Listed {
		t.Errorf("the call is %q in the log: %v; heard %q", c.Outcome(), err, heard)
	}
}

func stopped(t *testing.T, s *postgrestest.Server, on bool) {
	if on {
		s.Pause(t)
		return
	}
	s.Resume(t)
}

// timed measures the answers from now on, and returns how long the longest took.
func (l *telephony) timed() *time.Duration {
	longest := new(time.Duration)
	l.provider.Transport = timing{l.provider.Transport, longest}
	return longest
}

// recovered waits until the store can be written again.
func (l *telephony) recovered() {
	l.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := l.app.Store.Probe(l.t.Context())
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("the store cannot be written: %v", err)
		}
	}
}

// timing is a transport that keeps how long the longest answer took.
type timing struct {
	http.RoundTripper
	longest *time.Duration
}

func (x timing) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	answer, err := x.RoundTripper.RoundTrip(r)
	*x.longest = max(*x.longest, time.Since(began))
	return answer, err
}
