package main

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/server"
)

// mustConfig is a demo's configuration in a folder of the test's own, on free ports.
func mustConfig(t testing.TB) config.Config {
	t.Helper()
	conf, problems := config.Parse(t.TempDir()+"/supportline.yaml", config.Demo(freeAddress(t), freeAddress(t)), noEnv, config.Options{})
	for _, p := range problems {
		t.Fatal(p)
	}
	return conf
}

func noEnv(string) (string, bool) { return "", false }

// mustApp returns an open server App with the sample customers; it is closed when the test ends.
func mustApp(t testing.TB) *server.App {
	t.Helper()
	return mustAppAt(t, time.Now)
}

// mustAppAt is mustApp with a clock of the test's.
func mustAppAt(t testing.TB, now func() time.Time) *server.App {
	t.Helper()
	h, err := server.Open(mustConfig(t), now, zap.NewNop(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := bringIn(h); err != nil {
		t.Fatal(err)
	}
	return h
}

// bringIn imports the sample customers.
func bringIn(h *server.App) error {
	return demo.ImportCustomers(context.Background(), h.Store, h.Conf.Settings, "customers.example.csv", config.ExampleCustomers(), "test")
}

// awaited is an output that a test can wait for.
type awaited struct {
	mu      sync.Mutex
	text    bytes.Buffer
	written *sync.Cond
}

func newAwaited() *awaited {
	a := &awaited{}
	a.written = sync.NewCond(&a.mu)
	return a
}

func (a *awaited) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer a.written.Broadcast()
	return a.text.Write(p)
}

func (a *awaited) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.text.String()
}

// await blocks until the text has been written. The test's own time limit ends a wait for a text that never comes.
func (a *awaited) await(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for !bytes.Contains(a.text.Bytes(), []byte(text)) {
		a.written.Wait()
	}
}
