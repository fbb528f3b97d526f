package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
	"github.com/officernd/supportline/policy/users"
)

var (
	northwind = policy.Customer{
		Number: customer, Name: "Northwind Flex Offices", Package: "Ultimate", Line: ukLine, AccountHolder: "Office manager",
		Email: "office@northwind.example", Phone: caller, CallerNumbers: []policy.Phone{caller, "+442079460019"},
	}
	harbor = policy.Customer{Number: "310022", Name: "Harbor Cowork", Package: "Ultimate", Line: usLine, CallerNumbers: []policy.Phone{caller}}
	loft   = policy.Customer{Number: "055501", Name: "Loft & Ledger", Package: "Growth", Line: ukLine}
)

func directoryWalk(t *testing.T, storage Storage) {
	s := storage.Open(t)
	take := func(want directory.Result, customers ...policy.Customer) {
		t.Helper()
		got, err := s.ImportCustomers(t.Context(), customers, "anna")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the import", want, got)
	}
	from := func(caller policy.Phone, want ...policy.Customer) {
		t.Helper()
		got, err := s.CustomersCallingFrom(t.Context(), caller)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "customers calling from "+caller.Full(), want, got)
	}
	take(directory.Result{Added: 3}, northwind, harbor, loft)
	same(t, "the directory", []policy.Customer{loft, northwind, harbor}, collect(t, s.Customers(t.Context())))
	from(caller, northwind, harbor)
	from("+442079460019", northwind)
	from("+44207946001")
	from("442079460019", northwind)
	from("tel:+44-20-7946-0019", northwind)
	from("sip:+442079460019@example.com;user=phone", northwind)
	from("client:442079460019")
	from("anonymous")
	from("+266696687") // ANONYMOUS
	from("")

	moved := northwind
	moved.CallerNumbers = []policy.Phone{"+442079460020"}
	take(directory.Result{Changed: 1, Unchanged: 1}, moved, loft)
	got, err := s.Customer(t.Context(), customer)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the changed customer", moved, got)
	from(caller, harbor)
	from("+442079460020", moved)
	take(directory.Result{})
	_, err = s.Customer(t.Context(), "999999")
	wantError(t, "a number that nobody has", err, policy.ErrNoCustomer)
}

func wholeImport(t *testing.T, storage Storage) {
	s := storage.Open(t)
	var many []policy.Customer
	for n := range 1000 {
		c := northwind
		c.Number = policy.CustomerNumber(fmt.Sprintf("%06d", n))
		many = append(many, c)
	}
	if did, err := s.ImportCustomers(t.Context(), append(slices.Clone(many), policy.Customer{Name: "No Number"}), "anna"); err == nil {
		t.Errorf("a customer without a number was taken: %+v", did)
	}
	if left := collect(t, s.Customers(t.Context())); len(left) > 0 {
		t.Errorf("%d customers were half-imported", len(left))
	}
	if noted := collect(t, s.Audit(t.Context())); len(noted) > 0 {
		t.Errorf("an import that did not happen was noted: %+v", noted)
	}
	if _, err := s.ImportCustomers(t.Context(), many, "anna"); err != nil {
		t.Fatal(err)
	}
	same(t, "the directory", many, collect(t, s.Customers(t.Context())))
}

// talked changes a call to one of northwind that is over, with every value that could name somebody.
func talked(c policy.Call) policy.Call {
	c = exchange("number/1")(began(day)(c))
	c.Customer, c.Account, c.Month, c.Ticket, c.Known = customer, northwind.Name, "2026-11", "77001", true
	c.Intent, c.WrongNumbers = policy.TicketStatus, []time.Time{day}
	c.Message = &policy.Recording{SID: "RE1", URL: "https://recordings.example/RE1", Seconds: 20, At: day}
	c.Trace = append(c.Trace, policy.Decision{
		At: day, Rule: "customer.found", Result: "Northwind Flex Offices",
		Inputs: []policy.Fact{{Name: "keyed", Value: "204518"}, {Name: "line", Value: "+448000668187"}},
	})
	c.LeftAt = day.Add(time.Minute)
	return c
}

func erase(t *testing.T, storage Storage) {
	s := storage.Open(t)
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{northwind, loft}, "anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Export(t.Context(), customer, "anna"); err != nil {
		t.Fatal(err)
	}
	before := must(t, s, sid, talked)
	other := must(t, s, "CA-other", func(c policy.Call) policy.Call { c = talked(c); c.Customer = loft.Number; return c })

	did, err := s.Erase(t.Context(), customer, "bea", day.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "erased", policy.EraseResult{Calls: 1, Recordings: 1}, did)
	same(t, "the call", before.Anonymised(), kept(t, s, sid))
	same(t, "a call of somebody else", other, kept(t, s, "CA-other"))
	same(t, "the directory", []policy.Customer{loft}, collect(t, s.Customers(t.Context())))
	same(t, "calls of the account", nil, orNil(collect(t, s.Calls(t.Context(), policy.Filter{Customer: customer}))))
	if n, err := wrongNumbersOf(t, s, caller, day); n != 1 || err != nil {
		t.Errorf("wrong numbers of the caller: %d, %v; want 1, the other account's", n, err)
	}
	all := policy.WrongNumberCount{Since: day, AtMost: policy.WrongNumbers{InAll: 100}}
	if n, err := wrongNumbersSince(t, s, all); n.InAll != 1 || err != nil {
		t.Errorf("wrong numbers of all callers: %d, %v; want 1", n.InAll, err)
	}
	if callers, err := s.CustomersCallingFrom(t.Context(), caller); len(callers) > 0 || err != nil {
		t.Errorf("the caller is still known as %v, %v", callers, err)
	}
	audit := collect(t, s.Audit(t.Context()))
	last := audit[len(audit)-1]
	same(t, "the note", users.AuditEntry{At: day.Add(time.Hour), By: "bea", Act: "erase", Detail: last.Detail}, last)
	left, err := json.Marshal([]any{audit, kept(t, s, sid)})
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{string(customer), northwind.Name, caller.Full(), "77001", "recordings.example"} {
		if strings.Contains(string(left), word) {
			t.Errorf("%q is still in %s", word, left)
		}
	}
	_, err = s.Erase(t.Context(), customer, "bea", day)
	wantError(t, "erasing again", err, policy.ErrNoCustomer)
}

func eraseOnThePhone(t *testing.T, storage Storage) {
	s := storage.Open(t)
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{northwind}, "anna"); err != nil {
		t.Fatal(err)
	}
	must(t, s, sid, talked)
	want := must(t, s, "CA-z-live", func(c policy.Call) policy.Call { c = talked(c); c.LeftAt = time.Time{}; return c })
	_, err := s.Erase(t.Context(), customer, "bea", day.Add(time.Hour))
	wantError(t, "Erase", err, policy.ErrCallInProgress)
	same(t, "the directory", []policy.Customer{northwind}, collect(t, s.Customers(t.Context())))
	same(t, "the call", want, kept(t, s, want.SID))
	if c := kept(t, s, sid); c.Customer != customer {
		t.Error("a call that was over was made anonymous all the same")
	}
	// A call whose end was lost does not keep an account from being erased.
	if did, err := s.Erase(t.Context(), customer, "bea", day.Add(5*time.Hour)); err != nil || did.Calls != 2 {
		t.Errorf("after five hours: %+v, %v", did, err)
	}
}

func export(t *testing.T, storage Storage) {
	s := storage.Open(t)
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{northwind}, "anna"); err != nil {
		t.Fatal(err)
	}
	call := must(t, s, sid, talked)
	got, err := s.Export(t.Context(), customer, "bea")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the export", policy.CustomerExport{Customer: northwind, Calls: []policy.Call{call}}, got)
	_, err = s.Export(t.Context(), "999999", "bea")
	wantError(t, "a number that nobody has", err, policy.ErrNoCustomer)
	var acts []string
	for _, e := range collect(t, s.Audit(t.Context())) {
		acts = append(acts, fmt.Sprintf("%s by %s %s", e.Act, e.By, e.Customer))
	}
	same(t, "the audit", []string{"import by anna ", "export by bea 204518"}, acts)
}

func searchCustomers(t *testing.T, storage Storage) {
	s := storage.Open(t)
	rapid.Check(t, func(r *rapid.T) {
		for c := range all(r, s.Customers(r.Context())) { // one storage serves all draws
			if _, err := s.Erase(r.Context(), c.Number, "anna", day); err != nil {
				r.Fatal(err)
			}
		}
		kept := map[policy.CustomerNumber]policy.Customer{}
		for range 2 { // the second time some are changed
			for n := range rapid.IntRange(0, 12).Draw(r, "customers") {
				c := policy.Customer{
					Number: policy.CustomerNumber(fmt.Sprint(204500 + n)), Name: rapid.SampledFrom([]string{"Northwind Flex Offices", "Harbor Cowork", "north-west", ""}).Draw(r, "name"),
					Phone:         rapid.SampledFrom([]policy.Phone{"", caller, "+12125550142"}).Draw(r, "phone"),
					CallerNumbers: rapid.SliceOfN(rapid.SampledFrom([]policy.Phone{caller, "+4420794", "+12125550199"}), 0, 2).Draw(r, "numbers"),
				}
				kept[c.Number] = c
			}
			if _, err := s.ImportCustomers(r.Context(), slices.Collect(values(kept)), "anna"); err != nil {
				r.Fatal(err)
			}
		}
		for range 5 {
			text := policy.ParseText(rapid.SampledFrom(append(texts, "2045", "2125550", "7946", "north")).Draw(r, "text"), rapid.Bool().Draw(r, "numbers seen"))
			var want, got []policy.Customer
			for c := range values(kept) {
				if text.MatchesCustomer(c) {
					want = append(want, c)
				}
			}
			slices.SortFunc(want, func(a, b policy.Customer) int { return strings.Compare(string(a.Number), string(b.Number)) })
			limit := rapid.IntRange(1, 5).Draw(r, "limit")
			for after, more := policy.CustomerNumber(""), true; more; more = after != "" {
				found, next, err := s.SearchCustomers(r.Context(), text, limit, after)
				if err != nil {
					r.Fatal(err)
				}
				if len(found) > limit {
					r.Errorf("%d customers, and %d were asked for", len(found), limit)
				}
				got, after = append(got, found...), next
			}
			same(r, fmt.Sprintf("customers for %+v", text), want, got)
		}
	})
}

func values[K comparable, V any](m map[K]V) func(yield func(V) bool) {
	return func(yield func(V) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// all returns the values of a sequence; an error fails the test.
func all[T any](t rapid.TB, seq func(yield func(T, error) bool)) func(yield func(T) bool) {
	return slices.Values(collect(t, seq))
}
