package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
)

// boards reads cases by account, the open ones, and pages of the closed ones.
func boards(t *testing.T, storage Storage) {
	s := storage.Open(t)
	var accounts []policy.Customer
	for n := range 5 {
		c := northwind
		c.Number = policy.CustomerNumber(fmt.Sprint(300000 - n))
		accounts = append(accounts, c)
	}
	if _, err := s.ImportCustomers(t.Context(), accounts, "anna"); err != nil {
		t.Fatal(err)
	}
	var id []policy.CaseID
	for n := range 10 { // two cases for each account; the first of each is closed, and the second of the last account
		account := accounts[n%5]
		opened, err := s.OpenCase(t.Context(), account.Number, "anna", "too many", nil, day)
		if err != nil {
			t.Fatal(err)
		}
		id = append(id, opened.ID)
		if n < 5 || n == 9 {
			if _, err := s.MoveCase(t.Context(), opened.ID, move(policy.CaseClosed), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	heads, err := s.OpenCases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the open cases", []policy.CaseHead{
		{ID: id[5], Customer: accounts[0].Number, State: policy.CaseFlagged},
		{ID: id[6], Customer: accounts[1].Number, State: policy.CaseFlagged},
		{ID: id[7], Customer: accounts[2].Number, State: policy.CaseFlagged},
		{ID: id[8], Customer: accounts[3].Number, State: policy.CaseFlagged},
	}, heads)
	cases, err := s.CasesOf(t.Context(), accounts[1].Number)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the cases of an account", []policy.CaseID{id[1], id[6]}, ids(cases))
	for _, page := range []struct {
		before policy.CaseID
		want   []policy.CaseID
		more   bool
	}{
		{"", []policy.CaseID{id[9], id[4]}, true},
		{id[4], []policy.CaseID{id[3], id[2]}, true},
		{id[2], []policy.CaseID{id[1], id[0]}, false},
		{id[0], nil, false},
	} {
		cases, more, err := s.ClosedCases(t.Context(), page.before, 2)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the closed cases before "+string(page.before), page.want, ids(cases))
		same(t, "more behind those before "+string(page.before), page.more, more)
	}
	_, _, err = s.ClosedCases(t.Context(), "one", 2)
	wantError(t, "a page before no case", err, policy.ErrNoCase)
	looked := move(policy.CaseClosed)
	looked.From = policy.CaseWatching
	_, err = s.MoveCase(t.Context(), id[5], looked, nil)
	wantError(t, "a move of a case that is elsewhere than the person saw it", err, policy.ErrMoveNotAllowed)
}

func ids(cases []policy.Case) (found []policy.CaseID) {
	for _, c := range cases {
		found = append(found, c.ID)
	}
	return found
}

// noticesOfAccount reads notices by the prefixes of their keys.
func noticesOfAccount(t *testing.T, storage Storage) {
	s := storage.Open(t)
	var all []policy.Notice
	for n, key := range []string{"tickets/204518/2026-11/80/email/ab", "tickets/204519/2026-11/80/email/ab", "case/204518/2026-11/webhook", "call-limit/CA1/webhook", "call-limit/CA12/webhook", "holder-tickets/204518/2026-11/80/email/ab", "case-moved/1/2/email/ab"} {
		one := notice(key)
		one.At = day.AddDate(0, 0, n)
		all = append(all, one)
	}
	if err := s.PutNotices(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	starts := policy.NoticesAbout("204518", []policy.Case{{ID: "1"}}, []policy.CallSID{"CA1"})
	found, err := s.NoticesUnder(t.Context(), starts, 4)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, n := range found {
		keys = append(keys, n.Key)
	}
	same(t, "the notices", []string{"case-moved/1/2/email/ab", "holder-tickets/204518/2026-11/80/email/ab", "call-limit/CA1/webhook", "case/204518/2026-11/webhook"}, keys)
}

// plannedImport checks that an import does what the plan said, or nothing.
func plannedImport(t *testing.T, storage Storage) {
	s := storage.Open(t)
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{northwind}, "anna"); err != nil {
		t.Fatal(err)
	}
	renamed := northwind
	renamed.Name = "Northwind Offices"
	file := []policy.Customer{harbor, renamed}
	plan, err := s.PlanImport(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	want := directory.Plan{
		Result: directory.Result{Added: 1, Changed: 1}, Seal: plan.Seal,
		Changes: []directory.Change{{After: harbor}, {Before: northwind, After: renamed}},
	}
	slices.SortFunc(want.Changes, func(a, b directory.Change) int { return cmp.Compare(a.After.Number, b.After.Number) })
	same(t, "the plan", want, plan)
	moved := northwind
	moved.Package = "Essential"
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{moved}, "bea"); err != nil {
		t.Fatal(err)
	}
	for _, seal := range []string{plan.Seal, ""} {
		_, err = s.ImportPlanned(t.Context(), file, "anna", seal)
		wantError(t, "an import of what changed meanwhile", err, directory.ErrChanged)
	}
	kept, err := s.Customer(t.Context(), northwind.Number)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the customer after it", moved, kept)
	if plan, err = s.PlanImport(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	done, err := s.ImportPlanned(t.Context(), file, "anna", plan.Seal)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what was done", directory.Result{Added: 1, Changed: 1}, done)
	_, err = s.ImportPlanned(t.Context(), file, "anna", plan.Seal)
	wantError(t, "the same once more", err, directory.ErrChanged)
}
