package ivr_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
)

const (
	publicURL = "https://support.example.com/phone"
	account   = "AC00000000000000000000000000000000"
	token     = "12345"
	sid       = "CA00000000000000000000000000000001"
	legSID    = "CA00000000000000000000000000000002"
)

// memory is a log and a directory that can be made to fail.
type memory struct {
	mu         sync.Mutex
	calls      map[policy.CallSID]policy.Call
	customers  []policy.Customer
	fail       error
	hang       bool
	monthFails error
	panics     bool
	advances   int
	textedAt   time.Time // when the caller was sent a text
}

func (m *memory) Advance(ctx context.Context, sid policy.CallSID, change func(policy.Call) policy.Call) (policy.Call, error) {
	return m.AdvanceCounting(ctx, sid, policy.WrongNumberCount{}, func(c policy.Call, _ policy.WrongNumbers) policy.Call { return change(c) })
}

func (m *memory) AdvanceCounting(
	ctx context.Context, sid policy.CallSID, count policy.WrongNumberCount, change func(policy.Call, policy.WrongNumbers) policy.Call,
) (policy.Call, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.advances++
	if m.hang {
		<-ctx.Done()
		return policy.Call{}, ctx.Err()
	}
	if m.fail != nil {
		return policy.Call{}, m.fail
	}
	call, ok := m.calls[sid]
	if !ok {
		call.SID = sid
	}
	m.calls[sid] = change(call, m.wrongNumbers(count))
	return m.calls[sid], nil
}

func (m *memory) wrongNumbers(count policy.WrongNumberCount) (n policy.WrongNumbers) {
	n.Texted = !count.TextedSince.IsZero() && !m.textedAt.Before(count.TextedSince)
	for _, c := range m.calls {
		for _, at := range c.WrongNumbers {
			if at.Before(count.Since) {
				continue
			}
			if n.InAll++; c.From.Caller() == count.Caller.Caller() {
				n.ByCaller++
			}
		}
	}
	return n
}

func (m *memory) AccountSummaries(_ context.Context, customer policy.CustomerNumber, month policy.Month) ([]policy.CallSummary, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.monthFails != nil {
		return nil, m.monthFails
	}
	found := []policy.CallSummary{}
	for _, c := range m.calls {
		if c.Customer == customer && c.Month == month {
			found = append(found, c.Summary())
		}
	}
	return found, nil
}

func (m *memory) MonthCalls(_ context.Context, sid policy.CallSID, _ func() func(policy.CallSummary) bool) ([]policy.CallSummary, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.monthFails != nil {
		return nil, m.monthFails
	}
	found, of := []policy.CallSummary{}, m.calls[sid]
	for _, c := range m.calls {
		if of.Customer != "" && c.Customer == of.Customer && c.Month == of.Month {
			found = append(found, c.Summary())
		}
	}
	return found, nil
}

func (m *memory) Calls(_ context.Context, f policy.Filter) iter.Seq2[policy.Call, error] {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls := slices.DeleteFunc(slices.Collect(maps.Values(m.calls)), func(c policy.Call) bool { return !f.Matches(c) || c.StartedAt.Before(f.Since) })
	return func(yield func(policy.Call, error) bool) {
		for _, c := range calls {
			if !yield(c.WithoutHistory(), nil) {
				return
			}
		}
	}
}

func (m *memory) Customer(_ context.Context, n policy.CustomerNumber) (policy.Customer, error) {
	if m.panics {
		panic("a bug")
	}
	for _, c := range m.customers {
		if c.Number == n {
			return c, nil
		}
	}
	return policy.Customer{}, policy.ErrNoCustomer
}

func (m *memory) CustomersCallingFrom(_ context.Context, caller policy.Phone) (found []policy.Customer, err error) {
	for _, c := range m.customers {
		if slices.Contains(c.CallerNumbers, policy.Phone(caller.Caller())) {
			found = append(found, c)
		}
	}
	return found, nil
}

// seen is an Observer that records its calls.
type seen struct {
	mu       sync.Mutex
	routes   []string
	ended    []policy.Outcome
	failure  int
	looped   int
	panicked int
	wrong    int
	refused  []ivr.WrongNumberLimit
}

func (s *seen) WrongNumber() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong++
}

func (s *seen) NumbersRefused(limit ivr.WrongNumberLimit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, limit)
}

func (s *seen) Webhook(route string, _ int, _ time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.routes = append(s.routes, route)
}

func (s *seen) CallEnded(o policy.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, o)
}

func (s *seen) StoreFailed(error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure++
}

func (s *seen) Panicked() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.panicked++
}

func (s *seen) Looped() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looped++
}

// server is the webhooks over a memory.
type server struct {
	*memory
	*seen
	handler http.Handler
}

func newServer(t testing.TB) *server { return newServerWith(t, func(*ivr.Deps) {}) }

// newServerWith returns a server with changed parts.
func newServerWith(t testing.TB, change func(*ivr.Deps)) *server {
	t.Helper()
	verifier, err := twilio.NewVerifier(publicURL, account, token)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{memory: &memory{calls: map[policy.CallSID]policy.Call{}, customers: []policy.Customer{northwind}}, seen: &seen{}}
	d := ivr.Deps{
		Settings: always(settings(t)), Words: ivr.DefaultWords(), Log: s.memory, Directory: s.memory, Verifier: verifier,
		PublicURL: publicURL, Now: func() time.Time { return tuesday }, Logger: zap.NewNop(), Observer: s.seen,
	}
	change(&d)
	s.handler = ivr.NewWebhooks(d)
	return s
}

// post sends a signed webhook; pairs are parameters beside those that every call has.
func (s *server) post(path string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{
		"CallSid": {sid}, "AccountSid": {account}, "From": {string(caller)}, "To": {string(uk)},
		"CallStatus": {"in-progress"}, "Direction": {"inbound"},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/phone"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", twilio.Sign(token, publicURL+path, form))
	return s.serve(r)
}

// get sends a signed GET, whose parameters are in the URL.
func (s *server) get(path string) *httptest.ResponseRecorder {
	query := "?" + url.Values{"CallSid": {sid}, "AccountSid": {account}}.Encode()
	r := httptest.NewRequest(http.MethodGet, "/phone"+path+query, nil)
	r.Header.Set("X-Twilio-Signature", twilio.Sign(token, publicURL+path+query, nil))
	return s.serve(r)
}

func (s *server) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// document parses an answer as the provider would.
func document(t testing.TB, w *httptest.ResponseRecorder) twilio.Response {
	t.Helper()
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/xml") {
		t.Fatalf("answered %d %s", w.Code, w.Header().Get("Content-Type"))
	}
	r, err := twilio.Parse(w.Body.Bytes())
	if err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return r
}

// rung returns the addresses that a document dials.
func rung(r twilio.Response) (to []string) {
	for _, v := range r.Verbs {
		dial, ok := v.(twilio.Dial)
		if !ok {
			continue
		}
		for _, n := range dial.Nouns {
			switch n := n.(type) {
			case twilio.Number:
				to = append(to, n.Number)
			case twilio.Sip:
				to = append(to, n.URI)
			}
		}
	}
	return to
}

// spoken returns all that a document says.
func spoken(verbs []twilio.Verb) string {
	var text []string
	for _, v := range verbs {
		switch v := v.(type) {
		case twilio.Say:
			text = append(text, v.Text)
		case twilio.Gather:
			text = append(text, spoken(v.Prompts))
		}
	}
	return strings.Join(text, " ")
}

var errDisk = errors.New("disk full")

// TestWithoutTheLog holds rule 11: what the caller hears when the log cannot be written, at each step.
func TestWithoutTheLog(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		path  string
		pairs []string
		says  string
		rings []string
	}{
		"at the first ring, the team for questions rings": {path: "/voice", says: "technical problem", rings: []string{"+15550100003"}},
		"a key for critical rings the critical team": {
			path: "/voice/menu/3", pairs: []string{"Digits", "1"}, says: "Putting you through", rings: []string{"+15550100001"},
		},
		"the key of a closed line rings the critical team": {
			path: "/voice/closed/1", pairs: []string{"Digits", "1"}, says: "Putting you through", rings: []string{"+15550100001"},
		},
		"the key of a restricted account rings the critical team": {
			path: "/voice/restricted/2", pairs: []string{"Digits", "1"}, says: "Putting you through", rings: []string{"+15550100001"},
		},
		"no key at the menu":                 {path: "/voice/menu/3", says: "technical problem", rings: []string{"+15550100003"}},
		"after a talk, goodbye":              {path: "/voice/rang/4", pairs: []string{"DialBridged", "true", "DialCallStatus", "completed"}, says: "Goodbye"},
		"after nobody accepted, rung again":  {path: "/voice/rang/4", pairs: []string{"DialBridged", "false"}, says: "technical problem", rings: []string{"+15550100003"}},
		"after a voicemail, goodbye":         {path: "/voice/recorded/5", says: "Goodbye"},
		"a caller who is gone hears nothing": {path: "/voice/rang/4", pairs: []string{"CallStatus", "completed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.fail = errDisk
			got := document(t, s.post(test.path, test.pairs...))
			if text := spoken(got.Verbs); !strings.Contains(text, test.says) || (test.says == "") != (text == "") {
				t.Errorf("says %q, want %q", text, test.says)
			}
			if diff := cmp.Diff(test.rings, rung(got)); diff != "" {
				t.Errorf("rings (-want +got):\n%s", diff)
			}
			if s.failure != 1 {
				t.Errorf("counted %d store failures", s.failure)
			}
		})
	}
}

// TestSpecialistWithoutTheLog holds that a specialist can still accept when the log cannot be written.
func TestSpecialistWithoutTheLog(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.fail = errDisk
	leg := []string{"CallSid", legSID, "ParentCallSid", sid, "From", string(uk), "To", string(oncall1), "Direction", "outbound-dial"}
	screen := document(t, s.post("/leg/"+sid+"/screen/1", leg...))
	if text := spoken(screen.Verbs); !strings.Contains(text, "Press 1 to take the call") {
		t.Errorf("the specialist hears %q", text)
	}
	accepted := document(t, s.post("/leg/"+sid+"/answer/1", append(leg, "Digits", "1")...))
	if len(accepted.Verbs) != 0 {
		t.Errorf("the accepting key does not bridge: %+v", accepted)
	}
	passed := document(t, s.post("/leg/"+sid+"/answer/1", append(leg, "Digits", "2")...))
	if diff := cmp.Diff([]twilio.Verb{twilio.Hangup{}}, passed.Verbs); diff != "" {
		t.Errorf("passing on (-want +got):\n%s", diff)
	}
}

// TestPanic holds rule 11 for a bug: the default team is rung.
func TestPanic(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.post("/voice")
	s.panics = true
	got := document(t, s.post("/voice/number/1", "Digits", "204518"))
	if text := spoken(got.Verbs); !strings.Contains(text, "technical problem") {
		t.Errorf("the caller hears %q", text)
	}
	if diff := cmp.Diff([]string{string(general)}, rung(got)); diff != "" {
		t.Errorf("rings (-want +got):\n%s", diff)
	}
	if s.panicked != 1 {
		t.Errorf("%d panics were counted", s.panicked)
	}
}

// TestSlowLog holds that nobody waits for a disk that does not answer: after 5 seconds the caller is served without the log.
func TestSlowLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.hang = true
		began := time.Now()
		got := document(t, s.post("/voice"))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the caller waited %v", took)
		}
		if diff := cmp.Diff([]string{string(general)}, rung(got)); diff != "" {
			t.Errorf("rings (-want +got):\n%s", diff)
		}
	})
}

// TestStatelessFallbackEnds holds that the stateless fallback rings every step of every round, and then says goodbye.
func TestStatelessFallbackEnds(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	doc := document(t, s.post("/plain/key", "Digits", "1"))
	var steps [][]string
	for len(rung(doc)) > 0 {
		if steps = append(steps, rung(doc)); len(steps) > 10 {
			t.Fatal("it does not end")
		}
		action := doc.Verbs[len(doc.Verbs)-1].(twilio.Dial).Action
		doc = document(t, s.post(strings.TrimPrefix(action, publicURL), "DialBridged", "false"))
	}
	first, second := []string{string(oncall1)}, []string{string(oncall2), "+15550100002"}
	if diff := cmp.Diff([][]string{first, second, first, second}, steps); diff != "" {
		t.Errorf("rings (-want +got):\n%s", diff)
	}
	if text := spoken(doc.Verbs); !strings.Contains(text, "Goodbye") || strings.Contains(text, "still trying") {
		t.Errorf("ends with %q", text)
	}
	if s.advances != 0 {
		t.Error("the stateless fallback asked the log")
	}
}

// TestStatelessStepOfOneIsRungOnce: a voicemail that was rung alone stopped nobody, so the step is over.
func TestStatelessStepOfOneIsRungOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	reached := []string{"DialCallStatus", "completed", "DialBridged", "false"}
	if doc := document(t, s.post("/plain/rang/question/0", reached...)); len(rung(doc)) > 0 {
		t.Errorf("after the only one of the only step: %v", rung(doc))
	}
	next := document(t, s.post("/plain/rang/critical/0", reached...))
	if diff := cmp.Diff([]string{string(oncall2), "+15550100002"}, rung(next)); diff != "" {
		t.Errorf("after a step of one (-want +got):\n%s", diff)
	}
}

// TestStatelessTalkIsTheEnd: nobody else is rung after it, whether the step or one of it was rung.
func TestStatelessTalkIsTheEnd(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, path := range []string{"/plain/rang/critical/1", "/plain/rang/critical/1/0", "/plain/rang/critical/1/1"} {
		doc := document(t, s.post(path, "DialCallStatus", "completed", "DialBridged", "true"))
		if text := spoken(doc.Verbs); len(rung(doc)) > 0 || !strings.Contains(text, "Goodbye") {
			t.Errorf("%s: rings %v, says %q", path, rung(doc), text)
		}
	}
}

// spoilt returns a request to /voice with a signature that does not belong to it.
func spoilt(contentType, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/phone/voice", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Twilio-Signature", "L/OH5YylLD5NRKLltdqwSvS0BnU=")
	return r
}

// TestRefused holds that what is not signed by the provider is refused before anything reads it.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const urlEncoded = "application/x-www-form-urlencoded"
	unsigned := spoilt(urlEncoded, "CallSid="+sid)
	unsigned.Header.Del("X-Twilio-Signature")
	large := spoilt(urlEncoded, "CallSid="+sid+"&x="+strings.Repeat("x", 1<<20))
	for name, test := range map[string]struct {
		got  *httptest.ResponseRecorder
		want int
	}{
		"unsigned":          {s.serve(unsigned), http.StatusForbidden},
		"too large":         {s.serve(large), http.StatusRequestEntityTooLarge},
		"a foreign account": {s.post("/voice", "AccountSid", "AC99999999999999999999999999999999"), http.StatusForbidden},
		"a slash behind the path, which nobody is redirected from": {s.post("/voice/", "CallStatus", "ringing"), http.StatusNotFound},
		"another method": {s.serve(httptest.NewRequest(http.MethodPut, "/phone/voice", nil)), http.StatusMethodNotAllowed},
		"JSON":           {s.serve(spoilt("application/json", `{"CallSid":"CA1"}`)), http.StatusBadRequest},
		"no such path":   {s.serve(httptest.NewRequest(http.MethodPost, "/phone/none", nil)), http.StatusNotFound},
	} {
		if test.got.Code != test.want || test.got.Body.Len() != 0 {
			t.Errorf("%s: %d %q, want %d and nothing", name, test.got.Code, test.got.Body, test.want)
		}
	}
	if s.advances != 0 {
		t.Error("the log was asked")
	}
}

// TestRetryGetsTheSameBytes holds that the provider's retry of any webhook changes nothing.
func TestRetryGetsTheSameBytes(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	leg := []string{"CallSid", legSID, "ParentCallSid", sid, "From", string(uk), "To", string(oncall1), "Direction", "outbound-dial"}
	var answers []string
	steps := []func() *httptest.ResponseRecorder{
		func() *httptest.ResponseRecorder { return s.post("/voice", "CallStatus", "ringing") },
		func() *httptest.ResponseRecorder { return s.post("/voice/number/1", "Digits", "204518") },
		func() *httptest.ResponseRecorder { return s.post("/voice/menu/2", "Digits", "1") },
		func() *httptest.ResponseRecorder { return s.post("/leg/"+sid+"/screen/1", leg...) },
		func() *httptest.ResponseRecorder {
			return s.post("/leg/"+sid+"/answer/1", append(leg, "Digits", "1")...)
		},
		func() *httptest.ResponseRecorder {
			return s.post("/voice/rang/3", "DialCallStatus", "completed", "DialCallSid", legSID, "DialCallDuration", "60", "DialBridged", "true")
		},
		func() *httptest.ResponseRecorder {
			return s.post("/status", "CallStatus", "completed", "CallDuration", "90", "Timestamp", "Tue, 24 Nov 2026 10:01:30 +0000")
		},
	}
	for _, step := range steps {
		answers = append(answers, step().Body.String())
	}
	before := mustJSON(t, s.calls[sid])
	for i, step := range steps {
		if diff := cmp.Diff(answers[i], step().Body.String()); diff != "" {
			t.Errorf("webhook %d again (-first +again):\n%s", i, diff)
		}
	}
	if diff := cmp.Diff(before, mustJSON(t, s.calls[sid])); diff != "" {
		t.Errorf("the log changed:\n%s", diff)
	}
	if diff := cmp.Diff([]policy.Outcome{policy.Served}, s.ended); diff != "" {
		t.Errorf("ends that were counted (-want +got):\n%s", diff)
	}
}

// TestGET holds that a number whose webhooks are set to GET works as well.
func TestGET(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	form := url.Values{"CallSid": {sid}, "AccountSid": {account}, "From": {string(caller)}, "To": {string(uk)}, "CallStatus": {"ringing"}}
	r := httptest.NewRequest(http.MethodGet, "/phone/voice?"+form.Encode(), nil)
	r.Header.Set("X-Twilio-Signature", twilio.Sign(token, publicURL+"/voice?"+form.Encode(), nil))
	if text := spoken(document(t, s.serve(r)).Verbs); !strings.Contains(text, "customer number") {
		t.Errorf("the caller hears %q", text)
	}
}

// TestStatusIsAcknowledgedAfterTheCommit holds that a callback is answered only once it is logged.
func TestStatusIsAcknowledgedAfterTheCommit(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.fail = errDisk
	if got := s.post("/status", "CallStatus", "completed", "CallDuration", "9"); got.Code != http.StatusInternalServerError {
		t.Errorf("answered %d although nothing was logged", got.Code)
	}
	s.fail = nil
	if got := s.post("/status", "CallStatus", "completed", "CallDuration", "9"); got.Code != http.StatusNoContent {
		t.Errorf("answered %d", got.Code)
	}
	if got := s.calls[sid].Outcome(); got != policy.Abandoned {
		t.Errorf("outcome %q", got)
	}
}

// TestSettingsHoldFromTheNextWebhook: settings that come into force hold from the next webhook on, for the static documents too, and the trace
// names their version.
func TestSettingsHoldFromTheNextWebhook(t *testing.T) {
	inForce := settings(t)
	s := newServerWith(t, func(d *ivr.Deps) { d.Settings = func() *policy.Settings { return &inForce } })
	first := s.post("/voice")
	closed := settings(t)
	closed.Version = "test+1"
	for i := range closed.Lines {
		closed.Lines[i].Hours.Closed = []policy.Closure{{Date: policy.DateOf(tuesday), Reason: "Moving house"}}
	}
	inForce = closed
	second := s.post("/voice", "CallSid", "CA2")
	document := s.get("/fallback/448000668187/voice.xml")

	trace := s.memory.calls["CA2"].Trace
	got := []any{
		strings.Contains(first.Body.String(), "customer number"), strings.Contains(second.Body.String(), "Phone support is closed for Moving house, and opens again tomorrow, Wednesday, at 8 a.m. UK time."),
		trace[1].Result, trace[1].Config, strings.Contains(document.Body.String(), "We are closed on"),
	}
	if diff := cmp.Diff([]any{true, true, "closed: Moving house", "test+1", true}, got); diff != "" {
		t.Errorf("before and after (-want +got):\n%s\n%s\n%s\n%s", diff, first.Body, second.Body, document.Body)
	}
}

// TestStrangersGetTheRingingTonesAlone: whatever else anybody asks for without the provider's signature, with any method and at any path, is
// answered with a status and without a body, and leaves nothing in the log. The documents for the fallback hold the specialists' numbers, and are
// the provider's alone; nobody on the way keeps a copy.
func TestStrangersGetTheRingingTonesAlone(t *testing.T) {
	s := newServer(t)
	methods := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace,
		http.MethodConnect, "PROPFIND", "X",
	}
	paths := []string{
		"/voice", "/voice/number/1", "/status", "/leg/CA1/screen/1", "/leg/CA1/answer/1", "/leg/CA1/ring", "/leg/CA1/1/screen/1", "/leg/CA1/1/left/1",
		"/conference/CA1/wait", "/conference/CA1/recording", "/announce/448000668187", "/recording/talk", "/fallback", "/plain", "/plain/key",
		"/fallback/448000668187/voice.xml", "/fallback/448000668187/bin.xml", "/fallback/448000668187/", "/fallback/448000668187", "/fallback/1/voice.xml",
		"", "/", "/voice/", "/sound", "/sound/", "/sound/other.wav", "/sound/../voice", "/admin", "/.env", "/%2e%2e/voice", "//voice", "/metrics", "/healthz",
	}
	for _, path := range paths {
		for _, method := range methods {
			w := s.serve(httptest.NewRequest(method, "/phone"+path, nil))
			if w.Code < 400 || w.Body.Len() > 0 {
				t.Errorf("%s %s is answered with %d and %d bytes", method, path, w.Code, w.Body.Len())
			}
		}
	}
	for _, w := range []*httptest.ResponseRecorder{
		s.post("/voice", "AccountSid", "AC00000000000000000000000000000009"), s.post("/voice", "AccountSid", ""),
		s.post("/fallback/448000668187/voice.xml"), s.post("/voice", "Said", strings.Repeat("x", 80<<10)),
	} {
		if w.Code < 400 || w.Body.Len() > 0 {
			t.Errorf("what is signed but not the provider's is answered with %d and %d bytes", w.Code, w.Body.Len())
		}
	}
	if len(s.calls) > 0 {
		t.Errorf("%d calls are in the log", len(s.calls))
	}
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		if w := s.serve(httptest.NewRequest(method, "/phone/sound/uk.wav", nil)); w.Code != http.StatusOK {
			t.Errorf("%s of a ringing tone is answered with %d", method, w.Code)
		}
	}
	w := s.get("/fallback/448000668187/voice.xml")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<Number") || w.Header().Get("Cache-Control") != "private, no-store" {
		t.Errorf("to the provider it is answered with %d, Cache-Control %q:\n%s", w.Code, w.Header().Get("Cache-Control"), w.Body)
	}
	for _, path := range []string{"/fallback/448000668187/other.xml", "/fallback/440000000000/voice.xml"} {
		if w := s.get(path); w.Code != http.StatusNotFound || w.Body.Len() > 0 {
			t.Errorf("%s: %d with %d bytes", path, w.Code, w.Body.Len())
		}
	}
}

// TestRefusedWebhooksHaveALogOfTheirOwn: anybody can send them, so that the server samples their lines.
func TestRefusedWebhooksHaveALogOfTheirOwn(t *testing.T) {
	core, refused := observer.New(zap.InfoLevel)
	other, rest := observer.New(zap.InfoLevel)
	s := newServerWith(t, func(d *ivr.Deps) { d.Logger, d.Refusals = zap.New(other), zap.New(core) })
	s.serve(httptest.NewRequest(http.MethodPost, "/phone/voice", nil))
	if refused.Len() != 1 || rest.Len() != 0 {
		t.Errorf("%d lines of it, and %d among the others", refused.Len(), rest.Len())
	}
}
