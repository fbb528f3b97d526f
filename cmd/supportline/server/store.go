package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/postgres"
)

// EngineOptions configure the engine of a process. The zero value is right for a server.
type EngineOptions struct {
	Now         func() time.Time // the clock of a file's engine; nil: the machine's
	Size        int              // the first size of a file, in bytes; 0: that of a server
	Connections int              // to a database, unless its URL has pool_max_conns; 0: those of a server
	ReadOnly    bool             // an existing file is opened without changing it
}

// The engine of a command: it makes a small file where there is none, and takes few connections from the servers.
var ofCommand = EngineOptions{Size: 1 << 20, Connections: 4}

// OpenEngine opens the engine of a store: of a file on this machine, or of a database. It changes nothing in either, except that a file that is not
// there is made. Errors name the place, never with a password, and say what to do.
func OpenEngine(ctx context.Context, s config.Store, o EngineOptions) (store.Engine, error) {
	if err := s.Missing(); err != nil {
		return nil, err
	}
	if s.IsDatabase() {
		e, err := postgres.Open(ctx, s.URL, postgres.Options{Connections: o.Connections})
		if err != nil {
			return nil, err // no engine, not one that is nil
		}
		return e, nil
	}
	e, err := bolt.Open(s.File, bolt.Options{Now: o.Now, Size: o.Size, ReadOnly: o.ReadOnly})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// ErrNoStore is returned where there is no store yet, and none must be made.
var ErrNoStore = errors.New("there is no store yet")

// openHere opens a store for one command in this process. begin is that the command may begin one; otherwise one that is not there is ErrNoStore.
func openHere(ctx context.Context, s config.Store, begin bool, o store.Options) (*store.Store, error) {
	if !begin && !s.IsDatabase() && !isThere(s.File) {
		return nil, ErrNoStore
	}
	own := ofCommand
	own.Now = o.Now
	engine, err := OpenEngine(ctx, s, own)
	if errors.Is(err, store.ErrLocked) {
		return nil, fmt.Errorf("%w\nit takes no commands: it is a server that is starting or stopping, so try again, or another program that must be stopped", err)
	}
	if err != nil {
		return nil, err
	}
	if !begin && s.IsDatabase() {
		begun, err := isBegun(ctx, engine)
		if err == nil && !begun {
			err = ErrNoStore
		}
		if err != nil {
			return nil, errors.Join(err, engine.Close())
		}
	}
	return store.Open(ctx, engine, o)
}

// isThere reports whether a store's file exists; an empty file counts as none.
func isThere(file string) bool {
	info, err := os.Stat(file)
	return !errors.Is(err, os.ErrNotExist) && (err != nil || !info.Mode().IsRegular() || info.Size() > 0)
}

// isBegun reports whether an engine holds a store.
func isBegun(ctx context.Context, e store.Engine) (begun bool, err error) {
	err = e.View(ctx, func(r store.Reader) error {
		begun = false
		for _, b := range store.Buckets() {
			if b.String() == "meta" { // has the version, from the beginning
				begun = r.Count(store.Span{Bucket: b}, 1) > 0
			}
		}
		return nil
	})
	return begun, e.Explain(err)
}
