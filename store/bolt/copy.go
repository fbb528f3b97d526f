package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"

	"github.com/officernd/supportline/store"
)

// Copy writes the file's pages as they stand in one transaction to a new file, while others read and write. The copy is a file of the same size, with
// the same free pages, which Compact or Rewrite removes. Its folder should be on a disk as fast as the file's, such as the file's own: what is freed
// meanwhile cannot be used again before the copy ends.
//
// to must not exist. It appears under its name when it is whole and on the disk; until then it is called Partial(to), which a later Copy replaces. An
// error, including that of ctx, leaves neither. progress, which may be nil, is called with the bytes that are copied, and all.
func (e *Engine) Copy(ctx context.Context, to string, progress func(done, all int64)) error {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fs.ErrExist
		}
		return &fs.PathError{Op: "copy", Path: to, Err: err}
	}
	return whole(to, func(file *os.File) error { return e.copyPages(ctx, file, progress) })
}

// Partial returns the name of a file that is being written until it is whole.
func Partial(path string) string { return path + ".partial" }

// whole writes a file, and gives it its name when it is whole and on the disk.
func whole(path string, write func(*os.File) error) error {
	partial := Partial(path)
	file, err := os.OpenFile(partial, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = write(file)
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(partial, path)
	}
	if err != nil {
		_ = os.Remove(partial) // the first error says more
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// copyPages writes the pages of one transaction to a file.
func (e *Engine) copyPages(ctx context.Context, file *os.File, progress func(done, all int64)) (err error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	tx, err := e.db.Begin(false)
	if err != nil {
		return closed(err)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = e.panicked(p)
		}
		_ = tx.Rollback() // the end of a transaction that reads
	}()
	to := &pages{ctx: ctx, to: file, all: tx.Size(), progress: progress}
	if _, err := tx.WriteTo(to); err != nil {
		return first(to.err, err) // bbolt's has the words of it alone
	}
	return nil
}

// copyStep is how many bytes are copied at a time.
const copyStep = 1 << 20

// pages writes to a file in large steps.
type pages struct {
	ctx       context.Context
	to        *os.File
	done, all int64
	progress  func(done, all int64)
	err       error
}

func (p *pages) Write(b []byte) (int, error) {
	if p.err = p.ctx.Err(); p.err != nil {
		return 0, p.err
	}
	n, err := p.to.Write(b)
	p.done, p.err = p.done+int64(n), err
	p.progress(p.done, p.all)
	return n, err
}

// ReadFrom implements io.ReaderFrom, for the size of the steps.
func (p *pages) ReadFrom(from io.Reader) (n int64, err error) {
	buffer := make([]byte, copyStep)
	for err == nil {
		read := 0
		read, err = io.ReadFull(from, buffer)
		if read > 0 {
			written, writeErr := p.Write(buffer[:read])
			n += int64(written)
			if writeErr != nil {
				return n, writeErr
			}
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, nil // a file that was cut is noticed by its reader, who counts
	}
	return n, err
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
		if err := e.Copy(ctx, to, nil); !errors.Is(err, fs.ErrExist) {
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

var _ io.ReaderFrom = (*pages)(nil)
