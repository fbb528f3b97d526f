package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

func TestServerFinishesWhatRuns(t *testing.T) {
	h := mustApp(t)
	began, goOn := make(chan struct{}), make(chan struct{})
	h.Webhooks = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-goOn
		io.WriteString(w, "done")
	})
	s, stop := mustServe(t, h)
	answered := make(chan string, 1)
	go func() {
		_, body := get(t, "http://"+s.Webhooks.Addr().String()+"/voice")
		answered <- body
	}()
	<-began
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for !free(s.Webhooks.Addr().String()) { // until nothing new is taken
		runtime.Gosched()
	}
	close(goOn)
	if got := <-answered; got != "done" {
		t.Errorf("the request that ran got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("a clean stop: %v", err)
	}
}

func TestServerReturnsItsListenersError(t *testing.T) {
	s := must(Listen(mustApp(t), parseNothing))
	s.Webhooks.Close()
	if err := s.Run(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("run gave %v, want that the listener is closed", err)
	}
}

func TestPrivateListener(t *testing.T) {
	h := mustApp(t)
	s, stop := mustServe(t, h)
	private := "http://" + s.Private.Addr().String()
	check := func(path string, wantStatus int, want ...string) {
		t.Helper()
		status, body := get(t, private+path)
		if status != wantStatus {
			t.Errorf("%s: status %d, want %d: %s", path, status, wantStatus, body)
		}
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: no %q in %s", path, w, body)
			}
		}
	}
	check("/healthz", http.StatusOK, `"status":"ok"`, `"now":`)
	check("/readyz", http.StatusOK, `"status":"ready"`)
	h.Store.FailWrites(errors.New("no space left on device"))
	if _, err := h.Store.Advance(t.Context(), "CA1", func(c policy.Call) policy.Call { c.Line = "+448000668187"; return c }); err == nil {
		t.Error("the store wrote")
	}
	check("/readyz", http.StatusServiceUnavailable, "no space left on device")
	h.Store.FailWrites(nil)
	check("/readyz", http.StatusOK)
	h.Webhooks.ServeHTTP(discard{http.Header{}}, must(http.NewRequest(http.MethodPost, "/voice", strings.NewReader("CallSid=CA1"))))
	check("/metrics", http.StatusOK,
		`supportline_calls_total{outcome="served"} 0`, `supportline_webhooks_total{route="/voice",status="403"} 1`,
		"supportline_webhook_seconds_bucket", "supportline_store_commit_seconds_bucket", "supportline_store_errors_total", "go_goroutines", "process_cpu_seconds_total")
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// Health and metrics are for this machine where they share the console's listener. What a proxy here passes on is not from here.
func TestHealthIsForThisMachineAlone(t *testing.T) {
	h := mustApp(t)
	h.Conf.Console.URL = "https://ops.example.com:8443"
	h.Private = h.privateRoutes()
	ask := func(from, to, header, host string) int {
		r := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
		r.Host, r.RemoteAddr = host, from
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(to)))))
		if header != "" {
			r.Header.Set(header, "203.0.113.7")
		}
		w := httptest.NewRecorder()
		h.Private.ServeHTTP(w, r)
		return w.Code
	}
	for _, row := range []struct {
		from, to, header string
		status           int
	}{
		{"127.0.0.1:5000", "127.0.0.1:8081", "", http.StatusOK},
		{"[::1]:5000", "[::1]:8081", "", http.StatusOK},
		{"[::ffff:127.0.0.1]:5000", "[::ffff:127.0.0.1]:8081", "", http.StatusOK},
		{"172.18.0.2:5000", "172.18.0.2:8081", "", http.StatusOK}, // a container asks itself
		{"172.18.0.1:5000", "172.18.0.2:8081", "", http.StatusNotFound},
		{"203.0.113.7:5000", "10.0.0.1:8081", "", http.StatusNotFound},
		{"127.0.0.1:5000", "127.0.0.1:8081", "X-Forwarded-For", http.StatusNotFound},
		{"127.0.0.1:5000", "127.0.0.1:8081", "Forwarded", http.StatusNotFound},
		{"127.0.0.1:5000", "127.0.0.1:8081", "Via", http.StatusNotFound},
		{"127.0.0.1:5000", "127.0.0.1:8081", "X-Real-Ip", http.StatusNotFound},
		{"127.0.0.1:5000", "127.0.0.1:8081", "X-Forwarded-Proto", http.StatusNotFound},
		{"somewhere", "127.0.0.1:8081", "", http.StatusNotFound},
	} {
		if got := ask(row.from, row.to, row.header, "127.0.0.1:8081"); got != row.status {
			t.Errorf("%+v: status %d", row, got)
		}
	}
	for host, want := range map[string]int{ // a proxy may add no header, and pass on only what was asked for
		"ops.example.com:8443": http.StatusNotFound, "OPS.example.com": http.StatusNotFound, "localhost:8081": http.StatusOK,
	} {
		if got := ask("127.0.0.1:5000", "127.0.0.1:8081", "", host); got != want {
			t.Errorf("asked as %s: status %d", host, got)
		}
	}
}

// listen.metrics takes health and metrics away from the console's listener, and answers everybody who reaches it, with nothing else.
func TestHealthHasAListenerOfItsOwn(t *testing.T) {
	h := mustApp(t)
	h.Conf.Listen.Metrics = "127.0.0.1:0"
	s, stop := mustServe(t, h)
	for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusOK, "/metrics": http.StatusOK, "/signin": http.StatusNotFound, "/api/v1": http.StatusNotFound} {
		if status, _ := get(t, "http://"+s.Health.Addr().String()+path); status != want {
			t.Errorf("%s on its own listener: status %d, want %d", path, status, want)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if status, body := get(t, "http://"+s.Private.Addr().String()+path); status != http.StatusNotFound || !strings.Contains(body, "listen.metrics") {
			t.Errorf("%s on the console's listener: status %d: %s", path, status, body)
		}
	}
	if _, err := AskHealth(t.Context(), s.Health.Addr().String(), "/readyz"); err != nil {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if !free(s.Health.Addr().String()) {
		t.Error("the listener of health stays open")
	}
}

// Who asks for a server's health learns why it is not well, and whether it is another program that answers.
func TestAskingForHealth(t *testing.T) {
	for name, row := range map[string]struct {
		status     int
		body, want string
	}{
		"well":            {http.StatusOK, `{"status":"ready","version":"v1.2.3"}`, ""},
		"not ready":       {http.StatusServiceUnavailable, `{"status":"the disk is full","version":"v1.2.3"}`, "answered 503 Service Unavailable: the disk is full"},
		"not there":       {http.StatusNotFound, `{"status":"no such page"}`, "answered 404 Not Found: no such page"},
		"another program": {http.StatusOK, "<html>Welcome</html>", "not as a supportline server does"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(row.status)
			io.WriteString(w, row.body)
		}))
		h, err := AskHealth(t.Context(), strings.Replace(s.Listener.Addr().String(), "127.0.0.1", "", 1), "/readyz")
		s.Close()
		switch {
		case row.want == "" && (err != nil || h.Version != "v1.2.3"):
			t.Errorf("%s: %+v, %v", name, h, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}

// TestCallsThatEndedJustBeforeTheServerAreReviewed: no other process knows of them.
func TestCallsThatEndedJustBeforeTheServerAreReviewed(t *testing.T) {
	a := mustApp(t)
	a.Conf.Settings.FairUse.WarnAt = []int{80}
	a.Conf.Notices = notices.Settings{Channels: []notices.Channel{
		notices.Email{From: "Support <support@example.com>", Ops: []string{"ops@example.com"}, Server: "127.0.0.1:1", TLS: notices.TLSNone},
	}}
	line := a.Conf.Settings.Lines[0]
	month := policy.MonthOf(a.Now(), line.Zone)
	from, _ := month.Bounds(line.Zone)
	ended := func(customer policy.CustomerNumber) {
		must(a.Store.ImportCustomers(t.Context(), []policy.Customer{{Number: customer, Name: "One", Package: a.Conf.Settings.Packages[0], Line: line.Number}}, "test"))
		for n := range 13 {
			served(t, a.Store, a.Conf.Settings, policy.CallSID(fmt.Sprintf("CA%s%02d", customer, n)), customer, from.Add(time.Duration(n)*time.Minute))
		}
		a.ended.again(accountMonth{customer, month})
	}
	told := func(customer policy.CustomerNumber) (n int) {
		for notice, err := range a.Store.Notices(t.Context()) {
			if err == nil && notice.Customer == customer {
				n++
			}
		}
		return n
	}
	ended("204518")
	_, stop := mustServe(t, a)
	for deadline := time.Now().Add(time.Minute); told("204518") == 0 && time.Now().Before(deadline); { // at the first look, and the next one is in five seconds
		runtime.Gosched()
	}
	ended("310022")
	if err := stop(); err != nil {
		t.Error(err)
	}
	if told("204518") == 0 || told("310022") == 0 {
		t.Errorf("%d notices of the account whose calls ended before, %d of that whose calls ended last", told("204518"), told("310022"))
	}
}

// A server that cannot open all of its listeners keeps none.
func TestAllListenersOrNone(t *testing.T) {
	h := mustApp(t)
	h.Conf.Store.File = filepath.Join(t.TempDir(), "nowhere", "log.db") // beside which no socket of commands can be
	taken := must(net.Listen("tcp", "127.0.0.1:0"))
	h.Conf.Listen.Metrics = taken.Addr().String()
	taken.Close()
	if _, err := Listen(h, parseNothing); err == nil {
		t.Fatal("a server listens without a socket")
	}
	if !free(h.Conf.Listen.Metrics) {
		t.Error("the listener of health is kept")
	}
}

// Nothing of the private listener answers under another site's name.
func TestThePrivateListenerKnowsItsName(t *testing.T) {
	h := mustApp(t)
	for _, path := range []string{"/", "/signin", "/metrics", "/healthz", "/api/v1/openapi.yaml"} {
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		r.Host, r.RemoteAddr = "evil.example", "127.0.0.1:5000"
		w := httptest.NewRecorder()
		h.Private.ServeHTTP(w, r)
		if w.Code != http.StatusMisdirectedRequest || !strings.Contains(w.Body.String(), "console.url") {
			t.Errorf("%s: status %d: %s", path, w.Code, w.Body)
		}
	}
}

// A file that anybody sends to a webhook is not kept on the disk, and little of it is read.
func TestNoWebhookKeepsABody(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	h := mustApp(t)
	for _, path := range []string{"/voice", "/voice/menu", "/status", "/leg/1", "/recording/1", "/conference/1", "/announce/1", "/sound/1", "/fallback", "/plain", "/nowhere"} {
		head := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n"
		body := &io.LimitedReader{R: io.MultiReader(strings.NewReader(head), zeros{}), N: 40 << 20}
		r := httptest.NewRequest(http.MethodPost, path, body)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		h.Webhooks.ServeHTTP(httptest.NewRecorder(), r)
		if read := 40<<20 - body.N; read > 128<<10 {
			t.Errorf("%s read %d bytes", path, read)
		}
		if left, _ := os.ReadDir(folder); len(left) > 0 {
			t.Fatalf("%s left %s behind", path, left[0].Name())
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
