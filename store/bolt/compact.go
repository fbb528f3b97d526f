package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	bbolt "go.etcd.io/bbolt"
)

// compactBatch is the number of bytes of keys and values that one transaction of Compact writes.
const compactBatch = 16 << 20

// Compact rewrites a file without its free pages. A load of many calls leaves millions of them, and bbolt keeps their list in memory and writes it
// with each commit. No process may have the file open, and none can open it meanwhile. Compact needs as much space beside the file as the file uses.
// An error, including that of ctx, leaves the file as it was. progress, which may be nil, is called with the number of bytes of keys and values that
// are copied.
func Compact(ctx context.Context, path string, progress func(bytes int64)) error {
	if progress == nil {
		progress = func(int64) {}
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a link goes on leading to the file
	}
	_ = os.Remove(path + ".compact") // an older version that was killed leaves it
	from, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		return err
	}
	err = whole(path, func(partial string) error { return from.compactTo(ctx, partial, progress) })
	if closeErr := from.Close(); err == nil { // only now: until the new file has its name, nobody may open the old one
		err = closeErr
	}
	if err != nil {
		return from.Explain(err)
	}
	return nil
}

// compactTo writes everything to another file, and syncs it.
func (e *Engine) compactTo(ctx context.Context, path string, progress func(int64)) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	to, err := Open(path, Options{Building: true})
	if err != nil {
		return err
	}
	c := copying{ctx: ctx, to: to.db, progress: progress}
	err = e.reading(func(tx *bbolt.Tx) error { return tx.ForEach(c.bucket) })
	if closeErr := to.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("written anew: %w", err)
	}
	return e.likeTheOld(path)
}

// likeTheOld copies to a file the owner and the rights of the engine's: who compacts it need not be who runs the server.
func (e *Engine) likeTheOld(path string) error {
	old, err := e.file.Stat()
	if err != nil {
		return err
	}
	if by, ok := old.Sys().(*syscall.Stat_t); ok && (int(by.Uid) != os.Geteuid() || int(by.Gid) != os.Getegid()) {
		if err := os.Chown(path, int(by.Uid), int(by.Gid)); err != nil {
			return err
		}
	}
	return os.Chmod(path, old.Mode().Perm())
}

// copying writes buckets, one after the other and each in the order of its keys, so that each page is written once, and full.
type copying struct {
	ctx      context.Context
	to       *bbolt.DB
	bytes    int64
	progress func(int64)
}

func (c *copying) bucket(name []byte, from *bbolt.Bucket) error {
	cursor := from.Cursor()
	k, v := cursor.First()
	err := c.to.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket(name)
		if err != nil {
			return err
		}
		return b.SetSequence(from.Sequence())
	})
	for err == nil && k != nil {
		err = c.to.Update(func(tx *bbolt.Tx) error {
			b := tx.Bucket(name)
			b.FillPercent = manyFill
			for copied := 0; k != nil && copied < compactBatch; k, v = cursor.Next() {
				if err := b.Put(k, v); err != nil {
					return err
				}
				copied += len(k) + len(v)
				c.bytes += int64(len(k) + len(v))
			}
			return nil
		})
		c.progress(c.bytes)
		err = first(err, c.ctx.Err())
	}
	return err
}
