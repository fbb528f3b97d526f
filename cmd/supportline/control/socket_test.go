package control

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestSocketPath(t *testing.T) {
	short := filepath.Join(t.TempDir(), "s.db")
	if got := must(SocketPath(short)); got != short+".sock" {
		t.Errorf("a short path: %s, want the file's own with .sock", got)
	}
	t.Setenv("TMPDIR", t.TempDir())
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 30), "s.db")
	other := filepath.Join(t.TempDir(), strings.Repeat("long", 30), "t.db")
	got := must(SocketPath(long))
	if len(got) > maxSocketPath || got != must(SocketPath(long)) || got == must(SocketPath(other)) {
		t.Errorf("a long path: %s, want a short one that is the same each time and the file's own", got)
	}
	if info := must(os.Stat(filepath.Dir(got))); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of short sockets has mode %v", info.Mode())
	}
	if err := os.Chmod(filepath.Dir(got), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := SocketPath(long); err == nil || !strings.Contains(err.Error(), "folder of your own") {
		t.Errorf("a folder that others can enter: %v", err)
	}
	t.Setenv("TMPDIR", "/"+strings.Repeat("x", 120))
	if _, err := SocketPath(long); err == nil || !strings.Contains(err.Error(), "shorter path") {
		t.Errorf("no short place: %v", err)
	}
}

func TestSocketIsForItsUserAlone(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(t.TempDir(), "s.db.sock")
	l := must(Listen(path))
	if info := must(os.Stat(path)); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v with an open umask, want 0600", info.Mode())
	}
	if left := must(os.ReadDir(filepath.Dir(path))); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if conn, err := Dial(path); err != nil {
		t.Error(err)
	} else {
		conn.Close()
	}
	l.Close()
	if _, err := Dial(path); !errors.Is(err, ErrNoServer) {
		t.Errorf("a socket left behind: %v, want ErrNoServer", err)
	}
	must(Listen(path)).Close()
	if _, err := Dial(path + "x"); !errors.Is(err, ErrNoServer) {
		t.Errorf("no socket at all: %v, want ErrNoServer", err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
