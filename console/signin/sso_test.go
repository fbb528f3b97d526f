package signin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

// mustSSO returns a place whose people can also sign in at an identity provider.
func mustSSO(t testing.TB) (*browsertest.Place, *identityServer) {
	t.Helper()
	id := newIdentityServer(t)
	id.claims = map[string]any{"sub": "17", "preferred_username": "Mila", "groups": []string{"staff", "support"}}
	var p *browsertest.Place
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.Server.Config.Handler.ServeHTTP(w, r) }))
	t.Cleanup(front.Close)
	p = browsertest.NewPlace(t, func(d *console.Deps) {
		d.Settings.URL = front.URL
		d.Settings.SSO = signin.SSO{
			Issuer: id.URL, ClientID: clientID, ClientSecret: clientSecret, RoleClaim: "groups",
			Roles: map[string]users.Role{"support": users.Operator, "it": users.Admin, "guests": users.Viewer},
		}
	})
	p.Server.Close()
	p.Server.URL = front.URL
	return p, id
}

func TestSingleSignOn(t *testing.T) {
	p, id := mustSSO(t)
	c := p.Visitor(t)
	c.Get("/signin").Want(t, http.StatusOK, "Sign in with your company's account")
	got := c.Get("/signin/sso?next=%2Fcalls%3Foutcome%3Dserved").Want(t, http.StatusOK, "Sign out", "You are signed in as operator.")
	if got.Path != "/calls?outcome=served" {
		t.Errorf("the sign-in led to %s", got.Path)
	}
	user, err := p.Store.User(t.Context(), "mila")
	if diff := cmp.Diff(users.User{Name: "mila", Role: users.Operator, Subject: id.URL + "|17", CreatedAt: browsertest.Monday, VouchedAt: browsertest.Monday}, user); diff != "" || err != nil {
		t.Errorf("the user: %v (-want +got):\n%s", err, diff)
	}
	// Another group means another role from the next sign-in on, also for who is called something else by now.
	id.claims["groups"], id.claims["preferred_username"] = "it", "mila.koch"
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusOK, "You are signed in as admin.")
	c.Get("/profile").Want(t, http.StatusOK, "signed in as admin").Without(t, "Present password")
	c.Post("/profile/password", "old", "", "new", browsertest.Password, "again", browsertest.Password).Want(t, http.StatusUnprocessableEntity, "which has your password")
	p.Visitor(t).SignIn("mila", "").Want(t, http.StatusUnauthorized)
	if diff := cmp.Diff([]string{
		"user-add mila by sso: operator", "sign-in mila by mila: from 127.0.0.1, by the identity provider", "user-role mila by sso: now admin",
		"sign-in mila by mila: from 127.0.0.1, by the identity provider", "sign-in-refused mila by mila: wrong password, from 127.0.0.1",
	}, p.Audit(t)); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
}

// A person is let in only by a token with which the provider vouches for them in this sign-in.
func TestSingleSignOnRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, p *browsertest.Place, id *identityServer)
		status int
		want   string
	}{
		{"no group with a role", func(_ *testing.T, _ *browsertest.Place, id *identityServer) { id.claims["groups"] = []string{"staff"} }, http.StatusForbidden, "No role here"},
		{"no groups at all", func(_ *testing.T, _ *browsertest.Place, id *identityServer) { delete(id.claims, "groups") }, http.StatusForbidden, "No role here"},
		{"the name of a user with a password", func(_ *testing.T, _ *browsertest.Place, id *identityServer) {
			id.claims["preferred_username"] = "admin"
		}, http.StatusForbidden, "Not allowed in"},
		{"somebody who was disabled", func(t *testing.T, p *browsertest.Place, id *identityServer) {
			p.Add(t, users.User{Name: "mila", Subject: id.URL + "|17", Role: users.Operator, DisabledAt: browsertest.Monday})
		}, http.StatusForbidden, "Not allowed in"},
		{"an address that is not verified", func(_ *testing.T, _ *browsertest.Place, id *identityServer) {
			delete(id.claims, "preferred_username")
			id.claims["email"] = "mila@example.com"
		}, http.StatusBadGateway, "The identity provider cannot be used"},
		{"a token for another client", func(_ *testing.T, _ *browsertest.Place, id *identityServer) {
			id.forge = func(c map[string]any) { c["aud"] = "other" }
		}, http.StatusBadGateway, "The identity provider cannot be used"},
		{"a token of another sign-in", func(_ *testing.T, _ *browsertest.Place, id *identityServer) {
			id.forge = func(c map[string]any) { c["nonce"] = "other" }
		}, http.StatusBadGateway, "The identity provider cannot be used"},
		{"a token that is over", func(_ *testing.T, _ *browsertest.Place, id *identityServer) {
			id.forge = func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }
		}, http.StatusBadGateway, "The identity provider cannot be used"},
		{"a token of another issuer", func(_ *testing.T, _ *browsertest.Place, id *identityServer) {
			id.forge = func(c map[string]any) { c["iss"] = "https://evil.example" }
		}, http.StatusBadGateway, "The identity provider cannot be used"},
		{"a token that somebody else signed", func(t *testing.T, _ *browsertest.Place, id *identityServer) { id.signer = newKey(t) }, http.StatusBadGateway, "The identity provider cannot be used"},
		{"a provider that is down", func(_ *testing.T, _ *browsertest.Place, id *identityServer) { id.Close() }, http.StatusBadGateway, "The identity provider cannot be used"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, id := mustSSO(t)
			test.change(t, p, id)
			c := p.Visitor(t)
			c.Get("/signin/sso").Want(t, test.status, test.want)
			if got := c.Get("/calls"); got.Path != "/signin?next=%2Fcalls" {
				t.Errorf("the next page is %s", got.Path)
			}
		})
	}
}

// A sign-in is finished in the browser that began it, once.
func TestSingleSignOnIsOnePersons(t *testing.T) {
	p, _ := mustSSO(t)
	c := p.Visitor(t)
	c.Get("/signin/sso/back?state=x&code="+theCode).Want(t, http.StatusBadRequest, "Please sign in again")
	c.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Get("/signin/sso")
	c.Get("/signin/sso/back?state=other&code="+theCode).Want(t, http.StatusBadRequest, "Please sign in again")
	c.Get("/signin/sso")
	c.Get("/signin/sso/back?error=access_denied").Want(t, http.StatusBadRequest, "Please sign in again")
	other := browsertest.NewPlace(t)
	other.Visitor(t).Get("/signin/sso").Want(t, http.StatusOK, "Sign in").Without(t, "company's account")
}
