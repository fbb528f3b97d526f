package recordings

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/officernd/supportline/policy"
)

// Bucket is where copies are stored: a folder, or a bucket of a store that speaks S3. Its methods are safe for concurrent use on different files.
type Bucket interface {
	// Name returns the bucket as the configuration writes it, without keys.
	Name() string
	// Put writes a file, whole or not at all, and returns when it is durable. A file of the same name is replaced. size is the number of bytes
	// that from will give, or -1 where it is unknown. An error of from is returned as it is.
	Put(ctx context.Context, file, kind string, from io.Reader, size int64) error
	// Open opens a file and returns its size; fs.ErrNotExist if it is not there. The file can be read until ctx is over.
	Open(ctx context.Context, file string) (io.ReadSeekCloser, int64, error)
	// Remove removes a file and what an interrupted Put left of it. existed reports whether it was there.
	Remove(ctx context.Context, file string) (existed bool, err error)
	// List returns the files whose names begin with a prefix, in no order; none where the folder was not made yet.
	List(ctx context.Context, prefix string) ([]Listed, error)
	// Probe writes a file, reads it and removes it, and returns what went wrong.
	Probe(ctx context.Context) error
}

// Listed is a file of a bucket.
type Listed struct {
	File  string
	Bytes int64
}

// suffix ends the names of all files: the provider makes WAV.
const suffix = ".wav"

// sound is a recording on its way to a bucket. It counts and sums what passes, and keeps an error of the provider, which is not the bucket's.
type sound struct {
	from  io.Reader
	sum   io.Writer
	bytes int64
	err   error // of from, except its end
}

func (s *sound) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.bytes += int64(n)
	_, _ = s.sum.Write(p[:n]) // a hash takes everything
	switch {
	case errors.Is(err, io.EOF) && s.bytes == 0:
		s.err = errors.New("the recording is empty")
		return 0, s.err
	case err != nil && !errors.Is(err, io.EOF):
		s.err = err
	}
	return n, err
}

var errDiffers = errors.New("what is stored is not what was written")

// verify reads a file and compares it with what the log knows of it.
func verify(file io.Reader, k policy.RecordingCopy) error {
	sum := sha256.New()
	n, err := io.Copy(sum, file)
	if err != nil {
		return fmt.Errorf("it broke off: %w", err)
	}
	if found := hex.EncodeToString(sum.Sum(nil)); n != k.Bytes || found != k.SHA256 {
		return fmt.Errorf("%w: %d bytes with SHA-256 %s instead of %d with %s", errDiffers, n, found, k.Bytes, k.SHA256)
	}
	return nil
}
