package notices_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/notices"
)

// receiver is a webhook that checks each signature and answers with its statuses in turn, then with 200.
type receiver struct {
	channel  notices.Webhook
	statuses []int
	hang     chan struct{} // not nil: a post waits for it, or for its own end
	hangs    chan struct{} // gets a word from each post that waits

	mu     sync.Mutex
	keys   []string
	bodies []map[string]any
	wrong  []string
}

func startHook(t testing.TB, statuses ...int) *receiver {
	t.Helper()
	h := &receiver{statuses: statuses}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	h.channel = notices.Webhook{URL: s.URL + "/in?key=hush-url", Secret: "0123456789abcdef"}
	return h
}

func (h *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // whole, before which the server does not see that the other side left
	if h.hang != nil {
		if h.hangs != nil {
			h.hangs <- struct{}{}
		}
		select {
		case <-h.hang:
		case <-r.Context().Done():
			return
		}
	}
	seconds, signature, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Supportline-Signature"), "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte(h.channel.Secret))
	fmt.Fprintf(mac, "%s.%s", seconds, body)
	var parsed map[string]any
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil || signature != hex.EncodeToString(mac.Sum(nil)) || json.Unmarshal(body, &parsed) != nil || r.Method != http.MethodPost {
		h.wrong = append(h.wrong, string(body))
	}
	h.keys, h.bodies = append(h.keys, r.Header.Get("Idempotency-Key")), append(h.bodies, parsed)
	if len(h.keys) <= len(h.statuses) {
		w.Header().Set("Location", "http://127.0.0.1:1/elsewhere") // which would be another error, if it were followed
		w.WriteHeader(h.statuses[len(h.keys)-1])
	}
}

func (h *receiver) got(t testing.TB) []string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.wrong) > 0 {
		t.Errorf("not signed: %q", h.wrong)
	}
	return append([]string{}, h.keys...)
}

func posting(h *receiver, o *outbox, c *clock) *notices.Sender {
	return notices.New(over(h.channel), o, notices.Options{Now: c.Now, After: never})
}

func TestPostIsSignedJSON(t *testing.T) {
	h, o := startHook(t), newOutbox(post("tickets/100001/2026-11/80/webhook"))
	run(t, posting(h, o, newClock()))
	if n := o.await(t, "tickets/100001/2026-11/80/webhook", 1); !n.SentAt.Equal(start) {
		t.Errorf("the outbox says %+v", n)
	}
	if diff := cmp.Diff([]string{"tickets/100001/2026-11/80/webhook"}, h.got(t)); diff != "" {
		t.Error(diff)
	}
	body := h.bodies[0]
	delete(body, "text") // the words have tests of their own
	want := map[string]any{
		"key": "tickets/100001/2026-11/80/webhook", "kind": "tickets", "at": "2026-11-23T09:00:00Z", "customer": "100001",
		"subject": "Example Workspaces: 13 of 16 phone tickets in 2026-11",
		"facts":   map[string]any{"account": "Example Workspaces", "month": "2026-11", "tickets": "13", "ticket_limit": "16", "percent": "80"},
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAnswersOfTheWebhook(t *testing.T) {
	for _, row := range []struct {
		status  int
		said    string
		forGood bool
	}{
		{500, "the webhook answered 500 Internal Server Error", false},
		{503, "the webhook answered 503 Service Unavailable", false},
		{429, "the webhook answered 429 Too Many Requests", false},
		{400, "the webhook answered 400 Bad Request", true},
		{410, "the webhook answered 410 Gone", true},
		{302, "the webhook answered 302 Found, and redirects are not followed", true},
	} {
		t.Run(fmt.Sprint(row.status), func(t *testing.T) {
			h, o, c := startHook(t, row.status), newOutbox(post("a")), newClock()
			sender := posting(h, o, c)
			run(t, sender)
			n := o.await(t, "a", 1)
			if n.Error != row.said || n.FailedAt.IsZero() == row.forGood {
				t.Fatalf("the outbox says %+v", n)
			}
			if row.forGood {
				return
			}
			c.set(n.NextAt)
			sender.Wake()
			if n := o.await(t, "a", 2); n.SentAt.IsZero() {
				t.Errorf("the second time the outbox says %+v", n)
			}
			if diff := cmp.Diff([]string{"a", "a"}, h.got(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A webhook that limits us says for how long, and is named in the outbox and in its keys as in the configuration.
func TestNamedWebhookThatLimits(t *testing.T) {
	limits := httptest.NewServer(saying(429, "", "Retry-After", "600"))
	t.Cleanup(limits.Close)
	hook := notices.Webhook{Called: "hook", URL: limits.URL, Secret: "0123456789abcdef"}
	event := post("alarm/7")
	event.Channel = "hook"
	told := notices.Settings{Named: []notices.Channel{hook}}
	o := newOutbox(told.Addressed(event)...)
	notices.New(told, o, notices.Options{Now: newClock().Now, After: never}).Once(t.Context())
	n := o.get("alarm/7/hook")
	if n.Channel != "hook" || n.NextAt.Before(start.Add(10*time.Minute)) || n.Error != "the webhook answered 429 Too Many Requests: not before 10m0s have passed" {
		t.Errorf("%+v", n)
	}
}

func TestWebhookThatHangsIsBounded(t *testing.T) {
	h, o := startHook(t), newOutbox(post("a"))
	h.hang = make(chan struct{})
	run(t, notices.New(over(h.channel), o, notices.Options{Now: newClock().Now, After: never, Timeout: 200 * time.Millisecond}))
	if n := o.await(t, "a", 1); n.Error != "the server did not answer in time" || n.NextAt.IsZero() {
		t.Errorf("the outbox says %+v", n)
	}
}
