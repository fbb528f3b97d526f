package console_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/officernd/supportline/policy/users"
)

func TestProfile(t *testing.T) {
	p := mustPlace(t)
	p.load(t, served("CA1", time.Date(2026, time.November, 23, 1, 30, 0, 0, time.UTC), 60))
	c := p.as(t, users.Viewer)
	c.get("/calls").want(t, http.StatusOK, ">2026-11-23 01:30:00<").without(t, "data-theme")
	c.post("/profile", "zone", "America/New_York", "theme", "light").want(t, http.StatusOK, `data-theme="light"`, "America/New_York")
	c.get("/calls").want(t, http.StatusOK, ">2026-11-22 20:30:00<", "Mon 01:30:00 GMT")
	for _, zone := range []string{"", "Local", "Europe/Londn", "../etc"} {
		c.post("/profile", "zone", zone).want(t, http.StatusUnprocessableEntity, "is not a time zone: write a name such as Europe/London.")
	}
	p.as(t, users.Operator).get("/calls").want(t, http.StatusOK, ">2026-11-23 01:30:00<")
}

func TestOwnPassword(t *testing.T) {
	tests := []struct{ name, old, new, again, want string }{
		{"another old one", "wrong", "green horse battery", "green horse battery", "The present password is another one."},
		{"not the same twice", password, "green horse battery", "green horse batterz", "was not typed the same twice"},
		{"too short", password, "green", "green", "it is shorter than 12 characters"},
		{"one that is guessed first", password, "password1234", "password1234", "guessed first"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustPlace(t)
			c := p.as(t, users.Viewer)
			c.post("/profile/password", "old", test.old, "new", test.new, "again", test.again).want(t, http.StatusUnprocessableEntity, test.want)
			c.get("/calls").want(t, http.StatusOK, "Sign out")
		})
	}
}
