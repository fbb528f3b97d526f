package control_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/control"
)

// TestFileErrorsAreSentences: what the system says of a file is told in words, with the file once and what to do.
func TestFileErrorsAreSentences(t *testing.T) {
	of := func(op string, err error) error { return &fs.PathError{Op: op, Path: "/srv/calls.csv", Err: err} }
	for _, row := range []struct {
		err  error
		want string
	}{
		{of("open", syscall.ENOENT), "calls.csv: it is not there: name another"},
		{of("mkdir", syscall.ENOENT), "calls.csv: no folder can be made there: name another"},
		{of("open", syscall.EACCES), "calls.csv: this user has no right to it: name another"},
		{of("read", syscall.EISDIR), "calls.csv: it is a folder: name another"},
		{of("mkdir", syscall.ENOTDIR), "calls.csv: a file is in its place: name another"},
		{of("mkdir", syscall.EEXIST), "calls.csv: a file is in its place: name another"},
		{of("open", syscall.EROFS), "calls.csv: nothing can be written there: name another"},
		{of("write", syscall.ENOSPC), "calls.csv: the disk is full: name another"},
		{of("open", syscall.ELOOP), "calls.csv: too many levels of symbolic links: name another"},
		{errors.New("something else"), "calls.csv: something else: name another"},
	} {
		got := control.FileError("calls.csv", row.err, "name another")
		if got.Error() != row.want || !errors.Is(got, row.err) {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
	file := filepath.Join(t.TempDir(), "folder")
	if err := control.MakeFolder(filepath.Join(file, "below"), "name another"); err != nil {
		t.Error(err)
	}
}
