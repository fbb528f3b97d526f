package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ErrLeaseLost is the error of a write under a lease that its process no longer holds. Nothing of it was written, and the work has to stop: another
// process does it.
var ErrLeaseLost = errors.New("the lease was lost to another process")

// Lease is the right of one process to do one kind of work. It names its holder, and its fence is higher than that of any lease on the same work
// before it.
type Lease struct {
	Work   string `json:"work"`
	Holder string `json:"holder"`
	Fence  uint64 `json:"fence"`
}

type leaseKey struct{}

// UnderLease returns a context whose writes hold only while a process has a lease: each compares the lease's entry in the very transaction, or expects
// it in the very commit, and fails with ErrLeaseLost once it is another's. So a process that was stopped for a minute cannot write behind the back of
// the one that took its work over.
func UnderLease(ctx context.Context, l Lease) context.Context {
	return context.WithValue(ctx, leaseKey{}, l)
}

// leaseOf returns the lease under which a context writes, if there is one.
func leaseOf(ctx context.Context) (l Lease, under bool) {
	l, under = ctx.Value(leaseKey{}).(Lease)
	return l, under
}

// The pace of leases. What a process holds is taken over within a term and a pace after its last renewal.
const (
	renewEvery = 5 * time.Second
	// termPaces is how many paces a term has: three renewals may fail.
	termPaces = 4
	leaseTerm = termPaces * renewEvery
	// renewWithin bounds a renewal, in parts of a pace, and stopBefore is how long before its term ends a process stops by itself, so that nothing of the
	// work runs when another one takes the lease.
	renewWithin = 0.8
	stopBefore  = 0.4
	// soleTerm is the term where no other process can be: nothing has to be renewed there to keep a lease.
	soleTerm = 2 * time.Hour
	// tidyEvery is how often the processes are looked through for those that are gone for long.
	tidyEvery = time.Hour
)

// Duty is work that one process at a time does, under a lease of that name.
type Duty struct {
	Work string
	// Do does the work until ctx ends. Its writes have to be made with ctx, or one made from it: they fail with ErrLeaseLost once the lease is another's.
	// If it returns before ctx ends, it is called again when the lease is taken next.
	Do func(ctx context.Context)
}

// LeaseOptions configure Leases. The zero value is right where processes share an engine.
type LeaseOptions struct {
	// Sole is that no other process can have the engine open. Then every lease is free, and nothing is written to keep one.
	Sole bool
	// Pace is the time between two renewals; 0 means 5 seconds. A term is four of it.
	Pace time.Duration
	// Clock is the process's own clock, which is compared with the engine's; nil means time.Now.
	Clock func() time.Time
	// Changed is called when a lease is taken, and when its work is over. It may be nil.
	Changed func(l Lease, held bool)
	// Failed is told why leases could not be renewed. They are kept until their term is over. It may be nil.
	Failed func(error)
	// Renewed is called after each renewal. It may be nil.
	Renewed func()
}

// Leases are one process's part in the work that is done by one process at a time. A lease is an entry with its holder and its fence, and is the
// holder's for as long as the entry of the holder itself says. So one small write renews all leases of a process and tells the others that it lives,
// and an entry of a lease changes only when its holder does: what is written under a lease does not meet the renewals.
//
// Terms are measured by the engine's clock alone. The process counts its own term from before each renewal, by a clock that nobody sets, and stops
// when that is over: earlier than anybody else can take the lease.
type Leases struct {
	engine Engine
	self   Process
	o      LeaseOptions
	tidied time.Time

	mu    sync.Mutex
	held  map[string]*holding // by work; also what was lost and is not over yet
	lapse *time.Timer         // ends the term, nil before the first
}

// holding is a lease that the process holds, or held until the work is over.
type holding struct {
	lease Lease
	stop  context.CancelFunc
	over  chan struct{} // closed when Do has returned
	lost  bool
}

// NewLeases returns the leases of a process, which holds none.
func NewLeases(e Engine, self Process, o LeaseOptions) *Leases {
	o.Pace = cmp.Or(o.Pace, renewEvery)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Changed == nil {
		o.Changed = func(Lease, bool) {}
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	if o.Renewed == nil {
		o.Renewed = func() {}
	}
	return &Leases{engine: e, self: self, o: o, held: map[string]*holding{}}
}

// part returns a part of a pace.
func (l *Leases) part(of float64) time.Duration { return time.Duration(of * float64(l.o.Pace)) }

// Run takes the leases on duties as they are free, does the work of those that it has, and keeps the process's own entry, until ctx ends. Then it
// waits until no work is under way, and gives everything back. It must be called once.
func (l *Leases) Run(ctx context.Context, duties ...Duty) {
	for ctx.Err() == nil {
		l.renew(ctx, duties)
		wait := time.NewTimer(l.pause(duties))
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		wait.Stop()
	}
	l.stopAll()
	l.giveBack(context.WithoutCancel(ctx), duties)
}

// pause returns how long the leases can be left alone.
func (l *Leases) pause(duties []Duty) time.Duration {
	if l.o.Sole && l.holds(duties) {
		return soleTerm / 2
	}
	return l.o.Pace
}

// holds reports whether the process has the leases on all duties.
func (l *Leases) holds(duties []Duty) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !slices.ContainsFunc(duties, func(d Duty) bool { return l.held[d.Work] == nil || l.held[d.Work].lost })
}

// renew writes the process's own entry, and takes the leases that are free, in one step. After an error everything is as before: what is held is
// held until its term ends.
func (l *Leases) renew(ctx context.Context, duties []Duty) {
	began := time.Now()
	had := l.snapshot()
	urgent, cancel := context.WithTimeout(Urgent(ctx), l.part(renewWithin))
	defer cancel()
	var has map[string]Lease
	err := l.engine.Update(urgent, func(w Writer) (err error) {
		has, err = l.write(w, duties, had)
		return err
	})
	if err == nil {
		l.o.Renewed()
		l.apply(ctx, began, duties, has)
		if began.Sub(l.tidied) >= tidyEvery {
			l.tidied = began
			err = forgetProcesses(urgent, l.engine)
		}
	}
	if err != nil && ctx.Err() == nil {
		l.o.Failed(err)
	}
}

// snapshot returns what is held, and what was lost and is not over yet. What is over is forgotten.
func (l *Leases) snapshot() map[string]holding {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[string]holding{}
	for work, h := range l.held {
		select {
		case <-h.over:
			delete(l.held, work)
		default:
			all[work] = *h
		}
	}
	return all
}

// write writes what a renewal changes, and returns the leases that the process has then. A lease whose entry is not as the process left it is lost,
// whoever removed it.
func (l *Leases) write(w Writer, duties []Duty, had map[string]holding) (map[string]Lease, error) {
	now, has := w.Now(), map[string]Lease{}
	for _, d := range duties {
		entry, err := findLease(w, d.Work)
		if err != nil {
			return nil, err
		}
		before, working := had[d.Work]
		switch {
		case working && before.lost: // the work is not over, and somebody else may be quicker
			if entry != nil && entry.Holder == l.self.ID {
				w.Delete(leasesBucket, workKey(d.Work))
			}
		case working:
			if entry != nil && *entry == before.lease {
				has[d.Work] = before.lease
			}
		default:
			taken, err := l.takeFree(w, d.Work, entry, now)
			if err != nil {
				return nil, err
			}
			if taken != nil {
				has[d.Work] = *taken
			}
		}
	}
	return has, l.writeSelf(w, now)
}

// takeFree takes a lease, unless a process has it that lives.
func (l *Leases) takeFree(w Writer, work string, entry *Lease, now time.Time) (*Lease, error) {
	next := Lease{Work: work, Holder: l.self.ID, Fence: uint64(now.UnixMicro())} // it rises even if somebody removed the entry
	if entry != nil {
		next.Fence = max(next.Fence, entry.Fence+1)
		if entry.Holder != l.self.ID && !l.o.Sole {
			holder, err := findProcess(w, entry.Holder)
			if err != nil || holder != nil && holder.lives(now) {
				return nil, err
			}
		}
	}
	return &next, putEntry(w, workKey(work), next)
}

// writeSelf writes the process's own entry, which renews what it holds.
func (l *Leases) writeSelf(w Writer, now time.Time) error {
	self := l.self
	if self.Seen = now; l.o.Sole { // the engine's clock is its own, and whoever else is written down is dead
		self.Until = now.Add(soleTerm)
		deleteUnder(w, processPrefix)
	} else {
		self.Until, self.Ahead = now.Add(l.part(termPaces)), l.o.Clock().Sub(now).Round(time.Millisecond)
	}
	return putEntry(w, processKey(self.ID), self)
}

func deleteUnder(w Writer, prefix []byte) {
	var keys [][]byte
	for k := range under(prefix).in(w, leasesBucket) {
		keys = append(keys, bytes.Clone(k))
	}
	for _, k := range keys {
		w.Delete(leasesBucket, k)
	}
}

func putEntry(w Writer, key []byte, v any) error {
	value, err := encode(v)
	if err == nil {
		w.Put(leasesBucket, key, value)
	}
	return err
}

// findLease returns the lease on a work, nil if nobody ever took it or it was given back.
func findLease(r Reader, work string) (*Lease, error) {
	value := r.Get(leasesBucket, workKey(work))
	if value == nil {
		return nil, nil
	}
	l, err := decode[Lease]("lease", work, value)
	return &l, err
}

// apply ends the work of what was lost, and begins that of what was taken. began is when the renewal did, from which the term counts.
func (l *Leases) apply(ctx context.Context, began time.Time, duties []Duty, has map[string]Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.extend(began)
	for work, h := range l.held {
		if has[work] != h.lease {
			l.lose(h)
		}
	}
	for _, d := range duties {
		lease, held := has[d.Work]
		if !held || l.held[d.Work] != nil { // one that lapsed meanwhile is taken anew when its work is over
			continue
		}
		h := &holding{lease: lease, over: make(chan struct{})}
		under, stop := context.WithCancel(UnderLease(ctx, lease))
		h.stop, l.held[d.Work] = stop, h
		l.o.Changed(lease, true)
		go func() {
			defer close(h.over)
			defer l.o.Changed(lease, false)
			defer stop()
			d.Do(under)
		}()
	}
}

// extend moves the end of the term. It is called with l.mu held.
func (l *Leases) extend(began time.Time) {
	if l.o.Sole {
		return
	}
	if l.lapse != nil {
		l.lapse.Stop()
	}
	l.lapse = time.AfterFunc(l.part(termPaces-stopBefore)-time.Since(began), func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, h := range l.held {
			l.lose(h)
		}
	})
}

// lose ends the work of a lease. It is called with l.mu held.
func (l *Leases) lose(h *holding) {
	h.lost = true
	h.stop()
}

// stopAll returns when no work is under way.
func (l *Leases) stopAll() {
	l.mu.Lock()
	if l.lapse != nil {
		l.lapse.Stop()
	}
	var all []*holding
	for _, h := range l.held {
		l.lose(h)
		all = append(all, h)
	}
	l.mu.Unlock()
	for _, h := range all {
		<-h.over
	}
}

// giveBack removes the process's leases and its own entry, so that nobody waits for the end of its term.
func (l *Leases) giveBack(ctx context.Context, duties []Duty) {
	ctx, cancel := context.WithTimeout(Urgent(ctx), l.part(renewWithin))
	defer cancel()
	err := l.engine.Update(ctx, func(w Writer) error {
		for _, d := range duties {
			entry, err := findLease(w, d.Work)
			if err != nil {
				return err
			}
			if entry != nil && entry.Holder == l.self.ID {
				w.Delete(leasesBucket, workKey(d.Work))
			}
		}
		w.Delete(leasesBucket, processKey(l.self.ID))
		return nil
	})
	if err != nil {
		l.o.Failed(err)
	}
}

// checkLease returns ErrLeaseLost if a context writes under a lease that is no longer its holder's.
func checkLease(ctx context.Context, r Reader) error {
	l, under := leaseOf(ctx)
	if !under {
		return nil
	}
	entry, err := findLease(r, l.Work)
	if err == nil && (entry == nil || *entry != l) {
		err = fmt.Errorf("%w: %s", ErrLeaseLost, l.Work)
	}
	return err
}

// checkLease is the function of that name, in a transaction of its own.
func (s *Store) checkLease(ctx context.Context) error {
	if _, under := leaseOf(ctx); !under {
		return nil
	}
	reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitPatience)
	defer cancel()
	return s.view(reading, func(r Reader) error { return checkLease(ctx, r) })
}

// fence makes a step hold only while its request's lease does, if it has one. A step that is applied again looks first whether it is the lease that
// has changed.
func (t *step) fence() (err error) {
	l, under := leaseOf(t.request.ctx)
	switch {
	case !under:
		return nil
	case t.tx != nil:
		return checkLease(t.request.ctx, t.tx)
	case t.request.tries > 1:
		err = t.store.checkLease(t.request.ctx)
	}
	t.Expect = append(t.Expect, l.entry())
	return err
}

// entry returns the entry of a lease as its holder left it.
func (l Lease) entry() Entry {
	value, _ := encode(l) // never fails
	return Entry{Bucket: leasesBucket, Key: workKey(l.Work), Value: value}
}

// fenced returns changes that hold only while the lease does under which a context writes, if there is one.
func fenced(ctx context.Context, changes []Change) []Change {
	l, under := leaseOf(ctx)
	if !under {
		return changes
	}
	all := slices.Clone(changes)
	for i := range all {
		all[i].Expect = append(slices.Clip(all[i].Expect), l.entry())
	}
	return all
}

// Leases returns the part of a process in the work that one process at a time does, of those that share the store's engine.
func (s *Store) Leases(self Process, o LeaseOptions) *Leases {
	o.Sole = o.Sole || !s.Shared()
	return NewLeases(s.engine, self, o)
}
