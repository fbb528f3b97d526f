package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/twilio"
)

// proxied is the distribution's Caddy with the file that docker-compose.yml has for a profile, in front of processes that share one log. They have
// loopback addresses of their own and the same ports, as the containers do.
type proxied struct {
	*server.App
	t         *testing.T
	processes []*process
	url       string // of the webhooks
	console   string // "" where the profile's file has none
}

// process answers for the App at an address. A test puts handlers of its own in front.
type process struct {
	ip                        string
	webhooks, console, health http.Handler
	took                      atomic.Int64  // webhooks
	asked                     chan struct{} // the proxy asked for its health
	servers                   []*httptest.Server
}

// die closes the listeners of a process and breaks its connections off, as the kernel does for one that was killed.
func (p *process) die() {
	for _, s := range p.servers {
		s.Listener.Close()
		s.CloseClientConnections()
	}
}

func (p *process) listen(t *testing.T, port string, handler http.Handler) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(p.ip, port))
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: handler}}
	s.Start()
	p.servers = append(p.servers, s)
}

// mustProxy starts Caddy and as many processes as the profile has; change may replace their handlers before.
func mustProxy(t *testing.T, profile string, change func(*proxied)) *proxied {
	t.Helper()
	public, console := freeAddress(t), freeAddress(t)
	conf := mustConfig(t)
	conf.PublicURL = "http://" + public
	conf.Listen.Metrics = "127.0.0.1:1" // health has a listener of its own, as in a container
	app, err := server.Open(conf, phoneDay.Local, zap.NewNop(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxied{App: app, t: t, url: "http://" + public}
	t.Cleanup(func() { _ = app.Close() }) // a test may have closed the store
	if err := bringIn(app); err != nil {
		t.Fatal(err)
	}
	ips := map[string][]string{"single": {"127.0.0.2"}, "ha": {"127.0.0.2", "127.0.0.3", "127.0.0.4"}}[profile]
	for _, ip := range ips {
		p.processes = append(p.processes, &process{ip: ip, webhooks: app.Webhooks, console: app.Private, health: app.Health, asked: make(chan struct{}, 1000)})
	}
	if change != nil {
		change(p)
	}
	ports := p.serve()
	env := []string{"SUPPORTLINE_DOMAIN=http://" + public, "SUPPORTLINE_CONSOLE_DOMAIN=http://" + console, "SUPPORTLINE_HEALTH_PORT=" + ports[2]}
	env = append(env, "SUPPORTLINE_WEBHOOKS="+p.upstreams(ports[0]), "SUPPORTLINE_CONSOLES="+p.upstreams(ports[1]))
	file := compose(t, "COMPOSE_PROFILES="+profile).Configs["caddyfile-"+profile].Content
	startCaddy(t, strings.ReplaceAll(file, "reverse_proxy supportline:8080\n", "reverse_proxy "+p.upstreams(ports[0])+"\n"), env, public)
	if profile == "ha" {
		p.console = "http://" + console
	}
	return p
}

// serve starts the processes, and returns the ports of webhooks, console and health.
func (p *proxied) serve() (ports [3]string) {
	p.t.Helper()
	for i := range ports {
		_, ports[i], _ = net.SplitHostPort(freeAddress(p.t))
	}
	for _, one := range p.processes {
		counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { one.took.Add(1); one.webhooks.ServeHTTP(w, r) })
		asked := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { one.health.ServeHTTP(w, r); one.asked <- struct{}{} })
		for i, handler := range []http.Handler{counted, one.console, asked} {
			one.listen(p.t, ports[i], handler)
		}
		p.t.Cleanup(func() {
			for _, s := range one.servers {
				s.CloseClientConnections()
				s.Close()
			}
		})
	}
	return ports
}

func (p *proxied) upstreams(port string) string {
	var all []string
	for _, one := range p.processes {
		all = append(all, net.JoinHostPort(one.ip, port))
	}
	return strings.Join(all, " ")
}

// startCaddy runs Caddy with a file until the test ends. It returns when Caddy listens.
func startCaddy(t *testing.T, file string, env []string, address string) {
	t.Helper()
	home := t.TempDir()
	path := filepath.Join(home, "Caddyfile")
	if err := os.WriteFile(path, []byte("{\n\tadmin off\n}\n"+file), 0o600); err != nil {
		t.Fatal(err)
	}
	caddy := exec.Command("caddy", "run", "--config", path, "--adapter", "caddyfile")
	caddy.Env = append(env, "HOME="+home, "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home, "PATH="+os.Getenv("PATH"))
	said := newAwaited()
	caddy.Stdout, caddy.Stderr = said, said
	if err := caddy.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = caddy.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = caddy.Process.Signal(os.Interrupt)
		<-ended
		if t.Failed() {
			t.Log(said)
		}
	})
	deadline := time.After(20 * time.Second)
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("caddy did not start:\n%s", said)
		case <-deadline:
			t.Fatalf("caddy does not listen:\n%s", said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// answer is a response without what differs each time or is the proxy's own.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// post sends a webhook of a call to an address, signed for the public URL.
func (p *proxied) post(ctx context.Context, base, path, sid string) (answer, error) {
	form := url.Values{
		"CallSid": {sid}, "AccountSid": {p.Conf.Twilio.AccountSID}, "From": {"+442079460018"}, "To": {ukLine}, "CallStatus": {"in-progress"},
		"Direction": {"inbound"}, "ApiVersion": {"2010-04-01"},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Host = strings.TrimPrefix(p.url, "http://")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	r.Header.Set(twilio.SignatureHeader, twilio.Sign(p.Conf.Twilio.AuthToken, p.url+path, form))
	return ask(r)
}

// ask follows a redirect as the provider does: 307 is followed with the same method and body.
func ask(r *http.Request) (answer, error) {
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	for _, name := range []string{"Date", "Server", "Via"} {
		got.Header.Del(name)
	}
	return answer{got.StatusCode, got.Header, string(body)}, err
}

// answered fails the test unless a first webhook gets TwiML through the proxy.
func (p *proxied) answered(ctx context.Context, sid string) {
	p.t.Helper()
	got, err := p.post(ctx, p.url, "/voice", sid)
	if err != nil || got.Status != http.StatusOK || !strings.Contains(got.Body, "<Response>") {
		p.t.Errorf("%s: %d %q, %v", sid, got.Status, got.Body, err)
	}
}

func callSID(n int) string { return fmt.Sprintf("CA%032d", n) }

var routeParam = regexp.MustCompile(`:(\w+)`)

// examplePath returns a path of a route: with what is there where a route is for one of few.
func examplePath(route string) string {
	return routeParam.ReplaceAllStringFunc(route, func(name string) string {
		switch name {
		case ":file":
			return ivr.SampleSound
		case ":call":
			return callSID(1)
		case ":kind":
			return "message"
		case ":step":
			return "number"
		}
		return "1"
	})
}

// Every route of the webhooks answers through the proxy as it does without it, and an unsigned request is refused as it is without it.
func TestProxyPassesEveryWebhookOn(t *testing.T) {
	for _, profile := range []string{"single", "ha"} {
		t.Run(profile, func(t *testing.T) {
			p := mustProxy(t, profile, nil)
			direct := "http://" + p.processes[0].servers[0].Listener.Addr().String()
			for i, route := range server.PublicRoutes() {
				path := examplePath(route)
				want, err := p.post(t.Context(), direct, path, callSID(i))
				if err != nil {
					t.Fatal(err)
				}
				got, err := p.post(t.Context(), p.url, path, callSID(100+i)) // another call: some answers depend on what the call got before
				got.Body = strings.ReplaceAll(got.Body, callSID(100+i), callSID(i))
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("%s: %v (-without the proxy +with it):\n%s", path, err, diff)
				}
			}
			if want, err := p.post(t.Context(), direct, "/voice", callSID(50)); err != nil || want.Status != http.StatusOK {
				t.Errorf("without the proxy: %d, %v", want.Status, err)
			}
			unsigned, err := http.Post(p.url+"/voice", "application/x-www-form-urlencoded", strings.NewReader("CallSid=CA1"))
			if err != nil || unsigned.StatusCode != http.StatusForbidden {
				t.Errorf("an unsigned request: %v, %v", unsigned, err)
			}
			for _, inside := range []string{"/", "/healthz", "/readyz", "/metrics", "/signin", "/api/v1/calls", "/static/app.css", config.DemoAccount, "/voice/../metrics"} {
				got, err := http.Get(p.url + inside)
				if err != nil || got.StatusCode != http.StatusNotFound {
					t.Errorf("%s is reached from outside: %v, %v", inside, got, err)
				}
			}
		})
	}
}

// The console is used through the proxy as it is without it: pages, forms, files both ways, streams; where a visitor comes from is known; and health
// and metrics are not there.
func TestProxyPassesTheConsoleOn(t *testing.T) {
	var mu sync.Mutex
	var from, host string
	p := mustProxy(t, "ha", func(p *proxied) {
		settings := signin.Settings{Proxies: p.Conf.Console.Proxies}
		for _, one := range p.processes {
			one.console = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				from, host = settings.Address(r), r.Host
				mu.Unlock()
				p.Private.ServeHTTP(w, r)
			})
		}
	})
	browsertest.AddUser(t, p.Store, users.User{Name: "mila", Role: users.Admin}, phoneDay)
	mila := browsertest.NewClient(t, p.console)
	mila.SignIn("mila", browsertest.Password).Want(t, http.StatusOK, "Sign out")
	mila.Get("/accounts").Want(t, http.StatusOK, "310022")
	preview := mila.Upload("/accounts/import", "customers.csv", string(config.ExampleCustomers()))
	preview.Want(t, http.StatusOK, "customers.csv")
	mila.Upload("/accounts/import", "film.csv", strings.Repeat("x", 4<<20-1000)).Want(t, http.StatusUnprocessableEntity)

	style := regexp.MustCompile(`href="(/static/[^"]*own[^"]*)"`).FindStringSubmatch(preview.Body)
	if style == nil {
		t.Fatal("the page has no style sheet")
	}
	direct, err := ask(must(http.NewRequest(http.MethodGet, "http://"+p.processes[0].servers[1].Listener.Addr().String()+style[1], nil)))
	if err != nil || direct.Status != http.StatusOK {
		t.Fatal(direct.Status, err)
	}
	through, err := ask(must(http.NewRequest(http.MethodGet, p.console+style[1], nil)))
	if diff := cmp.Diff(direct, through); err != nil || diff != "" {
		t.Errorf("a static file: %v (-without the proxy +with it):\n%s", err, diff)
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		mila.Get(path).Want(t, http.StatusNotFound)
	}

	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, p.console+"/signin", nil))
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	if _, err := ask(r); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if want := strings.TrimPrefix(p.console, "http://"); from != "127.0.0.1" || host != want {
		t.Errorf("a visitor from 127.0.0.1 to %s is one from %s to %s", want, from, host)
	}
}

// An event of a stream is there when it was sent, while the stream goes on.
func TestProxyHoldsNoStreamBack(t *testing.T) {
	p := mustProxy(t, "ha", nil)
	browsertest.AddUser(t, p.Store, users.User{Name: "mila", Role: users.Admin}, phoneDay)
	mila := browsertest.NewClient(t, p.console)
	mila.SignIn("mila", browsertest.Password).Want(t, http.StatusOK, "Sign out")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r := must(http.NewRequestWithContext(ctx, http.MethodGet, p.console+"/now/events", nil))
	stream, err := mila.HTTP.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	lines := bufio.NewReader(stream.Body)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%s: no event came: %v", stream.Header.Get("Content-Type"), err)
		}
		if strings.HasPrefix(line, "data: ") {
			return
		}
	}
}

// A webhook whose process dies while it has it is answered by another process, and the call is in the log once. So are all that come while the proxy
// has not noticed yet.
func TestProxyGivesAWebhookOfADeadProcessToAnother(t *testing.T) {
	p := mustProxy(t, "ha", func(p *proxied) {
		dies := p.processes[1]
		dies.webhooks = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			go dies.die()
			<-r.Context().Done() // the connection is broken
		})
	})
	const calls = 30
	for i := range calls {
		p.answered(t.Context(), callSID(i))
	}
	if n := p.processes[1].took.Load(); n != 1 {
		t.Errorf("the process that died had %d webhooks", n)
	}
	n := 0
	for _, err := range p.Store.Calls(t.Context(), policy.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != calls {
		t.Errorf("%d calls were made, and the log has %d", calls, n)
	}
}

// A process that stands still, as one that is stopped or has no processor, costs a caller a wait within the provider's own limit.
func TestProxyDoesNotWaitForAProcessThatStandsStill(t *testing.T) {
	t.Parallel()
	still := make(chan struct{})
	p := mustProxy(t, "ha", func(p *proxied) {
		stops := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-still })
		p.processes[2].webhooks, p.processes[2].health = stops, stops
	})
	defer close(still)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for i := range 3 {
		p.answered(ctx, callSID(i))
	}
}

// A slow process holds up its own webhooks alone.
func TestProxyIsNotHeldUpByASlowProcess(t *testing.T) {
	release := make(chan struct{})
	p := mustProxy(t, "ha", func(p *proxied) {
		p.processes[0].webhooks = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-release
			p.Webhooks.ServeHTTP(w, r)
		})
	})
	answers := make(chan answer, 9)
	for i := range cap(answers) {
		go func() {
			got, _ := p.post(t.Context(), p.url, "/voice", callSID(i))
			answers <- got
		}()
	}
	for i := range cap(answers) {
		if i == 6 {
			if n := p.processes[0].took.Load(); n != 3 {
				t.Errorf("of 9 webhooks to three processes the slow one has %d", n)
			}
			close(release)
		}
		if got := <-answers; got.Status != http.StatusOK {
			t.Errorf("a webhook got %d %q", got.Status, got.Body)
		}
	}
}

// The proxy asks each process for /healthz, and gives nothing to one that does not answer it with 200.
func TestProxySendsNothingToAnUnhealthyProcess(t *testing.T) {
	p := mustProxy(t, "ha", func(p *proxied) {
		p.processes[0].health = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/healthz" {
				t.Errorf("the proxy asks for %s", r.URL)
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		})
	})
	for range 4 { // webhooks and console are asked for apart from each other, every two seconds
		<-p.processes[0].asked
	}
	for i := range 9 {
		p.answered(t.Context(), callSID(i))
	}
	if n := p.processes[0].took.Load(); n != 0 {
		t.Errorf("the unhealthy process had %d webhooks", n)
	}
}

// While the log cannot be reached the processes serve callers without it: they are not ready, and the proxy gives them webhooks all the same.
func TestProxySendsWebhooksWhileTheStoreIsAway(t *testing.T) {
	p := mustProxy(t, "ha", nil)
	if err := p.Store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, one := range p.processes {
		for range 4 {
			<-one.asked
		}
	}
	health := "http://" + p.processes[0].servers[2].Listener.Addr().String()
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusServiceUnavailable} {
		if got, err := http.Get(health + path); err != nil || got.StatusCode != want {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
	for i := range 6 {
		p.answered(t.Context(), callSID(i))
	}
}
