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

	"github.com/officernd/supportline/cmd/supportline/config"
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
	for s := range scraping(t, newWatched(t, provoked{change: func(c *config.Config) { withBackups(c); withFeeds(c) }}).App) {
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
	want := map[string]string{
		"supportline_alarms_open":                         "",
		"supportline_alarms_untaken_seconds":              "",
		"supportline_backup_success_timestamp_seconds":    "",
		"supportline_backups_total":                       "result=failed,result=ok",
		"supportline_build_info":                          "",
		"supportline_calls_total":                         "outcome=abandoned,outcome=closed,outcome=failed,outcome=informed,outcome=not-entitled,outcome=not-reached,outcome=refused,outcome=restricted-account,outcome=served,outcome=unanswered,outcome=unidentified-refused,outcome=voicemail",
		"supportline_cases_open":                          "",
		"supportline_clock_ahead_seconds":                 "",
		"supportline_configurations":                      "",
		"supportline_console_requests_total":              "status=1xx,status=2xx,status=3xx,status=4xx,status=5xx",
		"supportline_public_requests_total":               "status=1xx,status=2xx,status=3xx,status=4xx,status=5xx",
		"supportline_disk_free_bytes":                     "of=backups,of=recordings,of=store",
		"supportline_disk_size_bytes":                     "of=backups,of=recordings,of=store",
		"supportline_followups_late":                      "severity=critical,severity=default,severity=restricted",
		"supportline_followups_open":                      "severity=critical,severity=default,severity=restricted",
		"supportline_feed_answers_total":                  "result=failed,result=ok,rota=night",
		"supportline_feed_success_timestamp_seconds":      "rota=night",
		"supportline_job_failures_total":                  "task=alarms,task=call-backs,task=figures of specialists,task=live limits,task=look for processes that died,task=monthly summary,task=nightly review,task=retention,task=review,task=rows for SQL",
		"supportline_lease":                               "work=alarms,work=backups,work=callbacks,work=feeds,work=limits,work=night,work=notices,work=reconcile,work=recordings",
		"supportline_loops_total":                         "",
		"supportline_night_success_timestamp_seconds":     "",
		"supportline_notice_failures_total":               "channel=call,channel=email,channel=sms,channel=webhook,channel=whisper",
		"supportline_notices_given_up":                    "",
		"supportline_notices_overdue_seconds":             "",
		"supportline_notices_total":                       "channel=call,channel=email,channel=sms,channel=webhook,channel=whisper,result=sent",
		"supportline_numbers_refused_total":               "limit=all,limit=caller",
		"supportline_panics_total":                        "",
		"supportline_processes":                           "state=at work,state=gone",
		"supportline_ready":                               "",
		"supportline_reconcile_differences_total":         "what=call,what=end,what=leg,what=message,what=outcome,what=recordings,what=status,what=talk,what=total",
		"supportline_reconcile_failures_total":            "",
		"supportline_reconcile_success_timestamp_seconds": "",
		"supportline_recordings_total":                    "result=failed,result=not there,result=ok,what=delete,what=fetch,what=remove",
		"supportline_rest_requests_total":                 "result=failed,result=held back,result=limited,result=ok,result=refused,what=announcement,what=call,what=call create,what=call end,what=call redirect,what=calls find,what=calls list,what=conferences list,what=message,what=message create,what=messages find,what=recording delete,what=recording media,what=recordings list",
		"supportline_signins_refused_total":               "",
		"supportline_store_away_seconds":                  "",
		"supportline_store_commit_seconds_count":          "",
		"supportline_store_commit_seconds_sum":            "",
		"supportline_store_connections_in_use":            "",
		"supportline_store_connections_max":               "",
		"supportline_store_errors_total":                  "",
		"supportline_store_not_held":                      "setting=fsync,setting=full_page_writes,setting=synchronous_standby_names",
		"supportline_store_oldest_snapshot_seconds":       "",
		"supportline_store_retries_total":                 "",
		"supportline_store_round_trips_total":             "",
		"supportline_store_settled_outcomes_total":        "",
		"supportline_store_unknown_outcomes_total":        "",
		"supportline_versions":                            "",
		"supportline_webhook_seconds_count":               "",
		"supportline_webhook_seconds_sum":                 "",
		"supportline_webhooks_total":                      "status=200,status=204,status=400,status=403,status=404,status=413,status=500",
		"supportline_wrong_numbers_total":                 "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
}

// TestRequestsToTheProviderAreExpected: what the account's calls, legs, messages and recordings are asked for is in the list.
func TestRequestsToTheProviderAreExpected(t *testing.T) {
	named := regexp.MustCompile(`\.operation\(ctx, "([^"]+)"\)`)
	for _, part := range []string{"calls", "legs", "messages", "recordings"} {
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
