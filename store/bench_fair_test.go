package store_test

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

const (
	// largeLog is the log that a small one of 10,000 calls is compared with. SUPPORTLINE_BENCH_CALLS sets another.
	largeLog = 1_000_000
	smallLog = 10_000
	// Each account makes as many calls in the year, whatever the size of the log: 10 million calls are those of 10,000 accounts.
	benchMonths     = 12
	callsPerAccount = 1000
)

func benchCalls(b *testing.B) int {
	text := os.Getenv("SUPPORTLINE_BENCH_CALLS")
	if text == "" {
		return largeLog
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("SUPPORTLINE_BENCH_CALLS=%s: write a number of calls", text)
	}
	return n
}

func benchAccount(n int) policy.CustomerNumber { return policy.CustomerNumber(fmt.Sprintf("%07d", n)) }

func benchMonth(n int) policy.Month { return policy.Month(fmt.Sprintf("2026-%02d", 1+n)) }

// yearOfCalls returns served calls spread over a year and over accounts, in the order of their start, with a short history each.
func yearOfCalls(calls int) iter.Seq[policy.Call] {
	accounts := max(1, calls/callsPerAccount)
	return func(yield func(policy.Call) bool) {
		for n := range calls {
			month := n * benchMonths / calls
			inMonth := n - (month*calls+benchMonths-1)/benchMonths
			at := time.Date(2026, time.Month(1+month), 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(inMonth) * 24 * time.Hour * 27 / time.Duration(calls/benchMonths+1))
			if !yield(benchCall(n, at, benchAccount(n%accounts), benchMonth(month))) {
				return
			}
		}
	}
}

func benchCall(n int, at time.Time, account policy.CustomerNumber, month policy.Month) policy.Call {
	seconds := 60 + n*7%1500
	return policy.Call{
		SID: policy.CallSID(fmt.Sprintf("CA%032x", n)), Line: []policy.Phone{ukLine, usLine}[n%2], From: policy.Phone("+442" + string(account[1:]) + fmt.Sprintf("%03d", n%7)),
		StartedAt: at, Answered: true, Config: "0123456789ab",
		Customer: account, Account: "Northwind Flex Offices " + string(account), Month: month, Intent: policy.Intents()[n%5], Ticket: policy.Ticket(fmt.Sprint(n % 40)),
		Waived: n%30 == 0, Training: n%40 == 0,
		HuntingAt: at.Add(20 * time.Second), Status: "completed", EndedAt: at.Add(time.Duration(40+seconds) * time.Second),
		Legs: []policy.Leg{{
			SID: policy.CallSID(fmt.Sprintf("CB%032x", n)), To: policy.Phone(fmt.Sprintf("+155501000%02d", n%8)), Status: "completed", RangAt: at.Add(21 * time.Second),
			AnsweredAt: at.Add(30 * time.Second), AcceptedAt: at.Add(35 * time.Second), EndedAt: at.Add(time.Duration(35+seconds) * time.Second), Seconds: &seconds,
		}},
		Trace: []policy.Decision{{At: at, Rule: "hours.week", Result: "open until 19:00", Config: "0123456789ab"}},
	}
}

const (
	ukLine = policy.Phone("+448000668187")
	usLine = policy.Phone("+18883071053")
)

// year returns a store with so many calls, made once for all benchmarks.
func year(b *testing.B, calls int) *store.Store {
	b.Helper()
	path := filepath.Join(b.TempDir(), "year.db")
	s, err := bolt.OpenStore(path, 0, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	began := time.Now()
	if err := s.Load(b.Context(), yearOfCalls(calls), nil); err != nil {
		b.Fatal(err)
	}
	took := time.Since(began)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d calls loaded in %v: %v and %d bytes each", calls, took.Round(time.Millisecond), took/time.Duration(calls), info.Size()/int64(calls))
	return s
}

// BenchmarkFairUse measures what fair use reads of a log of a year. "ratio" is an account's month in the large log to the same in the small
// one, measured in turns; "accounts" and "ms" are the month of all accounts.
func BenchmarkFairUse(b *testing.B) {
	calls := benchCalls(b)
	small, large := year(b, smallLog), year(b, calls)
	b.Run("an account's month", func(b *testing.B) {
		var times [2][]time.Duration
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			for i, s := range []*store.Store{small, large} {
				spread := []int{1, calls / smallLog}[i] // as many accounts of each log, from all over it
				number, month := benchAccount(n*89%(smallLog/callsPerAccount)*spread), benchMonth(n%benchMonths)
				began := time.Now()
				summaries, err := s.AccountSummaries(b.Context(), number, month)
				if times[i] = append(times[i], time.Since(began)); err != nil || len(summaries) < 4 {
					b.Fatalf("%d summaries, %v", len(summaries), err)
				}
			}
		}
		few, many := median(times[0]), median(times[1])
		b.ReportMetric(float64(many)/float64(few), "ratio")
		b.ReportMetric(float64(many)/1e3, "large-us")
	})
	b.Run("all accounts' month", func(b *testing.B) {
		b.ReportAllocs()
		var found, accounts int
		for n := 0; b.Loop(); n++ {
			found, accounts = 0, 0
			last := policy.CustomerNumber("")
			for t, err := range large.MonthSummaries(b.Context(), benchMonth(n%benchMonths)) {
				if err != nil {
					b.Fatal(err)
				}
				if found++; t.Customer != last {
					accounts, last = accounts+1, t.Customer
				}
			}
		}
		b.ReportMetric(float64(accounts), "accounts")
		b.ReportMetric(float64(found), "calls")
		b.ReportMetric(float64(b.Elapsed())/float64(b.N)/1e6, "ms")
	})
}
