package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// steps are those of calls that were tried, by many at once.
type steps struct {
	t  *testing.T
	mu sync.Mutex
	// acknowledged are the keys of those that returned no error, by call, and refused those of which the error says that they were not written.
	acknowledged, refused map[policy.CallSID][]string
	done, failed          int
}

func newSteps(t *testing.T) *steps {
	return &steps{t: t, acknowledged: map[policy.CallSID][]string{}, refused: map[policy.CallSID][]string{}}
}

// advance makes one step of a call.
func (s *steps) advance(ctx context.Context, log *store.Store, sid policy.CallSID, key string) {
	_, err := log.Advance(ctx, sid, func(c policy.Call) policy.Call {
		if c.StartedAt.IsZero() {
			c.Line, c.From, c.StartedAt, c.Answered = "+448000668187", "+442079460018", began, true
		}
		c.Exchanges = append(c.Exchanges, policy.Exchange{Key: key, At: began, Reply: []byte(`{"say":"welcome"}`)})
		c.State.Exchange++
		return c
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
	case errors.Is(err, store.ErrUnknown), ctx.Err() != nil: // who has left does not hear
		s.failed++
		return
	default:
		s.failed++
		s.refused[sid] = append(s.refused[sid], key)
		return
	}
	s.done++
	s.acknowledged[sid] = append(s.acknowledged[sid], key)
}

var began = time.Date(2026, time.November, 23, 14, 0, 0, 0, time.UTC)

// counts returns how many steps were acknowledged, and how many failed.
func (s *steps) counts() (done, failed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done, s.failed
}

// check compares the log with what was acknowledged: nothing is lost, and nothing is there twice.
func (s *steps) check(log *store.Store) {
	s.t.Helper()
	beyond := 0
	for sid, want := range s.acknowledged {
		c, err := log.Call(s.t.Context(), sid)
		if err != nil {
			s.t.Error(err)
			continue
		}
		var keys []string
		for _, x := range c.Exchanges {
			keys = append(keys, x.Key)
		}
		slices.Sort(keys)
		if n := len(keys); len(slices.Compact(keys)) != n || c.State.Exchange != n {
			s.t.Errorf("%s has %d steps, of which some are there twice: %q", sid, n, keys)
		}
		for _, key := range want {
			if _, found := slices.BinarySearch(keys, key); !found {
				s.t.Errorf("%s lost step %s", sid, key)
			}
		}
		for _, key := range s.refused[sid] {
			if _, found := slices.BinarySearch(keys, key); found {
				s.t.Errorf("%s has step %s, whose error said that it was not written", sid, key)
			}
		}
		beyond += len(keys) - len(want)
	}
	listed := 0
	for _, err := range log.Calls(s.t.Context(), policy.Filter{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		listed++
	}
	outcomes, err := log.CountCalls(s.t.Context(), []time.Time{began, began.Add(time.Hour)})
	if err != nil {
		s.t.Fatal(err)
	}
	if counted := outcomes[0].All(); listed < len(s.acknowledged) || counted != listed {
		s.t.Errorf("%d calls have steps that were acknowledged, %d are listed, and %d are counted", len(s.acknowledged), listed, counted)
	}
	s.t.Logf("%d steps of %d calls were acknowledged, %d failed, of which %d are there", s.done, len(s.acknowledged), s.failed, beyond)
}

// crowd calls a function in many goroutines.
func crowd(n int, work func(worker int)) {
	var all sync.WaitGroup
	for worker := range n {
		all.Go(func() { work(worker) })
	}
	all.Wait()
}

// TestThreeStoresAdvanceTheSameCalls lets the steps of a call come to any of three processes.
func TestThreeStoresAdvanceTheSameCalls(t *testing.T) {
	d, s := newDatabase(t), newSteps(t)
	logs := []*store.Store{open(t, d.engine(t)), open(t, d.engine(t)), open(t, d.engine(t))}
	crowd(24, func(worker int) {
		for n := range 10 {
			s.advance(t.Context(), logs[(worker+n)%len(logs)], policy.CallSID(fmt.Sprintf("CA%02d", (worker*7+n)%10)), fmt.Sprintf("%d/%d", worker, n))
		}
	})
	for _, log := range logs {
		s.check(log)
	}
	if done, failed := s.counts(); done != 240 || failed != 0 {
		t.Errorf("%d steps were acknowledged, and %d failed", done, failed)
	}
}

// load lets 64 writers work, two for each call. after waits until some more steps were acknowledged, and stop ends the work.
func (s *steps) load(log *store.Store) (after func(steps int), stop func()) {
	working, cancel := context.WithCancel(s.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		crowd(64, func(worker int) {
			for n := 0; working.Err() == nil; n++ {
				ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Second)
				s.advance(ctx, log, policy.CallSID(fmt.Sprintf("CA%02d-%d", worker/2, n/20)), fmt.Sprintf("%d/%d", worker, n))
				cancel()
			}
		})
	}()
	after = func(steps int) {
		already, _ := s.counts()
		eventually(s.t, time.Minute, "more steps", func() bool { done, _ := s.counts(); return done > already+steps })
	}
	return after, func() {
		cancel()
		<-ended
	}
}

// checkAnew compares the log with what was acknowledged, as another process reads it, and its indexes with its records.
func (s *steps) checkAnew(d database) {
	s.t.Helper()
	s.check(open(s.t, d.engine(s.t)))
	e := d.engine(s.t)
	defer e.Close()
	indexIsSound(s.t, e)
}

// TestDatabaseIsKilledUnderLoad kills all processes of the database's server.
func TestDatabaseIsKilledUnderLoad(t *testing.T) {
	server := postgrestest.NewServer(t)
	d, s := database(server.Database(t)), newSteps(t)
	log := open(t, d.engine(t))
	after, stop := s.load(log)
	for range 3 {
		after(500)
		server.Kill(t)
		server.Start(t)
	}
	after(500)
	stop()
	s.check(log)
	s.checkAnew(d)
}

// TestDatabaseFailsOverUnderLoad kills the database's server, and lets a standby take its place that has each commit.
func TestDatabaseFailsOverUnderLoad(t *testing.T) {
	server := postgrestest.NewServer(t)
	url := server.Database(t)
	standby := server.Standby(t)
	d, s := database(postgrestest.WithStandby(t, url, standby)), newSteps(t)
	log := open(t, d.engine(t))
	after, stop := s.load(log)
	after(500)
	server.Kill(t)
	standby.Promote(t)
	after(500)
	stop()
	s.check(log)
	s.checkAnew(d)
}
