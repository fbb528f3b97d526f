package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
)

var tuesday = time.Date(2026, time.November, 24, 15, 0, 0, 0, time.UTC) // both lines are open

// mustConfig returns a demo's configuration in a folder of the test's own. Its listeners take any free port.
func mustConfig(t *testing.T) config.Config {
	t.Helper()
	none := func(string) (string, bool) { return "", false }
	conf, problems := config.Parse(filepath.Join(t.TempDir(), "supportline.yaml"), config.Demo("127.0.0.1:1", "127.0.0.1:2"), none, config.Options{})
	for _, p := range problems {
		t.Fatal(p)
	}
	conf.Listen = config.Listen{Webhooks: "127.0.0.1:0", Console: "127.0.0.1:0"}
	return conf
}

// mustApp returns an open App, which is closed when the test ends.
func mustApp(t *testing.T) *App {
	t.Helper()
	a := must(Open(mustConfig(t), time.Now, zap.NewNop(), 1<<20))
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func parseNothing([]string, io.Writer, io.Writer) (any, string, error) { return nil, "", nil }

// mustServe runs a server until the returned stop, which returns what Run did.
func mustServe(t *testing.T, a *App) (s *Server, stop func() error) {
	t.Helper()
	s = must(Listen(a, parseNothing))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return s, func() error {
		cancel()
		return <-done
	}
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response := must(http.Get(url))
	defer response.Body.Close()
	return response.StatusCode, string(must(io.ReadAll(response.Body)))
}

// free reports whether nothing listens on an address.
func free(address string) bool {
	l, err := net.Listen("tcp", address)
	return err == nil && l.Close() == nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// served brings a call of five minutes into the log of an account of the first line.
func served(t *testing.T, s *store.Store, settings policy.Settings, sid policy.CallSID, customer policy.CustomerNumber, start time.Time) {
	t.Helper()
	seconds := 304
	must(s.Advance(t.Context(), sid, func(policy.Call) policy.Call {
		return policy.Call{
			SID: sid, Line: settings.Lines[0].Number, From: "+15551234567", StartedAt: start, Answered: true, Customer: customer,
			Month: policy.MonthOf(start, settings.Lines[0].Zone), Intent: policy.Question, HuntingAt: start, Status: "completed",
			Legs: []policy.Leg{{
				SID: "L" + sid, Status: "completed", RangAt: start, AnsweredAt: start, ScreenedAt: start, AcceptedAt: start,
				EndedAt: start.Add(5 * time.Minute), Seconds: &seconds,
			}},
			EndedAt: start.Add(5 * time.Minute), TotalSeconds: &seconds,
		}
	}))
}
