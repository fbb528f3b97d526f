package demo

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/policy"
)

// TestOpenFillsAStore once: the log that is there stays as it is at the next start.
func TestOpenFillsAStore(t *testing.T) {
	folder := t.TempDir()
	none := func(string) (string, bool) { return "", false }
	conf, problems := config.Parse(filepath.Join(folder, ConfigFile), config.Demo("127.0.0.1:1", "127.0.0.1:2"), none, config.Options{})
	for _, p := range problems {
		t.Fatal(p)
	}
	var words bytes.Buffer
	o := Options{
		Now:    func() time.Time { return time.Date(2024, 3, 20, 12, 0, 0, 0, time.UTC) },
		Logger: zap.NewNop(), User: "mila", Words: &words, Progress: func(size int64) *control.Bar { return control.NewBar(&words, size, false) },
	}
	for _, seed := range []uint64{1, 2} {
		app, err := Open(t.Context(), folder, conf, Log{Calls: 600, Months: 3, Seed: seed}, o)
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		for _, err := range app.Store.Calls(t.Context(), policy.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			calls++
		}
		if calls != 600 {
			t.Errorf("%d calls, want 600", calls)
		}
		if waiting, err := app.Store.OpenFollowUps(t.Context(), "", 10); err != nil || len(waiting) != maxWaiting {
			t.Errorf("%d callers wait, want %d: %v", len(waiting), maxWaiting, err)
		}
		if err := app.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(words.String(), "There are calls in "+folder+" already: none were made up.") {
		t.Errorf("it said %q", &words)
	}
}

func TestLogCheck(t *testing.T) {
	for name, wrong := range map[string]Log{
		"negative": {Calls: -1, Months: 12}, "no months": {Calls: 5}, "too many": {Calls: maxCalls + 1, Months: 12}, "accounts": {Months: 1, Accounts: -1},
	} {
		if wrong.Check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
