package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/server"
)

// consolePages are every page of the console that reads the log, and the first page of each single filter.
var consolePages = []string{
	"/now", "/calls", "/calls?line=%2B448000668187", "/calls?customer=%s", "/calls?intent=critical", "/calls?outcome=voicemail", "/calls?outcome=in-progress",
	"/calls?specialist=%2B15550100001", "/calls?ticket=21001", "/calls?over_long=yes", "/calls?waived=yes", "/calls?training=yes", "/calls?talk_from=10&talk_to=12",
	"/calls?text=%s", "/calls?text=harbour", "/calls?text=5550001", "/calls?text=55500001", "/calls?order=longest", "/accounts", "/accounts/%s", "/fair-use", "/fair-use/charges",
	"/fair-use/what-if?tickets=12&call=15", "/lines", "/audit", "/users", "/health",
}

// What the console may cost.
const (
	wantMedian   = 20 * time.Millisecond
	wantWorst    = 100 * time.Millisecond
	wantBrowsing = 96 // MB of heap
	browsers     = 10
	busyRounds   = 5
	leaf         = 500 * time.Millisecond // between two pages of somebody who leafs fast
)

// BenchmarkConsole measures the console's pages over a large log against the same over a small one; then webhooks and the heap while ten people
// browse and one exports, against webhooks alone. It prints them as tables. SUPPORTLINE_BENCH_CALLS sets the size of the large log.
func BenchmarkConsole(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	server.TuneRuntime() // as the program does
	small := newPagesBench(b, benchSmall, demo.AccountsFor(benchSmall, 12), 12)
	calls := benchCalls(b)
	large := newPagesBench(b, calls, benchAccounts, benchMonths(calls))
	few, many := map[string][]time.Duration{}, map[string][]time.Duration{}
	for b.Loop() {
		for _, page := range consolePages {
			few[page], many[page] = append(few[page], small.get(b, page)), append(many[page], large.get(b, page))
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\npages at %d calls\tmedian, wanted under %v\tp99, wanted under %v\tto the same at %d calls, wanted 1.25 at most of a filter\n", calls, wantMedian, wantWorst, benchSmall)
	for _, page := range consolePages {
		ratio := fmt.Sprintf("%.2f", float64(part(many[page], 50))/float64(part(few[page], 50)))
		if small.rows(b, page) < large.rows(b, page) {
			ratio = "the small log has less to show"
		}
		fmt.Fprintf(w, "%s\t%v\t%v\t%s\n", page, part(many[page], 50).Round(10*time.Microsecond), part(many[page], 99).Round(10*time.Microsecond), ratio)
	}
	large.busy(b, w)
	_ = w.Flush() // to standard output
	b.ReportMetric(0, "ns/op")
}

// rows are how many a page's tables have.
func (p *pagesBench) rows(b *testing.B, page string) int {
	b.Helper()
	return strings.Count(p.body(b, page), "<tr")
}

// part is the time below which so many of a hundred are.
func part(times []time.Duration, hundredths int) time.Duration {
	slices.Sort(times)
	return times[min(len(times)-1, len(times)*hundredths/100)]
}

// benchCalls is the size of the large log.
func benchCalls(b *testing.B) (calls int) {
	b.Helper()
	calls = benchLarge
	if text := os.Getenv("SUPPORTLINE_BENCH_CALLS"); text != "" {
		if _, err := fmt.Sscan(text, &calls); err != nil {
			b.Fatalf("SUPPORTLINE_BENCH_CALLS=%s: write a number of calls", text)
		}
	}
	return calls
}

// busy measures webhooks alone, and while ten people browse and one takes everything out, as a half of what the processors can do: nobody
// sends webhooks as fast as they are answered.
func (p *pagesBench) busy(b *testing.B, w io.Writer) {
	bench := &callMaker{conf: p.app.Conf, session: recordCall(b, p.app.Conf, p.app.Webhooks)}
	address, private := serveBench(b, p.app.Webhooks), serveBench(b, p.handler)
	before, most := live(), uint64(0)
	var calm, busy, times []time.Duration
	for range busyRounds { // in turns: the machine is not the same at all times
		calm = append(calm, p.webhooks(b, bench, address))
		heap, took := p.besides(b, private, func() time.Duration { return p.webhooks(b, bench, address) })
		busy, most = append(busy, took), max(most, heap)
	}
	for i := range calm { // of a round, before they are put in order
		times = append(times, busy[i]*100/calm[i])
	}
	fmt.Fprintf(w, "\nten people browse and one exports\tmeasured\twanted\n")
	fmt.Fprintf(w, "heap in use at most, MB (%d before)\t%.1f\tunder %d\n", before>>20, float64(most)/(1<<20), wantBrowsing)
	fmt.Fprintf(w, "99th percentile of webhooks, to that without\t%.2f (%v and %v)\t2.00 at most\n", float64(part(times, 50))/100, part(busy, 50), part(calm, 50))
}

// besides measures something while people browse and export, and the heap that is in use then at most.
func (p *pagesBench) besides(b *testing.B, private string, measure func() time.Duration) (most uint64, took time.Duration) {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	var beside sync.WaitGroup
	for i := range browsers {
		beside.Go(func() {
			pause(ctx, time.Duration(i)*leaf/browsers) // people do not keep step
			for n := i; ctx.Err() == nil; n++ {
				p.get(b, consolePages[n%len(consolePages)])
				pause(ctx, leaf)
			}
		})
	}
	beside.Go(func() { p.export(ctx, private) })
	beside.Go(func() {
		for ctx.Err() == nil {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			pause(ctx, 50*time.Millisecond)
		}
	})
	took = measure()
	stop()
	beside.Wait()
	return most, took
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// webhooks gives the 99th percentile of those of some calls at a steady pace.
func (p *pagesBench) webhooks(b *testing.B, bench *callMaker, address string) time.Duration {
	b.Helper()
	const atOnce, callsEach = 8, 40
	var times []time.Duration
	var mu sync.Mutex
	var all sync.WaitGroup
	next := func() []request {
		mu.Lock()
		defer mu.Unlock()
		return bench.wholeCall()
	}
	for range atOnce {
		post, done := dialGo(b, address)
		all.Go(func() {
			defer done()
			for range callsEach {
				for _, r := range next() {
					sent := time.Now()
					if err := post(r); err != nil {
						b.Error(err)
						return
					}
					took := time.Since(sent)
					mu.Lock()
					times = append(times, took)
					mu.Unlock()
					pause(b.Context(), 20*time.Millisecond)
				}
			}
		})
	}
	all.Wait()
	return part(times, 99)
}

// export takes the whole log out as CSV until ctx ends, over and over, as a browser does.
func (p *pagesBench) export(ctx context.Context, address string) {
	for ctx.Err() == nil {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/calls/export?format=csv", nil)
		if err != nil {
			return
		}
		request.Header.Set("Cookie", p.cookie)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return // ctx ended
		}
		_, _ = io.Copy(io.Discard, answer.Body) // ends with ctx at the latest
		_ = answer.Body.Close()
	}
}

// benchStore is a file with a large log that was made before, for who measures again and again.
func benchStore() string { return strings.TrimSpace(os.Getenv("SUPPORTLINE_BENCH_STORE")) }
