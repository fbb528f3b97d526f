package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"

	"github.com/officernd/supportline/store"
)

// BucketSum holds how many entries a bucket has, and a checksum over their keys and values in order.
type BucketSum struct {
	Bucket  string `json:"bucket"`
	Entries int64  `json:"entries"`
	SHA256  string `json:"sha256"`
}

// copiedBuckets returns the buckets that are copied step by step, and which the last step adds the bucket meta to.
func copiedBuckets() []store.Bucket {
	return slices.DeleteFunc(store.Buckets(), func(b store.Bucket) bool { return b == store.MetaBucket || b == store.LeasesBucket })
}

// metaEntries iterates over the bucket meta without what says that it is, or was, a copy.
func metaEntries(r store.Reader) func(yield func(k, v []byte) bool) {
	return func(yield func(k, v []byte) bool) {
		c := r.Scan(store.Span{Bucket: store.MetaBucket})[0]
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

// Sums returns the sums of everything that Copy copies. rest is called from time to time; it may be nil.
func Sums(ctx context.Context, e store.Engine, rest func()) (sums []BucketSum, err error) {
	ctx = store.AsCopy(ctx)
	err = e.View(ctx, func(r store.Reader) error {
		sums = nil
		for _, b := range copiedBuckets() {
			sum, err := sumOf(ctx, r, b, rest)
			if err != nil {
				return err
			}
			sums = append(sums, sum)
		}
		sum := newSum(store.MetaBucket)
		for k, v := range metaEntries(r) {
			sum.add(k, v)
		}
		sums = append(sums, sum.end())
		return nil
	})
	return sums, err
}

// Label returns the label that a copy was given, nil if there is none.
func Label(ctx context.Context, e store.Engine) (label []byte, err error) {
	err = e.View(ctx, func(r store.Reader) error {
		label = bytes.Clone(r.Get(store.MetaBucket, labelKey))
		return nil
	})
	return label, err
}

func sumOf(ctx context.Context, r store.Reader, b store.Bucket, rest func()) (BucketSum, error) {
	sum := newSum(b)
	c := r.Scan(store.Span{Bucket: b, Few: copyAhead})[0]
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

func newSum(b store.Bucket) *summing {
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
