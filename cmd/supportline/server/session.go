package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/store"
)

// commandStore is the size of a store that a command has to make. The server gives it the room it needs for speed.
const commandStore = 1 << 20

// Session returns a session on the open store, without the person's side.
func (a *App) Session() control.Session {
	return control.Session{
		Now: a.Now, Store: a.Store, Settings: a.lines.InForce(), Notices: a.Conf.Notices, Account: AccountOf(a.Conf), Archive: a.Archive,
	}
}

// OpenSession opens the store for one command where no server has it open, and returns a session without the person's side. What the person
// should know is written to words. The caller closes the session's store.
func OpenSession(ctx context.Context, conf config.Config, now func() time.Time, words io.Writer) (s control.Session, err error) {
	file, err := conf.StoreFile()
	if err != nil {
		return s, err
	}
	opened, err := store.Open(file, store.Options{Now: now, Size: commandStore, OnUpgrade: func(calls int) {
		fmt.Fprintf(words, "The store is brought up to date: %d calls are done.\n", calls)
	}})
	if errors.Is(err, store.ErrLocked) {
		return s, fmt.Errorf("%w\nit takes no commands: it is a server that is starting or stopping, so try again, or another program that must be stopped", err)
	}
	if err != nil {
		return s, err
	}
	force := store.NewLines(conf.Settings, opened)
	if err := force.Reload(ctx); err != nil {
		fmt.Fprintf(words, "What was edited of the lines' dates can't be read, so the configuration alone holds: %v\n", err)
	}
	archive, err := newArchive(conf, opened, archiveOptions{now: now})
	if err != nil {
		return s, errors.Join(err, opened.Close())
	}
	return control.Session{
		Now: now, Store: opened, Settings: force.InForce(), Notices: conf.Notices, Account: AccountOf(conf), Archive: archive,
	}, nil
}
