package store_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Storage { return newFile(t) }, store.ErrClosed)
}

// file is the file of a store in a folder of the test, checked when the test ends.
type file struct{ path string }

func newFile(t testing.TB) file {
	f := file{filepath.Join(t.TempDir(), "supportline.db")}
	t.Cleanup(func() { f.check(t) })
	return f
}

func (f file) Open(t testing.TB) storetest.Store { return f.open(t, store.Options{}) }

// open opens the store with little space, so that tests make the file grow too.
func (f file) open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := bolt.OpenStore(f.path, 1<<20, o)
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

func (f file) Copy(t testing.TB) storetest.Storage {
	t.Helper()
	c := newFile(t)
	if err := copyFile(c.path, f.path); err != nil {
		t.Fatal(err)
	}
	return c
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if closed := out.Close(); err == nil {
		err = closed
	}
	return err
}

// check lets bbolt check every page, and compares the indexes with the records.
func (f file) check(t testing.TB) {
	if _, err := os.Stat(f.path); err != nil {
		return // the test made no file
	}
	db, err := bbolt.Open(f.path, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		t.Errorf("the file after the test: %v", err)
		return
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("the file after the test: %v", err)
		}
		return nil
	})
	engine, opened := bolt.Open(f.path, bolt.Options{ReadOnly: true})
	if err := errors.Join(err, opened); err != nil {
		t.Errorf("the file after the test: %v", err)
		return
	}
	defer engine.Close()
	wrong, err := store.CheckIndex(context.Background(), engine)
	if err != nil {
		t.Errorf("the file after the test: %v", err)
	}
	for _, what := range wrong[:min(len(wrong), 20)] {
		t.Errorf("the index after the test: %s", what)
	}
}

// TestAFileIsWhole checks the file that SUPPORTLINE_CHECK_FILE names, as the crash tests of the program ask for, and without it one with a customer.
func TestAFileIsWhole(t *testing.T) {
	if path := os.Getenv("SUPPORTLINE_CHECK_FILE"); path != "" {
		file{path}.check(t)
		return
	}
	if _, err := newFile(t).open(t, store.Options{}).ImportCustomers(t.Context(), []policy.Customer{{Number: "204518", Name: "Northwind"}}, "mila"); err != nil {
		t.Error(err)
	}
}

// A file that a program of the same schema made before there were tries and known devices gets their buckets, and can be read without them.
func TestFilesWithoutTries(t *testing.T) {
	f := newFile(t)
	if err := f.open(t, store.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	foreign(t, f.path, func(tx *bbolt.Tx) error {
		return errors.Join(tx.DeleteBucket([]byte("tries")), tx.DeleteBucket([]byte("signins")))
	})
	readOnly := f.open(t, store.Options{ReadOnly: true})
	if _, err := readOnly.Checkpoint(t.Context()); err != nil {
		t.Error(err)
	}
	if err := readOnly.Close(); err != nil {
		t.Fatal(err)
	}
	s := f.open(t, store.Options{})
	origins := []users.Origin{users.ByName("mila")}
	if wait, err := s.TakeTry(t.Context(), origins, time.Now()); wait != 0 || err != nil {
		t.Errorf("a try waits %s, %v", wait, err)
	}
	if err := s.PutDevice(t.Context(), users.Device{User: "mila", Hash: "h"}); err != nil {
		t.Error(err)
	}
}

// A session that an older version ended, which knows nothing of the lists of sessions, is in none.
func TestSessionsThatAnOlderVersionEnded(t *testing.T) {
	f := newFile(t)
	s := f.open(t, store.Options{})
	began := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, key := range []string{"ended", "goes on"} {
		if err := s.StartSession(t.Context(), users.Session{Key: key, User: "mila", Seen: began, Ends: began.Add(time.Hour)}, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	foreign(t, f.path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("sessions")).Delete([]byte("ended")) })
	all, err := f.open(t, store.Options{}).SessionsOf(t.Context(), "mila", began)
	if err != nil || len(all) != 1 || all[0].Key != "goes on" {
		t.Errorf("the list has %+v, %v", all, err)
	}
}
