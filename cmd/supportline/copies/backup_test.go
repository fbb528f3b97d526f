package copies

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
)

func TestABackupHasWhatTheStoreHad(t *testing.T) {
	folder := t.TempDir()
	e := newEngine(t, filepath.Join(folder, "log.db"), 3000)
	if err := e.Update(t.Context(), func(w store.Writer) error { // which leaves pages free
		for i := range 2000 {
			w.Delete(bucket("calls"), fmt.Appendf(nil, "%08d", i))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := sums(t, e)
	file := filepath.Join(folder, "copy.db")
	var progress [][2]int64
	made, err := Backup(t.Context(), e, file, Options{
		Now: func() time.Time { return noon }, Version: "v1", Beside: filepath.Join(folder, "log.db"),
		Progress: func(done, all int64) { progress = append(progress, [2]int64{done, all}) },
	})
	if err != nil {
		t.Fatal(err)
	}
	put(t, e, 5000, 6000)
	found, err := Verify(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, found); diff != "" {
		t.Errorf("the record in the file (-made +found):\n%s", diff)
	}
	record := Record{At: noon, Version: "v1", Schema: store.Schema, Engine: "bolt", Buckets: want}
	record.Sum = record.sum()
	if diff := cmp.Diff(record, found); diff != "" {
		t.Errorf("the record (-want +got):\n%s", diff)
	}
	if found.Calls() != 1000 || found.Entries() != 1000+3000+2 {
		t.Errorf("%d calls, %d entries", found.Calls(), found.Entries())
	}
	if last := progress[len(progress)-1]; last != [2]int64{4000, 4000} {
		t.Errorf("progress %v", progress)
	}
	if left := files(t, folder); !slices.Equal(left, []string{"copy.db", "log.db"}) {
		t.Errorf("left behind: %v", left)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode() != 0o600 || info.Size() > 256<<10 {
		t.Errorf("the file has mode %v, %d bytes: %v", info.Mode(), info.Size(), err)
	}
}

// TestABackupOfAStoreInUse has everything of one moment: whoever writes meanwhile, an entry is there with its entry in the index, and with all before it.
func TestABackupOfAStoreInUse(t *testing.T) {
	folder := t.TempDir()
	e := newEngine(t, filepath.Join(folder, "log.db"), 1000)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 1000; ctx.Err() == nil; i++ {
			put(t, e, i, i+1)
		}
	}()
	for i := range 5 {
		file := filepath.Join(folder, fmt.Sprint(i, ".db"))
		r, err := Backup(t.Context(), e, file, Options{})
		if err != nil {
			t.Fatal(err)
		}
		copied, err := bolt.Open(file, bolt.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		err = copied.View(t.Context(), func(v store.Reader) error {
			calls, index := v.Scan(store.Span{Bucket: bucket("calls"), Back: true})[0], v.Count(store.Span{Bucket: bucket("index")}, -1)
			last, _ := calls.Next()
			if n := r.Calls(); string(last) != fmt.Sprintf("%08d", n-1) || int64(index) != n {
				t.Errorf("backup %d: %d calls, the last is %s, %d entries of the index", i, n, last, index)
			}
			return nil
		})
		if err != nil || copied.Close() != nil {
			t.Fatal(err)
		}
	}
	stop()
	<-stopped
}

func TestWhereABackupCanNotBeMade(t *testing.T) {
	folder := t.TempDir()
	e := newEngine(t, filepath.Join(folder, "log.db"), 10)
	there := write0(t, filepath.Join(folder, "there"), []byte("something"))
	for name, row := range map[string]struct {
		file  string
		want  error
		words string
	}{
		"there already":   {there, fs.ErrExist, "name a new file"},
		"a folder":        {folder, fs.ErrExist, "name a new file"},
		"no folder":       {filepath.Join(folder, "no", "copy.db"), fs.ErrNotExist, "name a file in a folder that is there"},
		"below of a file": {filepath.Join(there, "copy.db"), nil, "name a file in a folder that is there"},
	} {
		_, err := Backup(t.Context(), e, row.file, Options{})
		if row.want == nil {
			row.want = err
		}
		if err == nil {
			t.Errorf("%s: a backup was made", name)
			continue
		}
		says(t, name, err, row.want, row.words)
	}
	if text := read0(t, there); string(text) != "something" {
		t.Errorf("the file that was there is %q", text)
	}
}

func TestABackupToAFullDisk(t *testing.T) {
	folder := t.TempDir()
	e := newEngine(t, filepath.Join(folder, "log.db"), 10)
	file := filepath.Join(folder, "copy.db")
	if err := os.Symlink("/dev/full", bolt.Partial(file+pagesSuffix)); err != nil {
		t.Fatal(err)
	}
	_, err := Backup(t.Context(), e, file, Options{})
	says(t, "a full disk", err, syscall.ENOSPC, "the disk is full: make room")
	if left := files(t, folder); !slices.Equal(left, []string{"log.db"}) {
		t.Errorf("left behind: %v", left)
	}
}

func TestABackupThatIsCutOff(t *testing.T) {
	folder := t.TempDir()
	e := newEngine(t, filepath.Join(folder, "log.db"), 50_000)
	file := filepath.Join(folder, "copy.db")
	for name, during := range map[string]func(all int64) bool{
		"pages": func(all int64) bool { return all != 100_000 }, "entries": func(all int64) bool { return all == 100_000 },
	} {
		write0(t, bolt.Partial(file), []byte("of a process that was killed"))
		write0(t, file+pagesSuffix, []byte("of a process that was killed"))
		ctx, stop := context.WithCancel(t.Context())
		_, err := Backup(ctx, e, file, Options{Progress: func(_, all int64) {
			if during(all) {
				stop()
			}
		}})
		stop()
		if left := files(t, folder); !errors.Is(err, context.Canceled) || !slices.Equal(left, []string{"log.db"}) {
			t.Errorf("cut off while %s are copied: %v, left behind: %v", name, err, left)
		}
	}
	write0(t, bolt.Partial(file), []byte("of a process that was killed"))
	write0(t, file+pagesSuffix, []byte("of a process that was killed"))
	if _, err := Backup(t.Context(), e, file, Options{}); err != nil {
		t.Error(err)
	}
	if left := files(t, folder); !slices.Equal(left, []string{"copy.db", "log.db"}) {
		t.Errorf("left behind: %v", left)
	}
}

func TestBackupsThatAreNotWhole(t *testing.T) {
	file := made(t, 3000)
	text := read0(t, file)
	at := bytes.Index(text, []byte("call 1234"))
	spoilt := func(name string, change func(b []byte) []byte) string {
		return write0(t, filepath.Join(t.TempDir(), name), change(slices.Clone(text)))
	}
	raw := filepath.Join(t.TempDir(), "raw.db")
	if err := newEngine(t, raw, 10).Close(); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		file  string
		want  error
		words string
	}{
		"cut":              {spoilt("cut", func(b []byte) []byte { return b[:len(b)/2] }), store.ErrTruncated, "it is cut off"},
		"one byte":         {spoilt("byte", func(b []byte) []byte { b[at+3] ^= 1; return b }), errBroken, "it is damaged"},
		"its record":       {spoilt("record", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("12:00:00Z"), []byte("12:00:01Z")) }), errBroken, "it is damaged"},
		"both first pages": {spoilt("pages", func(b []byte) []byte { clear(b[20:8192]); return b }), store.ErrDamaged, "it is damaged"},
		"foreign":          {spoilt("foreign", func([]byte) []byte { return bytes.Repeat([]byte("text\n"), 10_000) }), ErrNoBackup, "it is no backup of supportline"},
		"empty":            {spoilt("empty", func([]byte) []byte { return nil }), ErrNoBackup, "it is no backup"},
		"a store's file":   {raw, ErrNoBackup, "has no checksums"},
		"not there":        {filepath.Join(t.TempDir(), "no.db"), fs.ErrNotExist, "name a backup that this user can read"},
		"a folder":         {t.TempDir(), nil, "it is a folder"},
	} {
		_, err := Verify(t.Context(), row.file, nil)
		if err == nil {
			t.Errorf("%s: it is taken for a backup", name)
			continue
		}
		if row.want == nil {
			row.want = err
		}
		says(t, name, err, row.want, row.words, row.file)
	}
}

func TestABackupOfANewerVersion(t *testing.T) {
	folder := t.TempDir()
	e := newEngine(t, filepath.Join(folder, "log.db"), 1)
	if err := e.Update(t.Context(), func(w store.Writer) error {
		w.Put(bucket("meta"), []byte("schema"), fmt.Append(nil, store.Schema+1))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "copy.db")
	if _, err := Backup(t.Context(), e, file, Options{}); err != nil {
		t.Fatal(err)
	}
	_, err := Verify(t.Context(), file, nil)
	says(t, "a newer one", err, store.ErrNewer, "a newer version of supportline made it")
}
