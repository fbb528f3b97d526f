package server

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// An App that opens again has what was edited before, and one that cannot read it answers by the configuration alone, and says so.
func TestEditsAreLoadedAtTheStart(t *testing.T) {
	conf := mustConfig(t)
	file := filepath.Join(t.TempDir(), "supportline.db")
	conf.Store.File = file
	line := conf.Settings.Lines[1]
	opened, err := bolt.OpenStore(file, 1<<20, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	edit := policy.DateOverride{Date: policy.DateOf(tuesday), Kind: policy.DateClosed, Reason: "Moving house", By: "mila", At: tuesday}
	if _, err := opened.ChangeDates(t.Context(), line.Number, 0, policy.OverrideDate(line, edit)); err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	unread := store.NewLines(conf.Settings, opened)
	if err := unread.Reload(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a closed store is read: %v", err)
	}
	if diff := cmp.Diff(conf.Settings.Version, unread.Settings().Version); diff != "" {
		t.Errorf("in force without the store (-want +got):\n%s", diff)
	}
	log, said := observer.New(zap.WarnLevel)
	h, err := Open(conf, time.Now, zap.New(log), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	now := h.lines.Settings()
	if got := now.Version + " " + now.Lines[1].Opening(tuesday).Reason; got != conf.Settings.Version+"+1 Moving house" || said.Len() > 0 {
		t.Errorf("in force after the start: %s, log %v", got, said.All())
	}
}

// Many who edit at once leave in force what the store has, whoever was last.
func TestManyEditsAtOnce(t *testing.T) {
	h := mustApp(t)
	line := h.Conf.Settings.Lines[1]
	var all sync.WaitGroup
	for n := range 40 {
		all.Go(func() {
			edit := policy.DateOverride{Date: policy.DateOf(tuesday).Plus(n), Kind: policy.DateClosed, Reason: "Moving", By: "mila", At: tuesday}
			for seen := 0; seen < 40; seen++ {
				if _, err := h.lines.ChangeDates(context.Background(), line.Number, seen, policy.OverrideDate(line, edit)); err == nil {
					return
				} else if !errors.Is(err, policy.ErrScheduleChanged) {
					t.Error(err)
					return
				}
			}
		})
		all.Go(func() { _ = h.lines.Settings().Lines[1].Opening(tuesday) })
	}
	all.Wait()
	stored, err := h.Store.ScheduleRevisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := config.DatesYAML(h.Conf.Settings.With(stored).Lines)
	if diff := cmp.Diff(string(want), string(config.DatesYAML(h.lines.InForce().Lines))); diff != "" || len(stored) != 1 || stored[0].Version < 1 {
		t.Errorf("in force, not in the store (-want +got):\n%s", diff)
	}
}
