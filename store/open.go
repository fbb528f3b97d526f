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
	"time"
)

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
