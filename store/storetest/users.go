package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/officernd/supportline/policy/users"
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
