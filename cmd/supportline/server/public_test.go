package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
)

const hookSecret = "0123456789abcdef"

// paged is an App with a service of PagerDuty, at a public URL with a path, and one alarm.
type paged struct {
	*App
	alarm alarm.ID
	base  string
}

func newPaged(t *testing.T, secret string) *paged {
	t.Helper()
	conf := mustConfig(t)
	conf.PublicURL = "https://support.example.com/phone"
	conf.Notices.Named = []notices.Channel{
		notices.PagerDuty{Called: "other", Public: "support.example.com/phone", Secret: ""},
		notices.PagerDuty{Called: "pager", Public: "support.example.com/phone", Secret: secret},
	}
	a := must(Open(conf, func() time.Time { return tuesday }, zap.NewNop(), 1<<20))
	t.Cleanup(func() { _ = a.Close() })
	p := &paged{App: a, base: "/phone"}
	a.Store.TellBy(func(event policy.Notice, _ *alarm.Alarm, fresh alarm.ID, at time.Time) (*alarm.Alarm, []policy.Notice) {
		p.alarm = fresh
		return &alarm.Alarm{ID: fresh, Event: event, Count: 1, StartedAt: at, State: policy.AlarmOpen}, nil
	})
	event := policy.Notice{Key: "store-trouble/1", Kind: policy.NoticeStoreTrouble, At: tuesday}
	if err := a.Store.Tell(t.Context(), event); err != nil || p.alarm == "" {
		t.Fatalf("%v, alarm %q", err, p.alarm)
	}
	return p
}

func (p *paged) post(t *testing.T, path, signature, body string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, p.base+path, strings.NewReader(body))
	if signature != "" {
		r.Header.Set(notices.PagerDutySignature, signature)
	}
	w := httptest.NewRecorder()
	p.Webhooks.ServeHTTP(w, r)
	if w.Body.Len() > 0 {
		t.Errorf("a stranger is told %s", w.Body)
	}
	return w.Code
}

func signature(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

func (p *paged) did(what, who string, id alarm.ID) string {
	return fmt.Sprintf(`{"event":{"event_type":"incident.%s","agent":{"type":"user_reference","summary":%q},"data":{"type":"incident","incident_key":"support.example.com/phone/alarm/%s"}}}`,
		what, who, id)
}

// Somebody who acknowledges an incident in PagerDuty takes its alarm, and who resolves it finishes it: each once, however often it is posted, and
// whichever of two signatures is ours.
func TestPagerDutyTakesAndFinishesTheAlarm(t *testing.T) {
	p := newPaged(t, hookSecret)
	var got []string
	look := func(status int) {
		a := must(p.Store.Alarm(t.Context(), p.alarm))
		got = append(got, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", status, a.State, a.TakenBy, a.TakenVia)))
	}
	taken, late, done := p.did("acknowledged", "Ada Moreau", p.alarm), p.did("acknowledged", "Ben Okafor", p.alarm), p.did("resolved", "Ben Okafor", p.alarm)
	look(p.post(t, pagerDutyPath, signature("another secret of 20", taken)+","+signature(hookSecret, taken), taken))
	for _, body := range []string{taken, late, done, done, taken} {
		look(p.post(t, pagerDutyPath, signature(hookSecret, body), body))
	}
	want := []string{"202 taken Ada Moreau pager", "202 taken Ada Moreau pager", "202 taken Ada Moreau pager", "202 done Ada Moreau pager", "202 done Ada Moreau pager", "202 done Ada Moreau pager"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What nobody signed changes nothing and is told nothing; what is signed and not ours is taken, so that it is not posted again.
func TestPagerDutyHookRefusesStrangers(t *testing.T) {
	p := newPaged(t, hookSecret)
	body := p.did("acknowledged", "Ada Moreau", p.alarm)
	ours := signature(hookSecret, body)
	long := strings.Repeat(" ", maxPublicBody+1)
	for _, row := range []struct {
		name, path, signature, body string
		want                        int
	}{
		{"unsigned", pagerDutyPath, "", body, http.StatusForbidden},
		{"signed by another", pagerDutyPath, signature("0123456789abcdeX", body), body, http.StatusForbidden},
		{"of another body", pagerDutyPath, ours, body + " ", http.StatusForbidden},
		{"signed with nothing", pagerDutyPath, signature("", body), body, http.StatusForbidden},
		{"too long", pagerDutyPath, signature(hookSecret, long), long, http.StatusRequestEntityTooLarge},
		{"below it", pagerDutyPath + "/", ours, body, http.StatusNotFound},
		{"an alarm that there is not", pagerDutyPath, signature(hookSecret, p.did("resolved", "Ada", "99")), p.did("resolved", "Ada", "99"), http.StatusAccepted},
		{"no number", pagerDutyPath, signature(hookSecret, p.did("resolved", "Ada", "x/../y")), p.did("resolved", "Ada", "x/../y"), http.StatusAccepted},
		{"another event", pagerDutyPath, signature(hookSecret, p.did("triggered", "Ada", p.alarm)), p.did("triggered", "Ada", p.alarm), http.StatusAccepted},
		{"no JSON", pagerDutyPath, signature(hookSecret, "<html>"), "<html>", http.StatusAccepted},
	} {
		if got := p.post(t, row.path, row.signature, row.body); got != row.want {
			t.Errorf("%s: %d, want %d", row.name, got, row.want)
		}
	}
	p.base = ""
	if got := p.post(t, pagerDutyPath, ours, body); got != http.StatusNotFound {
		t.Errorf("outside the path of public_url: %d", got)
	}
	if a := must(p.Store.Alarm(t.Context(), p.alarm)); a.State != policy.AlarmOpen {
		t.Errorf("the alarm is %s", a.State)
	}
	if got := newPaged(t, "").post(t, "/hooks/pagerduty", ours, body); got != http.StatusForbidden {
		t.Errorf("without a secret: %d", got)
	}
}

// While the store is away, PagerDuty is asked to post again.
func TestPagerDutyPostsAgainWhatCouldNotBeStored(t *testing.T) {
	p := newPaged(t, hookSecret)
	body := p.did("acknowledged", "Ada Moreau", p.alarm)
	_ = p.Store.Close()
	if got := p.post(t, pagerDutyPath, signature(hookSecret, body), body); got != http.StatusServiceUnavailable {
		t.Error(got)
	}
	if line := `supportline_public_requests_total{route="/hooks/pagerduty",status="5xx"} 1`; !strings.Contains(scraped(t, p.Counters), line+"\n") {
		t.Errorf("there is no %s", line)
	}
}

// A link's page is kept by nobody, and tells no other page where it was. The provider's webhooks are beside it as ever.
func TestLinksOnThePublicListener(t *testing.T) {
	p := newPaged(t, hookSecret)
	p.Links = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})
	for path, want := range map[string]int{"/w/TOKEN": 200, "/voice": 403, "/w": 404, "/W/TOKEN": 404} {
		if got := p.post(t, path, "", ""); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/phone/w/TOKEN", strings.NewReader("a="+strings.Repeat("x", maxPublicBody)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	p.Webhooks.ServeHTTP(w, r)
	if h := w.Header(); w.Code != http.StatusRequestEntityTooLarge || h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%d, %v", w.Code, h)
	}
}
