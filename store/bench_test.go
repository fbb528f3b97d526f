package store_test

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// BenchmarkAdvance measures durable steps of calls as they grow to twelve exchanges, at 1 and at 64 writers. "pairs" is the time of a step in
// units of two fdatasyncs of a page each on the same disk, which one commit cannot be faster than: below 1 steps share commits.
func BenchmarkAdvance(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			var commits atomic.Int64
			s, err := bolt.OpenStore(filepath.Join(b.TempDir(), "bench.db"), 0, store.Options{
				OnCommit: func(time.Duration, int, error) { commits.Add(1) },
			})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			pair := syncPair(b)
			b.ReportAllocs()
			b.ResetTimer()
			var left atomic.Int64
			left.Store(int64(b.N))
			var all sync.WaitGroup
			for range writers {
				all.Go(func() { answerCalls(b, s, &left) })
			}
			all.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(pair), "pairs/op")
			b.ReportMetric(float64(b.N)/float64(commits.Load()), "steps/commit")
		})
	}
}

// answerCalls takes one call after the other through its steps until none are left.
func answerCalls(b *testing.B, s *store.Store, left *atomic.Int64) {
	for {
		id := make([]byte, 16)
		_, _ = rand.Read(id) // never fails
		sid := policy.CallSID("CA" + hex.EncodeToString(id))
		for n := range 12 {
			if left.Add(-1) < 0 {
				return
			}
			if _, err := s.Advance(b.Context(), sid, func(c policy.Call) policy.Call { return likeIVR(c, n) }); err != nil {
				b.Error(err)
				return
			}
		}
	}
}

// likeIVR makes a step of the size of a real one.
func likeIVR(c policy.Call, n int) policy.Call {
	now := time.Now()
	if n == 0 {
		c.Line, c.From, c.StartedAt, c.Answered, c.Config = "+448000668187", "+442079460018", now, true, "0123456789ab"
	}
	if n == 2 {
		c.Customer, c.Account, c.Month = "204518", "Northwind Flex Offices", "2026-11"
	}
	if n == 11 {
		c.LeftAt = now
	}
	c.State.Exchange++
	c.Exchanges = append(c.Exchanges, policy.Exchange{
		Key: fmt.Sprintf("menu/%d", n), At: now, Heard: "204518",
		Reply: json.RawMessage(`{"verbs":[{"gather":{"step":"menu","say":[{"id":"menu.critical","args":{"key":"1"}},{"id":"menu.question","args":{"key":"5"}}]}},{"redirect":"menu"}]}`),
	})
	c.Trace = append(c.Trace, policy.Decision{
		At: now, Rule: "hours.week", Result: "open until 19:00", Config: "0123456789ab",
		Inputs: []policy.Fact{{Name: "local", Value: "Mon 2026-11-23 14:00:00"}, {Name: "hours", Value: "08:00-19:00"}},
	})
	return c
}

// syncPair returns the median time of two page writes, each made durable.
func syncPair(b *testing.B) time.Duration {
	file, err := os.Create(filepath.Join(b.TempDir(), "pair"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	page := make([]byte, 4096)
	if _, err := file.Write(make([]byte, 1<<20)); err != nil {
		b.Fatal(err)
	}
	var times []time.Duration
	for n := range 101 {
		began := time.Now()
		for half := range int64(2) {
			if _, err := file.WriteAt(page, (int64(n)*2+half)*4096); err != nil {
				b.Fatal(err)
			}
			if err := syscall.Fdatasync(int(file.Fd())); err != nil {
				b.Fatal(err)
			}
		}
		times = append(times, time.Since(began))
	}
	return median(times)
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
