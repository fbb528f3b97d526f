package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/policy/users"
)

// Every wrong sign-in is answered the same, so that nobody learns which names there are, and is in the audit without what was typed.
func TestWrongSignIns(t *testing.T) {
	p := mustPlace(t)
	p.add(t, users.User{Name: "gone", Role: users.Admin, DisabledAt: monday})
	p.add(t, users.User{Name: "sso", Role: users.Admin})
	if _, err := p.store.ChangeUser(t.Context(), "sso", users.WithPassword("", "test", monday)); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, user, password, audit string }{
		{"a wrong password", "viewer", "blue horse batterz", "sign-in-refused viewer by viewer: wrong password, from 127.0.0.1"},
		{"an unknown name", "nobody", password, "sign-in-refused  by (unknown): a name that nobody has, from 127.0.0.1"},
		{"a password in the field of the name", password, "", "sign-in-refused  by (unknown): a name that nobody has, from 127.0.0.1"},
		{"somebody who was shut out", "gone", password, "sign-in-refused gone by gone: shut out, from 127.0.0.1"},
		{"somebody without a password", "sso", "", "sign-in-refused sso by sso: wrong password, from 127.0.0.1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p.visitor(t).signIn(test.user, test.password).want(t, http.StatusUnauthorized, "Name and password do not belong together.")
			audit := p.audit(t)
			if diff := cmp.Diff(test.audit, audit[len(audit)-1]); diff != "" {
				t.Errorf("the audit (-want +got):\n%s", diff)
			}
		})
	}
	if log := p.log.String(); strings.Contains(log, password) || strings.Contains(log, "nobody") {
		t.Errorf("what was typed is in the log:\n%s", log)
	}
}

func TestSignInLeadsBack(t *testing.T) {
	p := mustPlace(t)
	for next, want := range map[string]string{
		"/calls?outcome=served": "/calls?outcome=served", "": "/now", "//evil.example": "/now", "https://evil.example/": "/now",
		"/\\evil.example": "/now", "/signin?next=/": "/now", "/\t/evil.example": "/now",
	} {
		if got := p.visitor(t).post("/signin", "name", " Viewer ", "password", password, "next", next); got.path != want || got.status != http.StatusOK {
			t.Errorf("next %q led to %s, status %d; want %s", next, got.path, got.status, want)
		}
	}
	c := p.visitor(t)
	if got := c.get("/calls?line=%2B44&outcome=served"); got.path != "/signin?next=%2Fcalls%3Fline%3D%252B44%26outcome%3Dserved" {
		t.Errorf("a visitor was led to %s", got.path)
	}
	if got := c.post("/calls/CA1/acts", "kind", "note"); got.path != "/signin" {
		t.Errorf("a visitor's form led to %s", got.path)
	}
}

func TestCookie(t *testing.T) {
	tests := []struct {
		name, url string
		want      string
	}{
		{"over plain http", "", "supportline; Path=/; HttpOnly; SameSite=Lax"},
		{"behind TLS", "https://console.example.com", "__Host-supportline; Path=/; HttpOnly; Secure; SameSite=Lax"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustPlace(t, func(d *console.Deps) { d.Settings.URL = test.url })
			c := p.visitor(t)
			c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			name, rest, _ := strings.Cut(c.signIn("viewer", password).header.Get("Set-Cookie"), "=")
			_, attributes, _ := strings.Cut(rest, ";")
			if diff := cmp.Diff(test.want, name+";"+attributes); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A token that somebody had before the sign-in is worth nothing after it.
func TestNewTokenOnSignIn(t *testing.T) {
	p := mustPlace(t)
	c := p.visitor(t)
	token := func() string { return c.http.Jar.Cookies(mustURL(t, p.server.URL))[0].Value }
	c.signIn("viewer", password)
	first := token()
	c.signIn("viewer", password)
	if token() == first {
		t.Error("the token is the same after another sign-in")
	}
	c.http.Jar.SetCookies(mustURL(t, p.server.URL), []*http.Cookie{{Name: "supportline", Value: first, Path: "/"}})
	if got := c.get("/calls"); !strings.HasPrefix(got.path, "/signin") {
		t.Errorf("the first token leads to %s", got.path)
	}
}

// Only hashes of the tokens are in the store.
func TestTokensAreNotStored(t *testing.T) {
	p := mustPlace(t)
	c := p.as(t, users.Viewer)
	token := c.http.Jar.Cookies(mustURL(t, p.server.URL))[0].Value
	if _, found, err := p.store.Session(t.Context(), token, monday); found || err != nil {
		t.Errorf("the token itself is a key: %v", err)
	}
}

func TestSessionsEnd(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, p *place, c *client)
		want string // where the next page leads; "" for the page itself
	}{
		{"not after 29 minutes", func(_ *testing.T, p *place, _ *client) { p.now = p.now.Add(29 * time.Minute) }, ""},
		{"after 31 minutes without a page", func(_ *testing.T, p *place, _ *client) { p.now = p.now.Add(31 * time.Minute) }, "/signin?next=%2Fcalls&why=idle"},
		{"not while there is a page now and then", func(_ *testing.T, p *place, c *client) {
			for range 10 {
				p.now = p.now.Add(20 * time.Minute)
				c.get("/calls")
			}
		}, ""},
		{"after 12 hours, whatever was done", func(_ *testing.T, p *place, c *client) {
			for range 36 {
				p.now = p.now.Add(20 * time.Minute)
				c.get("/calls")
			}
		}, "/signin?next=%2Fcalls"},
		{"by signing out", func(_ *testing.T, _ *place, c *client) { c.post("/signout") }, "/signin?next=%2Fcalls"},
		{"not by signing out elsewhere", func(t *testing.T, p *place, _ *client) { p.as(t, users.Operator).post("/signout") }, ""},
		{"by signing out everywhere, elsewhere", func(t *testing.T, p *place, _ *client) { p.as(t, users.Operator).post("/signout/everywhere") }, "/signin?next=%2Fcalls"},
		{"by being shut out", func(t *testing.T, p *place, _ *client) {
			p.as(t, users.Admin).post("/users/operator", "act", "disable").want(t, http.StatusOK, "operator is shut out")
		}, "/signin?next=%2Fcalls"},
		{"by a new password", func(t *testing.T, p *place, _ *client) {
			other := p.as(t, users.Operator)
			other.post("/profile/password", "old", password, "new", "green horse battery", "again", "green horse battery").
				want(t, http.StatusOK, "The password is changed.")
			other.signIn("operator", password).want(t, http.StatusUnauthorized)
			other.signIn("operator", "green horse battery").want(t, http.StatusOK)
		}, "/signin?next=%2Fcalls"},
		{"not by another role", func(t *testing.T, p *place, _ *client) {
			p.as(t, users.Admin).post("/users/operator", "act", "role", "role", "viewer").want(t, http.StatusOK, "operator has another role")
		}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustPlace(t)
			c := p.as(t, users.Operator)
			test.do(t, p, c)
			want := test.want
			if want == "" {
				want = "/calls"
			}
			if got := c.get("/calls").path; got != want {
				t.Errorf("the next page is %s, want %s", got, want)
			}
		})
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	p := mustPlace(t)
	c := p.visitor(t)
	for range 4 {
		c.signIn("viewer", "wrong wrong wrong").want(t, http.StatusUnauthorized)
	}
	slow := c.signIn("viewer", password)
	slow.want(t, http.StatusTooManyRequests, "Too many wrong tries. Wait a second")
	if got := slow.header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After is %q", got)
	}
	c.signIn("operator", password).want(t, http.StatusOK)
	p.now = p.now.Add(time.Second)
	c.signIn("viewer", "wrong wrong wrong").want(t, http.StatusUnauthorized)
	c.signIn("viewer", password).want(t, http.StatusTooManyRequests, "Wait 2 seconds")
	p.now = p.now.Add(2 * time.Second)
	c.signIn("viewer", password).want(t, http.StatusOK)
	for i := range 20 - 5 {
		c.signIn("nobody"+string(rune('a'+i)), password).want(t, http.StatusUnauthorized)
	}
	c.signIn("somebody", password).want(t, http.StatusUnauthorized)
	c.signIn("admin", password).want(t, http.StatusTooManyRequests)
	p.now = p.now.Add(2 * time.Hour)
	c.signIn("admin", password).want(t, http.StatusOK)
}

// A form that another site makes a browser send does nothing.
func TestOtherSites(t *testing.T) {
	tests := []struct {
		name   string
		header map[string]string
		want   int
	}{
		{"another site", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, http.StatusForbidden},
		{"another host of the same company", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://other.example.com"}, http.StatusForbidden},
		{"an old browser at another site", map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		{"the console itself", map[string]string{"Sec-Fetch-Site": "same-origin"}, http.StatusOK},
		{"the console behind its proxy", map[string]string{"Origin": "https://console.example.com"}, http.StatusOK},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustPlace(t, func(d *console.Deps) { d.Settings.URL = "https://console.example.com" })
			got := p.visitor(t).send("/signin", test.header, "name", "viewer", "password", "")
			if refused := got.status == http.StatusForbidden; refused != (test.want == http.StatusForbidden) {
				t.Errorf("status %d:\n%s", got.status, got.body)
			}
		})
	}
}

func TestAuditOfSessions(t *testing.T) {
	p := mustPlace(t)
	c := p.as(t, users.Viewer)
	c.post("/profile", "zone", "Europe/London", "theme", "dark").want(t, http.StatusOK, `data-theme="dark"`, "Saved.")
	c.post("/signout")
	p.as(t, users.Viewer).post("/signout/everywhere")
	if diff := cmp.Diff([]string{
		"sign-in viewer by viewer: from 127.0.0.1", "user-profile viewer by viewer: time zone and colours", "sign-out viewer by viewer:",
		"sign-in viewer by viewer: from 127.0.0.1", "sign-out-everywhere viewer by viewer: signed out everywhere",
	}, p.audit(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A store that cannot be written lets nobody in, and says so; who is in already can go on reading.
func TestWhenNothingCanBeWritten(t *testing.T) {
	p := mustPlace(t)
	c := p.as(t, users.Operator)
	p.store.FailWrites(http.ErrHandlerTimeout)
	p.visitor(t).signIn("viewer", password).want(t, http.StatusInternalServerError, "Something went wrong")
	p.now = p.now.Add(5 * time.Minute)
	c.get("/calls").want(t, http.StatusOK)
	p.store.FailWrites(nil)
}
