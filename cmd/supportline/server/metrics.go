package server

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/store"
)

// metrics counts what happens, for Prometheus, in a registry of its own. Labels are routes and outcomes, never callers. It is what
// ivr calls an Observer.
type metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	webhooks *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	commit   prometheus.Histogram
	failures prometheus.Counter
	loops    prometheus.Counter
	wrong    prometheus.Counter
	locked   *prometheus.CounterVec
	notices  *prometheus.CounterVec
	rest     *prometheus.CounterVec
	// undelivered counts the failures among notices: their results are too many to be known before.
	undelivered *prometheus.CounterVec
	repairs     *prometheus.CounterVec
	compared    prometheus.Gauge
	missed      prometheus.Counter
	kept        *prometheus.CounterVec
	leases      *prometheus.GaugeVec
	live        *prometheus.GaugeVec
	configs     prometheus.Gauge
	clock       prometheus.Gauge
	backups     *prometheus.CounterVec
	newest      prometheus.Gauge
	feeds       *prometheus.CounterVec
	current     *prometheus.GaugeVec
	versions    prometheus.Gauge
	panics      prometheus.Counter
	jobs        *prometheus.CounterVec
	night       prometheus.Gauge
	pages       *prometheus.CounterVec
	public      *prometheus.CounterVec
	signIns     prometheus.Counter
	standing    standing

	backedUpLast atomic.Pointer[lastBackup]
}

// lastBackup is the state of backups: when the newest good one was begun, zero if there is none, and why the last try failed.
type lastBackup struct {
	newest time.Time
	err    error
}

// newMetrics returns the counters of a server that the provider reaches at a URL.
func newMetrics(publicURL string) *metrics {
	// From a tenth of a millisecond to over the provider's 15 seconds.
	buckets := prometheus.ExponentialBuckets(0.0001, 2, 18)
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	auto := promauto.With(registry)
	m := &metrics{
		registry:    registry,
		calls:       auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_calls_total", Help: "Calls that ended, by outcome."}, []string{"outcome"}),
		webhooks:    auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_webhooks_total", Help: "Webhooks answered, by route and HTTP status."}, []string{"route", "status"}),
		latency:     auto.NewHistogramVec(prometheus.HistogramOpts{Name: "supportline_webhook_seconds", Help: "Time to answer a webhook, by route.", Buckets: buckets}, []string{"route"}),
		commit:      auto.NewHistogram(prometheus.HistogramOpts{Name: "supportline_store_commit_seconds", Help: "Time of a commit of the store.", Buckets: buckets}),
		failures:    auto.NewCounter(prometheus.CounterOpts{Name: "supportline_store_errors_total", Help: "Webhooks that had to be answered without the log, and commits that failed."}),
		loops:       auto.NewCounter(prometheus.CounterOpts{Name: "supportline_loops_total", Help: "Calls from a line of ours, or forwarded by a specialist who was being rung: refused, since they are our own calls coming back."}),
		wrong:       auto.NewCounter(prometheus.CounterOpts{Name: "supportline_wrong_numbers_total", Help: "Customer numbers that callers entered and that nobody has."}),
		locked:      auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_numbers_refused_total", Help: "Calls on which customer numbers were no longer looked up, since too many wrong ones were entered within an hour: by that caller, or by all."}, []string{"limit"}),
		notices:     auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_notices_total", Help: "Tries to deliver a notice, by channel and how they went."}, []string{"channel", "result"}),
		undelivered: auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_notice_failures_total", Help: "Tries to deliver a notice that failed, by channel."}, []string{"channel"}),
		rest:        auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_rest_requests_total", Help: "Requests to the provider's REST API, by what was asked and how it ended."}, []string{"what", "result"}),
		repairs:     auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_reconcile_differences_total", Help: "What the provider's list of calls put right in the log."}, []string{"what"}),
		compared:    auto.NewGauge(prometheus.GaugeOpts{Name: "supportline_reconcile_success_timestamp_seconds", Help: "When the log was last compared with the provider's list."}),
		missed:      auto.NewCounter(prometheus.CounterOpts{Name: "supportline_reconcile_failures_total", Help: "Comparisons of the log with the provider's list that failed."}),
		kept:        auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_recordings_total", Help: "Tries to fetch a recording, to delete it at the provider, and to remove it, by how they went."}, []string{"what", "result"}),
		backups:     auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_backups_total", Help: "Tries to make a backup, by how they went."}, []string{"result"}),
		newest:      auto.NewGauge(prometheus.GaugeOpts{Name: "supportline_backup_success_timestamp_seconds", Help: "When the newest good backup was begun; 0 if none is known, or this process makes none."}),
		feeds:       auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_feed_answers_total", Help: "Answers of the calendars of rotas, by how they were."}, []string{"rota", "result"}),
		current:     auto.NewGaugeVec(prometheus.GaugeOpts{Name: "supportline_feed_success_timestamp_seconds", Help: "When the calendar of a rota was last known to be current; 0 if it never was, or another process asks for it."}, []string{"rota"}),
		leases:      auto.NewGaugeVec(prometheus.GaugeOpts{Name: "supportline_lease", Help: "1 while this process does the work that one process at a time does, by work."}, []string{"work"}),
		live:        auto.NewGaugeVec(prometheus.GaugeOpts{Name: "supportline_processes", Help: "Processes that share the store: at work, and gone within a day without stopping."}, []string{"state"}),
		configs:     auto.NewGauge(prometheus.GaugeOpts{Name: "supportline_configurations", Help: "How many configurations the processes at work have."}),
		versions:    auto.NewGauge(prometheus.GaugeOpts{Name: "supportline_versions", Help: "How many versions the processes at work have."}),
		panics:      auto.NewCounter(prometheus.CounterOpts{Name: "supportline_panics_total", Help: "Webhooks whose handler panicked: the caller was connected without the log."}),
		jobs:        auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_job_failures_total", Help: "Runs of the work that the server does by itself that failed, by task."}, []string{"task"}),
		night:       auto.NewGauge(prometheus.GaugeOpts{Name: "supportline_night_success_timestamp_seconds", Help: "When this process last did the nightly work; 0 if it never did."}),
		pages:       auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_console_requests_total", Help: "Requests to the console and its API, by the class of the HTTP status."}, []string{"status"}),
		public:      auto.NewCounterVec(prometheus.CounterOpts{Name: "supportline_public_requests_total", Help: "Requests to the public listener that are not the provider's, by route and the class of the HTTP status."}, []string{"route", "status"}),
		signIns:     auto.NewCounter(prometheus.CounterOpts{Name: "supportline_signins_refused_total", Help: "Sign-ins with a wrong name or password, and those that came while they were paused."}),
		standing:    newStanding(auto),
		clock:       auto.NewGauge(prometheus.GaugeOpts{Name: "supportline_clock_ahead_seconds", Help: "How much later this process's clock is than the store's."}),
	}
	for _, work := range []string{workNotices, workAlarms, workLimits, workNight, workRecordings, workReconcile, workCallBacks} {
		m.holds(work, false)
	}
	m.live.WithLabelValues("at work").Set(1)
	m.live.WithLabelValues("gone")
	m.configs.Set(1)
	m.versions.Set(1)
	build := prometheus.GaugeOpts{Name: "supportline_build_info", Help: "1, by the version of the program.", ConstLabels: prometheus.Labels{"version": Version()}}
	auto.NewGauge(build).Set(1)
	m.expect(publicURL)
	return m
}

// wrongNumberLimits are the labels of the limits of wrong customer numbers.
var wrongNumberLimits = map[ivr.WrongNumberLimit]string{ivr.LimitOfCaller: "caller", ivr.LimitOfAll: "all"}

// Webhook counts and times one answer.
func (m *metrics) Webhook(route string, status int, took time.Duration) {
	m.webhooks.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.latency.WithLabelValues(route).Observe(took.Seconds())
}

func (m *metrics) CallEnded(outcome policy.Outcome) {
	m.calls.WithLabelValues(string(outcome)).Inc()
}

// StoreFailed counts a webhook that was answered without the log.
func (m *metrics) StoreFailed(error) { m.failures.Inc() }

// WrongNumber counts a customer number that nobody has (rule 12).
func (m *metrics) WrongNumber() { m.wrong.Inc() }

// NumbersRefused counts a call on which no more customer numbers are looked up (rule 12).
func (m *metrics) NumbersRefused(limit ivr.WrongNumberLimit) {
	m.locked.WithLabelValues(wrongNumberLimits[limit]).Inc()
}

// Looped counts a call of our own that came back and was refused (rule 17).
func (m *metrics) Looped() { m.loops.Inc() }

// Panicked counts a webhook whose handler panicked.
func (m *metrics) Panicked() { m.panics.Inc() }

// committed counts and times a commit of the store.
func (m *metrics) committed(took time.Duration, _ int, err error) {
	m.commit.Observe(took.Seconds())
	if err != nil {
		m.failures.Inc()
	}
}

// told counts an attempt to deliver a notice; result is "sent" or the kind of failure.
func (m *metrics) told(channel policy.Channel, result string) {
	m.notices.WithLabelValues(string(channel), result).Inc()
	if result != "sent" {
		m.undelivered.WithLabelValues(string(channel)).Inc()
	}
}

func (m *metrics) asked(what, how string, _ time.Duration) { m.rest.WithLabelValues(what, how).Inc() }

func (m *metrics) repaired(r policy.Repair) { m.repairs.WithLabelValues(r.What).Inc() }

// reconciled keeps when the log was last compared, and counts when it could not be.
func (m *metrics) reconciled(at time.Time, err error) {
	if err != nil {
		m.missed.Inc()
		return
	}
	m.compared.Set(float64(at.Unix()))
}

// backedUp keeps when the newest good backup was begun, and counts a try to make one.
func (m *metrics) backedUp(newest time.Time, tried bool, err error) {
	m.backedUpLast.Store(&lastBackup{newest, err})
	if !newest.IsZero() {
		m.newest.Set(float64(newest.Unix()))
	}
	switch {
	case err != nil:
		m.backups.WithLabelValues("failed").Inc()
	case tried:
		m.backups.WithLabelValues("ok").Inc()
	}
}

// feedAsked counts an answer of the calendar of a rota, and keeps when the calendar was last known to be current.
func (m *metrics) feedAsked(rota string, a oncall.Answer, ok bool) {
	m.feeds.WithLabelValues(rota, map[bool]string{true: "ok", false: "failed"}[ok]).Inc()
	if !a.FetchedAt.IsZero() {
		m.current.WithLabelValues(rota).Set(float64(a.FetchedAt.Unix()))
	}
}

// Recorded counts an attempt to fetch, delete or remove a recording.
func (m *metrics) Recorded(what, result string) { m.kept.WithLabelValues(what, result).Inc() }

// jobFailed counts a run of a job that failed.
func (m *metrics) jobFailed(job string) { m.jobs.WithLabelValues(job).Inc() }

// nightDone keeps when the nightly work was last done, all of it.
func (m *metrics) nightDone(at time.Time) { m.night.Set(float64(at.Unix())) }

// holds keeps whether this process does some work.
func (m *metrics) holds(work string, held bool) {
	m.leases.WithLabelValues(work).Set(map[bool]float64{true: 1}[held])
}

// around keeps what was seen of the processes, among which is this one.
func (m *metrics) around(all []store.Process, self string) {
	configs, versions, gone := map[string]bool{}, map[string]bool{}, 0
	for _, p := range all {
		if p.Gone {
			gone++
			continue
		}
		configs[p.Config], versions[p.Version] = true, true
		if p.ID == self {
			m.clock.Set(p.Ahead.Seconds())
		}
	}
	m.live.WithLabelValues("at work").Set(float64(len(all) - gone))
	m.live.WithLabelValues("gone").Set(float64(gone))
	m.configs.Set(float64(len(configs)))
	m.versions.Set(float64(len(versions)))
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
