package signin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

// mustSSO returns a place whose people can also sign in at an identity provider.
func mustSSO(t testing.TB, changes ...func(*signin.SSO)) (*browsertest.Place, *identityServer) {
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
			Roles: map[string]users.Role{"support": users.Operator, "it": users.Admin, "guests": users.Viewer, "Front Desk": users.Viewer},
		}
		for _, change := range changes {
			change(&d.Settings.SSO)
		}
	})
	id.registered, id.now = front.URL+signin.BackPath, func() time.Time { return p.Now }
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
	for _, cookie := range c.HTTP.Jar.Cookies(mustURL(t, p.Server.URL)) {
		if strings.HasPrefix(cookie.Name, "supportline-device") {
			t.Error("the browser is known as one in which a password was typed")
		}
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

// What providers send is not always what the standard says. A person whom they vouch for comes in all the same.
func TestSingleSignOnReadsWhatProvidersSend(t *testing.T) {
	mail := func(verified any) func(*identityServer) {
		return func(id *identityServer) {
			delete(id.claims, "preferred_username")
			id.claims["email"], id.claims["email_verified"] = "Mila@example.com", verified
		}
	}
	atUserinfo := func(info map[string]any, token ...string) func(*identityServer) {
		return func(id *identityServer) {
			for _, name := range token {
				delete(id.claims, name)
			}
			id.info = info
		}
	}
	const someone = "mila"
	tests := []struct {
		name   string
		change func(*identityServer)
		user   string
		role   users.Role
	}{
		{"a verified address", mail(true), "mila@example.com", users.Operator},
		{"verified as text", mail("true"), "mila@example.com", users.Operator},
		{"verified as text with a capital", mail("True"), "mila@example.com", users.Operator},
		{"verified as a number", mail(1), "mila@example.com", users.Operator},
		{"a name that cannot be one, and an address", func(id *identityServer) {
			mail(true)(id)
			id.claims["preferred_username"] = `CORP\mila`
		}, "mila@example.com", users.Operator},
		{"groups as one text", claimed("groups", "support,it"), someone, users.Admin},
		{"groups as one text with blanks", claimed("groups", "staff, support"), someone, users.Operator},
		{"groups as words", claimed("groups", "support it"), someone, users.Admin},
		{"groups as a path", claimed("groups", []string{"/staff", "/support"}), someone, users.Operator},
		{"groups in another case", claimed("groups", []string{"SUPPORT", "Staff"}), someone, users.Operator},
		{"groups with names", claimed("groups", []map[string]any{{"id": 7, "name": "support"}, {"displayName": "Staff"}}), someone, users.Operator},
		{"groups as the text of a list", claimed("groups", `["staff","support"]`), someone, users.Operator},
		{"a group with a blank", claimed("groups", "front desk"), someone, users.Viewer},
		{"an audience of one", claimed("aud", []string{clientID}), someone, users.Operator},
		{"several audiences, asked for by us", func(id *identityServer) {
			id.forge = func(c map[string]any) { c["aud"], c["azp"] = []string{"other", clientID}, clientID }
		}, someone, users.Operator},
		{"times as text", func(id *identityServer) {
			id.forge = func(c map[string]any) { c["exp"], c["iat"] = fmt.Sprint(c["exp"]), fmt.Sprint(c["iat"]) }
		}, someone, users.Operator},
		{"a clock that is a little ahead", claimed("iat", browsertest.Monday.Add(time.Minute).Unix()), someone, users.Operator},
		{"a clock that is a little behind", claimed("exp", browsertest.Monday.Add(-time.Minute).Unix()), someone, users.Operator},
		{"the token's time as text", func(id *identityServer) { id.answered["expires_in"] = "3600" }, someone, users.Operator},
		{"no time of the token", func(id *identityServer) { id.answered["expires_in"] = nil }, someone, users.Operator},
		{"groups at userinfo only", atUserinfo(map[string]any{"groups": []string{"it"}}, "groups"), someone, users.Admin},
		{"a name at userinfo only", atUserinfo(map[string]any{"preferred_username": "Mila", "groups": "it"}, "preferred_username"), someone, users.Operator},
		{"an address at userinfo only", atUserinfo(map[string]any{"email": "mila@example.com", "email_verified": "true"}, "preferred_username"), "mila@example.com", users.Operator},
		{"an address that is verified at userinfo only", func(id *identityServer) {
			delete(id.claims, "preferred_username")
			id.claims["email"] = "somebody@example.com"
			id.info = map[string]any{"email": "mila@example.com", "email_verified": true}
		}, "mila@example.com", users.Operator},
		{"signed userinfo", func(id *identityServer) {
			delete(id.claims, "groups")
			id.instead["/userinfo"] = asToken(func() string {
				return id.sign(map[string]any{"iss": id.URL, "aud": []string{clientID}, "sub": "17", "groups": "it"})
			})
		}, someone, users.Admin},
		{"a scope for groups", func(id *identityServer) {
			delete(id.claims, "groups")
			id.scopes = append(id.scopes, "groups")
			id.info = map[string]any{"groups": "it"}
		}, someone, users.Admin},
		{"a scope for groups that we may not ask for", func(id *identityServer) {
			id.described["scopes_supported"] = []string{"openid", "profile", "email", "groups"}
		}, someone, users.Operator},
		{"the secret in the form", func(id *identityServer) {
			id.described["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
		}, someone, users.Operator},
		{"nothing about the secret", func(id *identityServer) { id.described["token_endpoint_auth_methods_supported"] = nil }, someone, users.Operator},
		{"keys that have moved on the same host", func(id *identityServer) {
			id.instead["/keys"] = http.RedirectHandler("/keys2", http.StatusMovedPermanently)
			id.instead["/keys2"] = http.HandlerFunc(id.keys)
		}, someone, users.Operator},
		{"no userinfo", func(id *identityServer) { id.described["userinfo_endpoint"] = nil }, someone, users.Operator},
		{"an issuer that is not named with the code", func(id *identityServer) {
			id.described["authorization_response_iss_parameter_supported"] = nil
		}, someone, users.Operator},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, id := mustSSO(t)
			test.change(id)
			p.Visitor(t).Get("/signin/sso?next=%2Fcalls").Want(t, http.StatusOK, "You are signed in as "+string(test.role)+".")
			if _, err := p.Store.User(t.Context(), test.user); err != nil {
				t.Errorf("%s: %v\n%s", test.user, err, p.Log)
			}
		})
	}
}

// A role is found in a claim within another claim, and under a key that is written in another way.
func TestRoleClaims(t *testing.T) {
	roles := map[string]users.Role{"/Company/Support": users.Operator, "IT": users.Admin}
	tests := []struct {
		name, claim string
		claims      map[string]any
		role        users.Role // "": none
	}{
		{"within another", "realm_access.roles", map[string]any{"realm_access": map[string]any{"roles": []string{"it"}}}, users.Admin},
		{"within another with a dot in its name", "resource_access.my.app.roles", map[string]any{"resource_access": map[string]any{"my.app": map[string]any{"roles": "it"}}}, users.Admin},
		{"an address", "https://example.com/groups", map[string]any{"https://example.com/groups": []string{"it"}}, users.Admin},
		{"the very name first", "a.b", map[string]any{"a.b": "/company/support", "a": map[string]any{"b": "it"}}, users.Operator},
		{"a whole path", "groups", map[string]any{"groups": []string{"/company/support"}}, users.Operator},
		{"a path of another branch", "groups", map[string]any{"groups": []string{"/guests/it", "/other/company/support", "it/"}}, users.Admin},
		{"the end of a path", "groups", map[string]any{"groups": []string{"/guests/it", "support"}}, ""},
		{"a part of a name", "groups", map[string]any{"groups": []string{"it staff", "it,staff"}}, ""},
		{"words of a name", "groups", map[string]any{"groups": "it helpdesk"}, ""},
		{"roles by name, as objects", "roles", map[string]any{"roles": map[string]any{"it": map[string]string{"17": "example.com"}}}, users.Admin},
		{"what is denied", "roles", map[string]any{"roles": map[string]any{"it": false}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, id := mustSSO(t, func(s *signin.SSO) { s.RoleClaim, s.Roles = test.claim, roles })
			id.claims = with(map[string]any{"sub": "17", "preferred_username": "mila"}, test.claims)
			page := p.Visitor(t).Get("/signin/sso?next=%2Fcalls")
			if test.role == "" {
				page.Want(t, http.StatusForbidden, "No role here")
				return
			}
			page.Want(t, http.StatusOK, "You are signed in as "+string(test.role)+".")
		})
	}
}

// A person who is known needs no name any more, and the provider is asked for nothing that the token has.
func TestSingleSignOnAsksNoMoreThanItNeeds(t *testing.T) {
	p, id := mustSSO(t)
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusOK)
	want := []string{"/.well-known/openid-configuration", "/authorize", "/token", "/keys"}
	if diff := cmp.Diff(want, id.requests); diff != "" || id.asked.Get("scope") != "openid profile email" {
		t.Errorf("scope %q (-want +got):\n%s", id.asked.Get("scope"), diff)
	}
	delete(id.claims, "preferred_username")
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusOK, "You are signed in as operator.")
	// One who may not look at userinfo is refused for what is missing, not for the refusal.
	delete(id.claims, "groups")
	id.instead["/userinfo"] = http.NotFoundHandler()
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusForbidden, "brought no groups at all")
	if log := p.Log.String(); !strings.Contains(log, "userinfo: answered 404 Not Found") {
		t.Errorf("the log does not say why\n%s", log)
	}
}

// A provider that lists the scope groups and refuses it is asked again without, once, with what was asked for otherwise.
func TestSingleSignOnAsksAgainWithoutTheScope(t *testing.T) {
	p, id := mustSSO(t)
	id.described["scopes_supported"] = []string{"openid", "profile", "email", "groups"}
	got := p.Visitor(t).Get("/signin/sso?next=%2Fcalls&again=yes").Want(t, http.StatusOK)
	if got.Path != "/calls" || id.asked.Get("prompt") != "login" || id.asked.Get("scope") != "openid profile email" {
		t.Errorf("%s, and asked %v", got.Path, id.asked)
	}
	id.requests, id.refusal = nil, "invalid_scope"
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusBadGateway, noVouch)
	if diff := cmp.Diff([]string{"/authorize", "/authorize"}, id.requests); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A sign-in is finished in the browser that began it, once.
func TestSingleSignOnIsOnePersons(t *testing.T) {
	p, id := mustSSO(t)
	c := p.Visitor(t)
	c.Get("/signin/sso").Want(t, http.StatusOK, "Sign out")
	c.Get("/signin/sso/back?state="+id.asked.Get("state")+"&code="+theCode).Want(t, http.StatusBadRequest, "Please sign in again")
	c.Get("/signin/sso/back?state=x&code="+theCode).Want(t, http.StatusBadRequest, "Please sign in again")
	c.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Get("/signin/sso")
	c.Get("/signin/sso/back?state=other&code="+theCode).Want(t, http.StatusBadRequest, "Please sign in again")
	c.Get("/signin/sso")
	c.Get("/signin/sso/back?error=access_denied").Want(t, http.StatusBadRequest, "Please sign in again")
	other := browsertest.NewPlace(t)
	other.Visitor(t).Get("/signin/sso").Want(t, http.StatusOK, "Sign in").Without(t, "company's account")
}
