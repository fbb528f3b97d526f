package load

import (
	"context"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/officernd/supportline/policy"
)

const (
	// maxConnections bounds the connections. What waits for one in an open loop is late, and measured as that.
	maxConnections = 256
	// maxCalls bounds the calls of an open loop that go on or wait at once, and with them memory. Beyond it calls begin late, and are measured as that.
	maxCalls = 20_000
	// talk is how many times as long as for an act people take for their talk.
	talk = 10
	// lateTimer is how late the runtime's timers are. So much of a wait is forgiven: it is not the server's.
	lateTimer = time.Millisecond
	// patience bounds a pause, in means: the longest of an exponential distribution have no end.
	patience = 5
)

// A Load is what drives a server.
type Load struct {
	Target
	Customers   []policy.Customer
	Mix         Mix
	Rate        float64 // calls a second that arrive at random; 0: Concurrency counts
	Concurrency int     // calls at any time
	For         time.Duration
	Think       time.Duration // that a person takes for an act on average; 0: none
	Seed        uint64
	// Dial replaces the network in tests.
	Dial func(context.Context) (net.Conn, error)
	// Progress, unless nil, is called about five times a second with how long the run has been going on.
	Progress func(time.Duration)
}

// run is a load under way.
type run struct {
	load      *Load
	ctx       context.Context // of what is sent, also after the run is over
	running   context.Context
	pool      *connections
	documents *documents
	meter     *meter
	sids      *sids
	basePath  string // of the public URL
	host      string
}

// Run carries calls until the time is over or ctx ends. Then callers hang up, and Run returns when the last call has ended.
func (l *Load) Run(ctx context.Context) (Result, error) {
	public, err := url.Parse(l.PublicURL)
	if err != nil {
		return Result{}, err
	}
	began := time.Now()
	running, cancel := context.WithDeadline(ctx, began.Add(l.For))
	defer cancel()
	slots := maxConnections
	if l.Rate == 0 {
		slots = l.Concurrency
	}
	r := &run{
		load: l, ctx: context.WithoutCancel(ctx), running: running, documents: &documents{}, meter: newMeter(),
		sids: &sids{run: uint32(began.UnixMilli() / 100)}, basePath: public.Path, host: public.Host,
		pool: &connections{dial: l.dial, slots: make(chan struct{}, slots)},
	}
	defer r.pool.close()
	var going sync.WaitGroup
	going.Go(func() { r.watch(began) })
	if l.Rate > 0 {
		r.arrive(began, &going)
	} else {
		r.keepUp(&going)
	}
	going.Wait()
	return r.meter.result(time.Since(began)), nil
}

// arrive begins calls at random times, at the load's rate: each when its time has come, whatever became of those before it.
func (r *run) arrive(began time.Time, going *sync.WaitGroup) {
	rng := rand.New(rand.NewPCG(r.load.Seed, 0))
	room := make(chan struct{}, maxCalls)
	for due, n := began, uint64(1); ; n++ {
		due = due.Add(time.Duration(rng.ExpFloat64() / r.load.Rate * float64(time.Second)))
		if !r.wait(time.Until(due)) {
			return
		}
		begins := woken(due)
		room <- struct{}{}
		going.Go(func() {
			r.one(n, begins)
			<-room
		})
	}
}

// keepUp lets a number of callers call again and again.
func (r *run) keepUp(going *sync.WaitGroup) {
	for i := range r.load.Concurrency {
		going.Go(func() {
			for n := uint64(i); !r.over(); n += uint64(r.load.Concurrency) {
				r.one(n, time.Now())
			}
		})
	}
}

// one carries a call that begins at due.
func (r *run) one(n uint64, due time.Time) {
	c := &call{run: r, rng: rand.New(rand.NewPCG(r.load.Seed, n+1)), sid: r.sids.next(), due: due}
	c.who = r.load.person(c.rng)
	c.carry()
}

// wait waits, and reports whether the run still goes on.
func (r *run) wait(d time.Duration) bool {
	if d <= 0 {
		return !r.over()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.running.Done():
		return false
	}
}

func (r *run) over() bool { return r.running.Err() != nil }

// think makes the next webhook due after acts of a person, each of which takes a random time.
func (c *call) think(acts float64) {
	if mean := float64(c.load.Think) * acts; mean > 0 {
		c.due = c.due.Add(time.Duration(mean * min(c.rng.ExpFloat64(), patience)))
	}
}

// pause waits until the next webhook is due. When the run is over, it is at once.
func (c *call) pause() {
	if time.Until(c.due) <= 0 {
		return
	}
	if c.wait(time.Until(c.due)) {
		c.due = woken(c.due)
	} else {
		c.due = time.Now()
	}
}

// woken returns from when on a webhook is measured that waited for a timer until due.
func woken(due time.Time) time.Time {
	if now := time.Now(); now.Sub(due) < lateTimer {
		return now
	}
	return due.Add(lateTimer)
}

// watch lets the person see how far the run is.
func (r *run) watch(began time.Time) {
	if r.load.Progress == nil {
		return
	}
	const often = 200 * time.Millisecond
	for r.wait(often) {
		r.load.Progress(time.Since(began))
	}
}

func (l *Load) dial(ctx context.Context) (net.Conn, error) {
	if l.Dial != nil {
		return l.Dial(ctx)
	}
	var d net.Dialer
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return d.DialContext(ctx, "tcp", l.Address)
}
