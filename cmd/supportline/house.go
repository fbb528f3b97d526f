package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/twilio"
)

// house is everything that answers calls, put together from a configuration: the store, the webhooks, the counters. The server, the demo
// and the call scripts all live in one.
type house struct {
	conf     config.Config
	store    *store.Store
	now      func() time.Time
	log      *zap.Logger
	inForce  *store.Lines
	ended    *endedCalls
	counters *metrics
	courtesy *courtesy
	usage    *store.UsageCache
	account  *twilio.Account     // for calls with a conference; nil: there are none
	ringer   *ivr.Ringer         // nil: specialists are rung on the call
	archive  *recordings.Archive // of voicemails and recordings
	phones   *phone.Simulator    // of the console
	webhooks http.Handler
	stopping chan struct{} // closed when the server stops
	private  http.Handler  // health, metrics and the console
}

// openHouse opens the store and puts the rest around it. The caller closes the house.
func openHouse(conf config.Config, now func() time.Time, log *zap.Logger, o store.Options) (*house, error) {
	return openHouseOver(nil, conf, now, log, o)
}

// openHouseOver is openHouse with another way to the provider's REST API than the network.
func openHouseOver(way http.RoundTripper, conf config.Config, now func() time.Time, log *zap.Logger, o store.Options) (*house, error) {
	file, err := conf.StoreFile()
	if err != nil {
		return nil, err
	}
	verifier, err := twilio.NewVerifier(conf.PublicURL, conf.Twilio.AccountSID, conf.Twilio.AuthToken, conf.Twilio.NextAuthToken)
	if err != nil {
		return nil, err
	}
	counters := newMetrics()
	o.Now, o.OnCommit = now, counters.committed
	courtesy := newCourtesy()
	o.Yield = courtesy.yield
	o.OnUpgrade = func(calls int) { log.Info("the store is brought up to date", zap.Int("calls", calls)) }
	opened, err := store.Open(file, o)
	if err != nil {
		return nil, err
	}
	if err := refuseLeftRotation(opened); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	h := &house{
		conf: conf, store: opened, now: now, log: log, inForce: store.NewLines(conf.Settings, opened), ended: &endedCalls{}, counters: counters,
		courtesy: courtesy, stopping: make(chan struct{}),
	}
	if err := h.inForce.Reload(context.Background()); err != nil { // callers are served all the same (rule 11)
		log.Error("what was edited of the lines' dates cannot be read: the configuration alone is in force", zap.Error(err))
	}
	h.usage = store.NewUsageCache(opened, conf.Settings, func(err error) { log.Error("usage could not be derived", zap.Error(err)) })
	calls := watchedLog{opened, h.ended}
	if err := h.conferences(way, calls); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	if h.archive, err = newArchive(conf, opened, archiveOptions{now: now, log: log, told: counters.recorded, ask: counters.asked}); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	answering := ivr.Deps{
		Settings: h.inForce.Settings, Words: conf.Words, Log: calls, Directory: opened, Verifier: verifier, Ringer: h.ringer, PublicURL: conf.PublicURL,
		Now: now, Logger: log, Observer: counters,
	}
	h.webhooks = ivr.NewWebhooks(answering)
	h.phones = h.testPhones(answering)
	h.private = h.privateRoutes()
	return h, nil
}

// refuseLeftRotation returns an error if an older version left a change of the auth token half-way: that version alone knows both tokens, and
// after the promotion this one would refuse every call.
func refuseLeftRotation(s *store.Store) error {
	left, err := s.HasRotation(context.Background())
	if err != nil || !left {
		return err
	}
	return errors.New("an older version left a change of the auth token half-way: start that version again, and end the change there with " +
		"\"supportline rotate-token\" until it says that the old token is dropped, or give it up with \"supportline rotate-token --cancel\"; then start this one")
}

// conferences lets specialists be rung beside their calls, where the configuration asks for that.
func (h *house) conferences(way http.RoundTripper, calls ivr.Log) (err error) {
	if !h.conf.Settings.Announce {
		return nil
	}
	if h.account, err = server.AccountOver(way, h.conf, h.counters.asked); err != nil {
		return err
	}
	h.ringer = ivr.NewRinger(h.inForce.Settings, h.conf.PublicURL, calls, h.account, h.now, h.log)
	return nil
}

// session returns a session on the open store, without a person.
func (h *house) session() control.Session {
	return control.Session{
		Now: h.now, Store: h.store, Settings: h.inForce.InForce(), Notices: h.conf.Notices, Account: server.AccountOf(h.conf), Archive: h.archive,
	}
}

// Close ends the calls from the console, lets what runs beside the calls end, and closes the store. Nothing may use the house after it.
func (h *house) Close() error {
	h.phones.Close()
	h.ringer.Wait()
	return h.store.Close()
}

// privateRoutes are for the people who run the house: /healthz (the process answers), /readyz (the store can be written) and /metrics, for
// anybody who reaches the listener, and the console for those who sign in.
func (h *house) privateRoutes() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, server.Health{Status: "ok", Version: server.Version(), Now: h.now().UTC()})
	})
	routes.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := h.store.Ping(r.Context()); err != nil {
			h.log.Error("not ready", zap.Error(err))
			answer(w, http.StatusServiceUnavailable, server.Health{Status: err.Error(), Version: server.Version(), Now: h.now().UTC()})
			return
		}
		answer(w, http.StatusOK, server.Health{Status: "ready", Version: server.Version(), Now: h.now().UTC()})
	})
	routes.Handle("GET /metrics", h.counters.handler())
	routes.Handle("/", h.console())
	return routes
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone needs no answer
}

// newLogger writes one JSON object a line. Telephone numbers mask themselves when they are logged (policy.Phone).
func newLogger(w io.Writer) *zap.Logger {
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(encoding), zapcore.Lock(zapcore.AddSync(w)), zap.InfoLevel))
}
