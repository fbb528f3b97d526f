package load

import (
	"fmt"
	"io"
	"maps"
	"math/bits"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/officernd/supportline/cmd/supportline/control"
)

// Result holds the measurements of a run.
type Result struct {
	Calls  int // that were carried to their end
	Unsent int // calls whose first webhook still waited to be sent when the run was over
	Took   time.Duration
	Rows   []Row          // one a route
	All    Row            // of all routes
	Kinds  map[string]int // errors

	latencies *hdrhistogram.Histogram
}

// Row has the latencies of a route in milliseconds, from the moment at which a webhook should have been sent to the whole answer.
type Row struct {
	Route  string         `json:"route"`
	Count  int64          `json:"count"`
	P50    float64        `json:"p50_ms"`
	P90    float64        `json:"p90_ms"`
	P99    float64        `json:"p99_ms"`
	P999   float64        `json:"p999_ms"`
	Max    float64        `json:"max_ms"`
	Errors int            `json:"errors"`
	Kinds  map[string]int `json:"error_kinds,omitempty"` // of all routes
	// Of all routes: calls that ended, calls that were never sent, and calls and webhooks a second.
	Calls      int     `json:"calls,omitempty"`
	Unsent     int     `json:"unsent_calls,omitempty"`
	CallsRate  float64 `json:"calls_a_second,omitempty"`
	AnswerRate float64 `json:"webhooks_a_second,omitempty"`
}

func newRow(route string, s *series) Row {
	at := func(percentile float64) float64 { return float64(s.latencies.ValueAtQuantile(percentile)) / 1000 }
	return Row{
		Route: route, Count: s.latencies.TotalCount(), P50: at(50), P90: at(90), P99: at(99), P999: at(99.9),
		Max: float64(s.latencies.Max()) / 1000, Errors: s.errors,
	}
}

// List returns the rows of all routes and of all together, for programs.
func (r Result) List() []Row {
	all := r.All
	all.Kinds, all.Calls, all.Unsent = r.Kinds, r.Calls, r.Unsent
	if s := r.Took.Seconds(); s > 0 {
		all.CallsRate, all.AnswerRate = float64(r.Calls)/s, float64(r.All.Count)/s
	}
	return append(slices.Clone(r.Rows), all)
}

// Write prints the result for a person, at most 80 characters wide: percentiles, the histogram, errors.
func (r Result) Write(w io.Writer, colour bool) error {
	all := r.List()[len(r.Rows)]
	fmt.Fprintf(w, "%s, %d webhooks in %.1f s: %.1f calls and %.0f webhooks a second\n\n",
		control.Plural(r.Calls, "call"), all.Count, r.Took.Seconds(), all.CallsRate, all.AnswerRate)
	head := []string{"WEBHOOK", "COUNT", "P50", "P90", "P99", "P99.9", "MAX", "ERRORS"}
	t := control.Table{Head: head, Right: map[string]bool{}}
	for _, name := range head[1:] {
		t.Right[name] = true
	}
	for _, row := range append(slices.Clone(r.Rows), all) {
		t.Add(row.Route, fmt.Sprint(row.Count), millis(row.P50), millis(row.P90), millis(row.P99), millis(row.P999), millis(row.Max), fmt.Sprint(row.Errors))
	}
	if err := t.Write(w, colour); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nMilliseconds from when a webhook was due to the end of its answer.")
	if err := r.chart(w); err != nil {
		return err
	}
	if r.Unsent > 0 {
		fmt.Fprintf(w, "\n%s never reached the server: the run was over while they waited. They count with what they waited.\n", control.Plural(r.Unsent, "call"))
	}
	return r.errors(w)
}

func (r Result) errors(w io.Writer) error {
	if len(r.Kinds) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	t := control.Table{Head: []string{"ERRORS", "WHAT"}, Right: map[string]bool{"ERRORS": true}}
	for _, kind := range slices.Sorted(maps.Keys(r.Kinds)) {
		t.Add(fmt.Sprint(r.Kinds[kind]), kind)
	}
	return t.Write(w, false)
}

// millis returns milliseconds with three digits that count.
func millis(ms float64) string {
	switch {
	case ms < 10:
		return fmt.Sprintf("%.2f", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f", ms)
	}
	return fmt.Sprintf("%.0f", ms)
}

// chart draws how many webhooks took how long: a bar for each doubling, from the fastest to the slowest.
func (r Result) chart(w io.Writer) error {
	var counts [64]int64 // by the number of bits of the microseconds
	first, last := len(counts), -1
	for _, b := range r.latencies.Distribution() {
		if n := bits.Len64(uint64(b.From)); b.Count > 0 {
			counts[n] += b.Count
			first, last = min(first, n), max(last, n)
		}
	}
	var bars []control.ChartRow
	for n := first; n <= last; n++ {
		bars = append(bars, control.ChartRow{
			Name: fmt.Sprintf("< %6s ms", millis(float64(uint64(1)<<n)/1000)), Value: int(counts[n]),
			Words: fmt.Sprintf("%5.1f%%", 100*float64(counts[n])/float64(r.All.Count)),
		})
	}
	if len(bars) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	return control.WriteChart(w, bars, 0)
}
