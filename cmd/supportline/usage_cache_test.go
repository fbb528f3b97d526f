package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store/figures"
)

// cache is a usage cache of a company, which derives when the test says so.
func (c *company) cache() *figures.Cache {
	return figures.NewCache(c.store, c.conf.Settings, func(err error) { c.Error(err) })
}

// tookToo is took for a second account: its calls have SIDs of their own.
func (c *company) tookToo(customer policy.CustomerNumber, month policy.Month, calls int) {
	c.Helper()
	for day := range calls {
		at := fmt.Sprintf("%s-%02dT15:00:00Z", month, day+1)
		c.log(fairCall(6_000_000+day+100*int(month[6])+10_000*int(month[5]), customer, at, 300, ""))
	}
}

// derived is a report, after everything that is due was derived.
func (c *company) derived(cache *figures.Cache, last policy.Month, n int) policy.UsageReport {
	c.Helper()
	if _, _, err := cache.Report(c.Context(), last, n); err != nil {
		c.Fatal(err)
	}
	cache.Refresh(c.Context())
	report, ready, err := cache.Report(c.Context(), last, n)
	if err != nil || !ready || len(report) != n {
		c.Fatalf("a report of %d months, ready %v, %v", len(report), ready, err)
	}
	return report
}

// The console's what-if and charges are those of the commands, which are what the months of each account come to under each of the limits.
func TestUsageReportsSayWhatTheCommandsSay(t *testing.T) {
	c := newCompany(t, time.Date(2024, 6, 20, 12, 0, 0, 0, time.UTC), "")
	c.conf.Settings.FairUse.PerTicket, c.conf.Settings.FairUse.PerMinute = 12.5, 0.5
	for _, month := range []policy.Month{"2024-01", "2024-03", "2024-05", "2024-06"} {
		c.took("204518", month, 17)
		c.tookToo("310022", month, 13)
	}
	c.log(fairCall(5_000_007, "310022", "2024-06-03T11:00:00Z", 1900, "4711"))
	fair := c.conf.Settings.FairUse
	c.took("204518", "2023-06", 17) // before the months that today's limits look at
	c.took("204518", "2023-07", 17)
	other, err := fair.With(policy.Limit{Name: "tickets", Value: "12"}, policy.Limit{Name: "call", Value: "30m"}, policy.Limit{Name: "within", Value: "8"})
	if err != nil {
		t.Fatal(err)
	}
	accounts := figures.Accounts{Store: c.store, FairUse: fair}
	before, err := accounts.AllMonths(t.Context(), "2024-06", 6)
	if err != nil {
		t.Fatal(err)
	}
	after, err := figures.Accounts{Store: c.store, FairUse: other}.AllMonths(t.Context(), "2024-06", 6)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i, b := range before {
		for m, u := range b.Months {
			if would := after[i].Months[m]; u.Over != would.Over || u.Sustained != would.Sustained {
				want = append(want, fmt.Sprint(u.Month, u.Customer, u.Account, u.Tickets, u.Over, u.Sustained, would.Over, would.Sustained))
			}
		}
	}
	command, err := accounts.Compare(t.Context(), "", other, "2024-06", 6)
	if err != nil {
		t.Fatal(err)
	}
	proposal, err := accounts.Charges(t.Context(), "", "2024-06", true)
	if err != nil {
		t.Fatal(err)
	}
	lines := proposal.Lines
	if len(want) == 0 || len(lines) == 0 {
		t.Fatal("there is nothing to compare")
	}
	said := func(differ []policy.Difference, named bool) (rows []string) {
		for _, d := range differ {
			account := d.Before.Account
			if !named { // the report knows numbers alone
				account = before[slices.IndexFunc(before, func(a figures.Account) bool { return a.Customer.Number == d.Before.Customer })].Customer.Name
			}
			rows = append(rows, fmt.Sprint(d.Before.Month, d.Before.Customer, account, d.Before.Tickets, d.Before.Over, d.Before.Sustained, d.After.Over, d.After.Sustained))
		}
		return rows
	}
	if diff := cmp.Diff(want, said(command, true)); diff != "" {
		t.Error("the command:", diff)
	}
	report := c.derived(c.cache(), "2024-06", 6+other.Lead())
	if diff := cmp.Diff(want, said(report.Compare(fair, other, 6, 1000).Differ, false)); diff != "" {
		t.Error("the console:", diff)
	}
	for i := range lines {
		if lines[i].Account == "" {
			t.Errorf("%+v names nobody", lines[i])
		}
		lines[i].Account = ""
	}
	if diff := cmp.Diff(lines, slices.Collect(report.Charges(fair))); diff != "" {
		t.Error("charges:", diff)
	}
}

// An export has the months in which specialists took calls, from the first one on, and no others.
func TestUsageSinceTheFirstCall(t *testing.T) {
	c := newCompany(t, time.Date(2024, 6, 20, 12, 0, 0, 0, time.UTC), "")
	c.took("204518", "2024-01", 2)
	c.took("204518", "2024-05", 17)
	var got []string
	used, err := figures.Accounts{Store: c.store, FairUse: c.conf.Settings.FairUse}.UsageSince(t.Context(), "204518", "2024-01", "2024-06")
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range used {
		got = append(got, fmt.Sprint(u.Month, " ", u.Tickets, " ", u.Over))
	}
	if diff := cmp.Diff([]string{"2024-01 2 false", "2024-05 17 true"}, got); diff != "" {
		t.Error(diff)
	}
}

// Through the whole program: somebody signs in, sees an account's month, and other limits, which are derived beside.
func TestConsoleShowsFairUse(t *testing.T) {
	now := time.Date(2026, 6, 30, 23, 30, 0, 0, time.UTC) // July where the account is at home, June elsewhere
	h := mustAppAt(t, func() time.Time { return now })
	for i := range 3 {
		call := fairCall(i, "204518", now.Format(time.RFC3339), 300, "")
		if _, err := h.Store.Advance(t.Context(), call.SID, func(policy.Call) policy.Call { return call }); err != nil {
			t.Fatal(err)
		}
	}
	browsertest.AddUser(t, h.Store, users.User{Name: "mila", Role: users.Viewer}, now)
	over := make(chan struct{})
	go func() { defer close(over); h.Usage.Run(t.Context()) }()
	t.Cleanup(func() { <-over })
	server := httptest.NewServer(h.Private)
	t.Cleanup(server.Close)
	mila := browsertest.NewClient(t, server.URL)
	mila.SignIn("mila", browsertest.Password).Want(t, http.StatusOK, "Sign out")
	mila.Get("/accounts?text=2045").Want(t, http.StatusOK, "204518")
	mila.Get("/accounts/204518").Want(t, http.StatusOK, "3 of 16")
	page := mila.Get("/fair-use/what-if?tickets=2")
	for !page.Has("1 account would differ") { // until it is derived; the test's own time limit ends it
		page = mila.Get("/fair-use/what-if?tickets=2")
	}
	page.Want(t, http.StatusOK, "Based on every account")
}

// The accounts that people should look at have their names and cases, and are told as of when.
func TestNearAccounts(t *testing.T) {
	c := newCompany(t, time.Date(2024, 6, 20, 12, 0, 0, 0, time.UTC), "")
	for _, month := range []policy.Month{"2024-04", "2024-05", "2024-06"} {
		c.took("204518", month, 17)
	}
	c.tookToo("310022", "2024-06", 13)
	c.must("cases", "open", "--customer", "204518", "--note", "they asked for it")
	s := c.cache()
	if near, at := s.Near(); len(near) > 0 || !at.IsZero() {
		t.Errorf("before anything was derived %+v are near, at %v", near, at)
	}
	s.Refresh(t.Context())
	type row struct {
		Customer        policy.CustomerNumber
		Tickets         int
		Over, Sustained bool
		Case            policy.CaseState
		Named           bool
	}
	said := func() (rows []row) {
		t.Helper()
		near, at := s.Near()
		if at.IsZero() {
			t.Error("nothing says when it was derived")
		}
		for _, u := range near {
			r := row{u.Customer, u.Tickets, u.Over, u.Sustained, "", u.Account != ""}
			if u.Case != nil {
				r.Case = *u.Case
			}
			rows = append(rows, r)
		}
		return rows
	}
	want := []row{{"204518", 17, true, true, policy.CaseFlagged, true}, {"310022", 13, false, false, "", true}}
	if diff := cmp.Diff(want, said()); diff != "" {
		t.Error(diff)
	}
	c.tookToo("310022", "2024-06", 18)
	c.now = c.now.Add(30 * time.Second)
	s.Near()
	s.Refresh(t.Context())
	want[1].Tickets, want[1].Over = 18, true
	want[0], want[1] = want[1], want[0]
	if diff := cmp.Diff(want, said()); diff != "" {
		t.Error("after more calls:", diff)
	}
}
