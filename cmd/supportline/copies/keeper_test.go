package copies

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/officernd/supportline/cmd/supportline/recordings"
	"github.com/officernd/supportline/store/bolt"
)

// rig is a keeper on a clock that the test moves.
type rig struct {
	*Keeper
	t    testing.TB
	now  time.Time
	told []string
	late []string
}

func newRig(t testing.TB, s Settings) *rig {
	t.Helper()
	folder := t.TempDir()
	r := &rig{t: t, now: noon}
	shown := func(newest time.Time) string {
		if newest.IsZero() {
			return "none"
		}
		return newest.UTC().Format("02 15:04")
	}
	path := filepath.Join(folder, "log.db")
	r.Keeper = &Keeper{
		Settings: s, Engine: newEngine(t, path, 10), Zone: time.UTC, Log: zap.NewNop(),
		Options: Options{Now: func() time.Time { return r.now }, Beside: path},
		Told: func(newest time.Time, tried bool, err error) {
			r.told = append(r.told, fmt.Sprint(shown(newest), " ", tried, " ", err == nil))
		},
		Late: func(_ context.Context, newest time.Time, _ error) {
			r.late = append(r.late, r.now.Format("02 15:04")+" since "+shown(newest))
		},
	}
	return r
}

// pass moves the clock minute by minute.
func (r *rig) pass(d time.Duration) {
	for end := r.now.Add(d); r.now.Before(end); r.now = r.now.Add(10 * time.Minute) {
		r.Tick(context.Background())
	}
}

func daily(folder string) Settings {
	return Settings{Folder: folder, Every: 24 * time.Hour, At: 3*time.Hour + 30*time.Minute, Keep: 4}
}

func TestBackupsAreMadeAsTheyAreDue(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "made", "when needed")
	r := newRig(t, daily(folder))
	r.pass(24 * time.Hour)
	if diff := cmp.Diff([]string{"supportline-20261129T120000Z.db", "supportline-20261130T033000Z.db"}, files(t, folder)); diff != "" {
		t.Fatalf("after a day (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"none false true", "29 12:00 true true", "30 03:30 true true"}, r.told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	mine := write0(t, filepath.Join(folder, "supportline-mine.db"), []byte("of a person"))
	write0(t, filepath.Join(folder, nameOf(noon)+pagesSuffix+partialSuffix), []byte("of a process that was killed"))
	write0(t, bolt.Partial(filepath.Join(folder, nameOf(noon))), []byte("of a process that was killed"))
	r.pass(7 * 24 * time.Hour)
	want := []string{"supportline-20261204T033000Z.db", "supportline-20261205T033000Z.db", "supportline-20261206T033000Z.db", "supportline-20261207T033000Z.db", filepath.Base(mine)}
	if diff := cmp.Diff(want, files(t, folder)); diff != "" {
		t.Errorf("after a week (-want +got):\n%s", diff)
	}
	if len(r.late) > 0 {
		t.Errorf("late: %v", r.late)
	}
	for _, name := range want[:4] {
		if _, err := Verify(t.Context(), filepath.Join(folder, name), nil); err != nil {
			t.Error(err)
		}
	}
}

// TestTheNextProcessKnowsTheLastBackup by the names alone, and makes no other before its time.
func TestTheNextProcessKnowsTheLastBackup(t *testing.T) {
	folder := t.TempDir()
	first := newRig(t, daily(folder))
	first.pass(time.Hour)
	next := newRig(t, daily(folder))
	next.now = noon.Add(2 * time.Hour)
	next.pass(time.Hour)
	if diff := cmp.Diff([]string{"29 12:00 false true"}, next.told); diff != "" || len(files(t, folder)) != 1 {
		t.Errorf("told (-want +got):\n%s\n%v", diff, files(t, folder))
	}
}

// TestBackupsThatFailForAMonth leave those that are there, and people learn of it.
func TestBackupsThatFailForAMonth(t *testing.T) {
	folder := t.TempDir()
	r := newRig(t, daily(folder))
	r.pass(5 * 24 * time.Hour)
	before := files(t, folder)
	if len(before) != 4 {
		t.Fatal(before)
	}
	r.Beside = filepath.Join(folder, "no folder", "log.db")
	r.told = nil
	r.pass(30 * 24 * time.Hour)
	if diff := cmp.Diff(before, files(t, folder)); diff != "" {
		t.Errorf("after a month (-want +got):\n%s", diff)
	}
	if len(r.told) < 1000 || slices.ContainsFunc(r.told, func(s string) bool { return s != "04 03:30 true false" }) {
		t.Errorf("told %d times: %v", len(r.told), r.told[:3])
	}
	if len(r.late) == 0 || !strings.HasPrefix(r.late[0], "05 09:") || !strings.HasSuffix(r.late[0], " since 04 03:30") {
		t.Errorf("late %d times, first %v", len(r.late), r.late[:min(1, len(r.late))])
	}
	r.Beside, r.told = "", nil
	r.pass(time.Hour)
	if got := files(t, folder); len(got) != 4 || got[2] != before[3] || len(r.told) != 1 {
		t.Errorf("well again: %v, told %v", got, r.told)
	}
}

// TestADamagedBackupIsNotTakenForTheNewest, and does not push a good one out.
func TestADamagedBackupIsNotTakenForTheNewest(t *testing.T) {
	folder := t.TempDir()
	r := newRig(t, daily(folder))
	r.pass(4 * 24 * time.Hour)
	names := files(t, folder)
	last := filepath.Join(folder, names[len(names)-1])
	write0(t, last, read0(t, last)[:10_000])
	again := newRig(t, daily(folder))
	again.now = r.now
	again.pass(10 * time.Minute)
	got := files(t, folder)
	if len(got) != len(names)+1 || !slices.Equal(got[:len(names)], names) {
		t.Errorf("%v, with one more behind: %v", names, got)
	}
}

// memoryBucket is a bucket that fails as the test wants it to.
type memoryBucket struct {
	recordings.Bucket
	files map[string][]byte
	fails error
	spoil func([]byte) []byte
}

func (b *memoryBucket) Name() string { return "s3:https://host/bucket" }

func (b *memoryBucket) Put(_ context.Context, file, _ string, from io.Reader, _ int64) error {
	text, err := io.ReadAll(from)
	if err = errors.Join(err, b.fails); err != nil {
		return err
	}
	if b.spoil != nil {
		text = b.spoil(text)
	}
	b.files[file] = text
	return nil
}

func (b *memoryBucket) Open(_ context.Context, file string) (io.ReadSeekCloser, int64, error) {
	text, there := b.files[file]
	if !there {
		return nil, 0, fs.ErrNotExist
	}
	return struct {
		io.ReadSeeker
		io.Closer
	}{bytes.NewReader(text), io.NopCloser(nil)}, int64(len(text)), nil
}

func (b *memoryBucket) Remove(_ context.Context, file string) (bool, error) {
	_, there := b.files[file]
	delete(b.files, file)
	return there, nil
}

func (b *memoryBucket) List(_ context.Context, prefix string) (all []recordings.Listed, err error) {
	for name, text := range b.files {
		if strings.HasPrefix(name, prefix) {
			all = append(all, recordings.Listed{File: name, Bytes: int64(len(text))})
		}
	}
	return all, b.fails
}

func TestBackupsInABucket(t *testing.T) {
	b := &memoryBucket{files: map[string][]byte{"supportline-mine.db": []byte("of a person")}}
	r := newRig(t, Settings{S3: recordings.S3{Endpoint: "host"}, Every: 24 * time.Hour, At: -1, Keep: 3})
	r.bucket = b
	r.pass(5 * 24 * time.Hour)
	want := []string{"supportline-20261201T120000Z.db", "supportline-20261202T120000Z.db", "supportline-20261203T120000Z.db", "supportline-mine.db"}
	got := []string{}
	for name := range b.files {
		got = append(got, name)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("after five days (-want +got):\n%s", diff)
	}
	file := write0(t, filepath.Join(t.TempDir(), "downloaded.db"), b.files[want[2]])
	if _, err := Verify(t.Context(), file, nil); err != nil {
		t.Error(err)
	}
	if left := files(t, filepath.Dir(r.Beside)); !slices.Equal(left, []string{"log.db"}) {
		t.Errorf("left beside the store: %v", left)
	}
}

func TestABucketThatFails(t *testing.T) {
	cut := func(text []byte) []byte { return text[:len(text)-1] }
	for name, row := range map[string]*memoryBucket{
		"it refuses":                      {fails: errors.New("403 Forbidden")},
		"what is there is something else": {spoil: cut},
	} {
		row.files = map[string][]byte{}
		r := newRig(t, Settings{S3: recordings.S3{Endpoint: "host"}, Every: 24 * time.Hour, At: -1, Keep: 3})
		r.bucket = row
		r.pass(time.Hour)
		if len(row.files) > 0 || len(r.late) != 3 || slices.ContainsFunc(r.told[1:], func(s string) bool { return !strings.HasSuffix(s, "false") }) {
			t.Errorf("%s: %d files, late %v, told %v", name, len(row.files), r.late, r.told)
		}
		if left := files(t, filepath.Dir(r.Beside)); !slices.Equal(left, []string{"log.db"}) {
			t.Errorf("%s: left beside the store: %v", name, left)
		}
		row.fails, row.spoil = nil, nil
		r.pass(time.Hour)
		if len(row.files) != 1 {
			t.Errorf("%s, and then does not: %d files", name, len(row.files))
		}
	}
}

func TestAFolderThatCanNotBeMade(t *testing.T) {
	blocked := write0(t, filepath.Join(t.TempDir(), "file"), nil)
	r := newRig(t, daily(filepath.Join(blocked, "backups")))
	r.pass(time.Hour)
	if len(r.late) == 0 {
		t.Error("nobody learns of it")
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	r.pass(time.Hour)
	if len(files(t, r.Folder)) != 1 {
		t.Error("no backup is made when it can be")
	}
}
