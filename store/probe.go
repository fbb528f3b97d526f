package store

import (
	"context"
	"time"

	bolt "go.etcd.io/bbolt"
)

var heartbeatKey = []byte("heartbeat")

// Probe writes something that nobody reads, and returns when it is as safe on the disk as a call would be.
func (s *Store) Probe(ctx context.Context) error {
	return s.write(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket(metaBucket).Put(heartbeatKey, []byte(s.options.Now().UTC().Format(time.RFC3339)))
	})
}
