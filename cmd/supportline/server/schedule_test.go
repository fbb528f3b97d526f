package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/alarms"
	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// TestScheduler: nightly work once a day, at the start and then at night in the first line's zone; calls that ended are reviewed at the next
// tick.
func TestScheduler(t *testing.T) {
	conf := mustConfig(t)
	conf.Settings.FairUse.WarnAt = []int{80, 100}
	conf.Notices = notices.Settings{Channels: []notices.Channel{
		notices.Email{From: "Support <support@example.com>", Ops: []string{"ops@example.com"}, Server: "mail.example.com:25", TLS: notices.TLSNone},
	}}
	zone := conf.Settings.Lines[0].Zone
	now := time.Date(2024, 3, 20, 12, 0, 0, 0, zone)
	log := must(bolt.OpenStore(filepath.Join(t.TempDir(), "s.db"), 1<<20, store.Options{Now: func() time.Time { return now }}))
	t.Cleanup(func() { _ = log.Close() })
	log.TellBy(alarms.Teller{Channels: conf.Notices}.Tell)
	must(log.ImportCustomers(t.Context(), []policy.Customer{
		{Number: "204518", Name: "One", Package: conf.Settings.Packages[0], Line: conf.Settings.Lines[0].Number},
		{Number: "310022", Name: "Two", Package: conf.Settings.Packages[0], Line: conf.Settings.Lines[0].Number},
	}, "test"))
	calls := func(customer policy.CustomerNumber, n int) {
		for day := range n {
			sid := policy.CallSID(fmt.Sprintf("CA%s%02d", customer, day))
			served(t, log, conf.Settings, sid, customer, time.Date(2024, 3, 1+day, 10, 0, 0, 0, zone))
		}
	}
	waiting := func() int {
		t.Helper()
		return len(must(log.DueNotices(t.Context(), policy.ChannelEmail, now, 1000)))
	}
	jobs := &Jobs{Store: log, Settings: conf.Settings, Notices: conf.Notices, Log: zap.NewNop(), Wake: func() {}}
	s := &scheduler{ended: &endedCalls{}, jobs: jobs, reviewAll: jobs.ReviewAll, failed: func(string) {}, done: func(time.Time) {}}
	n := &nights{scheduler: s}
	tick := func(now time.Time) {
		s.limits(t.Context(), now)
		s.reviews(t.Context(), now)
		n.tick(t.Context(), now)
	}
	late, night := time.Date(2024, 3, 21, 1, 59, 59, 0, zone), time.Date(2024, 3, 21, 2, 0, 0, 0, zone)

	var got []int
	calls("204518", 13)
	tick(now)
	got = append(got, waiting())
	calls("204518", 16)
	tick(late)
	got = append(got, waiting())
	must(watchedLog{NotifyingLog(log, conf.Settings, conf.Notices), s.ended}.Advance(t.Context(), "CA20451800", func(c policy.Call) policy.Call { return c }))
	tick(late)
	got = append(got, waiting())
	calls("310022", 13)
	tick(night)
	got = append(got, waiting())
	if diff := cmp.Diff([]int{1, 1, 2, 3}, got); diff != "" {
		t.Errorf("notices at the start, before the night, after a call ended, at night (-want +got):\n%s", diff)
	}
}

// TestNightlyWorkThatFailsIsDoneAgain: not at the next tick, and not only the next night either.
func TestNightlyWorkThatFailsIsDoneAgain(t *testing.T) {
	a := mustApp(t)
	fails, reviews := errors.New("the database is away"), 0
	jobs := &Jobs{Store: a.Store, Settings: a.Conf.Settings, Notices: a.Conf.Notices, Log: zap.NewNop(), Wake: func() {}}
	var failed []string
	var done []time.Time
	n := &nights{scheduler: &scheduler{
		ended: &endedCalls{}, jobs: jobs, failed: func(job string) { failed = append(failed, job) }, done: func(at time.Time) { done = append(done, at) },
		reviewAll: func(context.Context, time.Time) error { reviews++; return fails },
	}}
	at := time.Date(2024, 3, 20, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		after time.Duration
		fails error
		want  int
	}{{0, fails, 1}, {5 * time.Second, fails, 1}, {10 * time.Minute, fails, 2}, {10 * time.Minute, nil, 3}, {10 * time.Minute, nil, 3}, {24 * time.Hour, nil, 4}} {
		at, fails = at.Add(row.after), row.fails
		if n.tick(t.Context(), at); reviews != row.want {
			t.Errorf("%s later: %d reviews in all, want %d", row.after, reviews, row.want)
		}
	}
	if len(failed) != 2 || failed[0] != jobNight || len(done) != 2 || !done[1].Equal(at) {
		t.Errorf("told of failures of %q, and that it was done at %v", failed, done)
	}
}

// TestReportsAreFilledIn: a log that was moved to a database is read with SQL, under the limits of the configuration, as soon as a server has the lease.
func TestReportsAreFilledIn(t *testing.T) {
	place := config.Store{URL: postgrestest.Database(t)}
	engine := must(OpenEngine(t.Context(), place, EngineOptions{}))
	moved := must(store.Open(t.Context(), struct{ store.Engine }{engine}, store.Options{})) // as one whose engine has no rows for SQL
	settings := mustConfig(t).Settings
	served(t, moved, settings, "CA1", "204518", time.Date(2026, time.November, 24, 15, 0, 0, 0, time.UTC))
	if err := moved.Close(); err != nil {
		t.Fatal(err)
	}
	a, _ := onDatabase(t, place.URL)
	s := a.scheduler(a.Conf.Notices, func() {})
	s.jobs.Settings.FairUse.CallLimit = 303 * time.Second
	ctx, done := context.WithTimeout(t.Context(), time.Minute)
	var working sync.WaitGroup
	working.Go(func() { s.reports(ctx) })
	got := ""
	for got == "" && ctx.Err() == nil {
		got = postgrestest.SQL(t, place.URL, "SELECT sid, over_long FROM supportline.report_calls")
	}
	done()
	working.Wait()
	if got != "CA1|t" {
		t.Errorf("the view has %q", got)
	}
}
