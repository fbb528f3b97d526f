package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/officernd/supportline/cmd/supportline/server"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/twilio"
)

// connections is how many callers' webhooks are on their way at any moment.
const connections = 64

// BenchmarkServer sends the webhooks of whole calls, signed as the provider signs them, over 64 connections to the server, and the very same
// requests to a handler that answers with a constant, without and with a signature check. All servers live in this process and take
// turns, round by round, since a machine is never the same twice: only the ratios mean something. It prints them as a table.
// SUPPORTLINE_BENCH_DATABASE is the URL of an empty database, to measure that engine instead of a file.
func BenchmarkServer(b *testing.B) {
	workBesideTheDisk()
	bench := newAppBench(b)
	for b.Loop() {
		bench.round(b)
	}
	bench.print(b)
}

// appBench is the servers under test and what was measured of each, one figure a round.
type appBench struct {
	conf           config.Config
	session        []sent // one call's webhooks
	static         string // addresses
	signed, served string
	calls          int                  // so far, for SIDs
	rates, work    map[string][]float64 // requests a second, and seconds of processor time for one
	p99            map[string][]float64 // seconds
	lone, pairs    []time.Duration      // webhooks with nothing beside them, and two fdatasyncs
	heap, baseline uint64
	disk           *os.File
}

func newAppBench(b *testing.B) *appBench {
	b.Helper()
	conf := benchConfig(b)
	if url := os.Getenv("SUPPORTLINE_BENCH_DATABASE"); url != "" {
		conf.Store = config.Store{URL: url}
	}
	began := time.Now()
	monday := time.Date(2026, time.November, 23, 15, 0, 0, 0, time.UTC) // both lines are open
	now := func() time.Time { return monday.Add(time.Since(began)) }
	h, err := server.Open(conf, now, zap.NewNop(), 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = h.Close() })
	importExamples(b, h.Store)
	verifier, err := twilio.NewVerifier(conf.PublicURL, conf.Twilio.AccountSID, conf.Twilio.AuthToken)
	if err != nil {
		b.Fatal(err)
	}
	disk, err := os.Create(filepath.Join(b.TempDir(), "pair"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = disk.Close() })
	if _, err := disk.Write(make([]byte, 8<<20)); err != nil {
		b.Fatal(err)
	}
	bench := &appBench{
		conf: conf, session: recordCall(b, conf, h.Webhooks), disk: disk,
		rates: map[string][]float64{}, work: map[string][]float64{}, p99: map[string][]float64{},
	}
	bench.static = serveBench(b, constant(nil))
	bench.signed = serveBench(b, constant(verifier))
	bench.served = serveBench(b, h.Webhooks)
	return bench
}

// constant is echo with one answer, after the signature check if there is one.
func constant(v *twilio.Verifier) http.Handler {
	e := echo.New()
	e.POST("/*", func(c echo.Context) error {
		if v != nil {
			if _, err := v.Verify(c.Request()); err != nil {
				return c.NoContent(http.StatusForbidden)
			}
		}
		return c.Blob(http.StatusOK, "text/xml; charset=utf-8", []byte(`<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>`))
	})
	return e
}

func serveBench(b *testing.B, h http.Handler) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(listener) }() // ends when the benchmark closes it
	b.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// clients are what sends: one that costs next to nothing beside what it measures, and Go's own, which costs what callers' clients cost.
var clients = map[string]func(testing.TB, string) (post func(request) error, done func()){
	"": dialLean, " by Go's client": dialGo,
}

// round measures each server once with each client.
func (h *appBench) round(b *testing.B) {
	const callsEach = 10
	for name, address := range map[string]string{"static": h.static, "signed": h.signed, "server": h.served} {
		for client, dial := range clients {
			name := name + client
			requests := h.requests(connections, callsEach)
			runtime.GC()
			h.baseline = heapInUse()
			worked := processorTime(b)
			rate, p99 := hammer(b, dial, address, requests)
			worked = processorTime(b) - worked
			h.work[name] = append(h.work[name], worked.Seconds()/float64(connections*callsEach*len(h.session)))
			if name == "server" {
				h.heap = max(h.heap, heapInUse()-min(heapInUse(), h.baseline))
			}
			h.rates[name] = append(h.rates[name], rate)
			h.p99[name] = append(h.p99[name], p99.Seconds())
		}
	}
	for _, r := range h.requests(1, 4)[0] {
		h.pairs = append(h.pairs, h.syncPair(b))
		h.lone = append(h.lone, h.one(b, h.served, r))
	}
}

// processorTime is what this process has used, client and server, in user and kernel mode.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// syncPair is the least that a commit can take: two writes, each made durable.
func (h *appBench) syncPair(b *testing.B) time.Duration {
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

func (h *appBench) one(b *testing.B, address string, r request) time.Duration {
	_, took := hammer(b, dialLean, address, [][]request{{r}})
	return took
}

// hammer sends each list of requests over a connection of its own, one after the other, all connections at once. It gives requests a
// second and the 99th percentile of their times.
func hammer(b *testing.B, dial func(testing.TB, string) (func(request) error, func()), address string, requests [][]request) (rate float64, p99 time.Duration) {
	b.Helper()
	posts := make([]func(request) error, len(requests))
	for i := range posts {
		post, done := dial(b, address)
		defer done()
		posts[i] = post
	}
	times := make([][]time.Duration, len(requests))
	var all sync.WaitGroup
	began := time.Now()
	for i, list := range requests {
		all.Go(func() {
			times[i] = make([]time.Duration, 0, len(list))
			for _, request := range list {
				sent := time.Now()
				if err := posts[i](request); err != nil {
					b.Error(err)
					return
				}
				times[i] = append(times[i], time.Since(sent))
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	flat := slices.Concat(times...)
	if b.Failed() || len(flat) == 0 {
		b.FailNow()
	}
	slices.Sort(flat)
	return float64(len(flat)) / took.Seconds(), flat[len(flat)*99/100]
}

// benchClient is a client that costs little beside what it measures.
type benchClient struct {
	net.Conn
	in *bufio.Reader
}

func dialLean(b testing.TB, address string) (func(request) error, func()) {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	c := &benchClient{conn, bufio.NewReader(conn)}
	return c.post, func() { _ = conn.Close() }
}

// dialGo is Go's own client with a connection of its own.
func dialGo(_ testing.TB, address string) (func(request) error, func()) {
	transport := &http.Transport{MaxConnsPerHost: 1}
	client := &http.Client{Transport: transport}
	post := func(r request) error {
		q, err := http.NewRequest(http.MethodPost, "http://"+address+r.path, strings.NewReader(r.body))
		if err != nil {
			return err
		}
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		q.Header.Set(twilio.SignatureHeader, r.signature)
		answer, err := client.Do(q)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return err
		}
		if answer.StatusCode/10 != 20 {
			return fmt.Errorf("the answer is %s", answer.Status)
		}
		return nil
	}
	return post, transport.CloseIdleConnections
}

func (c *benchClient) post(r request) error {
	if _, err := c.Write(r.raw); err != nil {
		return err
	}
	length := 0
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !strings.HasPrefix(string(line), "HTTP/1.1 20") {
			return fmt.Errorf("the answer is %q", line)
		}
		if len(line) == 2 {
			_, err = io.CopyN(io.Discard, c.in, int64(length))
			return err
		}
		if value, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
			if _, err := fmt.Sscan(value, &length); err != nil {
				return err
			}
		}
	}
}

// print shows the medians over all rounds as ratios.
func (h *appBench) print(b *testing.B) {
	middle := func(list []float64) float64 {
		slices.Sort(list)
		return list[len(list)/2]
	}
	ratio := func(of map[string][]float64, over, under string) float64 {
		var each []float64
		for i := range of[over] {
			each = append(each, of[over][i]/of[under][i])
		}
		return middle(each)
	}
	slices.Sort(h.pairs)
	slices.Sort(h.lone)
	lone := float64(h.lone[len(h.lone)/2]) / float64(h.pairs[len(h.pairs)/2])
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nsigned webhook with durable commit, %d connections\tratio\twanted\n", connections)
	for _, client := range []string{" by Go's client", ""} {
		ours, static, signed := "server"+client, "static"+client, "signed"+client
		if client == "" {
			client = " by a client that costs nothing"
		}
		fmt.Fprintf(w, "rate%s, to a static handler\t%.2f\t0.30 at least, 0.40 aimed at\n", client, ratio(h.rates, ours, static))
		fmt.Fprintf(w, "rate%s, to a static handler with signature check\t%.2f\t\n", client, ratio(h.rates, ours, signed))
		fmt.Fprintf(w, "99th percentile%s, to a static handler's\t%.2f\tunder 2\n", client, ratio(h.p99, ours, static))
		fmt.Fprintf(w, "processor time of both ends%s, to a static handler's\t%.2f\t\n", client, ratio(h.work, ours, static))
		fmt.Fprintf(w, "(%.0f and %.0f requests a second in the middle of %d rounds)\t\t\n", middle(h.rates[static]), middle(h.rates[ours]), len(h.rates[ours]))
	}
	fmt.Fprintf(w, "a lone webhook, to two fdatasyncs\t%.2f\t\n", lone)
	fmt.Fprintf(w, "heap in use under load, MB\t%.1f\tunder 64\n", float64(h.heap)/(1<<20))
	_ = w.Flush() // to standard output
	b.ReportMetric(ratio(h.rates, "server", "static"), "of-static")
	b.ReportMetric(0, "ns/op")
}
