package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	bbolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/store"
)

// opened returns an engine with some hundred pages of entries, which is closed at the end of the test.
func opened(t *testing.T) *Engine {
	t.Helper()
	e, err := Open(filepath.Join(t.TempDir(), "supportline.db"), Options{Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if err := e.Prepare(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	err = e.Update(t.Context(), func(w store.Writer) error {
		w.Put(metaBucket, schemaKey, []byte("6"))
		for n := range 2000 {
			w.Put(0, fmt.Appendf(nil, "%04d", n), bytes.Repeat([]byte("x"), 500))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var metaBucket = func() store.Bucket {
	for _, b := range store.Buckets() {
		if b.String() == string(metaName) {
			return b
		}
	}
	panic("no bucket " + string(metaName))
}()

// readAll reads all entries of a bucket, and returns how many there are.
func readAll(t *testing.T, e *Engine) (n int, err error) {
	t.Helper()
	err = e.View(t.Context(), func(r store.Reader) error { n = r.Count(store.Span{}, -1); return nil })
	return n, err
}

// cut shortens a file while it is open.
func cut(t *testing.T, e *Engine, size int64) {
	t.Helper()
	if err := os.Truncate(e.path, size); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatIsCutWhileItIsOpenIsAnErrorForWhoReadsThere(t *testing.T) {
	e := opened(t)
	whole, err := os.ReadFile(e.path)
	if err != nil {
		t.Fatal(err)
	}
	cut(t, e, 2*pageSize)
	_, read := readAll(t, e)
	write := e.Update(t.Context(), func(w store.Writer) error { w.Put(0, []byte("a"), nil); return nil })
	_, commit := e.Commit(t.Context(), []store.Change{{Expect: []store.Entry{{Key: []byte("0001")}}}})
	copied := e.Explain(e.Copy(t.Context(), e.path+".copy", nil))
	for name, err := range map[string]error{"reading": read, "writing": write, "committing": commit, "copying": copied} {
		if !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrTruncated) || strings.Count(err.Error(), e.path) != 1 ||
			!strings.Contains(err.Error(), "backup") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if info, err := os.Stat(e.path); err != nil || info.Size() != 2*pageSize {
		t.Errorf("the file grew to %d bytes", info.Size())
	}
	if err := os.WriteFile(e.path, whole, 0o600); err != nil { // what was lost is back, as after a disk's moment of weakness
		t.Fatal(err)
	}
	if n, err := readAll(t, e); n != 2000 || err != nil {
		t.Errorf("%d entries are read, %v", n, err)
	}
}

// TestNothingIsWrittenBehindTheEndOfACutFile: it would be as long as its content again, with zeros in between.
func TestNothingIsWrittenBehindTheEndOfACutFile(t *testing.T) {
	e := opened(t)
	newest, _ := newestMeta(e.file)
	cut(t, e, newest.size()-pageSize)
	err := e.Update(t.Context(), func(w store.Writer) error { w.Put(0, []byte("a"), nil); return nil })
	if info, statErr := os.Stat(e.path); !errors.Is(err, store.ErrTruncated) || statErr != nil || info.Size() != newest.size()-pageSize {
		t.Errorf("it has %d bytes now, of %d: %v", info.Size(), newest.size(), err)
	}
}

func TestAFileWithoutItsFirstPagesFailsAllAndDoesNotHang(t *testing.T) {
	e := opened(t)
	cut(t, e, 0)
	for range 2 {
		_, read := readAll(t, e)
		write := e.Update(t.Context(), func(store.Writer) error { return nil })
		if !errors.Is(read, store.ErrDamaged) || !errors.Is(write, store.ErrDamaged) {
			t.Errorf("reading: %v; writing: %v", read, write)
		}
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// TestAPanicOfWhoReadsIsNotTheFiles: only bbolt's panics, and faults of the map, are damage.
func TestAPanicOfWhoReadsIsNotTheFiles(t *testing.T) {
	e := opened(t)
	for name, read := range map[string]func(store.Reader) error{
		"its own": func(store.Reader) error { panic("oh") },
		"nil":     func(store.Reader) error { var c *Change; return c.of() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic is gone", name)
				}
			}()
			t.Error(e.View(t.Context(), read))
		}()
	}
	if _, err := readAll(t, e); err != nil {
		t.Error(err)
	}
	if err := e.Close(); err != nil { // which waits for readers
		t.Error(err)
	}
}

// Change is a type with a method that needs a value.
type Change struct{ err error }

func (c *Change) of() error { return c.err }

// outcomes are how a commit fails: while pages are written, or when the page that leads to them was, and its sync failed.
var outcomes = map[string]struct {
	commit func(*bbolt.Tx) error
	want   error
	after  string
}{
	"the first sync fails": {func(tx *bbolt.Tx) error { return first(tx.Rollback(), syscall.EIO) }, syscall.EIO, "before"},
	"the last sync fails":  {func(tx *bbolt.Tx) error { return first(tx.Commit(), syscall.EIO) }, store.ErrUnknown, "after"},
}

// put commits one entry.
func put(t *testing.T, e *Engine, value string) error {
	t.Helper()
	_, err := e.Commit(t.Context(), []store.Change{{Edits: []store.Edit{{Key: []byte("k"), Value: []byte(value)}}}})
	return err
}

// get reads it, in a transaction that writes.
func get(t *testing.T, e *Engine) (value string, err error) {
	t.Helper()
	err = e.Update(t.Context(), func(w store.Writer) error { value = string(w.Get(0, []byte("k"))); return nil })
	return value, err
}

func TestACommitThatFailsIsUnknownOnlyIfItMayBeThere(t *testing.T) {
	for name, o := range outcomes {
		t.Run(name, func(t *testing.T) {
			e := opened(t)
			if err := put(t, e, "before"); err != nil {
				t.Fatal(err)
			}
			e.commitTx = o.commit
			if err := put(t, e, "after"); !errors.Is(err, o.want) || !errors.Is(err, syscall.EIO) || errors.Is(err, store.ErrUnknown) != (o.want == store.ErrUnknown) {
				t.Errorf("the commit: %v", err)
			}
			e.commitTx = (*bbolt.Tx).Commit
			if got, err := get(t, e); got != o.after || err != nil {
				t.Errorf("after it %q is read, %v; want %q", got, err, o.after)
			}
		})
	}
}

// unknown is an engine with a commit whose outcome is unknown, and what its first pages were before.
func unknown(t *testing.T) (e *Engine, before []byte) {
	t.Helper()
	e = opened(t)
	if err := put(t, e, "before"); err != nil {
		t.Fatal(err)
	}
	before = make([]byte, 2*pageSize)
	if _, err := e.file.ReadAt(before, 0); err != nil {
		t.Fatal(err)
	}
	e.commitTx = outcomes["the last sync fails"].commit
	if err := put(t, e, "after"); !errors.Is(err, store.ErrUnknown) {
		t.Fatal(err)
	}
	e.commitTx = (*bbolt.Tx).Commit
	return e, before
}

// TestNothingIsWrittenBeforeAnUnknownOutcomeIsSettled: what is seen is on the disk first, also for who writes nothing, and as long as it cannot be
// written nobody writes.
func TestNothingIsWrittenBeforeAnUnknownOutcomeIsSettled(t *testing.T) {
	e, _ := unknown(t)
	writable := e.file
	readable, err := os.Open(e.path)
	if err != nil {
		t.Fatal(err)
	}
	defer readable.Close()
	e.file = readable
	for range 2 {
		if _, err := get(t, e); !errors.Is(err, syscall.EBADF) {
			t.Errorf("while the disk fails: %v", err)
		}
		if n, err := readAll(t, e); n != 2001 || err != nil {
			t.Errorf("%d entries are read, %v", n, err)
		}
	}
	e.file = writable
	for range 2 {
		if got, err := get(t, e); got != "after" || err != nil {
			t.Errorf("after it %q is read: %v", got, err)
		}
	}
	if e.file == writable {
		t.Error("bbolt goes on with what it remembers")
	}
	if err := put(t, e, "more"); err != nil {
		t.Error(err)
	}
	checked(t, e)
}

// TestAPageThatTheSystemDroppedTakesItsCommitWithIt: the page that could not be written is as it was before, once the system needed its memory.
func TestAPageThatTheSystemDroppedTakesItsCommitWithIt(t *testing.T) {
	e, before := unknown(t)
	if _, err := e.file.WriteAt(before, 0); err != nil {
		t.Fatal(err)
	}
	if got, err := get(t, e); got != "before" || err != nil {
		t.Errorf("%q is read: %v", got, err)
	}
	for n := range 20 {
		if err := put(t, e, fmt.Sprint(n)); err != nil {
			t.Error(err)
		}
	}
	checked(t, e)
}

// checked checks all pages.
func checked(t *testing.T, e *Engine) {
	t.Helper()
	err := e.reading(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSyncsAreOnUnlessAFileIsBuilt(t *testing.T) {
	e := opened(t)
	path := e.path
	syncs := func(e *Engine) bool { return !e.db.NoSync && !e.db.NoGrowSync }
	if !syncs(e) {
		t.Error("a new file is not synced")
	}
	if err := errors.Join(e.Close(), Compact(t.Context(), path, nil)); err != nil {
		t.Fatal(err)
	}
	e, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	if !syncs(e) {
		t.Error("a file that was compacted is not synced")
	}
}

// TestNoCommitWaitsForAReaderWhereTheFileGrows: bbolt maps a file anew that outgrows its map, when nobody reads any longer.
func TestNoCommitWaitsForAReaderWhereTheFileGrows(t *testing.T) {
	e := opened(t)
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err == nil && strings.Contains(line, e.path) {
			if size := to - from; size < 64<<30 {
				t.Errorf("the map has room for %d bytes", size)
			}
			return
		}
	}
	t.Error("the file is not mapped")
}

func TestANetworkDiskIsWarnedOf(t *testing.T) {
	if got := Warning(opened(t).path); got != "" {
		t.Errorf("a disk of this machine: %q", got)
	}
	if got := warning(networks[0x6969]); !strings.Contains(got, "(NFS)") {
		t.Errorf("NFS: %q", got)
	}
}
