package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/twilio"
)

// commandStore is the size of a store that a command has to make. The server gives it the room it needs for speed.
const commandStore = 1 << 20

// Session returns a session on the open store, without the person's side.
func (a *App) Session() control.Session {
	return session(a.Conf, a.Now, a.Store, a.lines, a.Archive)
}

func session(conf config.Config, now func() time.Time, s *store.Store, lines *store.Lines, archive *recordings.Archive) control.Session {
	return control.Session{
		Now: now, Store: s, Settings: lines.InForce(), Notices: conf.Notices, Archive: archive,
		Account: func() (*twilio.Account, error) { return Account(conf, nil) },
	}
}

// OpenSession opens the store for one command where no server has it open, and returns a session without the person's side. What the person
// should know is written to words. The caller closes the session's store.
func OpenSession(ctx context.Context, conf config.Config, now func() time.Time, words io.Writer) (s control.Session, err error) {
	file, err := conf.StoreFile()
	if err != nil {
		return s, err
	}
	opened, err := bolt.OpenStore(file, commandStore, store.Options{Now: now, OnUpgrade: func(calls int) {
		fmt.Fprintf(words, "The store is brought up to date: %d calls are done.\n", calls)
	}})
	if errors.Is(err, store.ErrLocked) {
		return s, fmt.Errorf("%w\nit takes no commands: it is a server that is starting or stopping, so try again, or another program that must be stopped", err)
	}
	if err != nil {
		return s, err
	}
	lines := store.NewLines(conf.Settings, opened)
	if err := lines.Reload(ctx); err != nil {
		fmt.Fprintf(words, "What was edited of the lines' dates can't be read, so the configuration alone holds: %v\n", err)
	}
	archive, err := newArchive(conf, opened, nil, recordings.Options{Now: now})
	if err != nil {
		return s, errors.Join(err, opened.Close())
	}
	return session(conf, now, opened, lines, archive), nil
}
