package server

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/alarms"
	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/figures"
	"github.com/officernd/supportline/twilio"
)

// An App is everything that answers calls, put together from a configuration: the store, the webhooks, the console, the counters. The server, the
// demo and the call scripts each run one.
type App struct {
	Conf     config.Config
	Store    *store.Store
	Now      func() time.Time
	Webhooks http.Handler
	Private  http.Handler        // the console; health and metrics too unless they have a listener of their own
	Health   http.Handler        // health and metrics alone
	Ringer   *ivr.Ringer         // nil: specialists are dialled on the caller's own call
	Archive  *recordings.Archive // of voicemails and recordings
	Phones   *phone.Simulator    // of the console
	Links    http.Handler        // the pages of links in messages, below /w/; nil: there are none
	Usage    *figures.Cache
	Counters *metrics
	Log      *zap.Logger
	Sampled  *zap.Logger // Log for lines that strangers can cause

	lines    *store.Lines
	rotas    *store.Rotas
	ended    *endedCalls
	toSend   chan struct{} // a step of a call left notices to send
	yielder  *yielder
	account  *twilio.Account // the company's at the provider
	queue    *ivr.Queue      // of the calls that this process starts there
	watched  *storeWatch
	trouble  *alarms.Trouble // with the store and the provider
	rounds   *alarms.Rounds
	stopping chan struct{} // closed when the server stops
	process  store.Process // this one, as others are told of it
	around   atomic.Pointer[around]
	disk     func(path string) (free, size uint64, ok bool)
}

// Open opens the store and puts the rest around it. size is the first size of a file, 0 for that of a server. The caller closes the App.
func Open(conf config.Config, now func() time.Time, log *zap.Logger, size int) (*App, error) {
	return OpenOver(nil, conf, now, log, size)
}

// OpenOver is Open with a transport to the provider's REST API other than the network, unless that is nil.
func OpenOver(transport http.RoundTripper, conf config.Config, now func() time.Time, log *zap.Logger, size int) (*App, error) {
	ctx := context.Background()
	engine, err := OpenEngine(ctx, conf.Store, EngineOptions{Now: now, Size: size})
	if err != nil {
		return nil, err
	}
	a := &App{
		Conf: conf, Now: now, Log: log, Sampled: sampled(log), ended: &endedCalls{}, toSend: make(chan struct{}, 1), Counters: newMetrics(conf.PublicURL),
		yielder: newYielder(), stopping: make(chan struct{}), watched: &storeWatch{engine: engine}, process: thisProcess(conf),
		disk: diskOf,
	}
	a.watched.register(a.Counters.registry)
	a.Counters.expectChannels(a.waysOut())
	o := store.Options{
		Now: now, OnCommit: a.Counters.committed, Yield: a.yielder.yield,
		OnUpgrade: func(calls int) { log.Info("the store is brought up to date", zap.Int("calls", calls)) },
	}
	if a.Store, err = store.Open(ctx, engine, o); err != nil {
		return nil, err
	}
	a.watched.look(ctx, log)
	a.expectWork()
	a.stand(ctx)
	if warning := bolt.Warning(conf.Store.File); warning != "" && !conf.Store.IsDatabase() {
		log.Warn("the disk of the store may not hold all that is acknowledged", zap.String("store", conf.Store.File), zap.String("what", warning))
	}
	if err := a.build(transport); err != nil {
		return nil, errors.Join(err, a.Store.Close())
	}
	return a, nil
}

// build puts everything else around the store.
func (a *App) build(transport http.RoundTripper) error {
	conf := a.Conf
	verifier, err := twilio.NewVerifier(conf.PublicURL, conf.Twilio.AccountSID, conf.Twilio.AuthToken, conf.Twilio.NextAuthToken)
	if err != nil {
		return err
	}
	if a.rotas, err = rotasOf(context.Background(), &conf, a.Store); err != nil {
		a.Log.Error("what was overridden of rotas, and their calendars, cannot be read: the configured turns alone are in force", zap.Error(err))
	}
	a.Conf = conf
	a.tellTurns(context.Background())
	a.lines = store.NewLines(conf.Settings, a.Store)
	if err := a.lines.Reload(context.Background()); err != nil { // callers are served all the same (rule 11)
		a.Log.Error("what was edited of the lines' dates cannot be read: the configuration alone is in force", zap.Error(err))
	}
	a.Usage = figures.NewCache(a.Store, conf.Settings, func(err error) { a.Log.Error("usage could not be derived", zap.Error(err)) })
	calls := watchedLog{a.callLog(), a.ended}
	if a.account, err = AccountOver(transport, conf, a.asked); err != nil {
		return err
	}
	a.queue = ivr.NewQueue(a.lines.Settings, a.account, a.Now, time.After)
	follow(a.Store, a.channels(conf.Notices), conf, a.lines)
	if conf.Settings.Announce { // specialists are rung by outbound legs
		a.Ringer = ivr.NewRinger(a.lines.Settings, conf.PublicURL, calls, a.queue, a.Now, a.Log)
	}
	told := recordings.Options{Now: a.Now, Logger: a.Log, Told: a.Counters.Recorded, By: a.process.ID}
	if a.Archive, err = newArchive(conf, a.Store, a.asked, told); err != nil {
		return err
	}
	a.trouble = alarms.NewTrouble(a.teller(), a.process.ID, a.Now, time.After, a.Log)
	a.rounds = a.newRounds()
	answering := ivr.Deps{
		Settings: a.lines.Settings, Words: conf.Words, Log: calls, Directory: a.Store, Verifier: verifier, Ringer: a.Ringer, PublicURL: conf.PublicURL,
		CallBacks: a.Store, Alarms: acting{a.Store, a.wake}, Texts: lostTexts{a.Store.NoticeLost},
		Now: a.Now, Logger: a.Log, Refusals: a.Sampled, Observer: troubled{a.Counters, a.trouble},
	}
	a.Links = a.links()
	a.Webhooks = a.public(ivr.NewWebhooks(answering))
	a.Phones = a.testPhones(answering)
	a.Health = a.healthRoutes()
	a.Private = a.privateRoutes()
	return nil
}

// Settings returns the settings in force.
func (a *App) Settings() policy.Settings { return a.lines.InForce() }

// Settle waits for what the App does beside the webhooks, and does what is due by itself, except that no notice leaves the process.
func (a *App) Settle(ctx context.Context) {
	a.Ringer.Wait()
	if a.Ringer == nil {
		return
	}
	announced := a.announcements(notices.Settings{})
	jobs := &Jobs{Store: a.Store, Settings: a.Conf.Settings, Notices: announced, Log: a.Log, Wake: func() {}}
	_ = jobs.LiveLimits(ctx, a.Now()) // the store that a script broke
	a.sender(announced).Once(ctx)
}

// Work does what is due by itself and rings people: alarms go on, and are told by calls and texts alone, and callers are called back.
func (a *App) Work(ctx context.Context) {
	_ = a.rounds.Once(ctx) // what the store or the provider refuses is due again
	a.sender(a.outbound().addedTo(notices.Settings{})).Once(ctx)
	_ = a.callBacks().Once(ctx)
}

// Stop ends the calls from the console and the pages that wait for something to happen.
func (a *App) Stop() {
	a.Phones.Close()
	close(a.stopping)
}

// Close ends the calls from the console, lets what runs beside the calls end, and closes the store. Nothing may use the App after it.
func (a *App) Close() error {
	a.Phones.Close()
	a.Ringer.Wait()
	return a.Store.Close()
}
