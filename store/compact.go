package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// compactBatch is how many bytes of keys and values one transaction of Compact writes.
const compactBatch = 16 << 20

// Compact writes a file anew without the pages that nothing stands on, which a load of many calls leaves by the million: bbolt holds a list of
// them in memory, and writes it with each commit. Nobody may have the file open. It takes as much room beside the file as is used in it; what
// goes wrong, or ctx that ends, leaves the file as it was. progress, which may be nil, hears how many of the file's bytes were copied.
func Compact(ctx context.Context, path string, progress func(bytes int64)) error {
	if progress == nil {
		progress = func(int64) {}
	}
	beside := path + ".compact"
	err := compact(ctx, path, beside, progress)
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		_ = os.Remove(beside) // the first error says more
		return explain(path, err)
	}
	return syncFolder(filepath.Dir(path))
}

func compact(ctx context.Context, path, beside string, progress func(int64)) (err error) {
	from := &Store{options: Options{ReadOnly: true}}
	if err := from.open(path); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.db.Close()) }()
	if err := os.Remove(beside); err != nil && !errors.Is(err, os.ErrNotExist) { // of a process that was ended
		return err
	}
	to, err := bolt.Open(beside, 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType, PageSize: pageSize, NoStatistics: true, NoGrowSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	to.NoSync = true // the file counts when it is whole
	err = from.db.View(func(tx *bolt.Tx) error {
		c := copying{ctx: ctx, to: to, progress: progress}
		if err := tx.ForEach(c.bucket); err != nil {
			return fmt.Errorf("written anew: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return to.Sync()
}

// copying writes buckets, one after the other and each in the order of its keys, so that pages are written once and full.
type copying struct {
	ctx      context.Context
	to       *bolt.DB
	bytes    int64
	progress func(int64)
}

func (c *copying) bucket(name []byte, from *bolt.Bucket) error {
	k, v := from.Cursor().First()
	err := c.to.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucket(name)
		if err != nil {
			return err
		}
		return b.SetSequence(from.Sequence())
	})
	for cursor := from.Cursor(); err == nil && k != nil; {
		k, v = cursor.Seek(k)
		err = c.to.Update(func(tx *bolt.Tx) error {
			b := tx.Bucket(name)
			b.FillPercent = loadFill
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
		err = errors.Join(err, c.ctx.Err())
	}
	return err
}

// syncFolder makes sure that a file that was renamed is found under its new name after a loss of power.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
