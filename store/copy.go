package store

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strconv"
)

// The errors of Copy.
var (
	ErrNotEmpty = errors.New("there is something in it already")
	// ErrHalfCopied is that a copy into the store was begun and is not finished. Nothing may read or write it before.
	ErrHalfCopied = errors.New("a copy into it was begun, and is not finished")
	ErrDiffers    = errors.New("what was copied is not what was read")
)

// BucketSum holds how many entries a bucket has, and a checksum over their keys and values in order.
type BucketSum struct {
	Bucket  string `json:"bucket"`
	Entries int64  `json:"entries"`
	SHA256  string `json:"sha256"`
}

// CopyOptions configure Copy. The zero value is right for stores that nobody else uses.
type CopyOptions struct {
	// Changing is that others write to the source meanwhile. What was copied by a reading that broke off is then not gone on with.
	Changing bool
	// Step bounds the bytes of keys and values that one transaction writes; 0 means 4 MB.
	Step int
	// Progress is called after each step with the number of entries that were read, and of all, which is 0
	// where it takes long to find out. It may be nil.
	Progress func(done, all int64)
	// Rest is called after each step, for whoever must not wait. It may be nil.
	Rest func()
	// Replace is that what the target holds is removed first, if it is no copy that is to be gone on with. Note is kept in the target until the copy is
	// finished (HalfCopied).
	Replace bool
	Note    string
	// Label returns a label for the copy (Label), which is written with its last entries. It may be nil.
	Label func([]BucketSum) ([]byte, error)
}

const (
	copyStep = 4 << 20
	// copyEntries bounds a step as well: an entry of an index has few bytes, and costs as much as any other.
	copyEntries = 20_000
	// copyAhead is how many entries are read in one round trip.
	copyAhead = 5000
	// copyTries is how often buckets are copied that turn out to differ, because their source changed between two runs.
	copyTries = 3
)

// Copy copies everything that one engine has into another, bucket by bucket in the order of keys, and returns the sums of what it copied, which it has
// compared with what is in the target. Leases are left out: they hold for the processes of one engine alone.
//
// All of it is one snapshot. It is written in bounded steps, each of which notes in the target how far it came, so that a later Copy of the same
// store goes on there. Up to the last step, which writes what makes the target a store, Open refuses it with ErrHalfCopied. A target that holds anything
// else is left as it is: ErrNotEmpty.
func Copy(ctx context.Context, from, to Engine, o CopyOptions) ([]BucketSum, error) {
	ctx = AsCopy(ctx)
	t := &transfer{ctx: ctx, to: to, o: o}
	t.o.Step = cmp.Or(o.Step, copyStep)
	if err := to.Prepare(ctx, false); err != nil {
		return nil, err
	}
	for range copyTries {
		runs := 0
		err := from.View(ctx, func(r Reader) error {
			runs++
			return t.read(r, o.Changing && runs > 1)
		})
		if err != nil {
			return nil, err
		}
		differ, err := t.compare()
		switch {
		case err != nil:
			return nil, err
		case len(differ) == 0:
			return t.sums, t.finish()
		}
		if err := t.forget(differ[0]); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w, %d times: does another process write to one of the two?", ErrDiffers, copyTries)
}

// transfer is a Copy under way.
type transfer struct {
	ctx  context.Context
	to   Engine
	o    CopyOptions
	sums []BucketSum // of what was read, in the order of copiedBuckets
	meta []Edit      // what the last step writes
	at   copied
	done int64 // entries that were read
	all  int64
}

// copied is how far a copy came, as the target has it: everything before the bucket is there, and of the bucket what is not behind a key.
type copied struct {
	From   string `json:"from"` // identifies the store that is copied
	Bucket Bucket `json:"bucket"`
	After  []byte `json:"after,omitempty"`
	// Emptying is that what was there before is being removed, and Note that of the options.
	Emptying bool   `json:"emptying,omitempty"`
	Note     string `json:"note,omitempty"`
}

// has reports whether the target has an entry.
func (c copied) has(b Bucket, key []byte) bool {
	return b < c.Bucket || b == c.Bucket && bytes.Compare(key, c.After) <= 0
}

var (
	copyingKey = []byte("copying")
	labelKey   = []byte("label")
)

// copiedBuckets returns the buckets that are copied step by step, and which the last step adds the bucket meta to.
func copiedBuckets() []Bucket {
	return slices.DeleteFunc(Buckets(), func(b Bucket) bool { return b == metaBucket || b == leasesBucket })
}

// read copies what a reading finds. If the reading breaks off, all that follows is at its end, so nothing here concludes that something was whole.
func (t *transfer) read(r Reader, anew bool) error {
	t.sums, t.meta, t.done = nil, nil, 0
	if err := t.begin(idOf(r)); err != nil {
		return err
	}
	if t.at.Emptying {
		if err := t.empty(); err != nil {
			return err
		}
	}
	if anew {
		if err := t.forget(0); err != nil {
			return err
		}
	}
	if t.all = 0; t.o.Progress != nil && r.Trips() == 0 { // a database would take long to count
		for _, b := range copiedBuckets() {
			t.all += int64(r.Count(Span{Bucket: b}, -1))
		}
	}
	for _, b := range copiedBuckets() {
		if err := t.bucket(r, b); err != nil {
			return err
		}
	}
	sum := newSum(metaBucket)
	for k, v := range metaEntries(r) {
		sum.add(k, v)
		t.meta = append(t.meta, Edit{Bucket: metaBucket, Key: bytes.Clone(k), Value: bytes.Clone(v)})
	}
	t.sums = append(t.sums, sum.end())
	return nil
}

// idOf identifies a store by its secret, without telling it.
func idOf(r Reader) string {
	sum := sha256.Sum256(append([]byte("supportline copy"), r.Get(metaBucket, secretKey)...))
	return hex.EncodeToString(sum[:16])
}

// metaEntries iterates over the bucket meta without what says that it is, or was, a copy.
func metaEntries(r Reader) func(yield func(k, v []byte) bool) {
	return func(yield func(k, v []byte) bool) {
		c := r.Scan(Span{Bucket: metaBucket})[0]
		for k, v := c.Next(); k != nil; k, v = c.Next() {
			if bytes.Equal(k, copyingKey) || bytes.Equal(k, labelKey) {
				continue
			}
			if !yield(k, v) {
				return
			}
		}
	}
}

// begin finds out how far an earlier copy of the same store came, or begins one in an empty target.
func (t *transfer) begin(id string) error {
	return t.to.Update(t.ctx, func(w Writer) error {
		t.at = copied{From: id, Note: t.o.Note}
		before := w.Get(metaBucket, copyingKey)
		if before == nil {
			for _, b := range Buckets() {
				t.at.Emptying = t.at.Emptying || w.Count(Span{Bucket: b}, 1) > 0
			}
			if t.at.Emptying && !t.o.Replace {
				return ErrNotEmpty
			}
			return t.note(w)
		}
		var at copied
		if err := json.Unmarshal(before, &at); err != nil || at.From != id {
			return fmt.Errorf("%w: of another store", ErrHalfCopied)
		}
		t.at = at
		return nil
	})
}

// empty removes what the target held before. From the note in it on, it is no store any more.
func (t *transfer) empty() error {
	for _, b := range copiedBuckets() {
		if err := Empty(t.ctx, t.to, b); err != nil {
			return err
		}
	}
	if err := Empty(t.ctx, t.to, leasesBucket); err != nil {
		return err
	}
	t.at.Emptying = false
	return t.to.Update(t.ctx, func(w Writer) error {
		w.Clear(metaBucket)
		return t.note(w)
	})
}

// HalfCopied reports whether an engine holds a copy that is not finished, and returns the note of that.
func HalfCopied(ctx context.Context, e Engine) (note string, half bool, err error) {
	err = e.View(ctx, func(r Reader) error {
		text := r.Get(metaBucket, copyingKey)
		if half = text != nil; !half {
			return nil
		}
		var at copied
		if json.Unmarshal(text, &at) != nil {
			return fmt.Errorf("%w: the progress of a copy", ErrDamaged)
		}
		note = at.Note
		return nil
	})
	return note, half, err
}

// note writes how far the copy came.
func (t *transfer) note(w Writer) error {
	text, err := json.Marshal(t.at)
	if err == nil {
		w.Put(metaBucket, copyingKey, text)
	}
	return err
}

// bucket copies what the target lacks of a bucket.
func (t *transfer) bucket(r Reader, b Bucket) error {
	var step []Entry
	sum, size := newSum(b), 0
	c := r.Scan(Span{Bucket: b, Few: copyAhead})[0]
	for k, v := c.Next(); k != nil; k, v = c.Next() {
		sum.add(k, v)
		t.done++
		if t.at.has(b, k) {
			if t.done%copyEntries == 0 {
				if err := t.rest(); err != nil {
					return err
				}
			}
			continue
		}
		step = append(step, Entry{Bucket: b, Key: k, Value: v})
		if size += len(k) + len(v); size < t.o.Step && len(step) < copyEntries {
			continue
		}
		if err := t.write(step); err != nil {
			return err
		}
		step, size = step[:0], 0
	}
	t.sums = append(t.sums, sum.end())
	return t.write(step)
}

// write writes a step.
func (t *transfer) write(step []Entry) error {
	if len(step) == 0 {
		return nil
	}
	last := step[len(step)-1]
	t.at.Bucket, t.at.After = last.Bucket, bytes.Clone(last.Key)
	err := t.to.Update(t.ctx, func(w Writer) error {
		for _, e := range step {
			w.Put(e.Bucket, e.Key, e.Value)
		}
		return t.note(w)
	})
	if err != nil {
		return err
	}
	return t.rest()
}

// rest lets others go first.
func (t *transfer) rest() error {
	if t.o.Progress != nil {
		t.o.Progress(t.done, t.all)
	}
	if t.o.Rest != nil {
		t.o.Rest()
	}
	return t.ctx.Err()
}

// compare returns the buckets of the target that differ from what was read.
func (t *transfer) compare() (differ []Bucket, err error) {
	err = t.to.View(t.ctx, func(r Reader) error {
		differ = nil
		for i, b := range copiedBuckets() {
			sum, err := sumOf(t.ctx, r, b, t.o.Rest)
			if err != nil {
				return err
			}
			if sum != t.sums[i] {
				differ = append(differ, b)
			}
		}
		return nil
	})
	return differ, err
}

// forget removes a bucket and those behind it from the target, so that they are copied anew.
func (t *transfer) forget(from Bucket) error {
	t.at.Bucket, t.at.After = from, nil
	if err := t.to.Update(t.ctx, t.note); err != nil {
		return err
	}
	for _, b := range copiedBuckets() {
		if b < from {
			continue
		}
		if err := Empty(t.ctx, t.to, b); err != nil {
			return err
		}
	}
	return nil
}

// Empty removes all entries of a bucket in bounded steps.
func Empty(ctx context.Context, e Engine, b Bucket) error {
	for more := true; more; {
		err := e.Update(ctx, func(w Writer) error {
			var gone [][]byte
			c := w.Scan(Span{Bucket: b, Few: copyAhead})[0]
			for k, _ := c.Next(); k != nil && len(gone) < copyEntries; k, _ = c.Next() {
				gone = append(gone, bytes.Clone(k))
			}
			for _, k := range gone {
				w.Delete(b, k)
			}
			more = len(gone) == copyEntries
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// finish writes what makes the target a store.
func (t *transfer) finish() error {
	var label []byte
	if t.o.Label != nil {
		var err error
		if label, err = t.o.Label(t.sums); err != nil {
			return err
		}
	}
	return t.to.Update(t.ctx, func(w Writer) error {
		for _, e := range t.meta {
			w.Put(metaBucket, e.Key, e.Value)
		}
		w.Delete(metaBucket, copyingKey)
		if label != nil {
			w.Put(metaBucket, labelKey, label)
		}
		sum := newSum(metaBucket)
		for k, v := range metaEntries(w) {
			sum.add(k, v)
		}
		if sum.end() != t.sums[len(t.sums)-1] {
			return fmt.Errorf("%w: bucket %s", ErrDiffers, metaBucket)
		}
		return nil
	})
}

// Sums returns the sums of everything that Copy copies. rest is called from time to time; it may be nil.
func Sums(ctx context.Context, e Engine, rest func()) (sums []BucketSum, err error) {
	ctx = AsCopy(ctx)
	err = e.View(ctx, func(r Reader) error {
		sums = nil
		for _, b := range copiedBuckets() {
			sum, err := sumOf(ctx, r, b, rest)
			if err != nil {
				return err
			}
			sums = append(sums, sum)
		}
		sum := newSum(metaBucket)
		for k, v := range metaEntries(r) {
			sum.add(k, v)
		}
		sums = append(sums, sum.end())
		return nil
	})
	return sums, err
}

// Label returns the label that a copy was given, nil if there is none.
func Label(ctx context.Context, e Engine) (label []byte, err error) {
	err = e.View(ctx, func(r Reader) error {
		label = bytes.Clone(r.Get(metaBucket, labelKey))
		return nil
	})
	return label, err
}

func sumOf(ctx context.Context, r Reader, b Bucket, rest func()) (BucketSum, error) {
	sum := newSum(b)
	c := r.Scan(Span{Bucket: b, Few: copyAhead})[0]
	for k, v := c.Next(); k != nil; k, v = c.Next() {
		if sum.add(k, v); sum.Entries%copyEntries > 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return BucketSum{}, err
		}
		if rest != nil {
			rest()
		}
	}
	return sum.end(), nil
}

// summing is a BucketSum that entries are added to.
type summing struct {
	BucketSum
	hash    hash.Hash
	lengths [8]byte
}

func newSum(b Bucket) *summing {
	return &summing{BucketSum: BucketSum{Bucket: b.String()}, hash: sha256.New()}
}

// add adds an entry: the lengths of key and value, 4 bytes each, and both.
func (s *summing) add(k, v []byte) {
	s.Entries++
	binary.BigEndian.PutUint32(s.lengths[:], uint32(len(k)))
	binary.BigEndian.PutUint32(s.lengths[4:], uint32(len(v)))
	s.hash.Write(s.lengths[:])
	s.hash.Write(k)
	s.hash.Write(v)
}

func (s *summing) end() BucketSum {
	s.SHA256 = hex.EncodeToString(s.hash.Sum(nil))
	return s.BucketSum
}

// Engine returns the engine of the store, for what copies all of it.
func (s *Store) Engine() Engine { return s.engine }

// Schema is the version of the content that this program writes.
const Schema = schema

// SchemaOf returns the version of an engine's content. The error is ErrNotOurs where there is none, and ErrHalfCopied for a copy that is not finished.
func SchemaOf(ctx context.Context, e Engine) (version int, err error) {
	err = e.View(ctx, func(r Reader) error {
		if r.Get(metaBucket, copyingKey) != nil {
			return ErrHalfCopied
		}
		if version, err = strconv.Atoi(string(r.Get(metaBucket, schemaKey))); err != nil {
			return ErrNotOurs
		}
		return nil
	})
	return version, err
}
