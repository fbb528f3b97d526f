package server

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres"
)

// storeWatch is a server's knowledge of the state of its store's engine without asking it.
type storeWatch struct {
	engine store.Engine

	mu      sync.Mutex
	notHeld []postgres.Warning // what the database does not hold of what is acknowledged
}

// notHeldEvery is how often the settings of the database are looked at. They change when somebody restarts it.
const notHeldEvery = time.Minute

// look asks a database what it does not hold, and logs what was not known before.
func (w *storeWatch) look(ctx context.Context, log *zap.Logger) {
	database, ok := w.engine.(*postgres.Engine)
	if !ok {
		return
	}
	found, err := database.Warnings(ctx)
	if err != nil { // that it is away is seen elsewhere
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range found {
		if !slices.Contains(w.notHeld, n) {
			log.Warn("the database does not hold all that is acknowledged", zap.String("setting", n.Setting), zap.String("what", n.Text))
		}
	}
	w.notHeld = found
}

// awayEvery is how often it is looked whether the database went away or came back.
const awayEvery = time.Second

// followOutages logs once that the database went away, which it calls went for, and once that it is back, until ctx ends. awayFor returns since when it does not answer, and 0
// while it does.
func followOutages(ctx context.Context, awayFor func() time.Duration, went func(), log *zap.Logger) {
	var longest time.Duration
	every(ctx, awayEvery, func() {
		switch away := awayFor(); {
		case away > 0 && longest == 0:
			log.Error("the database is away: callers are connected, and nothing is logged of them")
			longest = away
			went()
		case away > 0:
			longest = away
		case longest > 0:
			log.Info("the database is back: the log is repaired from the provider's list", zap.Duration("away", longest))
			longest = 0
		}
	})
}

// warnings returns what the database does not hold.
func (w *storeWatch) warnings() []postgres.Warning {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.notHeld)
}

// state returns "ok", or for how long the database has not answered.
func (w *storeWatch) state() string {
	if away := w.stats().Away; away > 0 {
		return fmt.Sprintf("the database has not answered for %v", max(away, time.Second).Truncate(time.Second))
	}
	return "ok"
}

// stats returns the figures of a database's engine; those of a file are zero.
func (w *storeWatch) stats() postgres.Stats {
	if database, ok := w.engine.(*postgres.Engine); ok {
		return database.Stats()
	}
	return postgres.Stats{}
}

// register makes the gauges of the engine. All of them are there from the start, whatever the engine.
func (w *storeWatch) register(registry prometheus.Registerer) {
	gauge := func(name, help string, value func(postgres.Stats) float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "supportline_store_" + name, Help: help}, func() float64 { return value(w.stats()) }))
	}
	counter := func(name, help string, value func(postgres.Stats) int64) {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "supportline_store_" + name, Help: help}, func() float64 { return float64(value(w.stats())) }))
	}
	gauge("connections_in_use", "Connections to the database that are in use.", func(s postgres.Stats) float64 { return float64(s.InUse) })
	gauge("connections_max", "The most connections to the database that this process opens.", func(s postgres.Stats) float64 { return float64(s.Max) })
	gauge("oldest_snapshot_seconds", "The age of the oldest read transaction that is open: the database tidies nothing up that is younger.", func(s postgres.Stats) float64 { return s.OldestSnapshot.Seconds() })
	gauge("away_seconds", "For how long the database has not answered; 0 while it does.", func(s postgres.Stats) float64 { return s.Away.Seconds() })
	counter("round_trips_total", "Round trips to the database.", func(s postgres.Stats) int64 { return s.Trips })
	counter("retries_total", "Transactions that had to run again.", func(s postgres.Stats) int64 { return s.Retries })
	counter("settled_outcomes_total", "Commits whose answer was lost, and of which it was found out whether they happened.", func(s postgres.Stats) int64 { return s.Settled })
	counter("unknown_outcomes_total", "Commits of which it is not known whether they happened.", func(s postgres.Stats) int64 { return s.Unknown })
	for _, setting := range postgres.HoldingSettings() {
		opts := prometheus.GaugeOpts{
			Name: "supportline_store_not_held", Help: "1 where a setting of the database lets go of what was acknowledged.", ConstLabels: prometheus.Labels{"setting": setting},
		}
		registry.MustRegister(prometheus.NewGaugeFunc(opts, func() float64 {
			if slices.ContainsFunc(w.warnings(), func(n postgres.Warning) bool { return n.Setting == setting }) {
				return 1
			}
			return 0
		}))
	}
}
