package postgrestest

import (
	"fmt"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// shared is the server of the tests that do nothing to it. It ends with the test process.
var shared = sync.OnceValues(func() (*Server, error) { return newServer(nil) })

// databases counts those that were created, for their names.
var databases atomic.Int64

// Database creates an empty database on a server that all tests of the binary share, and returns its URL. The role of the URL owns the database and may
// nothing else. The database goes with the test.
func Database(t testing.TB) (url string) {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("PostgreSQL does not start: %v", err)
	}
	url = s.Database(t)
	t.Cleanup(func() {
		if _, err := s.psql(fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", name(url))); err != nil {
			t.Error(err)
		}
	})
	return url
}

// free are the URLs of databases of the shared server that no test uses any more.
var free struct {
	sync.Mutex
	urls []string
}

// Emptied returns the URL of a database on the shared server that another test may have used: the tables that it made are there, and have no rows, but
// for those of the migrations. That takes a tenth of what a new database takes.
func Emptied(t testing.TB) (url string) {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("PostgreSQL does not start: %v", err)
	}
	free.Lock()
	defer free.Unlock()
	if n := len(free.urls); n > 0 {
		url, free.urls = free.urls[n-1], free.urls[:n-1]
		SQL(t, url, empty)
	} else {
		url = s.Database(t)
	}
	t.Cleanup(func() {
		free.Lock()
		defer free.Unlock()
		free.urls = append(free.urls, url)
	})
	return url
}

// empty empties the tables of a database.
const empty = `DO $$
DECLARE r record;
BEGIN
	FOR r IN SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename NOT LIKE 'migrat%' LOOP
		EXECUTE format('DELETE FROM %I.%I', r.schemaname, r.tablename);
	END LOOP;
END $$`

// Database creates an empty database on the server, and returns its URL.
func (s *Server) Database(t testing.TB) (url string) {
	t.Helper()
	name := fmt.Sprintf("test%d", databases.Add(1))
	if _, err := s.psql(fmt.Sprintf("CREATE DATABASE %s OWNER supportline", name)); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("postgres://supportline:%s@127.0.0.1:%d/%s?sslmode=disable", password, s.port, name)
}

// name returns the name of a URL's database.
func name(database string) string {
	u, err := url.Parse(database)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Path, "/")
}

// As returns the URL with another role: "postgres" is the superuser, and every role of a test has the same password.
func As(t testing.TB, role, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	must(t, err)
	u.User = url.UserPassword(role, password)
	return u.String()
}

// at returns the URL with another address.
func at(database, address string) (string, error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", err
	}
	u.Host = address
	return u.String(), nil
}

// SQL runs statements, each in a transaction of its own, and returns the rows: one a line, with | between the values.
func SQL(t testing.TB, database string, statements ...string) string {
	t.Helper()
	psql, err := program("psql", "postgresql")
	must(t, err)
	out, err := query(exec.Command(psql), database, statements)
	must(t, err)
	return out
}

// psql runs statements as the superuser, past the passwords.
func (s *Server) psql(statements ...string) (string, error) {
	psql, err := program("psql", "postgresql")
	if err != nil {
		return "", err
	}
	at := url.Values{"host": {s.home.path}, "port": {strconv.Itoa(s.port)}, "user": {"postgres"}}
	return query(s.home.command(psql), "postgresql:///postgres?"+at.Encode(), statements)
}

func query(psql *exec.Cmd, database string, statements []string) (string, error) {
	psql.Args = append(psql.Args, "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database)
	for _, statement := range statements {
		psql.Args = append(psql.Args, "-c", statement)
	}
	out, err := psql.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(statements, "; "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
