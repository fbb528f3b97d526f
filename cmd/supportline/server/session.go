package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/alarms"
	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/link"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
)

// Session returns a session on the open store, without the person's side.
func (a *App) Session() control.Session {
	s := session(a.Conf, a.Now, a.Store, a.lines, a.rotas, a.Archive, a.yielder.yield)
	s.FollowUps, s.Offers = acting{a.Store, a.wake}, a.offers()
	s.Sample = func(ctx context.Context, receiver string) ([]alarms.Sent, error) {
		return a.teller().Sample(ctx, receiver, a.Now())
	}
	return s
}

func session(conf config.Config, now func() time.Time, s *store.Store, lines *store.Lines, rotas *store.Rotas, archive *recordings.Archive, yield func()) control.Session {
	key, _ := link.Key(s.Secret()) // a secret is no key at worst, and then what is offered leads to the company's page itself
	by := func() store.Offering {
		return store.Offering{Settings: lines.InForce(), Link: offerLink(key, conf.PublicURL)}
	}
	return control.Session{
		Now: now, Store: s, FollowUps: s, Offers: offering{s, by, func() {}}, Rotas: rotas, Settings: lines.InForce(), Notices: conf.Notices, Archive: archive,
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
	rotas, err := rotasOf(ctx, &conf, opened)
	if err != nil {
		fmt.Fprintf(words, "What was overridden of rotas can't be read, so their configured turns alone hold: %v\n", err)
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
	s = session(conf, now, opened, lines, rotas, archive, nil)
	s.Sample = func(ctx context.Context, receiver string) ([]alarms.Sent, error) {
		if way, _, _ := strings.Cut(receiver, ":"); way == string(policy.ChannelCall) || way == string(policy.ChannelSMS) {
			return nil, errors.New("calls and texts go out through the server, which answers for them: start it with \"supportline serve\", and try again")
		}
		return TellerOf(conf, conf.Notices, opened, lines.InForce).Sample(ctx, receiver, now())
	}
	return s, nil
}

// SessionWithoutStore returns a session of what the configuration alone has, without the person's side.
func SessionWithoutStore(conf config.Config, now func() time.Time) control.Session {
	return control.Session{Now: now, Settings: conf.Settings, Rotas: store.NewRotas(conf.Rotas, conf.Settings, nil)}
}

// rotasOf returns who is on call, and makes the configuration's people be reached by it. After an error the configured turns are in force.
func rotasOf(ctx context.Context, conf *config.Config, s *store.Store) (*store.Rotas, error) {
	rotas := store.NewRotas(conf.Rotas, conf.Settings, s)
	if len(conf.Rotas) > 0 {
		conf.Settings.Roster = rotas
	}
	return rotas, rotas.Reload(ctx)
}

// tellTurns logs whose turns the configuration gives to another person than the one before it did, and stores that it is in force.
func (a *App) tellTurns(ctx context.Context) {
	before, err := a.Store.TurnsInForce(ctx)
	if err == nil {
		for _, c := range oncall.TurnChanges(before, a.Conf.Rotas, a.Now()) {
			a.Log.Warn("whose turn it is was changed by the configuration", zap.String("rota", c.Rota), zap.String("was", string(c.Was)),
				zap.String("now", string(c.Now)), zap.Time("until", c.Until))
		}
		err = a.Store.PutInForce(ctx, a.Conf.Rotas)
	}
	if err != nil {
		a.Log.Error("the rotas of the configuration before could not be compared with those of this one", zap.Error(err))
	}
}
