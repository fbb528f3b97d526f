//go:build linux

package disktest

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Small returns a folder on a disk in memory of so many bytes, which is there until the test ends. An error is that this user may not mount.
func Small(t testing.TB, size int64) (folder string, err error) {
	t.Helper()
	folder = t.TempDir()
	if err := syscall.Mount("disktest", folder, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		return "", err
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	return folder, nil
}

// ReadOnly makes a folder of Small one that cannot be written to, or that can be again. No file there may be open for writing.
func ReadOnly(t testing.TB, folder string, only bool) {
	t.Helper()
	flags := uintptr(syscall.MS_REMOUNT)
	if only {
		flags |= syscall.MS_RDONLY
	}
	if err := syscall.Mount("disktest", folder, "tmpfs", flags, ""); err != nil {
		t.Fatal(err)
	}
}

// Fill leaves so many bytes free on the disk of a folder, and returns what makes room again.
func Fill(t testing.TB, folder string, leave int64) (makeRoom func()) {
	t.Helper()
	var is syscall.Statfs_t
	if err := syscall.Statfs(folder, &is); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "ballast")
	ballast := make([]byte, max(0, int64(is.Bavail)*is.Bsize-leave))
	if err := os.WriteFile(path, ballast, 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}
