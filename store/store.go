package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/officernd/supportline/policy"
)

// Options are how a store is opened. The zero value is right for a server.
type Options struct {
	// Now is the clock of the audit; nil: time.Now.
	Now func() time.Time
	// OnCommit hears of every commit from the writer itself, so it must return at once: how long it took, how many requests shared
	// it, and why it failed.
	OnCommit func(took time.Duration, calls int, err error)
	// OnUpgrade hears, while Open brings the file of an older version up to date, how many calls are done. That can take minutes for
	// millions of calls, and a process that is ended meanwhile loses nothing.
	OnUpgrade func(calls int)
	// Yield is called now and then by readings that take long, so that what is urgent goes first. It must return at once; nil: nothing is called.
	Yield func()
	// ReadOnly opens an existing file without changing it. It still needs a file that nobody writes to.
	ReadOnly bool
	// Size is how large the file is made at first, in bytes; 0: 64 MB. It grows beyond by itself. A file that has to grow in a
	// commit halves the rate of commits.
	Size int
}

// Store is an open file. Its methods may be called from any number of goroutines.
type Store struct {
	db      *bolt.DB
	file    *os.File // bbolt's own handle, for making the file larger ahead of need
	options Options

	queue     chan *request
	batches   chan *batch
	committed chan error    // how the commit under way ended
	stopped   chan struct{} // closed when everything is written and answered

	closing sync.RWMutex // held for reading while a request is put into the queue
	closed  bool

	commits atomic.Uint64         // that succeeded since it was opened
	failure atomic.Pointer[error] // what FailWrites set
	broken  atomic.Pointer[error] // the last commit's error

	recent   recentCalls      // of the goroutine that applies, as are the next four
	record   record           // the one that is being encoded
	underWay bool             // a batch is being committed
	step     uint64           // the number of the last step of a story
	ended    []policy.CallSID // that are live in the search's index until they are settled
	ready    int64            // bytes of the file that are written; the writer's alone
}

// The buckets.
var (
	callsBucket     = []byte("calls")
	stepsBucket     = []byte("steps")
	customersBucket = []byte("customers")
	indexBucket     = []byte("index")
	auditBucket     = []byte("audit")
	casesBucket     = []byte("cases")
	noticesBucket   = []byte("notices")
	searchBucket    = []byte("search")
	usersBucket     = []byte("users")
	removalsBucket  = []byte("removals")
	sessionsBucket  = []byte("sessions")
	datesBucket     = []byte("dates")
	tokensBucket    = []byte("tokens")
	metaBucket      = []byte("meta")
	buckets         = [][]byte{
		callsBucket, stepsBucket, customersBucket, indexBucket, auditBucket, casesBucket, noticesBucket, usersBucket, sessionsBucket, tokensBucket,
		datesBucket, removalsBucket, metaBucket, searchBucket,
	}
)

// Close applies what waits, and gives the file free. Later calls of any method fail with ErrClosed; closing twice does nothing.
func (s *Store) Close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		return nil
	}
	s.closed = true
	close(s.queue)
	s.closing.Unlock()
	<-s.stopped
	return s.db.Close()
}

// Ping says whether the store can be read and written. It writes only after a commit that failed, to see whether that is over.
func (s *Store) Ping(ctx context.Context) error {
	if s.broken.Load() != nil {
		return s.Probe(ctx)
	}
	return s.view(ctx, func(tx *bolt.Tx) error { return nil })
}

// FailWrites lets every commit fail with this error from now on, as a full disk does: whoever waits for it gets the error, and the
// file stays as it was. nil ends that. It is for tests and demonstrations of how the program behaves then.
func (s *Store) FailWrites(err error) {
	if err == nil {
		s.failure.Store(nil)
		return
	}
	s.failure.Store(&err)
}

// view reads in a transaction of its own, which must be short: while one is open, the file cannot be mapped anew.
func (s *Store) view(ctx context.Context, read func(*bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.db.View(read)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

// What can be wrong with a store. Open wraps them in a sentence that names the file and says what to do.
var (
	ErrLocked    = errors.New("another process has the file open") // it has a socket beside the file for that
	ErrNotOurs   = errors.New("the file is not a supportline database")
	ErrDamaged   = errors.New("the file is damaged")
	ErrTruncated = errors.New("the file is shorter than its content")
	ErrNewer     = errors.New("the file was written by a newer version")
	ErrReadOnly  = errors.New("the store was opened for reading only")
	ErrClosed    = errors.New("the store is closed")
)

var heartbeatKey = []byte("heartbeat")

// Probe writes something that nobody reads, and returns when it is as safe on the disk as a call would be.
func (s *Store) Probe(ctx context.Context) error {
	return s.write(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(metaBucket).Put(heartbeatKey, []byte(s.options.Now().UTC().Format(time.RFC3339)))
	})
}

var checkpointKey = []byte("reconciled")

// Checkpoint is the time up to which the log was compared with the provider's list; zero: never.
func (s *Store) Checkpoint(ctx context.Context) (at time.Time, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		at, err = checkpoint(tx)
		return err
	})
	return at, err
}

// SetCheckpoint keeps a later checkpoint than the one there is; an earlier one changes nothing.
func (s *Store) SetCheckpoint(ctx context.Context, at time.Time) error {
	return s.write(ctx, func(tx *bolt.Tx) error {
		before, err := checkpoint(tx)
		if err != nil || !at.After(before) {
			return err
		}
		return tx.Bucket(metaBucket).Put(checkpointKey, []byte(at.UTC().Format(time.RFC3339Nano)))
	})
}

func checkpoint(tx *bolt.Tx) (time.Time, error) {
	text := tx.Bucket(metaBucket).Get(checkpointKey)
	if text == nil {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: the checkpoint %q", ErrDamaged, text)
	}
	return at, nil
}
