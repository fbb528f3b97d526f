package main

import (
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/load"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
)

// driven returns a server in the middle of a Monday's hours, and a load against it.
func driven(t *testing.T) (*server.App, *load.Load) {
	t.Helper()
	began := time.Now()
	monday := time.Date(2026, time.November, 23, 15, 0, 0, 0, time.UTC) // both lines are open
	app := mustAppAt(t, func() time.Time { return monday.Add(time.Since(began)) })
	web := httptest.NewServer(app.Webhooks)
	t.Cleanup(web.Close)
	target, err := load.NewTarget(app.Conf, web.Listener.Addr().String(), false)
	if err != nil {
		t.Fatal(err)
	}
	mix, err := load.ParseMix(load.DefaultMix)
	if err != nil {
		t.Fatal(err)
	}
	return app, &load.Load{Target: target, Mix: mix, Seed: 1, Customers: []policy.Customer{
		{Number: "204518", CallerNumbers: []policy.Phone{"+442079460018"}}, {Number: "310022"}, {Number: "555010"},
	}}
}

// evenMix has as many calls of each kind, so that none is missing among few calls.
const evenMix = "critical=1,restricted=1,question=1,ticket-status=1,raise-severity=1,unidentified=1,wrong=1"

// Made-up calls are whole calls: none fails, none stays in progress, and they end in every way that callers and specialists bring about.
func TestLoadMakesWholeCalls(t *testing.T) {
	app, l := driven(t)
	l.Concurrency, l.For = 8, time.Second
	var err error
	if l.Mix, err = load.ParseMix(evenMix); err != nil {
		t.Fatal(err)
	}
	calls := 0
	for ; calls < 300; l.Seed++ { // on a machine that is busy a second has some dozens
		r, err := l.Run(t.Context())
		if err != nil || r.All.Errors > 0 {
			t.Fatalf("%v, errors %v", err, r.Kinds)
		}
		calls += r.Calls
	}
	outcomes, intents, logged := map[policy.Outcome]int{}, map[policy.Intent]int{}, 0
	for c, err := range app.Store.Calls(t.Context(), policy.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if logged++; !strings.HasPrefix(string(c.SID), load.SIDPrefix) {
			t.Errorf("%s can't be told from a real call", c.SID)
		}
		outcomes[c.Outcome()]++
		intents[c.Intent]++
	}
	if logged != calls {
		t.Errorf("%d calls are in the log, %d were carried", logged, calls)
	}
	for _, o := range []policy.Outcome{policy.Served, policy.Abandoned, policy.NotEntitled} {
		if outcomes[o] == 0 {
			t.Errorf("no call was %s: %v", o, outcomes)
		}
	}
	for _, i := range policy.Intents() {
		if intents[i] == 0 {
			t.Errorf("no call was about %s: %v", i, intents)
		}
	}
	if outcomes[""] > 0 {
		t.Errorf("%d calls have no end", outcomes[""])
	}
}

// What a server may hold more at the end than at the start. Heap: the newest calls stay in memory up to a bound, and the maps that hold them have
// spare room; a leak of 100 bytes a webhook would be 40 MB after ten minutes. Descriptors: the load has closed its connections, and the server may still
// be closing its side of the last ones. Goroutines: two for each of these.
const (
	moreHeap        = 16 << 20
	moreDescriptors = 10
	moreGoroutines  = 2 * moreDescriptors
)

// held is what a process holds.
type held struct {
	heap                    int64
	descriptors, goroutines int
}

func holds(t *testing.T) held {
	t.Helper()
	runtime.GC()
	runtime.GC() // the first leaves what pools hold
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil && runtime.GOOS == "linux" { // elsewhere they can't be counted
		t.Fatal(err)
	}
	return held{int64(m.HeapAlloc), len(open), runtime.NumGoroutine()}
}

// TestFlatUnderLoad: a server at a tenth of what two processors hold (650 webhooks a second, in 60 calls) keeps its memory, open descriptors and goroutines, for a few seconds, or as long as
// SUPPORTLINE_FLAT_FOR asks.
func TestFlatUnderLoad(t *testing.T) {
	long := 2 * time.Second
	if text := os.Getenv("SUPPORTLINE_FLAT_FOR"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("SUPPORTLINE_FLAT_FOR: %v: write a length of time, such as 10m", err)
		}
		long = d
	}
	_, l := driven(t)
	l.Rate, l.For = 60, time.Second+long/20
	if _, err := l.Run(t.Context()); err != nil { // warm
		t.Fatal(err)
	}
	before := holds(t)
	var most []held
	for range 4 {
		l.For = long / 4
		r, err := l.Run(t.Context())
		if err != nil || r.All.Errors > 0 {
			t.Fatalf("%v, errors %v", err, r.Kinds)
		}
		most = append(most, holds(t))
		t.Logf("%d calls, %d webhooks, p99 %.1f ms: %+v", r.Calls, r.All.Count, r.All.P99, most[len(most)-1])
	}
	t.Logf("before: %+v", before)
	after := slices.MinFunc(most[2:], func(a, b held) int { return int(a.heap - b.heap) })
	if after.heap > before.heap+moreHeap || after.descriptors > before.descriptors+moreDescriptors || after.goroutines > before.goroutines+moreGoroutines {
		t.Errorf("the server holds more and more: %+v before, then %+v", before, most)
	}
}
