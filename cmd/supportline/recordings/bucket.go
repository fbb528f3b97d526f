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

// Place is where copies are kept. Its methods may be called from any number of goroutines, on different files.
type Place interface {
	// Name is how the configuration writes it, without keys.
	Name() string
	// Put writes a file, whole or not at all, and returns when it is as safe there as it gets. A file of the same name is replaced. size is
	// how much will come; -1: nobody knows. An error of from is returned as it is.
	Put(ctx context.Context, file, kind string, from io.Reader, size int64) error
	// Open opens a file and says how long it is; fs.ErrNotExist if it is not there. What is opened ends with ctx.
	Open(ctx context.Context, file string) (io.ReadSeekCloser, int64, error)
	// Remove removes a file and what an interrupted Put left of it, and says whether it was there.
	Remove(ctx context.Context, file string) (existed bool, err error)
	// Probe says what is wrong with the place: it writes something, reads it and removes it.
	Probe(ctx context.Context) error
}

// suffix is that of the files, which are what the provider calls WAV.
const suffix = ".wav"

// sound is a recording on its way to a place: it is measured as it goes by, and remembers whose fault an end before its time is.
type sound struct {
	from  io.Reader
	sum   io.Writer
	bytes int64
	err   error // of from, but for its end
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

var errDiffers = errors.New("what is kept is not what was written")

// verify reads a file and holds it against what is known of it.
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
