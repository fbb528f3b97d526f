package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// searchAudit searches entries of one hour, most of which have equal times.
func searchAudit(t *testing.T, storage Storage) {
	s := storage.Open(t)
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{northwind, harbor}, "anna"); err != nil {
		t.Fatal(err)
	}
	for n := range 40 {
		id := policy.CallSID(fmt.Sprintf("CA%02d", n%5))
		if n < 5 {
			must(t, s, id, served(day))
		}
		a := policy.Act{At: day.Add(time.Duration(n*7%10) * time.Minute), By: []string{"anna", "bea"}[n%2], Kind: policy.ActNote, Value: fmt.Sprint("note ", n), Reason: fmt.Sprint(n)}
		if n%3 == 0 {
			a.Kind, a.Value = policy.ActTicket, fmt.Sprint(4711+n)
		}
		if _, err := s.Act(t.Context(), id, a, -1, utc); err != nil {
			t.Fatal(err)
		}
	}
	check := func(r *rapid.T) {
		entries := collect(r, s.Audit(r.Context()))
		f := users.AuditFilter{
			By:       rapid.SampledFrom([]string{"", "", "anna", "bea", "carl"}).Draw(r, "by"),
			Act:      rapid.SampledFrom([]string{"", "", "note", "ticket", "import", "erase"}).Draw(r, "act"),
			Subject:  rapid.SampledFrom([]string{"", "", "CA01"}).Draw(r, "subject"),
			Customer: rapid.SampledFrom([]policy.CustomerNumber{"", "", customer}).Draw(r, "customer"),
			Since:    rapid.SampledFrom([]time.Time{{}, day.Add(3 * time.Minute)}).Draw(r, "since"),
			Until:    rapid.SampledFrom([]time.Time{{}, day.Add(8 * time.Minute)}).Draw(r, "until"),
		}
		slices.Reverse(entries) // of equal times the last written comes first
		slices.SortStableFunc(entries, func(a, b users.AuditEntry) int { return b.At.Compare(a.At) })
		want := slices.DeleteFunc(entries, func(e users.AuditEntry) bool { return !f.Matches(e) })
		length := rapid.IntRange(1, 10).Draw(r, "length")
		var got, back []users.AuditEntry
		page := policy.Page{Length: length}
		var last policy.Found[users.AuditEntry]
		for {
			found, err := s.SearchAudit(r.Context(), f, page)
			if err != nil {
				r.Fatal(err)
			}
			got, last = append(got, found.List...), found
			if found.Older.IsZero() {
				break
			}
			page.Older = marked(r, found.Older)
		}
		for back = last.List; !last.Newer.IsZero(); back = append(slices.Clone(last.List), back...) {
			var err error
			if last, err = s.SearchAudit(r.Context(), f, policy.Page{Length: length, Newer: marked(r, last.Newer)}); err != nil {
				r.Fatal(err)
			}
		}
		same(r, fmt.Sprintf("the audit for %+v", f), want, got)
		same(r, fmt.Sprintf("the audit for %+v, backwards", f), want, back)
	}
	rapid.Check(t, check)
	if _, err := s.Erase(t.Context(), customer, "bea", day.AddDate(0, 1, 0)); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, check)
	if found, err := s.SearchAudit(t.Context(), users.AuditFilter{Customer: customer}, policy.Page{}); err != nil || len(found.List) > 0 {
		t.Errorf("the audit of a customer who was erased: %d entries, %v", len(found.List), err)
	}
}
