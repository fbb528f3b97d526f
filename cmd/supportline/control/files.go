package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// FileError returns an error about a file or folder that a person named, in words. advice says what to write instead.
func FileError(name string, err error, advice string) error {
	return fmt.Errorf("%s: %w: %s", name, plain{err}, advice)
}

// MakeFolder makes a folder that a person named, and those above it.
func MakeFolder(name, advice string) error {
	if err := os.MkdirAll(name, 0o755); err != nil {
		return FileError("the folder "+name+" can't be made", err, advice)
	}
	return nil
}

// plain is an error of the system with its reason in words.
type plain struct{ error }

func (p plain) Unwrap() error { return p.error }

func (p plain) Error() string {
	var at *fs.PathError
	switch {
	case errors.Is(p.error, fs.ErrNotExist) && errors.As(p.error, &at) && at.Op == "mkdir":
		return "no folder can be made there"
	case errors.Is(p.error, fs.ErrNotExist):
		return "it is not there"
	case errors.Is(p.error, fs.ErrPermission):
		return "this user has no right to it"
	case errors.Is(p.error, syscall.EISDIR):
		return "it is a folder"
	case errors.Is(p.error, syscall.ENOTDIR), errors.Is(p.error, fs.ErrExist):
		return "a file is in its place"
	case errors.Is(p.error, syscall.EROFS):
		return "nothing can be written there"
	case errors.Is(p.error, syscall.ENOSPC):
		return "the disk is full"
	case errors.As(p.error, &at):
		return at.Err.Error()
	}
	return p.error.Error()
}

// intoFolder returns an error if no file of this name can be written: the folder is not there, or the name is a folder's.
func intoFolder(name string) error {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return FileError(name, syscall.EISDIR, "name a file in it")
	}
	folder := filepath.Dir(name)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		if err == nil {
			err = syscall.ENOTDIR
		}
		return FileError("the folder "+folder, err, "name a file in a folder that is there")
	}
	return nil
}
