package bolt

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/store"
)

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

// Open opens a file, or creates it and its folder. An empty file counts as a new one, and so does what a power cut left of one. A file that is not ours,
// or is damaged, is left exactly as it is.
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
		if err := makeFolder(filepath.Dir(e.path)); err != nil {
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
	if !e.options.ReadOnly {
		err = beginAnew(file)
	}
	if err == nil {
		err = inspect(file)
	}
	if err != nil {
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
