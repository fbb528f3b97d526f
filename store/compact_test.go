package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// contents returns everything in a closed file, and the number of its free pages.
func (f file) contents(t *testing.T) (all []string, free int) {
	t.Helper()
	db, err := bbolt.Open(f.path, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			all = append(all, fmt.Sprintf("%s from %d", name, b.Sequence()))
			return b.ForEach(func(k, v []byte) error {
				all = append(all, fmt.Sprintf("%s %x %x", name, k, v))
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, db.Stats().FreePageN
}

func loaded(t *testing.T, calls int) file {
	t.Helper()
	f := newFile(t)
	s := f.open(t, store.Options{})
	if _, err := s.ImportCustomers(t.Context(), []policy.Customer{{Number: "204518", Name: "Northwind Flex Offices"}}, "anna"); err != nil {
		t.Fatal(err)
	}
	if err := s.Load(t.Context(), alternating(calls), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase(t.Context(), "204518", "anna", morning); err != nil { // writes the account's calls anew, and leaves their pages free
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestCompactKeepsEverythingAndNoFreePage(t *testing.T) {
	f := loaded(t, 3000)
	want, free := f.contents(t)
	told := int64(0)
	if err := bolt.Compact(t.Context(), f.path, func(bytes int64) { told = bytes }); err != nil {
		t.Fatal(err)
	}
	got, left := f.contents(t)
	if diff := cmp.Diff(want, got); diff != "" || told == 0 {
		t.Errorf("after it was written anew (%d bytes told): %s", told, diff)
	}
	if free < 100 || left > 20 {
		t.Errorf("%d free pages became %d, want hundreds to become a few", free, left)
	}
	s := f.open(t, store.Options{}) // and it goes on
	change(t, s, "CAnew", func(c policy.Call) policy.Call { c.StartedAt = morning; return c })
}

func TestCompactLeavesAFileAsItWasWhenItCannotEnd(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	f := loaded(t, 100)
	before, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		ctx     context.Context
		prepare func(t *testing.T)
		want    error
	}{
		"who asked has left": {stopped, func(*testing.T) {}, context.Canceled},
		"it is open": {t.Context(), func(t *testing.T) {
			db, err := bbolt.Open(f.path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
		}, store.ErrLocked},
	} {
		t.Run(name, func(t *testing.T) {
			row.prepare(t)
			if err := bolt.Compact(row.ctx, f.path, nil); !errors.Is(err, row.want) {
				t.Errorf("error %v, want %v", err, row.want)
			}
			after, err := os.ReadFile(f.path)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed (error %v)", err)
			}
			if left, _ := filepath.Glob(f.path + ".*"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
