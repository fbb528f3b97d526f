// Package store keeps what must survive: the log of calls, the directory of customers, the cases, the outbox of notices, the console's users,
// sessions and tokens, the edited dates of lines, and the audit of what people did. All of it is entries, a key and a value each, in the buckets of an
// Engine: one file on one machine (package bolt), or a database that many processes share (package postgres).
//
// A call is one value, read, changed and written in one step by Advance. All writes pass through one goroutine, which applies the requests
// that wait to one transaction and commits it once for all of them (group commit): a lone writer waits for one commit, and a crowd shares one.
// When a method that writes returns without an error, its effect is durable.
//
//	engine, err := bolt.Open("data/supportline.db", bolt.Options{})
//	log, err := store.Open(ctx, engine, store.Options{})
//	call, err := log.Advance(ctx, sid, func(c policy.Call) policy.Call { return c.Learn(report) })
//	for call, err := range log.Calls(ctx, policy.Filter{Line: "+448000668187"}) { ... }
//
// Changes that belong together are one step: a call and its notices (AdvanceAndNotify), an act and its entry in the audit (Act), a case with
// its notices (Review, MoveCase).
//
// There is a bucket for each kind of record: calls (by start and SID), steps (the segments of their histories, by number), customers (by
// number), cases and audit (by sequence), notices (by key), followups and alarms (by sequence), users (by name), sessions (by the hash of their
// token), tokens, dates (by line and version), oncall (overrides by rota and version, the last answers of calendars), removals (of recordings, by SID),
// signins (what people see of their sessions, and known devices), tries (to sign in, by origin), guards
// (of what is decided from many entries), leases, and meta (the version of the content, and its secret). The entries of the buckets index and search follow from the
// records by pure functions (callKeys, searchKeys and their like), so that they can be made anew, which is how an older log is brought up to
// date. The index by month holds the summaries that fair use is derived from, in the order of month, account and start.
//
// Lists are searched through the bucket search. Everything that calls are filtered by has a facet there, in the order of time (Search, Calls,
// CountCalls), and so have the entries of the audit (SearchAudit); words and digits lead to accounts and numbers (SearchCustomers). A page
// costs bounded work, whatever is asked for. The facets of a call are written some time after its end, with those of others, so that no
// webhook waits for them; until then the call is unindexed, and a search looks at it.
//
// The promises of a store to its readers are tests, in package storetest. What a method returns is the caller's own.
package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/officernd/supportline/policy"
)

// Options configure a store. The zero value is right for a server.
type Options struct {
	// Now is the clock of the audit; nil means time.Now.
	Now func() time.Time
	// OnCommit is called after every commit, on the goroutine that writes, so it must return at once. It gets the time that the commit took,
	// the number of requests that shared it, and its error.
	OnCommit func(took time.Duration, calls int, err error)
	// OnUpgrade is called with the number of calls that are done while Open brings the file of an older version up to date. That takes minutes
	// for millions of calls, and loses nothing when the process ends before it is over.
	OnUpgrade func(calls int)
	// Yield is called from time to time by reads that take long, so that urgent work goes first. It must return at once. It may be nil.
	Yield func()
	// ReadOnly opens what is there without changing it.
	ReadOnly bool
	// Schema and Oldest make the store that of a program of another version, for tests of upgrades: the version of the content that it knows, and the
	// oldest version whose programs may run on that. 0 stands for this program's.
	Schema, Oldest int
}

// Store is an open log. Its methods may be called from several goroutines at once.
type Store struct {
	engine  Engine
	options Options
	secret  []byte // Secret

	queue     chan *request
	batches   chan *batch
	committed chan outcome  // of the commit under way
	stopped   chan struct{} // closed when everything is written and answered

	requests sync.Pool    // of *request
	closing  sync.RWMutex // read-locked while a request is put into the queue
	closed   bool

	commits atomic.Uint64                   // that succeeded since the store was opened
	failure atomic.Pointer[error]           // what FailWrites set
	broken  atomic.Pointer[error]           // the last commit's error
	unknown atomic.Bool                     // a commit had an unknown outcome, and none succeeded since
	telling atomic.Pointer[Tell]            // what TellBy set
	letters atomic.Pointer[func() Offering] // what OfferBy set

	following atomic.Pointer[following] // what FollowBy set

	recent   recentCalls      // owned by applyAll, as are the next four
	record   record           // being encoded
	underWay *batch           // is being committed; nil: none
	steps    numbers          // for the segments of histories
	ended    []policy.CallSID // and are unindexed
	taken    []*request       // from the queue, as a buffer
	later    []*request       // have to run alone
	shared   bool             // Shared: calls in memory are looked at before they are used, and relied upon in the commit
}

// Close writes what waits, and closes the file. Later calls of any method return ErrClosed. Closing a closed store does nothing.
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
	return s.engine.Close()
}

// Ping reports whether the store can be read and written. It writes only after a commit that failed, to find out whether the cause is gone.
func (s *Store) Ping(ctx context.Context) error {
	if s.broken.Load() != nil {
		return s.Probe(ctx)
	}
	return s.view(ctx, func(tx Reader) error {
		tx.Get(metaBucket, schemaKey)
		return nil
	})
}

// Now returns the time by the store's clock.
func (s *Store) Now() time.Time { return s.options.Now().UTC() }

// Commits returns how many commits succeeded since the store was opened. While there are no more, nothing has changed, unless other processes write too.
func (s *Store) Commits() uint64 { return s.commits.Load() }

// FailWrites makes every commit fail with err from now on, as a full disk does: requests get the error, and the file stays as it was. A nil
// err ends that. It is for tests and demonstrations.
func (s *Store) FailWrites(err error) { s.failure.Store(&err) }

func (s *Store) failing() error {
	if failure := s.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}

// measure runs a commit, and remembers whether the engine can be written to.
func (s *Store) measure(requests int, commit func() error) error {
	started := time.Now()
	err := s.wrote(commit())
	var own refusal
	if errors.As(err, &own) {
		return own.error
	}
	if err == nil {
		s.commits.Add(1)
	}
	if s.options.OnCommit != nil {
		s.options.OnCommit(time.Since(started), requests, err)
	}
	return err
}

// wrote notes whether the engine could be written to, and wraps its error.
func (s *Store) wrote(err error) error {
	var own refusal
	switch {
	case errors.As(err, &own):
		return err
	case err != nil:
		err = fmt.Errorf("the store cannot write: %w", err)
		s.broken.Store(&err)
		s.unknown.Store(s.unknown.Load() || errors.Is(err, ErrUnknown))
	default:
		s.broken.Store(nil)
		s.unknown.Store(false)
	}
	return err
}

// view reads in a transaction of its own, which must be short. read may run again from the beginning.
func (s *Store) view(ctx context.Context, read func(Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.engine.View(ctx, read)
}

// viewToApply reads what a request needs before it is applied, while all others wait. In a file that is as near as memory: there a bound would cost more
// than the reading.
func (s *Store) viewToApply(read func(Reader) error) error {
	if !s.shared {
		return s.view(context.Background(), read)
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitPatience)
	defer cancel()
	return s.view(ctx, read)
}

// The errors of Open, which wraps them in a sentence that names the file and says what to do, and of methods.
var (
	ErrLocked    = errors.New("another process has the file open")
	ErrNotOurs   = errors.New("the file is not a supportline database")
	ErrDamaged   = errors.New("the file is damaged")
	ErrTruncated = errors.New("the file is shorter than its content")
	ErrNewer     = errors.New("the file was written by a newer version")
	ErrRotation  = errors.New("the version that wrote the file left a change of the provider's auth token half-way")
	ErrReadOnly  = errors.New("the store was opened for reading only")
	ErrClosed    = errors.New("the store is closed")
)

var heartbeatKey = []byte("heartbeat")

// Probe writes a value that nobody reads, and returns when it is as safe on the disk as a call would be.
func (s *Store) Probe(ctx context.Context) error {
	return s.write(ctx, func(tx Writer) error {
		tx.Put(metaBucket, heartbeatKey, []byte(s.options.Now().UTC().Format(time.RFC3339)))
		return nil
	})
}

var checkpointKey = []byte("reconciled")

// Checkpoint returns the time up to which the log was compared with the provider's list; the zero time if it never was.
func (s *Store) Checkpoint(ctx context.Context) (time.Time, error) { return fetch(ctx, s, checkpoint) }

// SetCheckpoint sets the checkpoint. A time before the present checkpoint changes nothing.
func (s *Store) SetCheckpoint(ctx context.Context, at time.Time) error {
	return s.write(ctx, func(tx Writer) error {
		before, err := checkpoint(tx)
		if err != nil || !at.After(before) {
			return err
		}
		tx.Put(metaBucket, checkpointKey, []byte(at.UTC().Format(time.RFC3339Nano)))
		return nil
	})
}

func checkpoint(tx Reader) (time.Time, error) {
	text := tx.Get(metaBucket, checkpointKey)
	if text == nil {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: the checkpoint %q", ErrDamaged, text)
	}
	return at, nil
}

// Engine returns the engine of the store, for what copies all of it.
func (s *Store) Engine() Engine { return s.engine }

const (
	// schema is the version of the content. Older content is brought up to date when it is opened (upgrade).
	schema = 7
	// oldest is the oldest version whose programs may run on content of this one, at the same time: they read what this version writes, and what they leave
	// out does no harm. So processes are replaced one after the other, and one of that version that starts again in between runs.
	oldest = 7
	// secretLength is as long as the hash that the secret is the key of.
	secretLength = 32
)

var (
	schemaKey   = []byte("schema")
	oldestKey   = []byte("oldest")   // the oldest schema whose programs may run on this content; absent: that of the content
	rotationKey = []byte("rotation") // of versions up to schema 3
	secretKey   = []byte("secret")
)

// Schema is the version of the content that this program writes.
const Schema = schema

// What a copy of a whole store (transfer) treats in a way of its own. The entries of MetaBucket make a store of the others, and are copied last.
// Those of LeasesBucket hold for the processes of one engine alone.
const (
	MetaBucket   = metaBucket
	LeasesBucket = leasesBucket
	// CopyingKey is the key in MetaBucket under which a copy notes how far it came. While it is there, the content is no store.
	CopyingKey = "copying"
)

// ErrHalfCopied is that a copy into the store was begun and is not finished. Nothing may read or write it before.
var ErrHalfCopied = errors.New("a copy into it was begun, and is not finished")

// Open opens the log that an engine keeps, or begins an empty one. The store owns the engine from now on, and closes it also when Open returns an
// error. What is not ours, comes from a newer version, or has a half-way rotation of an older version in it is left exactly as it is.
//
// Errors name the place and say what to do (Engine.Explain). They wrap ErrNotOurs, ErrDamaged, ErrNewer, ErrRotation, ErrReadOnly or those of the
// engine.
func Open(ctx context.Context, engine Engine, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Schema, o.Oldest = cmp.Or(o.Schema, schema), cmp.Or(o.Oldest, oldest)
	if o.Yield == nil {
		o.Yield = func() {}
	}
	s := &Store{
		engine: engine, options: o, queue: make(chan *request, queueLength),
		batches: make(chan *batch), committed: make(chan outcome), stopped: make(chan struct{}),
	}
	s.shared = s.Shared()
	s.recent.forget()
	if err := s.prepare(ctx); err != nil {
		err = engine.Explain(err)
		_ = engine.Close() // the first error says more
		return nil, err
	}
	if o.ReadOnly {
		close(s.stopped)
	} else {
		go s.applyAll()
		go s.commitAll()
	}
	return s, nil
}

// prepare checks whose content it is and of which version, brings an older one up to date, and reads what a store has in memory.
func (s *Store) prepare(ctx context.Context) error {
	found, err := s.version(ctx)
	if err != nil {
		return err
	}
	own := s.options.Schema
	older := !found.there || found.schema < own || found.schema == own && found.unfinished // what a newer version began is not ours to finish
	switch {
	case found.schema > own && (found.oldest == 0 || found.oldest > own):
		return fmt.Errorf("%w (%d, this one knows %d)", ErrNewer, found.schema, own)
	case older && s.options.ReadOnly:
		return fmt.Errorf("%w: it has to be opened for writing once, to be brought up to date", ErrReadOnly)
	case !s.options.ReadOnly:
		if err := s.engine.Prepare(ctx, found.there && found.schema < schema); err != nil {
			return err
		}
		if older {
			if err := s.upgrade(ctx, found); err != nil {
				return err
			}
		}
		if s.ended, err = s.endedBefore(ctx); err != nil {
			return err
		}
		if err := s.prepareRows(ctx); err != nil {
			return err
		}
	}
	return s.keepSecret(ctx)
}

// version describes the content that is there.
type version struct {
	there      bool
	schema     int
	oldest     int // 0: not said
	unfinished bool
}

// version returns the version of the content, and whether an upgrade to it was begun and not finished.
func (s *Store) version(ctx context.Context) (version, error) {
	return fetch(ctx, s, func(tx Reader) (v version, err error) {
		if isHalfCopied(tx) {
			return v, fmt.Errorf("%w: run the same \"supportline migrate\", or \"supportline restore\", again, which goes on there", ErrHalfCopied)
		}
		said := tx.Get(metaBucket, schemaKey)
		if said == nil {
			return v, emptyLog(tx)
		}
		v.there = true
		if v.schema, err = strconv.Atoi(string(said)); err != nil {
			return v, ErrNotOurs
		}
		if tx.Get(metaBucket, rotationKey) != nil { // only that version knows both tokens, and it must still be able to open the log
			return v, ErrRotation
		}
		v.oldest, _ = strconv.Atoi(string(tx.Get(metaBucket, oldestKey)))
		v.unfinished = upgrading(tx)
		return v, nil
	})
}

func isHalfCopied(r Reader) bool { return r.Get(metaBucket, []byte(CopyingKey)) != nil }

// SchemaOf returns the version of an engine's content. The error is ErrNotOurs where there is none, and ErrHalfCopied for a copy that is not finished.
func SchemaOf(ctx context.Context, e Engine) (version int, err error) {
	err = e.View(ctx, func(r Reader) error {
		if isHalfCopied(r) {
			return ErrHalfCopied
		}
		if version, err = strconv.Atoi(string(r.Get(metaBucket, schemaKey))); err != nil {
			return ErrNotOurs
		}
		return nil
	})
	return version, err
}

// Identity returns a text that identifies a store by its secret, without telling that.
func Identity(r Reader) string {
	sum := sha256.Sum256(append([]byte("supportline copy"), r.Get(metaBucket, secretKey)...))
	return hex.EncodeToString(sum[:16])
}

// emptyLog returns ErrNotOurs if there is anything.
func emptyLog(tx Reader) error {
	for _, b := range Buckets() {
		if !(span{}).isEmpty(tx, b) {
			return ErrNotOurs
		}
	}
	return nil
}

// keepSecret reads the secret, and makes one where there is none.
func (s *Store) keepSecret(ctx context.Context) error {
	found, err := fetch(ctx, s, func(tx Reader) ([]byte, error) { return bytes.Clone(tx.Get(metaBucket, secretKey)), nil })
	if s.secret = found; err != nil || found != nil || s.options.ReadOnly {
		return err
	}
	fresh := make([]byte, secretLength)
	_, _ = rand.Read(fresh) // never fails
	return s.engine.Update(ctx, func(tx Writer) error {
		if s.secret = bytes.Clone(tx.Get(metaBucket, secretKey)); s.secret == nil { // another process may have made one
			s.secret = fresh
			tx.Put(metaBucket, secretKey, fresh)
		}
		return nil
	})
}

// Secret returns the log's own random key: for signs that stand for numbers and addresses where those may not be seen. It is nil for a log of an
// older version that is only read.
func (s *Store) Secret() []byte { return bytes.Clone(s.secret) }
