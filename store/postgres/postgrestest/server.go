package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Server is a PostgreSQL server.
type Server struct {
	home     *home
	port     int
	settings []string // name=value
	process  *process // nil: it does not run
}

// NewServer starts a server that ends with the test. settings are those of postgresql.conf, such as "max_connections=5".
func NewServer(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := newServer(settings)
	if err != nil {
		t.Fatalf("PostgreSQL does not start: %v", err)
	}
	s.endWith(t)
	return s
}

// endWith ends the server with the test.
func (s *Server) endWith(t testing.TB) {
	t.Cleanup(func() {
		if s.process != nil {
			s.Resume(t)
			must(t, s.process.end(syscall.SIGQUIT))
		}
		must(t, s.home.close())
	})
}

func newServer(settings []string) (*Server, error) {
	initdb, err := program("initdb", "postgresql")
	if err != nil {
		return nil, err
	}
	h, err := newHome()
	if err != nil {
		return nil, err
	}
	s := &Server{home: h, settings: settings}
	if err := h.run(initdb, "-D", s.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return nil, err
	}
	if err := h.write("data/pg_hba.conf", "local all,replication all trust\nhost all all 127.0.0.1/32 password\n"); err != nil {
		return nil, err
	}
	if s.port, err = freePort(); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	_, err = s.psql(fmt.Sprintf("CREATE ROLE supportline LOGIN PASSWORD '%s'; ALTER ROLE postgres PASSWORD '%[1]s'", password))
	return s, err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *Server) data() string { return filepath.Join(s.home.path, "data") }

func (s *Server) start() error {
	postgres, err := program("postgres", "postgresql")
	if err != nil {
		return err
	}
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port), "-k", s.home.path}
	for _, setting := range append([]string{"listen_addresses=127.0.0.1", "max_connections=200", "shared_buffers=64MB"}, s.settings...) {
		args = append(args, "-c", setting)
	}
	if s.process, err = s.home.start("postgres", postgres, args...); err != nil {
		return err
	}
	return s.process.until(s.ready)
}

// ready reports whether the server says in its lock file that it accepts connections. The file may be that of a server which was killed.
func (s *Server) ready() bool {
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	lines := strings.Split(string(text), "\n")
	return err == nil && len(lines) > 7 && lines[0] == strconv.Itoa(s.process.pid) && strings.TrimSpace(lines[7]) == "ready"
}

// Start starts the server again, at the same port. It returns when connections are accepted, after a crash when everything is repeated.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	must(t, s.start())
}

// Stop shuts the server down, without waiting for its clients.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	must(t, s.process.end(syscall.SIGINT))
	s.process = nil
}

// Kill kills all processes of the server at one moment. Only what it had written is left.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	must(t, errors.Join(s.signal(syscall.SIGSTOP), s.signal(syscall.SIGKILL), s.process.wait()))
	s.process = nil
}

// Pause stops all processes of the server where they are. Connections stay, and nothing is answered.
func (s *Server) Pause(t testing.TB) {
	t.Helper()
	must(t, s.signal(syscall.SIGSTOP))
}

// Resume lets a server go on that was paused.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	must(t, s.signal(syscall.SIGCONT))
}

// signal sends a signal to the postmaster first, which starts no more processes if it is stopped, and then to all processes that it started. Where the
// signal ends them, signal waits until they are gone: the server does not start while one is left.
func (s *Server) signal(signal syscall.Signal) error {
	children := func() []int { return childrenOf(s.process.pid) }
	var failed error
	if signal == syscall.SIGSTOP {
		failed = syscall.Kill(s.process.pid, signal)
	}
	for _, pid := range children() {
		if err := syscall.Kill(pid, signal); !errors.Is(err, syscall.ESRCH) {
			failed = errors.Join(failed, err)
		}
	}
	if signal == syscall.SIGKILL {
		failed = errors.Join(failed, s.process.until(func() bool { return len(children()) == 0 }))
	}
	return errors.Join(failed, syscall.Kill(s.process.pid, signal))
}

// childrenOf returns the processes that a process started and that still run.
func childrenOf(parent int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		// PID (NAME) STATE PARENT ...; a name may have blanks and parentheses.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 2 || fields[0] == "Z" || fields[1] != strconv.Itoa(parent) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// ReadOnly makes the server refuse what is written, or accept it again, on connections that are open too: with SQLSTATE 25006, as a server does that
// has become a standby.
func (s *Server) ReadOnly(t testing.TB, on bool) {
	t.Helper()
	word := map[bool]string{true: "on", false: "off"}[on]
	if _, err := s.psql("ALTER SYSTEM SET default_transaction_read_only = "+word, "SELECT pg_reload_conf()"); err != nil {
		t.Fatal(err)
	}
	must(t, s.process.until(func() bool {
		now, err := s.psql("SHOW default_transaction_read_only")
		return err == nil && now == word
	}))
}
