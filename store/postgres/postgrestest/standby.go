package postgrestest

import (
	"net"
	"net/url"
	"strconv"
	"testing"
)

// Standby starts a copy of the server that follows it. From then on each commit waits until it is on the disks of both.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	copier, err := program("pg_basebackup", "postgresql")
	must(t, err)
	h, err := newHome()
	must(t, err)
	to := &Server{home: h, settings: s.settings}
	to.port, err = freePort()
	must(t, err)
	must(t, h.run(copier, "-D", to.data(), "-R", "--checkpoint=fast", "--no-sync", "-h", s.home.path, "-p", strconv.Itoa(s.port), "-U", "postgres"))
	must(t, to.start())
	to.endWith(t)
	_, err = s.psql("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
	must(t, err)
	must(t, s.process.until(func() bool {
		state, err := s.psql("SELECT sync_state FROM pg_stat_replication")
		return err == nil && state == "sync"
	}))
	return to
}

// Promote makes a standby a server that is written to.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	_, err := s.psql("SELECT pg_promote()")
	must(t, err)
}

// WithStandby returns the URL of a database with the address of another server that has it, too.
func WithStandby(t testing.TB, database string, standby *Server) string {
	t.Helper()
	u, err := url.Parse(database)
	must(t, err)
	u.Host += "," + net.JoinHostPort("127.0.0.1", strconv.Itoa(standby.port))
	return u.String()
}
