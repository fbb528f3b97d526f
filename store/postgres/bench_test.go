package postgres_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

// step is what a webhook writes: a record of 1 kB that was read, a step of its history, and six keys of the index.
func step(id, n int, before []byte) (c store.Change, after []byte) {
	key := fmt.Appendf(nil, "CA%08d", id)
	after = make([]byte, 1000)
	binary.BigEndian.PutUint64(after, uint64(n))
	c.Expect = []store.Entry{{Bucket: calls, Key: key, Value: before}}
	c.Edits = []store.Edit{{Bucket: calls, Key: key, Value: after}, {Bucket: steps, Key: fmt.Appendf(nil, "%s/%08d", key, n), Value: make([]byte, 200)}}
	for k := range 6 {
		if n > 0 {
			c.Edits = append(c.Edits, store.Edit{Bucket: index, Key: fmt.Appendf(nil, "%d/%s/%08d", k, key, n-1), Gone: true})
		}
		c.Edits = append(c.Edits, store.Edit{Bucket: index, Key: fmt.Appendf(nil, "%d/%s/%08d", k, key, n)})
	}
	return c, after
}

func BenchmarkCommit(b *testing.B) {
	for _, bench := range []struct {
		name           string
		writers, group int
	}{{"alone", 1, 1}, {"64 writers", 64, 1}, {"64 writers in groups", 4, 16}} {
		b.Run(bench.name, func(b *testing.B) {
			e, err := postgres.Open(b.Context(), postgrestest.Database(b), postgres.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			if err := e.Prepare(b.Context(), false); err != nil {
				b.Fatal(err)
			}
			var left atomic.Int64
			left.Store(int64(b.N))
			var mu sync.Mutex
			var took []time.Duration
			var all sync.WaitGroup
			b.ResetTimer()
			for w := range bench.writers {
				all.Go(func() {
					values := make([][]byte, bench.group)
					for n := 0; left.Add(-int64(bench.group)) > -int64(bench.group); n++ {
						changes := make([]store.Change, bench.group)
						for g := range changes {
							changes[g], values[g] = step(w*bench.group+g, n, values[g])
						}
						began := time.Now()
						held, err := e.Commit(b.Context(), changes)
						if err != nil || slices.Contains(held, false) {
							b.Error(held, err)
							return
						}
						mu.Lock()
						took = append(took, time.Since(began))
						mu.Unlock()
					}
				})
			}
			all.Wait()
			b.StopTimer()
			slices.Sort(took)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		})
	}
}
