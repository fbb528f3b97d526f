package server

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy"
)

// scraped returns what a server shows to a program that collects its metrics.
func scraped(t *testing.T, m *metrics) string {
	t.Helper()
	w := &recorder{header: http.Header{}}
	m.handler().ServeHTTP(w, must(http.NewRequest(http.MethodGet, "/metrics", http.NoBody)))
	return w.String()
}

type recorder struct {
	strings.Builder
	header http.Header
}

func (r *recorder) Header() http.Header { return r.header }
func (r *recorder) WriteHeader(int)     {}

// TestFirstFailureIsARise: each series of what can fail is there at 0 before it first does, so that an alert on its rise fires.
func TestFirstFailureIsARise(t *testing.T) {
	m := newMetrics("https://support.example.com/phone/")
	for _, line := range []string{
		`supportline_store_errors_total 0`,
		`supportline_reconcile_failures_total 0`,
		`supportline_webhooks_total{route="/phone/voice",status="500"} 0`,
		`supportline_webhooks_total{route="/phone/leg/:call/screen/:turn",status="403"} 0`,
		`supportline_notice_failures_total{channel="webhook"} 0`,
		`supportline_rest_requests_total{result="failed",what="calls list"} 0`,
		`supportline_recordings_total{result="failed",what="fetch"} 0`,
		`supportline_reconcile_differences_total{what="outcome"} 0`,
	} {
		if !strings.Contains(scraped(t, m), line+"\n") {
			t.Errorf("there is no %s", line)
		}
	}
	m.told(policy.ChannelEmail, "smtp 550 for the recipient")
	m.told(policy.ChannelEmail, "sent")
	if line := `supportline_notice_failures_total{channel="email"} 1`; !strings.Contains(scraped(t, m), line+"\n") {
		t.Errorf("there is no %s", line)
	}
}

// TestEverySeriesIsThereFromTheStart: the counters and gauges of a server that has just started, with the values of their labels, all of them. Of what follows
// from a configuration there is what it asks for.
func TestEverySeriesIsThereFromTheStart(t *testing.T) {
	label := regexp.MustCompile(`(\w+)="([^"]*)"`)
	got := map[string]string{}
	for s := range scraping(t, newWatched(t, provoked{change: withBackups}).App) {
		if !strings.HasPrefix(s, "supportline_") || strings.Contains(s, "_bucket{") {
			continue
		}
		if _, there := got[name(s)]; !there {
			got[name(s)] = ""
		}
		for _, l := range label.FindAllStringSubmatch(s, -1) {
			if v := l[1] + "=" + l[2]; !slices.Contains([]string{"job", "instance", "route", "version"}, l[1]) && !slices.Contains(strings.Split(got[name(s)], ","), v) {
				got[name(s)] = strings.Join(slices.Sorted(slices.Values(append(strings.Split(got[name(s)], ","), v))), ",")
			}
		}
	}
	for n, values := range got {
		got[n] = strings.TrimPrefix(values, ",")
	}
	want := map[string]string{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
}

// TestRequestsToTheProviderAreExpected: what the account's calls, legs and recordings are asked for is in the list.
func TestRequestsToTheProviderAreExpected(t *testing.T) {
	named := regexp.MustCompile(`\.operation\(ctx, "([^"]+)"\)`)
	for _, part := range []string{"calls", "legs", "recordings"} {
		text := must(os.ReadFile(filepath.Join("..", "..", "..", "twilio", "account_"+part+".go")))
		found := named.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("account_%s.go asks for nothing", part)
		}
		for _, f := range found {
			if !slices.Contains(askedOfProvider, f[1]) {
				t.Errorf("%q is not expected", f[1])
			}
		}
	}
}
