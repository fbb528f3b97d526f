package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// admin is an admin at the console of a server.
func (l *telephony) admin() *browsertest.Client {
	l.t.Helper()
	browsertest.AddUser(l.t, l.app.Store, users.User{Name: "mila", Role: users.Admin}, l.clock.Now())
	server := httptest.NewServer(l.app.Private)
	l.t.Cleanup(server.Close)
	c := browsertest.NewClient(l.t, server.URL)
	c.SignIn("mila", browsertest.Password).Want(l.t, http.StatusOK, "Sign out")
	return c
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
		call, err := l.app.Store.Call(t.Context(), policy.CallSID(record.SID))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s by %s at %s: %s", call.Outcome(), call.Trace[1].Rule, call.Trace[1].Config, call.Trace[1].Result)
	}
	var got []string
	got = append(got, told())
	admin.Post("/lines/448000668187/dates", "seen", "0", "date", "2026-11-24", "kind", "closed", "reason", "Moving house").Want(t, http.StatusOK)
	got = append(got, told())
	admin.Post("/lines/448000668187/dates", "seen", "1", "date", "2026-11-24", "kind", "special", "hours", "15:00-24:00", "reason", "Moving house").Want(t, http.StatusOK)
	got = append(got, told())
	admin.Post("/lines/448000668187/withdraw", "seen", "2", "date", "2026-11-24").Want(t, http.StatusOK)
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
	admin.Post("/lines/448000668187/dates", "seen", "0", "date", "2026-11-27", "kind", "closed", "reason", "Moving house").Want(t, http.StatusOK)
	w := l.document("/fallback/448000668187/voice.xml")
	if !strings.Contains(w.Body.String(), "We are closed on Friday the 27th of November.") {
		t.Errorf("the fallback document:\n%s", w.Body)
	}
	for _, page := range []string{"/lines/dates.yaml", "/lines"} {
		admin.Get(page).Want(t, http.StatusOK, "- { date: 2026-11-27, reason: ")
	}
}

// TestCheckSaysWhoseTurnChanges: a person in front of the others has everybody's turn move, and check says so against the turns in force, with a server and
// without one.
func TestCheckSaysWhoseTurnChanges(t *testing.T) {
	file, now := filepath.Join(t.TempDir(), "supportline.yaml"), func() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) }
	demo := string(config.Demo(freeAddress(t), freeAddress(t)))
	write := func(people string) config.Config {
		t.Helper()
		rotas := "\nspecialists: { ada: { name: Ada Moreau, phone: \"+15550100001\" }, ben: { name: Ben Okafor, phone: \"+15550100002\" } }\n" +
			"rotas: { primary: { time_zone: Europe/London, turn: 1w, starts: \"2026-11-30 09:00\", people: " + people + " } }\n"
		if err := os.WriteFile(file, []byte(demo+rotas), 0o600); err != nil {
			t.Fatal(err)
		}
		conf, problems := config.Load(file, noEnv, config.Options{})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return conf
	}
	check := func() string {
		t.Helper()
		var out, words bytes.Buffer
		p := &program{In: strings.NewReader(""), Out: &out, Err: &words, Env: noEnv, Now: now}
		if status := p.run(t.Context(), []string{"check", "--config", file}); status != 0 || strings.Contains(words.String(), "can't be asked") {
			t.Fatalf("check ends with %d: %s%s", status, out.String(), words.String())
		}
		return out.String()
	}
	log, said := observer.New(zap.WarnLevel)
	started := func(conf config.Config) *server.App {
		t.Helper()
		app, err := server.Open(conf, now, zap.New(log), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return app
	}
	const changes = "in the rota primary it is now Ben Okafor's turn, until 2026-12-07 09:00; before its people or turns were changed it was Ada Moreau's"
	conf := write("[ada, ben]")
	if got := check(); strings.Contains(got, "turn") {
		t.Errorf("before the first start check says %s", got)
	}
	app := started(conf)
	write("[ben, ada]")
	_, stop := mustServe(t, app)
	if got := check(); !strings.Contains(got, changes) {
		t.Errorf("beside the server check says %q, want %s", got, changes)
	}
	if err := errors.Join(stop(), app.Close()); err != nil {
		t.Fatal(err)
	}
	if got := check(); !strings.Contains(got, changes) {
		t.Errorf("without a server check says %q, want %s", got, changes)
	}
	if all := said.FilterMessageSnippet("whose turn it is").All(); len(all) > 0 {
		t.Errorf("at the first start %v is logged", all)
	}
	if err := started(write("[ben, ada]")).Close(); err != nil {
		t.Fatal(err)
	}
	if all := said.FilterMessageSnippet("whose turn it is").All(); len(all) != 1 || all[0].ContextMap()["was"] != "ada" || all[0].ContextMap()["now"] != "ben" {
		t.Errorf("at the start with the new order %v is logged", said.All())
	}
	if got := check(); strings.Contains(got, "turn") {
		t.Errorf("once it is in force check says %s", got)
	}
}
