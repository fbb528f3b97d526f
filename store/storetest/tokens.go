package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/officernd/supportline/policy/users"
)

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
