package main

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
)

const (
	benchRound = 700 * time.Millisecond
	loneCalls  = 4      // in a round
	sendAtMost = 60_000 // requests a second, for how many calls are made ready; a server that does more is measured for less long
)

// BenchmarkServer sends whole calls of five webhooks, signed as the provider signs them, to servers that have processes of their own, over raw
// connections that are kept, 16, 64 and 256 at once. The servers take turns, round by round, since a machine is never the same twice: only the
// ratios mean something. It prints their medians as a table.
//
// A static handler answers with a constant. A trivial one checks the signature and keeps each webhook as one record, durably, before it answers: under
// the next number, or scattered, by the SIDs of calls. Ours
// is the program as it is, on a bolt file, and with SUPPORTLINE_BENCH_DATABASE, the URL of an empty database, also on that; the processor time of the
// database is not counted then. SUPPORTLINE_BENCH_BESIDE=http://127.0.0.1:PORT is one server more, of anybody's making: it has to answer any POST
// with success, for the public URL https://bench.example.com and the auth token 00000000000000000000000000000001.
//
// SUPPORTLINE_BENCH_ONLY=64 measures at so many connections alone. SUPPORTLINE_BENCH_PROFILE=FILE writes the processor profile of our server on bolt
// there, and what it allocated to FILE.allocs; on a database to FILE.postgresql and FILE.postgresql.allocs.
func BenchmarkServer(b *testing.B) {
	bench := newServersBench(b)
	for b.Loop() {
		bench.round(b)
	}
	bench.print(b)
}

// serversBench is the servers under test.
type serversBench struct {
	calls       callMaker
	connections []int
	servers     []*measured
	pairs       []time.Duration            // of two fdatasyncs
	lone        map[string][]time.Duration // webhooks with nothing beside them, by server
	disk        *os.File
}

func newServersBench(b *testing.B) *serversBench {
	b.Helper()
	folder := b.TempDir()
	h := &serversBench{connections: []int{16, 64, 256}, lone: map[string][]time.Duration{}, disk: must(os.Create(filepath.Join(folder, "pair")))}
	b.Cleanup(func() { _ = h.disk.Close() })
	if _, err := h.disk.Write(make([]byte, 8<<20)); err != nil {
		b.Fatal(err)
	}
	if only := os.Getenv("SUPPORTLINE_BENCH_ONLY"); only != "" {
		n, err := strconv.Atoi(only)
		if err != nil || n < 1 {
			b.Fatalf("SUPPORTLINE_BENCH_ONLY=%s: write a number of connections, such as 64", only)
		}
		h.connections = []int{n}
	}
	h.calls = recordedCalls(b)
	h.start(b, folder)
	return h
}

// start starts the servers.
func (h *serversBench) start(b *testing.B, folder string) {
	b.Helper()
	conf := h.calls.conf
	for _, kind := range []string{"static", "trivial", "scattered"} {
		address := freeAddress(b)
		m := startBench(b, kind, address, address, "theirs", kind, address, filepath.Join(folder, kind+".db"), conf.PublicURL, conf.Twilio.AccountSID, conf.Twilio.AuthToken)
		h.servers = append(h.servers, m)
	}
	h.servers = append(h.servers, startOurs(b, "bolt", config.Store{File: filepath.Join(folder, "ours.db")}))
	if database := os.Getenv("SUPPORTLINE_BENCH_DATABASE"); database != "" {
		h.servers = append(h.servers, startOurs(b, "postgresql", config.Store{URL: database}))
	}
	if beside := os.Getenv("SUPPORTLINE_BENCH_BESIDE"); beside != "" {
		u, err := url.Parse(beside)
		if err != nil || u.Host == "" {
			b.Fatalf("SUPPORTLINE_BENCH_BESIDE=%s: write an address, such as http://127.0.0.1:3000", beside)
		}
		h.servers = append(h.servers, newMeasured("beside", u.Host, "", 0))
	}
}

// callsOfRound is how many calls are made ready for a round.
func (h *serversBench) callsOfRound() int {
	return int(sendAtMost * benchRound.Seconds() / float64(len(h.calls.session)))
}

// round measures each server once at each number of connections.
func (h *serversBench) round(b *testing.B) {
	for _, n := range h.connections {
		calls := h.calls.make(h.callsOfRound())
		for _, m := range h.servers {
			m.round(b, n, calls)
		}
	}
	for _, m := range h.servers {
		if m.name == "static" {
			continue
		}
		c := dialLean(b, m.address)
		for _, r := range slices.Concat(h.calls.make(loneCalls)...) {
			h.pairs = append(h.pairs, h.syncPair(b))
			sent := time.Now()
			if err := c.post(r); err != nil {
				b.Fatal(err)
			}
			h.lone[m.name] = append(h.lone[m.name], time.Since(sent))
		}
		_ = c.Close() // it is no longer needed
	}
}

func (m *measured) round(b *testing.B, connections int, calls [][]request) {
	runtime.GC()
	before, worked, wrote := m.counters(b), m.processor(b), m.bytesWritten()
	did := hammer(b, m.address, connections, calls, benchRound)
	worked, wrote = m.processor(b)-worked, m.bytesWritten()-wrote
	after, each := m.counters(b), float64(did.requests)
	m.rate[connections] = append(m.rate[connections], did.rate())
	m.p50[connections] = append(m.p50[connections], did.p50.Seconds())
	m.p99[connections] = append(m.p99[connections], did.p99.Seconds())
	m.work[connections] = append(m.work[connections], worked.Seconds()/each)
	m.commits[connections] = append(m.commits[connections], (after[commitsMetric]-before[commitsMetric])/did.took.Seconds())
	m.written[connections] = append(m.written[connections], (wrote-float64(did.answered))/each)
	m.heap = max(m.heap, after[heapMetric])
}

// syncPair is the least that a commit can take: two writes, each made durable.
func (h *serversBench) syncPair(b *testing.B) time.Duration {
	began := time.Now()
	for half := range int64(2) {
		at := (int64(len(h.pairs))*2 + half) * 8192 % (8 << 20)
		if _, err := h.disk.WriteAt(make([]byte, 8192), at); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(h.disk.Fd())); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}

// serveBench serves a handler in this process.
func serveBench(b *testing.B, h http.Handler) (address string) {
	b.Helper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(listener) }() // ends when the benchmark closes it
	b.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// middle returns the median.
func middle[N cmp.Ordered](list []N) (none N) {
	if len(list) == 0 {
		return none
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// ratio returns the median of the ratios of each round.
func ratio(over, under []float64) float64 {
	var each []float64
	for i := range over {
		each = append(each, over[i]/under[i])
	}
	return middle(each)
}

// wants are what ours is to reach, as the table shows it: requests to a static handler's, to a trivial one's, and the slowest hundredth to its.
var wants = map[string][3]string{"bolt": {"0.24", "0.95", "1.25"}, "postgresql": {"0.05"}}

// print shows the medians over all rounds; what is wanted stands behind in parentheses.
func (h *serversBench) print(b *testing.B) {
	fmt.Printf("\nwhole calls of %d signed webhooks, medians of %d rounds, and in parentheses what is wanted\n", len(h.calls.session), b.N)
	for _, n := range h.connections {
		fmt.Printf("%-15s requests/s  to static    to trivial   scattered   p50 ms   p99 ms  to trivial's  processor\n", fmt.Sprintf("%d connections", n))
		for _, m := range h.servers {
			h.printServer(m, n)
			if m.name == "beside" {
				fmt.Printf("  (bolt does %.1f times what the server beside does)\n", ratio(h.servers[3].rate[n], m.rate[n]))
			}
			if m.name == "bolt" {
				b.ReportMetric(ratio(m.rate[n], h.servers[1].rate[n]), "of-trivial-"+strconv.Itoa(n))
				b.ReportMetric(ratio(m.rate[n], h.servers[2].rate[n]), "of-scattered-"+strconv.Itoa(n))
			}
		}
	}
	h.printCommits()
	b.ReportMetric(0, "ns/op")
}

func (h *serversBench) printServer(m *measured, n int) {
	static, trivial, scattered := h.servers[0], h.servers[1], h.servers[2]
	wanted := func(value float64, want string) string {
		if want == "" {
			return fmt.Sprintf("%.2f", value)
		}
		return fmt.Sprintf("%.2f (%s)", value, want)
	}
	w := wants[m.name]
	fmt.Printf("  %-13s %10.0f  %-11s  %-11s  %-9.2f %8.2f %8.2f  %-12s  %9.2f\n", m.name, middle(m.rate[n]),
		wanted(ratio(m.rate[n], static.rate[n]), w[0]), wanted(ratio(m.rate[n], trivial.rate[n]), w[1]), ratio(m.rate[n], scattered.rate[n]),
		1000*middle(m.p50[n]), 1000*middle(m.p99[n]), wanted(ratio(m.p99[n], trivial.p99[n]), w[2]), ratio(m.work[n], static.work[n]))
}

// printCommits shows how the servers that keep something use the disk and memory.
func (h *serversBench) printCommits() {
	fmt.Printf("\n%-17s commits/s  webhooks/commit  KB/commit  bytes/webhook\n", "")
	for _, m := range h.servers {
		for _, n := range h.connections {
			commits, written := middle(m.commits[n]), middle(m.written[n])
			if commits == 0 || m.name == "postgresql" { // which writes in other processes
				continue
			}
			each := middle(m.rate[n]) / commits
			fmt.Printf("  %-15s %9.0f  %15.1f  %9.1f  %13.0f\n", fmt.Sprint(m.name, ", ", n), commits, each, written*each/1024, written)
		}
	}
	var parts []string
	for _, m := range h.servers {
		if lone := h.lone[m.name]; len(lone) > 0 {
			parts = append(parts, fmt.Sprintf("%s %.2f", m.name, float64(middle(lone))/float64(middle(h.pairs))))
		}
	}
	fmt.Printf("\na lone webhook, to two fdatasyncs (%v): %s (2.1 wanted on bolt)\n", middle(h.pairs).Round(time.Microsecond), strings.Join(parts, ", "))
	for _, m := range h.servers {
		if m.heap > 0 {
			fmt.Printf("heap in use on %s, MB: %.1f (64 wanted)\n", m.name, m.heap/(1<<20))
		}
	}
}
