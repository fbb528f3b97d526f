package postgrestest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// patience bounds each wait for a program. After a crash the server first repeats what it had logged.
const patience = time.Minute

// password is that of every role. Tests look for it where it must not be seen.
const password = "correct-horse"

// sweep waits until the test process is gone, however it ended, ends the programs whose process IDs are in the folder, and removes the folder.
const sweep = `cat >/dev/null
for f in "$1"/*.pid; do
	[ -f "$f" ] || continue
	pid=$(cat "$f")
	kill -QUIT "$pid" 2>/dev/null
	kill -CONT "$pid" 2>/dev/null
	for i in $(seq 200); do grep -qs 'State:[[:space:]]*[^ZX]' "/proc/$pid/status" || break; sleep 0.05; done
done
rm -rf -- "$1"`

// home is a folder in which programs run, as a user that PostgreSQL accepts. Folder and programs go when the test process ends.
type home struct {
	path  string
	as    *syscall.Credential // nil: as the user of the tests
	sweep *exec.Cmd
	alive io.Closer
}

func newHome() (*home, error) {
	path, err := os.MkdirTemp("", "supportline-postgres-")
	if err != nil {
		return nil, err
	}
	h := &home{path: path}
	if os.Getuid() == 0 {
		if h.as, err = ordinary(); err != nil {
			return nil, err
		}
		if err := os.Chown(path, int(h.as.Uid), int(h.as.Gid)); err != nil {
			return nil, err
		}
	}
	h.sweep = h.command("/bin/sh", "-c", sweep, "sweep", path)
	h.sweep.Dir = "/"
	if h.alive, err = h.sweep.StdinPipe(); err != nil {
		return nil, err
	}
	return h, h.sweep.Start()
}

// ordinary returns the user as whom PostgreSQL runs where the tests run as root, whom it refuses.
func ordinary() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
	}
	return nil, errors.New("the tests run as root, and there is no user postgres or nobody as whom PostgreSQL could run: run them as an ordinary user")
}

// close removes the folder and what still runs in it.
func (h *home) close() error {
	return errors.Join(h.alive.Close(), h.sweep.Wait())
}

// command is a program in the folder, beyond the reach of the terminal's signals and of the environment's settings.
func (h *home) command(program string, args ...string) *exec.Cmd {
	c := exec.Command(program, args...)
	c.Dir = h.path
	c.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=" + h.path}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: h.as}
	return c
}

// run runs a program to its end.
func (h *home) run(program string, args ...string) error {
	if out, err := h.command(program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(program), err, out)
	}
	return nil
}

// write writes a file that the programs may read.
func (h *home) write(name, text string) error {
	path := filepath.Join(h.path, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil || h.as == nil {
		return err
	}
	return os.Chown(path, int(h.as.Uid), int(h.as.Gid))
}

// process is a program that runs in a home.
type process struct {
	home  *home
	name  string
	pid   int
	ended chan struct{}
}

// start starts a program. What it prints is in NAME.log.
func (h *home) start(name, program string, args ...string) (*process, error) {
	c := h.command(program, args...)
	log, err := os.OpenFile(filepath.Join(h.path, name+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		return nil, err
	}
	p := &process{home: h, name: name, pid: c.Process.Pid, ended: make(chan struct{})}
	go func() {
		_ = c.Wait() // its exit status is what the test did to it
		close(p.ended)
	}()
	return p, h.write(name+".pid", strconv.Itoa(p.pid))
}

// end sends a signal and waits for the end of the process.
func (p *process) end(with syscall.Signal) error {
	if err := syscall.Kill(p.pid, with); err != nil {
		return err
	}
	return p.wait()
}

// wait waits for the end of the process.
func (p *process) wait() error {
	select {
	case <-p.ended:
		return os.Remove(filepath.Join(p.home.path, p.name+".pid"))
	case <-time.After(patience):
		return fmt.Errorf("%s did not end in %v\n%s", p.name, patience, p.log())
	}
}

// until waits until ready reports true. It gives up when the process ends.
func (p *process) until(ready func() bool) error {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for late := time.After(patience); !ready(); {
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended\n%s", p.name, p.log())
		case <-late:
			return fmt.Errorf("%s is not there after %v\n%s", p.name, patience, p.log())
		case <-look.C:
		}
	}
	return nil
}

// log returns the end of what the process printed.
func (p *process) log() string {
	text, _ := os.ReadFile(filepath.Join(p.home.path, p.name+".log"))
	return string(text[max(0, len(text)-2000):])
}

// program finds a program of a package of the distribution.
func program(name, from string) (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	slices.SortFunc(found, func(a, b string) int { return major(b) - major(a) })
	for _, path := range append(found, "/usr/sbin/"+name) {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return "", fmt.Errorf("%s is missing: install the package %s, or run .ci/packages", name, from)
}

// major returns the version of a program of PostgreSQL from its path, /usr/lib/postgresql/VERSION/bin/NAME.
func major(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// nextPort walks through ports that the system never gives to outgoing connections: one of those might take a port before the program has it.
var nextPort atomic.Int64

// freePort returns a port of this machine on which nobody listens.
func freePort() (int, error) {
	const first, ports = 10_000, 10_000
	for range ports {
		port := first + int((int64(os.Getpid())*17+nextPort.Add(1))%ports)
		if l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d", first, first+ports)
}
