// Package bolt keeps the entries of a store in one bbolt file, for one machine: an entry is as near as memory, and one process has the file.
//
// Opening a file changes nothing in it. What is damaged, cut, or another program's is refused before bbolt trusts a byte of it, with an error that
// names the file and what to do.
package bolt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	bbolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/officernd/supportline/store"
)

// Options configure an engine. The zero value is right for a server.
type Options struct {
	// Now is the engine's clock; nil means time.Now.
	Now func() time.Time
	// ReadOnly opens an existing file without changing it. No other process may have the file open for writing.
	ReadOnly bool
	// Building is for a file that nobody uses before it is whole: nothing is synced before Close, whose error is then that of the file. It begins
	// without room, and its pages are left full.
	Building bool
	// Size is the first size of the file in bytes, which Prepare allocates; 0 means 64 MB. The file grows by itself. A commit that has to make the
	// file larger takes twice as long.
	Size int
}

const (
	// lockWait is how long Open waits for another process to close the file: a server that is stopping does so.
	lockWait = 200 * time.Millisecond
	// mapSize is the address space that the file is mapped into at first: 64 GB, which is more than any log has. It costs no memory; mapping anew has to
	// wait for readers. Where addresses are scarce, with 32 bits or under a limit, it is smallMap.
	mapSize     = smallMap << (6 * (strconv.IntSize / 64))
	smallMap    = 1 << 30
	defaultSize = 64 << 20
	// pageSize does not depend on the machine's page size, so that a file can move to another machine.
	pageSize = 4 << 10
)

// Engine is an open file. Its methods may be called from several goroutines at once.
type Engine struct {
	path    string
	options Options
	names   [][]byte // of the buckets
	numbers numbers
	lost    atomic.Pointer[error] // bbolt cannot begin a transaction any longer, nor close the file
	// commitTx is (*bbolt.Tx).Commit, but for tests.
	commitTx func(*bbolt.Tx) error

	writing   chan struct{} // holds one value while a transaction writes, which owns the next two
	ready     int64         // bytes of the file that are allocated
	unsettled bool          // a commit had an unknown outcome, and settle did not succeed since

	opening sync.RWMutex // locked while settle replaces the next two, which the transaction that writes may read without it
	db      *bbolt.DB
	file    *os.File // bbolt's own handle
}

var _ store.SoleEngine = (*Engine)(nil)

// Sole marks the engine as one that no other process has open.
func (e *Engine) Sole() {}

// Open opens a file, or creates it and its folder. An empty file counts as a new one. A file that is not ours, or is damaged, is left exactly as it
// is.
//
// Errors name the file and say what to do. They wrap store.ErrLocked, store.ErrNotOurs, store.ErrDamaged, store.ErrTruncated, fs.ErrNotExist (with
// ReadOnly) or fs.ErrPermission.
func Open(path string, o Options) (*Engine, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Size = cmp.Or(o.Size, defaultSize); o.Building {
		o.Size = 0
	}
	e := &Engine{path: path, options: o, writing: make(chan struct{}, 1), commitTx: (*bbolt.Tx).Commit}
	for _, b := range store.Buckets() {
		e.names = append(e.names, []byte(b.String()))
	}
	e.numbers.last = make([]*uint64, len(e.names))
	err := e.open()
	for errors.Is(err, errReplaced) { // each time by a file that is whole
		err = e.open()
	}
	if err != nil {
		return nil, e.Explain(err)
	}
	return e, nil
}

// errReplaced is that another file had the path when the lock was there: compacting, or restoring a backup, took until then.
var errReplaced = errors.New("the file was replaced meanwhile")

// open opens the file, and closes it again on any error, including a panic of bbolt's over a damaged file. After such a panic the mapping of the
// file, and its lock, stay until the process ends.
func (e *Engine) open() (err error) {
	if !e.options.ReadOnly {
		if err := os.MkdirAll(filepath.Dir(e.path), 0o700); err != nil {
			return err
		}
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = e.panicked(p)
		}
		if err != nil && e.file != nil {
			_ = e.file.Close() // it may be closed already
		}
	}()
	o := &bbolt.Options{
		Timeout: lockWait, ReadOnly: e.options.ReadOnly, FreelistType: bbolt.FreelistMapType,
		InitialMmapSize: mapSize, PageSize: pageSize, NoStatistics: true, OpenFile: e.openFile,
	}
	if e.db, err = bbolt.Open(e.path, 0o600, o); errors.Is(err, syscall.ENOMEM) {
		o.InitialMmapSize = smallMap
		e.db, err = bbolt.Open(e.path, 0o600, o)
	}
	if err != nil {
		return err
	}
	e.db.AllocSize, e.db.NoSync, e.db.NoGrowSync = roomStep, e.options.Building, e.options.Building
	if err = e.present(); err == nil {
		err = e.db.View(foreign)
	}
	if err != nil {
		_ = e.db.Close() // the first error says more
	}
	return err
}

// present returns errReplaced if the path leads to another file by now.
func (e *Engine) present() error {
	is, err := os.Stat(e.path)
	if errors.Is(err, os.ErrNotExist) {
		return errReplaced
	}
	if err != nil {
		return err
	}
	if was, err := e.file.Stat(); err != nil || !os.SameFile(is, was) {
		return first(err, errReplaced)
	}
	return nil
}

// openFile opens the file for bbolt, and inspects it first: bbolt trusts the sizes in a damaged file, and crashes.
func (e *Engine) openFile(path string, flag int, mode os.FileMode) (*os.File, error) {
	file, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	if err := inspect(file); err != nil {
		_ = file.Close() // nothing was written
		return nil, err
	}
	e.file = file
	return file, nil
}

// foreign returns an error for a bbolt file with content, but not of a store.
func foreign(tx *bbolt.Tx) error {
	first, _ := tx.Cursor().First()
	switch meta := tx.Bucket(metaName); {
	case first == nil, meta != nil && meta.Get(schemaKey) != nil:
		return nil
	case meta == nil:
		return store.ErrNotOurs
	}
	for _, b := range store.Buckets() { // all of them are there if a process ended just before it wrote the version
		if tx.Bucket([]byte(b.String())) == nil {
			return store.ErrNotOurs
		}
	}
	return nil
}

// metaName is the bucket that any file of a store has, and schemaKey its version there.
var (
	metaName  = []byte("meta")
	schemaKey = []byte("schema")
)

// Prepare implements store.Engine. It allocates the file's first size and creates the buckets that are missing; a file that has both is not written
// to. The copy for an upgrade lies beside the file, under its name and the version that it has.
func (e *Engine) Prepare(ctx context.Context, upgrading bool) error {
	missing, err := e.lacks(ctx)
	switch {
	case err != nil:
		return err
	case e.options.ReadOnly && upgrading:
		return store.ErrReadOnly
	case e.options.ReadOnly:
		return nil
	case upgrading:
		if err := e.copyBefore(ctx); err != nil {
			return fmt.Errorf("the file could not be copied before it is brought up to date, and is left as it was: %w", err)
		}
	}
	if err := e.allocate(ctx); err != nil || !missing {
		return err
	}
	return e.transact(ctx, func(w *writer) error {
		w.edits++
		for _, name := range e.names {
			if _, err := w.tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
}

// lacks reports whether a bucket is missing.
func (e *Engine) lacks(ctx context.Context) (missing bool, err error) {
	err = e.View(ctx, func(r store.Reader) error {
		for _, b := range store.Buckets() {
			missing = missing || r.(*reader).bucket(b) == nil
		}
		return nil
	})
	return missing, err
}

// acquire waits until no other transaction writes, or ctx ends: nobody has to wait for a disk that hangs.
func (e *Engine) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case e.writing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine) release() { <-e.writing }

// Close waits for the transactions that are open, and closes the file. Later calls of any method return store.ErrClosed. Closing a closed engine
// does nothing.
func (e *Engine) Close() error {
	e.writing <- struct{}{}
	defer e.release()
	if e.lost.Load() != nil {
		_ = e.file.Close() // it may be closed already; the map stays until the process ends
		return nil
	}
	if e.options.Building && e.db.Path() != "" {
		if err := e.file.Sync(); err != nil {
			_ = e.db.Close() // the first error says more
			return err
		}
	}
	return e.db.Close()
}

// closed returns store.ErrClosed for bbolt's error that the file is not open.
func closed(err error) error {
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return store.ErrClosed
	}
	return err
}
