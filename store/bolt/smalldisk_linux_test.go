package bolt_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/bolt/disktest"
)

// cramped returns an engine on a disk of some megabytes, with an acknowledged entry; nil where none can be mounted.
func cramped(t *testing.T) (e *bolt.Engine, folder string) {
	t.Helper()
	folder, err := disktest.Small(t, 16<<20)
	if err != nil {
		disktest.NotRun(t, "a disk that is full", err)
		return nil, ""
	}
	e = open(t, filepath.Join(folder, "supportline.db"), bolt.Options{})
	put(t, e, settings, "schema", "7")
	put(t, e, calls, "k", "before")
	return e, folder
}

// grow commits entries of some hundred kilobytes, and returns how many commits were acknowledged before one was not.
func grow(t *testing.T, e *bolt.Engine, name string, most int) (acked int, err error) {
	t.Helper()
	for ; acked < most; acked++ {
		err = e.Update(t.Context(), func(w store.Writer) error {
			for n := range 100 {
				w.Put(steps, fmt.Appendf(nil, "%s %03d %03d", name, acked, n), bytes.Repeat([]byte{byte(n)}, 3000))
			}
			return nil
		})
		if err != nil {
			return acked, err
		}
	}
	return acked, nil
}

// count returns how many entries of grow are there.
func count(t *testing.T, e *bolt.Engine) (n int) {
	t.Helper()
	if err := e.View(t.Context(), func(r store.Reader) error { n = r.Count(store.Span{Bucket: steps}, -1); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAFullDiskFailsCommitsUntilThereIsRoom: the first one that needs more than there is, while the file grows; and nothing of it is there. After room was
// made commits go on without a restart.
func TestAFullDiskFailsCommitsUntilThereIsRoom(t *testing.T) {
	for name, leave := range map[string]int64{"to the last byte": 0, "within a page": 5000, "within a commit": 200_000, "after some commits": 2 << 20} {
		t.Run(name, func(t *testing.T) {
			e, folder := cramped(t)
			if e == nil {
				return
			}
			makeRoom := disktest.Fill(t, folder, leave)
			acked := 0
			for try := range 3 {
				n, err := grow(t, e, fmt.Sprint(try), 100)
				acked += n
				if err = e.Explain(err); !errors.Is(err, syscall.ENOSPC) || errors.Is(err, store.ErrUnknown) || !strings.Contains(err.Error(), "make room") {
					t.Errorf("when it is full: %v", err)
				}
				if got := count(t, e); got != 100*acked || get(t, e, calls, "k") != "before" {
					t.Errorf("%d entries are read, %d were acknowledged", got, 100*acked)
				}
			}
			makeRoom()
			n, err := grow(t, e, "after", 10)
			if acked += n; err != nil || count(t, e) != 100*acked {
				t.Errorf("after room was made: %v", err)
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
			path := filepath.Join(folder, "supportline.db")
			sound(t, path)
			if got := count(t, open(t, path, bolt.Options{})); got != 100*acked {
				t.Errorf("after the file is opened again %d entries are read, %d were acknowledged", got, 100*acked)
			}
		})
	}
}

// TestACopyToAFullDiskLeavesNothingAndNoCommitFails: neither a hot copy, nor a file that is compacted.
func TestACopyToAFullDiskLeavesNothingAndNoCommitFails(t *testing.T) {
	e, folder := cramped(t)
	if e == nil {
		return
	}
	if _, err := grow(t, e, "before", 10); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "supportline.db")
	makeRoom := disktest.Fill(t, folder, 2<<20)
	if err := e.Explain(e.Copy(t.Context(), path+".copy", nil)); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("a hot copy: %v", err)
	}
	left(t, folder, "ballast", "supportline.db")
	if err := set(t, e, "after the copy"); err != nil {
		t.Errorf("a commit after the copy: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := bolt.Compact(t.Context(), path, nil); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("compacting: %v", err)
	}
	left(t, folder, "ballast", "supportline.db")
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("compacting changed the file: %v", err)
	}
	makeRoom()
	if err := bolt.Compact(t.Context(), path, nil); err != nil {
		t.Errorf("compacting when there is room: %v", err)
	}
	sound(t, path)
	e = open(t, path, bolt.Options{})
	if got := get(t, e, calls, "k"); got != "after the copy" || count(t, e) != 1000 {
		t.Errorf("%d entries, and %q", count(t, e), got)
	}
}

// left checks which files a folder has.
func left(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the files in the folder (-want +got):\n%s", diff)
	}
}

// TestAFileOnAReadOnlyDiskIsRefusedForWritingAndRead until the disk can be written again.
func TestAFileOnAReadOnlyDiskIsRefusedForWritingAndRead(t *testing.T) {
	e, folder := cramped(t)
	if e == nil {
		return
	}
	path := filepath.Join(folder, "supportline.db")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	disktest.ReadOnly(t, folder, true)
	if _, err := bolt.Open(path, bolt.Options{}); !errors.Is(err, syscall.EROFS) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "can be written") {
		t.Errorf("for writing: %v", err)
	}
	reading := open(t, path, bolt.Options{ReadOnly: true})
	if got := get(t, reading, calls, "k"); got != "before" {
		t.Errorf("%q is read", got)
	}
	if err := reading.Close(); err != nil {
		t.Error(err)
	}
	disktest.ReadOnly(t, folder, false)
	if err := set(t, open(t, path, bolt.Options{}), "after"); err != nil {
		t.Errorf("when it can be written again: %v", err)
	}
}

// TestANewFileWhoseCreationWasCutIsBegunAnew: any of its sectors are there, and zeros in place of the others.
func TestANewFileWhoseCreationWasCutIsBegunAnew(t *testing.T) {
	made := newPath(t)
	e, err := bolt.Open(made, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	zeroed := func(from, to int) []byte {
		return append(append(bytes.Clone(whole[:from]), make([]byte, to-from)...), whole[to:]...)
	}
	for name, content := range map[string][]byte{
		"a size and no byte":        make([]byte, len(whole)),
		"half of the first page":    whole[:page/2],
		"without the first sector":  zeroed(0, 512),
		"without both meta pages":   zeroed(0, 2*page),
		"without its list and root": zeroed(2*page, 4*page),
		"without its root":          whole[:3*page],
	} {
		e, err := bolt.Open(written(t, content), bolt.Options{Size: 1 << 16})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := errors.Join(e.Prepare(t.Context(), false), set(t, e, "first"), e.Close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		other := bytes.Clone(content)
		other[100]++ // of no new file
		path := written(t, other)
		if e, err := bolt.Open(path, bolt.Options{}); err == nil { // by its second meta page
			_ = e.Close()
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, other) {
			t.Errorf("%s: a file with a byte of another's was changed: %v", name, err)
		}
	}
}
