package postgres_test

import (
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// with returns a URL with something else in it.
func with(t *testing.T, database string, change func(u *url.URL)) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

// TestErrorsSayWhereAndWhatToDo, and never the password.
func TestErrorsSayWhereAndWhatToDo(t *testing.T) {
	good := postgrestest.Database(t)
	u, _ := url.Parse(good)
	password, _ := u.User.Password()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := free.Addr().String()
	free.Close()
	foreign := postgrestest.Database(t)
	postgrestest.SQL(t, foreign, "CREATE SCHEMA shop", "CREATE TABLE shop.orders (id integer)")
	super := postgrestest.As(t, "postgres", good)
	postgrestest.SQL(t, super, "CREATE ROLE visitor LOGIN PASSWORD '"+password+"'")
	t.Cleanup(func() { postgrestest.SQL(t, super, "DROP OWNED BY visitor", "DROP ROLE visitor") })
	for _, test := range []struct {
		name, url string
		is        error // what the error wraps; nil: nothing in particular
		says      []string
	}{
		{"another product's URL", "mysql://u:" + password + "@localhost/db", nil, []string{`does not begin with "postgres://"`}},
		{"a URL that cannot be read", "postgres://u:" + password + "%zz@localhost/db", nil, []string{"cannot be read", "%40"}},
		{"a port that is none", "postgres://u:" + password + "@localhost:port/db", nil, []string{"cannot be read"}},
		{"no host of that name", with(t, good, func(u *url.URL) { u.Host = "nowhere.invalid:5432" }), store.ErrAway, []string{"nowhere.invalid:5432/", "no host of that name"}},
		{"nobody listens", with(t, good, func(u *url.URL) { u.Host = nobody }), store.ErrAway, []string{nobody + "/", "nothing listens there"}},
		{"the password is wrong", with(t, good, func(u *url.URL) { u.User = url.UserPassword("supportline", password+"x") }), nil, []string{u.Host, "user or password is wrong"}},
		{"no such database", with(t, good, func(u *url.URL) { u.Path = "/nothing" }), nil, []string{u.Host + "/nothing", "CREATE DATABASE"}},
		{"TLS where there is none", with(t, good, func(u *url.URL) { u.RawQuery = "sslmode=require" }), nil, []string{"the server has no TLS", "sslmode=disable"}},
		{"tables of something else", foreign, store.ErrNotOurs, []string{"shop.orders", "CREATE SCHEMA supportline", "nothing was changed"}},
	} {
		e, err := postgres.Open(t.Context(), test.url, postgres.Options{})
		if err == nil {
			t.Errorf("%s: opened", test.name)
			_ = e.Close()
			continue
		}
		if test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%s: %v is not: %v", test.name, err, test.is)
		}
		for _, part := range test.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q is not in: %v", test.name, part, err)
			}
		}
		if strings.Contains(err.Error(), password) {
			t.Errorf("%s: the password is in: %v", test.name, err)
		}
	}
	e := open(t, postgrestest.As(t, "visitor", good), postgres.Options{})
	if err := e.Explain(e.Prepare(t.Context(), false)); err == nil || !strings.Contains(err.Error(), "GRANT CREATE ON DATABASE") {
		t.Errorf("a role without rights: %v", err)
	}
	// A schema that was made by hand admits us beside the tables of others, and a role that may only write its tables.
	postgrestest.SQL(t, foreign, "CREATE SCHEMA supportline")
	if err := open(t, foreign, postgres.Options{}).Prepare(t.Context(), false); err != nil {
		t.Error(err)
	}
}

func TestRoleThatMayNotReadIsToldSo(t *testing.T) {
	url := postgrestest.Database(t)
	if err := open(t, url, postgres.Options{}).Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	super := postgrestest.As(t, "postgres", url)
	u := strings.Split(strings.Split(url, ":")[2], "@")[0]
	postgrestest.SQL(t, super, "CREATE ROLE stranger LOGIN PASSWORD '"+u+"'")
	t.Cleanup(func() { postgrestest.SQL(t, super, "DROP OWNED BY stranger", "DROP ROLE stranger") })
	_, err := postgres.Open(t.Context(), postgrestest.As(t, "stranger", url), postgres.Options{})
	if err == nil || !strings.Contains(err.Error(), "GRANT USAGE ON SCHEMA supportline") {
		t.Errorf("got %v", err)
	}
}

func TestServerThatWantsTLSIsExplained(t *testing.T) {
	s := postgrestest.NewServer(t)
	url := s.Database(t)
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	hba := filepath.Join(dir, "hba.conf")
	if err := os.WriteFile(hba, []byte("local all all trust\nhostssl all all 127.0.0.1/32 password\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	postgrestest.SQL(t, postgrestest.As(t, "postgres", url), "ALTER SYSTEM SET hba_file = '"+hba+"'")
	s.Stop(t)
	s.Start(t)
	_, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err == nil || !strings.Contains(err.Error(), "sslmode=require") {
		t.Errorf("got %v", err)
	}
}
