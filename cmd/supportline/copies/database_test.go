package copies

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
	"github.com/officernd/supportline/store/transfer"
)

func database(t testing.TB, url string) *postgres.Engine {
	t.Helper()
	e, err := postgres.Open(t.Context(), url, postgres.Options{Connections: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// random fills an engine with entries of all kinds: empty values, long keys, bytes that no text has.
func random(t testing.TB, e store.Engine, seed uint64, many int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	bytes := func(most int) []byte {
		b := make([]byte, r.IntN(most+1))
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return b
	}
	err := e.Update(t.Context(), func(w store.Writer) error {
		for _, b := range store.Buckets() {
			for range r.IntN(many) {
				size := 30
				if r.IntN(50) == 0 {
					size = store.MaxKey - 1
				}
				w.Put(b, append(bytes(size), 'k'), bytes(200))
			}
			w.Clear(bucket("leases"))
		}
		w.Put(bucket("meta"), []byte("schema"), fmt.Append(nil, store.Schema))
		w.Put(bucket("meta"), []byte("secret"), bytes(32))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestThereAndBack: whatever a file holds is the same in a database, and in a file again.
func TestThereAndBack(t *testing.T) {
	for seed := range uint64(3) {
		from := newEngine(t, filepath.Join(t.TempDir(), "from.db"), 0)
		random(t, from, seed, 300)
		there := database(t, postgrestest.Database(t))
		if _, err := Migrate(t.Context(), from, there, "a file", "a database", nil); err != nil {
			t.Fatal(err)
		}
		back, err := bolt.Open(filepath.Join(t.TempDir(), "back.db"), bolt.Options{Size: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = back.Close() })
		if _, err := Migrate(t.Context(), there, back, "a database", "a file", nil); err != nil {
			t.Fatal(err)
		}
		want := sums(t, from)
		for name, e := range map[string]store.Engine{"the database": there, "the file": back} {
			if diff := cmp.Diff(want, sums(t, e)); diff != "" {
				t.Errorf("seed %d, %s (-from +there):\n%s", seed, name, diff)
			}
		}
		copied := filepath.Join(t.TempDir(), "copy.db")
		r, err := Backup(t.Context(), there, copied, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, r.Buckets); diff != "" || r.Engine != "postgres" {
			t.Errorf("seed %d, the backup of a %s (-from +copied):\n%s", seed, r.Engine, diff)
		}
		if _, err := Verify(t.Context(), copied, nil); err != nil {
			t.Error(err)
		}
	}
}

// The environment of the process that is killed: what it copies, and where to.
const (
	killedFrom = "SUPPORTLINE_TEST_MIGRATE_FROM"
	killedTo   = "SUPPORTLINE_TEST_MIGRATE_TO"
)

// TestMigrationThatIsKilled at 40 %, and goes on in the next process.
func TestMigrationThatIsKilled(t *testing.T) {
	if path := os.Getenv(killedFrom); path != "" {
		migrateSlowly(t, path, os.Getenv(killedTo))
		return
	}
	path, url := filepath.Join(t.TempDir(), "from.db"), postgrestest.Database(t)
	from := newEngine(t, path, 120_000)
	want := sums(t, from)
	if err := from.Close(); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestMigrationThatIsKilled$")
	child.Env = append(os.Environ(), killedFrom+"="+path, killedTo+"="+url)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var percent int64
		if _, err := fmt.Sscanf(lines.Text(), "%d%%", &percent); err == nil && percent >= 40 {
			break
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed

	to := database(t, url)
	if _, half, err := transfer.HalfCopied(t.Context(), to); !half || err != nil {
		t.Fatalf("half copied: %v, %v", half, err)
	}
	if _, err := store.Open(t.Context(), database(t, url), store.Options{}); !errors.Is(err, store.ErrHalfCopied) || !strings.Contains(err.Error(), "again") {
		t.Errorf("half of a store is opened: %v", err)
	}
	there := len(postgrestest.SQL(t, url, `SELECT k FROM supportline."calls"`))
	if from, err = bolt.Open(path, bolt.Options{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	got, err := Migrate(t.Context(), from, to, "a file", "a database", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || there == 0 {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want, sums(t, to)); diff != "" {
		t.Errorf("in the database (-want +got):\n%s", diff)
	}
}

func migrateSlowly(t *testing.T, path, url string) {
	from, err := bolt.Open(path, bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Migrate(t.Context(), from, database(t, url), "a file", "a database", func(done, all int64) { fmt.Printf("%d%%\n", done*100/all) })
	t.Log(err)
}

func TestMigrationsThatAreRefused(t *testing.T) {
	from := newEngine(t, filepath.Join(t.TempDir(), "from.db"), 10)
	to := database(t, postgrestest.Database(t))
	other := newEngine(t, filepath.Join(t.TempDir(), "other.db"), 20)
	empty, err := bolt.Open(filepath.Join(t.TempDir(), "empty.db"), bolt.Options{Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	_, err = Migrate(t.Context(), empty, to, "an empty file", "a database", nil)
	says(t, "an empty source", err, store.ErrNotOurs, "an empty file", "there is no log in it")
	_, err = Migrate(t.Context(), from, other, "a file", "another file", nil)
	says(t, "a target that is not empty", err, transfer.ErrNotEmpty, "another file", "name an empty database, or a new file")
	if err := to.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	for _, e := range []store.Engine{from, to} { // the file was left by a server that was killed: nobody else has it open
		go store.NewLeases(e, store.Process{ID: "one", Host: "phone-1", Number: 4711}, store.LeaseOptions{}).Run(ctx)
		waitFor(t, func() bool { all, err := store.Processes(t.Context(), e); return err == nil && len(all) == 1 })
	}
	_, err = Migrate(t.Context(), from, to, "a file", "a database", nil)
	says(t, "a server at work", err, errAtWork, "a database: a server works with it", "phone-1 (process 4711)", "stop every server")
	stop()
	waitFor(t, func() bool { all, err := store.Processes(t.Context(), to); return err == nil && len(all) == 0 })
	if _, err := Migrate(t.Context(), from, to, "a file", "a database", nil); err != nil {
		t.Error(err)
	}
}

// TestRestoreIntoADatabase keeps what it held, does what happened since, and goes on where it was cut off.
func TestRestoreIntoADatabase(t *testing.T) {
	i := newInstallation(t)
	i.close()
	url := postgrestest.Database(t)
	opened := func() {
		t.Helper()
		var err error
		i.store, err = store.Open(t.Context(), database(t, url), store.Options{Now: i.clock})
		i.must(err)
	}
	file, err := bolt.Open(i.path, bolt.Options{ReadOnly: true})
	i.must(err)
	e := database(t, url)
	_, err = Migrate(t.Context(), file, e, "a file", "a database", nil)
	i.must(errors.Join(err, file.Close()))
	_, err = Backup(t.Context(), e, i.copy, Options{Now: i.clock})
	i.must(err)
	opened()
	_, err = i.store.Erase(t.Context(), "204518", "mila", i.now)
	i.must(err)
	i.call(3, "204519")
	i.close()

	t.Chdir(t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r := i.restoring()
	r.Database, r.Path = e, "a database"
	r.step = func(at string) error {
		if at == "replace" {
			return errPower
		}
		return nil
	}
	if _, err := r.Restore(ctx); !errors.Is(err, errPower) {
		t.Fatal(err)
	}
	opened() // nothing was changed
	if got := i.numbers(); got != "204519 1: 2:204519 3:204519" {
		t.Errorf("before it was replaced: %s", got)
	}
	i.close()
	i.now = i.now.Add(time.Second)
	if left := files(t, "."); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	replacing := false
	r.step = func(at string) error { replacing = replacing || at == "replace"; return nil }
	r.Progress = func(int64, int64) {
		if replacing {
			stop()
		}
	}
	if _, err := r.Restore(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), database(t, url), store.Options{}); !errors.Is(err, store.ErrHalfCopied) {
		t.Errorf("half of a store is opened: %v", err)
	}
	i.now = i.now.Add(time.Hour)
	r.step, r.Progress = nil, nil
	did, err := r.Restore(t.Context())
	i.must(err)
	opened()
	if got := i.numbers(); got != "204519 1: 2:204519" || did.Erased != 1 {
		t.Errorf("restored: %s, %d erased again", got, did.Erased)
	}
	i.close()
	if did.Kept == "" {
		t.Fatal("nothing is kept")
	}
	if _, err := Verify(t.Context(), did.Kept, nil); err != nil {
		t.Error(err)
	}
	i.path = did.Kept
	i.open()
	if got := i.numbers(); got != "204519 1: 2:204519 3:204519" {
		t.Errorf("kept: %s", got)
	}
}
