package recordings_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/officernd/supportline/cmd/supportline/recordings"
)

// TestBuckets checks the contract of Bucket.
func TestBuckets(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcdef"), 700_000) // 11 MB: more than a part of an upload
	everyBucket(t, func(t *testing.T, p recordings.Bucket) {
		ctx := t.Context()
		if _, _, err := p.Open(ctx, "RE1.wav"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a file that is not there: %v", err)
		}
		if existed, err := p.Remove(ctx, "RE1.wav"); existed || err != nil {
			t.Errorf("removing what is not there: %v, %v", existed, err)
		}
		if all, err := p.List(ctx, ""); len(all) > 0 || err != nil {
			t.Errorf("the files of an empty one: %v, %v", all, err)
		}
		for _, row := range []struct {
			name string
			text []byte
			size int64
		}{
			{"a size that is known", []byte("sound"), 5},
			{"replaced", []byte("other sound"), 11},
			{"a size that is not known", large, -1},
			{"a large one", large, int64(len(large))},
		} {
			if err := p.Put(ctx, "RE1.wav", "audio/x-wav", onlyReader{bytes.NewReader(row.text)}, row.size); err != nil {
				t.Fatalf("%s: %v", row.name, err)
			}
			file, size, err := p.Open(ctx, "RE1.wav")
			if err != nil || size != int64(len(row.text)) {
				t.Fatalf("%s: %d bytes, %v", row.name, size, err)
			}
			if _, err := file.Seek(3, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(file)
			if !bytes.Equal(got, row.text[3:]) || err != nil || file.Close() != nil {
				t.Errorf("%s: read %d bytes, %v", row.name, len(got), err)
			}
		}
		if err := p.Put(ctx, "RE2.wav", "audio/x-wav", io.MultiReader(strings.NewReader("half"), cut{}), 100); err == nil {
			t.Error("half a file was put")
		}
		if _, _, err := p.Open(ctx, "RE2.wav"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("half a file is there: %v", err)
		}
		if err := p.Probe(ctx); err != nil {
			t.Errorf("a probe: %v", err)
		}
		for prefix, want := range map[string][]recordings.Listed{"RE": {{File: "RE1.wav", Bytes: int64(len(large))}}, "": {{File: "RE1.wav", Bytes: int64(len(large))}}, "X": nil} {
			if got, err := p.List(ctx, prefix); err != nil || !slices.Equal(got, want) {
				t.Errorf("the files that begin with %q: %v, %v", prefix, got, err)
			}
		}
		if existed, err := p.Remove(ctx, "RE1.wav"); !existed || err != nil {
			t.Errorf("removing: %v, %v", existed, err)
		}
		if _, _, err := p.Open(ctx, "RE1.wav"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after it was removed: %v", err)
		}
	})
}

// onlyReader hides everything else that a reader can do.
type onlyReader struct{ io.Reader }

// TestFolderIsForItsUserAlone, holds nothing of interrupted work after a removal, and is not made by a probe.
func TestFolderIsForItsUserAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "recordings")
	p := recordings.NewFolder(path)
	if err := p.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the probe left its folders: %v", err)
	}
	if err := p.Put(t.Context(), "RE1.wav", "", strings.NewReader("sound"), 5); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{path: 0o700 | fs.ModeDir, filepath.Join(path, "RE1.wav"): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
		}
	}
	mustWrite(t, filepath.Join(path, ".RE1.wav.part"), "of a process that was killed")
	if _, err := p.Remove(t.Context(), "RE1.wav"); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(path); len(left) > 0 || err != nil {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestUploadThatWasCutOff leaves parts in a bucket that nobody sees: removing the file removes them.
func TestUploadThatWasCutOff(t *testing.T) {
	b := newS3Store(t)
	core, err := minio.NewCore(b.s3.Endpoint, &minio.Options{Creds: credentials.NewStaticV4(b.s3.AccessKey, b.s3.SecretKey, ""), Region: b.s3.Region})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := core.NewMultipartUpload(t.Context(), b.s3.Bucket, "a/b/RE1.wav", minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	parts := func() (n int) {
		for range core.ListIncompleteUploads(t.Context(), b.s3.Bucket, "a/b/RE1.wav", true) {
			n++
		}
		return n
	}
	before := parts()
	if existed, err := b.bucket(t).Remove(t.Context(), "RE1.wav"); existed || err != nil {
		t.Errorf("%v, %v", existed, err)
	}
	if before != 1 || parts() != 0 {
		t.Errorf("%d uploads before, %d after", before, parts())
	}
}

// TestWhatWasBegunInAFolder is no copy: it is removed, and the copy may be elsewhere.
func TestWhatWasBegunInAFolder(t *testing.T) {
	folder := t.TempDir()
	part := filepath.Join(folder, ".RE1.wav.part")
	if err := os.WriteFile(part, []byte("half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	existed, err := recordings.NewFolder(folder).Remove(t.Context(), "RE1.wav")
	if _, left := os.Stat(part); existed || err != nil || !errors.Is(left, fs.ErrNotExist) {
		t.Errorf("existed %t, %v; what was begun: %v", existed, err, left)
	}
}

// TestBucketThatCanNotBeUsed says why.
func TestBucketThatCanNotBeUsed(t *testing.T) {
	b := newS3Store(t)
	for name, row := range map[string]struct {
		change func(*recordings.S3)
		want   string
	}{
		"no such bucket": {func(s *recordings.S3) { s.Bucket = "others" }, "bucket does not exist"},
		"no store there": {func(s *recordings.S3) { s.Endpoint = "127.0.0.1:1" }, "refused"},
	} {
		s := b.s3
		row.change(&s)
		p, err := recordings.NewS3Bucket(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Probe(t.Context()); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := p.Remove(t.Context(), "RE1.wav"); err == nil {
			t.Errorf("%s: something was removed there", name)
		}
	}
}
