package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAContextKnowsItsLease(t *testing.T) {
	if _, under := leaseOf(t.Context()); under || IsUrgent(t.Context()) {
		t.Error("a plain context is under a lease, or urgent")
	}
	want := Lease{"night", "a", 7}
	ctx := Urgent(UnderLease(t.Context(), want))
	if got, under := leaseOf(ctx); got != want || !under || !IsUrgent(ctx) {
		t.Errorf("%+v, %v", got, under)
	}
}

// office is an engine in memory that several processes share, in a bubble of synctest.
type office struct {
	*testing.T
	engine *Memory
	mu     sync.Mutex
	fail   map[string]error // by process: what its updates fail with
	writes int
	does   map[string]string // work -> who does it now
}

func newOffice(t *testing.T) *office {
	return &office{T: t, engine: NewMemory(), fail: map[string]error{}, does: map[string]string{}}
}

// desk is the engine as one process sees it.
type desk struct {
	*Memory
	*office
	who string
}

func (o *office) desk(who string) desk { return desk{o.engine, o, who} }

func (d desk) Update(ctx context.Context, change func(Writer) error) error {
	d.office.mu.Lock()
	err := d.fail[d.who]
	d.writes++
	d.office.mu.Unlock()
	if err != nil {
		return err
	}
	return d.Memory.Update(ctx, change)
}

// comes starts a process that does all of some work. It returns how to stop it, which returns when it is over.
func (o *office) comes(who string, options LeaseOptions, work ...string) (leaves func()) {
	o.Helper()
	options.Failed = func(err error) { o.Log(who, err) }
	var duties []Duty
	for _, w := range work {
		duties = append(duties, Duty{w, func(ctx context.Context) { o.do(ctx, who, w) }})
	}
	ctx, cancel := context.WithCancel(o.Context())
	over := make(chan struct{})
	leases := NewLeases(o.desk(who), Process{ID: who, Host: "office", Started: time.Now()}, options)
	go func() {
		defer close(over)
		leases.Run(ctx, duties...)
	}()
	synctest.Wait()
	return func() {
		cancel()
		<-over
	}
}

// do is work: it wants nobody else to do it, writes under its lease when that ends, and keeps what the write returned.
func (o *office) do(ctx context.Context, who, work string) {
	o.mu.Lock()
	if other := o.does[work]; other != "" {
		o.Errorf("%s begins %s, which %s does", who, work, other)
	}
	o.does[work] = who
	o.mu.Unlock()
	<-ctx.Done()
	o.mu.Lock()
	o.does[work] = ""
	o.mu.Unlock()
}

// wants compares who does what.
func (o *office) wants(when string, want string) {
	o.Helper()
	synctest.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []string
	for _, work := range slices.Sorted(maps.Keys(o.does)) {
		all = append(all, work+" by "+o.does[work])
	}
	if diff := cmp.Diff(want, strings.Join(all, ", ")); diff != "" {
		o.Errorf("%s: %s", when, diff)
	}
}

func (o *office) written() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writes
}

func (o *office) breaks(who string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail[who] = err
}

func pass(d time.Duration) {
	time.Sleep(d) // of the bubble
	synctest.Wait()
}

// lease returns the lease on a work as it is stored, nil if there is none.
func (o *office) lease(work string) (l *Lease) {
	o.Helper()
	err := o.engine.View(o.Context(), func(r Reader) (err error) {
		l, err = findLease(r, work)
		return err
	})
	if err != nil {
		o.Fatal(err)
	}
	return l
}

func (o *office) fence(work string) uint64 { return o.lease(work).Fence }

var errCut = errors.New("no network")

// TestWorkIsTakenOverWithin30Seconds: of a process that died, and at once of one that left.
func TestWorkIsTakenOverWithin30Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		defer o.comes("a", LeaseOptions{}, "night", "post")()
		b := o.comes("b", LeaseOptions{}, "night", "post")
		o.wants("at first", "night by a, post by a")
		pass(time.Hour)
		o.wants("as long as it lives", "night by a, post by a")
		first := o.fence("night")
		o.breaks("a", errCut)
		pass(17 * time.Second)
		o.wants("renewals that fail: it has them until the term is nearly over", "night by a, post by a")
		pass(time.Second)
		o.wants("the term is nearly over", "night by , post by ")
		pass(12 * time.Second)
		o.wants("30 seconds after it was lost", "night by b, post by b")
		if o.fence("night") <= first {
			t.Error("the fence did not rise")
		}
		c := o.comes("c", LeaseOptions{}, "night", "post")
		b()
		pass(renewEvery)
		o.wants("the holder left", "night by c, post by c")
		c()
		o.breaks("a", nil)
		pass(renewEvery)
		o.wants("the first is back", "night by a, post by a")
	})
}

// TestOneRenewalThatFailsCostsNothing: the lease is kept while its term lasts, and is not extended by the failure.
func TestOneRenewalThatFailsCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		defer o.comes("a", LeaseOptions{}, "night")()
		defer o.comes("b", LeaseOptions{}, "night")()
		first := o.fence("night")
		for range 50 {
			o.breaks("a", errCut)
			pass(renewEvery)
			o.breaks("a", nil)
			pass(renewEvery)
			o.wants("after one that failed", "night by a")
		}
		if o.fence("night") != first {
			t.Error("the lease was given up in between")
		}
	})
}

// TestARemovedEntryEndsTheWork: an operator empties the table, and the holder steps down. Then the work goes on under a higher fence.
func TestARemovedEntryEndsTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		defer o.comes("a", LeaseOptions{}, "night")()
		first := o.fence("night")
		pass(time.Second)
		if err := o.engine.Update(t.Context(), func(w Writer) error { w.Clear(leasesBucket); return nil }); err != nil {
			t.Fatal(err)
		}
		pass(renewEvery - time.Second)
		o.wants("after the next renewal", "night by ")
		pass(renewEvery)
		o.wants("after the one after that", "night by a")
		if o.fence("night") <= first {
			t.Error("the fence did not rise")
		}
	})
}

// TestAPausedHolderCannotWrite: a process that was stopped for a minute comes back when another one has its work.
func TestAPausedHolderCannotWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		defer o.comes("a", LeaseOptions{}, "night")()
		old := UnderLease(t.Context(), Lease{"night", "a", o.fence("night")})
		write := func() error {
			return o.desk("").Update(old, func(w Writer) error { return checkLease(old, w) })
		}
		if err := write(); err != nil {
			t.Errorf("the holder cannot write: %v", err)
		}
		defer o.comes("b", LeaseOptions{}, "night")()
		o.breaks("a", errCut)
		pass(time.Minute)
		o.wants("meanwhile", "night by b")
		o.breaks("a", nil)
		if err := write(); !errors.Is(err, ErrLeaseLost) {
			t.Errorf("a write of the old holder returned %v", err)
		}
		pass(renewEvery)
		o.wants("when it is back", "night by b")
	})
}

// TestWorkThatDoesNotStopIsNotDoneTwiceHere: what lapsed is taken again by the same process only when its work is over.
func TestWorkThatDoesNotStopIsNotDoneTwiceHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		stubborn, begun := make(chan struct{}), 0
		l := NewLeases(o.desk("a"), Process{ID: "a"}, LeaseOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			defer close(over)
			l.Run(ctx, Duty{"night", func(ctx context.Context) {
				begun++
				<-stubborn
				<-ctx.Done()
			}})
		}()
		synctest.Wait()
		o.breaks("a", errCut)
		pass(18 * time.Second)
		o.breaks("a", nil)
		pass(renewEvery)
		entry := o.lease("night")
		if begun != 1 || entry != nil {
			t.Errorf("it began %d times, and the lease is %+v, which nobody else can take", begun, entry)
		}
		close(stubborn)
		pass(renewEvery)
		if begun != 2 {
			t.Errorf("it began %d times", begun)
		}
		cancel()
		<-over
	})
}

// TestLeasesGoByTheEnginesClock: processes whose clocks are 90 seconds apart agree who has a lease, and are shown with the difference.
func TestLeasesGoByTheEnginesClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		ahead := func() time.Time { return time.Now().Add(90 * time.Second) }
		defer o.comes("a", LeaseOptions{}, "night")()
		defer o.comes("b", LeaseOptions{Clock: ahead}, "night")()
		pass(10 * time.Minute)
		o.wants("for ten minutes", "night by a")
		all, err := Processes(t.Context(), o.desk(""))
		if err != nil || len(all) != 2 {
			t.Fatalf("%+v, %v", all, err)
		}
		if all[0].Ahead != 0 || all[1].Ahead != 90*time.Second || !slices.Equal(all[0].Work, []string{"night"}) || all[1].Work != nil {
			t.Errorf("%+v", all)
		}
	})
}

// TestASoleProcessWritesNothingToKeepItsLeases: on one file nobody else can be, so the leases of a killed process are free at once.
func TestASoleProcessWritesNothingToKeepItsLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		defer o.comes("killed", LeaseOptions{Sole: true}, "night")()
		pass(time.Second)
		o.breaks("killed", errCut)
		o.mu.Lock()
		o.does["night"] = "" // it does nothing any more
		o.mu.Unlock()
		written := o.written()
		defer o.comes("a", LeaseOptions{Sole: true}, "night")()
		o.wants("at once", "night by a")
		pass(50 * time.Minute)
		if more := o.written() - written; more != 1 {
			t.Errorf("%d writes", more)
		}
		all, err := Processes(t.Context(), o.desk(""))
		if err != nil || len(all) != 1 || all[0].ID != "a" || all[0].Gone {
			t.Errorf("the processes are %+v, %v", all, err)
		}
		pass(24 * time.Hour)
		o.wants("after a day", "night by a")
	})
}

// TestProcessesThatAreGone: shown as gone after a minute, and for a day. One that stopped by itself is not shown.
func TestProcessesThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		defer o.comes("a", LeaseOptions{}, "night")()
		defer o.comes("b", LeaseOptions{})()
		o.comes("c", LeaseOptions{})()
		shown := func() string {
			all, err := Processes(t.Context(), o.desk(""))
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			for _, p := range all {
				words = append(words, p.ID+map[bool]string{true: " gone"}[p.Gone])
			}
			return strings.Join(words, ", ")
		}
		o.breaks("b", errCut)
		for _, step := range []struct {
			after time.Duration
			want  string
		}{{time.Minute, "a, b"}, {time.Second, "a, b gone"}, {23 * time.Hour, "a, b gone"}, {2*time.Hour + time.Minute, "a"}} {
			pass(step.after)
			if got := shown(); got != step.want {
				t.Errorf("after %v more: %s, want %s", step.after, got, step.want)
			}
		}
	})
}
