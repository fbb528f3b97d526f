package store_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/postgres"
	"github.com/officernd/supportline/store/postgres/postgrestest"
	"github.com/officernd/supportline/store/storetest"
)

// place is where a store keeps its data.
type place interface {
	open(t testing.TB, o store.Options) *store.Store
}

// onEach runs a test on a file, and on a database.
func onEach(t *testing.T, test func(t *testing.T, p place)) {
	t.Run("bolt", func(t *testing.T) { test(t, newFile(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, newDatabase(t)) })
}

func TestContractOnPostgres(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Storage { return newDatabase(t) }, store.ErrClosed)
}

// database is the URL of a database, whose indexes are checked when the test ends.
type database string

func newDatabase(t testing.TB) database {
	url := database(postgrestest.Emptied(t))
	t.Cleanup(func() {
		e := url.engine(t)
		defer e.Close()
		indexIsSound(t, e)
	})
	return url
}

// indexIsSound compares the indexes that an engine has with the records, in memory: entry by entry it would take a round trip for each.
func indexIsSound(t testing.TB, e store.Engine) {
	t.Helper()
	here := store.NewMemory()
	err := copyEntries(context.Background(), e, here, math.MaxInt)
	wrong, checked := store.CheckIndex(context.Background(), here)
	if err := errors.Join(err, checked); err != nil {
		t.Errorf("after the test: %v", err)
	}
	for _, what := range wrong[:min(len(wrong), 20)] {
		t.Errorf("the index after the test: %s", what)
	}
}

func (url database) engine(t testing.TB) *postgres.Engine {
	t.Helper()
	e, err := postgres.Open(context.Background(), string(url), postgres.Options{Connections: 10})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (url database) Open(t testing.TB) storetest.Store { return open(t, url.engine(t)) }

func (url database) open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	return openWith(t, url.engine(t), o)
}

// open opens the store of an engine.
func open(t testing.TB, e store.Engine) *store.Store {
	t.Helper()
	return openWith(t, e, store.Options{})
}

func openWith(t testing.TB, e store.Engine, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), e, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// Copy copies the entries: a database has no more than those, wherever a process was killed.
func (url database) Copy(t testing.TB) storetest.Storage {
	t.Helper()
	to := newDatabase(t)
	from, into := url.engine(t), to.engine(t)
	defer from.Close()
	defer into.Close()
	if err := errors.Join(into.Prepare(t.Context(), false), copyEntries(t.Context(), from, into, 10_000)); err != nil {
		t.Fatal(err)
	}
	return to
}

// copyEntries copies all entries, so many with each commit at most.
func copyEntries(ctx context.Context, from, into store.Engine, most int) error {
	return from.View(ctx, func(r store.Reader) error {
		var all []store.Edit
		for _, b := range store.Buckets() {
			c := r.Scan(store.Span{Bucket: b})[0]
			for k, v := c.Next(); k != nil; k, v = c.Next() {
				all = append(all, store.Edit{Bucket: b, Key: k, Value: v})
			}
		}
		for part := range slices.Chunk(all, most) {
			if _, err := into.Commit(ctx, []store.Change{{Edits: part}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestContractWithReruns lets everything that reads or writes run twice, the first time with a reader that is lost in between.
func TestContractWithReruns(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Storage { return rerun{newFile(t)} }, store.ErrClosed)
}

type rerun struct{ file }

func (r rerun) Open(t testing.TB) storetest.Store {
	t.Helper()
	e, err := bolt.Open(r.path, bolt.Options{Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return open(t, storetest.Rerunning(e))
}

func (r rerun) Copy(t testing.TB) storetest.Storage {
	t.Helper()
	return rerun{r.file.Copy(t).(file)}
}
