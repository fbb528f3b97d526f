package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// cut is a network that reaches nobody.
type cut struct{ err error }

func (c cut) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, c.err
}

// TestTheFirstCauseIsToldOnce: without a network nothing is said of what rests on it, and no cause is hidden behind a second one.
func TestTheFirstCauseIsToldOnce(t *testing.T) {
	lookup := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.twilio.com", IsNotFound: true}}
	isolated := func() *Doctor {
		d := newInstallation(t).doctor()
		d.HTTP = &http.Client{Transport: cut{lookup}}
		d.Account = must(twilio.NewAccount(twilio.AccountConfig{AccountSID: d.Conf.Twilio.AccountSID, AuthToken: d.Conf.Twilio.AuthToken, Transport: cut{lookup}}))
		d.Signer = d.Account
		return d
	}
	d := isolated()
	checks, fixes := map[string]int{}, map[string]int{}
	var all []string
	for f := range d.Findings(t.Context()) {
		if f.State == Wrong {
			checks[f.Check]++
			fixes[f.Fix]++
			all = append(all, f.Check+": "+f.Found)
		}
	}
	said := strings.Join(all, "\n")
	if len(all) != 2 || checks["credentials"] != 1 || checks["public address"] != 1 || len(fixes) != 2 {
		t.Errorf("the causes are told as\n%s", said)
	}
	for _, want := range []string{
		"the provider could not be asked: dial tcp: lookup api.twilio.com: no such host", "without it nobody knows whether the auth token, the numbers",
		"without it nobody knows whether the paths, signed requests and the emergency documents",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	if strings.Contains(said, "breaker") {
		t.Errorf("the cause is hidden:\n%s", said)
	}
	for name, want := range map[string]string{"numbers": "no such host", "signed request": "could not be asked"} {
		var found []string
		for f := range isolated().Findings(t.Context(), name) {
			found = append(found, f.Found)
		}
		if !strings.Contains(strings.Join(found, ""), want) {
			t.Errorf("%s alone tells %q", name, found)
		}
	}
}

// TestAProxyThatLacksAPath is found by one request of each route, whatever it answers there.
func TestAProxyThatLacksAPath(t *testing.T) {
	html := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<h1>Nothing here</h1>"))
		}
	}
	for name, row := range map[string]struct {
		lacks []string
		there http.HandlerFunc
		want  string
	}{
		"all passed on":              {nil, nil, ""},
		"ringing tones":              {[]string{"/sound/"}, html(404), "wrong paths: the proxy lacks /sound/*"},
		"conferences, announcements": {[]string{"/conference/", "/announce/"}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, "the proxy lacks /announce/*, /conference/*/recording, /conference/*/wait"},
		"links and hooks":            {[]string{"/hooks/", "/w/"}, html(404), "the proxy lacks /hooks/pagerduty, /w/*"},
		"forbidden by the proxy":     {[]string{"/plain/"}, html(403), "the proxy lacks /plain/answer, /plain/key"},
		"another site":               {[]string{"/leg/"}, html(200), "the proxy lacks /leg/*"},
		"a sign-in page for sounds":  {[]string{"/sound/"}, html(200), "the proxy lacks /sound/*"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newInstallation(t)
			d := l.doctor()
			d.HTTP = &http.Client{Transport: fake.Straight(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for _, prefix := range row.lacks {
					if strings.HasPrefix(r.URL.Path, prefix) {
						row.there(w, r)
						return
					}
				}
				l.webhooks.ServeHTTP(w, r)
			}))}
			got := strings.Join(sick(d.routes(t.Context())), "\n")
			if (row.want == "") != (got == "") || !strings.Contains(got, row.want) {
				t.Errorf("found %q, want %q", got, row.want)
			}
		})
	}
}

// TestADemosClockIsItsOwn: what it shows is compared with the demo's time, and the finding says which that is.
func TestADemosClockIsItsOwn(t *testing.T) {
	l := newInstallation(t)
	private := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(server.Health{Status: "ok", Version: server.Version(), Now: tuesday})
	}))
	defer private.Close()
	find := func(change func(*Doctor)) string {
		d := l.doctor()
		d.Now = at(tuesday.AddDate(0, 0, 12))
		d.Conf.Listen.Console = strings.TrimPrefix(private.URL, "http://")
		d.Store = func(context.Context) (StoreState, error) {
			return StoreState{Commits: []time.Duration{time.Millisecond}, Newest: tuesday.Add(-time.Hour)}, nil
		}
		change(d)
		var found []string
		for f := range d.Findings(t.Context(), "account", "store") {
			if f.Check == "clock" || f.Check == "last call" {
				found = append(found, f.State+" "+f.Check+": "+f.Found)
			}
		}
		return strings.Join(found, "\n")
	}
	const want = "ok clock: within 30s of the provider's; this demo's clock has a time of its own: 2026-11-24 15:00:00\nok last call: 1h0m0s ago"
	if got := find(func(*Doctor) {}); got != want {
		t.Errorf("a demo: %s", got)
	}
	if got := find(func(d *Doctor) { d.Conf.Twilio.APIURL = "https://api.twilio.com" }); !strings.Contains(got, "wrong clock: it is 288h0m0s ahead") {
		t.Errorf("no demo: %s", got)
	}
}

// TestTheMailServerIsGreeted up to the login, and quoted.
func TestTheMailServerIsGreeted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("554 5.7.1 no service for you\r\n"))
			_ = conn.Close()
		}
	}()
	defer l.Close()
	d := newInstallation(t).doctor()
	if found := d.mail(t.Context()); len(found) > 0 {
		t.Errorf("without a mail server: %v", found)
	}
	d.Conf.Notices.Channels = []notices.Channel{notices.Email{Server: l.Addr().String(), Hello: "support.example.com", TLS: notices.TLSNone}}
	got := strings.Join(sick(d.mail(t.Context())), "\n")
	if !strings.Contains(got, "wrong mail: "+l.Addr().String()+": ") || !strings.Contains(got, "554 5.7.1 no service for you") {
		t.Errorf("found %q", got)
	}
}

// TestCauseNamesNoAddress: the finding has the address already, and what the library says of a time that is up helps nobody.
func TestCauseNamesNoAddress(t *testing.T) {
	for want, err := range map[string]error{
		"no answer in time":  &url.Error{Op: "Post", URL: "https://support.example.com/voice", Err: context.DeadlineExceeded},
		"connection refused": &url.Error{Op: "Post", URL: "https://support.example.com/voice", Err: errors.New("connection refused")},
		"something else":     errors.New("something else"),
	} {
		if got := cause(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
