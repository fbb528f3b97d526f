package signin_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy/users"
)

// signInAs signs in with a browser that calls itself something.
func signInAs(t *testing.T, p *browsertest.Place, agent string) *browsertest.Client {
	t.Helper()
	c := p.Visitor(t)
	header := map[string]string{"Sec-Fetch-Site": "same-origin", "User-Agent": agent}
	c.Send("/signin", header, "name", "viewer", "password", browsertest.Password).Want(t, http.StatusOK, "Sign out")
	return c
}

// The page of a person lists the sessions of that person, and ends one of them.
func TestListOfSessions(t *testing.T) {
	p := browsertest.NewPlace(t)
	c := signInAs(t, p, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0")
	p.Now = p.Now.Add(2 * time.Minute)
	other := signInAs(t, p, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1")
	gone := signInAs(t, p, "<script>")
	p.As(t, users.Operator)
	page := c.Get("/profile").Want(t, http.StatusOK, "Firefox on Windows <span class=\"sign ok\">this one</span>", "Safari on iPhone", "Another browser", "127.0.0.1")
	ids := page.Between(`name="session" value="`, `"`, 0)
	if len(ids) != 3 {
		t.Fatalf("the page lists %d sessions, want the person's three", len(ids))
	}
	gone.Post("/signout")
	page = c.Get("/profile")
	page.Without(t, "Another browser")
	ids = page.Between(`name="session" value="`, `"`, 0)
	p.As(t, users.Operator).Post("/profile/sessions/end", "session", ids[1])
	other.Get("/calls").Want(t, http.StatusOK, "Sign out") // nobody ends another's
	c.Post("/profile/sessions/end", "session", ids[1]).Want(t, http.StatusOK, "The session is ended.").Without(t, "Safari on iPhone")
	if got := other.Get("/calls"); got.Path != "/signin?next=%2Fcalls" {
		t.Errorf("the session that was ended leads to %s", got.Path)
	}
	c.Post("/profile/sessions/end", "session", ids[1]).Want(t, http.StatusOK) // twice
	if got := c.Post("/profile/sessions/end", "session", ids[0]); got.Path[:7] != "/signin" {
		t.Errorf("the person's own session goes on at %s", got.Path)
	}
	audit := p.Audit(t)
	if diff := cmp.Diff("session-end viewer by viewer: a session that was begun from 127.0.0.1", audit[len(audit)-1]); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
}

// Sessions that are idle, or that ended with all others, are not listed.
func TestOverSessionsAreNotListed(t *testing.T) {
	p := browsertest.NewPlace(t)
	signInAs(t, p, "curl/8")
	p.Now = p.Now.Add(31 * time.Minute)
	c := p.As(t, users.Viewer)
	c.Get("/profile").Without(t, "curl")
	signInAs(t, p, "curl/8").Post("/signout/everywhere")
	if got := p.As(t, users.Viewer).Get("/profile").Between(`name="session" value="`, `"`, 0); len(got) != 1 {
		t.Errorf("the page lists %d sessions, want the new one", len(got))
	}
}

// A page that follows something live ends with its session: when that one is ended, or left alone for too long.
func TestStreamsEndWithTheirSession(t *testing.T) {
	for name, end := range map[string]func(other *browsertest.Client, later *atomic.Int64){
		"ended elsewhere": func(other *browsertest.Client, _ *atomic.Int64) {
			ids := other.Get("/profile").Between(`name="session" value="`, `"`, 0)
			other.Post("/profile/sessions/end", "session", ids[1])
		},
		"idle": func(_ *browsertest.Client, later *atomic.Int64) { later.Store(int64(31 * time.Minute)) },
	} {
		t.Run(name, func(t *testing.T) {
			later := new(atomic.Int64)
			p := browsertest.NewPlace(t, func(d *console.Deps) {
				d.Now = func() time.Time { return browsertest.Monday.Add(time.Duration(later.Load())) }
			})
			follower, other := signInAs(t, p, "curl/8"), p.As(t, users.Viewer)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Server.URL+"/now/events", nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := follower.HTTP.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if got := answer.Header.Get("Content-Type"); got != "text/event-stream" {
				t.Fatalf("the stream is %s", got)
			}
			end(other, later)
			if _, err := io.ReadAll(answer.Body); err != nil {
				t.Errorf("the stream goes on without its session: %v", err)
			}
		})
	}
}

// Signing out everywhere revokes the tokens if the person wants that.
func TestSignOutEverywhereWithTokens(t *testing.T) {
	p := browsertest.NewPlace(t)
	program := p.Program(t, "viewer")
	p.As(t, users.Viewer).Get("/profile").Want(t, http.StatusOK, "Revoke all my tokens too")
	p.As(t, users.Viewer).Post("/signout/everywhere")
	program.Get("/api/v1/health").Want(t, http.StatusOK)
	p.As(t, users.Viewer).Post("/signout/everywhere", "tokens", "1")
	program.Get("/api/v1/health").Want(t, http.StatusUnauthorized, "wrong-token")
	audit := p.Audit(t)
	if diff := cmp.Diff("sign-out-everywhere viewer by viewer: signed out everywhere", audit[len(audit)-1]); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
}

// A session that an older version began goes on, and is in the list from its next sign of life on.
func TestSessionsOfOlderVersions(t *testing.T) {
	p := browsertest.NewPlace(t)
	const token = "k2Lw0Tt0b3gM5m0lq7cVQx5kU7w1b2c3d4e5f6g7h8i"
	data, err := scs.GobCodec{}.Encode(time.Now().Add(12*time.Hour), map[string]any{
		"user": "viewer", "generation": 0, "since": p.Now.Unix(), "seen": p.Now.Unix(), "revealed": []string{"call CA1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(token))
	older := users.Session{Key: base64.RawURLEncoding.EncodeToString(sum[:]), Ends: p.Now.Add(12 * time.Hour)}
	if err := p.Store.StartSession(t.Context(), older, data); err != nil {
		t.Fatal(err)
	}
	c := p.Visitor(t)
	c.HTTP.Jar.SetCookies(mustURL(t, p.Server.URL), []*http.Cookie{{Name: "supportline", Value: token, Path: "/"}})
	c.Get("/profile").Want(t, http.StatusOK, "signed in as viewer").Without(t, "this one")
	p.Now = p.Now.Add(2 * time.Minute)
	c.Get("/calls").Want(t, http.StatusOK)
	c.Get("/profile").Want(t, http.StatusOK, `not known <span class="sign ok">this one</span>`)
}
