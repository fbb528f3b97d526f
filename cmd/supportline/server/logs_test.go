package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/policy/users"
)

// lines returns the messages of a log, by how often each was written, and how many it counts as left out.
func lines(t *testing.T, log string) (written map[string]int, left int) {
	t.Helper()
	written = map[string]int{}
	for line := range strings.Lines(log) {
		var entry struct {
			Msg  string `json:"msg"`
			Left int    `json:"left_out"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		written[entry.Msg]++
		left += entry.Left
	}
	return written, left
}

// TestStrangersFillNoDisk: of what anybody can make the server write, the first lines of a minute are there and then each hundredth, with the
// number of those that were left out. The metric counts all.
func TestStrangersFillNoDisk(t *testing.T) {
	var log bytes.Buffer
	a := must(Open(mustConfig(t), func() time.Time { return tuesday }, NewLogger(&log), 1<<20))
	t.Cleanup(func() { _ = a.Close() })
	const sent = 1000
	for n := range sent {
		a.Webhooks.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/voice", nil))
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:2/signin", nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		a.Private.ServeHTTP(httptest.NewRecorder(), r)
		api := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:2/api/v1/calls", nil)
		api.Header.Set("Authorization", fmt.Sprintf("Bearer slt_%040d", n))
		a.Private.ServeHTTP(httptest.NewRecorder(), api)
	}
	const most = sampledFirst + sent/sampledThen
	written, left := lines(t, log.String())
	for message, n := range written {
		if n > 2*most { // a minute may begin in between
			t.Errorf("%q is written %d times", message, n)
		}
	}
	refused := written["webhook refused"]
	if refused < sampledFirst || left < sent-2*most {
		t.Errorf("%d lines of refused webhooks, %d are counted as left out", refused, left)
	}
	metrics := httptest.NewRecorder()
	a.Counters.handler().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if want := fmt.Sprintf(`supportline_webhooks_total{route="/voice",status="403"} %d`, sent); !strings.Contains(metrics.Body.String(), want) {
		t.Errorf("the metrics lack %s", want)
	}
}

// TestGarbageOnAListenerIsSampled, whatever address it comes from.
func TestGarbageOnAListenerIsSampled(t *testing.T) {
	var log bytes.Buffer
	to := listenerLog(sampled(NewLogger(&log)))
	for n := range 1000 {
		to.Printf("http: TLS handshake error from %s: EOF", net.JoinHostPort("203.0.113.9", fmt.Sprint(n)))
	}
	written, left := lines(t, log.String())
	if n := written["a connection failed"]; len(written) != 1 || n > 2*(sampledFirst+10) || n+left > 1000 || n+left < 1000-sampledThen {
		t.Errorf("written: %v, left out %d", written, left)
	}
	if !strings.Contains(log.String(), `"why":"http: TLS handshake error from 203.0.113.9:0: EOF"`) {
		t.Errorf("the cause is not there: %.300s", log.String())
	}
}

// TestNotReadyIsSampled: whoever reaches the listener of health can ask as often as they like.
func TestNotReadyIsSampled(t *testing.T) {
	var log bytes.Buffer
	a := must(Open(mustConfig(t), func() time.Time { return tuesday }, NewLogger(&log), 1<<20))
	t.Cleanup(func() { _ = a.Close() })
	a.Store.FailWrites(errors.New("no space left on device"))
	if err := a.Store.Ping(t.Context()); err == nil {
		_, _ = a.Store.TakeTry(t.Context(), []users.Origin{users.ByName("mila")}, tuesday) // a probe writes now and then only
	}
	for range 300 {
		a.Health.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/readyz", nil))
	}
	if written, _ := lines(t, log.String()); written["not ready"] == 0 || written["not ready"] > 2*(sampledFirst+3) {
		t.Errorf("written: %v", written)
	}
}

// TestWhatIsNotSampledStays: a call's own lines are all written.
func TestWhatIsNotSampledStays(t *testing.T) {
	var log bytes.Buffer
	logger := NewLogger(&log)
	_ = sampled(logger)
	for range 200 {
		logger.Info("call ended", zap.String("sid", "CA1"))
	}
	if written, left := lines(t, log.String()); written["call ended"] != 200 || left != 0 {
		t.Errorf("written: %v, left out %d", written, left)
	}
}
