package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// onDatabase returns an open App on a database, and its log.
func onDatabase(t *testing.T, url string) (*App, *bytes.Buffer) {
	t.Helper()
	conf, log := mustConfig(t), &bytes.Buffer{}
	conf.Store = config.Store{URL: url}
	a := must(Open(conf, time.Now, NewLogger(log), 0))
	t.Cleanup(func() { _ = a.Close() })
	return a, log
}

// asked returns the answer of a path of health.
func asked(t *testing.T, a *App, path string) (status int, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	a.Health.ServeHTTP(w, must(http.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)))
	return w.Code, w.Body.String()
}

// TestWhatADatabaseDoesNotHoldIsSaid in the log at the start, by health, by a metric, and in the console.
func TestWhatADatabaseDoesNotHoldIsSaid(t *testing.T) {
	a, log := onDatabase(t, postgrestest.Database(t))
	const alone = "the database server waits for no standby"
	if n := strings.Count(log.String(), alone); n != 1 {
		t.Errorf("said %d times at the start: %s", n, log)
	}
	a.watched.look(t.Context(), a.Log)
	if n := strings.Count(log.String(), alone); n != 1 {
		t.Errorf("said %d times, and nothing changed", n)
	}
	var h Health
	_, body := asked(t, a, "/healthz")
	if err := json.Unmarshal([]byte(body), &h); err != nil || h.Store != "ok" || len(h.NotHeld) != 1 || !strings.HasPrefix(h.NotHeld[0], alone) {
		t.Errorf("%s, %v", body, err)
	}
	_, metrics := asked(t, a, "/metrics")
	for _, line := range []string{
		`supportline_store_not_held{setting="synchronous_standby_names"} 1`, `supportline_store_not_held{setting="fsync"} 0`,
		`supportline_store_not_held{setting="full_page_writes"} 0`, "supportline_store_connections_max 22", "supportline_store_unknown_outcomes_total 0", "supportline_store_away_seconds 0",
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("there is no %s", line)
		}
	}
	said := ""
	for _, f := range a.findings(t.Context()) {
		said += f.Part + " " + f.State + ": " + f.Found + "\n"
	}
	for _, want := range []string{"store ok: The database answers, and the last commit went through. ", "of at most 22 connections of this server are in use.", "store warning: Not all that is acknowledged is held: " + alone} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
}

// TestAFileHasTheSeriesOfADatabase at 0, so that one set of alerts is right for both.
func TestAFileHasTheSeriesOfADatabase(t *testing.T) {
	a := mustApp(t)
	_, metrics := asked(t, a, "/metrics")
	for _, name := range []string{"connections_in_use", "connections_max", "oldest_snapshot_seconds", "away_seconds", "round_trips_total", "retries_total", "settled_outcomes_total", "unknown_outcomes_total", `not_held{setting="fsync"}`} {
		if line := "supportline_store_" + name + " 0\n"; !strings.Contains(metrics, line) {
			t.Errorf("there is no %s", line)
		}
	}
	if _, body := asked(t, a, "/healthz"); !strings.Contains(body, `"store":"ok"`) || strings.Contains(body, "not_held") {
		t.Error(body)
	}
}

// TestHealthWhileTheDatabaseIsAway: the process answers that it is well, since it connects callers, and says that it is not ready.
func TestHealthWhileTheDatabaseIsAway(t *testing.T) {
	p := postgrestest.NewProxy(t, postgrestest.Database(t))
	a, _ := onDatabase(t, p.URL)
	p.Refuse(true)
	p.Cut()
	if status, body := asked(t, a, "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "the database is away") {
		t.Errorf("/readyz: %d, %s", status, body)
	}
	if status, body := asked(t, a, "/healthz"); status != http.StatusOK || !strings.Contains(body, "the database has not answered for 1s") {
		t.Errorf("/healthz: %d, %s", status, body)
	}
	if _, metrics := asked(t, a, "/metrics"); strings.Contains(metrics, "supportline_store_away_seconds 0\n") {
		t.Error("the metric does not say that it is away")
	}
	f := a.storeFinding(t.Context())
	if f.State != "wrong" || !strings.Contains(f.Advice, "Look at the database") {
		t.Errorf("%+v", f)
	}
	p.Refuse(false)
	for deadline := time.Now().Add(20 * time.Second); ; {
		status, _ := asked(t, a, "/readyz")
		if status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not become ready again")
		}
	}
	if _, body := asked(t, a, "/healthz"); !strings.Contains(body, `"store":"ok"`) {
		t.Error(body)
	}
}

// TestAnOutageIsLoggedOnce when it begins, and once when it is over, with how long it was.
func TestAnOutageIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, log := observer.New(zap.InfoLevel)
		began := time.Now().Add(2 * time.Second)
		awayFor := func() time.Duration {
			if away := time.Since(began); away < 5*time.Minute {
				return max(0, away)
			}
			return 0
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		went := 0
		followOutages(ctx, awayFor, func() { went++ }, zap.New(core))
		if went != 1 {
			t.Errorf("people are told %d times", went)
		}
		all := log.All()
		if len(all) != 2 || all[0].Level != zap.ErrorLevel || all[1].Level != zap.InfoLevel || all[1].ContextMap()["away"].(time.Duration) < 299*time.Second {
			t.Errorf("logged %+v", all)
		}
	})
}

// TestOpeningForACommand: what only looks begins nothing, in a file as in a database, and what brings something in may.
func TestOpeningForACommand(t *testing.T) {
	file := config.Store{File: filepath.Join(t.TempDir(), "log.db")}
	for name, place := range map[string]config.Store{"a file": file, "a database": {URL: postgrestest.Database(t)}} {
		t.Run(name, func(t *testing.T) {
			if _, err := openHere(t.Context(), place, false, store.Options{}); !errors.Is(err, ErrNoStore) {
				t.Errorf("a command that looks: %v", err)
			}
			if begun := begunBy(t, place); begun {
				t.Error("it began a store")
			}
			for _, begin := range []bool{true, false} {
				s, err := openHere(t.Context(), place, begin, store.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(s.Probe(t.Context()), s.Close()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	if _, err := openHere(t.Context(), config.Store{URL: "postgres://nobody@127.0.0.1:1/x", Unset: "PW"}, true, store.Options{}); err == nil || !strings.Contains(err.Error(), "environment variable PW") {
		t.Errorf("without its variable: %v", err)
	}
}

// begunBy reports whether there is a store at a place.
func begunBy(t *testing.T, place config.Store) bool {
	t.Helper()
	if !place.IsDatabase() {
		return isThere(place.File)
	}
	e := must(OpenEngine(t.Context(), place, EngineOptions{}))
	defer e.Close()
	return must(isBegun(t.Context(), e))
}

// TestOneProcessHasAFile, and any number a database.
func TestOneProcessHasAFile(t *testing.T) {
	conf := mustConfig(t)
	first := must(Open(conf, time.Now, NewLogger(&bytes.Buffer{}), 1<<20))
	if _, err := Open(conf, time.Now, NewLogger(&bytes.Buffer{}), 1<<20); !errors.Is(err, store.ErrLocked) {
		t.Errorf("the second server on a file: %v", err)
	}
	call := func(c policy.Call) policy.Call { c.Line = "+448000668187"; return c }
	if _, err := first.Store.Advance(t.Context(), "CA1", call); err != nil {
		t.Errorf("the first one: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	url := postgrestest.Database(t)
	one, _ := onDatabase(t, url)
	two, _ := onDatabase(t, url)
	if _, err := one.Store.Advance(t.Context(), "CA1", call); err != nil {
		t.Fatal(err)
	}
	if c, err := two.Store.Call(context.Background(), "CA1"); err != nil || cmp.Diff(policy.Phone("+448000668187"), c.Line) != "" {
		t.Errorf("the second one sees %+v, %v", c, err)
	}
}
