package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/server"
	"github.com/officernd/supportline/twilio"
	"github.com/officernd/supportline/twilio/fake"
)

// listedCalls is how many calls the benchmark's provider lists, half of them with a leg, over 25 days.
const listedCalls = 100_000

// BenchmarkReconcile compares a log with a long list: one that has none of its calls, and one that has them all. Each is set against reading the
// list alone, in the same run. The provider makes its pages up as they are asked for, so what grows is ours.
func BenchmarkReconcile(b *testing.B) {
	conf := benchConfig(b)
	to := time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)
	at, err := twilio.NewAccount(twilio.AccountConfig{
		AccountSID: conf.Twilio.AccountSID, AuthToken: "token", Transport: fake.Straight(longList{to}),
	})
	if err != nil {
		b.Fatal(err)
	}
	var lone, missing, there []float64
	var heap uint64
	for b.Loop() {
		began := time.Now()
		n := 0
		for _, err := range at.Calls(b.Context(), to.Add(-server.FirstLook), to) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != listedCalls {
			b.Fatalf("%d calls listed", n)
		}
		lone = append(lone, time.Since(began).Seconds())
		conf := benchConfig(b)
		h, err := server.Open(conf, func() time.Time { return to }, zap.NewNop(), 0)
		if err != nil {
			b.Fatal(err)
		}
		for _, times := range []*[]float64{&missing, &there} {
			runtime.GC()
			baseline := heapInUse()
			r := &server.Reconciler{Log: h.Store, List: at, Settings: conf.Settings, Now: to, Found: func(server.Repair) {}}
			compared := 0
			r.Seen = func(time.Time) {
				if compared++; compared%5000 == 0 {
					heap = max(heap, heapInUse()-min(heapInUse(), baseline))
				}
			}
			began := time.Now()
			if err := r.Run(b.Context(), to.Add(-server.FirstLook), to); err != nil {
				b.Fatal(err)
			}
			*times = append(*times, time.Since(began).Seconds())
		}
		if err := h.Close(); err != nil {
			b.Fatal(err)
		}
	}
	middle := func(all []float64) float64 {
		slices.Sort(all)
		return all[len(all)/2]
	}
	fmt.Printf("\nreconcile, a list of %d calls and legs                        ratio  wanted\n", listedCalls)
	fmt.Printf("a log that has them all, to reading the list alone           %6.2f\n", middle(there)/middle(lone))
	fmt.Printf("a log that has none of them, to reading the list alone       %6.2f\n", middle(missing)/middle(lone))
	fmt.Printf("heap in use beside the start's, MB                           %6.1f  under 64\n", float64(heap)/(1<<20))
	fmt.Printf("(%.1f s, %.1f s and %.1f s in the middle of %d rounds)\n", middle(lone), middle(there), middle(missing), len(lone))
}

// longList lists calls that it makes up, a page at a time, newest first; every second one is the leg of the one after it.
type longList struct{ to time.Time }

func (l longList) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page, _ := strconv.Atoi(r.FormValue("Page")) // none is the first
	var calls []map[string]any
	next := any(nil)
	if r.URL.Path[len(r.URL.Path)-len("Calls.json"):] == "Calls.json" {
		for i := page * 1000; i < min((page+1)*1000, listedCalls); i++ {
			calls = append(calls, l.call(i))
		}
		if (page+1)*1000 < listedCalls {
			q := r.URL.Query()
			q.Set("Page", strconv.Itoa(page+1))
			next = r.URL.Path + "?" + q.Encode()
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"calls": calls, "next_page_uri": next})
}

func (l longList) call(i int) map[string]any {
	start := l.to.Add(-time.Hour - time.Duration(i/2)*43*time.Second)
	sid := func(n int) string { return fmt.Sprintf("CA%032x", n) }
	text := func(t time.Time) string { return t.Format(time.RFC1123Z) }
	call := map[string]any{
		"sid": sid(i), "from": "+15551234567", "to": "+448000668187", "direction": "inbound", "status": "completed", "duration": "120",
		"start_time": text(start), "end_time": text(start.Add(2 * time.Minute)),
	}
	if i%2 == 0 {
		call["parent_call_sid"], call["direction"], call["from"], call["to"] = sid(i+1), "outbound-dial", "+448000668187", "+15550100003"
		call["start_time"], call["duration"] = text(start.Add(10*time.Second)), "110"
	}
	return call
}
