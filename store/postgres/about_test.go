package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

func opened(t *testing.T, url string) *postgres.Engine {
	t.Helper()
	e, err := postgres.Open(t.Context(), url, postgres.Options{Connections: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// TestAboutTheServer: its version, its clock, what is in between, and what the role may do before and after the tables are made.
func TestAboutTheServer(t *testing.T) {
	url := postgrestest.Database(t)
	e := opened(t, url)
	a, err := e.About(t.Context())
	if err != nil || a.Lacks != "" || a.Encrypted || a.Pooled || a.Ahead.Abs() > time.Second {
		t.Errorf("of the owner: %+v, %v", a, err)
	}
	if version := postgrestest.SQL(t, url, "SHOW server_version"); a.Version != version {
		t.Errorf("version %q, want %q", a.Version, version)
	}
	if a, err := opened(t, postgrestest.PgBouncer(t, url)).About(t.Context()); err != nil || !a.Pooled {
		t.Errorf("through a pooler: %+v, %v", a, err)
	}
	super := postgrestest.As(t, "postgres", url)
	postgrestest.SQL(t, super, "CREATE ROLE reader LOGIN PASSWORD '"+strings.Split(strings.Split(url, ":")[2], "@")[0]+"'")
	t.Cleanup(func() { postgrestest.SQL(t, super, "DROP OWNED BY reader", "DROP ROLE reader") })
	guest := opened(t, postgrestest.As(t, "reader", url))
	if a, err := guest.About(t.Context()); err != nil || a.Lacks != "to make tables" {
		t.Errorf("of a guest: %+v, %v", a, err)
	}
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	postgrestest.SQL(t, super, "GRANT USAGE ON SCHEMA supportline TO reader", "GRANT SELECT ON ALL TABLES IN SCHEMA supportline TO reader")
	guest = opened(t, postgrestest.As(t, "reader", url))
	if a, err := guest.About(t.Context()); err != nil || a.Lacks != "to read and write its tables" {
		t.Errorf("of a reader: %+v, %v", a, err)
	}
	postgrestest.SQL(t, super, "GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA supportline TO reader")
	guest = opened(t, postgrestest.As(t, "reader", url))
	if a, err := guest.About(t.Context()); err != nil || a.Lacks != "" {
		t.Errorf("of a writer: %+v, %v", a, err)
	}
}

// TestWarningsAreOfWhatIsNotHeld.
func TestWarningsAreOfWhatIsNotHeld(t *testing.T) {
	settings := func(url string) (names []string) {
		list, err := opened(t, url).Warnings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range list {
			names = append(names, w.Setting)
		}
		return names
	}
	if diff := cmp.Diff([]string{"synchronous_standby_names"}, settings(postgrestest.Database(t))); diff != "" {
		t.Error(diff)
	}
	careless := postgrestest.NewServer(t, "fsync=off", "full_page_writes=off")
	if diff := cmp.Diff([]string{"fsync", "full_page_writes", "synchronous_standby_names"}, settings(careless.Database(t))); diff != "" {
		t.Error(diff)
	}
}
