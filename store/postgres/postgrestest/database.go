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
