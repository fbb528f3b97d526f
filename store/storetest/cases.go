package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/directory"
)

// fair has limits that one served call a month exceeds, and two months of three make sustained.
var fair = policy.FairUse{
	CallLimit: 20 * time.Minute, TicketsPerMonth: 1, OverLongCallsPerMonth: 10, SustainedMonths: 2, SustainedWithin: 3, WarnAt: []int{100},
}

// overload adds two calls of northwind in each of three months, the last of which is November.
func overload(t *testing.T, s Store) {
	t.Helper()
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{northwind, harbor}, "anna"); err != nil {
		t.Fatal(err)
	}
	for n := range 6 {
		must(t, s, policy.CallSID(fmt.Sprint("CA", n)), served(day.AddDate(0, -(n/2), 0)))
	}
}

func review(t *testing.T, s Store) (policy.Verdict, error) {
	return s.Review(t.Context(), customer, "2026-11", fair, func(standing policy.ReviewInput) policy.Verdict {
		return policy.Review(standing, fair, day)
	})
}

// reviewInput checks what a review is given.
func reviewInput(t *testing.T, storage Storage) {
	s := storage.Open(t)
	overload(t, s)
	must(t, s, "CA-other", func(c policy.Call) policy.Call { c = served(day)(c); c.Customer = harbor.Number; return c })
	var seen policy.ReviewInput
	verdict, err := s.Review(t.Context(), customer, "2026-12", fair, func(st policy.ReviewInput) policy.Verdict { seen = st; return policy.Verdict{} })
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the verdict", policy.Verdict{}, verdict)
	want := policy.ReviewInput{Customer: northwind}
	for _, month := range []policy.Month{"2026-10", "2026-11", "2026-12"} { // sustained, as September, October and November were over
		u := policy.Usage{
			Month: month, Customer: customer, Account: northwind.Name, Line: northwind.Line.Full(), TicketLimit: 1, OverLongLimit: 10, Sustained: true,
		}
		if month != "2026-12" {
			u.Tickets, u.Calls, u.OverLong, u.TalkSeconds, u.Over = 2, 2, 2, 3600, true // two calls of 30 minutes
		}
		want.Months = append(want.Months, u)
	}
	same(t, "what a review sees", want, seen)
	made := []policy.Notice{ // of both kinds; those of another month and of another account tell nothing
		{Key: "holder-tickets/204518/2026-12/100/email/1", Kind: policy.NoticeHolder, Channel: policy.ChannelEmail},
		{Key: "tickets/204518/2026-12/80/email/1", Kind: policy.NoticeTickets, Channel: policy.ChannelEmail},
		{Key: "holder-tickets/204518/2026-11/100/email/1", Kind: policy.NoticeHolder, Channel: policy.ChannelEmail},
		{Key: "holder-tickets/20451/2026-12/100/email/1", Kind: policy.NoticeHolder, Channel: policy.ChannelEmail},
	}
	if err := s.PutNotices(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Review(t.Context(), customer, "2026-12", fair, func(st policy.ReviewInput) policy.Verdict { seen = st; return policy.Verdict{} }); err != nil {
		t.Fatal(err)
	}
	same(t, "the warnings that were made", []string{made[1].Key, made[0].Key}, seen.Told)
	_, err = s.Review(t.Context(), "999999", "2026-12", fair, func(policy.ReviewInput) policy.Verdict { return policy.Verdict{} })
	wantError(t, "a review of nobody", err, policy.ErrNoCustomer)
}

// flagging runs reviews that open a case: the case, its notices and the audit are written all or nothing, and once.
func flagging(t *testing.T, storage Storage) {
	s := storage.Open(t)
	overload(t, s)
	full := errors.New("no space left on device")
	s.FailWrites(full)
	_, err := review(t, s)
	wantError(t, "a review on a full disk", err, full)
	s.FailWrites(nil)
	nothingFlagged(t, s)

	before := storage.Copy(t).Open(t)
	nothingFlagged(t, before)
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	opened, told := make(chan *policy.Case, 64), make(chan int, 64)
	crowd(func(int) {
		verdict, err := review(t, s)
		if err != nil {
			t.Error(err)
		}
		opened <- verdict.Open
		told <- len(verdict.Notices)
	})
	cases := collect(t, s.Cases(t.Context()))
	if len(cases) != 1 {
		t.Fatalf("64 reviews at once opened %d cases, want 1", len(cases))
	}
	said, notices := 0, 0
	for range 64 {
		if c := <-opened; c != nil {
			same(t, "the case that a review says it opened", cases[0], *c)
			said++
		}
		notices += <-told
	}
	outbox := collect(t, s.Notices(t.Context()))
	if said != 1 || notices != len(outbox) || notices < 2 {
		t.Errorf("%d of 64 reviews say they opened it, with %d notices, of which %d are kept; want 1 and the same, 2 or more", said, notices, len(outbox))
	}
	last := collect(t, s.Audit(t.Context()))
	if e := last[len(last)-1]; len(last) != 2 || e.Act != "case-open" || e.Customer != customer || e.Subject != string(cases[0].ID) {
		t.Errorf("the audit ends with %+v", e)
	}
	after := storage.Copy(t).Open(t)
	same(t, "the cases after a crash", cases, collect(t, after.Cases(t.Context())))
	same(t, "the outbox after a crash", outbox, collect(t, after.Notices(t.Context())))
	if err := after.Close(); err != nil {
		t.Fatal(err)
	}
}

func nothingFlagged(t *testing.T, s Store) {
	t.Helper()
	same(t, "cases", []policy.Case{}, collect(t, s.Cases(t.Context())))
	same(t, "notices", []policy.Notice{}, collect(t, s.Notices(t.Context())))
	if audit := collect(t, s.Audit(t.Context())); len(audit) != 1 {
		t.Errorf("the audit holds %+v, want the import alone", audit)
	}
}

// lastClosedDecides checks that a review asks what the account did since its last case was closed, not an earlier one.
func lastClosedDecides(t *testing.T, storage Storage) {
	s := storage.Open(t)
	overload(t, s)
	for n, closing := range []time.Time{day.AddDate(0, -2, 0), day} { // the account was over since the first of them
		opened, err := s.OpenCase(t.Context(), customer, "anna", "by hand", nil, closing)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.MoveCase(t.Context(), opened.ID, policy.Move{At: closing, By: "anna", To: policy.CaseClosed, Note: "agreed"}, nil); err != nil {
			t.Fatal(err)
		}
		verdict, err := review(t, s)
		if err != nil {
			t.Fatal(err)
		}
		if flagged := verdict.Open != nil; flagged != (n == 0) {
			t.Errorf("after case %s was closed on %s a review opens %+v", opened.ID, closing.Format(time.DateOnly), verdict.Open)
		}
		if verdict.Open == nil {
			continue
		}
		if _, err := s.MoveCase(t.Context(), verdict.Open.ID, policy.Move{At: closing, By: "anna", To: policy.CaseClosed, Note: "agreed"}, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// path is the whole life of a case.
var path = []policy.CaseState{
	policy.CaseContacted, policy.CaseDiscussed, policy.CaseWatching, policy.CaseCharged, policy.CaseRestricted, policy.CaseClosed,
}

// move returns a move as a person may write it, with blanks around its texts.
func move(to policy.CaseState) policy.Move {
	return policy.Move{At: day.Add(time.Hour), By: " bea", To: to, Via: policy.ViaEmail, Note: "agreed on a training\r\n"}
}

func caseLife(t *testing.T, storage Storage) {
	s := storage.Open(t)
	overload(t, s)
	opened, err := s.OpenCase(t.Context(), customer, "anna", "they asked for it", []policy.Usage{{Month: "2026-11", Customer: customer, Tickets: 17}}, day)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.OpenCase(t.Context(), customer, "anna", "once more", nil, day)
	wantError(t, "a second case", err, policy.ErrCaseOpen)
	_, err = s.OpenCase(t.Context(), harbor.Number, "anna", "", nil, day)
	wantError(t, "a case without a note", err, policy.ErrNoNote)
	_, err = s.OpenCase(t.Context(), harbor.Number, "anna", strings.Repeat("ä", policy.MaxWritten+1), nil, day)
	wantError(t, "a case with a note that is too long", err, policy.ErrInput)
	_, err = s.OpenCase(t.Context(), "999999", "anna", "why not", nil, day)
	wantError(t, "a case of nobody", err, policy.ErrNoCustomer)
	_, err = s.MoveCase(t.Context(), opened.ID, move(policy.CaseRestricted), nil)
	wantError(t, "a move that is not allowed", err, policy.ErrMoveNotAllowed)
	want := opened
	for n, to := range path {
		key := fmt.Sprint("case-moved/1/", n)
		stays(t, s, want, to, key)
		got, err := s.MoveCase(t.Context(), opened.ID, move(to), []policy.Notice{notice(key)})
		if err != nil {
			t.Fatal(err)
		}
		if want, err = want.Moved(move(to)); err != nil {
			t.Fatal(err)
		}
		same(t, "the case at "+string(to), want, got)
		moved(t, storage.Copy(t), want, n+1)
	}
	_, err = s.MoveCase(t.Context(), opened.ID, move(policy.CaseContacted), nil)
	wantError(t, "a move of a closed case", err, policy.ErrMoveNotAllowed)
	for _, id := range []policy.CaseID{"", "0", "99", "one"} {
		_, err = s.Case(t.Context(), id)
		wantError(t, "case "+string(id), err, policy.ErrNoCase)
		_, err = s.MoveCase(t.Context(), id, move(policy.CaseClosed), nil)
		wantError(t, "moving case "+string(id), err, policy.ErrNoCase)
	}
	again, err := s.OpenCase(t.Context(), customer, "anna", "load came back", nil, day)
	if err != nil || len(again.ID) < len(opened.ID) || len(again.ID) == len(opened.ID) && again.ID <= opened.ID {
		t.Errorf("a case after a closed one: %+v, %v", again, err)
	}
}

// stays checks that a move on a full disk moves nothing and tells nobody.
func stays(t *testing.T, s Store, want policy.Case, to policy.CaseState, key string) {
	t.Helper()
	full := errors.New("no space left on device")
	s.FailWrites(full)
	_, err := s.MoveCase(t.Context(), want.ID, move(to), []policy.Notice{notice(key)})
	s.FailWrites(nil)
	wantError(t, "a move on a full disk", err, full)
	got, err := s.Case(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the case after it", want, got)
	for n, err := range s.Notices(t.Context()) {
		if err != nil || n.Key == key {
			t.Errorf("after it there is notice %s, %v", n.Key, err)
		}
	}
}

// moved checks that a crash after a move leaves the case, its notices, its entry in the audit, and what the directory says of the account.
func moved(t *testing.T, storage Storage, want policy.Case, moves int) {
	t.Helper()
	s := storage.Open(t)
	got, err := s.Case(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the case after a crash", want, got)
	audit := collect(t, s.Audit(t.Context()))
	if e := audit[len(audit)-1]; e.Act != "case-move" || e.By != "bea" || e.Reason != "agreed on a training" || len(audit) != 2+moves {
		t.Errorf("behind move %d the audit has %d entries and ends with %+v", moves, len(audit), e)
	}
	if n := len(collect(t, s.Notices(t.Context()))); n != moves {
		t.Errorf("behind move %d there are %d notices", moves, n)
	}
	account, err := s.Customer(t.Context(), customer)
	if err != nil {
		t.Fatal(err)
	}
	callers, err := s.CustomersCallingFrom(t.Context(), caller)
	if err != nil {
		t.Fatal(err)
	}
	restricted := want.State == policy.CaseRestricted
	if account.Restricted != restricted || callers[0].Restricted != restricted || callers[1].Restricted {
		t.Errorf("at %s the account is restricted: %v, found by its caller: %v, and another: %v", want.State, account.Restricted, callers[0].Restricted, callers[1].Restricted)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

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
