package copies

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/transfer"
)

// Options configure a backup, beside the store. Zero fields have the defaults named.
type Options struct {
	Now     func() time.Time // time.Now
	Version string           // of the program
	// Beside begins the name of a file that is needed meanwhile for a store in a file, as large as that, and on a disk as fast: the store's own.
	// The default is beside the backup.
	Beside string
	// Progress is called with what was copied, and all: of a file first its pages, in bytes, then entries; all is 0 where that is not known. The default
	// does nothing.
	Progress func(done, all int64)
	// Rest is called from time to time, for whoever must not wait. The default does nothing.
	Rest func()
}

// pagesSuffix ends the name of the file that is needed meanwhile.
const pagesSuffix = ".backup"

// Backup copies a store that others may read and write meanwhile into a new file. Everything in it is of one moment. An error leaves no file.
func Backup(ctx context.Context, from store.Engine, file string, o Options) (r Record, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := isFree(file); err != nil {
		return r, err
	}
	if err := os.Remove(bolt.Partial(file)); err != nil && !errors.Is(err, fs.ErrNotExist) { // a process that was killed leaves one
		return r, unwritten(file, err)
	}
	r = Record{At: o.Now().UTC().Truncate(time.Second), Version: o.Version, Engine: "postgres"}
	c := transfer.Options{Changing: true, Progress: o.Progress, Rest: o.Rest}
	if hot, ok := from.(*bolt.Engine); ok {
		r.Engine, c.Changing = "bolt", false
		still, remove, err := pages(ctx, hot, file, o)
		if err != nil {
			return r, err
		}
		defer remove()
		from = still
	}
	if r.Schema, err = store.SchemaOf(ctx, from); err != nil {
		return r, err
	}
	c.Label = func(sums []transfer.BucketSum) ([]byte, error) {
		r.Buckets = sums
		r.Sum = r.sum()
		return json.Marshal(r)
	}
	return r, write(ctx, from, file, c)
}

// isFree returns an error where no new file of a name can be made.
func isFree(file string) error {
	switch _, err := os.Lstat(file); {
	case err == nil:
		return control.FileError(file, fs.ErrExist, "name a new file, so that nothing is lost")
	case errors.Is(err, fs.ErrPermission):
		return control.FileError(file, err, "name a file in a folder that the server's user can write to")
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		if err == nil {
			err = syscall.ENOTDIR
		}
		return control.FileError("the folder "+filepath.Dir(file), err, "name a file in a folder that is there")
	}
	return nil
}

// pages copies the pages of a file as they stand, at the disk's speed: no reading of it lasts long, so that commits go on as ever.
func pages(ctx context.Context, hot *bolt.Engine, file string, o Options) (still *bolt.Engine, remove func(), err error) {
	name := file + pagesSuffix
	if o.Beside != "" {
		name = o.Beside + pagesSuffix
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) { // a process that was killed leaves one
		return nil, nil, control.FileError(name, err, "remove it: it is of a backup that was cut off")
	}
	if err := hot.Copy(ctx, name, o.Progress); err != nil {
		return nil, nil, unwritten(name, err)
	}
	if still, err = bolt.Open(name, bolt.Options{ReadOnly: true}); err != nil {
		return nil, nil, errors.Join(err, os.Remove(name))
	}
	return still, func() {
		_ = still.Close() // it was only read
		_ = os.Remove(name)
	}, nil
}

// write copies an engine into a file, which gets its name when it is whole.
func write(ctx context.Context, from store.Engine, file string, o transfer.Options) error {
	partial := bolt.Partial(file)
	to, err := bolt.Open(partial, bolt.Options{Building: true})
	if err == nil {
		_, err = transfer.Copy(ctx, from, to, o)
		if closing := to.Close(); err == nil {
			err = closing
		}
	}
	if err == nil {
		err = os.Rename(partial, file)
	}
	if err != nil {
		_ = os.Remove(partial) // the first error says more
		return unwritten(file, err)
	}
	if err := syncFolder(filepath.Dir(file)); err != nil {
		_ = os.Remove(file) // its name may not be on the disk
		return unwritten(file, err)
	}
	return nil
}

// unwritten returns an error about a file that cannot be written.
func unwritten(file string, err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, store.ErrAway), errors.Is(err, transfer.ErrDiffers):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return worded{fmt.Sprintf("%s: the disk is full: make room, or name a file on another disk; nothing was left there", file), err}
	}
	return control.FileError(file, err, "name a file in a folder that this user can write to")
}

// syncFolder makes the names of a folder's files durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
