package control

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// maxSocketPath is the length of a socket's path that every system accepts, with room to spare (Linux has 108 bytes, macOS 104).
const maxSocketPath = 100

// SocketPath returns where the server that has a store's file open takes commands: beside the file, or, where that path is too long for a
// socket, in a folder of the user's own among the temporary files, under a name made from the path.
func SocketPath(storeFile string) (string, error) {
	full, err := filepath.Abs(storeFile)
	if err != nil {
		return "", err
	}
	if path := full + ".sock"; len(path) <= maxSocketPath {
		return path, nil
	}
	sum := sha256.Sum256([]byte(full))
	folder := filepath.Join(os.TempDir(), "supportline-"+strconv.Itoa(os.Getuid()))
	path := filepath.Join(folder, hex.EncodeToString(sum[:8])+".sock")
	if len(path) > maxSocketPath {
		return "", fmt.Errorf("a socket for commands fits neither beside %s nor in %s: give the store, or TMPDIR, a shorter path", full, os.TempDir())
	}
	if err := ownFolder(folder); err != nil {
		return "", err
	}
	return path, nil
}

// ownFolder makes a folder that nobody else can enter, and refuses one that somebody else put there.
func ownFolder(folder string) error {
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !ok || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s must be a folder of your own that nobody else can enter: remove it", folder)
	}
	return nil
}

// Listen opens the socket with mode 0600. The caller has the store open and so is its only server: a socket that is there already
// was left behind, and is replaced. The socket is made inside a closed folder and then moved, so that no umask
// ever opens it to others.
func Listen(path string) (net.Listener, error) {
	folder, err := os.MkdirTemp(filepath.Dir(path), ".s")
	if err != nil {
		return nil, fmt.Errorf("no socket for commands: %w", err)
	}
	defer os.RemoveAll(folder)
	made := filepath.Join(folder, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: made, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("no socket for commands: %w", err)
	}
	l.SetUnlinkOnClose(false) // it would look where the socket was made
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, path)); err != nil {
		l.Close()
		return nil, fmt.Errorf("no socket for commands: %w", err)
	}
	return l, nil
}

// ErrNoServer is returned if no server takes commands for a store.
var ErrNoServer = errors.New("no server has the store open")

// DialStore is Dial for the socket that belongs to a store's file.
func DialStore(file string) (net.Conn, error) {
	path, err := SocketPath(file)
	if err != nil {
		return nil, err
	}
	return Dial(path)
}

// Dial connects to the server of a store. It returns ErrNoServer if there is none, or if one was killed and left its socket behind.
func Dial(path string) (net.Conn, error) {
	conn, err := net.Dial("unix", path)
	switch {
	case err == nil:
		return conn, nil
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ECONNREFUSED):
		return nil, ErrNoServer
	case errors.Is(err, os.ErrPermission) && hidden(path):
		return nil, fmt.Errorf("this user can't look into %s, where the store is: run this as the server's user", filepath.Dir(path))
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("a server takes commands at %s, but not from you: run this as the server's user", path)
	}
	return nil, err
}

// hidden reports whether this user may not even see if a file is there.
func hidden(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, os.ErrPermission)
}
