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
	"github.com/officernd/supportline/twilio"
)

// Session returns a session on the open store, without the person's side.
func (a *App) Session() control.Session {
	return session(a.Conf, a.Now, a.Store, a.lines, a.Archive, a.yielder.yield)
}

func session(conf config.Config, now func() time.Time, s *store.Store, lines *store.Lines, archive *recordings.Archive, yield func()) control.Session {
	return control.Session{
		Now: now, Store: s, Settings: lines.InForce(), Notices: conf.Notices, Archive: archive,
		Account: func() (*twilio.Account, error) { return Account(conf, nil) },
		Backup:  backup(conf, now, s, yield),
	}
}

// OpenSession opens the store for one command where no server has its file open, and returns a session without the person's side. What the person
// should know is written to words. begin is that the command may begin a store; otherwise one that is not there is ErrNoStore. The caller closes the
// session's store.
func OpenSession(ctx context.Context, conf config.Config, begin bool, now func() time.Time, words io.Writer) (s control.Session, err error) {
	opened, err := openHere(ctx, conf.Store, begin, store.Options{Now: now, OnUpgrade: func(calls int) {
		fmt.Fprintf(words, "The store is brought up to date: %d calls are done.\n", calls)
	}})
	if err != nil {
		return s, err
	}
	lines := store.NewLines(conf.Settings, opened)
	if err := lines.Reload(ctx); err != nil {
		fmt.Fprintf(words, "What was edited of the lines' dates can't be read, so the configuration alone holds: %v\n", err)
	}
	follow(opened, outbound{smsFrom: conf.Twilio.SMSFrom}.addedTo(conf.Notices), conf, lines)
	archive, err := newArchive(conf, opened, nil, recordings.Options{Now: now})
	if err != nil {
		return s, errors.Join(err, opened.Close())
	}
	return session(conf, now, opened, lines, archive, nil), nil
}
