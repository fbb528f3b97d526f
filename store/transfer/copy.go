// Package transfer copies whole stores, from any engine to any other: with sums that prove that nothing is missing, and in steps, so that a copy that was
// killed goes on where it was.
package transfer

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/officernd/supportline/store"
)

// The errors of Copy.
var (
	ErrNotEmpty = errors.New("there is something in it already")
	ErrDiffers  = errors.New("what was copied is not what was read")
)

// Options configure Copy. The zero value is right for stores that nobody else uses.
type Options struct {
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
// store goes on there. Up to the last step, which writes what makes the target a store, store.Open refuses it with store.ErrHalfCopied. A target that holds anything
// else is left as it is: ErrNotEmpty.
func Copy(ctx context.Context, from, to store.Engine, o Options) ([]BucketSum, error) {
	ctx = store.AsCopy(ctx)
	t := &transfer{ctx: ctx, to: to, o: o}
	t.o.Step = cmp.Or(o.Step, copyStep)
	if err := to.Prepare(ctx, false); err != nil {
		return nil, err
	}
	for range copyTries {
		runs := 0
		err := from.View(ctx, func(r store.Reader) error {
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
	to   store.Engine
	o    Options
	sums []BucketSum  // of what was read, in the order of copiedBuckets
	meta []store.Edit // what the last step writes
	at   copied
	done int64 // entries that were read
	all  int64
}

// copied is how far a copy came, as the target has it: everything before the bucket is there, and of the bucket what is not behind a key.
type copied struct {
	From   string       `json:"from"` // identifies the store that is copied
	Bucket store.Bucket `json:"bucket"`
	After  []byte       `json:"after,omitempty"`
	// Emptying is that what was there before is being removed, and Note that of the options.
	Emptying bool   `json:"emptying,omitempty"`
	Note     string `json:"note,omitempty"`
}

var (
	copyingKey = []byte(store.CopyingKey)
	labelKey   = []byte("label")
)

// has reports whether the target has an entry.
func (c copied) has(b store.Bucket, key []byte) bool {
	return b < c.Bucket || b == c.Bucket && bytes.Compare(key, c.After) <= 0
}

// read copies what a reading finds. If the reading breaks off, all that follows is at its end, so nothing here concludes that something was whole.
func (t *transfer) read(r store.Reader, anew bool) error {
	t.sums, t.meta, t.done = nil, nil, 0
	if err := t.begin(store.Identity(r)); err != nil {
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
			t.all += int64(r.Count(store.Span{Bucket: b}, -1))
		}
	}
	for _, b := range copiedBuckets() {
		if err := t.bucket(r, b); err != nil {
			return err
		}
	}
	sum := newSum(store.MetaBucket)
	for k, v := range metaEntries(r) {
		sum.add(k, v)
		t.meta = append(t.meta, store.Edit{Bucket: store.MetaBucket, Key: bytes.Clone(k), Value: bytes.Clone(v)})
	}
	t.sums = append(t.sums, sum.end())
	return nil
}

// begin finds out how far an earlier copy of the same store came, or begins one in an empty target.
func (t *transfer) begin(id string) error {
	return t.to.Update(t.ctx, func(w store.Writer) error {
		t.at = copied{From: id, Note: t.o.Note}
		before := w.Get(store.MetaBucket, copyingKey)
		if before == nil {
			for _, b := range store.Buckets() {
				t.at.Emptying = t.at.Emptying || w.Count(store.Span{Bucket: b}, 1) > 0
			}
			if t.at.Emptying && !t.o.Replace {
				return ErrNotEmpty
			}
			return t.note(w)
		}
		var at copied
		if err := json.Unmarshal(before, &at); err != nil || at.From != id {
			return fmt.Errorf("%w: of another store", store.ErrHalfCopied)
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
	if err := Empty(t.ctx, t.to, store.LeasesBucket); err != nil {
		return err
	}
	t.at.Emptying = false
	return t.to.Update(t.ctx, func(w store.Writer) error {
		w.Clear(store.MetaBucket)
		return t.note(w)
	})
}

// HalfCopied reports whether an engine holds a copy that is not finished, and returns the note of that.
func HalfCopied(ctx context.Context, e store.Engine) (note string, half bool, err error) {
	err = e.View(ctx, func(r store.Reader) error {
		text := r.Get(store.MetaBucket, copyingKey)
		if half = text != nil; !half {
			return nil
		}
		var at copied
		if json.Unmarshal(text, &at) != nil {
			return fmt.Errorf("%w: the progress of a copy", store.ErrDamaged)
		}
		note = at.Note
		return nil
	})
	return note, half, err
}

// note writes how far the copy came.
func (t *transfer) note(w store.Writer) error {
	text, err := json.Marshal(t.at)
	if err == nil {
		w.Put(store.MetaBucket, copyingKey, text)
	}
	return err
}

// bucket copies what the target lacks of a bucket.
func (t *transfer) bucket(r store.Reader, b store.Bucket) error {
	var step []store.Entry
	sum, size := newSum(b), 0
	c := r.Scan(store.Span{Bucket: b, Few: copyAhead})[0]
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
		step = append(step, store.Entry{Bucket: b, Key: k, Value: v})
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
func (t *transfer) write(step []store.Entry) error {
	if len(step) == 0 {
		return nil
	}
	last := step[len(step)-1]
	t.at.Bucket, t.at.After = last.Bucket, bytes.Clone(last.Key)
	err := t.to.Update(t.ctx, func(w store.Writer) error {
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
func (t *transfer) compare() (differ []store.Bucket, err error) {
	err = t.to.View(t.ctx, func(r store.Reader) error {
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
func (t *transfer) forget(from store.Bucket) error {
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
func Empty(ctx context.Context, e store.Engine, b store.Bucket) error {
	for more := true; more; {
		err := e.Update(ctx, func(w store.Writer) error {
			var gone [][]byte
			c := w.Scan(store.Span{Bucket: b, Few: copyAhead})[0]
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
	return t.to.Update(t.ctx, func(w store.Writer) error {
		for _, e := range t.meta {
			w.Put(store.MetaBucket, e.Key, e.Value)
		}
		w.Delete(store.MetaBucket, copyingKey)
		if label != nil {
			w.Put(store.MetaBucket, labelKey, label)
		}
		sum := newSum(store.MetaBucket)
		for k, v := range metaEntries(w) {
			sum.add(k, v)
		}
		if sum.end() != t.sums[len(t.sums)-1] {
			return fmt.Errorf("%w: bucket %s", ErrDiffers, store.MetaBucket)
		}
		return nil
	})
}
