package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// TestDoctorReadsWhatADatabaseTells: each thing that is not right has its fix.
func TestDoctorReadsWhatADatabaseTells(t *testing.T) {
	near, far := config.Store{URL: "postgres://me@db:5432/log"}, config.Store{URL: "postgres://me@db.example.com/log"}
	sound := postgres.About{Version: "16.2"}
	with := func(change func(*postgres.About)) postgres.About {
		a := sound
		change(&a)
		return a
	}
	for name, row := range map[string]struct {
		place    config.Store
		about    postgres.About
		warnings []postgres.Warning
		want     []string
	}{
		"well":            {near, sound, nil, nil},
		"well, encrypted": {far, with(func(a *postgres.About) { a.Encrypted = true }), nil, nil},
		"in clear": {far, sound, nil, []string{
			"warning database: the connection is not encrypted: whoever is on the way can read along",
		}},
		"old":          {near, with(func(a *postgres.About) { a.Version = "13.4 (Debian)" }), nil, []string{"warning database: supportline is not tried on version 13.4 (Debian)"}},
		"no rights":    {near, with(func(a *postgres.About) { a.Lacks = "to make tables" }), nil, []string{"wrong database: its role has no right to make tables"}},
		"clock ahead":  {near, with(func(a *postgres.About) { a.Ahead = 90 * time.Second }), nil, []string{"wrong database clock: this machine's clock is 1m30s ahead of the database's"}},
		"clock behind": {near, with(func(a *postgres.About) { a.Ahead = -time.Hour }), nil, []string{"wrong database clock: this machine's clock is 1h0m0s behind the database's"}},
		"alone":        {near, sound, []postgres.Warning{{Setting: "synchronous_standby_names", Text: "it waits for no standby"}}, []string{"warning database: it waits for no standby"}},
		"careless":     {near, sound, []postgres.Warning{{Setting: "fsync", Text: "fsync is off"}}, []string{"wrong database: fsync is off"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, sick(databaseState{row.about, row.warnings}.findings(row.place))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestDoctorAsksTheDatabase as it is, and tells once that it can't be asked, without the password.
func TestDoctorAsksTheDatabase(t *testing.T) {
	p := postgrestest.NewProxy(t, postgrestest.Database(t))
	d := newInstallation(t).doctor()
	if found := d.database(t.Context()); found != nil {
		t.Errorf("of a file: %v", found)
	}
	d.Conf.Store = config.Store{URL: p.URL}
	d.Store = func(context.Context) (StoreState, error) { return StoreState{}, ErrNoLog }
	found := map[string]string{}
	for f := range d.Findings(t.Context(), "database", "store") {
		found[f.Check] += f.State + ": " + f.Found + "\n"
	}
	for check, want := range map[string]string{
		"database": "ok: " + d.Conf.Store.String() + ", version 15", "database clock": "ok: within", "store": "ok: the server will make it",
	} {
		if !strings.HasPrefix(found[check], want) {
			t.Errorf("%s: %q, want %q", check, found[check], want)
		}
	}
	p.Refuse(true)
	p.Cut()
	var all []string
	for f := range d.Findings(t.Context(), "database", "store") {
		all = append(all, f.State+" "+f.Check+": "+f.Found)
	}
	password := strings.Split(strings.Split(p.URL, ":")[2], "@")[0]
	if len(all) != 1 || !strings.HasPrefix(all[0], "wrong database: database 127.0.0.1:") || !strings.Contains(all[0], "nothing listens there") || strings.Contains(all[0], password) {
		t.Errorf("the cause is told as\n%s", strings.Join(all, "\n"))
	}
}

// TestRotationAsksEveryProcess that shares the database whether it accepts both tokens.
func TestRotationAsksEveryProcess(t *testing.T) {
	l := newInstallation(t)
	l.conf.Store = config.Store{URL: postgrestest.Database(t)}
	l.conf.Twilio.NextAuthToken = strings.Repeat("a", 32)
	r := Rotation{Conf: l.conf, Now: time.Now}
	if err := r.serverAccepts(t.Context()); err == nil || !strings.Contains(err.Error(), "no server runs on "+l.conf.Store.String()) {
		t.Errorf("without a server: %v", err)
	}
	serve := func(conf config.Config) (stop func()) {
		t.Helper()
		conf.Listen = config.Listen{Webhooks: "127.0.0.1:0", Console: "127.0.0.1:0"}
		app := must(server.Open(conf, time.Now, zap.NewNop(), 0))
		s := must(server.Listen(app, nil))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		return func() {
			cancel()
			if err := errors.Join(<-done, app.Close()); err != nil {
				t.Error(err)
			}
		}
	}
	defer serve(l.conf)()
	accepted(t, r, "")
	before := l.conf
	before.Twilio.NextAuthToken = ""
	stop := serve(before)
	accepted(t, r, "does not accept both auth_token and next_auth_token")
	stop()
	accepted(t, r, "")
}

// accepted waits until the processes accept both tokens, or until one does not with these words.
func accepted(t *testing.T, r Rotation, words string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		err := r.serverAccepts(t.Context())
		if err == nil && words == "" || err != nil && words != "" && strings.Contains(err.Error(), words) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v, want %q", err, words)
		}
	}
}
