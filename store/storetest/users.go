package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"pgregory.net/rapid"
)

// mila is a user of the console.
var mila = users.User{Name: "mila", Role: users.Operator, Password: "$argon2id$...", CreatedAt: day, Zone: "Europe/London"}

func userChanges(t *testing.T, storage Storage) {
	s := storage.Open(t)
	anna := users.User{Name: "anna@example.com", Role: users.Admin, Subject: "https://id.example.com|17", CreatedAt: day}
	for _, u := range []users.User{mila, anna} {
		if err := s.AddUser(t.Context(), u, "root"); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, "a name that is taken", s.AddUser(t.Context(), mila, "root"), users.ErrExists)
	wantError(t, "a name with capitals", s.AddUser(t.Context(), users.User{Name: "Mila"}, "root"), users.ErrName)
	_, err := s.User(t.Context(), "nobody")
	wantError(t, "nobody", err, users.ErrNoUser)
	_, err = s.ChangeUser(t.Context(), "nobody", users.WithRole(users.Admin, "anna", day))
	wantError(t, "a change of nobody", err, users.ErrNoUser)

	out, err := s.ChangeUser(t.Context(), "mila", users.WithDisabled("anna", day.Add(time.Hour)))
	if err != nil || !out.Disabled() || out.Generation != mila.Generation+1 {
		t.Errorf("disabled: %+v, %v", out, err)
	}
	if again, err := s.ChangeUser(t.Context(), "mila", users.WithDisabled("anna", day.Add(2*time.Hour))); err != nil || again != out {
		t.Errorf("disabled twice: %+v, %v", again, err)
	}
	if _, err := s.ChangeUser(t.Context(), "mila", users.Change{Change: func(u users.User) users.User { u.Name = "bea"; return u }}); err == nil {
		t.Error("a change gave a user another name")
	}
	full := errors.New("no space left on device")
	s.FailWrites(full)
	_, err = s.ChangeUser(t.Context(), "mila", users.WithEnabled("anna", day))
	wantError(t, "a change on a full disk", err, full)
	s.FailWrites(nil)

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	same(t, "the users", []users.User{anna, out}, collect(t, s.Users(t.Context())))
	if got, err := s.User(t.Context(), "mila"); err != nil || got != out {
		t.Errorf("after opening again: %+v, %v", got, err)
	}
	if got, err := s.ChangeUser(t.Context(), "anna@example.com", users.Vouched(day)); err != nil || !got.VouchedAt.Equal(day) {
		t.Errorf("a change without an act: %+v, %v", got, err)
	}
	if err := s.Note(t.Context(), users.AuditEntry{At: day, By: "mila", Act: users.ActSignIn, Subject: "mila"}); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range collect(t, s.Audit(t.Context())) {
		told = append(told, fmt.Sprintf("%s %s by %s: %s", e.Act, e.Subject, e.By, e.Detail))
	}
	same(t, "the audit", []string{
		"user-add mila by root: operator", "user-add anna@example.com by root: admin",
		"user-disable mila by anna: disabled, and signed out everywhere", "sign-in mila by mila: ",
	}, told)
}

func tokens(t *testing.T, storage Storage) {
	s := storage.Open(t)
	bea := users.User{Name: "be", Role: users.Admin, CreatedAt: day} // a name that another one could begin with
	for _, u := range []users.User{mila, bea} {
		if err := s.AddUser(t.Context(), u, "root"); err != nil {
			t.Fatal(err)
		}
	}
	nightly := users.Token{User: "mila", Name: "nightly report", Hash: "h1", ReadOnly: true, Masked: true, CreatedAt: day, ExpiresAt: day.AddDate(0, 0, 90)}
	ci := users.Token{User: "mila", Name: "ci", Hash: "h2", CreatedAt: day}
	for _, token := range []users.Token{nightly, ci, {User: "be", Name: "ci", Hash: "h3", CreatedAt: day}} {
		if err := s.AddToken(t.Context(), token, "anna"); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, "a name that is taken", s.AddToken(t.Context(), ci, "anna"), users.ErrTokenExists)
	wantError(t, "a name that is none", s.AddToken(t.Context(), users.Token{User: "mila", Name: "-"}, "anna"), users.ErrTokenName)
	wantError(t, "a token of nobody", s.AddToken(t.Context(), users.Token{User: "nobody", Name: "ci", Hash: "h4"}, "anna"), users.ErrNoUser)
	_, err := s.Token(t.Context(), "h4")
	wantError(t, "a hash that nobody has", err, users.ErrNoToken)
	wantError(t, "a token that is not there", s.RevokeToken(t.Context(), "mila", "other", "anna", day), users.ErrNoToken)

	used := day.Add(time.Hour)
	for _, at := range []time.Time{used, day} { // the second is late, and changes nothing
		if err := s.UseToken(t.Context(), "mila", "ci", at); err != nil {
			t.Fatal(err)
		}
	}
	ci.UsedAt = used
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storage.Open(t)
	wantToken := func(hash string, want users.Token) {
		t.Helper()
		got, err := s.Token(t.Context(), hash)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the token "+want.Name, want, got)
	}
	wantToken("h1", nightly)
	wantToken("h2", ci)
	wantTokens := func(user string, want ...users.Token) {
		t.Helper()
		got, err := s.TokensOf(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the tokens of "+user, want, got)
	}
	wantTokens("mila", ci, nightly)
	wantTokens("nobody")

	full := errors.New("no space left on device")
	s.FailWrites(full)
	wantError(t, "a revocation on a full disk", s.RevokeToken(t.Context(), "mila", "ci", "mila", used), full)
	s.FailWrites(nil)
	wantToken("h2", ci)
	if err := s.RevokeToken(t.Context(), "mila", "ci", "mila", used); err != nil {
		t.Fatal(err)
	}
	_, err = s.Token(t.Context(), "h2")
	wantError(t, "a token that was revoked", err, users.ErrNoToken)
	if err := s.UseToken(t.Context(), "mila", "ci", used.Add(time.Hour)); err != nil {
		t.Errorf("the last use of a token that was revoked: %v", err)
	}
	wantTokens("mila", nightly)

	for i := range users.MaxTokens - 1 {
		if err := s.AddToken(t.Context(), users.Token{User: "mila", Name: fmt.Sprint("n", i), Hash: fmt.Sprint("n", i), CreatedAt: day}, "mila"); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, "one token too many", s.AddToken(t.Context(), users.Token{User: "mila", Name: "more", Hash: "more"}, "mila"), users.ErrManyTokens)
	var told []string
	for _, e := range collect(t, s.Audit(t.Context()))[2:6] {
		told = append(told, fmt.Sprintf("%s %s by %s: %s", e.Act, e.Subject, e.By, e.Detail))
	}
	same(t, "the audit", []string{
		"token-add mila by anna: nightly report, read-only, without numbers, until 2027-02-21", "token-add mila by anna: ci, never expires",
		"token-add be by anna: ci, never expires", "token-revoke mila by mila: ci",
	}, told)
}

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
