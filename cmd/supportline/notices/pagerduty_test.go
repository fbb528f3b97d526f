package notices_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

const (
	pagerKey    = "R0hush0hush0hush0hush0hush0hush0"
	pagerSecret = "hush-hush-hush-hush"
)

// pagerService is a PagerDuty that keeps its incidents. It answers with its faults in turn, and then as PagerDuty does. After says that a fault comes
// after the event was taken.
type pagerService struct {
	*httptest.Server
	mu     sync.Mutex
	state  map[string]string // by dedup_key: triggered, acknowledged, resolved
	woken  map[string]int    // how often an incident was opened
	events []pagerEvent
	faults []http.HandlerFunc
	after  bool
}

type pagerEvent struct {
	RoutingKey string `json:"routing_key"`
	Action     string `json:"event_action"`
	DedupKey   string `json:"dedup_key"`
	ClientURL  string `json:"client_url"`
	Links      []struct{ Href, Text string }
	Payload    *struct {
		Summary, Source, Severity, Timestamp, Class string
		Details                                     map[string]string `json:"custom_details"`
	}
}

func startPager(t testing.TB, faults ...http.HandlerFunc) *pagerService {
	t.Helper()
	s := &pagerService{state: map[string]string{}, woken: map[string]int{}, faults: faults}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *pagerService) channel() notices.PagerDuty {
	return notices.PagerDuty{Called: "pager", Key: pagerKey, Region: "us", Secret: pagerSecret, Public: "support.example.com", API: s.URL}
}

func (s *pagerService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var e pagerEvent
	err := json.NewDecoder(r.Body).Decode(&e)
	s.mu.Lock()
	s.events = append(s.events, e)
	var fault http.HandlerFunc
	if len(s.faults) > 0 {
		fault, s.faults = s.faults[0], s.faults[1:]
	}
	if fault == nil || s.after {
		s.take(e)
	}
	s.mu.Unlock()
	switch {
	case fault != nil:
		fault(w, r)
	case err != nil || r.URL.Path != "/v2/enqueue" || e.RoutingKey != pagerKey:
		saying(http.StatusBadRequest, `{"status":"invalid event","message":"Event object is invalid","errors":["'routing_key' is not the key of an integration"]}`)(w, r)
	default:
		saying(http.StatusAccepted, `{"status":"success","message":"Event processed","dedup_key":"`+e.DedupKey+`"}`)(w, r)
	}
}

// take changes the incident of an event: one that is open stays as it is when it is triggered again.
func (s *pagerService) take(e pagerEvent) {
	now := s.state[e.DedupKey]
	open := now == "triggered" || now == "acknowledged"
	switch {
	case e.Action == "trigger" && !open:
		s.state[e.DedupKey] = "triggered"
		s.woken[e.DedupKey]++
	case e.Action == "acknowledge" && open:
		s.state[e.DedupKey] = "acknowledged"
	case e.Action == "resolve" && open:
		s.state[e.DedupKey] = "resolved"
	}
}

// did returns the actions in their order, and empties them.
func (s *pagerService) did() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		all = append(all, e.Action+" "+e.DedupKey)
	}
	s.events = nil
	return all
}

func paged(shown, state policy.AlarmState) policy.Notice {
	n := missed("Example")
	n.Key, n.Channel, n.Alarm, n.Shown, n.State = "alarm/7/pager", "pager", "7", shown, state
	return n
}

// An incident is opened, acknowledged and resolved in this order under one key, whatever was shown before; what was never opened is not resolved.
func TestPagerFollowsTheAlarm(t *testing.T) {
	const key = " support.example.com/alarm/7"
	for _, row := range []struct {
		shown, state policy.AlarmState
		want         []string
	}{
		{"", policy.AlarmOpen, []string{"trigger" + key}},
		{policy.AlarmOpen, policy.AlarmOpen, []string{"trigger" + key}}, // one more call joined the alarm
		{policy.AlarmOpen, policy.AlarmTaken, []string{"acknowledge" + key}},
		{"", policy.AlarmTaken, []string{"trigger" + key, "acknowledge" + key}},
		{policy.AlarmTaken, policy.AlarmTaken, []string{"trigger" + key, "acknowledge" + key}},
		{policy.AlarmTaken, policy.AlarmDone, []string{"resolve" + key}},
		{policy.AlarmOpen, policy.AlarmDone, []string{"resolve" + key}},
		{"", policy.AlarmDone, nil},
	} {
		s := startPager(t)
		receipt, err := s.channel().Show(t.Context(), paged(row.shown, row.state), fewWords, start)
		if diff := cmp.Diff(row.want, s.did()); diff != "" || err != nil {
			t.Errorf("from %q to %s: %v %s", row.shown, row.state, err, diff)
		}
		if receipt["dedup_key"] != "support.example.com/alarm/7" {
			t.Errorf("the receipt is %v", receipt)
		}
	}
	s, lost := startPager(t), paged("", policy.AlarmDone)
	lost.TriedAt = start // the answer to the trigger was lost: nobody is woken all night by an incident of which we know nothing
	if _, err := s.channel().Show(t.Context(), lost, fewWords, start); err != nil || len(s.did()) != 1 {
		t.Errorf("an incident that may be open is not resolved: %v", err)
	}
}

// An answer that is lost after the event was taken has the event sent again, which opens no second incident.
func TestPagerThatTookWhatItDidNotAnswerWakesOnce(t *testing.T) {
	s := startPager(t, cutOff, saying(502, "<html>"), nil, cutOff)
	s.after = true
	n := paged("", policy.AlarmTaken)
	for tries := 1; ; tries++ {
		if _, err := s.channel().Show(t.Context(), n, fewWords, start); err == nil {
			break
		} else if tries == 10 {
			t.Fatal(err)
		}
	}
	const key = "support.example.com/alarm/7"
	if s.state[key] != "acknowledged" || s.woken[key] != 1 {
		t.Errorf("%s, opened %d times: %q", s.state[key], s.woken[key], s.did())
	}
}

// The event says how bad it is and where to take it, and holds no telephone number.
func TestPagerEvent(t *testing.T) {
	s := startPager(t)
	n := paged("", policy.AlarmOpen)
	n.Facts["note"], n.Facts["ticket"], n.Facts["link_policy"], n.Facts["specialist"] = "call +44 20 7946 0123 back", "12345678", "https://help.example.com", "+15550100001"
	w := fewWords
	w.Subject += " from +442079460123"
	if _, err := s.channel().Show(t.Context(), n, w, start); err != nil {
		t.Fatal(err)
	}
	e := s.events[0]
	if e.Payload.Severity != "critical" || e.Payload.Class != "critical-missed" || e.Payload.Source != "support.example.com" || e.Payload.Timestamp != "2026-11-23T09:00:00Z" {
		t.Errorf("%+v", e.Payload)
	}
	links := fmt.Sprint(e.Links, " ", e.ClientURL)
	if links != "[{https://support.example.com/w/TOKEN I take it} {https://console.example.com/calls/CA1?a=1&b=2 The call in the console}] https://console.example.com/calls/CA1?a=1&b=2" {
		t.Error(links)
	}
	if e.Payload.Details["ticket"] != "12345678" || e.Payload.Details["account"] != "Example" || !strings.HasPrefix(e.Payload.Details["note"], "call +44") {
		t.Errorf("the details are %v", e.Payload.Details)
	}
	all, _ := json.Marshal(e.Payload)
	for _, number := range []string{"8883071053", "79460123", "7946 0123", "5550100001"} {
		if strings.Contains(string(all), number) {
			t.Errorf("%s is in %s", number, all)
		}
	}
}

// A summary is cut between letters as people see them, below PagerDuty's 1,024.
func TestPagerSummaryIsCutByLetter(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"1,100 letters", strings.Repeat("x", 1100), strings.Repeat("x", 1023) + "…"},
		{"1,024 letters", strings.Repeat("x", 1024), strings.Repeat("x", 1024)},
		{"an emoji at the end", strings.Repeat("x", 1022) + "😀 and more", strings.Repeat("x", 1022) + "…"},
		{"an emoji as the 1,024th letter", strings.Repeat("x", 1023) + "😀", strings.Repeat("x", 1023) + "…"},
		{"an emoji that fits", strings.Repeat("x", 1021) + "😀 and more", strings.Repeat("x", 1021) + "😀…"},
		{"a family at the end", strings.Repeat("x", 1019) + "👩\u200d👧\u200d👦 and more", strings.Repeat("x", 1019) + "…"},
		{"a flag at the end", strings.Repeat("x", 1019) + "🇬🇧🇩🇪", strings.Repeat("x", 1019) + "🇬🇧…"},
		{"a letter with its accent apart", strings.Repeat("x", 1022) + "e\u0301 and more", strings.Repeat("x", 1022) + "…"},
		{"a tone of skin", strings.Repeat("x", 1021) + "👍\U0001F3FD and more", strings.Repeat("x", 1021) + "…"},
		{"no text", "\xff\xfe" + strings.Repeat("x", 1100), "??" + strings.Repeat("x", 1021) + "…"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := startPager(t)
			if _, err := s.channel().Show(t.Context(), paged("", policy.AlarmOpen), notices.Words{Subject: row.text}, start); err != nil {
				t.Fatal(err)
			}
			got := s.events[0].Payload.Summary
			if row.name == "no text" { // invalid bytes become one sign or more
				if !utf8.ValidString(got) || utf8.RuneCountInString(got) > 1024 {
					t.Errorf("%q", got)
				}
				return
			}
			if got != row.want {
				t.Errorf("the summary ends in %q, want %q", got[len(got)-20:], row.want[len(row.want)-20:])
			}
		})
	}
}

// What PagerDuty refuses is shown and not sent again; a limit and trouble of its own pass.
func TestAnswersOfPagerDuty(t *testing.T) {
	for _, row := range []struct {
		name    string
		fault   http.HandlerFunc
		said    string
		forGood bool
	}{
		{
			"a wrong key", saying(400, `{"status":"invalid event","message":"Event object is invalid","errors":["Length of 'routing_key' is incorrect: `+pagerKey+`"]}`),
			"PagerDuty answered 400 Bad Request: Event object is invalid: Length of 'routing_key' is incorrect: (the key): correct channels.pager.pagerduty, and its region", true,
		},
		{
			"an event that it cannot read", saying(400, `{"status":"invalid event","message":"Event object is invalid","errors":["'payload.summary' is missing or blank"]}`),
			"PagerDuty answered 400 Bad Request: Event object is invalid: 'payload.summary' is missing or blank", true,
		},
		{"forbidden by a proxy", saying(403, "<html>"), "PagerDuty answered 403 Forbidden", true},
		{"a limit", saying(429, "", "Retry-After", "60"), "PagerDuty limits how many events it takes: not before 1m0s have passed", false},
		{"a limit without a time", saying(429, `{"status":"throttle exceeded"}`), "PagerDuty limits how many events it takes: not before 30s have passed", false},
		{"trouble of its own", saying(500, `{"message":"Internal"}`), "PagerDuty answered 500 Internal Server Error", false},
		{"a page of a proxy", saying(502, "<html>Bad Gateway</html>"), "PagerDuty answered 502 Bad Gateway", false},
		{"a sign-in page", saying(200, "<html>"), "PagerDuty answered 200 OK with something that is not JSON: a proxy on the way may have answered in its place", false},
		{"an answer of another", saying(200, "{}"), "PagerDuty answered 200 OK, and not that it took the event: a proxy on the way may have answered in its place", false},
		{"a redirect", saying(307, "", "Location", "https://elsewhere.example.com/"), "PagerDuty answered 307 Temporary Redirect", false},
		{"an answer that is cut", cutOff, "PagerDuty broke off in the middle of its answer", false},
		{"nothing at all", hanging, "PagerDuty did not answer in time", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := startPager(t, row.fault)
			n := paged("", "")
			o := newOutbox(n)
			told := notices.Settings{Named: []notices.Channel{s.channel()}}
			notices.New(told, o, notices.Options{Now: newClock().Now, After: never, Timeout: 200 * time.Millisecond}).Once(t.Context())
			got := o.get(n.Key)
			if got.Error != row.said || got.FailedAt.IsZero() == row.forGood || got.Attempts != 1 || strings.Contains(got.Error, "hush") {
				t.Errorf("the outbox says %+v", got)
			}
		})
	}
	o := newOutbox(paged("", ""))
	c := startPager(t).channel()
	c.API = "http://127.0.0.1:1"
	notices.New(notices.Settings{Named: []notices.Channel{c}}, o, notices.Options{Now: newClock().Now, After: never}).Once(t.Context())
	if got := o.get("alarm/7/pager"); !strings.HasPrefix(got.Error, "PagerDuty could not be reached: ") || got.NextAt.IsZero() {
		t.Errorf("%+v", got)
	}
}

func signedBy(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

// While a secret is being changed a post has two signatures. One of ours is enough, wherever it stands.
func TestPagerSignatures(t *testing.T) {
	c := startPager(t).channel()
	const body = `{"event": {}}`
	ours, others := signedBy(pagerSecret, body), signedBy("another", body)
	for value, want := range map[string]bool{
		ours: true, others + "," + ours: true, others + ", " + ours: true, ours + "," + others: true, "v1=zz," + ours: true, others: false, "": false,
		strings.Replace(ours, "v1=", "v2=", 1): false, strings.TrimPrefix(ours, "v1="): false, ours[:len(ours)-2]: false, "v1=": false,
	} {
		if got := c.Signed(http.Header{http.CanonicalHeaderKey(notices.PagerDutySignature): {value}}, []byte(body)); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
	if !c.Signed(http.Header{http.CanonicalHeaderKey(notices.PagerDutySignature): {others, ours}}, []byte(body)) {
		t.Error("two headers are not believed")
	}
	if c.Signed(http.Header{http.CanonicalHeaderKey(notices.PagerDutySignature): {ours}}, []byte(body+" ")) {
		t.Error("another body is believed")
	}
	c.Secret = ""
	if c.Signed(http.Header{http.CanonicalHeaderKey(notices.PagerDutySignature): {signedBy("", body)}}, []byte(body)) {
		t.Error("without a secret somebody is believed")
	}
}

// Only what a person did to an incident of our alarms is an act. What PagerDuty or we did by ourselves is none: no caller is forgotten because an
// incident was resolved by a timer.
func TestWhatPeopleDidInPagerDuty(t *testing.T) {
	c := startPager(t).channel()
	const ada, ours = `{"type":"user_reference","id":"PADA","summary":"Ada Moreau"}`, "support.example.com/alarm/7"
	for _, row := range []struct {
		name, kind, agent, key string
		want                   notices.PagerAct
		ok                     bool
	}{
		{"acknowledged", "incident.acknowledged", ada, ours, notices.PagerAct{Alarm: "7", By: "Ada Moreau"}, true},
		{"resolved", "incident.resolved", ada, ours, notices.PagerAct{Alarm: "7", By: "Ada Moreau", Done: true}, true},
		{"a name of several lines", "incident.acknowledged", `{"type":"user_reference","summary":"Ada\nMoreau"}`, ours, notices.PagerAct{Alarm: "7", By: "somebody in PagerDuty"}, true},
		{"nobody by name", "incident.acknowledged", `{"type":"user_reference"}`, ours, notices.PagerAct{Alarm: "7", By: "somebody in PagerDuty"}, true},
		{"resolved by us", "incident.resolved", `{"type":"integration_reference","summary":"Events API v2"}`, ours, notices.PagerAct{}, false},
		{"resolved by a timer", "incident.resolved", `null`, ours, notices.PagerAct{}, false},
		{"resolved by a service", "incident.resolved", `{"type":"service_reference","summary":"Phone"}`, ours, notices.PagerAct{}, false},
		{"a note", "incident.annotated", ada, ours, notices.PagerAct{}, false},
		{"opened", "incident.triggered", ada, ours, notices.PagerAct{}, false},
		{"an incident of others", "incident.resolved", ada, "baf7cf21b1da41b4b0221008339ff357", notices.PagerAct{}, false},
		{"an alarm of another installation", "incident.resolved", ada, "staging.example.com/alarm/7", notices.PagerAct{}, false},
		{"no alarm", "incident.resolved", ada, "support.example.com/alarm/", notices.PagerAct{}, false},
	} {
		body := fmt.Sprintf(`{"event":{"id":"01","event_type":%q,"resource_type":"incident","agent":%s,"client":null,"data":{"id":"PT4","type":"incident","incident_key":%q}}}`,
			row.kind, row.agent, row.key)
		if got, ok := c.Read([]byte(body)); got != row.want || ok != row.ok {
			t.Errorf("%s: %+v, %v", row.name, got, ok)
		}
	}
	for _, body := range []string{"", "[]", `{"event":{"event_type":"pagey.ping"}}`, "<html>"} {
		if got, ok := c.Read([]byte(body)); ok {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

// The keys are in nothing that is printed, and the probe wakes nobody.
func TestPagerKeysAreNotPrinted(t *testing.T) {
	s := startPager(t)
	c := s.channel()
	encoded, _ := json.Marshal(c)
	if printed := fmt.Sprintf("%v %+v %#v %s %s", c, c, c, c, encoded); strings.Contains(printed, "hush") {
		t.Error(printed)
	}
	if err := c.Probe(t.Context()); err != nil || len(s.did()) > 0 {
		t.Errorf("%v", err)
	}
	c.Key = "hush"
	if err := c.Probe(t.Context()); err == nil || strings.Contains(err.Error(), "hush") {
		t.Error(err)
	}
}
