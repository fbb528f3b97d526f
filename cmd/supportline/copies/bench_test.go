package copies

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// BenchmarkBackupUnderLoad prints by how much a backup of a file of half a gigabyte makes the slowest hundredth of the steps of calls slower, in one run:
//
//	go test -run '^$' -bench BackupUnderLoad -benchtime 1x ./cmd/supportline/copies
func BenchmarkBackupUnderLoad(b *testing.B) {
	path := filepath.Join(b.TempDir(), "log.db")
	e, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s, err := store.Open(b.Context(), e, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	fill(b, e, 500)
	calls := 0
	for b.Loop() {
		before := load(b, s, &calls, func() { waitAbout(5 * time.Second) })
		var took time.Duration
		during := load(b, s, &calls, func() {
			began := time.Now()
			if _, err := Backup(b.Context(), e, filepath.Join(b.TempDir(), fmt.Sprint(calls, ".db")), Options{Beside: path}); err != nil {
				b.Error(err)
			}
			took = time.Since(began)
		})
		after := load(b, s, &calls, func() { waitAbout(5 * time.Second) })
		alone := max(p99(before), p99(after))
		b.ReportMetric(float64(alone.Microseconds())/1000, "p99-alone-ms")
		b.ReportMetric(float64(p99(during).Microseconds())/1000, "p99-during-ms")
		b.ReportMetric(float64(p99(during))/float64(alone), "p99-ratio")
		b.ReportMetric(took.Seconds(), "s/backup")
	}
}

func waitAbout(d time.Duration) { <-time.After(d) }

// fill adds segments of histories that nobody reads, in megabytes.
func fill(b *testing.B, e store.Engine, megabytes int) {
	b.Helper()
	r, value := rand.New(rand.NewPCG(1, 2)), make([]byte, 1000)
	for i := range megabytes {
		err := e.Update(b.Context(), func(w store.Writer) error {
			for j := range 1000 {
				for k := range value {
					value[k] = byte(r.Uint32())
				}
				w.Put(bucket("steps"), binary.BigEndian.AppendUint64(nil, uint64(i*1000+j+1)), slices.Clone(value))
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// load takes steps of calls, 32 at a time and a thousand a second, for as long as do takes, and returns how long each took.
func load(b *testing.B, s *store.Store, calls *int, do func()) (took []time.Duration) {
	b.Helper()
	const writers = 32
	ctx, stop := context.WithCancel(b.Context())
	all := make([][]time.Duration, writers)
	var running sync.WaitGroup
	for n := range writers {
		first := *calls + n*1_000_000
		running.Go(func() {
			pace := time.NewTicker(writers * time.Millisecond)
			defer pace.Stop()
			for i := first; ctx.Err() == nil; i++ {
				began := time.Now()
				_, err := s.Advance(context.WithoutCancel(ctx), sid(i), func(c policy.Call) policy.Call {
					c.Line, c.From, c.StartedAt, c.LeftAt = "+448000668187", "+442079460018", began, began
					return c
				})
				if err != nil {
					b.Error(err)
					return
				}
				all[n] = append(all[n], time.Since(began))
				<-pace.C
			}
		})
	}
	do()
	stop()
	running.Wait()
	*calls += 100_000
	return slices.Concat(all...)
}

func p99(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)*99/100]
}
