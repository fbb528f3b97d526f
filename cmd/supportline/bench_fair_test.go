package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"text/tabwriter"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/figures"
)

// The logs that are compared: a small one, and one of 10,000 accounts, over as many months as its calls fill at the usual load.
const (
	benchSmall    = 10_000
	benchLarge    = 1_000_000 // SUPPORTLINE_BENCH_CALLS sets another
	benchAccounts = 10_000
)

// benchMonths returns over how many months a log of so many calls goes: five calls of each account a month are usual, and ten years are what is kept.
func benchMonths(calls int) int { return min(120, max(12, calls/(benchAccounts*5))) }

// BenchmarkFairUse measures usage as the commands derive it, on logs as demo --calls makes them: an account's month in the large log to the
// same in the small one, taken in turns, and the month of all accounts of the large log. It prints them as a table.
func BenchmarkFairUse(b *testing.B) {
	calls := benchLarge
	if text := os.Getenv("SUPPORTLINE_BENCH_CALLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatalf("SUPPORTLINE_BENCH_CALLS=%s: write a number of calls", text)
		}
		calls = n
	}
	small := newFairBench(b, benchSmall, demo.AccountsFor(benchSmall, 12), 12)
	large := newFairBench(b, calls, benchAccounts, benchMonths(calls))
	var few, many, all []time.Duration
	for n := 0; b.Loop(); n++ {
		few, many = append(few, small.account(b, n)), append(many, large.account(b, n))
		if len(few)%1000 == 1 {
			all = append(all, large.all(b, n))
		}
	}
	for _, list := range [][]time.Duration{few, many, all} {
		slices.Sort(list)
	}
	middle := func(list []time.Duration) time.Duration { return list[len(list)/2] }
	ratio := float64(middle(many)) / float64(middle(few))
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nfair use at %d calls of %d accounts\tmeasured\twanted\n", calls, benchAccounts)
	fmt.Fprintf(w, "an account's month, to the same at %d calls\t%.2f\t1.50 at most\n", benchSmall, ratio)
	fmt.Fprintf(w, "an account's month\t%v\tunder 1ms\n", middle(many).Round(time.Microsecond))
	fmt.Fprintf(w, "all accounts' month\t%v\tunder 2s\n", middle(all).Round(time.Millisecond))
	_ = w.Flush() // to standard output
	b.ReportMetric(ratio, "of-small")
	b.ReportMetric(0, "ns/op")
}

// fairBench is a log that usage is derived from.
type fairBench struct {
	app       *server.App
	accounts  figures.Accounts
	customers []policy.Customer
	months    []policy.Month
}

// lastOpen returns the latest time until now at which both lines are open.
func lastOpen(now time.Time) time.Time {
	at := time.Date(now.Year(), now.Month(), now.Day(), 15, 0, 0, 0, time.UTC)
	for at.After(now) || at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		at = at.AddDate(0, 0, -1)
	}
	return at
}

func newFairBench(b *testing.B, calls, accounts, months int) *fairBench {
	b.Helper()
	now := time.Date(2026, 10, 30, 15, 0, 0, 0, time.UTC) // both lines are open
	conf, made := mustConfig(b), calls > benchSmall && benchStore() != ""
	if made {
		conf.Store.File, now = benchStore(), lastOpen(time.Now())
	}
	open := func() *server.App {
		h, err := server.Open(conf, func() time.Time { return now }, zap.NewNop(), 0)
		if err != nil {
			b.Fatal(err)
		}
		return h
	}
	h := open()
	g := demo.Generator{Seed: 1, Settings: h.Conf.Settings, Calls: calls, Months: months, Accounts: accounts, Until: now}
	if !made {
		if err := errors.Join(g.Fill(b.Context(), h.Store, func(int) {}), h.Close(), bolt.Compact(b.Context(), conf.Store.File, func(int64) {})); err != nil {
			b.Fatal(err)
		}
		h = open()
	}
	b.Cleanup(func() { _ = h.Close() })
	return &fairBench{h, figures.Accounts{Store: h.Store, FairUse: h.Conf.Settings.FairUse}, g.Customers(), monthsTo("2026-10", 12)}
}

// account derives one month of one account, another one each time.
func (f *fairBench) account(b *testing.B, n int) time.Duration {
	customer, month := f.customers[n*7919%len(f.customers)], f.months[n%len(f.months)]
	began := time.Now()
	report, err := policy.AccountReport(customer.Number, month, 1, func(m policy.Month) ([]policy.CallSummary, error) {
		return f.accounts.AccountSummaries(b.Context(), customer.Number, m)
	})
	if err != nil {
		b.Fatal(err)
	}
	report.Account(customer, 1, f.accounts.FairUse)
	return time.Since(began)
}

// all derives one month of all accounts, in one pass.
func (f *fairBench) all(b *testing.B, n int) time.Duration {
	one := f.accounts
	one.FairUse.SustainedWithin = 1 // the month alone, without those that decide whether load is sustained
	began := time.Now()
	if _, err := one.AllMonths(b.Context(), f.months[n%len(f.months)], 1); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}
