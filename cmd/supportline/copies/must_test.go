package copies

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/transfer"
)

var noon = time.Date(2026, time.November, 29, 12, 0, 0, 0, time.UTC)

func bucket(name string) store.Bucket {
	for _, b := range store.Buckets() {
		if b.String() == name {
			return b
		}
	}
	panic("no bucket " + name)
}

// newEngine returns an engine with some calls, and what makes them a log.
func newEngine(t testing.TB, path string, calls int) *bolt.Engine {
	t.Helper()
	e, err := bolt.Open(path, bolt.Options{Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	put(t, e, 0, calls)
	return e
}

func put(t testing.TB, e store.Engine, from, to int) {
	t.Helper()
	err := e.Update(context.Background(), func(w store.Writer) error {
		for i := from; i < to; i++ {
			w.Put(bucket("calls"), fmt.Appendf(nil, "%08d", i), fmt.Appendf(nil, "call %d", i))
			w.Put(bucket("index"), fmt.Appendf(nil, "i%08d", i), nil)
		}
		w.Put(bucket("meta"), []byte("schema"), fmt.Append(nil, store.Schema))
		w.Put(bucket("meta"), []byte("secret"), []byte("of this store alone"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func sums(t testing.TB, e store.Engine) []transfer.BucketSum {
	t.Helper()
	all, err := transfer.Sums(t.Context(), e, nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// files returns the names of the files in a folder.
func files(t testing.TB, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// says reports an error that does not wrap another one, or does not say what it should.
func says(t testing.TB, name string, err, want error, words ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", name, err, want)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s does not say %q: %v", name, w, err)
		}
	}
}

func write0(t testing.TB, path string, text []byte) string {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read0(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// made returns the path of a backup of some calls.
func made(t testing.TB, calls int) string {
	t.Helper()
	folder := t.TempDir()
	e := newEngine(t, filepath.Join(folder, "log.db"), calls)
	file := filepath.Join(folder, "copy.db")
	if _, err := Backup(t.Context(), e, file, Options{Now: func() time.Time { return noon }}); err != nil {
		t.Fatal(err)
	}
	return file
}

// waitFor waits until something that another goroutine does has happened.
func waitFor(t testing.TB, happened func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(20 * time.Second); !happened(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("it does not happen")
		}
	}
}
