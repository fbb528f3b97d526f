package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// sound checks all pages of a closed file.
func sound(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// contents returns everything in a closed file, and the number of its free pages.
func contents(t *testing.T, path string) (all []string, free int) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true, Timeout: time.Second})
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

// large returns an engine with some megabytes in it, half of them free pages.
func large(t *testing.T, path string) *bolt.Engine {
	t.Helper()
	e := open(t, path, bolt.Options{})
	for _, change := range []func(w store.Writer, key []byte){
		func(w store.Writer, key []byte) { w.Put(calls, key, bytes.Repeat(key, 400)) },
		func(w store.Writer, key []byte) { w.Put(search, key, nil) },
		func(w store.Writer, key []byte) {
			if key[3]%2 == 0 {
				w.Delete(calls, key)
			}
		},
	} {
		err := e.Update(t.Context(), func(w store.Writer) error {
			for n := range 3000 {
				change(w, fmt.Appendf(nil, "%04d", n))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if next(t, e, 7) != 1 {
		t.Error("the steps have numbers already")
	}
	put(t, e, steps, "\x00\x00\x00\x00\x00\x00\x00\x03", "")
	return e
}

// writing is a context whose question for its end writes something.
type writing struct {
	context.Context
	write func()
}

func (w writing) Err() error {
	w.write()
	return w.Context.Err()
}

// TestACopyIsOneStateOfAFileThatChanges writes entries far from each other together, before each step of the copy.
func TestACopyIsOneStateOfAFileThatChanges(t *testing.T) {
	path := newPath(t)
	e := large(t, path)
	n := 0
	write := func() {
		n++
		var edits []store.Edit
		for i := range 30 {
			edits = append(edits, edit(fmt.Sprintf("%04d", 100*i), strings.Repeat(fmt.Sprintf("%06d", n), 100)))
		}
		if _, err := e.Commit(t.Context(), []store.Change{{Edits: edits}}); err != nil {
			t.Error(err)
		}
	}
	to, done := newPath(t), int64(0)
	err := e.Copy(writing{t.Context(), write}, to, func(copied, all int64) {
		if copied < done || copied > all {
			t.Errorf("%d of %d bytes are copied, after %d", copied, all, done)
		}
		done = copied
	})
	if err != nil || done < 3<<20 || n < 6 {
		t.Fatalf("%d bytes copied, %d times written meanwhile: %v", done, n, err)
	}
	sound(t, to)
	copied := open(t, to, bolt.Options{ReadOnly: true})
	var values []string
	for i := range 30 {
		values = append(values, get(t, copied, calls, fmt.Sprintf("%04d", 100*i)))
	}
	if slices.Sort(values); values[0] != values[29] || len(values[0]) != 600 {
		t.Errorf("the copy has %s and %s of changes that were one", values[0][:6], values[29][:6])
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	sound(t, path)
}

func TestACopyThatCannotEndLeavesNothing(t *testing.T) {
	e := large(t, newPath(t))
	stopped, stop := context.WithCancel(t.Context())
	defer stop()
	mine := written(t, []byte("mine"))
	full := newPath(t)
	if err := os.Symlink("/dev/full", bolt.Partial(full)); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		ctx  context.Context
		to   string
		want error
		left []string
	}{
		"who asked leaves":   {stopped, newPath(t), context.Canceled, nil},
		"the disk is full":   {t.Context(), full, syscall.ENOSPC, nil},
		"the name is taken":  {t.Context(), mine, fs.ErrExist, []string{mine}},
		"there is no folder": {t.Context(), filepath.Join(t.TempDir(), "none", "copy"), fs.ErrNotExist, nil},
	} {
		if err := e.Copy(row.ctx, row.to, func(int64, int64) { stop() }); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
		left, _ := filepath.Glob(filepath.Dir(row.to) + "/*")
		if diff := cmp.Diff(row.left, left); diff != "" {
			t.Errorf("%s: what is left (-want +got):\n%s", name, diff)
		}
	}
	if got, err := os.ReadFile(mine); err != nil || string(got) != "mine" {
		t.Errorf("the file that was there is now %q: %v", got, err)
	}
}

func TestACopyReplacesWhatAKilledOneLeft(t *testing.T) {
	e := large(t, newPath(t))
	to := newPath(t)
	if err := os.WriteFile(bolt.Partial(to), bytes.Repeat([]byte("half"), 10<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.Copy(t.Context(), to, nil); err != nil {
		t.Fatal(err)
	}
	sound(t, to)
	if left, _ := filepath.Glob(filepath.Dir(to) + "/*"); !slices.Equal(left, []string{to}) {
		t.Errorf("the folder has %v", left)
	}
	if info, err := os.Stat(to); err != nil || info.Size() > 10<<20 {
		t.Errorf("the copy has the end of what was left: %v, %v", info.Size(), err)
	}
}

func TestCompactKeepsEverythingAndNoFreePage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file.db")
	path := newPath(t)
	if err := os.Symlink(file, path); err != nil {
		t.Fatal(err)
	}
	if err := large(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(file, 0o640), os.Chown(file, 12345, 54321)); err != nil {
		t.Fatal(err)
	}
	want, free := contents(t, path)
	told := int64(0)
	if err := bolt.Compact(t.Context(), path, func(bytes int64) { told = bytes }); err != nil {
		t.Fatal(err)
	}
	got, left := contents(t, path)
	if diff := cmp.Diff(want, got); diff != "" || told == 0 {
		t.Errorf("after it was written anew (%d bytes told): %s", told, diff)
	}
	if free < 100 || left > 20 {
		t.Errorf("%d free pages became %d, want hundreds to become a few", free, left)
	}
	info, err := os.Lstat(file)
	if to, linkErr := os.Readlink(path); err != nil || to != file {
		t.Fatalf("the link leads to %q: %v, %v", to, err, linkErr)
	}
	if by := info.Sys().(*syscall.Stat_t); info.Mode() != 0o640 || by.Uid != 12345 || by.Gid != 54321 {
		t.Errorf("the file is of %d and %d, %v", by.Uid, by.Gid, info.Mode())
	}
	e := open(t, path, bolt.Options{})
	put(t, e, calls, "and", "it goes on")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	sound(t, path)
}

func TestCompactLeavesAFileAsItWasWhenItCannotEnd(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	path := filled(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		ctx     context.Context
		prepare func(t *testing.T)
		want    error
	}{
		"who asked has left": {stopped, func(*testing.T) {}, context.Canceled},
		"it is open":         {t.Context(), func(t *testing.T) { open(t, path, bolt.Options{}) }, store.ErrLocked},
	} {
		t.Run(name, func(t *testing.T) {
			row.prepare(t)
			if err := bolt.Compact(row.ctx, path, nil); !errors.Is(err, row.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want %v", err, row.want)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed (error %v)", err)
			}
			if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestAFileThatIsReplacedIsOpenedAnew: who waits for the lock has the old file in its hand.
func TestAFileThatIsReplacedIsOpenedAnew(t *testing.T) {
	path, other := filled(t), filled(t)
	held := open(t, path, bolt.Options{})
	by := open(t, other, bolt.Options{})
	put(t, by, settings, "schema", "6")
	if err := by.Close(); err != nil {
		t.Fatal(err)
	}
	opened := make(chan *bolt.Engine)
	go func() {
		e, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			t.Error(err)
		}
		opened <- e
	}()
	for opens(t, path) < 2 {
	}
	if err := errors.Join(os.Rename(other, path), held.Close()); err != nil {
		t.Fatal(err)
	}
	e := <-opened
	if e == nil {
		t.FailNow()
	}
	defer func() { _ = e.Close() }()
	if got := get(t, e, settings, "schema"); got != "6" {
		t.Errorf("the schema is %s: the old file was opened", got)
	}
}

// opens returns how often this process has a file open.
func opens(t *testing.T, path string) (n int) {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && to == path {
			n++
		}
	}
	return n
}

func TestWhatIsBuiltIsThereAfterClosing(t *testing.T) {
	path := newPath(t)
	e := open(t, path, bolt.Options{Building: true})
	put(t, e, calls, "a", "b")
	if err := errors.Join(e.Close(), e.Close()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 3<<20 {
		t.Errorf("a file with one entry has %d bytes: %v", info.Size(), err)
	}
	if got := get(t, open(t, path, bolt.Options{ReadOnly: true}), calls, "a"); got != "b" {
		t.Errorf("a is %q", got)
	}
}
