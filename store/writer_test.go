package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// commits counts what a store reports of its commits.
type commits struct {
	sync.Mutex
	good, failed, requests int
}

func (c *commits) heard(_ time.Duration, requests int, err error) {
	c.Lock()
	defer c.Unlock()
	if err != nil {
		c.failed++
		return
	}
	c.good++
	c.requests += requests
}

func step(c policy.Call) policy.Call {
	c.State.Exchange++
	return c
}

func TestACrowdSharesCommits(t *testing.T) { onEach(t, aCrowdSharesCommits) }

func aCrowdSharesCommits(t *testing.T, p place) {
	var heard commits
	s := p.open(t, store.Options{OnCommit: heard.heard})
	var all sync.WaitGroup
	for worker := range 64 {
		all.Go(func() {
			for range 20 {
				if _, err := s.Advance(t.Context(), policy.CallSID(fmt.Sprint("CA", worker)), step); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if heard.requests != 64*20 || heard.good > heard.requests/2 {
		t.Errorf("%d requests took %d commits, want %d in at most half as many", heard.requests, heard.good, 64*20)
	}
}

func TestWhatSharesACommitFailsAlone(t *testing.T) { onEach(t, whatSharesACommitFailsAlone) }

func whatSharesACommitFailsAlone(t *testing.T, p place) {
	s := p.open(t, store.Options{})
	// The first request holds the writer until the others wait, so that they share the next commit.
	holding, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_, err := s.Advance(t.Context(), "CA0", func(c policy.Call) policy.Call { close(holding); <-release; return step(c) })
		if err != nil {
			t.Error(err)
		}
	})
	<-holding
	results := make([]error, 10)
	for n := range results {
		all.Go(func() {
			_, results[n] = s.Advance(t.Context(), "CA1", func(c policy.Call) policy.Call {
				if n%2 == 0 {
					panic("a bug")
				}
				return step(c)
			})
		})
	}
	close(release)
	all.Wait()
	for n, err := range results {
		if (n%2 == 0) != (err != nil) {
			t.Errorf("request %d: error %v", n, err)
		}
	}
	c, err := s.Call(t.Context(), "CA1")
	if err != nil || c.State.Exchange != 5 {
		t.Errorf("%d of 5 good steps were kept, %v", c.State.Exchange, err)
	}
	if _, err := s.Advance(t.Context(), "CA1", func(policy.Call) policy.Call { panic("a bug") }); err == nil || !strings.Contains(err.Error(), "a bug") {
		t.Errorf("a panic gives %v", err)
	}
}

func TestNobodyWaitsForADiskThatHangs(t *testing.T) { onEach(t, nobodyWaitsForADiskThatHangs) }

func nobodyWaitsForADiskThatHangs(t *testing.T, p place) {
	var hangs atomic.Bool
	hanging, release := make(chan struct{}), make(chan struct{})
	s := p.open(t, store.Options{OnCommit: func(time.Duration, int, error) {
		if hangs.CompareAndSwap(true, false) {
			close(hanging)
			<-release
		}
	}})
	if _, err := s.Advance(t.Context(), "CA1", step); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	hangs.Store(true)
	answers := make(chan error)
	advance := func(sid policy.CallSID) {
		_, err := s.Advance(ctx, sid, step)
		answers <- err
	}
	go advance("CA1")
	<-hanging
	go advance("CA2")
	cancel()
	unknown := 0
	for range 2 {
		err := <-answers
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		} else if strings.Contains(err.Error(), "outcome is not known") {
			unknown++
		}
	}
	if unknown != 1 {
		t.Errorf("%d of the two are told that the outcome is not known, want that whose commit was under way", unknown)
	}
	close(release)
	if c, err := s.Advance(t.Context(), "CA1", step); err != nil || c.State.Exchange != 3 {
		t.Errorf("exchange %d, %v; the step whose commit was under way was kept, so want 3", c.State.Exchange, err)
	}
	if _, err := s.Call(t.Context(), "CA2"); !errors.Is(err, policy.ErrNoCall) {
		t.Errorf("the step that waited when its sender left: got %v, want none", err)
	}
}

// TestAStepOnTopOfACommitThatFailed holds a failed commit until a step was made on top of it and the disk is well again: that step is lost
// with the one that it saw, and the next one continues from what is in the file.
func TestAStepOnTopOfACommitThatFailed(t *testing.T) {
	for name, reply := range map[string]string{"in memory": "x", "more than memory holds": strings.Repeat("x", 3<<20)} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, p place) {
				var holds atomic.Bool
				failed, release := make(chan struct{}), make(chan struct{})
				s := p.open(t, store.Options{OnCommit: func(time.Duration, int, error) {
					if holds.CompareAndSwap(true, false) {
						close(failed)
						<-release
					}
				}})
				grow := func(c policy.Call) policy.Call {
					c.Exchanges = append(c.Exchanges, policy.Exchange{Key: fmt.Sprint(len(c.Exchanges)), Reply: []byte(`"` + reply + `"`)})
					return step(c)
				}
				before, err := s.Advance(t.Context(), "CA1", grow)
				if err != nil {
					t.Fatal(err)
				}
				full := errors.New("disk full")
				answers := make(chan error, 2)
				advance := func(change func(policy.Call) policy.Call) {
					_, err := s.Advance(t.Context(), "CA1", change)
					answers <- err
				}
				holds.Store(true)
				s.FailWrites(full)
				go advance(grow)
				<-failed
				s.FailWrites(nil)
				applied := make(chan int)
				go advance(func(c policy.Call) policy.Call { applied <- c.State.Exchange; return grow(c) })
				if turns := <-applied; turns != 2 {
					t.Errorf("the step on top of the commit under way sees %d turns, want 2", turns)
				}
				close(release)
				for range 2 {
					if err := <-answers; !errors.Is(err, full) {
						t.Errorf("a step of the commit that failed, or on top of it: %v, want %v", err, full)
					}
				}
				c, err := s.Call(t.Context(), "CA1")
				if err != nil || c.State.Exchange != before.State.Exchange || len(c.Exchanges) != len(before.Exchanges) {
					t.Errorf("after the commit failed: %d turns, %v", c.State.Exchange, err)
				}
				if c, err = s.Advance(t.Context(), "CA1", grow); err != nil || c.State.Exchange != 2 || len(c.Exchanges) != 2 {
					t.Errorf("the next step: exchange %d of %d, %v; want 2", c.State.Exchange, len(c.Exchanges), err)
				}
				if c, err = s.Call(t.Context(), "CA1"); err != nil || len(c.Exchanges) != 2 || c.Exchanges[1].Key != "1" {
					t.Errorf("the call in the end: %d turns, %v", len(c.Exchanges), err)
				}
			})
		})
	}
}

// TestCallsAreIndexedWhileMemoryIsShort lets calls be indexed in a batch that waits for the commit before it, which drops what memory does not
// hold, and changes these calls at that very moment. The file is checked in the end.
func TestCallsAreIndexedWhileMemoryIsShort(t *testing.T) {
	onEach(t, callsAreIndexedWhileMemoryIsShort)
}

func callsAreIndexedWhileMemoryIsShort(t *testing.T, p place) {
	var holds atomic.Pointer[chan struct{}]
	holding := make(chan struct{})
	s := p.open(t, store.Options{OnCommit: func(time.Duration, int, error) {
		if release := holds.Swap(nil); release != nil {
			holding <- struct{}{}
			<-*release
		}
	}})
	var all sync.WaitGroup
	advance := func(sid string, change func(policy.Call) policy.Call) {
		if _, err := s.Advance(t.Context(), policy.CallSID(sid), change); err != nil {
			t.Error(err)
		}
	}
	ends := func(c policy.Call) policy.Call { c.StartedAt, c.LeftAt = morning, morning.Add(time.Minute); return c }
	for round := range 15 {
		name := func(n int) string { return fmt.Sprintf("CA-%d-%d", round, n) }
		for n := range 64 {
			all.Go(func() { advance(name(n), func(c policy.Call) policy.Call { c.StartedAt = morning; return c }) })
		}
		all.Wait()
		for n := range 32 {
			all.Go(func() { advance(name(n), ends) })
		}
		all.Wait()
		release := make(chan struct{})
		holds.Store(&release)
		all.Go(func() { // more than memory holds
			advance(name(64), func(c policy.Call) policy.Call {
				c.Exchanges = []policy.Exchange{{Key: "k", Reply: []byte(`"` + strings.Repeat("x", 3<<20) + `"`)}}
				return c
			})
		})
		<-holding
		applied := make(chan struct{})
		for n := 32; n < 64; n++ {
			all.Go(func() { advance(name(n), func(c policy.Call) policy.Call { applied <- struct{}{}; return ends(c) }) })
		}
		for range 32 {
			<-applied
		}
		for n := range 32 {
			all.Go(func() {
				<-release
				advance(name(n), func(c policy.Call) policy.Call { c.Ticket = "4711"; return c })
			})
		}
		close(release)
		all.Wait()
	}
}

func TestFailedCommitsAreHeardOf(t *testing.T) { onEach(t, failedCommitsAreHeardOf) }

func failedCommitsAreHeardOf(t *testing.T, p place) {
	var heard commits
	s := p.open(t, store.Options{OnCommit: heard.heard})
	s.FailWrites(errors.New("disk full"))
	for range 3 {
		if _, err := s.Advance(t.Context(), "CA1", step); err == nil || !strings.Contains(err.Error(), "cannot write: disk full") {
			t.Errorf("got %v", err)
		}
	}
	if heard.good != 0 || heard.failed != 3 {
		t.Errorf("%d commits and %d failures were heard of, want 3 failures", heard.good, heard.failed)
	}
}

func TestAReviewThatFindsNothingNewWritesNothing(t *testing.T) {
	onEach(t, aReviewThatFindsNothingNewWritesNothing)
}

func aReviewThatFindsNothingNewWritesNothing(t *testing.T, p place) {
	var heard commits
	s := p.open(t, store.Options{OnCommit: heard.heard})
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{{Number: "204518", Name: "Northwind"}}, "anna"); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		verdict, err := s.Review(t.Context(), "204518", "2026-11", policy.FairUse{SustainedWithin: 3}, func(policy.ReviewInput) policy.Verdict {
			return policy.Verdict{Notices: []policy.Notice{{Key: "tickets/204518/2026-11/80"}}}
		})
		if err != nil || (len(verdict.Notices) == 1) != (n == 0) {
			t.Errorf("review %d tells %+v, %v; want its notice the first time only", n+1, verdict.Notices, err)
		}
	}
	if heard.good != 2 {
		t.Errorf("an import and three reviews took %d commits, want 2", heard.good)
	}
}

func TestTheFileHasRoomAndGrows(t *testing.T) {
	f := newFile(t)
	s := f.open(t, store.Options{})
	size := func() int64 {
		info, err := os.Stat(f.path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if began := size(); began < 1<<20 || began > 4<<20 {
		t.Errorf("a new file has %d bytes, want 1 MB and what is kept ahead", began)
	}
	reply := `"` + strings.Repeat("x", 100_000) + `"`
	for n := range 40 {
		change := func(c policy.Call) policy.Call {
			c.Exchanges = []policy.Exchange{{Key: "k", Reply: []byte(reply)}}
			return c
		}
		if _, err := s.Advance(t.Context(), policy.CallSID(fmt.Sprint("CA", n)), change); err != nil {
			t.Fatal(err)
		}
	}
	if size() < 4_000_000 {
		t.Errorf("with 4 MB of calls the file has %d bytes", size())
	}
}

func TestMemoryIsBounded(t *testing.T) { onEach(t, memoryIsBounded) }

func memoryIsBounded(t *testing.T, p place) {
	s := p.open(t, store.Options{})
	reply := `"` + strings.Repeat("x", 20_000) + `"`
	var all sync.WaitGroup
	for worker := range 16 {
		all.Go(func() {
			for n := range 100 {
				change := func(c policy.Call) policy.Call {
					c.Exchanges = []policy.Exchange{{Key: "k", Reply: []byte(reply)}}
					return c
				}
				if _, err := s.Advance(t.Context(), policy.CallSID(fmt.Sprintf("CA-%d-%d", worker, n)), change); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 24<<20 {
		t.Errorf("32 MB of calls in progress hold %d MB of heap, want less than 24", m.HeapAlloc>>20)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// guess enters a wrong customer number on a call, from another spelling of a number than is counted, and returns those that were entered before it, as
// soon as the step is applied, and most of them at most. The commit's end is sent to done.
func guess(t *testing.T, s *store.Store, sid policy.CallSID, most int, done chan<- error) policy.WrongNumbers {
	t.Helper()
	applied := make(chan policy.WrongNumbers, 1)
	count := policy.WrongNumberCount{Caller: "+442079460018", Since: morning, AtMost: policy.WrongNumbers{ByCaller: most, InAll: most}}
	go func() {
		_, err := s.AdvanceCounting(t.Context(), sid, count, func(c policy.Call, wrong policy.WrongNumbers) policy.Call {
			applied <- wrong
			c.From, c.StartedAt, c.WrongNumbers = "442079460018", morning, append(c.WrongNumbers, morning)
			return c
		})
		done <- err
	}()
	select {
	case wrong := <-applied:
		return wrong
	case <-time.After(10 * time.Second):
		t.Fatal("the step waits for a commit")
		return policy.WrongNumbers{}
	}
}

// TestWrongNumbersCountOnceWhereverTheirCommitIs: each step sees the wrong numbers of all before it, those that wait for a commit, those that are
// being committed and those that are on the disk already, although the batch still counts as under way, each once.
func TestWrongNumbersCountOnceWhereverTheirCommitIs(t *testing.T) {
	var holds atomic.Bool
	holding, end := make(chan struct{}), make(chan struct{})
	s := newFile(t).open(t, store.Options{OnCommit: func(time.Duration, int, error) {
		if holds.CompareAndSwap(true, false) {
			close(holding)
			<-end
		}
	}})
	const steps = 16
	done := make(chan error, steps)
	next := 0
	look := func(where string) {
		t.Helper()
		const most = 12
		got := guess(t, s, policy.CallSID(fmt.Sprint("CA", next/2)), most, done) // the second of a call is a change of one that counts already
		if want := min(next, most); got != (policy.WrongNumbers{ByCaller: want, InAll: want}) {
			t.Errorf("%s: %+v wrong numbers are counted, want %d", where, got, want)
		}
		next++
	}
	holds.Store(true)
	look("nothing is there")
	<-holding
	for range 4 {
		look("after the commit, which nobody has heard of yet")
	}
	release, err := store.HoldCommits(s)
	if err != nil {
		t.Fatal(err)
	}
	close(end)
	for next < steps {
		look("while commits wait")
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	for range steps {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestWrongNumbersFollowTheirCaller: where the caller of a call becomes known by another number, its wrong numbers count for that one at once, before
// the commit.
func TestWrongNumbersFollowTheirCaller(t *testing.T) {
	s := newFile(t).open(t, store.Options{})
	done := make(chan error, 3)
	guess(t, s, "CA0", 100, done)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	_, err := s.Advance(t.Context(), "CA0", func(c policy.Call) policy.Call { c.From = "+12125550142"; return c })
	if err != nil {
		t.Fatal(err)
	}
	release, err := store.HoldCommits(s)
	if err != nil {
		t.Fatal(err)
	}
	changed := make(chan struct{})
	go func() {
		_, err := s.Advance(t.Context(), "CA0", func(c policy.Call) policy.Call { defer close(changed); c.From = "+442079460018"; return c })
		done <- err
	}()
	<-changed
	if got := guess(t, s, "CA1", 100, done); got.ByCaller != 1 {
		t.Errorf("%+v wrong numbers are counted, want 1 of the caller", got)
	}
	if err := errors.Join(release(), <-done, <-done); err != nil {
		t.Error(err)
	}
}
