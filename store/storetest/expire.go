package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
)

func expire(t *testing.T, storage Storage) {
	s := storage.Open(t)
	overload(t, s) // two calls a month from September to November
	load(t, s, 1200)
	must(t, s, "CA-unknown", exchange("report"))
	evidence := []policy.Usage{{Month: "2026-10", Customer: customer}}
	if _, err := s.OpenCase(t.Context(), customer, "anna", "by hand", evidence, day); err != nil {
		t.Fatal(err)
	}
	sent, failed, waits, young := notice("sent"), notice("failed"), notice("waits"), notice("young")
	young.At = day.AddDate(0, 2, 0)
	if err := s.PutNotices(t.Context(), []policy.Notice{sent, failed, waits, young}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"sent", "young"} {
		if err := s.NoticeSent(t.Context(), key, day); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.NoticeFailed(t.Context(), "failed", day, errors.New("no"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	late := must(t, s, "CA-late", served(day.AddDate(0, 1, 0)))
	full := errors.New("no space left on device")
	s.FailWrites(full)
	_, err := s.Expire(t.Context(), day)
	wantError(t, "Expire on a full disk", err, full)
	s.FailWrites(nil)
	gone := func(what string, before time.Time, want policy.RetentionResult) {
		t.Helper()
		got, err := s.Expire(t.Context(), before)
		if err != nil {
			t.Fatal(err)
		}
		same(t, what, want, got)
	}
	gone("before September", day.AddDate(0, -2, 0), policy.RetentionResult{})
	audited := len(collect(t, s.Audit(t.Context())))
	gone("before 1 December", day.AddDate(0, 0, 8), policy.RetentionResult{Calls: 1204, Kept: 2, Notices: 2})
	gone("once more", day.AddDate(0, 0, 8), policy.RetentionResult{Kept: 2})
	audit := collect(t, s.Audit(t.Context()))
	if e := audit[len(audit)-1]; len(audit) != audited+1 || e.Act != "expire" || !strings.HasPrefix(e.Detail, "1204 calls and 2 notices") {
		t.Errorf("the audit got %d entries, the last is %+v", len(audit)-audited, e)
	}
	var left []string
	for _, c := range collect(t, s.Calls(t.Context(), policy.Filter{})) {
		left = append(left, fmt.Sprint(c.SID, " ", c.Month))
	}
	same(t, "the calls that are left", []string{"CA-late 2026-12", "CA3 2026-10", "CA2 2026-10", "CA-unknown "}, left)
	same(t, "a call that is left", late, kept(t, s, late.SID))
	_, err = s.Call(t.Context(), "CA0")
	wantError(t, "a call that is gone", err, policy.ErrNoCall)
	same(t, "summaries of November", []policy.CallSummary{}, collect(t, s.MonthSummaries(t.Context(), "2026-11")))
	if notices := collect(t, s.Notices(t.Context())); len(notices) != 2 || notices[0].Key != "waits" || notices[1].Key != "young" {
		t.Errorf("the notices left are %+v", notices)
	}
}

// expireEndless removes calls of which no end was ever reported, beside others: everything that looks for calls still works.
func expireEndless(t *testing.T, storage Storage) {
	s := storage.Open(t)
	long := day.AddDate(-2, 0, 0) // longer ago than any call can last
	endless := func(c policy.Call) policy.Call {
		c = talked(c)
		c.StartedAt, c.LeftAt = long, time.Time{}
		leg := c.Leg("CA-leg-" + c.SID)
		leg.To, leg.AcceptedAt = "+15550100001", long.Add(time.Minute)
		return c.WithLeg(leg)
	}
	for n := range 3 {
		must(t, s, policy.CallSID(fmt.Sprint("CA-endless-", n)), endless)
	}
	staying := must(t, s, "CA-stays", served(day))
	if did, err := s.Expire(t.Context(), day.AddDate(-1, 0, 0)); err != nil || did.Calls != 3 {
		t.Fatalf("expired %+v, %v; want 3 calls", did, err)
	}
	looks := func(when string) {
		t.Helper()
		onlyOne(t, s, when, staying)
		if found, err := s.TalkingSince(t.Context(), day.AddDate(1, 0, 0)); err != nil || len(found) > 0 {
			t.Errorf("%s: calls that talk are %v, %v; want none", when, found, err)
		}
		if n, err := wrongNumbersOf(t, s, caller, long.AddDate(-1, 0, 0)); err != nil || n > 0 {
			t.Errorf("%s: %d wrong numbers, %v; want none", when, n, err)
		}
		all := policy.WrongNumberCount{Since: long.AddDate(-1, 0, 0), AtMost: policy.WrongNumbers{InAll: 100}}
		if n, err := wrongNumbersSince(t, s, all); err != nil || n.InAll > 0 {
			t.Errorf("%s: %d wrong numbers of all callers, %v; want none", when, n.InAll, err)
		}
	}
	looks("after retention")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	looks("opened again")
}

// onlyOne searches for calls in all ways, and checks that this call alone is found.
func onlyOne(t *testing.T, s Store, when string, want policy.Call) {
	t.Helper()
	for _, f := range []policy.Filter{
		{},
		{Line: ukLine},
		{Customer: customer},
		{Outcome: policy.Served},
		{Text: string(customer)},
		{Text: "northwind"},
		{Text: "7946", Numbers: true},
		{Text: "CA-stays"},
		{TalkAtLeast: 1},
	} {
		found, err := s.Search(t.Context(), f, policy.Page{})
		if err != nil {
			t.Errorf("%s: a search for %+v: %v", when, f, err)
			continue
		}
		same(t, fmt.Sprintf("%s: a search for %+v", when, f), []policy.Call{want.WithoutHistory()}, found.List)
		same(t, fmt.Sprintf("%s: a listing of %+v", when, f), found.List, collect(t, s.Calls(t.Context(), f)))
	}
	for _, f := range []policy.Filter{{Outcome: policy.InProgress}, {Ticket: "77001"}, {Text: "77001"}, {Text: "CA-endless"}, {Specialist: "+15550100001"}} {
		same(t, fmt.Sprintf("%s: a listing of %+v", when, f), []policy.Call{}, collect(t, s.Calls(t.Context(), f)))
	}
	counts, err := s.CountCalls(t.Context(), []time.Time{{}, day, day.AddDate(1, 0, 0)})
	if err != nil {
		t.Fatalf("%s: counting: %v", when, err)
	}
	same(t, when+": the counts", []policy.OutcomeCount{{}, {policy.Served: 1}}, counts)
	same(t, when+": the summaries", []policy.CallSummary{want.Summary()}, collect(t, s.MonthSummaries(t.Context(), want.Month)))
}

// eraseAll checks that erasing reaches everything of an account, and leaves the figures.
func eraseAll(t *testing.T, storage Storage) {
	s := storage.Open(t)
	overload(t, s)
	if _, err := review(t, s); err != nil {
		t.Fatal(err)
	}
	if _, err := s.MoveCase(t.Context(), "1", policy.Move{At: day, By: "bea", To: policy.CaseContacted, Via: policy.ViaPhone, Note: "Mr Northwind was in"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Act(t.Context(), "CA0", policy.Act{At: day, By: "bea", Kind: policy.ActNote, Value: "Mr Northwind"}, -1, utc); err != nil {
		t.Fatal(err)
	}
	other := notice("other")
	other.Customer = harbor.Number
	if err := s.PutNotices(t.Context(), []policy.Notice{other}); err != nil {
		t.Fatal(err)
	}
	all, err := s.Export(t.Context(), customer, "anna")
	if err != nil {
		t.Fatal(err)
	}
	cases, notices := collect(t, s.Cases(t.Context())), collect(t, s.Notices(t.Context()))
	same(t, "exported cases", cases, all.Cases)
	if len(all.Calls) != 6 || len(all.Notices) != len(notices)-1 {
		t.Errorf("exported %d calls, %d notices", len(all.Calls), len(all.Notices))
	}
	did, err := s.Erase(t.Context(), customer, "anna", day.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "erased", policy.EraseResult{Calls: 6, Cases: 1, Notices: len(all.Notices)}, did)
	after := collect(t, s.Cases(t.Context()))
	if c := after[0]; c.Open() || len(c.Months) != 3 || c.Months[2].Tickets != cases[0].Months[2].Tickets || len(c.Moves) != 3 {
		t.Errorf("the case became %+v", c)
	}
	same(t, "the outbox", []policy.Notice{other}, collect(t, s.Notices(t.Context())))
	same(t, "summaries of the account", []policy.CallSummary{}, collect(t, s.MonthSummaries(t.Context(), "2026-11")))
	left, err := json.Marshal([]any{after, collect(t, s.Audit(t.Context())), collect(t, s.Calls(t.Context(), policy.Filter{}))})
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{string(customer), "Northwind"} {
		if strings.Contains(string(left), word) {
			t.Errorf("%q is still in %s", word, left)
		}
	}
}
