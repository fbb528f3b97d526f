package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// A session's value is its end, 8 bytes of seconds since 1970, and then what its owner keeps in it.
const sessionEnd = 8

// sessionBatch is how many sessions one transaction of ExpireSessions removes.
const sessionBatch = 500

// Session is what is kept under a session's key, unless the session is over at now; nothing then, and for a key that nobody has. The key is
// a hash of the session's token: who reads the file can sign in with none of them.
func (s *Store) Session(ctx context.Context, key string, now time.Time) (data []byte, found bool, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		value := tx.Bucket(sessionsBucket).Get([]byte(key))
		if value == nil {
			return nil
		}
		ends, err := endOf(key, value)
		if err == nil && now.Before(ends) {
			data, found = bytes.Clone(value[sessionEnd:]), true
		}
		return err
	})
	return data, found, err
}

// PutSession keeps a session until it ends, in whole seconds.
func (s *Store) PutSession(ctx context.Context, key string, data []byte, ends time.Time) error {
	if key == "" || len(key) > maxPart {
		return fmt.Errorf("a session's key has 1 to %d characters, not %d", maxPart, len(key))
	}
	value := append(binary.BigEndian.AppendUint64(nil, uint64(ends.Unix())), data...)
	return s.write(ctx, func(tx *bolt.Tx) error { return tx.Bucket(sessionsBucket).Put([]byte(key), value) })
}

// RemoveSession ends a session. One that is not there is fine.
func (s *Store) RemoveSession(ctx context.Context, key string) error {
	return s.write(ctx, func(tx *bolt.Tx) error { return tx.Bucket(sessionsBucket).Delete([]byte(key)) })
}

// ExpireSessions removes the sessions that are over at now, in bounded steps, and says how many there were.
func (s *Store) ExpireSessions(ctx context.Context, now time.Time) (int, error) {
	removed := 0
	for {
		over, err := s.sessionsOver(ctx, now)
		if err != nil || len(over) == 0 {
			return removed, err
		}
		err = s.write(ctx, func(tx *bolt.Tx) error {
			for _, k := range over {
				if err := tx.Bucket(sessionsBucket).Delete(k); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return removed, err
		}
		removed += len(over)
	}
}

// sessionsOver are keys of sessions that are over, as many as one step removes. A session never gets a later end under the same key without
// being alive, so that what is found over stays so.
func (s *Store) sessionsOver(ctx context.Context, now time.Time) (over [][]byte, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		cursor := tx.Bucket(sessionsBucket).Cursor()
		for k, v := cursor.First(); k != nil && len(over) < sessionBatch; k, v = cursor.Next() {
			ends, err := endOf(string(k), v)
			if err != nil {
				return err
			}
			if !now.Before(ends) {
				over = append(over, bytes.Clone(k))
			}
		}
		return nil
	})
	return over, err
}

func endOf(key string, value []byte) (time.Time, error) {
	if len(value) < sessionEnd {
		return time.Time{}, fmt.Errorf("%w: session %s", ErrDamaged, key)
	}
	return time.Unix(int64(binary.BigEndian.Uint64(value)), 0), nil
}
