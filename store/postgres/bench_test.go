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

// step has the edits of a webhook: a record of 1 kB that was read, a step of its history, and six keys of the index.
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

// BenchmarkRead reads a bucket of 500,000 keys under 2,000 prefixes.
func BenchmarkRead(b *testing.B) {
	url := postgrestest.Database(b)
	e, err := postgres.Open(b.Context(), url, postgres.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	if err := e.Prepare(b.Context(), false); err != nil {
		b.Fatal(err)
	}
	postgrestest.SQL(b, url, `INSERT INTO supportline."index" SELECT convert_to(lpad((n % 2000)::text, 4, '0') || '/' || lpad(n::text, 8, '0'), 'UTF8'), '' FROM generate_series(1, 500000) n`)
	under := func(n int, back bool, few int) store.Span {
		return store.Span{Bucket: index, From: fmt.Appendf(nil, "%04d/", n), To: fmt.Appendf(nil, "%04d0", n), Back: back, Few: few}
	}
	spans := func(n int, back bool) (all []store.Span) {
		for i := range n {
			all = append(all, under(i*7%2000, back, 1))
		}
		return all
	}
	firsts := func(r store.Reader, spans []store.Span) (n int) {
		for _, c := range r.Scan(spans...) {
			if k, _ := c.Next(); k != nil {
				n++
			}
		}
		return n
	}
	for _, bench := range []struct {
		name string
		read func(r store.Reader) int
		want int
	}{
		{"get", func(r store.Reader) int { return len(r.Get(index, []byte("0001/00000001"))) + 1 }, 1},
		{"page of 50", func(r store.Reader) int { return len(list(r, under(7, false, 60))[:50]) }, 50},
		{"page of 50 back", func(r store.Reader) int { return len(list(r, under(7, true, 60))[:50]) }, 50},
		{"20 spans", func(r store.Reader) int { return firsts(r, spans(20, true)) }, 20},
		{"2000 spans", func(r store.Reader) int { return firsts(r, spans(2000, true)) }, 2000},
		{"count of 5000", func(r store.Reader) int { return r.Count(store.Span{Bucket: index, From: []byte("0100/")}, 5000) }, 5000},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for range b.N {
				err := e.View(b.Context(), func(r store.Reader) error {
					if n := bench.read(r); n != bench.want {
						return fmt.Errorf("%d", n)
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
