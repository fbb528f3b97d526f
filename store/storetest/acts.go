package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/policy"
)

func utc(policy.Phone) *time.Location { return time.UTC }

// waive returns an act that every served call of this suite allows.
func waive(by string) policy.Act {
	return policy.Act{At: day.Add(time.Hour), By: by, Kind: policy.ActWaive, Reason: "the platform was down", Limit: time.Minute}
}

// served returns a change to a call of northwind that a specialist accepted, and that ended after half an hour.
func served(at time.Time) func(policy.Call) policy.Call {
	return func(c policy.Call) policy.Call {
		c = began(at)(c)
		c.Customer, c.Account, c.Month = customer, northwind.Name, policy.MonthOf(at, time.UTC)
		leg := c.Leg("CA-leg-" + c.SID)
		leg.AcceptedAt, leg.EndedAt = at.Add(time.Minute), at.Add(31*time.Minute)
		c = c.WithLeg(leg)
		c.LeftAt = leg.EndedAt
		return c
	}
}

// summaries derives the summaries of a month from a listing of the model, call by call.
func (m model) summaries(number policy.CustomerNumber, month policy.Month) []policy.CallSummary {
	var list []policy.CallSummary
	calls := m.newest(policy.Filter{Customer: number})
	for i := len(calls) - 1; i >= 0; i-- {
		if c := calls[i]; c.Month == month {
			list = append(list, c.Summary())
		}
	}
	return list
}

func summaries(t *testing.T, storage Storage) {
	s := storage.Open(t)
	rapid.Check(t, func(r *rapid.T) {
		all := fill(r, s)
		for _, month := range []policy.Month{"2026-11", "2026-12", "2027-01"} {
			var whole []policy.CallSummary
			// Shorter numbers come first.
			for _, number := range []policy.CustomerNumber{"20451", customer, "2045180"} {
				want := all.summaries(number, month)
				got, err := s.AccountSummaries(r.Context(), number, month)
				if err != nil {
					r.Fatal(err)
				}
				same(r, fmt.Sprint(number, " in ", month), want, got)
				whole = append(whole, want...)
			}
			for _, summary := range whole {
				want := all.summaries(summary.Customer, month)
				most := rapid.IntRange(1, len(want)).Draw(r, "most")
				first := func() func(policy.CallSummary) bool {
					n := 0
					return func(policy.CallSummary) bool { n++; return n == most }
				}
				got, err := s.MonthCalls(r.Context(), summary.SID, first)
				if err != nil {
					r.Fatal(err)
				}
				same(r, "the month of "+string(summary.SID), want[:most], got)
			}
			same(r, "all accounts in "+string(month), whole, collect(r, s.MonthSummaries(r.Context(), month)))
		}
	})
}

// monthOfNobody holds that a call of no account has no month's calls, and neither has one that nobody knows.
func monthOfNobody(t *testing.T, storage Storage) {
	s := storage.Open(t)
	must(t, s, sid, func(c policy.Call) policy.Call {
		c.StartedAt, c.Month = day, "2026-11"
		return c
	})
	for _, of := range []policy.CallSID{sid, "CAnobody"} {
		got, err := s.MonthCalls(t.Context(), of, policy.FairUse{}.UntilOver)
		if err != nil || len(got) != 0 {
			t.Errorf("the month's calls of %s: %v, %v", of, got, err)
		}
	}
}

// longMonth reads a month of more calls than one step of a pass reads.
func longMonth(t *testing.T, storage Storage) {
	s := storage.Open(t)
	const calls = 5000
	load(t, s, calls)
	n := 0
	for summary, err := range s.MonthSummaries(t.Context(), "2026-11") {
		if err != nil {
			t.Fatal(err)
		}
		if want := loaded(n).Summary(); summary != want {
			t.Fatalf("summary %d is %+v, want %+v", n, summary, want)
		}
		n++
	}
	if n != calls {
		t.Errorf("a pass gave %d calls, want %d", n, calls)
	}
}

func talking(t *testing.T, storage Storage) {
	s := storage.Open(t)
	want := func(what string, before time.Time, sids ...policy.CallSID) {
		t.Helper()
		got, err := s.TalkingSince(t.Context(), before)
		if err != nil {
			t.Fatal(err)
		}
		same(t, what, sids, got)
	}
	live := func(c policy.Call) policy.Call {
		c = served(c.StartedAt)(c)
		leg := c.Leg("CA-leg-" + c.SID)
		leg.EndedAt = time.Time{}
		c = c.WithLeg(leg)
		c.LeftAt = time.Time{}
		return c
	}
	for n, id := range []policy.CallSID{"CA-c", "CA-b", "CA-a"} {
		must(t, s, id, began(day.Add(time.Duration(n)*time.Minute)))
		want("before anybody accepted "+string(id), day.Add(time.Hour), []policy.CallSID{"CA-c", "CA-b"}[:n]...)
		must(t, s, id, live)
	}
	want("all", day.Add(time.Hour), "CA-c", "CA-b", "CA-a")
	want("those accepted before two minutes, which CA-b was not", day.Add(2*time.Minute), "CA-c")
	must(t, s, "CA-c", func(c policy.Call) policy.Call { c.LeftAt = day.Add(time.Hour); return c })
	want("after one ended", day.Add(time.Hour), "CA-b", "CA-a")
	must(t, s, "CA-b", func(c policy.Call) policy.Call { c.LimitToldAt = day.Add(time.Hour); return c })
	want("after people were told of one", day.Add(time.Hour), "CA-a")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	want("after opening again", day.Add(time.Hour), "CA-a")
}

func acts(t *testing.T, storage Storage) {
	s := storage.Open(t)
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{northwind, harbor}, "anna"); err != nil {
		t.Fatal(err)
	}
	must(t, s, sid, served(day))
	figures := func(what string, number policy.CustomerNumber, want ...policy.CallSummary) {
		t.Helper()
		got, err := s.AccountSummaries(t.Context(), number, "2026-11")
		if err != nil {
			t.Fatal(err)
		}
		same(t, what, want, got)
	}
	act := func(a policy.Act) policy.Call {
		t.Helper()
		c, err := s.Act(t.Context(), sid, a, -1, utc)
		if err != nil {
			t.Fatalf("%s: %v", a.Kind, err)
		}
		same(t, "the call after "+string(a.Kind), c, kept(t, s, sid))
		figures("the figures after "+string(a.Kind), c.Customer, c.Summary())
		return c
	}
	if c := act(waive("anna")); !c.Waived || len(c.Acts) != 1 {
		t.Errorf("a waiver left %+v", c)
	}
	if c := act(policy.Act{At: day, By: "bea", Kind: policy.ActWaive, Undo: true}); c.Waived || len(c.Acts) != 2 {
		t.Errorf("a waiver that was taken back left %+v", c)
	}
	if c := act(policy.Act{At: day, By: "bea", Kind: policy.ActAttach, Value: string(harbor.Number)}); c.Customer != harbor.Number {
		t.Errorf("a call attached to %s is of %s", harbor.Number, c.Customer)
	}
	figures("of the account that lost the call", customer)

	before := kept(t, s, sid)
	noted := len(collect(t, s.Audit(t.Context())))
	refused := func(what string, id policy.CallSID, a policy.Act, seen int, want error) {
		t.Helper()
		_, err := s.Act(t.Context(), id, a, seen, utc)
		wantError(t, what, err, want)
	}
	refused("an act on no call", "CA-nobody", waive("anna"), -1, policy.ErrNoCall)
	refused("an act that saw less than there is", sid, waive("anna"), 1, policy.ErrCallChanged)
	refused("an account that is not there", sid, policy.Act{At: day, By: "bea", Kind: policy.ActAttach, Value: "999999"}, -1, policy.ErrNoCustomer)
	refused("a waiver without a reason", sid, policy.Act{At: day, By: "bea", Kind: policy.ActWaive}, -1, policy.ErrInput)
	full := errors.New("no space left on device")
	s.FailWrites(full)
	refused("an act on a full disk", sid, waive("anna"), -1, full)
	s.FailWrites(nil)
	same(t, "the call after acts that were refused", before, kept(t, s, sid))
	audit := collect(t, s.Audit(t.Context()))
	if len(audit) != noted {
		t.Errorf("acts that were refused left %d entries in the audit", len(audit)-noted)
	}
	var told []string
	for _, e := range audit[1:] {
		told = append(told, fmt.Sprintf("%s %s by %s for %s: %s", e.Act, e.Subject, e.By, e.Customer, e.Reason))
	}
	same(t, "the audit", []string{
		"waive " + string(sid) + " by anna for 204518: the platform was down",
		"undo waive " + string(sid) + " by bea for 204518: ",
		"attach " + string(sid) + " by bea for 310022: ",
	}, told)
}

// rivals lets people act on one call at the same time, all of whom saw the same.
func rivals(t *testing.T, storage Storage) {
	s := storage.Open(t)
	must(t, s, sid, served(day))
	results := make(chan error, 64)
	crowd(func(worker int) {
		_, err := s.Act(t.Context(), sid, waive(fmt.Sprint("person ", worker)), 0, utc)
		results <- err
	})
	won := 0
	for range 64 {
		if err := <-results; err == nil {
			won++
		} else {
			wantError(t, "the others", err, policy.ErrCallChanged)
		}
	}
	if c := kept(t, s, sid); won != 1 || len(c.Acts) != 1 {
		t.Errorf("%d acts of 64 at once were taken and %d are kept, want 1", won, len(c.Acts))
	}
	if noted := collect(t, s.Audit(t.Context())); len(noted) != 1 {
		t.Errorf("%d entries in the audit, want 1", len(noted))
	}
}

// strangeTexts writes bytes that are not UTF-8 wherever a person can write text: what was stored can be read.
func strangeTexts(t *testing.T, storage Storage) {
	s := storage.Open(t)
	strange := "a\xff"
	if _, err := s.Advance(t.Context(), "CA1", func(c policy.Call) policy.Call {
		c = began(day)(c)
		c.Account, c.Ticket = strange, policy.Ticket(strange)
		return c
	}); err != nil {
		t.Fatal(err)
	}
	act := policy.Act{At: day, By: strange, Kind: policy.ActNote, Value: strange}
	if _, err := s.Act(t.Context(), "CA1", act, -1, utc); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	c, err := s.Call(t.Context(), "CA1")
	if err != nil || len(c.Acts) != 1 || c.Acts[0].Value != "a\uFFFD" || c.Account != strange {
		t.Errorf("%+v, %v", c, err)
	}
	if found := collect(t, s.Audit(t.Context())); len(found) != 1 {
		t.Errorf("the audit has %+v", found)
	}
}
