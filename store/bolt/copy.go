package bolt

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/officernd/supportline/store"
)

// Copy writes the file's pages as they stand in one transaction to a new file, while others read and write. The copy is as large as the file, with
// the same free pages, which Compact removes, and Copy takes its time so that no commit waits for the disk long.
//
// to must not exist. It appears under its name when it is whole and on the disk; until then it is called Partial(to), which a later Copy replaces. An
// error, including that of ctx, leaves neither. progress, which may be nil, is called with the bytes that are copied, and all.
func (e *Engine) Copy(ctx context.Context, to string, progress func(done, all int64)) error {
	return e.copyTo(ctx, to, progress, true)
}

func (e *Engine) copyTo(ctx context.Context, to string, progress func(done, all int64), hot bool) error {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return first(err, &fs.PathError{Op: "copy", Path: to, Err: fs.ErrExist})
	}
	e.opening.RLock()
	from := e.file
	e.opening.RUnlock()
	err := whole(to, func(partial string) error {
		file, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		c := &pageCopy{ctx: ctx, from: from, to: file, seed: maphash.MakeSeed(), buffer: make([]byte, copyStep), progress: progress}
		if err = e.copyPages(c, hot); err == nil {
			err = file.Sync()
		}
		return first(err, file.Close())
	})
	if err != nil {
		_ = os.Remove(to) // a name that is not on the disk; there was none before
	}
	return err
}

// Partial returns the name of a file that is being written until it is whole.
func Partial(path string) string { return path + ".partial" }

// whole makes a file under another name, in place of one that a process left there that was killed, and gives it its own when it is whole and on the
// disk.
func whole(path string, write func(partial string) error) error {
	partial := Partial(path)
	err := write(partial)
	if err == nil {
		err = os.Rename(partial, path)
	}
	if err != nil {
		_ = os.Remove(partial) // the first error says more
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// copyBefore copies a file with content before it is brought up to date, unless there is a copy of just that content. Copies are kept: they are the
// way back to the version before.
func (e *Engine) copyBefore(ctx context.Context) error {
	version, err := e.version(ctx)
	if err != nil || version < 0 {
		return err
	}
	now, _ := newestMeta(e.file)
	for n := 1; ; n++ {
		to := fmt.Sprintf("%s.schema-%d", e.path, version)
		if n > 1 {
			to = fmt.Sprintf("%s-%d", to, n)
		}
		if sameContent(to, now) {
			return nil
		}
		if err := e.copyTo(ctx, to, nil, false); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

// sameContent reports whether a file is a copy of the transaction that a meta page is of.
func sameContent(path string, of meta) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	its, known := newestMeta(file)
	return known && inspect(file) == nil && its == of
}

// version returns the version of the file's content as the store keeps it, -1 for a file without content.
func (e *Engine) version(ctx context.Context) (version int, err error) {
	version = -1
	err = e.View(ctx, func(r store.Reader) error {
		if meta := r.(*reader).tx.Bucket(metaName); meta != nil {
			version, _ = strconv.Atoi(string(meta.Get(schemaKey)))
		}
		return nil
	})
	return version, err
}

// syncFolder makes the new name of a renamed file durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
