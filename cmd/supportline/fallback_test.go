package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/doctor"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// between decides what becomes of each request on its way to the server.
type between struct {
	http.RoundTripper
	breaks func(path string) bool
}

func (b between) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.breaks(r.URL.Path) {
		return nil, errors.New("connection refused")
	}
	return b.RoundTripper.RoundTrip(r)
}

// failing breaks the first n tries to reach a path. The provider tries each request twice.
func (l *telephony) failing(path string, n int) {
	left := n
	l.provider.Transport = between{l.provider.Transport, func(p string) bool {
		if !strings.HasPrefix(p, path) || left == 0 {
			return false
		}
		left--
		return true
	}}
}

// TestFallbackGoesOnWhereTheCallWas: the caller hears the question again that was answered in vain, and gets through. The trace says it.
func TestFallbackGoesOnWhereTheCallWas(t *testing.T) {
	for name, row := range map[string]struct {
		path  string
		keys  []string
		heard string
	}{
		"the first webhook": {"/voice", []string{"204518", "1"}, "Welcome to OfficeRnD support."},
		"the number":        {"/voice/number/", []string{"204518", "204518", "1"}, "Welcome to OfficeRnD support."},
		"the menu":          {"/voice/menu/", []string{"204518", "1", "1"}, "If your platform is down, press 1."},
		"the dial's end":    {"/voice/rang/", []string{"204518", "1"}, "Putting you through"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTelephony(t)
			l.provision(true)
			l.failing(row.path, 2)
			record, heard := l.call(ukLine, row.keys...)
			call, err := l.app.Store.Call(t.Context(), policy.CallSID(record.SID))
			if err != nil || call.Outcome() != policy.Served {
				t.Fatalf("the call was %s, %v; heard %q", call.Outcome(), err, heard)
			}
			if !slices.ContainsFunc(heard, func(s string) bool { return strings.HasPrefix(s, row.heard) }) {
				t.Errorf("heard %q", heard)
			}
			noted := slices.IndexFunc(call.Trace, func(d policy.Decision) bool { return d.Rule == "provider.fallback" })
			if noted < 0 || call.Trace[noted].Inputs[0] != (policy.Fact{Name: "error", Value: "11205"}) {
				t.Errorf("the trace: %+v", call.Trace)
			}
		})
	}
}

// TestSecondFailureAtOnePlaceGoesThePlainWay, so that nobody goes in circles, and rings all the same.
func TestSecondFailureAtOnePlaceGoesThePlainWay(t *testing.T) {
	l := newTelephony(t)
	l.provision(true)
	l.failing("/voice/menu/", 1000)
	record, heard := l.call(ukLine, "204518", "1", "1", "1")
	rang := slices.ContainsFunc(record.Events, func(e fake.Event) bool { return e.Did == "is joined with the caller" })
	if !rang || !slices.ContainsFunc(heard, func(s string) bool { return strings.HasPrefix(s, "We have a technical problem") }) {
		t.Errorf("rang a specialist: %v; heard %q", rang, heard)
	}
}

// TestFallbackWithoutTheLog: the caller gets the stateless fallback at once.
func TestFallbackWithoutTheLog(t *testing.T) {
	l := newTelephony(t)
	l.provision(true)
	l.failing("/voice/menu/", 2)
	l.app.Store.FailWrites(errors.New("disk full"))
	record, heard := l.call(ukLine, "204518", "1")
	if !slices.ContainsFunc(record.Events, func(e fake.Event) bool { return e.Did == "is joined with the caller" }) {
		t.Errorf("nobody was rung; heard %q", heard)
	}
}

// TestRetriedFallbackIsAnsweredAlike to the byte; the fake provider reports what is not.
func TestRetriedFallbackIsAnsweredAlike(t *testing.T) {
	l := newTelephony(t)
	l.provision(true)
	l.provider.Faults.Retry = true
	l.failing("/voice/menu/", 2)
	record, _ := l.call(ukLine, "204518", "1", "1")
	for _, trouble := range record.Troubles {
		if strings.Contains(trouble, "answered differently") {
			t.Error(trouble)
		}
	}
}

// TestFallbackDocumentsRingWithoutUs: the server is gone, the documents stand elsewhere. The caller hears the hours and gets a specialist
// who pressed a key; a voicemail that picks up is none.
func TestFallbackDocumentsRingWithoutUs(t *testing.T) {
	l := newTelephony(t)
	l.conf.FallbackURL = "https://cdn.example.com/fallback"
	l.conf.Settings.Lines[1].Hours.Special = []policy.SpecialHours{{Date: policy.Date{Year: 2026, Month: 11, Day: 26}, Spans: []policy.Span{{From: 540, To: 720}}}}
	l.conf.Settings.Lines[1].Hours.Closed = []policy.Closure{{Date: policy.Date{Year: 2026, Month: 11, Day: 27}}}
	l.provision(true)
	folder := t.TempDir()
	h := l.app
	h.Conf = l.conf
	for _, line := range l.conf.Settings.Lines {
		documents, err := l.conf.Fallback().Documents(line, l.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := writeDocuments(filepath.Join(folder, ivr.FallbackFolder(line.Number)), documents); err != nil {
			t.Fatal(err)
		}
	}
	cdn := http.StripPrefix("/fallback", http.FileServer(http.Dir(folder)))
	l.provider.Transport = between{fake.Straight(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || strings.Contains(r.URL.RawQuery, "%2Fvoice%2F") {
			w.WriteHeader(http.StatusMethodNotAllowed) // as a store of files does
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		cdn.ServeHTTP(w, r)
	})), func(path string) bool { return !strings.HasPrefix(path, "/fallback/") }}
	record, heard := l.call(ukLine)
	want := []string{
		"OfficeRnD support has a technical problem. If we are open now, or your platform is down, stay on the line.",
		"Our hours are Monday to Friday, 8 a.m. to 7 p.m., UK time.",
		"On Thursday the 26th of November our hours are 9 a.m. to noon.",
		"We are closed on Friday the 27th of November.",
	}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	if !slices.ContainsFunc(record.Events, func(e fake.Event) bool { return e.Did == "is joined with the caller" }) {
		t.Errorf("nobody was rung: %+v", record.Troubles)
	}
	bin, err := os.ReadFile(filepath.Join(folder, "448000668187", "bin.xml"))
	if err != nil || strings.Contains(string(bin), "https://") {
		t.Errorf("a document that is all in one names others: %s, %v", bin, err)
	}
}

// TestFallbackDocumentsAreServed to the provider that asks with GET, and nothing else is. They hold the specialists' numbers: nobody else gets one.
func TestFallbackDocumentsAreServed(t *testing.T) {
	l := newTelephony(t)
	for path, want := range map[string]int{
		"/fallback/448000668187/voice.xml":  http.StatusOK,
		"/fallback/448000668187/screen.xml": http.StatusOK,
		"/fallback/448000668187/other.xml":  http.StatusNotFound,
		"/fallback/440000000000/voice.xml":  http.StatusNotFound,
	} {
		if got := l.document(path); got.Code != want {
			t.Errorf("%s: %d, not %d", path, got.Code, want)
		}
		w := httptest.NewRecorder()
		l.app.Webhooks.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusForbidden || w.Body.Len() > 0 {
			t.Errorf("%s without a signature: %d, %q", path, w.Code, w.Body)
		}
	}
}

// document fetches a document as the provider does: its parameters are in the URL, and signed with it.
func (l *telephony) document(path string) *httptest.ResponseRecorder {
	path += "?" + url.Values{"AccountSid": {l.conf.Twilio.AccountSID}, "CallSid": {"CA1"}}.Encode()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set(twilio.SignatureHeader, twilio.Sign(l.conf.Twilio.AuthToken, l.conf.PublicURL+path, nil))
	w := httptest.NewRecorder()
	l.app.Webhooks.ServeHTTP(w, r)
	return w
}

// TestFallbackIsWhereTheNumbersLookForIt: provision, the documents and the doctor mean one place.
func TestFallbackIsWhereTheNumbersLookForIt(t *testing.T) {
	const public = "https://support.example.com"
	for name, row := range map[string]struct{ fallbackURL, base, fallback string }{
		"none":              {"", public + "/fallback", public + "/fallback"},
		"our own":           {public + "/", public + "/fallback", public + "/fallback"},
		"hosted by another": {"https://cdn.example.com/x", "https://cdn.example.com/x", "https://cdn.example.com/x/448000668187/voice.xml"},
	} {
		t.Run(name, func(t *testing.T) {
			conf := mustConfig(t)
			conf.PublicURL, conf.FallbackURL = public, row.fallbackURL
			address, _, _ := strings.Cut(doctor.WantedNumbers(conf)[1].FallbackURL, "#")
			if diff := cmp.Diff([]string{row.base, row.fallback}, []string{conf.FallbackBase(), address}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestFallbackIsNotWrittenWithoutItsAddress: a variable that is not set would make documents that name the server that is down.
func TestFallbackIsNotWrittenWithoutItsAddress(t *testing.T) {
	i := newInstallation(t)
	text, err := os.ReadFile(i.file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), `fallback_url: ""`, "fallback_url: ${FALLBACK_URL}", 1)
	if err := os.WriteFile(i.file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "fallback")
	if _, status := i.run("fallback", "--out", out); status != control.FailedExit {
		t.Errorf("exit status %d", status)
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}
