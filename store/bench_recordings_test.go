package store_test

import (
	"iter"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

// kept returns calls of the year that each have a recording, which is fetched and deleted at the provider except for the last.
func kept(calls int) iter.Seq[policy.Call] {
	return func(yield func(policy.Call) bool) {
		n := 0
		for c := range yearOfCalls(calls) {
			n++
			r := policy.Recording{SID: "RE" + string(c.SID[2:]), Seconds: 90, At: c.StartedAt}
			if n < calls {
				r.Copy, r.DeletedAt = &policy.RecordingCopy{Bucket: "folder:/r", File: r.SID + ".wav", Bytes: 1_440_044, At: c.StartedAt}, c.StartedAt
			}
			c.Recordings = []policy.Recording{r}
			if !yield(c) {
				return
			}
		}
	}
}

// BenchmarkDueRecordings reads the recordings that are due, as the server does every few seconds, when one is. "ratio" is a log with a hundred
// times the calls to the small one, measured in turns.
func BenchmarkDueRecordings(b *testing.B) {
	var logs [2]*store.Store
	for i, calls := range []int{1000, 100_000} {
		logs[i] = newFile(b).open(b, store.Options{})
		if err := logs[i].Load(b.Context(), kept(calls), nil); err != nil {
			b.Fatal(err)
		}
	}
	now := time.Now()
	var times [2][]time.Duration
	for b.Loop() {
		for i, s := range logs {
			began := time.Now()
			for _, step := range []policy.RecordingStep{policy.StepFetch, policy.StepDelete} {
				due, err := s.DueRecordings(b.Context(), step, now, 100)
				if want := map[policy.RecordingStep]int{policy.StepFetch: 1}[step]; err != nil || len(due) != want {
					b.Fatalf("%d to %s, %v", len(due), step, err)
				}
			}
			times[i] = append(times[i], time.Since(began))
		}
	}
	small, large := median(times[0]), median(times[1])
	b.ReportMetric(float64(large)/float64(small), "ratio")
	b.ReportMetric(float64(large)/1e3, "large-us")
}
