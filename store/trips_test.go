package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/storetest"
)

// TestRoundTripsOfReaders bounds how often pages and sign-ins ask the database, each of which takes as long as the network does. The account has a
// thousand calls.
func TestRoundTripsOfReaders(t *testing.T) {
	d := newDatabase(t)
	e := d.engine(t)
	s, ctx := open(t, e), t.Context()
	calls := func(yield func(policy.Call) bool) {
		for n := 0; n < 1000 && yield(storetest.Alternating(n)); n++ {
		}
	}
	if err := s.Load(ctx, calls, nil); err != nil {
		t.Fatal(err)
	}
	customer := policy.Customer{Number: "204518", Name: "Northwind", Package: "Ultimate", Line: "+448000668187", Phone: "+442079460018"}
	if _, err := s.ImportCustomers(ctx, []policy.Customer{customer}, "anna"); err != nil {
		t.Fatal(err)
	}
	search := func(f policy.Filter) func() error {
		return func() error {
			found, err := s.Search(ctx, f, policy.Page{Length: 50})
			if err == nil && len(found.List) == 0 {
				err = fmt.Errorf("nothing was found by %+v", f)
			}
			return err
		}
	}
	origins := []users.Origin{users.ByName("mila"), users.ByDevice("mila", "laptop"), users.ByDevice("mila", "phone")}
	for _, test := range []struct {
		name string
		most int64
		do   func() error
	}{
		{"a page of all calls", 1, search(policy.Filter{})},
		{"a page of an account's", 2, search(policy.Filter{Customer: customer.Number})},
		{"a page of several conditions", 8, search(policy.Filter{Intent: policy.Critical, Ticket: "3", TalkAtLeast: 60})},
		{"a page by a text", 10, search(policy.Filter{Text: "204518"})},
		{"a page of the audit", 2, func() error { _, err := s.SearchAudit(ctx, users.AuditFilter{}, policy.Page{Length: 50}); return err }},
		{"a call", 3, func() error { _, err := s.Call(ctx, "CA000007"); return err }},
		{"an account", 2, func() error { _, err := s.Customer(ctx, customer.Number); return err }},
		{"an account's month", 6, func() error { _, err := s.AccountSummaries(ctx, customer.Number, "2026-11"); return err }},
		{"a try to sign in", 5, func() error { _, err := s.TakeTry(ctx, origins, began); return err }},
		{"one given back", 2, func() error { return s.GiveBackTry(ctx, origins, began) }},
		{"an export", 24, func() error { _, err := s.Export(ctx, customer.Number, "anna"); return err }},
		{"open cases", 1, func() error { _, err := s.OpenCases(ctx); return err }},
		{"due notices", 2, func() error { _, err := s.DueNotices(ctx, "email", began.Add(time.Hour), 10); return err }},
	} {
		before := e.Stats().Trips
		if err := test.do(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if n := e.Stats().Trips - before; n > test.most {
			t.Errorf("%s takes %d round trips, %d at most", test.name, n, test.most)
		}
	}
}

// TestRoundTripsOfMissedCalls bounds what the end of a call without a person costs, which opens a follow-up and tells people, and what many ends together
// cost. Each has a transaction of its own.
func TestRoundTripsOfMissedCalls(t *testing.T) {
	d := newDatabase(t)
	e := d.engine(t)
	s := open(t, e)
	s.TellBy(oneAlarmEach)
	log := store.NotifyingLog{Store: s, Link: func(policy.CallSID) string { return "" }}
	ended := time.Now().UTC()
	rings := func(c policy.Call) policy.Call {
		c.Line, c.From, c.StartedAt, c.Answered, c.Intent = "+448000668187", policy.Phone("+4420794"+c.SID[len(c.SID)-5:]), ended.Add(-time.Minute), true, policy.Critical
		c.Customer, c.Account, c.Month, c.HuntingAt = policy.CustomerNumber("1"+c.SID[len(c.SID)-5:]), "Northwind", "2026-11", ended.Add(-time.Minute)
		return c
	}
	missed := func(c policy.Call) policy.Call { c.Exhausted, c.LeftAt = true, ended; return c }
	together := func(name string, n int, change func(policy.Call) policy.Call) {
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				if _, err := log.Advance(t.Context(), policy.CallSID(fmt.Sprintf("CA-%s-%05d", name, i)), change); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	trips := func(do func()) int64 {
		before := e.Stats().Trips
		do()
		return e.Stats().Trips - before
	}
	together("first", 1, rings)
	together("one", 1, rings)
	together("many", 200, rings)
	together("first", 1, missed)
	if n := trips(func() { together("one", 1, missed) }); n > 10 {
		t.Errorf("a missed call takes %d round trips, 10 at most", n)
	}
	if n := trips(func() { together("many", 200, missed) }); n > 8*200 {
		t.Errorf("200 missed calls take %d round trips, 8 each at most", n)
	}
}

// oneAlarmEach tells of each event by an alarm of its own.
func oneAlarmEach(event policy.Notice, _ *alarm.Alarm, fresh alarm.ID, at time.Time) (*alarm.Alarm, []policy.Notice) {
	one := event
	one.Key, one.Channel, one.Alarm = "alarm/"+string(fresh)+"/1", policy.ChannelWebhook, string(fresh)
	return &alarm.Alarm{ID: fresh, Event: event, Count: 1, StartedAt: at, Step: 1, NextAt: at.Add(time.Minute), State: policy.AlarmOpen}, []policy.Notice{one}
}
