package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// Who signs in at the identity provider gets no password here: the provider's word alone lets the person in.
func TestNoPasswordForAPersonOfTheProvider(t *testing.T) {
	s := must(bolt.OpenStore(filepath.Join(t.TempDir(), "log.db"), 0, store.Options{}))
	t.Cleanup(func() { s.Close() })
	mila := users.User{Name: "mila", Role: users.Admin, Subject: "https://login.example.com|17", CreatedAt: time.Now()}
	if err := s.AddUser(t.Context(), mila, "sso"); err != nil {
		t.Fatal(err)
	}
	session := &control.Session{In: strings.NewReader("battery horse staple\nbattery horse staple\n"), Out: io.Discard, Err: io.Discard, Now: time.Now, Store: s}
	err := usersPassword{userChange{Name: "mila"}}.Run(t.Context(), session)
	if control.ExitStatus(err) != 1 || !strings.Contains(err.Error(), "mila signs in at the identity provider, which has the password") {
		t.Errorf("the command answers %v", err)
	}
	if after := must(s.User(t.Context(), "mila")); after.Password != "" || after.Generation != 0 {
		t.Errorf("the user became %+v", after)
	}
}
