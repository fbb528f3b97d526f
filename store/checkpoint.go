package store

import (
	"context"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

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
