package postgres_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
)

func TestProcessesThatStartTogetherPrepareTogether(t *testing.T) {
	url := postgrestest.Database(t)
	var all sync.WaitGroup
	for range 3 {
		e := open(t, url, postgres.Options{})
		all.Go(func() {
			if err := e.Prepare(t.Context(), false); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	wants(t, open(t, url, postgres.Options{}), calls)
}

// TestPrepareGoesOnWhereItWasCut: a migration was killed between its statements, and its lock's lease has run out.
func TestPrepareGoesOnWhereItWasCut(t *testing.T) {
	url := postgrestest.Database(t)
	e := open(t, url, postgres.Options{})
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	postgrestest.SQL(t, url, "DROP TABLE supportline.meta", "DROP TABLE supportline.marks", "DELETE FROM supportline.migrations WHERE version_id > 0",
		"UPDATE supportline.migrating SET locked = true, locked_by = 'somebody', lease_expires_at = now() - interval '1 second'")
	again := open(t, url, postgres.Options{})
	if err := again.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	commit(t, again, store.Change{Edits: []store.Edit{put("b", "1")}})
	wants(t, e, calls, "a=1", "b=1")
}

// TestPrepareMakesWhatIsNewBesideTables, such as views.
func TestPrepareMakesWhatIsNewBesideTables(t *testing.T) {
	url := postgrestest.Database(t)
	if err := open(t, url, postgres.Options{}).Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	postgrestest.SQL(t, url, "DROP VIEW supportline.report_calls_masked", "DELETE FROM supportline.migrations WHERE version_id > 1")
	e := open(t, url, postgres.Options{})
	for range 2 { // the second time, nothing is missing
		if err := e.Prepare(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.TrimSpace(postgrestest.SQL(t, url, "SELECT count(*) FROM supportline.report_calls_masked")); n != "0" {
		t.Errorf("the view has %s rows", n)
	}
}

// TestMigrationThatWaitsHoldsNobodyUp: a reader holds a lock that the migration wants, for longer than it waits at a time.
func TestMigrationThatWaitsHoldsNobodyUp(t *testing.T) {
	url := postgrestest.Database(t)
	e := open(t, url, postgres.Options{})
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	postgrestest.SQL(t, url, "DELETE FROM supportline.migrations WHERE version_id > 0")
	held := make(chan struct{})
	go func() {
		defer close(held)
		// ACCESS EXCLUSIVE, as another migration has it.
		postgrestest.SQL(t, url, "BEGIN; LOCK TABLE supportline.stripes IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(4); COMMIT")
	}()
	eventually(t, "the table is locked", func() bool {
		return strings.TrimSpace(postgrestest.SQL(t, url, "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'supportline.stripes'::regclass")) == "1"
	})
	done := make(chan error)
	again := open(t, url, postgres.Options{})
	go func() { done <- again.Prepare(t.Context(), false) }()
	for n := 0; ; n++ {
		select {
		case <-held:
			if err := <-done; err != nil {
				t.Error(err)
			}
			return
		default:
			began := time.Now()
			commit(t, e, store.Change{Edits: []store.Edit{put(fmt.Sprint(n), "1")}})
			if took := time.Since(began); took > time.Second {
				t.Errorf("a commit took %v", took)
			}
		}
	}
}

func TestUrgentWorkHasConnectionsOfItsOwn(t *testing.T) {
	e := open(t, postgrestest.Database(t), postgres.Options{Connections: 1})
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	err := e.View(t.Context(), func(r store.Reader) error {
		r.Get(calls, []byte("a")) // has the only connection
		if err := e.View(within(t, 100*time.Millisecond), func(r store.Reader) error { r.Get(calls, []byte("a")); return nil }); !errors.Is(err, store.ErrAway) {
			t.Errorf("without a connection: %v", err)
		}
		return e.Update(store.Urgent(within(t, 5*time.Second)), func(w store.Writer) error { w.Put(calls, []byte("lease"), nil); return nil })
	})
	if err != nil {
		t.Error(err)
	}
	wants(t, e, calls, "lease=")
}

func TestReadingEndsInTime(t *testing.T) {
	e := open(t, postgrestest.Database(t), postgres.Options{Longest: 300 * time.Millisecond})
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	err := e.View(t.Context(), func(r store.Reader) error {
		for r.Get(calls, []byte("a")) == nil && r.Trips() < 1_000_000 {
			if age := e.Stats().OldestSnapshot; age <= 0 || age > 2*time.Second {
				t.Errorf("the oldest snapshot is %v old", age)
			}
			if r.Now().IsZero() {
				break // the reading is over
			}
			if time.Since(r.Now()) > time.Second {
				break
			}
		}
		return nil
	})
	if !errors.Is(err, store.ErrAway) {
		t.Errorf("got %v", err)
	}
	eventually(t, "no snapshot is open", func() bool { return e.Stats().OldestSnapshot == 0 })
}

// TestPrimaryIsFoundAmongSeveralHosts: the first does not answer, the second is read-only.
func TestPrimaryIsFoundAmongSeveralHosts(t *testing.T) {
	standby, primary := postgrestest.NewServer(t), postgrestest.NewServer(t)
	a, b := standby.Database(t), primary.Database(t)
	u := parsed(t, a)
	postgrestest.SQL(t, postgrestest.As(t, "postgres", b), "CREATE DATABASE "+strings.TrimPrefix(u.Path, "/")+" OWNER supportline")
	standby.ReadOnly(t, true)
	u.Host = "127.0.0.1:1," + u.Host + "," + parsed(t, b).Host
	e := open(t, u.String(), postgres.Options{})
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	wants(t, e, calls, "a=1")
	// They change places. The connections to the old primary are as healthy as before.
	standby.ReadOnly(t, false)
	other := open(t, a, postgres.Options{})
	if err := other.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	primary.ReadOnly(t, true)
	commit(t, e, store.Change{Edits: []store.Edit{put("b", "1")}})
	if err := e.Update(t.Context(), func(w store.Writer) error { w.Put(calls, []byte("c"), nil); return nil }); err != nil {
		t.Error(err)
	}
	wants(t, other, calls, "b=1", "c=")
}

func parsed(t *testing.T, database string) *url.URL {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestCommitThatDidNotWaitForItsStandbyIsNotAcknowledged: an operator ends the wait, by which the commit is there and not on the standby.
func TestCommitThatDidNotWaitForItsStandbyIsNotAcknowledged(t *testing.T) {
	s := postgrestest.NewServer(t)
	url := s.Database(t)
	e := open(t, url, postgres.Options{Statement: 15 * time.Second})
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	commit(t, e, store.Change{Edits: []store.Edit{put("a", "1")}})
	super := postgrestest.As(t, "postgres", url)
	postgrestest.SQL(t, super, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
	eventually(t, "the server knows of its standby", func() bool {
		return strings.TrimSpace(postgrestest.SQL(t, super, "SHOW synchronous_standby_names")) == "nobody"
	})
	done := make(chan error)
	go func() {
		_, err := e.Commit(within(t, 10*time.Second), []store.Change{{Edits: []store.Edit{put("b", "1")}}})
		done <- err
	}()
	waits := "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
	eventually(t, "the commit waits", func() bool { return strings.TrimSpace(postgrestest.SQL(t, super, waits)) == "1" })
	postgrestest.SQL(t, super, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
	if err := <-done; !errors.Is(err, store.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	// With the standby's answer it is found by its mark.
	go func() {
		_, err := e.Commit(within(t, 20*time.Second), []store.Change{{Edits: []store.Edit{put("c", "1")}}})
		done <- err
	}()
	eventually(t, "the commit waits", func() bool { return strings.TrimSpace(postgrestest.SQL(t, super, waits)) == "1" })
	postgrestest.SQL(t, super, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
	postgrestest.SQL(t, super, "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := e.Stats().Settled; n != 1 {
		t.Errorf("%d settled", n)
	}
}
