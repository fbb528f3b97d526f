package server

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/officernd/supportline/store"
)

// TestHowProcessesDiffer: in configuration, version and time, those that live alone.
func TestHowProcessesDiffer(t *testing.T) {
	at := func(host, version, config string, ahead time.Duration) store.Process {
		return store.Process{ID: host, Host: host, Number: 7, Version: version, Config: config, Ahead: ahead}
	}
	gone := at("c", "v9", "zzz", time.Hour)
	gone.Gone = true
	for name, row := range map[string]struct {
		all  []store.Process
		want []string
	}{
		"one":                  {[]store.Process{at("a", "v1", "abc", 0)}, nil},
		"alike, and one gone":  {[]store.Process{at("a", "v1", "abc", -time.Second), at("b", "v1", "abc", time.Second), gone}, nil},
		"configurations":       {[]store.Process{at("a", "v1", "abc", 0), at("b", "v1", "def", 0)}, []string{"The processes have 2 configurations: abc at a/7; def at b/7."}},
		"versions":             {[]store.Process{at("a", "v1", "abc", 0), at("b", "v2", "abc", 0), at("d", "v2", "abc", 0)}, []string{"The processes have 2 versions: v1 at a/7; v2 at b/7, d/7."}},
		"one clock ahead":      {[]store.Process{at("a", "v1", "abc", 0), at("b", "v1", "abc", 90*time.Second)}, []string{"The clock of b/7 is 90 seconds ahead of the database's."}},
		"one clock behind":     {[]store.Process{at("a", "v1", "abc", -61*time.Second)}, []string{"The clock of a/7 is 61 seconds behind the database's."}},
		"a minute is allowed":  {[]store.Process{at("a", "v1", "abc", 0), at("b", "v1", "abc", time.Minute)}, nil},
		"apart to either side": {[]store.Process{at("a", "v1", "abc", -40*time.Second), at("b", "v1", "abc", 40*time.Second)}, []string{"The clock of b/7 is 80 seconds ahead of that of a/7."}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, differences(row.all)); diff != "" {
				t.Error(diff)
			}
			f := processesFinding(row.all)
			if dead := slices.ContainsFunc(row.all, func(p store.Process) bool { return p.Gone }); (f.State == "ok") != (row.want == nil && !dead) || f.State != "ok" && f.Advice == "" {
				t.Errorf("the finding is %+v", f)
			}
			if !strings.Contains(f.Found, strings.Join(row.want, " ")) {
				t.Errorf("the finding does not say it: %+v", f)
			}
		})
	}
}

// TestWhatADeadProcessHadToReview is reviewed with everything else when its death is seen, once, and again if that failed.
func TestWhatADeadProcessHadToReview(t *testing.T) {
	a := mustApp(t)
	reviewed, broken := 0, errors.New("the database is away")
	dead, failing := []string{"before"}, error(nil)
	s := a.scheduler(a.Conf.Notices, func() {})
	s.jobs.Log = zap.NewNop()
	s.gone = func(context.Context) ([]string, error) { return slices.Clone(dead), nil }
	s.reviewAll = func(context.Context, time.Time) error { reviewed++; return failing }
	n := &nights{scheduler: s}
	now := time.Date(2026, time.November, 24, 15, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		name string
		dies string
		err  error
		want int
	}{
		{"at the start, with those who died before", "", nil, 1},
		{"nothing new", "", nil, 1},
		{"one died", "a", nil, 2},
		{"still dead", "", nil, 2},
		{"another, but that fails", "b", broken, 3},
		{"again", "", nil, 4},
		{"nothing new again", "", nil, 4},
	} {
		if failing = step.err; step.dies != "" {
			dead = append(dead, step.dies)
		}
		n.tick(t.Context(), now)
		if reviewed != step.want {
			t.Errorf("%s: everything was reviewed %d times, want %d", step.name, reviewed, step.want)
		}
	}
}

// TestAReviewThatFailsIsTriedAgain at the next tick, and what ended last is reviewed before the process ends.
func TestAReviewThatFailsIsTriedAgain(t *testing.T) {
	a := mustApp(t)
	s := a.scheduler(a.Conf.Notices, func() {})
	a.ended.again(accountMonth{"204518", "2026-11"})
	over, cancel := context.WithCancel(t.Context())
	cancel()
	s.reviews(over, a.Now())
	if waiting := a.ended.take(); !waiting[accountMonth{"204518", "2026-11"}] {
		t.Errorf("what waits is %v", waiting)
	}
	a.ended.again(accountMonth{"204518", "2026-11"})
	a.reviewLast(t.Context())
	if waiting := a.ended.take(); len(waiting) > 0 {
		t.Errorf("at the end %v waits", waiting)
	}
}

// TestTheGaugesOfProcesses: who is at work and who is gone, how many configurations those at work have, this one's clock, and what it does for all.
func TestTheGaugesOfProcesses(t *testing.T) {
	m := newMetrics("https://support.example.com")
	m.around([]store.Process{
		{ID: "a", Config: "abc", Ahead: -1500 * time.Millisecond}, {ID: "b", Config: "def", Ahead: time.Hour}, {ID: "c", Config: "old", Gone: true},
	}, "a")
	m.holds(workNight, true)
	answer := httptest.NewRecorder()
	m.handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`supportline_processes{state="at work"} 2`, `supportline_processes{state="gone"} 1`, `supportline_configurations 2`,
		`supportline_clock_ahead_seconds -1.5`, `supportline_lease{work="night"} 1`, `supportline_lease{work="notices"} 0`,
	} {
		if !strings.Contains(answer.Body.String(), want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
