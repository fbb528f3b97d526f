package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

// page is the page size of our files.
const page = 4 << 10

// calls and meta are two of the buckets.
var (
	calls    = named("calls")
	steps    = named("steps")
	search   = named("search")
	settings = named("meta")
)

func named(name string) store.Bucket {
	for _, b := range store.Buckets() {
		if b.String() == name {
			return b
		}
	}
	panic("no bucket " + name)
}

// open opens a file, prepared unless it is only read, and closes it at the end of the test.
func open(t *testing.T, path string, o bolt.Options) *bolt.Engine {
	t.Helper()
	if o.Size == 0 {
		o.Size = 1 << 20
	}
	e, err := bolt.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if !o.ReadOnly {
		if err := e.Prepare(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func newPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "supportline.db")
}

// put writes one entry.
func put(t *testing.T, e *bolt.Engine, b store.Bucket, key, value string) {
	t.Helper()
	if err := e.Update(t.Context(), func(w store.Writer) error { w.Put(b, []byte(key), []byte(value)); return nil }); err != nil {
		t.Fatal(err)
	}
}

// get reads one entry, "-" if it is not there.
func get(t *testing.T, e *bolt.Engine, b store.Bucket, key string) (value string) {
	t.Helper()
	err := e.View(t.Context(), func(r store.Reader) error {
		value = "-"
		if v := r.Get(b, []byte(key)); v != nil {
			value = string(v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// filled returns the path of a closed file with some entries in it.
func filled(t *testing.T) string {
	t.Helper()
	path := newPath(t)
	e := open(t, path, bolt.Options{})
	put(t, e, settings, "schema", "5")
	err := e.Update(t.Context(), func(w store.Writer) error {
		for n := range uint64(500) {
			w.Put(steps, binary.BigEndian.AppendUint64(nil, n), bytes.Repeat([]byte{byte(n)}, 200))
		}
		return nil
	})
	if err := errors.Join(err, e.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// spoilt returns a copy of a filled file with changed bytes.
func spoilt(t *testing.T, change func([]byte) []byte) string {
	t.Helper()
	content, err := os.ReadFile(filled(t))
	if err != nil {
		t.Fatal(err)
	}
	return written(t, change(content))
}

func written(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spoilt.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// foreign makes a bbolt file with one bucket as another program would.
func foreign(t *testing.T, bucket string, o bbolt.Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := bbolt.Open(path, 0o600, &o)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte(bucket)); return err })
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func noise(b []byte) []byte {
	for i := 2 * page; i < len(b); i++ {
		b[i] = byte(i * 7)
	}
	return b
}

// badFiles has files that are not ours, or are damaged.
var badFiles = []struct {
	name string
	path func(t *testing.T) string
	want error
	says string
}{
	{"a text file", func(t *testing.T) string { return written(t, []byte("number,name\n204518,Northwind\n")) }, store.ErrNotOurs, "give another path"},
	{"a large text file", func(t *testing.T) string { return written(t, bytes.Repeat([]byte("number,name\n"), 20_000)) }, store.ErrNotOurs, "give another path"},
	{"another program's bbolt file", func(t *testing.T) string { return foreign(t, "wiki", bbolt.Options{}) }, store.ErrNotOurs, "give another path"},
	{
		"another program's file, which bbolt would write to",
		func(t *testing.T) string { return foreign(t, "wiki", bbolt.Options{NoFreelistSync: true}) }, store.ErrNotOurs, "give another path",
	},
	{"cut to half a page", func(t *testing.T) string { return spoilt(t, func(b []byte) []byte { return b[:page/4] }) }, store.ErrTruncated, "backup"},
	{"cut to three pages", func(t *testing.T) string { return spoilt(t, func(b []byte) []byte { return b[:3*page] }) }, store.ErrTruncated, "backup"},
	{"both first pages broken", func(t *testing.T) string {
		return spoilt(t, func(b []byte) []byte {
			b[70]++
			b[page+70]++
			return b
		})
	}, store.ErrDamaged, "backup"},
	{"pages full of noise", func(t *testing.T) string { return spoilt(t, noise) }, store.ErrDamaged, "backup"},
}

func TestAFileThatCannotBeOpenedIsNamedAndLeftAsItIs(t *testing.T) {
	for _, test := range badFiles {
		t.Run(test.name, func(t *testing.T) {
			for _, readOnly := range []bool{false, true} {
				path := test.path(t)
				before, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				refused(t, path, bolt.Options{ReadOnly: readOnly}, test.want, test.says)
				after, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(before, after) {
					t.Error("the file was written to")
				}
			}
		})
	}
}

// refused opens a path, and checks that the error is of a kind, names the path and says what to do.
func refused(t *testing.T, path string, o bolt.Options, want error, says string) {
	t.Helper()
	e, err := bolt.Open(path, o)
	if err == nil {
		_ = e.Close()
		t.Fatal("it was opened")
	}
	if want != nil && !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), says) {
		t.Errorf("the message %q does not name the file and say %q", err, says)
	}
}

func TestAFileThatAnotherHasOpenIsLocked(t *testing.T) {
	path := filled(t)
	open(t, path, bolt.Options{})
	for _, readOnly := range []bool{false, true} {
		refused(t, path, bolt.Options{ReadOnly: readOnly}, store.ErrLocked, "socket")
	}
}

func TestPathsThatAreNoFile(t *testing.T) {
	dir := t.TempDir()
	refused(t, dir, bolt.Options{}, nil, "is a directory: name a file in it")
	refused(t, filepath.Join(dir, "none.db"), bolt.Options{ReadOnly: true}, fs.ErrNotExist, "existing file")
	if err := os.WriteFile(filepath.Join(dir, "plain"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, filepath.Join(dir, "plain", "supportline.db"), bolt.Options{}, syscall.ENOTDIR, "plain")
}

func TestAFileWithoutPermissionSaysSo(t *testing.T) {
	path := filled(t)
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // root's rights to files are dropped for the rest of the test
	me := os.Geteuid()
	if err := syscall.Setfsuid(65534); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Setfsuid(me); err != nil {
			t.Error(err)
		}
		runtime.UnlockOSThread()
	})
	refused(t, path, bolt.Options{}, fs.ErrPermission, "the right to read and write")
}

func TestAnEmptyFileIsANewOneAndMissingFoldersAreMade(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "a", "b", "supportline.db")
	for _, path := range []string{written(t, nil), missing} {
		put(t, open(t, path, bolt.Options{}), calls, "a", "b")
	}
	info, err := os.Stat(missing)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("the file's mode is %v", info.Mode())
	}
}

func TestOneBrokenFirstPageIsSurvived(t *testing.T) {
	for _, first := range []int{0, page} {
		path := spoilt(t, func(b []byte) []byte {
			binary.NativeEndian.PutUint64(b[first+16+40:], 1)
			return b
		})
		if get(t, open(t, path, bolt.Options{}), settings, "schema") != "5" {
			t.Errorf("page at %d: the content is gone", first)
		}
	}
}

func TestOpeningAndReadingChangeNothing(t *testing.T) {
	path := filled(t)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{false, true} {
		e := open(t, path, bolt.Options{ReadOnly: readOnly})
		if get(t, e, settings, "schema") != "5" {
			t.Error("the content is not read")
		}
		if readOnly {
			if err := e.Update(t.Context(), func(store.Writer) error { return nil }); !errors.Is(err, store.ErrReadOnly) {
				t.Errorf("writing to what was opened for reading: %v", err)
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !after.ModTime().Equal(before.ModTime()) {
		t.Error("the file was written to")
	}
}

func TestClosedIsClosed(t *testing.T) {
	e := open(t, filled(t), bolt.Options{})
	if err := errors.Join(e.Close(), e.Close()); err != nil {
		t.Fatal(err)
	}
	_, numberErr := e.Next(t.Context(), steps, 1)
	_, commitErr := e.Commit(t.Context(), nil)
	for name, err := range map[string]error{
		"View": e.View(t.Context(), func(store.Reader) error { return nil }), "Update": e.Update(t.Context(), func(store.Writer) error { return nil }),
		"Commit": commitErr, "Next": numberErr, "Prepare": e.Prepare(t.Context(), false), "Copy": e.Copy(t.Context(), newPath(t), nil),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s: %v, want %v", name, err, store.ErrClosed)
		}
	}
}

// oldFile returns the path of a closed file of an older version, which lacks a bucket.
func oldFile(t *testing.T) string {
	t.Helper()
	path := filled(t)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("calls")) })
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestABucketThatIsMissingReadsAsEmptyUntilItIsMade(t *testing.T) {
	path := oldFile(t)
	e, err := bolt.Open(path, bolt.Options{Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	err = e.View(t.Context(), func(r store.Reader) error {
		k, _ := r.Scan(store.Span{Bucket: calls})[0].Next()
		s, _ := r.Scan(store.Span{Bucket: calls, Back: true})[0].Seek([]byte("a"))
		if v := r.Get(calls, []byte("a")); v != nil || k != nil || s != nil || r.Count(store.Span{Bucket: calls}, -1) != 0 {
			t.Error("the bucket has entries")
		}
		return nil
	})
	n, numberErr := e.Next(t.Context(), calls, 1)
	if err := errors.Join(err, numberErr); err != nil || n != 1 {
		t.Errorf("the first number of a missing bucket is %d: %v", n, err)
	}
	if err := e.Update(t.Context(), func(w store.Writer) error { w.Put(calls, []byte("a"), nil); return nil }); err == nil {
		t.Error("a bucket that is missing was written to")
	}
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	put(t, e, calls, "a", "b")
}

func TestAnUpgradeBeginsWithACopy(t *testing.T) {
	path := oldFile(t)
	names := func() []string {
		found, err := filepath.Glob(path + ".*")
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	e, err := bolt.Open(path, bolt.Options{Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	if err := os.WriteFile(path+".schema-5", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.Prepare(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if got := names(); len(got) != 2 || got[1] != path+".schema-5-2" {
		t.Fatalf("beside the file are %v, want the file that was there and a copy", got)
	}
	if mine, err := os.ReadFile(path + ".schema-5"); err != nil || string(mine) != "mine" {
		t.Errorf("a file that had the copy's name is now %q: %v", mine, err)
	}
	before := open(t, path+".schema-5-2", bolt.Options{ReadOnly: true})
	if get(t, before, settings, "schema") != "5" {
		t.Error("the copy lacks the content")
	}
	put(t, e, settings, "schema", "7")
	if get(t, before, settings, "schema") != "5" {
		t.Error("the copy changed with the file")
	}
}

func TestAnUpgradeThatBeginsTwiceIsCopiedOnce(t *testing.T) {
	path := filled(t)
	for range 2 {
		e := open(t, path, bolt.Options{})
		if err := errors.Join(e.Prepare(t.Context(), true), e.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if found, _ := filepath.Glob(path + ".*"); len(found) != 1 {
		t.Errorf("beside the file are %v, want one copy", found)
	}
}

func TestAnUpgradeWithoutRoomForACopyChangesNothing(t *testing.T) {
	path := oldFile(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", path+".schema-5.partial"); err != nil {
		t.Fatal(err)
	}
	e, err := bolt.Open(path, bolt.Options{Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	err = e.Explain(e.Prepare(t.Context(), true))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("a full disk: %v", err)
	}
	_ = e.Close()
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed (error %v)", err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
