package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/copies"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// TestTheServerMakesBackups where they are configured, shows when, and tells people when it cannot.
func TestTheServerMakesBackups(t *testing.T) {
	conf := mustConfig(t)
	folder := filepath.Join(t.TempDir(), "backups")
	conf.Backups = copies.Settings{Folder: folder, Every: 24 * time.Hour, At: -1, Keep: 3}
	conf.Notices = notices.Settings{Channels: []notices.Channel{
		notices.Email{From: "Support <support@example.com>", Ops: []string{"ops@example.com"}, Server: "mail.example.com:25", TLS: notices.TLSNone},
	}}
	now := tuesday
	a := must(Open(conf, func() time.Time { return now }, zap.NewNop(), 1<<20))
	defer a.Close()
	woken := 0
	k := a.keeper(func() { woken++ })
	k.Tick(t.Context())
	entries := must(os.ReadDir(folder))
	if len(entries) != 1 || !strings.HasPrefix(entries[0].Name(), "supportline-20261124T150000Z") {
		t.Fatalf("backups: %v", entries)
	}
	if s, err := bolt.OpenStore(filepath.Join(folder, entries[0].Name()), 0, store.Options{ReadOnly: true}); err != nil {
		t.Error(err)
	} else if err := s.Close(); err != nil {
		t.Error(err)
	}
	series := scraped(t, a.Counters)
	for _, want := range []string{`supportline_backups_total{result="ok"} 1`, `supportline_backups_total{result="failed"} 0`, fmt.Sprintf("supportline_backup_success_timestamp_seconds %v", float64(now.Unix()))} {
		if !strings.Contains(series, want+"\n") {
			t.Errorf("no series %s", want)
		}
	}
	if f := backupFound(t, a); !strings.HasPrefix(f, "ok The newest was begun") {
		t.Errorf("found: %s", f)
	}

	k.Beside = filepath.Join(folder, "nowhere", "log.db")
	now = now.Add(72 * time.Hour)
	k.Tick(t.Context())
	if f := backupFound(t, a); !strings.Contains(f, "wrong The newest was begun 3 days ago. The last try failed: ") {
		t.Errorf("found: %s", f)
	}
	var told []policy.Notice
	for n, err := range a.Store.Notices(t.Context()) {
		told = append(told, must(n, err))
	}
	if woken != 1 || len(told) != 1 || told[0].Kind != policy.NoticeBackup || told[0].To != "ops@example.com" || told[0].Facts["hours"] != "72" {
		t.Errorf("told: %+v, woken %d times", told, woken)
	}
	if !strings.Contains(scraped(t, a.Counters), `supportline_backups_total{result="failed"} 1`) {
		t.Error("a failure is not counted")
	}
}

func backupFound(t *testing.T, a *App) string {
	t.Helper()
	for _, f := range a.findings(context.Background()) {
		if f.Part == "backups" {
			return f.State + " " + f.Found
		}
	}
	return "nothing"
}

func TestWithoutAPlaceThereAreNoBackups(t *testing.T) {
	a := mustApp(t)
	if a.keeper(func() {}) != nil || backupFound(t, a) != "nothing" {
		t.Error("there is a keeper of backups without a place")
	}
}

// TestCopiesThatAreMisused say what to write instead.
func TestCopiesThatAreMisused(t *testing.T) {
	conf := mustConfig(t)
	s := must(OpenSession(t.Context(), conf, true, time.Now, os.Stderr))
	defer s.Store.Close()
	if err := s.Backup(t.Context(), &s, "monday.db"); err == nil || !strings.Contains(err.Error(), "whole path") {
		t.Error(err)
	}
	if err := Migrate(t.Context(), conf, &s, copies.MigrateFlags{To: "bolt:" + conf.Store.File}); err == nil || !strings.Contains(err.Error(), "the store of the configuration itself") {
		t.Error(err)
	}
	if err := Compact(t.Context(), config.Config{Store: config.Store{File: filepath.Join(t.TempDir(), "none")}}, &s); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
