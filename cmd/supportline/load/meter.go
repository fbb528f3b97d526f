package load

import (
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// longest bounds what a latency is recorded as. It has significant digits: it is exact to a thousandth.
const (
	longest     = 10 * time.Minute
	significant = 3
)

// meter counts what happens in a run.
type meter struct {
	mu     sync.Mutex
	routes map[string]*series
	kinds  map[string]int // errors
	calls  int            // that have ended
	unsent int            // calls whose first webhook was never sent
}

type series struct {
	latencies *hdrhistogram.Histogram // in microseconds
	errors    int
}

func newSeries() *series {
	return &series{latencies: hdrhistogram.New(1, longest.Microseconds(), significant)}
}

func newMeter() *meter { return &meter{routes: map[string]*series{}, kinds: map[string]int{}} }

// route returns the route of a path as reports show it, without what differs from call to call.
func route(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case parts[0] == "voice" && len(parts) > 1:
		return "/voice/step"
	case parts[0] == "leg" && len(parts) > 2:
		return "/leg/" + parts[2]
	}
	return "/" + parts[0]
}

func (m *meter) series(path string) *series {
	name := route(path)
	s, ok := m.routes[name]
	if !ok {
		s = newSeries()
		m.routes[name] = s
	}
	return s
}

func (m *meter) answered(path string, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	// Between the bounds no value is refused.
	_ = m.series(path).latencies.RecordValue(min(max(took.Microseconds(), 1), longest.Microseconds()))
}

// failed counts an error, of the webhook with that path or of no webhook.
func (m *meter) failed(path, kind string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kinds[kind]++
	if path != "" {
		m.series(path).errors++
	}
}

func (m *meter) ended() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
}

// never counts a call that was still waiting for its first webhook when the run was over. What it waited is part of the percentiles: left out,
// the slowest would be missing.
func (m *meter) never(took time.Duration) {
	m.answered("/voice", took)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unsent++
}

// reason returns an error of the network in a few words, the same for all errors of a kind.
func reason(err error) string {
	for _, known := range []error{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, syscall.EMFILE, net.ErrClosed} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}

// result returns what was counted so far.
func (m *meter) result(took time.Duration) Result {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := newSeries()
	r := Result{Calls: m.calls, Unsent: m.unsent, Took: took, Kinds: maps.Clone(m.kinds)}
	for _, name := range slices.Sorted(maps.Keys(m.routes)) {
		s := m.routes[name]
		r.Rows = append(r.Rows, newRow(name, s))
		all.latencies.Merge(s.latencies)
	}
	for _, n := range m.kinds {
		all.errors += n
	}
	r.All, r.latencies = newRow("all", all), all.latencies
	return r
}
