package copies

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// present is the file that is to be replaced, which nobody can open meanwhile.
type present struct {
	path   string
	store  *store.Store   // nil: there is nothing, or it cannot be read
	close  []func() error // what holds the lock
	unread error          // why it cannot be read
}

// lock opens the file of a store for nobody else to open it. A file that is damaged is locked all the same: that is what restoring is for.
func lock(ctx context.Context, path string) (*present, error) {
	p := &present{path: path}
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return p, nil
	}
	release, err := flock(path)
	if err != nil {
		return nil, err
	}
	if err := release(); err != nil {
		return nil, err
	}
	e, err := bolt.Open(path, bolt.Options{})
	switch {
	case errors.Is(err, store.ErrLocked):
		return nil, inUse(path, err)
	case errors.Is(err, store.ErrDamaged), errors.Is(err, store.ErrTruncated):
		p.unread = err
		if release, err = flock(path); err == nil { // otherwise bbolt has it still, which a damaged page surprised
			p.close = append(p.close, release)
		}
		return p, nil
	case err != nil:
		return nil, err
	}
	return p, p.read(ctx, e)
}

// read opens the store that an engine has, for reading.
func (p *present) read(ctx context.Context, e *bolt.Engine) error {
	version, err := store.SchemaOf(ctx, e)
	switch {
	case errors.Is(err, store.ErrNotOurs), errors.Is(err, store.ErrHalfCopied):
		p.unread = fmt.Errorf("there is no log in it: %w", err)
	case err != nil:
		return errors.Join(e.Explain(err), e.Close())
	case version < store.Schema:
		older := fmt.Errorf("%s: an older version wrote it: let any command of this version bring it up to date first, such as \"supportline calls --limit 1\"", p.path)
		return errors.Join(older, e.Close())
	}
	if p.unread != nil {
		p.close = append(p.close, e.Close)
		return nil
	}
	if p.store, err = store.Open(ctx, e, store.Options{ReadOnly: true}); err != nil {
		return err
	}
	p.close = append(p.close, p.store.Close)
	return nil
}

func inUse(path string, err error) error {
	return worded{fmt.Sprintf("%s: a server, or another command, has the store open: stop every server of it, and do it again", path), err}
}

// flock locks a file as bbolt does, and returns what releases it.
func flock(path string) (release func() error, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(inUse(path, store.ErrLocked), file.Close())
	}
	return file.Close, nil
}

// there reports whether there is anything to replace.
func (p *present) there() bool { return p.store != nil || p.unread != nil }

// release lets others open the file.
func (p *present) release() {
	for _, end := range p.close {
		_ = end() // it was only read
	}
}

// keptName returns the name under which what a restore replaces is kept.
func keptName(path string, at time.Time) string { return path + ".before-" + at.UTC().Format(nameTime) }

// replace renames a file to another one, which is kept under another name. Whenever the power is cut, one of the two has the name, and is whole.
// step is called before each step.
func (p *present) replace(fresh, kept string, step func(string) error) error {
	folder := filepath.Dir(p.path)
	if err := p.own(fresh); err != nil {
		return err
	}
	if p.there() {
		if err := step("keep"); err != nil {
			return err
		}
		if err := keep(p.path, kept); err != nil {
			return err
		}
		if err := errors.Join(syncFolder(folder), step("replace")); err != nil {
			return err
		}
	}
	if err := os.Rename(fresh, p.path); err != nil {
		return err
	}
	return errors.Join(step("sync"), syncFolder(folder))
}

// own copies to a file the owner and the rights of the one that it replaces, or else the owner of its folder: who restores it need not be who runs the
// server.
func (p *present) own(fresh string) error {
	mode := fs.FileMode(0o600)
	like, err := os.Stat(p.path)
	if err == nil {
		mode = like.Mode().Perm()
	} else if like, err = os.Stat(filepath.Dir(p.path)); err != nil {
		return err
	}
	if by, ok := like.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		if err := os.Chown(fresh, int(by.Uid), int(by.Gid)); err != nil {
			return err
		}
	}
	return os.Chmod(fresh, mode)
}

// keep links a file under a second name, or copies it where the file system has no second names.
func keep(path, kept string) error {
	if os.Link(path, kept) == nil {
		return nil
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(kept, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(to, from); err == nil {
		err = to.Sync()
	}
	if err = errors.Join(err, to.Close()); err != nil {
		_ = os.Remove(kept) // the first error says more
	}
	return err
}
