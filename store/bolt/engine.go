// Package bolt keeps the entries of a store in one bbolt file, for one machine: an entry is as near as memory, and one process has the file.
//
// Opening a file changes nothing in it. What is damaged, cut, or another program's is refused before bbolt trusts a byte of it, with an error that
// names the file and what to do.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
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

// Engine is an open file. Its methods may be called from several goroutines at once.
type Engine struct {
	path    string
	options Options
	readers sync.Pool // of readers whose transactions are over
	names   [][]byte  // of the buckets
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
	if err := named(e.path); err != nil {
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
