package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/store/bolt"
)

// BenchmarkGrowth compares the webhooks of whole calls on a bolt file of a large log with the same on one of 10 thousand calls, over 64 connections,
// the servers taking turns. SUPPORTLINE_BENCH_CALLS sets the size of the large log, SUPPORTLINE_BENCH_STORE a file that has one already, and gains calls.
func BenchmarkGrowth(b *testing.B) {
	const connections = 64
	h := &serversBench{calls: recordedCalls(b)}
	for _, calls := range []int{benchSmall, benchCalls(b)} {
		file := filepath.Join(b.TempDir(), "log.db")
		if made := benchStore(); made != "" && calls > benchSmall {
			file = made
		} else {
			fillLog(b, file, calls)
		}
		m := startOurs(b, fmt.Sprint(calls), config.Store{File: file})
		m.rests(b)
		h.servers = append(h.servers, m)
	}
	small, large := h.servers[0], h.servers[1]
	for b.Loop() {
		calls := h.calls.make(h.callsOfRound())
		small.round(b, connections, calls)
		large.round(b, connections, calls)
	}
	fmt.Printf("\na webhook on bolt, %d connections, medians of %d rounds   measured  wanted\n", connections, b.N)
	grows := ratio(small.rate[connections], large.rate[connections])
	fmt.Printf("at %s calls, to the same at %s %30.2f  1.25 at most\n", large.name, small.name, grows)
	fmt.Printf("its slowest hundredth %43.2f\n", ratio(large.p99[connections], small.p99[connections]))
	fmt.Printf("(%.0f and %.0f a second; %.0f and %.0f bytes written for each)\n", middle(small.rate[connections]), middle(large.rate[connections]), middle(small.written[connections]), middle(large.written[connections]))
	b.ReportMetric(grows, "to-small")
	b.ReportMetric(0, "ns/op")
}

// fillLog makes a file with a log until now, over as many months as its calls fill at the usual load.
func fillLog(b *testing.B, file string, calls int) {
	b.Helper()
	app := openBench(b, writeBench(b, config.Store{File: file}))
	accounts := min(benchAccounts, demo.AccountsFor(calls, 12))
	g := demo.Generator{Seed: 1, Settings: app.Conf.Settings, Calls: calls, Months: benchMonths(calls), Accounts: accounts, Until: time.Now()}
	began := time.Now()
	if err := errors.Join(g.Fill(b.Context(), app.Store, func(int) {}), app.Close(), bolt.Compact(b.Context(), file, func(int64) {})); err != nil {
		b.Fatal(err)
	}
	info := must(os.Stat(file))
	b.Logf("%d calls made in %v: %d MB", calls, time.Since(began).Round(time.Second), info.Size()>>20)
}

// rests waits until a server that has just started is done with what it does by itself at first.
func (m *measured) rests(b *testing.B) {
	b.Helper()
	const look = 500 * time.Millisecond
	for end, before := time.Now().Add(2*time.Minute), m.ticks(); ; before = m.ticks() {
		<-time.After(look)
		if m.ticks()-before < look/20 {
			return
		}
		if time.Now().After(end) {
			b.Fatalf("the server of %s calls is still at work", m.name)
		}
	}
}
