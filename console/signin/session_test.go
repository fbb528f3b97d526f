package signin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

// Every wrong sign-in is answered the same, so that nobody learns which names exist, and is in the audit without what was typed.
func TestWrongSignIns(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Add(t, users.User{Name: "gone", Role: users.Admin, DisabledAt: browsertest.Monday})
	p.Add(t, users.User{Name: "sso", Role: users.Admin})
	if _, err := p.Store.ChangeUser(t.Context(), "sso", users.WithPassword("", "test", browsertest.Monday)); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, user, password, audit string }{
		{"a wrong password", "viewer", "blue horse batterz", "sign-in-refused viewer by viewer: wrong password, from 127.0.0.1"},
		{"an unknown name", "nobody", browsertest.Password, "sign-in-refused  by (unknown): a name that nobody has, from 127.0.0.1"},
		{"a password in the field of the name", browsertest.Password, "", "sign-in-refused  by (unknown): a name that nobody has, from 127.0.0.1"},
		{"somebody who was disabled", "gone", browsertest.Password, "sign-in-refused gone by gone: disabled, from 127.0.0.1"},
		{"somebody without a password", "sso", "", "sign-in-refused sso by sso: wrong password, from 127.0.0.1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p.Visitor(t).SignIn(test.user, test.password).Want(t, http.StatusUnauthorized, "Wrong name or password.")
			audit := p.Audit(t)
			if diff := cmp.Diff(test.audit, audit[len(audit)-1]); diff != "" {
				t.Errorf("the audit (-want +got):\n%s", diff)
			}
		})
	}
	if log := p.Log.String(); strings.Contains(log, browsertest.Password) || strings.Contains(log, "nobody") {
		t.Errorf("what was typed is in the log:\n%s", log)
	}
}

func TestSignInLeadsBack(t *testing.T) {
	p := browsertest.NewPlace(t)
	for next, want := range map[string]string{
		"/calls?outcome=served": "/calls?outcome=served", "": "/now", "//evil.example": "/now", "https://evil.example/": "/now",
		"/\\evil.example": "/now", "/signin?next=/": "/now", "/\t/evil.example": "/now",
	} {
		if got := p.Visitor(t).Post("/signin", "name", " Viewer ", "password", browsertest.Password, "next", next); got.Path != want || got.Status != http.StatusOK {
			t.Errorf("next %q led to %s, status %d; want %s", next, got.Path, got.Status, want)
		}
	}
	c := p.Visitor(t)
	if got := c.Get("/calls?line=%2B44&outcome=served"); got.Path != "/signin?next=%2Fcalls%3Fline%3D%252B44%26outcome%3Dserved" {
		t.Errorf("a visitor was led to %s", got.Path)
	}
	if got := c.Post("/calls/CA1/acts", "kind", "note"); got.Path != "/signin" {
		t.Errorf("a visitor's form led to %s", got.Path)
	}
}

func TestCookie(t *testing.T) {
	tests := []struct {
		name, url string
		want      []string
	}{
		{"over plain http", "", []string{
			"supportline-device-d35ca5051b82; Path=/; Max-Age=15552000; HttpOnly; SameSite=Lax", "supportline; Path=/; HttpOnly; SameSite=Lax",
		}},
		{"behind TLS", "https://console.example.com", []string{
			"__Host-supportline-device-d35ca5051b82; Path=/; Max-Age=15552000; HttpOnly; Secure; SameSite=Lax",
			"__Host-supportline; Path=/; HttpOnly; Secure; SameSite=Lax",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := browsertest.NewPlace(t, func(d *console.Deps) { d.Settings.URL = test.url })
			c := p.Visitor(t)
			c.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			var got []string
			for _, cookie := range c.SignIn("viewer", browsertest.Password).Header.Values("Set-Cookie") {
				name, rest, _ := strings.Cut(cookie, "=")
				_, attributes, _ := strings.Cut(rest, ";")
				got = append(got, name+";"+attributes)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A token that somebody had before the sign-in is worth nothing after it.
func TestNewTokenOnSignIn(t *testing.T) {
	p := browsertest.NewPlace(t)
	c := p.Visitor(t)
	token := func() string { return cookieOf(t, p, c, "supportline") }
	c.SignIn("viewer", browsertest.Password)
	first := token()
	c.SignIn("viewer", browsertest.Password)
	if token() == first {
		t.Error("the token is the same after another sign-in")
	}
	c.HTTP.Jar.SetCookies(mustURL(t, p.Server.URL), []*http.Cookie{{Name: "supportline", Value: first, Path: "/"}})
	if got := c.Get("/calls"); !strings.HasPrefix(got.Path, "/signin") {
		t.Errorf("the first token leads to %s", got.Path)
	}
}

// What somebody revealed is masked again for whoever signs in next in the same browser.
func TestNothingIsLeftOfTheLastSignIn(t *testing.T) {
	p := browsertest.NewPlace(t)
	p.Load(t, browsertest.Served("CA1", browsertest.Monday, 60))
	c, number := p.As(t, users.Operator), browsertest.Caller.Full()
	c.Get("/calls/CA1").Without(t, number)
	c.Post("/calls/CA1/reveal").Want(t, http.StatusOK, number)
	c.SignIn("admin", browsertest.Password)
	c.Get("/calls/CA1").Want(t, http.StatusOK, "signed in as admin").Without(t, number)
}

// Only hashes of the tokens are in the store.
func TestTokensAreNotStored(t *testing.T) {
	p := browsertest.NewPlace(t)
	c := p.As(t, users.Viewer)
	token := cookieOf(t, p, c, "supportline")
	if _, found, err := p.Store.Session(t.Context(), token, browsertest.Monday); found || err != nil {
		t.Errorf("the token itself is a key: %v", err)
	}
}

func TestSessionsEnd(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, p *browsertest.Place, c *browsertest.Client)
		want string // where the next page leads; "" for the page itself
	}{
		{"not after 29 minutes", func(_ *testing.T, p *browsertest.Place, _ *browsertest.Client) { p.Now = p.Now.Add(29 * time.Minute) }, ""},
		{"after 31 minutes without a page", func(_ *testing.T, p *browsertest.Place, _ *browsertest.Client) { p.Now = p.Now.Add(31 * time.Minute) }, "/signin?next=%2Fcalls&why=idle"},
		{"not while there is a page now and then", func(_ *testing.T, p *browsertest.Place, c *browsertest.Client) {
			for range 10 {
				p.Now = p.Now.Add(20 * time.Minute)
				c.Get("/calls")
			}
		}, ""},
		{"after 12 hours, whatever was done", func(_ *testing.T, p *browsertest.Place, c *browsertest.Client) {
			for range 36 {
				p.Now = p.Now.Add(20 * time.Minute)
				c.Get("/calls")
			}
		}, "/signin?next=%2Fcalls"},
		{"by signing out", func(_ *testing.T, _ *browsertest.Place, c *browsertest.Client) { c.Post("/signout") }, "/signin?next=%2Fcalls"},
		{"not by signing out elsewhere", func(t *testing.T, p *browsertest.Place, _ *browsertest.Client) {
			p.As(t, users.Operator).Post("/signout")
		}, ""},
		{"by signing out everywhere, elsewhere", func(t *testing.T, p *browsertest.Place, _ *browsertest.Client) {
			p.As(t, users.Operator).Post("/signout/everywhere")
		}, "/signin?next=%2Fcalls"},
		{"by being disabled", func(t *testing.T, p *browsertest.Place, _ *browsertest.Client) {
			p.As(t, users.Admin).Post("/users/operator", "act", "disable").Want(t, http.StatusOK, "operator is disabled")
		}, "/signin?next=%2Fcalls"},
		{"by a new password", func(t *testing.T, p *browsertest.Place, _ *browsertest.Client) {
			other := p.As(t, users.Operator)
			other.Post("/profile/password", "old", browsertest.Password, "new", "green horse battery", "again", "green horse battery").
				Want(t, http.StatusOK, "The password is changed.")
			other.SignIn("operator", browsertest.Password).Want(t, http.StatusUnauthorized)
			other.SignIn("operator", "green horse battery").Want(t, http.StatusOK)
		}, "/signin?next=%2Fcalls"},
		{"not by another role", func(t *testing.T, p *browsertest.Place, _ *browsertest.Client) {
			p.As(t, users.Admin).Post("/users/operator", "act", "role", "role", "viewer").Want(t, http.StatusOK, "operator has a new role")
		}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := browsertest.NewPlace(t)
			c := p.As(t, users.Operator)
			test.do(t, p, c)
			want := test.want
			if want == "" {
				want = "/calls"
			}
			if got := c.Get("/calls").Path; got != want {
				t.Errorf("the next page is %s, want %s", got, want)
			}
		})
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	p := browsertest.NewPlace(t)
	c := p.Visitor(t)
	for range 4 {
		c.SignIn("viewer", "wrong wrong wrong").Want(t, http.StatusUnauthorized)
	}
	slow := c.SignIn("viewer", browsertest.Password)
	slow.Want(t, http.StatusTooManyRequests, "Too many wrong passwords. Wait a second")
	if got := slow.Header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After is %q", got)
	}
	c.SignIn("operator", browsertest.Password).Want(t, http.StatusOK)
	p.Now = p.Now.Add(time.Second)
	c.SignIn("viewer", "wrong wrong wrong").Want(t, http.StatusUnauthorized)
	c.SignIn("viewer", browsertest.Password).Want(t, http.StatusTooManyRequests, "Wait 2 seconds")
	p.Now = p.Now.Add(2 * time.Second)
	c.SignIn("viewer", "wrong wrong wrong").Want(t, http.StatusUnauthorized)
	c.SignIn("viewer", browsertest.Password).Want(t, http.StatusTooManyRequests, "Wait 4 seconds")
	p.Now = p.Now.Add(4 * time.Second)
	c.SignIn("viewer", browsertest.Password).Want(t, http.StatusOK)
	for i := range 20 - 6 {
		c.SignIn("nobody"+string(rune('a'+i)), browsertest.Password).Want(t, http.StatusUnauthorized)
	}
	c.SignIn("somebody", browsertest.Password).Want(t, http.StatusUnauthorized)
	c.SignIn("admin", browsertest.Password).Want(t, http.StatusTooManyRequests)
	p.Now = p.Now.Add(2 * time.Hour)
	c.SignIn("admin", browsertest.Password).Want(t, http.StatusOK)
}

// A success forgives the wrong guesses at a name, and an hour without one forgets them.
func TestGuessesAreForgivenAndForgotten(t *testing.T) {
	p := browsertest.NewPlace(t)
	c := p.Visitor(t)
	guess := func(times int) {
		t.Helper()
		for range times {
			c.SignIn("viewer", "wrong wrong wrong").Want(t, http.StatusUnauthorized)
		}
	}
	guess(3)
	c.SignIn("viewer", browsertest.Password).Want(t, http.StatusOK)
	guess(3) // as many as are free
	c.SignIn("viewer", browsertest.Password).Want(t, http.StatusOK)
	guess(3)
	p.Now = p.Now.Add(59 * time.Minute)
	guess(1)
	c.SignIn("viewer", browsertest.Password).Want(t, http.StatusTooManyRequests, "Wait a second")
	p.Now = p.Now.Add(61 * time.Minute)
	guess(3)
	c.SignIn("viewer", browsertest.Password).Want(t, http.StatusOK)
}

// The address that a visitor claims is not believed, in the audit and the log as for the throttle: only what a proxy of ours added is.
func TestAForgedAddressIsNotBelieved(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	tests := []struct {
		name, forwarded string
		proxies         []netip.Prefix
		want            string
	}{
		{"without a proxy", "203.0.113.9", nil, "127.0.0.1"},
		{"behind a proxy", "203.0.113.9, 198.51.100.7", loopback, "198.51.100.7"},
		{"from a private address behind a proxy", "9.9.9.9, 10.0.0.6", loopback, "10.0.0.6"},
		{"behind a proxy that adds nothing", "", loopback, "127.0.0.1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := browsertest.NewPlace(t, func(d *console.Deps) { d.Settings.Proxies = test.proxies })
			header := map[string]string{"Sec-Fetch-Site": "same-origin"}
			if test.forwarded != "" {
				header["X-Forwarded-For"] = test.forwarded
			}
			p.Visitor(t).Send("/signin", header, "name", "viewer", "password", "").Want(t, http.StatusUnauthorized)
			if diff := cmp.Diff([]string{"sign-in-refused viewer by viewer: wrong password, from " + test.want}, p.Audit(t)); diff != "" {
				t.Errorf("the audit (-want +got):\n%s", diff)
			}
			p.Visitor(t).Send("/signin", header, "name", "viewer", "password", "")
			hints := strings.Count(p.Log.String(), "name it in console.proxies")
			if want := test.proxies == nil; want != (hints == 1) || hints > 1 {
				t.Errorf("the log names a proxy that is not named %d times:\n%s", hints, p.Log)
			}
		})
	}
}

// Another forged address for each guess does not get around the throttle.
func TestForgedAddressesAreThrottled(t *testing.T) {
	p := browsertest.NewPlace(t)
	guess := func(n int) browsertest.Page {
		header := map[string]string{"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": fmt.Sprintf("203.0.113.%d", n)}
		return p.Visitor(t).Send("/signin", header, "name", fmt.Sprintf("nobody%d", n), "password", browsertest.Password)
	}
	for n := range 21 {
		guess(n).Want(t, http.StatusUnauthorized)
	}
	guess(21).Want(t, http.StatusTooManyRequests)
}

// A request that began before its session was ended does not bring the session back.
func TestEndedSessionsStayEnded(t *testing.T) {
	var service *signin.Service
	p := browsertest.NewPlace(t, func(d *console.Deps) {
		service = signin.New(signin.Deps{Settings: d.Settings.Settings, Users: d.Users, Sessions: d.Sessions, Tokens: d.Tokens, Audit: d.Audit, Now: d.Now, Logger: d.Logger})
	})
	c := p.As(t, users.Viewer)
	slow := httptest.NewRequest(http.MethodPost, "/calls/CA1/reveal", nil)
	slow.AddCookie(&http.Cookie{Name: "supportline", Value: cookieOf(t, p, c, "supportline")})
	service.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c.Post("/signout")
		service.Reveal(r.Context(), "call CA1")
	})).ServeHTTP(httptest.NewRecorder(), slow)
	c.HTTP.Jar.SetCookies(mustURL(t, p.Server.URL), slow.Cookies())
	if got := c.Get("/calls"); got.Path != "/signin?next=%2Fcalls" {
		t.Errorf("the session is back at %s", got.Path)
	}
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
		{"the console itself", map[string]string{"Sec-Fetch-Site": "same-origin"}, http.StatusUnauthorized}, // the password is a wrong one
		{"the console behind its proxy", map[string]string{"Origin": "https://console.example.com"}, http.StatusUnauthorized},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := browsertest.NewPlace(t, func(d *console.Deps) { d.Settings.URL = "https://console.example.com" })
			p.Visitor(t).Send("/signin", test.header, "name", "viewer", "password", "").Want(t, test.want)
		})
	}
}

func TestAuditOfSessions(t *testing.T) {
	p := browsertest.NewPlace(t)
	c := p.As(t, users.Viewer)
	c.Post("/profile", "zone", "Europe/London", "theme", "dark").Want(t, http.StatusOK, `data-theme="dark"`, "Saved.")
	c.Post("/signout")
	p.As(t, users.Viewer).Post("/signout/everywhere")
	if diff := cmp.Diff([]string{
		"sign-in viewer by viewer: from 127.0.0.1", "user-profile viewer by viewer: time zone and colours", "sign-out viewer by viewer:",
		"sign-in viewer by viewer: from 127.0.0.1", "sign-out-everywhere viewer by viewer: signed out everywhere",
	}, p.Audit(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// If the store cannot be written, nobody can sign in; people who are signed in can go on reading.
func TestWhenNothingCanBeWritten(t *testing.T) {
	p := browsertest.NewPlace(t)
	c := p.As(t, users.Operator)
	p.Store.FailWrites(http.ErrHandlerTimeout)
	p.Visitor(t).SignIn("viewer", browsertest.Password).Want(t, http.StatusInternalServerError, "Something went wrong")
	p.Now = p.Now.Add(5 * time.Minute)
	c.Get("/calls").Want(t, http.StatusOK)
	p.Store.FailWrites(nil)
}

// cookieOf returns the value of a cookie in somebody's browser.
func cookieOf(t testing.TB, p *browsertest.Place, c *browsertest.Client, name string) string {
	t.Helper()
	for _, cookie := range c.HTTP.Jar.Cookies(mustURL(t, p.Server.URL)) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	t.Fatalf("the browser has no cookie %s", name)
	return ""
}

func mustURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
