package console_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy/users"
)

func TestProfile(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Load(t, browsertest.Served("CA1", time.Date(2026, time.November, 23, 1, 30, 0, 0, time.UTC), 60))
	c := p.As(t, users.Viewer)
	c.Get("/calls").Want(t, http.StatusOK, ">2026-11-23 01:30:00<").Without(t, "data-theme")
	c.Post("/profile", "zone", "America/New_York", "theme", "light").Want(t, http.StatusOK, `data-theme="light"`, "America/New_York")
	c.Get("/calls").Want(t, http.StatusOK, ">2026-11-22 20:30:00<", "Mon 01:30:00 GMT")
	for _, zone := range []string{"", "Local", "Europe/Londn", "../etc"} {
		c.Post("/profile", "zone", zone).Want(t, http.StatusUnprocessableEntity, "is not a time zone: write a name such as Europe/London.")
	}
	p.As(t, users.Operator).Get("/calls").Want(t, http.StatusOK, ">2026-11-23 01:30:00<")
}

func TestOwnPassword(t *testing.T) {
	tests := []struct{ name, old, new, again, want string }{
		{"another old one", "wrong", "green horse battery", "green horse battery", "The present password is wrong."},
		{"not the same twice", browsertest.Password, "green horse battery", "green horse batterz", "was not typed the same twice"},
		{"too short", browsertest.Password, "green", "green", "it is shorter than 12 characters"},
		{"one that is guessed first", browsertest.Password, "password1234", "password1234", "guessed first"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := browsertest.NewPlace(t)
			c := p.As(t, users.Viewer)
			c.Post("/profile/password", "old", test.old, "new", test.new, "again", test.again).Want(t, http.StatusUnprocessableEntity, test.want)
			c.Get("/calls").Want(t, http.StatusOK, "Sign out")
		})
	}
}
