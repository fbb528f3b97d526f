package signin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

// atOnce asks many times at once, and returns how often each status was the answer.
func atOnce(many int, ask func(n int) browsertest.Page) map[int]int {
	pages := make(chan browsertest.Page, many)
	var group sync.WaitGroup
	for n := range many {
		group.Go(func() { pages <- ask(n) })
	}
	group.Wait()
	close(pages)
	statuses := map[int]int{}
	for p := range pages {
		statuses[p.Status]++
	}
	return statuses
}

// A burst compares no more passwords than one guess after the other: the free ones, and the one that begins the pause.
func TestBurstsAreCounted(t *testing.T) {
	const burst = 60
	wrong := "wrong wrong wrong"
	tests := []struct {
		name    string
		prepare func(t *testing.T, p *browsertest.Place) func(n int) browsertest.Page
		status  int // of a guess that was compared
		most    int
	}{
		{"one name", func(t *testing.T, p *browsertest.Place) func(int) browsertest.Page {
			return func(int) browsertest.Page { return p.Visitor(t).SignIn("viewer", wrong) }
		}, http.StatusUnauthorized, 4},
		{"many names from one address", func(t *testing.T, p *browsertest.Place) func(int) browsertest.Page {
			return func(n int) browsertest.Page { return p.Visitor(t).SignIn(fmt.Sprint("nobody", n), wrong) }
		}, http.StatusUnauthorized, 21},
		{"a device that is known", func(t *testing.T, p *browsertest.Place) func(int) browsertest.Page {
			c := p.As(t, users.Viewer)
			return func(int) browsertest.Page { return c.SignIn("viewer", wrong) }
		}, http.StatusUnauthorized, 4},
		{"a new password", func(t *testing.T, p *browsertest.Place) func(int) browsertest.Page {
			c := p.As(t, users.Viewer)
			return func(int) browsertest.Page {
				return c.Post("/profile/password", "old", wrong, "new", "green horse battery", "again", "green horse battery")
			}
		}, http.StatusUnprocessableEntity, 4},
		{"a new token", func(t *testing.T, p *browsertest.Place) func(int) browsertest.Page {
			c := p.As(t, users.Viewer)
			return func(n int) browsertest.Page {
				return c.Post("/profile/tokens", "name", fmt.Sprint("t", n), "days", "30", "password", wrong)
			}
		}, http.StatusUnprocessableEntity, 4},
		{"wrong tokens", func(t *testing.T, p *browsertest.Place) func(int) browsertest.Page {
			return func(n int) browsertest.Page {
				return browsertest.NewProgram(t, p.Server.URL, fmt.Sprint(users.TokenPrefix, n)).Get("/api/v1/health")
			}
		}, http.StatusUnauthorized, 21},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := browsertest.NewPlace(t)
			got := atOnce(burst, test.prepare(t, p))
			busy := got[http.StatusServiceUnavailable] // a machine that has much to do compares fewer
			if n := got[test.status]; n > test.most || n+busy < test.most || n+busy+got[http.StatusTooManyRequests] != burst {
				t.Errorf("the answers are %v, want %d compared and the rest told to wait", got, test.most)
			}
		})
	}
}

// watchedTries count how many tries are taken at one time.
type watchedTries struct {
	signin.Sessions
	now, most *atomic.Int32
}

func (w watchedTries) TakeTry(ctx context.Context, origins []users.Origin, now time.Time) (time.Duration, error) {
	if n := w.now.Add(1); n > w.most.Load() {
		w.most.Store(n)
	}
	defer w.now.Add(-1)
	return w.Sessions.TakeTry(ctx, origins, now)
}

// However many guess at once, one password is hashed at a time, and the store writes for one: the calls need both.
func TestOnePasswordIsComparedAtATime(t *testing.T) {
	w := watchedTries{now: new(atomic.Int32), most: new(atomic.Int32)}
	p := browsertest.NewPlace(t, func(d *console.Deps) {
		w.Sessions = d.Sessions
		d.Sessions = w
	})
	atOnce(40, func(n int) browsertest.Page { return p.Visitor(t).SignIn(fmt.Sprint("nobody", n), "wrong wrong wrong") })
	if w.most.Load() != 1 {
		t.Errorf("%d tries at once, want one", w.most.Load())
	}
}

// However many addresses wrong tokens come from, the store does not write for more than a hundred at once and twenty a second.
func TestWrongTokensFromEverywhere(t *testing.T) {
	p, _ := elsewhere(t)
	program := p.Program(t, "viewer")
	ask := func(n int) browsertest.Page { return wrongToken(t, p, fmt.Sprint("203.0.113.", n)) }
	if got := atOnce(120, ask); got[http.StatusUnauthorized] != 100 || got[http.StatusTooManyRequests] != 20 {
		t.Errorf("the answers are %v", got)
	}
	program.Get("/api/v1/health").Want(t, http.StatusOK)
	p.Now = p.Now.Add(time.Second)
	if got := atOnce(30, func(n int) browsertest.Page { return ask(n + 120) }); got[http.StatusUnauthorized] != 20 {
		t.Errorf("a second later the answers are %v", got)
	}
}

// A program's old token keeps no person from signing in, and an IPv6 network is one address for tokens too.
func TestWrongTokensAreCountedApart(t *testing.T) {
	p, signIn := elsewhere(t)
	for n := range 21 {
		wrongToken(t, p, fmt.Sprintf("2001:db8::%x", n)).Want(t, http.StatusUnauthorized)
	}
	wrongToken(t, p, "2001:db8::ffff").Want(t, http.StatusTooManyRequests)
	signIn(p.Visitor(t), "2001:db8::ffff", "viewer", browsertest.Password).Want(t, http.StatusOK, "Sign out")
}

// wrongToken asks with a token that nobody has, from an address.
func wrongToken(t *testing.T, p *browsertest.Place, address string) browsertest.Page {
	request, err := http.NewRequest(http.MethodGet, p.Server.URL+"/api/v1/health", nil)
	if err != nil {
		t.Error(err)
	}
	request.Header.Set("Authorization", "Bearer sl_wrong")
	request.Header.Set("X-Forwarded-For", address)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return browsertest.Page{}
	}
	defer answer.Body.Close()
	return browsertest.Page{Status: answer.StatusCode}
}

// elsewhere returns a place behind a proxy, and a function that signs in from an address of its choice.
func elsewhere(t *testing.T) (*browsertest.Place, func(c *browsertest.Client, address, name, password string) browsertest.Page) {
	p := browsertest.NewPlace(t, func(d *console.Deps) { d.Settings.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	return p, func(c *browsertest.Client, address, name, password string) browsertest.Page {
		return c.Send("/signin", map[string]string{"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": address}, "name", name, "password", password)
	}
}

// A stranger at another address does not keep the owner of a name out, and one with many addresses not where the owner signed in before.
func TestStrangersDoNotKeepTheOwnerOut(t *testing.T) {
	p, signIn := elsewhere(t)
	own, wrong := p.Visitor(t), "wrong wrong wrong"
	signIn(own, "203.0.113.9", "viewer", browsertest.Password).Want(t, http.StatusOK, "Sign out")
	for range 4 {
		signIn(p.Visitor(t), "198.51.100.7", "viewer", wrong).Want(t, http.StatusUnauthorized)
	}
	signIn(p.Visitor(t), "198.51.100.7", "viewer", browsertest.Password).Want(t, http.StatusTooManyRequests)
	signIn(p.Visitor(t), "203.0.113.10", "viewer", browsertest.Password).Want(t, http.StatusOK, "Sign out")

	for n := range 97 {
		signIn(p.Visitor(t), fmt.Sprint("192.0.2.", n), "viewer", wrong).Want(t, http.StatusUnauthorized)
	}
	signIn(p.Visitor(t), "203.0.113.11", "viewer", browsertest.Password).Want(t, http.StatusTooManyRequests)
	signIn(own, "203.0.113.9", "viewer", browsertest.Password).Want(t, http.StatusOK, "Sign out")
	signIn(own, "198.51.100.7", "viewer", browsertest.Password).Want(t, http.StatusOK, "Sign out") // at the stranger's address too

	// What it is known for is that name alone.
	for range 4 {
		signIn(own, "203.0.113.12", "operator", wrong).Want(t, http.StatusUnauthorized)
	}
	signIn(own, "203.0.113.12", "operator", wrong).Want(t, http.StatusTooManyRequests)
	signIn(own, "203.0.113.12", "viewer", wrong).Want(t, http.StatusUnauthorized)
}

// A known device has no more guesses than any other, and is unknown once the person signed out everywhere.
func TestKnownDevicesAreThrottledByThemselves(t *testing.T) {
	p, signIn := elsewhere(t)
	own, wrong := p.Visitor(t), "wrong wrong wrong"
	signIn(own, "203.0.113.9", "viewer", browsertest.Password).Want(t, http.StatusOK, "Sign out")
	for n := range 4 {
		signIn(own, fmt.Sprint("192.0.2.", n), "viewer", wrong).Want(t, http.StatusUnauthorized)
	}
	signIn(own, "192.0.2.7", "viewer", browsertest.Password).Want(t, http.StatusTooManyRequests)
	p.As(t, users.Viewer).Post("/signout/everywhere")
	signIn(own, "192.0.2.7", "viewer", wrong).Want(t, http.StatusUnauthorized) // as any other browser
}

// A browser is one device however often somebody signs in there, a person has ten of them, and one of half a year ago is none.
func TestKnownDevicesAreFew(t *testing.T) {
	p, signIn := elsewhere(t)
	address := 0
	guessed := func(c *browsertest.Client, status int) { // at an address where the name is paused for all browsers but known ones
		t.Helper()
		address, p.Now = address+1, p.Now.Add(time.Second)
		at := fmt.Sprint("192.0.2.", address)
		for range 4 {
			signIn(p.Visitor(t), at, "viewer", "wrong wrong wrong").Want(t, http.StatusUnauthorized)
		}
		signIn(c, at, "viewer", browsertest.Password).Want(t, status)
	}
	own, other := p.Visitor(t), p.Visitor(t)
	for _, c := range []*browsertest.Client{own, other, other, other, other, other, other, other, other, other, other} {
		p.Now = p.Now.Add(time.Second)
		signIn(c, "203.0.113.9", "viewer", browsertest.Password).Want(t, http.StatusOK)
	}
	guessed(own, http.StatusOK)
	for range 9 {
		p.Now = p.Now.Add(time.Second)
		signIn(p.Visitor(t), "203.0.113.9", "viewer", browsertest.Password).Want(t, http.StatusOK)
	}
	guessed(own, http.StatusOK)
	guessed(other, http.StatusTooManyRequests) // the eleventh
	p.Now = p.Now.Add(users.DeviceAge)
	guessed(own, http.StatusTooManyRequests)
}

// An IPv6 network counts as one address.
func TestIPv6CountsByNetwork(t *testing.T) {
	p, signIn := elsewhere(t)
	for n := range 21 {
		signIn(p.Visitor(t), fmt.Sprintf("2001:db8::%x", n), fmt.Sprint("nobody", n), "wrong wrong wrong").Want(t, http.StatusUnauthorized)
	}
	signIn(p.Visitor(t), "2001:db8::ffff:1", "viewer", browsertest.Password).Want(t, http.StatusTooManyRequests)
	signIn(p.Visitor(t), "2001:db8:0:1::1", "viewer", browsertest.Password).Want(t, http.StatusOK)
	for n := range 4 { // and so it does for one name
		signIn(p.Visitor(t), fmt.Sprintf("2001:db8:0:2::%x", n), "viewer", "wrong wrong wrong").Want(t, http.StatusUnauthorized)
	}
	signIn(p.Visitor(t), "2001:db8:0:2::9", "viewer", browsertest.Password).Want(t, http.StatusTooManyRequests)
	signIn(p.Visitor(t), "2001:db8:0:3::9", "viewer", browsertest.Password).Want(t, http.StatusOK)
}

// A restart keeps the tries.
func TestTriesSurviveARestart(t *testing.T) {
	var deps console.Deps
	p := browsertest.NewPlace(t, func(d *console.Deps) { deps = *d })
	for range 4 {
		p.Visitor(t).SignIn("viewer", "wrong wrong wrong").Want(t, http.StatusUnauthorized)
	}
	again := httptest.NewServer(console.New(deps))
	t.Cleanup(again.Close)
	browsertest.NewClient(t, again.URL).SignIn("viewer", browsertest.Password).Want(t, http.StatusTooManyRequests, "Wait a second")
	p.Now = p.Now.Add(time.Second)
	browsertest.NewClient(t, again.URL).SignIn("viewer", browsertest.Password).Want(t, http.StatusOK)
}
