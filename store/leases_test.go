package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/figures"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// shared is an engine that several stores have open, as several processes do.
type shared struct{ store.Engine }

func (shared) Close() error { return nil }

// twoProcesses returns two stores over one engine.
func twoProcesses(t *testing.T) (a, b *store.Store) { return twoWith(t, store.Options{}) }

func twoWith(t *testing.T, o store.Options) (a, b *store.Store) {
	t.Helper()
	engine, err := bolt.Open(filepath.Join(t.TempDir(), "supportline.db"), bolt.Options{Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	open := func() *store.Store {
		s, err := store.Open(t.Context(), shared{engine}, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	return open(), open()
}

// held returns a context under a lease that a process takes, and what lets the process stop.
func held(t *testing.T, s *store.Store, who string, o store.LeaseOptions) (under context.Context, leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	taken, over := make(chan context.Context, 1), make(chan struct{})
	go func() {
		defer close(over)
		s.Leases(store.Process{ID: who}, o).Run(ctx, store.Duty{Work: "night", Do: func(ctx context.Context) {
			taken <- context.WithoutCancel(ctx) // it does not know that its time is over
			<-ctx.Done()
		}})
	}()
	return <-taken, func() {
		cancel()
		<-over
	}
}

// TestWritesUnderALostLeaseAreRefused: whichever way a write goes, it is refused in the very commit, and nothing of it is written. A call that another
// process has changed meanwhile is changed again under a lease that holds.
func TestWritesUnderALostLeaseAreRefused(t *testing.T) {
	for name, two := range map[string]func(*testing.T) (a, b *store.Store){"one file": twoProcesses, "one database": twoOnPostgres} {
		t.Run(name, func(t *testing.T) {
			a, b := two(t)
			old, leave := held(t, a, "a", store.LeaseOptions{})
			defer leave()
			const sid = policy.CallSID("CA00000000000000000000000000000001")
			exchange := func(key string) func(policy.Call) policy.Call {
				return func(c policy.Call) policy.Call {
					c.Line, c.StartedAt = "+448000668187", time.Now().UTC()
					c.Exchanges = append(c.Exchanges, policy.Exchange{Key: key})
					return c
				}
			}
			notice := policy.Notice{Key: "n", Kind: policy.NoticeCase, Channel: policy.ChannelEmail}
			writes := map[string]func(ctx context.Context, s *store.Store, key string) error{
				"a call": func(ctx context.Context, s *store.Store, key string) error {
					_, err := s.Advance(ctx, sid, exchange(key))
					return err
				},
				"an act": func(ctx context.Context, s *store.Store, key string) error {
					return s.Note(ctx, users.AuditEntry{Act: key})
				},
				"a notice": func(ctx context.Context, s *store.Store, key string) error {
					return s.PutNotices(ctx, []policy.Notice{notice})
				},
				"the point": func(ctx context.Context, s *store.Store, key string) error { return s.SetCheckpoint(ctx, time.Now()) },
			}
			if err := writes["a call"](old, a, "0"); err != nil {
				t.Fatalf("the holder: %v", err)
			}
			if err := writes["a call"](t.Context(), b, "1"); err != nil {
				t.Fatal(err)
			}
			if err := writes["a call"](old, a, "2"); err != nil {
				t.Fatalf("the holder, after another process changed the call: %v", err)
			}
			fresh, leave := held(t, b, "b", store.LeaseOptions{Sole: true}) // as if the first had died
			defer leave()
			before := audited(t, a)
			for name, write := range writes {
				if err := write(old, a, "3"); !errors.Is(err, store.ErrLeaseLost) {
					t.Errorf("%s under the old lease: %v", name, err)
				}
			}
			call, err := a.Call(t.Context(), sid)
			due, _ := a.DueNotices(t.Context(), policy.ChannelEmail, time.Now(), 10)
			at, _ := a.Checkpoint(t.Context())
			if err != nil || len(call.Exchanges) != 3 || len(due) > 0 || !at.IsZero() || audited(t, a) != before {
				t.Errorf("something was written: %+v, %v, %v, %v", call.Exchanges, due, at, err)
			}
			for name, write := range writes {
				if err := write(fresh, b, "4"); err != nil {
					t.Errorf("%s under the new lease: %v", name, err)
				}
			}
		})
	}
}

// twoOnPostgres returns two stores with an engine each.
func twoOnPostgres(t *testing.T) (a, b *store.Store) {
	t.Helper()
	url := postgrestest.Database(t)
	open := func() *store.Store {
		engine, err := postgres.Open(t.Context(), url, postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(t.Context(), engine, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	return open(), open()
}

// worker is a process with an engine of its own.
type worker struct {
	has   atomic.Pointer[store.Lease]
	leave func()
}

// works starts a process that renews its leases often.
func works(t *testing.T, url, id string, pace time.Duration) *worker {
	t.Helper()
	engine, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	w := &worker{}
	leases := store.NewLeases(engine, store.Process{ID: id}, store.LeaseOptions{
		Pace: pace, Failed: func(err error) { t.Log(id, err) },
		Changed: func(l store.Lease, held bool) {
			if w.has.Store(nil); held {
				w.has.Store(&l)
			}
		},
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	over := make(chan struct{})
	go func() {
		defer close(over)
		leases.Run(ctx, store.Duty{Work: "night", Do: func(ctx context.Context) { <-ctx.Done() }})
	}()
	w.leave = sync.OnceFunc(func() {
		cancel()
		<-over
		_ = engine.Close()
	})
	t.Cleanup(w.leave)
	return w
}

// eventually waits until something outside of this process is so.
func eventually(t *testing.T, within time.Duration, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !so(); {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// TestLeasesOnPostgres: three processes renew without getting into each other's way; a holder that loses the database stops by itself before another
// one has the work, and one that leaves gives it back.
func TestLeasesOnPostgres(t *testing.T) {
	const pace = 250 * time.Millisecond
	url := postgrestest.Database(t)
	proxy := postgrestest.NewProxy(t, url)
	a := works(t, proxy.URL, "a", pace)
	eventually(t, 10*time.Second, "the first has the work", func() bool { return a.has.Load() != nil })
	first := *a.has.Load()
	b, c := works(t, url, "b", pace), works(t, url, "c", pace)
	engine, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	began := time.Now()
	eventually(t, 10*time.Second, "all are seen", func() bool {
		all, err := store.Processes(t.Context(), engine)
		return err == nil && len(all) == 3 && time.Since(began) > 10*pace
	})
	if a.has.Load() == nil || *a.has.Load() != first || b.has.Load() != nil || c.has.Load() != nil {
		t.Errorf("they have %v, %v, %v", a.has.Load(), b.has.Load(), c.has.Load())
	}
	proxy.Refuse(true)
	proxy.Cut()
	eventually(t, 10*time.Second, "another one takes the work", func() bool {
		taken := b.has.Load() != nil || c.has.Load() != nil
		if taken && a.has.Load() != nil {
			t.Fatal("the first still works when another one does")
		}
		return taken
	})
	next := b
	if next.has.Load() == nil {
		next = c
	}
	if second := *next.has.Load(); second.Fence <= first.Fence {
		t.Errorf("the fence went from %d to %d", first.Fence, second.Fence)
	}
	proxy.Refuse(false)
	next.leave()
	eventually(t, 10*time.Second, "what was given back is taken at once", func() bool { return a.has.Load() != nil || b.has.Load() != nil || c.has.Load() != nil })
}

func audited(t *testing.T, s *store.Store) (n int) {
	t.Helper()
	for _, err := range s.Audit(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestUsageFollowsWhatOtherProcessesWrite: a month is derived anew by its age, since commits of others are not seen.
func TestUsageFollowsWhatOtherProcessesWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := twoProcesses(t)
		settings := policy.Settings{Lines: []policy.Line{{Number: "+448000668187", Zone: time.UTC}}}
		cache := figures.NewCache(b, settings, func(err error) { t.Error(err) })
		month := policy.MonthOf(time.Now(), time.UTC)
		served := func() (n int) {
			t.Helper()
			if _, _, err := cache.Report(t.Context(), month, 1); err != nil {
				t.Fatal(err)
			}
			cache.Refresh(t.Context())
			report, ready, err := cache.Report(t.Context(), month, 1)
			if err != nil || !ready {
				t.Fatalf("%v, %v", ready, err)
			}
			for _, u := range report.Account(policy.Customer{Number: "204518"}, 1, settings.FairUse) {
				n += u.Calls
			}
			return n
		}
		if n := served(); n != 0 {
			t.Fatalf("at first %d calls", n)
		}
		end, seconds := time.Now().UTC(), 60
		_, err := a.Advance(t.Context(), "CA1", func(c policy.Call) policy.Call {
			c.Line, c.Customer, c.Month, c.StartedAt, c.Status, c.EndedAt = "+448000668187", "204518", month, end.Add(-time.Minute), "completed", end
			c.Legs = []policy.Leg{{SID: "CA2", RangAt: c.StartedAt, AcceptedAt: c.StartedAt, EndedAt: end, Seconds: &seconds, Status: "completed"}}
			return c
		})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // of the bubble
		if n := served(); n != 1 {
			t.Errorf("a minute later %d calls", n)
		}
	})
}

// TestEditsOfOtherProcessesComeIntoForce with the next reload, each line's newest.
func TestEditsOfOtherProcessesComeIntoForce(t *testing.T) {
	a, b := twoProcesses(t)
	lines := []policy.Line{{Number: "+448000668187", Zone: time.UTC}, {Number: "+18883071053", Zone: time.UTC}}
	here, there := store.NewLines(policy.Settings{Lines: lines}, a), store.NewLines(policy.Settings{Lines: lines}, b)
	day := time.Date(2026, 12, 23, 0, 0, 0, 0, time.UTC)
	for version, reason := range []string{"Moving house", "Moved house"} {
		for _, l := range lines {
			edit := policy.DateOverride{Date: policy.DateOf(day.AddDate(0, 0, version)), Kind: policy.DateClosed, Reason: reason, By: "mila", At: day}
			if _, err := here.ChangeDates(t.Context(), l.Number, version, policy.OverrideDate(l, edit)); err != nil {
				t.Fatal(err)
			}
		}
		before := there.Settings()
		if err := there.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		after := there.Settings()
		for i := range lines {
			if got, want := after.Lines[i].Hours.Closed, here.Settings().Lines[i].Hours.Closed; len(got) != version+1 || len(got) != len(want) {
				t.Errorf("%s has %d edited dates there, %d here", lines[i].Number, len(got), len(want))
			}
		}
		if err := there.Reload(t.Context()); err != nil || there.Settings() != after || before == after {
			t.Errorf("without news there are other settings, %v", err)
		}
	}
}

// TestVersionsSideBySide: on one database programs of two versions run, also one that starts in the middle of the upgrade, unless the newer version says
// that the older ones may not. Under load no write fails.
func TestVersionsSideBySide(t *testing.T) {
	url := postgrestest.Database(t)
	program := func(o store.Options) (*store.Store, error) {
		engine, err := postgres.Open(t.Context(), url, postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(t.Context(), engine, o)
		if err == nil {
			t.Cleanup(func() { _ = s.Close() })
		}
		return s, err
	}
	must := func(s *store.Store, err error) *store.Store {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before, next, last := store.Options{Schema: 7}, store.Options{Schema: 8, Oldest: 7}, store.Options{Schema: 9, Oldest: 8}
	stop, writers := make(chan struct{}), sync.WaitGroup{}
	var calls atomic.Int64
	load := func(s *store.Store, who string) {
		writers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				sid := policy.CallSID(fmt.Sprintf("CA%s%03d", who, n))
				for step := range 3 {
					_, err := s.Advance(t.Context(), sid, func(c policy.Call) policy.Call {
						c.Line, c.StartedAt = "+448000668187", time.Date(2026, 12, 1, 0, 0, n, 0, time.UTC)
						c.Exchanges = append(c.Exchanges, policy.Exchange{Key: strconv.Itoa(step)})
						return c
					})
					if err != nil {
						t.Errorf("%s: %v", who, err)
						return
					}
				}
				calls.Add(1)
			}
		})
	}
	more := func() {
		t.Helper()
		some := calls.Load() + 10
		eventually(t, 20*time.Second, "calls go on", func() bool { return calls.Load() >= some || t.Failed() })
	}
	load(must(program(before)), "a")
	more()
	load(must(program(next)), "b")
	more()
	load(must(program(before)), "c") // it starts in the middle
	more()
	must(program(last))
	load(must(program(next)), "d")
	more()
	close(stop)
	writers.Wait()
	_, err := program(before)
	if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "9, this one knows 7") {
		t.Errorf("what is too old is told %v", err)
	}
	n, log := int64(0), must(program(next))
	for c, err := range log.Calls(t.Context(), policy.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if c, err = log.Call(t.Context(), c.SID); err != nil || len(c.Exchanges) != 3 {
			t.Fatalf("%s: %d exchanges, %v", c.SID, len(c.Exchanges), err)
		}
		n++
	}
	if n != calls.Load() {
		t.Errorf("%d calls of %d", n, calls.Load())
	}
}

// TestLimitsHoldAcrossProcesses: of many tries at once in two processes no more are taken, and no more wrong numbers are looked up, than in one.
func TestLimitsHoldAcrossProcesses(t *testing.T) {
	a, b := twoOnPostgres(t)
	now := time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)
	var taken, looked atomic.Int64
	var all sync.WaitGroup
	for n := range 24 {
		s := map[bool]*store.Store{true: a, false: b}[n%2 == 0]
		all.Go(func() {
			wait, err := s.TakeTry(t.Context(), []users.Origin{users.ByNameAndAddress("mila", "192.0.2.1")}, now)
			if err != nil {
				t.Error(err)
			} else if wait == 0 {
				taken.Add(1)
			}
		})
		all.Go(func() {
			count := policy.WrongNumberCount{Caller: "+442079460018", Since: now.Add(-time.Hour), AtMost: policy.WrongNumbers{ByCaller: 5, InAll: 100}}
			within := false
			_, err := s.AdvanceCounting(t.Context(), policy.CallSID(fmt.Sprintf("CA%032d", n)), count, func(c policy.Call, wrong policy.WrongNumbers) policy.Call {
				c.Line, c.From, c.StartedAt = "+448000668187", "+442079460018", now
				if within = wrong.ByCaller < 5; within {
					c.WrongNumbers = append(c.WrongNumbers, now)
				}
				return c
			})
			if err != nil {
				t.Error(err)
			} else if within {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	if taken.Load() != 4 || looked.Load() != 5 { // three are free, and the fourth begins the first pause
		t.Errorf("%d tries were taken, %d numbers looked up", taken.Load(), looked.Load())
	}
}
