package store

import (
	"bytes"
	"context"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// A token stands under its user and its name, and its hash leads there, in one bucket: both are written in one step, or neither.
const (
	tokenOfUser = 'u' // user, name; the value is the token
	tokenByHash = 'h' // hash; the value is the key above
)

func tokenKey(user, name string) indexKey { return key(tokenOfUser).part(user).text(name) }

// AddToken adds a token, and notes in the audit who did it. Errors: users.ErrNoUser, users.ErrTokenName, users.ErrTokenExists,
// users.ErrManyTokens.
func (s *Store) AddToken(ctx context.Context, t users.Token, by string) error {
	if _, err := users.ParseTokenName(t.Name); err != nil {
		return err
	}
	return s.write(ctx, func(tx *bolt.Tx) error {
		if _, err := readUser(tx, t.User); err != nil {
			return err
		}
		all, err := tokensOf(tx, t.User)
		switch {
		case err != nil:
			return err
		case tx.Bucket(tokensBucket).Get(tokenKey(t.User, t.Name)) != nil:
			return fmt.Errorf("%w: %s", users.ErrTokenExists, t.Name)
		case len(all) >= users.MaxTokens:
			return fmt.Errorf("%w: %d; revoke one first", users.ErrManyTokens, len(all))
		}
		if err := tx.Bucket(tokensBucket).Put(key(tokenByHash).text(t.Hash), tokenKey(t.User, t.Name)); err != nil {
			return err
		}
		if err := putToken(tx, t); err != nil {
			return err
		}
		return note(tx, policy.AuditEntry{At: t.CreatedAt, By: by, Act: users.ActTokenAdd, Subject: t.User, Detail: tokenWords(t)})
	})
}

// tokenWords say what a token may.
func tokenWords(t users.Token) string {
	words := t.Name
	if t.ReadOnly {
		words += ", read-only"
	}
	if t.Masked {
		words += ", without numbers"
	}
	if t.ExpiresAt.IsZero() {
		return words + ", for ever"
	}
	return words + ", until " + t.ExpiresAt.UTC().Format(time.DateOnly)
}

// Token is the token whose secret has a hash, one that is over too; users.ErrNoToken if there is none, or it was revoked.
func (s *Store) Token(ctx context.Context, hash string) (users.Token, error) {
	var t users.Token
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		tokens := tx.Bucket(tokensBucket)
		place := tokens.Get(key(tokenByHash).text(hash))
		if place == nil {
			return users.ErrNoToken
		}
		t, err = decodeToken(tokens.Get(place))
		return err
	})
	return t, err
}

// TokensOf are a user's tokens by name, those that are over too; none for a user who is not there.
func (s *Store) TokensOf(ctx context.Context, user string) (tokens []users.Token, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) (err error) {
		tokens, err = tokensOf(tx, user)
		return err
	})
	return tokens, err
}

// UseToken keeps when a token was last used. One that was revoked meanwhile stays so.
func (s *Store) UseToken(ctx context.Context, user, name string, at time.Time) error {
	return s.write(ctx, func(tx *bolt.Tx) error {
		value := tx.Bucket(tokensBucket).Get(tokenKey(user, name))
		if value == nil {
			return nil
		}
		t, err := decodeToken(value)
		if err != nil || !at.After(t.UsedAt) {
			return err
		}
		t.UsedAt = at
		return putToken(tx, t)
	})
}

// RevokeToken removes a token, so that it is refused from now on, and notes in the audit who did it; users.ErrNoToken if the user has none
// of that name.
func (s *Store) RevokeToken(ctx context.Context, user, name, by string, at time.Time) error {
	return s.write(ctx, func(tx *bolt.Tx) error {
		tokens := tx.Bucket(tokensBucket)
		value := tokens.Get(tokenKey(user, name))
		if value == nil {
			return fmt.Errorf("%w: %s", users.ErrNoToken, name)
		}
		t, err := decodeToken(value)
		if err != nil {
			return err
		}
		for _, k := range [][]byte{tokenKey(user, name), key(tokenByHash).text(t.Hash)} {
			if err := tokens.Delete(k); err != nil {
				return err
			}
		}
		return note(tx, policy.AuditEntry{At: at, By: by, Act: users.ActTokenRevoke, Subject: user, Detail: name})
	})
}

func tokensOf(tx *bolt.Tx, user string) (found []users.Token, err error) {
	prefix, cursor := key(tokenOfUser).part(user), tx.Bucket(tokensBucket).Cursor()
	for k, v := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cursor.Next() {
		t, err := decodeToken(v)
		if err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	return found, nil
}

func putToken(tx *bolt.Tx, t users.Token) error {
	value, err := encode(t)
	if err != nil {
		return fmt.Errorf("token %s of %s cannot be written: %w", t.Name, t.User, err)
	}
	return tx.Bucket(tokensBucket).Put(tokenKey(t.User, t.Name), value)
}

func decodeToken(v []byte) (users.Token, error) { return decode[users.Token]("token", "", v) }
