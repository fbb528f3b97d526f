package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
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
