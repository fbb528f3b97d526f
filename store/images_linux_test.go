package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/bolt/disktest"
)

// What the environment may say: how long each test opens images, and the seed that repeats their order.
const (
	imagesFor  = "SUPPORTLINE_CRASH_FOR"
	imagesSeed = "SUPPORTLINE_CRASH_SEED"
)

// How many images each test opens, at least.
const (
	imagesUsual = 100
	imagesShort = 50
)

// witness is an engine that remembers what was in it after each commit, and when.
type witness struct {
	*bolt.Engine
	t      testing.TB
	count  func() int // operations of the disk
	seed   maphash.Seed
	states []state
}

// state is what an engine had after a commit.
type state struct {
	sum   uint64
	begun int // operations before the commit began
	acked int // operations before it was acknowledged; never of one whose outcome was unknown
}

const never = 1 << 40

// Prepare is the engine's, and a commit.
func (w *witness) Prepare(ctx context.Context, upgrading bool) error {
	begun := w.count()
	return w.saw(begun, w.Engine.Prepare(ctx, upgrading))
}

// Update is the engine's, and a commit.
func (w *witness) Update(ctx context.Context, change func(store.Writer) error) error {
	begun := w.count()
	return w.saw(begun, w.Engine.Update(ctx, change))
}

// Commit is the engine's.
func (w *witness) Commit(ctx context.Context, changes []store.Change) ([]bool, error) {
	begun := w.count()
	held, err := w.Engine.Commit(ctx, changes)
	return held, w.saw(begun, err)
}

// saw remembers the state after a commit, unless it failed for certain.
func (w *witness) saw(begun int, err error) error {
	if err != nil && !errors.Is(err, store.ErrUnknown) {
		return err
	}
	acked := w.count()
	switch {
	case err != nil:
		acked = never
	case acked == begun:
		return nil // it wrote nothing
	}
	sum, failed := contentOf(w.t.Context(), w.Engine, w.seed)
	if failed != nil {
		w.t.Errorf("after a commit: %v", failed)
	}
	w.states = append(w.states, state{sum, begun, acked})
	return err
}

// holds reports whether an image may have a content: that of the last commit that was acknowledged before the power was cut, or of a later one that had begun.
func (w *witness) holds(sum uint64, ops int) bool {
	last := 0
	for i, s := range w.states {
		if s.acked <= ops {
			last = i
		}
	}
	return slices.ContainsFunc(w.states[last:], func(s state) bool { return s.begun < ops && s.sum == sum })
}

// contentOf returns a sum of all entries.
func contentOf(ctx context.Context, e store.Engine, seed maphash.Seed) (uint64, error) {
	var h maphash.Hash
	err := e.View(ctx, func(r store.Reader) error {
		h.SetSeed(seed)
		for _, b := range store.Buckets() {
			c := r.Scan(store.Span{Bucket: b})[0]
			for k, v := c.Next(); k != nil; k, v = c.Next() {
				_, _ = fmt.Fprintf(&h, "%d %d %d ", b, len(k), len(v)) // never fails, as the two below
				_, _ = h.Write(k)
				_, _ = h.Write(v)
			}
		}
		return nil
	})
	return h.Sum64(), err
}

// begin opens an engine whose operations are recorded.
func begin(t *testing.T, path string, record func(*bolt.Engine) (count func() int)) *witness {
	t.Helper()
	e, err := bolt.Open(path, bolt.Options{Size: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{Engine: e, t: t, seed: maphash.MakeSeed(), count: record(e)}
	sum, err := contentOf(t.Context(), e, w.seed)
	if err != nil {
		t.Fatal(err)
	}
	w.states = []state{{sum: sum, begun: -1}}
	return w
}

var imagesDay = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// job is a piece of work for a store.
type job func(context.Context, *store.Store) error

// jobs are all kinds of work: the same every time.
func jobs() (all []job) {
	add := func(j job) { all = append(all, j) }
	accounts := []policy.Customer{{Number: "204518", Name: "Northwind"}, {Number: "310022", Name: "Harbor"}}
	add(func(ctx context.Context, s *store.Store) error {
		_, err := s.ImportCustomers(ctx, accounts, "anna")
		return err
	})
	add(func(ctx context.Context, s *store.Store) error {
		return s.AddUser(ctx, users.User{Name: "mila", Role: users.Admin}, "anna")
	})
	for n := range 3 {
		add(func(ctx context.Context, s *store.Store) error { return callsAtOnce(ctx, s, 6*n, 6) })
		add(func(ctx context.Context, s *store.Store) error {
			return s.Load(ctx, slices.Values(endedCalls(100*n, 100)), nil)
		})
		add(func(ctx context.Context, s *store.Store) error {
			return s.SetCheckpoint(ctx, imagesDay.Add(time.Duration(n)*time.Hour))
		})
	}
	add(func(ctx context.Context, s *store.Store) error {
		_, err := s.OpenCase(ctx, "204518", "anna", "many calls", nil, imagesDay)
		return err
	})
	add(func(ctx context.Context, s *store.Store) error {
		_, err := s.Erase(ctx, "310022", "anna", imagesDay)
		return err
	})
	add(func(ctx context.Context, s *store.Store) error {
		_, err := s.Expire(ctx, imagesDay.Add(40*time.Minute))
		return err
	})
	return all
}

// callsAtOnce brings some calls from their ring to their end, all at once, so that commits have steps of several.
func callsAtOnce(ctx context.Context, s *store.Store, first, n int) error {
	failed := make([]error, n)
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() {
			failed[i] = wholeCall(ctx, s, fmt.Sprintf("CAlive%04d", first+i), imagesDay.Add(time.Duration(first+i)*time.Minute))
		})
	}
	calls.Wait()
	return errors.Join(failed...)
}

func wholeCall(ctx context.Context, s *store.Store, sid string, at time.Time) error {
	for n := range 4 {
		_, err := s.Advance(ctx, policy.CallSID(sid), func(c policy.Call) policy.Call {
			c.Line, c.From, c.StartedAt, c.Answered = "+448000000001", "+447700900123", at, true
			c.Exchanges = append(c.Exchanges, policy.Exchange{Key: fmt.Sprint(n), At: at, Heard: "204518", Reply: []byte(strings.Repeat("welcome ", 40))})
			c.Trace = append(c.Trace, policy.Decision{At: at, Rule: "customer.found", Result: "yes"})
			if n == 3 {
				c = ended(c, at)
			}
			return c
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ended returns a call that a specialist accepted and that is over.
func ended(c policy.Call, at time.Time) policy.Call {
	c.Customer, c.Account, c.Month = "204518", "Northwind", policy.MonthOf(at, time.UTC)
	leg := c.Leg("CA-leg-" + c.SID)
	leg.AcceptedAt, leg.EndedAt = at.Add(time.Minute), at.Add(31*time.Minute)
	c = c.WithLeg(leg)
	c.LeftAt = leg.EndedAt
	return c
}

func endedCalls(first, n int) (calls []policy.Call) {
	for i := first; i < first+n; i++ {
		at := imagesDay.Add(time.Duration(i) * time.Second)
		c := policy.Call{SID: policy.CallSID(fmt.Sprintf("CAloaded%06d", i)), Line: "+448000000001", From: "+447700900123", StartedAt: at, Answered: true}
		calls = append(calls, ended(c, at))
	}
	return calls
}

// work lets a store do all jobs, and closes it.
func (w *witness) work(s *store.Store, before func(n int)) {
	w.t.Helper()
	failed := 0
	for n, do := range jobs() {
		before(n)
		if err := do(w.t.Context(), s); err != nil {
			failed++
			if !errors.Is(err, syscall.EIO) {
				w.t.Errorf("job %d: %v", n, err)
			}
		}
	}
	w.t.Logf("%d commits, %d jobs failed", len(w.states), failed)
}

// open opens the store.
func (w *witness) open() *store.Store {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), w, store.Options{Now: func() time.Time { return imagesDay.Add(24 * time.Hour) }})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// opens opens images of the file until it is enough, each by the engine and the store, and checks what is in it.
func (w *witness) opens(t *testing.T, base []byte, ops []disktest.Op) {
	t.Helper()
	long, err := time.ParseDuration(cmp.Or(os.Getenv(imagesFor), "0"))
	if err != nil {
		t.Fatalf("%s: %v", imagesFor, err)
	}
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv(imagesSeed), strconv.FormatInt(time.Now().UnixNano()%1_000_000, 10)), 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", imagesSeed, err)
	}
	folder, err := disktest.Small(t, 64<<20)
	if err != nil {
		folder = t.TempDir() // only slower
	}
	kinds, n, began := map[string]int{}, 0, time.Now()
	least := map[bool]int{true: imagesShort, false: imagesUsual}[testing.Short()]
	for image := range disktest.Images(base, ops, rand.New(rand.NewPCG(seed, 1))) {
		if n >= least && time.Since(began) >= long || t.Failed() {
			break
		}
		n++
		kinds[image.Kind]++
		w.opensOne(t, filepath.Join(folder, "image.db"), image)
	}
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		all = append(all, fmt.Sprintf("%d: %s", kinds[kind], kind))
	}
	t.Logf("%d images opened (%s) of %d operations and %d commits in %s, %s=%d", n, strings.Join(all, "; "), len(ops), len(w.states),
		time.Since(began).Round(time.Millisecond), imagesSeed, seed)
}

func (w *witness) opensOne(t *testing.T, path string, image disktest.Image) {
	t.Helper()
	if err := image.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	named := fmt.Sprintf("%s, after %d operations", image.Kind, image.Ops)
	e, err := bolt.Open(path, bolt.Options{Size: 64 << 10})
	if err != nil {
		t.Errorf("%s: %v", named, err)
		return
	}
	sum, err := contentOf(t.Context(), e, w.seed)
	if err != nil || !w.holds(sum, image.Ops) {
		t.Errorf("%s: it has not what was acknowledged, or half of a change: %v", named, err)
	}
	s, err := store.Open(t.Context(), e, store.Options{})
	if err != nil {
		t.Errorf("%s: the store: %v", named, err)
		return
	}
	went := wholeCall(t.Context(), s, "CAafter", imagesDay)
	if err := errors.Join(went, s.Close()); err != nil {
		t.Errorf("%s: it does not go on: %v", named, err)
	}
	file{path}.check(t)
	if t.Failed() {
		t.Logf("the image: %s", named)
	}
}

// TestWhateverADiskHoldsAfterThePowerWasCutOpens: everything that was acknowledged is there, and nothing half, in the file as in the indexes.
func TestWhateverADiskHoldsAfterThePowerWasCutOpens(t *testing.T) {
	t.Parallel()
	disk, err := disktest.Mount(t)
	if err != nil {
		disktest.NotRun(t, "the images of what a file system was asked to write: those of the pages that bbolt writes are opened, and syncs are believed", err)
		return
	}
	w := begin(t, filepath.Join(disk.Folder, "supportline.db"), func(*bolt.Engine) func() int { return disk.Count })
	s := w.open()
	w.work(s, func(int) {})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ops := disk.Ops()
	if i := slices.IndexFunc(ops, func(op disktest.Op) bool { return op.Kind == disktest.SyncFolder }); i < 0 || i > w.states[1].acked {
		t.Error("the name of a new file is not on the disk when its first change is acknowledged")
	}
	w.opens(t, nil, ofStore(ops))
}

// TestWhateverADiskHoldsThatFailedToSyncOpens: what was written before a sync that failed may never be on the disk, though later syncs succeed.
func TestWhateverADiskHoldsThatFailedToSyncOpens(t *testing.T) {
	t.Parallel()
	disk, err := disktest.Mount(t)
	if err != nil {
		disktest.NotRun(t, "syncs that fail", err)
		return
	}
	w := begin(t, filepath.Join(disk.Folder, "supportline.db"), func(*bolt.Engine) func() int { return disk.Count })
	s := w.open()
	w.work(s, func(n int) {
		if n > 2 { // of each commit the first sync, or the second, or both
			disk.Fail(disktest.Fault{Kind: disktest.Sync, After: n % 4, Times: 1 + n%3, Err: syscall.EIO})
		}
	})
	disk.Fail()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ops := ofStore(disk.Ops())
	if !slices.ContainsFunc(ops, func(op disktest.Op) bool { return op.Failed }) {
		t.Error("no sync failed")
	}
	if !slices.ContainsFunc(w.states, func(s state) bool { return s.acked == never }) {
		t.Error("no outcome was unknown")
	}
	w.opens(t, nil, ops)
}

// TestWhateverPagesOfBoltADiskHoldsOpen is the same on machines where no file system can be mounted.
func TestWhateverPagesOfBoltADiskHoldsOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "supportline.db")
	var tap *disktest.Tap
	w := begin(t, path, func(e *bolt.Engine) func() int {
		var err error
		if tap, err = disktest.NewTap(e, path); err != nil {
			t.Fatal(err)
		}
		return tap.Count
	})
	s := w.open()
	w.work(s, func(int) {})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	w.opens(t, tap.Base, tap.Ops())
}

// ofStore returns the operations on the store's file, with all others as nothing.
func ofStore(ops []disktest.Op) []disktest.Op {
	ops = slices.Clone(ops)
	for i, op := range ops {
		if op.File != "supportline.db" {
			ops[i] = disktest.Op{Kind: disktest.SyncFolder}
		}
	}
	return ops
}
