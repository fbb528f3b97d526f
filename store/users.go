package store

import (
	"context"
	"fmt"
	"iter"

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
