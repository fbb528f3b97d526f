package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

// lineZones has the US line a day's half away from the UK one, so that a call near midnight is in another month on each.
func lineZones(line policy.Phone) *time.Location {
	if line == usLine {
		return time.FixedZone("far west", -12*60*60)
	}
	return time.FixedZone("far east", 14*60*60)
}

// countNobody compares the figure with a naive recount, after steps in any order, and with what the filter finds.
func countNobody(t *testing.T, storage Storage) {
	s := storage.Open(t)
	countNobodyAtMidnight(t, s)
	rapid.Check(t, func(r *rapid.T) {
		all := fill(r, s)
		for n := range rapid.IntRange(0, 10).Draw(r, "steps") {
			id := anySID(rapid.IntRange(0, 12).Draw(r, "sid"))
			c, err := s.Advance(r.Context(), id, step(r, n))
			if err != nil {
				r.Fatal(err)
			}
			if _, err := s.Call(r.Context(), id); err == nil {
				all[id] = c.WithoutHistory()
			}
		}
		for _, month := range []policy.Month{"2026-11", "2026-12"} {
			want := map[policy.Phone]policy.NobodyCount{}
			for _, c := range all {
				_, accepted := c.Accepted()
				if !accepted || c.Customer != "" || c.Erased || policy.MonthOf(c.StartedAt, lineZones(c.Line)) != month {
					continue
				}
				n := want[c.Line]
				n.Line, n.Calls = c.Line, n.Calls+1
				if c.OnFile != "" {
					n.OnFile++
				}
				want[c.Line] = n
			}
			got, err := s.CountNobody(r.Context(), month, lineZones)
			if err != nil {
				r.Fatal(err)
			}
			for _, n := range got {
				same(r, fmt.Sprint(month, " on ", n.Line.Full()), want[n.Line], n)
				from, to := month.Bounds(lineZones(n.Line))
				found := collect(r, s.Calls(r.Context(), policy.Filter{Unidentified: true, Line: n.Line, Since: from, Until: to}))
				if len(found) != n.Calls {
					r.Errorf("%s: the figure is %d, and the list has %d calls", month, n.Calls, len(found))
				}
			}
			if len(got) != len(want) || !slices.IsSortedFunc(got, func(a, b policy.NobodyCount) int { return strings.Compare(a.Line.Full(), b.Line.Full()) }) {
				r.Errorf("%s: the lines are %+v, want those of %+v in order", month, got, want)
			}
		}
	})
}

// countNobodyAtMidnight: the month of such a call is that of its start on the line, to the second.
func countNobodyAtMidnight(t *testing.T, s Store) {
	t.Helper()
	midnight := time.Date(2025, time.July, 1, 0, 0, 0, 0, time.UTC)
	for id, at := range map[policy.CallSID]time.Time{
		"CA-early": midnight.Add(-14*time.Hour - time.Second), "CA-first": midnight.Add(-14 * time.Hour), "CA-us-last": midnight.Add(12*time.Hour - time.Second),
		"CA-us-first": midnight.Add(12 * time.Hour),
	} {
		must(t, s, id, func(c policy.Call) policy.Call {
			c = began(at)(c)
			if strings.HasPrefix(string(id), "CA-us") {
				c.Line = usLine
			}
			return c.WithLeg(policy.Leg{SID: "CA-leg", AcceptedAt: at})
		})
	}
	for _, month := range []policy.Month{"2025-06", "2025-07"} {
		got, err := s.CountNobody(t.Context(), month, lineZones)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "served to nobody in "+string(month), []policy.NobodyCount{{Line: usLine, Calls: 1}, {Line: ukLine, Calls: 1}}, got)
	}
}

// eraseOnFile erases an account from whose number others called, on calls that are indexed and on those that are not yet.
func eraseOnFile(t *testing.T, storage Storage) {
	s := storage.Open(t)
	northwind := northwind
	northwind.Name = "North & West" // which JSON does not write as it is
	callFromItsNumber(t, s, northwind)
	onFile := policy.Notice{
		Key: "critical-missed/CA000/webhook", Kind: policy.NoticeCriticalMissed, At: day, Channel: policy.ChannelWebhook,
		Facts: map[string]string{"sid": "CA000", "on_file": string(customer), "on_file_account": northwind.Name},
	}
	if err := s.PutNotices(t.Context(), []policy.Notice{onFile}); err != nil {
		t.Fatal(err)
	}
	exported, err := s.Export(t.Context(), customer, "anna")
	if err != nil || len(exported.Calls) != 0 || len(exported.Notices) != 0 {
		t.Errorf("exported %d calls and %d notices, %v; calls that are nobody's are not the account's", len(exported.Calls), len(exported.Notices), err)
	}
	others, err := s.Export(t.Context(), harbor.Number, "anna")
	if text, failed := json.Marshal(others.Calls); err != nil || failed != nil || len(others.Calls) != 50 || strings.Contains(string(text), string(customer)) || strings.Contains(string(text), "North") {
		t.Errorf("the export of another account, %v, names this one: %.2000s", errors.Join(err, failed), text)
	}
	must(t, s, "CA-on", func(c policy.Call) policy.Call { c = began(day)(c); c.OnFile = customer; return c })
	if _, err := s.Erase(t.Context(), customer, "anna", day.Add(time.Hour)); !errors.Is(err, policy.ErrCallInProgress) {
		t.Errorf("erasing during a call from a number on file: %v, want %v", err, policy.ErrCallInProgress)
	}
	must(t, s, "CA-on", func(c policy.Call) policy.Call { c.LeftAt = day; return c })
	did, err := s.Erase(t.Context(), customer, "anna", day.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "erased", policy.EraseResult{Notices: 1}, did)
	for _, c := range collect(t, s.Calls(t.Context(), policy.Filter{})) {
		c = kept(t, s, c.SID)
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{string(customer), "North"} {
			if strings.Contains(string(text), word) {
				t.Fatalf("%q is still in %s", word, text)
			}
		}
		if c.From != caller || c.Erased || c.State.Presumed != "" || c.SID != "CA-on" && c.Trace[1].Inputs[0].Value != "5" {
			t.Fatalf("the call of somebody else became %+v", c)
		}
	}
	count, err := s.CountNobody(t.Context(), "2026-11", func(policy.Phone) *time.Location { return time.UTC })
	if err != nil {
		t.Fatal(err)
	}
	same(t, "served to nobody", []policy.NobodyCount{{Line: ukLine, Calls: 50}}, count)
}

// callFromItsNumber has a hundred calls from a number on file of an account: every second one is another account's, the others are nobody's. One was
// attached to the account, and taken back.
func callFromItsNumber(t *testing.T, s Store, account policy.Customer) {
	t.Helper()
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{account, harbor}, "anna"); err != nil {
		t.Fatal(err)
	}
	reply, err := json.Marshal("the number is on file of " + account.Name)
	if err != nil {
		t.Fatal(err)
	}
	seconds := 60
	for n := range 100 { // more than are indexed together
		id := policy.CallSID(fmt.Sprintf("CA%03d", n))
		must(t, s, id, began(day)) // a call that is known with its end alone is indexed at once
		must(t, s, id, func(c policy.Call) policy.Call {
			c.OnFile, c.State.Offered, c.State.OnFileName, c.State.Presumed = customer, customer, account.Name, policy.RestrictedAccount
			if n%2 == 1 {
				c.Customer, c.Account, c.Month = harbor.Number, harbor.Name, "2026-11"
			}
			c.Exchanges = []policy.Exchange{{Key: "k", At: day, Heard: "1", Reply: reply}}
			c.Trace = []policy.Decision{
				{At: day, Rule: "caller-id.on-file", Result: "on file of " + account.Name, Inputs: []policy.Fact{{Name: "account", Value: string(customer)}}},
				{At: day, Rule: "intent.menu", Result: "a question", Inputs: []policy.Fact{{Name: "heard", Value: "5"}}},
			}
			leg := policy.Leg{SID: "CA-leg", To: "+15550100001", AcceptedAt: day, Seconds: &seconds}
			return c.WithLeg(leg).Learn(policy.Report{At: day.Add(time.Minute), Status: "completed", Seconds: &seconds})
		})
	}
	if _, err := s.Act(t.Context(), "CA000", policy.Act{At: day, By: "bea", Kind: policy.ActAttach, Value: string(customer)}, -1, utc); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Act(t.Context(), "CA000", policy.Act{At: day, By: "bea", Kind: policy.ActAttach, Undo: true}, -1, utc); err != nil {
		t.Fatal(err)
	}
}
