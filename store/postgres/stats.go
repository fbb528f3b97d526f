package postgres

import (
	"sync"
	"sync/atomic"
	"time"
)

// Stats are figures for metrics. The counts are of this process, since it opened the engine.
type Stats struct {
	InUse, Idle, Max int           // connections, those for urgent work included
	OldestSnapshot   time.Duration // the age of the oldest read transaction that is open
	Trips            int64         // round trips
	Retries          int64         // attempts at a transaction that had to run again
	Settled          int64         // commits whose answer was lost and that were found by their mark
	Unknown          int64         // commits of which it is not known whether they happened
	Away             time.Duration // since when the database does not answer; 0 if it does
}

type counters struct{ trips, retries, settled, unknown atomic.Int64 }

// Stats returns the figures of now.
func (e *Engine) Stats() Stats {
	s := Stats{
		OldestSnapshot: e.reading.oldest(time.Now()), Away: e.away.lasts(time.Now()), Trips: e.counts.trips.Load(),
		Retries: e.counts.retries.Load(), Settled: e.counts.settled.Load(), Unknown: e.counts.unknown.Load(),
	}
	for _, p := range []*pool{e.main, e.urgent} {
		now := p.Stat()
		s.InUse, s.Idle, s.Max = s.InUse+int(now.AcquiredConns()), s.Idle+int(now.IdleConns()), s.Max+int(now.MaxConns())
	}
	return s
}

// snapshots are the read transactions that are open.
type snapshots struct {
	mu   sync.Mutex
	open map[*tx]bool
}

func (s *snapshots) add(t *tx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[*tx]bool{}
	}
	s.open[t] = true
}

func (s *snapshots) remove(t *tx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, t)
}

func (s *snapshots) oldest(now time.Time) (age time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.open {
		age = max(age, now.Sub(t.began))
	}
	return age
}
