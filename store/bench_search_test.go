package store_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// searches has each filter alone, and some together.
var searches = []struct {
	name   string
	filter policy.Filter
}{
	{"nothing", policy.Filter{}},
	{"a time", policy.Filter{Since: time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, time.April, 1, 0, 0, 0, 0, time.UTC)}},
	{"a line", policy.Filter{Line: usLine}},
	{"an account", policy.Filter{Customer: benchAccount(3)}},
	{"an intent", policy.Filter{Intent: policy.Critical}},
	{"an outcome", policy.Filter{Outcome: policy.Served}},
	{"in progress", policy.Filter{Outcome: policy.InProgress}},
	{"a specialist", policy.Filter{Specialist: "+15550100003"}},
	{"a ticket", policy.Filter{Ticket: "17"}},
	{"over-long", policy.Filter{OverLong: 20 * time.Minute}},
	{"waived", policy.Filter{Waived: true}},
	{"training", policy.Filter{Training: true}},
	{"a talk time", policy.Filter{TalkAtLeast: 300, TalkAtMost: 330}},
	{"text: a customer number", policy.Filter{Text: string(benchAccount(3))}},
	{"text: words of a name", policy.Filter{Text: "flex northwind"}},
	{"text: one name", policy.Filter{Text: "northwind 0000003"}},
	{"text: a SID's beginning", policy.Filter{Text: "CA0000000000000000000000000000003"}},
	{"text: part of a number", policy.Filter{Text: "000003005", Numbers: true}},
	{"a line, an intent and a specialist", policy.Filter{Line: usLine, Intent: policy.Critical, Specialist: "+15550100003"}},
	{"an account and an outcome", policy.Filter{Customer: benchAccount(3), Outcome: policy.Served, OverLong: 20 * time.Minute}},
	{"two that are never together", policy.Filter{Line: usLine, Ticket: "16"}},
}

// BenchmarkSearch measures the first page of each search. "ratio" is the large log to the small one, taken in turns, and "large-us" the
// median in the large log; "deep-us" is a page from the middle of what is found there, and "worst-us" the slowest page of all.
func BenchmarkSearch(b *testing.B) {
	small, large := year(b, smallLog), year(b, benchCalls(b))
	middle := policy.Cursor{At: time.Date(2026, time.June, 15, 12, 0, 0, 0, time.UTC), ID: "CA"}
	for _, search := range searches {
		b.Run(search.name, func(b *testing.B) {
			var times [3][]time.Duration
			worst := time.Duration(0)
			for b.Loop() {
				for i, page := range []policy.Page{{}, {}, {Older: middle}} {
					began := time.Now()
					if _, err := []*store.Store{small, large, large}[i].Search(b.Context(), search.filter, page); err != nil {
						b.Fatal(err)
					}
					took := time.Since(began)
					times[i], worst = append(times[i], took), max(worst, took)
				}
			}
			few, many, deep := median(times[0]), median(times[1]), median(times[2])
			b.ReportMetric(float64(many)/float64(few), "ratio")
			b.ReportMetric(float64(many)/1e3, "large-us")
			b.ReportMetric(float64(deep)/1e3, "deep-us")
			b.ReportMetric(float64(worst)/1e3, "worst-us")
			b.ReportMetric(0, "ns/op")
		})
	}
	b.Run("a day counted by hour", func(b *testing.B) {
		var hours []time.Time
		for h := range 25 {
			hours = append(hours, time.Date(2026, time.June, 15, h, 0, 0, 0, time.UTC))
		}
		calls := 0
		for b.Loop() {
			counts, err := large.CountCalls(b.Context(), hours)
			if err != nil {
				b.Fatal(err)
			}
			calls = 0
			for _, n := range counts {
				calls += n.All()
			}
		}
		b.ReportMetric(float64(calls), "calls")
	})
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.Logf("heap in use after all of it: %.1f MB", float64(memory.HeapInuse)/(1<<20))
}
