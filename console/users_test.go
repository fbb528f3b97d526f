package console_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy/users"
)

func TestUsersAreTheAdmins(t *testing.T) {
	p := browsertest.NewPlace(t)
	for _, role := range []users.Role{users.Viewer, users.Operator} {
		c := p.As(t, role)
		c.Get("/calls").Want(t, http.StatusOK).Without(t, `href="/users"`)
		c.Get("/users").Want(t, http.StatusForbidden, "Not permitted")
		c.Post("/users/viewer", "act", "role", "role", "admin").Want(t, http.StatusForbidden, "Not permitted")
		c.Post("/users", "name", "mine", "role", "admin", "password", "green horse battery").Want(t, http.StatusForbidden)
	}
	p.As(t, users.Admin).Get("/users").Want(t, http.StatusOK, `href="/users" aria-current="page"`, "operator", "viewer")
}

func TestAddUser(t *testing.T) {
	tests := []struct {
		name, user, role, password string
		status                     int
		want                       string
	}{
		{"one more", "Mila@Example.com", "operator", "green horse battery", http.StatusOK, "mila@example.com was added"},
		{"no name", "mila k", "operator", "green horse battery", http.StatusUnprocessableEntity, "Invalid user name"},
		{"no role", "mila", "boss", "green horse battery", http.StatusUnprocessableEntity, "write viewer, operator or admin"},
		{"a short password", "mila", "viewer", "green", http.StatusUnprocessableEntity, "shorter than 12"},
		{"a name that is taken", "viewer", "viewer", "green horse battery", http.StatusUnprocessableEntity, "The name is taken"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := browsertest.NewPlace(t)
			c := p.As(t, users.Admin)
			c.Post("/users", "name", test.user, "role", test.role, "password", test.password).Want(t, test.status, test.want)
			if test.status == http.StatusOK {
				p.Visitor(t).SignIn(test.user, test.password).Want(t, http.StatusOK, "Sign out")
			}
		})
	}
}

func TestChangeUser(t *testing.T) {
	tests := []struct {
		name, user, act string
		status          int
		want            string
		audit           []string
	}{
		{"disabled", "viewer", "disable", http.StatusOK, "viewer is disabled", []string{"user-disable viewer by admin: disabled, and signed out everywhere"}},
		{"signed out", "viewer", "signout", http.StatusOK, "viewer is signed out", []string{"sign-out-everywhere viewer by admin: signed out everywhere"}},
		{"a role", "viewer", "role", http.StatusOK, "viewer has a new role", []string{"user-role viewer by admin: now operator"}},
		{"let in, who never was out", "viewer", "enable", http.StatusOK, "viewer may sign in again", nil},
		{"oneself", "admin", "disable", http.StatusUnprocessableEntity, "This is you; another admin can", nil},
		{"one's own role", "admin", "role", http.StatusUnprocessableEntity, "This is you; another admin can", nil},
		{"nobody", "nobody", "disable", http.StatusNotFound, "No such user", nil},
		{"nothing", "viewer", "", http.StatusUnprocessableEntity, "Choose what to do", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := browsertest.NewPlace(t)
			c := p.As(t, users.Admin)
			c.Post("/users/"+test.user, "act", test.act, "role", "operator").Want(t, test.status, test.want)
			if diff := cmp.Diff(append([]string{"sign-in admin by admin: from 127.0.0.1"}, test.audit...), p.Audit(t)); diff != "" {
				t.Errorf("the audit (-want +got):\n%s", diff)
			}
		})
	}
}
