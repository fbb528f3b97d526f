package bolt

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"

	"github.com/officernd/supportline/store"
)

// Explain implements store.Engine: it adds the file and what to do to an error, once.
func (e *Engine) Explain(err error) error {
	var before explained
	if err == nil || errors.As(err, &before) {
		return err
	}
	return explained{explain(e.path, err)}
}

// explained is an error that names the file already.
type explained struct{ error }

func (e explained) Unwrap() error { return e.error }

func explain(path string, err error) error {
	say := func(kind error, advice string) error { return fmt.Errorf("store %s: %w: %s", path, kind, advice) }
	restore := "restore it from a backup, or move it away to begin with an empty log"
	info, statErr := os.Stat(path)
	switch {
	case statErr == nil && info.IsDir():
		return fmt.Errorf("store %s is a directory: name a file in it, such as %s", path, filepath.Join(path, "supportline.db"))
	case errors.Is(err, berrors.ErrTimeout):
		return say(store.ErrLocked, "stop that process, or talk to it through its socket beside the file")
	case errors.Is(err, store.ErrNotOurs):
		return say(err, "give another path; this file was left as it is")
	case errors.Is(err, store.ErrTruncated):
		return say(err, restore)
	case errors.Is(err, store.ErrDamaged), errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF):
		if !errors.Is(err, store.ErrDamaged) {
			err = fmt.Errorf("%w: %w", store.ErrDamaged, err)
		}
		return say(err, restore)
	case errors.Is(err, store.ErrRotation):
		return say(err, "start that version again and run \"supportline rotate-token\" there until it says that the old token is dropped, or give the "+
			"change up with \"supportline rotate-token --cancel\"; then start this one")
	case errors.Is(err, store.ErrNewer):
		return say(err, "run the version that wrote it, or a newer one")
	case statErr == nil && !info.Mode().IsRegular():
		return fmt.Errorf("store %s is no file but a device or a pipe: name a file, such as data/supportline.db", path)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("store %s: a file is where its folder %s should be (%w): move the file away, or give another path", path, filepath.Dir(path), err)
	case errors.Is(err, fs.ErrPermission):
		return say(err, "give the user who runs this the right to read and write the file and its folder")
	case errors.Is(err, syscall.EROFS):
		return say(err, "give a path on a file system that can be written")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return say(err, "make room, or give a path where there is some (a server's store begins with 64 MB)")
	case errors.Is(err, fs.ErrNotExist) && makes(err):
		return fmt.Errorf("store %s: its folder can't be made (%w): make it, or give another path", path, err)
	case errors.Is(err, fs.ErrNotExist):
		return say(err, "give the path of an existing file")
	}
	return fmt.Errorf("store %s: %w", path, err)
}

// makes reports whether an error is that of making a folder.
func makes(err error) bool {
	var at *fs.PathError
	return errors.As(err, &at) && at.Op == "mkdir"
}
