package store

import (
	"bytes"
	"context"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

var rotationKey = []byte("rotation")

// Rotation is what was put down of a change of the provider's token, as SetRotation was given it; nil while none is under way. The result
// is the caller's own.
func (s *Store) Rotation(ctx context.Context) (record []byte, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		record = bytes.Clone(tx.Bucket(metaBucket).Get(rotationKey))
		return nil
	})
	return record, err
}

// SetRotation puts after in the place of before, which is what Rotation gave; nil is none. Where something else stands there by now, it stays,
// and the error is policy.ErrRotationMoved. What is given is kept as it is, and pages of the file may hold it for long after it was replaced:
// a secret in it must be sealed.
func (s *Store) SetRotation(ctx context.Context, before, after []byte) error {
	return s.write(ctx, func(tx *bolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		if !bytes.Equal(meta.Get(rotationKey), before) {
			return policy.ErrRotationMoved
		}
		if after == nil {
			return meta.Delete(rotationKey)
		}
		return meta.Put(rotationKey, after)
	})
}
