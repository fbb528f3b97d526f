package signin_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy/users"
)

// The tokens of a person whom the identity provider does not vouch for any more are refused until it does.
func TestTokensFollowTheProvider(t *testing.T) {
	p, id := mustSSO(t)
	c := p.Visitor(t)
	c.Get("/signin/sso").Want(t, http.StatusOK, "Sign out")
	program := p.Program(t, "mila")
	refused := func(why string) {
		t.Helper()
		got := program.Get("/api/v1/health").Want(t, http.StatusForbidden, why, "sign in to the console", "works again")
		if kind := got.Kind(t); kind != "token-suspended" {
			t.Errorf("the problem is %s", kind)
		}
	}
	program.Get("/api/v1/health").Want(t, http.StatusOK)
	p.Now = p.Now.Add(30*24*time.Hour - time.Minute)
	program.Get("/api/v1/health").Want(t, http.StatusOK)
	p.Now = p.Now.Add(2 * time.Minute)
	refused("did not sign in at the identity provider for 30 days")
	c.Get("/signin/sso").Want(t, http.StatusOK, "Sign out")
	program.Get("/api/v1/health").Want(t, http.StatusOK)

	id.claims["groups"] = "staff"
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusForbidden, "No role here")
	refused("named no group of the user that has a role here")
	if got := c.Get("/calls"); got.Path != "/signin?next=%2Fcalls" {
		t.Errorf("a session goes on without a role at %s", got.Path)
	}
	p.As(t, users.Admin).Get("/users").Want(t, http.StatusOK, "no role at the provider")
	id.claims["groups"] = "guests"
	c.Get("/signin/sso").Want(t, http.StatusOK, "You are signed in as viewer.")
	program.Get("/api/v1/health").Want(t, http.StatusOK)
	p.Program(t, "admin").Get("/api/v1/health").Want(t, http.StatusOK) // who has a password is not asked for the provider's word
}

// A user whom an older version stored, without the last sign-in at the provider, has 30 days from the first use of a token.
func TestTokensOfOlderUsers(t *testing.T) {
	p, id := mustSSO(t)
	older := users.User{Name: "anna", Role: users.Viewer, Subject: id.URL + "|18", CreatedAt: browsertest.Monday.AddDate(-1, 0, 0)}
	if err := p.Store.AddUser(t.Context(), older, "test"); err != nil {
		t.Fatal(err)
	}
	program := p.Program(t, "anna")
	program.Get("/api/v1/health").Want(t, http.StatusOK)
	p.Now = p.Now.Add(29 * 24 * time.Hour)
	program.Get("/api/v1/health").Want(t, http.StatusOK)
	p.Now = p.Now.Add(2 * 24 * time.Hour)
	program.Get("/api/v1/health").Want(t, http.StatusForbidden, "token-suspended")
}

// Such a user whose first sign-in since finds no role is suspended all the same: the use of a token is nobody's word.
func TestTokensOfOlderUsersWithoutARole(t *testing.T) {
	p, id := mustSSO(t)
	older := users.User{Name: "mila", Role: users.Operator, Subject: id.URL + "|17", CreatedAt: browsertest.Monday.AddDate(-1, 0, 0)}
	if err := p.Store.AddUser(t.Context(), older, "test"); err != nil {
		t.Fatal(err)
	}
	program := p.Program(t, "mila")
	id.claims["groups"] = "staff"
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusForbidden, "No role here")
	for range 2 {
		program.Get("/api/v1/health").Want(t, http.StatusForbidden, "token-suspended")
	}
}

// The tokens of a user with a password need nobody's word.
func TestTokensOfUsersWithPasswords(t *testing.T) {
	p := browsertest.NewPlace(t)
	program := p.Program(t, "viewer")
	for range 2 {
		program.Get("/api/v1/health").Want(t, http.StatusOK)
		p.Now = p.Now.AddDate(0, 0, 31)
	}
	program.Get("/api/v1/health").Want(t, http.StatusOK)
}

// A user of the identity provider makes a token after a sign-in within five minutes, for which the provider asks anew.
func TestFreshSignInMakesAToken(t *testing.T) {
	p, id := mustSSO(t)
	c := p.Visitor(t)
	tooEarly := func() {
		t.Helper()
		c.Post("/profile/tokens", "name", "late", "days", "30").Want(t, http.StatusUnprocessableEntity, "Sign in again first").Without(t, "is created")
	}
	c.Get("/signin/sso").Want(t, http.StatusOK, "Sign out")
	tooEarly() // the provider may have known the browser: whoever finds a screen left open can sign in so
	profile := c.Get("/profile")
	profile.Without(t, "<button>Create</button>")
	again := profile.Link(t, "Sign in again")
	c.Get(again).Want(t, http.StatusOK, "<button>Create</button>").Without(t, "Present password")
	c.Post("/profile/tokens", "name", "ci", "days", "30").Want(t, http.StatusOK, "The token ci is created")
	p.Now = p.Now.Add(5*time.Minute + time.Second)
	tooEarly()
	c.Get("/signin/sso").Want(t, http.StatusOK, "Sign out")
	tooEarly()
	if got := c.Get(again).Want(t, http.StatusOK, "<button>Create</button>"); got.Path != "/profile" {
		t.Errorf("the sign-in leads to %s", got.Path)
	}
	if id.asked.Get("prompt") != "login" || id.asked.Get("max_age") != "300" {
		t.Errorf("the provider was asked for %v", id.asked)
	}
	c.Post("/profile/tokens", "name", "late", "days", "30").Want(t, http.StatusOK, "The token late is created")

	// A provider that lets somebody in by a sign-in of an hour ago, and says so, vouches for nobody at the screen.
	id.claims["auth_time"] = p.Now.Add(-time.Hour).Unix()
	c.Get("/signin/sso").Want(t, http.StatusOK, "Sign out")
	c.Post("/profile/tokens", "name", "later", "days", "30").Want(t, http.StatusUnprocessableEntity, "Sign in again first")
	id.claims["auth_time"] = p.Now.Add(-time.Minute).Unix()
	c.Get("/signin/sso").Want(t, http.StatusOK, "Sign out")
	c.Post("/profile/tokens", "name", "later", "days", "30").Want(t, http.StatusOK, "The token later is created")

	// A provider whose clock is ahead makes no sign-in last longer.
	id.claims["auth_time"] = p.Now.Add(20 * time.Minute).Unix()
	c.Get("/signin/sso").Want(t, http.StatusOK, "Sign out")
	p.Now = p.Now.Add(6 * time.Minute)
	tooEarly()
}
