package server

import (
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

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

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
