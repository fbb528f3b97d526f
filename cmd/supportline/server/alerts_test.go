package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

// rule is an alert rule of docs/alerts.yaml.
type rule struct {
	Alert       string
	Expr        string
	For         time.Duration
	Labels      map[string]string
	Annotations map[string]string
}

const (
	rulesFile     = "../../../docs/alerts.yaml"
	dashboardFile = "../../../docs/dashboard.json"
)

func rules(t *testing.T) (all []rule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal(must(os.ReadFile(rulesFile)), &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 40 {
		t.Fatalf("there are only %d alert rules", len(all))
	}
	return all
}

// promtool runs Prometheus's own checks.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is missing: install the package prometheus, or run .ci/packages")
	}
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %q: %v\n%s", args, err, out)
	}
}

var metricName = regexp.MustCompile(`\b(supportline_[a-z_]+|go_[a-z_]+|process_[a-z_]+|up)\b`)

// metricsOf returns the names of the metrics of an expression.
func metricsOf(expr string) []string {
	return slices.Compact(slices.Sorted(slices.Values(metricName.FindAllString(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(expr, `""`), -1))))
}

// scrape is what Prometheus gets from a server at one moment: the value of each series.
type scrape map[string]float64

// name returns the name of the metric of a series.
func name(series string) string {
	n, _, _ := strings.Cut(series, "{")
	return n
}

// scraping returns what a server shows, as Prometheus keeps it: with the job and the instance, and that the server could be reached.
func scraping(t *testing.T, a *App) scrape {
	t.Helper()
	found := scrape{series("up", ""): 1}
	_, text := asked(t, a, "/metrics")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		at := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || at < 0 {
			continue
		}
		n, labels, _ := strings.Cut(line[:at], "{")
		found[series(n, strings.TrimSuffix(labels, "}"))] = must(strconv.ParseFloat(line[at+1:], 64))
	}
	return found
}

func series(name, labels string) string {
	return name + `{job="supportline",instance="10.0.0.5:8082",` + labels + `}`
}

// The pace of the scrapes in promtool's tests.
const scrapedEvery = 15 * time.Second

// growing are the gauges of how long something has lasted: while it lasts they grow.
var growing = []string{"supportline_store_away_seconds", "supportline_store_oldest_snapshot_seconds", "supportline_notices_overdue_seconds", "supportline_alarms_untaken_seconds"}

// samples returns the series of some metrics for promtool: as they were at first, and from the next scrape on as they were then. In promtool's tests the clock
// begins at 0, which is here the time of the first scrape.
func samples(metrics []string, before, after scrape, began time.Time, for_ time.Duration) (all []map[string]string) {
	names := maps.Clone(before)
	maps.Copy(names, after)
	count := int(for_/scrapedEvery) + 10
	for _, s := range slices.Sorted(maps.Keys(names)) {
		if !slices.Contains(metrics, name(s)) {
			continue
		}
		text := func(from scrape) (string, bool) {
			v, there := from[s]
			if strings.HasSuffix(name(s), "_timestamp_seconds") {
				v -= float64(began.Unix())
			}
			return strconv.FormatFloat(v, 'f', -1, 64), there
		}
		first, there := text(before)
		if !there {
			first = "_"
		}
		then, there := text(after)
		step := 0.0
		if slices.Contains(growing, name(s)) && after[s] > 0 {
			step = scrapedEvery.Seconds()
		}
		if then = fmt.Sprintf("%s+%gx%d", then, step, count); !there {
			then = "stale"
		}
		all = append(all, map[string]string{"series": s, "values": first + " " + then})
	}
	return all
}

// unit is a test of promtool.
type unit struct {
	Name     string              `json:"name"`
	Interval string              `json:"interval"`
	Series   []map[string]string `json:"input_series"`
	Exprs    []exprTest          `json:"promql_expr_test"`
}

type exprTest struct {
	Expr    string   `json:"expr"`
	At      string   `json:"eval_time"`
	Samples []sample `json:"exp_samples"`
}

type sample struct {
	Labels string  `json:"labels"`
	Value  float64 `json:"value"`
}

// fires returns the test of promtool that an alert fires, and did not before.
func fires(r rule, before, after scrape, began time.Time) unit {
	firing := fmt.Sprintf(`count by (alertname) (ALERTS{alertname=%q,alertstate="firing"}) > bool 0`, r.Alert)
	lasts := r.For + 3*scrapedEvery
	if _, there := after[series("up", "")]; !there {
		lasts += 5 * time.Minute // until Prometheus forgets the last sample
	}
	if slices.ContainsFunc(metricsOf(r.Expr), func(m string) bool { return slices.Contains(growing, m) }) {
		lasts += 5 * time.Minute // until it has grown enough
	}
	return unit{r.Alert, scrapedEvery.String(), samples(metricsOf(r.Expr), before, after, began, lasts), []exprTest{
		{Expr: firing, At: "0s"}, {Expr: firing, At: lasts.String(), Samples: []sample{{fmt.Sprintf("{alertname=%q}", r.Alert), 1}}},
	}}
}

// runUnits has promtool run tests over the rules that are shipped. What is JSON is YAML.
func runUnits(t *testing.T, units []unit) {
	t.Helper()
	file := map[string]any{"rule_files": []string{must(filepath.Abs(rulesFile))}, "evaluation_interval": scrapedEvery.String(), "tests": units}
	path := filepath.Join(t.TempDir(), "units.yaml")
	if err := os.WriteFile(path, must(json.Marshal(file)), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "test", "rules", path)
}

// TestEachAlertFires from a server that has just started: its metrics are scraped, then the failure is provoked, and they are scraped again. The table says
// where a value could only be set by hand.
func TestEachAlertFires(t *testing.T) {
	all := rules(t)
	units := make([]unit, len(all))
	t.Run("provoke", func(t *testing.T) {
		for i, r := range all {
			t.Run(r.Alert, func(t *testing.T) {
				p, known := provocations[strings.TrimPrefix(r.Alert, "Supportline")]
				if !known {
					t.Fatal("nothing provokes it")
				}
				if p.slow {
					t.Parallel()
				}
				w := newWatched(t, p)
				before := scraping(t, w.App)
				p.do(w)
				w.settle()
				after := scraping(t, w.App)
				maps.Copy(after, w.byHand)
				if w.gone != "" {
					delete(after, w.gone)
				}
				for s := range after {
					if _, there := before[s]; !there && strings.HasSuffix(name(s), "_total") && name(s) != "supportline_notices_total" {
						t.Errorf("%s was not there before", s)
					}
				}
				units[i] = fires(r, before, after, w.began)
				for s, values := range w.values {
					units[i].Series = []map[string]string{{"series": s, "values": values}}
				}
			})
		}
	})
	for name := range provocations {
		if !slices.ContainsFunc(all, func(r rule) bool { return r.Alert == "Supportline"+name }) {
			t.Errorf("there is no alert Supportline%s", name)
		}
	}
	if !t.Failed() {
		runUnits(t, slices.DeleteFunc(units, func(u unit) bool { return u.Name == "" })) // those that -run left out
	}
}

// TestNoAlertFiresWhileAllIsWell: for three quarters of an hour after a server started, took a call and did its work.
func TestNoAlertFiresWhileAllIsWell(t *testing.T) {
	w := newWatched(t, provoked{})
	before := scraping(t, w.App)
	_, stop := mustServe(t, w.App)
	w.call(accepting{})
	well := func(s scrape) bool {
		for _, work := range []string{workNotices, workLimits, workNight, workRecordings, workReconcile, workCallBacks} {
			if s[series("supportline_lease", fmt.Sprintf("work=%q", work))] != 1 {
				return false
			}
		}
		return s[series("supportline_reconcile_success_timestamp_seconds", "")] > 0 && s[series("supportline_night_success_timestamp_seconds", "")] > 0
	}
	for deadline := time.Now().Add(20 * time.Second); !well(scraping(t, w.App)); {
		if time.Now().After(deadline) {
			t.Fatal("the server does not do its work")
		}
	}
	after := scraping(t, w.App)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if after[series("supportline_calls_total", `outcome="served"`)] != 1 {
		t.Error("the call was not taken")
	}
	var metrics []string
	for _, r := range rules(t) {
		metrics = append(metrics, metricsOf(r.Expr)...)
	}
	const lasts = 45 * time.Minute
	u := unit{"all is well", scrapedEvery.String(), samples(metrics, before, after, w.began, lasts), nil}
	for at := scrapedEvery; at <= lasts; at += 3 * time.Minute {
		u.Exprs = append(u.Exprs, exprTest{Expr: `ALERTS{alertstate="firing"}`, At: at.String()})
	}
	runUnits(t, []unit{u})
}

// TestAlertsAreWhole: promtool takes them; each has a severity, words, and a paragraph of the manual that says what to do.
func TestAlertsAreWhole(t *testing.T) {
	promtool(t, "check", "rules", rulesFile)
	manual := string(must(os.ReadFile("../../../docs/operating.md")))
	const page = "https://github.com/officernd/supportline/blob/main/docs/operating.md#"
	names := map[string]bool{}
	for _, r := range rules(t) {
		if names[r.Alert] {
			t.Errorf("%s is there twice", r.Alert)
		}
		names[r.Alert] = true
		if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
			t.Errorf("%s has the severity %q", r.Alert, r.Labels["severity"])
		}
		for _, text := range []string{"summary", "description"} {
			if len(r.Annotations[text]) < 10 {
				t.Errorf("%s has the %s %q", r.Alert, text, r.Annotations[text])
			}
		}
		if r.Annotations["runbook_url"] != page+strings.ToLower(r.Alert) || !strings.Contains(manual, "\n#### "+r.Alert+"\n") {
			t.Errorf("%s leads to %q, and the manual has no such heading, or none", r.Alert, r.Annotations["runbook_url"])
		}
	}
	for _, heading := range regexp.MustCompile(`(?m)^#### (Supportline\w+)$`).FindAllStringSubmatch(manual, -1) {
		if !names[heading[1]] {
			t.Errorf("the manual has %s, and there is no such alert", heading[1])
		}
	}
}

// TestWhatIsWatchedIsThere: every metric of an alert and of the dashboard is shown by a server that has just started, where it has what they are about.
func TestWhatIsWatchedIsThere(t *testing.T) {
	there := map[string]bool{"up": true}
	for s := range scraping(t, newWatched(t, provoked{change: withFeeds}).App) {
		there[name(s)] = true
	}
	exprs := dashboardExprs(t)
	for _, r := range rules(t) {
		exprs = append(exprs, r.Expr)
	}
	for _, expr := range exprs {
		if len(metricsOf(expr)) == 0 && !strings.Contains(expr, "ALERTS") {
			t.Errorf("%s names no metric", expr)
		}
		for _, m := range metricsOf(expr) {
			if !there[m] {
				t.Errorf("%s: there is no %s", expr, m)
			}
		}
	}
}

// panel is a panel of the dashboard, or a row of them.
type panel struct {
	Type, Title string
	Datasource  struct{ UID string }
	Targets     []struct{ Expr string }
}

// dashboardExprs returns the expressions of the dashboard.
func dashboardExprs(t *testing.T) (exprs []string) {
	t.Helper()
	var dashboard struct {
		UID    string
		Panels []panel
	}
	if err := json.Unmarshal(must(os.ReadFile(dashboardFile)), &dashboard); err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, p := range dashboard.Panels {
		if p.Type == "row" {
			rows = append(rows, p.Title)
			continue
		}
		if p.Title == "" || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("the panel %q has the datasource %q and %d expressions", p.Title, p.Datasource.UID, len(p.Targets))
		}
		for _, target := range p.Targets {
			exprs = append(exprs, target.Expr)
		}
	}
	want := []string{"Callers", "Webhooks", "Store", "Specialists and legs", "Notices and cases", "Recordings and backups", "Process"}
	if !slices.Equal(rows, want) || len(exprs) < 40 {
		t.Errorf("the dashboard has %d expressions in the rows %q", len(exprs), rows)
	}
	return exprs
}

// TestTheDashboardsExpressions are Prometheus's language.
func TestTheDashboardsExpressions(t *testing.T) {
	type recording struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var all []recording
	chosen := strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*", "$job", "supportline")
	for i, expr := range dashboardExprs(t) {
		all = append(all, recording{fmt.Sprintf("panel:%d", i), chosen.Replace(expr)})
	}
	path := filepath.Join(t.TempDir(), "panels.yaml")
	file := map[string]any{"groups": []any{map[string]any{"name": "panels", "rules": all}}}
	if err := os.WriteFile(path, must(json.Marshal(file)), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", path)
}
