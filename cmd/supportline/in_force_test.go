package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// browser is an admin at the console of a house.
type browser struct {
	t    *testing.T
	http *http.Client
	base string
}

func (l *telephony) admin() *browser {
	l.t.Helper()
	const password = "blue horse battery"
	hash, err := signin.HashPassword("mila", password)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := l.house.Store.AddUser(l.t.Context(), users.User{Name: "mila", Role: users.Admin, Password: hash, CreatedAt: l.clock.Now()}, "test"); err != nil {
		l.t.Fatal(err)
	}
	server := httptest.NewServer(l.house.Private)
	l.t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		l.t.Fatal(err)
	}
	b := &browser{l.t, &http.Client{Jar: jar}, server.URL}
	b.post("/signin", "name", "mila", "password", password)
	return b
}

// post sends a form, with names and values in turn, and wants a page that is no error.
func (b *browser) post(path string, pairs ...string) (page string) {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.read(b.http.Do(r))
}

func (b *browser) get(path string) (page string) {
	b.t.Helper()
	return b.read(b.http.Get(b.base + path))
}

func (b *browser) read(response *http.Response, err error) string {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %d, %v\n%s", response.Request.URL, response.StatusCode, err, text)
	}
	return string(text)
}

// An admin closes today in the console, and the very next call obeys it; taken back, the one after that is let in. The trace names the
// version of what was in force.
func TestTheNextCallObeysAnEdit(t *testing.T) {
	l := newTelephony(t)
	l.provision(true)
	admin := l.admin()
	told := func() string {
		t.Helper()
		record, _ := l.call(ukLine, "204518", "5")
		call, err := l.house.Store.Call(t.Context(), policy.CallSID(record.SID))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s by %s at %s: %s", call.Outcome(), call.Trace[1].Rule, call.Trace[1].Config, call.Trace[1].Result)
	}
	var got []string
	got = append(got, told())
	admin.post("/lines/448000668187/dates", "seen", "0", "date", "2026-11-24", "kind", "closed", "reason", "Moving house")
	got = append(got, told())
	admin.post("/lines/448000668187/dates", "seen", "1", "date", "2026-11-24", "kind", "special", "hours", "15:00-24:00", "reason", "Moving house")
	got = append(got, told())
	admin.post("/lines/448000668187/withdraw", "seen", "2", "date", "2026-11-24")
	got = append(got, told())

	version := l.conf.Settings.Version
	want := []string{
		"served by hours.week at " + version + ": open: Monday to Friday 08:00-19:00",
		"closed by hours.closed at " + version + "+1: closed: Moving house",
		"served by hours.special at " + version + "+2: open: 2026-11-24 15:00-24:00",
		"served by hours.week at " + version + "+3: open: Monday to Friday 08:00-19:00",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the calls (-want +got):\n%s", diff)
	}
}

// The documents that stand without us, and what is exported, have an edit at once.
func TestDocumentsAndExportHaveAnEdit(t *testing.T) {
	l := newTelephony(t)
	admin := l.admin()
	admin.post("/lines/448000668187/dates", "seen", "0", "date", "2026-11-27", "kind", "closed", "reason", "Moving house")
	w := httptest.NewRecorder()
	l.house.Webhooks.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/fallback/448000668187/voice.xml", nil))
	if !strings.Contains(w.Body.String(), "We are closed on Friday the 27th of November.") {
		t.Errorf("the fallback document:\n%s", w.Body)
	}
	for _, page := range []string{"/lines/dates.yaml", "/lines"} {
		if text := admin.get(page); !strings.Contains(text, "- { date: 2026-11-27, reason: ") {
			t.Errorf("%s:\n%s", page, text)
		}
	}
}
