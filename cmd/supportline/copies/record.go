package copies

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/store"
	"github.com/officernd/supportline/store/bolt"
	"github.com/officernd/supportline/store/transfer"
)

// Record describes a backup, and is in it.
type Record struct {
	At      time.Time            `json:"at"`      // what it holds is of this time, or later by the time that the first pages took
	Version string               `json:"version"` // of the program
	Schema  int                  `json:"schema"`
	Engine  string               `json:"engine"` // "bolt" or "postgres"
	Buckets []transfer.BucketSum `json:"buckets"`
	Sum     string               `json:"sum"` // of the record itself, without this
}

// sum returns the checksum of the record.
func (r Record) sum() string {
	r.Sum = ""
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // every value of a Record can be written
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Entries returns how many entries the backup has.
func (r Record) Entries() (n int64) {
	for _, b := range r.Buckets {
		n += b.Entries
	}
	return n
}

// Calls returns how many calls the backup has.
func (r Record) Calls() int64 {
	for _, b := range r.Buckets {
		if b.Bucket == "calls" {
			return b.Entries
		}
	}
	return 0
}

// The errors about backups, beside those of engines.
var (
	ErrNoBackup = errors.New("it is no backup of supportline")
	errBroken   = errors.New("its content is not what its checksums say: it is damaged")
)

// verify compares the content with the checksums. rest is called from time to time; it may be nil.
func (r Record) verify(ctx context.Context, e store.Engine, rest func()) error {
	found, err := transfer.Sums(ctx, e, rest)
	if err == nil && !slices.Equal(found, r.Buckets) {
		err = errBroken
	}
	return err
}

// open opens a backup and reads its record. The content is not looked at.
func open(ctx context.Context, file string) (*bolt.Engine, Record, error) {
	switch info, err := os.Stat(file); {
	case err != nil:
		return nil, Record{}, refused(file, err)
	case !info.Mode().IsRegular():
		return nil, Record{}, refused(file, syscall.EISDIR)
	case info.Size() == 0: // bbolt would take it for a new file
		return nil, Record{}, refused(file, ErrNoBackup)
	}
	e, err := bolt.Open(file, bolt.Options{ReadOnly: true})
	if err != nil {
		return nil, Record{}, refused(file, err)
	}
	r, err := recordOf(ctx, e)
	if err != nil {
		_ = e.Close() // the first error says more
		return nil, r, refused(file, err)
	}
	return e, r, nil
}

func recordOf(ctx context.Context, e store.Engine) (r Record, err error) {
	label, err := transfer.Label(ctx, e)
	switch {
	case err != nil:
		return r, err
	case label == nil:
		return r, ErrNoBackup
	case json.Unmarshal(label, &r) != nil || r.Sum != r.sum():
		return r, errBroken
	case r.Schema > store.Schema:
		return r, store.ErrNewer
	}
	return r, nil
}

// refused returns an error about a backup in words for the person who named it.
func refused(file string, err error) error {
	const another = "take another copy; this one, and the store, were left as they are"
	what := ""
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, store.ErrTruncated):
		what = "it is cut off: " + another
	case errors.Is(err, store.ErrDamaged), errors.Is(err, errBroken):
		what = "it is damaged: " + another
	case errors.Is(err, store.ErrNotOurs):
		err, what = fmt.Errorf("%w: %w", ErrNoBackup, err), "it is no backup of supportline: name a file that \"supportline backup\", or the server, made"
	case errors.Is(err, ErrNoBackup):
		what = "it is no backup: a file of a store, or one that was not finished, has no checksums. Name one that \"supportline backup\", or the server, made"
	case errors.Is(err, store.ErrNewer):
		what = "a newer version of supportline made it: run that version, or a later one"
	case errors.Is(err, store.ErrLocked):
		what = "another process writes to it: wait until it is done"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EISDIR):
		return control.FileError(file, err, "name a backup that this user can read")
	default:
		what = err.Error()
	}
	return worded{fmt.Sprintf("%s: %s", file, what), err}
}

// worded is an error in other words than its cause has.
type worded struct {
	words string
	cause error
}

func (w worded) Error() string { return w.words }
func (w worded) Unwrap() error { return w.cause }
