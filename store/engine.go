package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// An Engine keeps entries, each a key and a value, in buckets and in the order of their keys. Everything that a store knows is such entries, so that
// records, indexes and rules are written once, in this package, and an engine knows nothing of them.
//
// Keys have 1 to MaxKey bytes. A value may be empty and is never nil: nil stands for an entry that is not there, and an entry that is put with a nil
// value has an empty one. Slices that an engine returns must not be changed and are good until the function that got them returns; those that it is
// given may be kept by it until the call returns.
type Engine interface {
	// Prepare creates what the engine needs to be written to, such as the buckets. Before it, an engine that is new reads as empty, and nothing is
	// changed, so that what is not ours or is of a newer version is left as it was found. upgrading is that entries of an older version are there and
	// are about to be rewritten: an engine that can copies them first.
	Prepare(ctx context.Context, upgrading bool) error

	// View calls read with one snapshot of the entries. An error of the engine's, such as a lost connection, ends the reading: entries are nil and
	// cursors are at their end from then on, and View returns that error whatever read returned. read may run again from the beginning, so it resets
	// what it captured.
	View(ctx context.Context, read func(Reader) error) error

	// Update calls change in a transaction, and makes what it wrote durable in one step unless it returned an error, which Update returns as it is.
	// Updates are serializable among each other: the result is that of one after the other, also for what they read. Towards Commit a key that was
	// changed since it was read here, and is written here, makes change run again. Errors of the engine's are sticky as in View, and change may run
	// again from the beginning.
	Update(ctx context.Context, change func(Writer) error) error

	// Commit makes the changes that hold durable in one step, and reports which ones do. Each holds or fails by its own expectations, looked at in
	// the order of the changes: a later one sees what the earlier ones that held have written. An error is that none of them was written, unless it is
	// ErrUnknown.
	Commit(ctx context.Context, changes []Change) (held []bool, err error)

	// Next returns the first of n numbers in a row that are higher than any key of a bucket whose keys are numbers (8 bytes, big-endian), and than any
	// that Next returned before. Numbers that are not used are lost.
	Next(ctx context.Context, b Bucket, n int) (first uint64, err error)

	// Explain adds to an error where the entries are, never with a secret, and what a person can do.
	Explain(err error) error

	Close() error
}

// A Reader reads the entries of one snapshot.
type Reader interface {
	// Get returns the value of a key, nil if it is not there.
	Get(b Bucket, key []byte) []byte
	// Fetch reads many entries in one round trip: it sets the value of each.
	Fetch(entries []Entry)
	// Scan returns a cursor for each span. The first entries of all of them are read in one round trip, when the first one is asked for any.
	Scan(spans ...Span) []Cursor
	// Count returns how many entries are in a span, but not more than most unless most is negative.
	Count(s Span, most int) int
	// Trips returns how many round trips the reading took so far; 0 where an entry is as near as memory.
	Trips() int
	// Now returns the time by the engine's clock, which all processes share.
	Now() time.Time
}

// A Cursor moves over the entries of a span in one direction. It must not be used after something was written to its bucket.
type Cursor interface {
	// Next moves to the next entry, the first one at the beginning, and returns it; nil at the end of the span.
	Next() (key, value []byte)
	// Seek moves to the first entry that is at a key or beyond it, in the direction of the span and inside it, and returns it; nil if there is none. It
	// never moves back.
	Seek(key []byte) (k, value []byte)
}

// A Writer reads and writes in one transaction. What was written is read back at once.
type Writer interface {
	Reader
	// Put writes an entry. One whose key is too long makes the transaction fail with ErrLongKey.
	Put(b Bucket, key, value []byte)
	// Delete removes an entry; one that is not there is no error.
	Delete(b Bucket, key []byte)
	// Clear removes all entries of a bucket.
	Clear(b Bucket)
}

// Entry is a key and its value. As an expectation, a nil value is that there is no such key.
type Entry struct {
	Bucket     Bucket
	Key, Value []byte
}

// Edit is an entry to write, or to remove.
type Edit struct {
	Bucket     Bucket
	Key, Value []byte
	Gone       bool
}

// Change has the entries that one request writes, and those that it relies on. It holds if each entry that it expects is as expected when it is written: nobody changed
// it since it was read. An edit that writes what the same change expects, the same value, protects the entry from an Update that read it before.
type Change struct {
	Expect []Entry
	Edits  []Edit
}

// Span is a range of keys of a bucket: from From up to, but not including, To. nil is no bound on that side.
type Span struct {
	Bucket   Bucket
	From, To []byte
	Back     bool // from the last key to the first
	Few      int  // how many entries are likely wanted, which an engine may read ahead; 0: its own choice
}

// MaxKey bounds a key, in bytes. An index of PostgreSQL takes 2704 of them.
const MaxKey = 2600

// Errors of engines, beside those of Open.
var (
	ErrLongKey = errors.New("the key is too long")
	// ErrUnknown is that the engine was lost while it committed, and that it is not known whether it did.
	ErrUnknown = errors.New("the outcome of the commit is not known")
	// ErrAway is that the engine cannot be reached, or does not answer in time.
	ErrAway = errors.New("the database is away")
)

// Bucket is a bucket of an engine. Engines name it by its String, and take locks in the order of buckets.
type Bucket uint8

const (
	callsBucket Bucket = iota
	stepsBucket
	indexBucket
	searchBucket
	tokensBucket
	triesBucket
	signInsBucket
	customersBucket
	auditBucket
	casesBucket
	noticesBucket
	usersBucket
	removalsBucket
	sessionsBucket
	datesBucket
	metaBucket
	guardsBucket
	leasesBucket
	rowsBucket
	erasuresBucket
	followUpsBucket
	alarmsBucket
	oncallBucket
	offersBucket
	bucketCount
)

var bucketNames = [bucketCount]string{
	callsBucket: "calls", stepsBucket: "steps", indexBucket: "index", searchBucket: "search", tokensBucket: "tokens", triesBucket: "tries", signInsBucket: "signins",
	customersBucket: "customers", auditBucket: "audit", casesBucket: "cases", noticesBucket: "notices", usersBucket: "users", removalsBucket: "removals",
	sessionsBucket: "sessions", datesBucket: "dates", metaBucket: "meta", guardsBucket: "guards", leasesBucket: "leases", rowsBucket: "rows", erasuresBucket: "erasures",
	followUpsBucket: "followups", alarmsBucket: "alarms",
	oncallBucket: "oncall", offersBucket: "offers",
}

func (b Bucket) String() string { return bucketNames[b] }

// Buckets returns all buckets in their order.
func Buckets() []Bucket {
	all := make([]Bucket, bucketCount)
	for i := range all {
		all[i] = Bucket(i)
	}
	return all
}

type urgentKey struct{}

// Urgent returns a context for what must not wait behind the store's other work, such as the renewal of leases: an engine that bounds its connections
// uses others for it.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

// IsUrgent reports whether a context is one of Urgent.
func IsUrgent(ctx context.Context) bool { return ctx.Value(urgentKey{}) != nil }

type copyKey struct{}

// AsCopy returns a context for reading a whole store. An engine that ends readings after a while, because it has to keep what they see, lets this one
// go on.
func AsCopy(ctx context.Context) context.Context { return context.WithValue(ctx, copyKey{}, true) }

// IsCopy reports whether a context is one of AsCopy.
func IsCopy(ctx context.Context) bool { return ctx.Value(copyKey{}) != nil }

// Process is a program that works with the store, as it describes itself, and as it was last seen.
type Process struct {
	ID      string `json:"id"` // of this run of the program alone
	Host    string `json:"host"`
	Number  int    `json:"number"` // by which its host knows it
	Version string `json:"version"`
	Config  string `json:"config"` // hash of its configuration
	// Tokens are fingerprints of the provider's auth tokens that it accepts.
	Tokens  []string  `json:"tokens,omitempty"`
	Started time.Time `json:"started"`
	// Ahead is how much later its clock is than that of the engine.
	Ahead time.Duration `json:"ahead"`
	// Seen is when it was last seen, and Until is up to when it holds its leases, by the engine's clock.
	Seen  time.Time `json:"seen"`
	Until time.Time `json:"until"`
	// Gone is that it was not seen for a minute, although it never said that it stops.
	Gone bool `json:"-"`
	// Work names the work that it has leases on, in the order of their names.
	Work []string `json:"-"`
}

const (
	// goneAfter is how long a process is silent until it counts as gone. It lost its leases before.
	goneAfter = time.Minute
	// forgottenAfter is how long one that is gone is shown.
	forgottenAfter = 24 * time.Hour
)

// lives reports whether a process holds its leases at a time.
func (p Process) lives(now time.Time) bool { return now.Before(p.Until) }

// silentFor returns for how long a process has been silent: the time that it promised to be back in does not count.
func (p Process) silentFor(now time.Time) time.Duration {
	promised := p.Until.Sub(p.Seen) - leaseTerm
	return now.Sub(p.Seen) - max(0, promised)
}

var (
	processPrefix = []byte("process/")
	leasePrefix   = []byte("lease/")
)

func processKey(id string) []byte { return append(bytes.Clone(processPrefix), id...) }

func workKey(work string) []byte { return append(bytes.Clone(leasePrefix), work...) }

// Processes returns the processes that work with the engine, and those that went away within a day without saying so: in the order in which they
// started.
func Processes(ctx context.Context, e Engine) (all []Process, err error) {
	err = e.View(ctx, func(r Reader) (err error) {
		all, err = readProcesses(r)
		return err
	})
	return all, err
}

// Processes returns the processes that work with the store, as the function of that name does.
func (s *Store) Processes(ctx context.Context) ([]Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return Processes(ctx, s.engine)
}

// A SoleEngine is an Engine that one process at a time has open.
type SoleEngine interface {
	Engine
	Sole()
}

// Shared reports whether other processes may work with the store at the same time.
func (s *Store) Shared() bool {
	_, sole := s.engine.(SoleEngine)
	return !sole
}

func readProcesses(r Reader) (all []Process, err error) {
	entries := r.Scan(under(processPrefix).of(leasesBucket), under(leasePrefix).of(leasesBucket))
	now := r.Now()
	for k, v := entries[0].Next(); k != nil; k, v = entries[0].Next() {
		p, err := decode[Process]("process", string(k[len(processPrefix):]), v)
		if err != nil {
			return nil, err
		}
		p.Gone = p.silentFor(now) > goneAfter
		all = append(all, p)
	}
	for k, v := entries[1].Next(); k != nil; k, v = entries[1].Next() {
		work := string(k[len(leasePrefix):])
		l, err := decode[Lease]("lease", work, v)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(all, func(p Process) bool { return p.ID == l.Holder && p.lives(now) }); i >= 0 {
			all[i].Work = append(all[i].Work, work)
		}
	}
	slices.SortFunc(all, func(a, b Process) int {
		if order := a.Started.Compare(b.Started); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all, nil
}

// forgetProcesses removes the processes that are gone for long.
func forgetProcesses(ctx context.Context, e Engine) error {
	all, err := Processes(ctx, e)
	if err != nil {
		return err
	}
	for _, p := range all {
		if !p.Gone {
			continue
		}
		err := e.Update(ctx, func(w Writer) error {
			seen, err := findProcess(w, p.ID)
			if err == nil && seen != nil && seen.silentFor(w.Now()) > forgottenAfter {
				w.Delete(leasesBucket, processKey(p.ID))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// findProcess returns what a process wrote of itself last, nil if there is nothing.
func findProcess(r Reader, id string) (*Process, error) {
	value := r.Get(leasesBucket, processKey(id))
	if value == nil {
		return nil, nil
	}
	p, err := decode[Process]("process", id, value)
	return &p, err
}
