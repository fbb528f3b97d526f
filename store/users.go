package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// User is one user of the console; users.ErrNoUser if there is none of that name.
func (s *Store) User(ctx context.Context, name string) (users.User, error) {
	var user users.User
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		user, err = readUser(tx, name)
		return err
	})
	return user, err
}

// Users are all users of the console by name, those who were shut out too. It reads in short steps, as Calls does.
func (s *Store) Users(ctx context.Context) iter.Seq2[users.User, error] {
	return pages(ctx, s, usersBucket, decodeUser)
}

// AddUser adds a user, and notes in the audit who did it; users.ErrExists if the name is taken, by one who was shut out as well, and
// users.ErrName for what is no name.
func (s *Store) AddUser(ctx context.Context, user users.User, by string) error {
	if name, err := users.ParseName(user.Name); err != nil || name != user.Name {
		return fmt.Errorf("%w: %q", users.ErrName, user.Name)
	}
	return s.write(ctx, func(tx *bolt.Tx) error {
		if tx.Bucket(usersBucket).Get([]byte(user.Name)) != nil {
			return fmt.Errorf("%w: %s", users.ErrExists, user.Name)
		}
		if err := putUser(tx, user); err != nil {
			return err
		}
		return note(tx, policy.AuditEntry{At: user.CreatedAt, By: by, Act: users.ActUserAdd, Subject: user.Name, Detail: string(user.Role)})
	})
}

// ChangeUser changes a user and notes it in the audit, in one step, and gives the user as it is then. A change that leaves the user as it
// was writes nothing. It keeps the name. users.ErrNoUser if there is none of that name.
func (s *Store) ChangeUser(ctx context.Context, name string, c users.Change) (users.User, error) {
	var after users.User
	err := s.write(ctx, func(tx *bolt.Tx) error {
		before, err := readUser(tx, name)
		if err != nil {
			return err
		}
		if after = c.Change(before); after == before {
			return nil
		}
		if after.Name != name {
			return fmt.Errorf("a change of user %s gave user %s", name, after.Name)
		}
		if err := putUser(tx, after); err != nil {
			return err
		}
		return note(tx, policy.AuditEntry{At: c.At, By: c.By, Act: c.Act, Subject: name, Detail: c.Detail})
	})
	if err != nil {
		return users.User{}, err
	}
	return after, nil
}

func readUser(tx *bolt.Tx, name string) (users.User, error) {
	value := tx.Bucket(usersBucket).Get([]byte(name))
	if value == nil {
		return users.User{}, fmt.Errorf("%w: %s", users.ErrNoUser, name)
	}
	return decodeUser([]byte(name), value)
}

func decodeUser(k, v []byte) (users.User, error) { return decode[users.User]("user", string(k), v) }

func putUser(tx *bolt.Tx, user users.User) error {
	value, err := encode(user)
	if err != nil {
		return fmt.Errorf("user %s cannot be written: %w", user.Name, err)
	}
	return tx.Bucket(usersBucket).Put([]byte(user.Name), value)
}

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
