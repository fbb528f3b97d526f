package store

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/officernd/supportline/policy/users"
)

// User returns a user of the console, or users.ErrNoUser.
func (s *Store) User(ctx context.Context, name string) (users.User, error) {
	return fetch(ctx, s, func(tx Reader) (users.User, error) { return userTable.get(tx, name) })
}

// Users returns all users of the console by name, disabled ones included. It reads in short steps, as Calls does.
func (s *Store) Users(ctx context.Context) iter.Seq2[users.User, error] {
	return userTable.scan(ctx, s, span{})
}

// AddUser adds a user, and notes in the audit who did it. Errors: users.ErrExists if the name is taken, even by a disabled user, and
// users.ErrName if it is not a valid name.
func (s *Store) AddUser(ctx context.Context, user users.User, by string) error {
	if name, err := users.ParseName(user.Name); err != nil || name != user.Name {
		return fmt.Errorf("%w: %q", users.ErrName, user.Name)
	}
	return s.write(ctx, func(tx Writer) error {
		if tx.Get(usersBucket, []byte(user.Name)) != nil {
			return fmt.Errorf("%w: %s", users.ErrExists, user.Name)
		}
		if err := userTable.put(tx, []byte(user.Name), nil, user); err != nil {
			return err
		}
		return s.note(ctx, tx, users.AuditEntry{At: user.CreatedAt, By: by, Act: users.ActUserAdd, Subject: user.Name, Detail: string(user.Role)})
	})
}

// ChangeUser changes a user and notes it in the audit, in one step, and returns the new state. A change that leaves the user as it was writes
// nothing, and one without an act is not noted. The name cannot change. Errors: users.ErrNoUser.
func (s *Store) ChangeUser(ctx context.Context, name string, c users.Change) (users.User, error) {
	return update(ctx, s, func(t *step) (after users.User, err error) {
		before, err := userTable.get(t.tx, name)
		if err != nil {
			return after, err
		}
		if after = c.Change(before); after == before {
			return after, nil
		}
		if after.Name != name {
			return after, fmt.Errorf("a change of user %s gave user %s", name, after.Name)
		}
		if err := userTable.put(t.tx, []byte(name), &before, after); err != nil {
			return after, err
		}
		if c.Act == "" {
			return after, nil
		}
		return after, s.note(ctx, t.tx, users.AuditEntry{At: c.At, By: c.By, Act: c.Act, Subject: name, Detail: c.Detail})
	})
}

// A token is stored under its user and its name, and its hash leads there, in one bucket: both are written in one step, or neither.
const (
	tokenOfUser = 'u' // user, name; the value is the token
	tokenByHash = 'h' // hash; the value is the key above
)

func tokenKey(user, name string) indexKey { return key(tokenOfUser).part(user).text(name) }

func tokenEntries(k []byte, t users.Token) []Edit {
	return []Edit{{Bucket: tokensBucket, Key: key(tokenByHash).text(t.Hash), Value: k}}
}

// AddToken adds a token, and notes in the audit who did it. Errors: users.ErrNoUser, users.ErrTokenName, users.ErrTokenExists,
// users.ErrManyTokens.
func (s *Store) AddToken(ctx context.Context, t users.Token, by string) error {
	if _, err := users.ParseTokenName(t.Name); err != nil {
		return err
	}
	return s.write(ctx, func(tx Writer) error {
		if _, err := userTable.get(tx, t.User); err != nil {
			return err
		}
		all, err := tokensOf(tx, t.User)
		switch {
		case err != nil:
			return err
		case tx.Get(tokensBucket, tokenKey(t.User, t.Name)) != nil:
			return fmt.Errorf("%w: %s", users.ErrTokenExists, t.Name)
		case len(all) >= users.MaxTokens:
			return fmt.Errorf("%w: %d; revoke one first", users.ErrManyTokens, len(all))
		}
		if err := tokenTable.put(tx, tokenKey(t.User, t.Name), nil, t); err != nil {
			return err
		}
		return s.note(ctx, tx, users.AuditEntry{At: t.CreatedAt, By: by, Act: users.ActTokenAdd, Subject: t.User, Detail: tokenWords(t)})
	})
}

// tokenWords describes a token for the audit.
func tokenWords(t users.Token) string {
	words := t.Name
	if t.ReadOnly {
		words += ", read-only"
	}
	if t.Masked {
		words += ", without numbers"
	}
	if t.ExpiresAt.IsZero() {
		return words + ", never expires"
	}
	return words + ", until " + t.ExpiresAt.UTC().Format(time.DateOnly)
}

// Token returns the token whose secret has a hash, even if it has expired, or users.ErrNoToken if there is none, or it was revoked.
func (s *Store) Token(ctx context.Context, hash string) (users.Token, error) {
	return fetch(ctx, s, func(tx Reader) (users.Token, error) {
		place := tx.Get(tokensBucket, key(tokenByHash).text(hash))
		if place == nil {
			return users.Token{}, users.ErrNoToken
		}
		return tokenTable.at(tx, place)
	})
}

// TokensOf returns the tokens of a user by name, expired ones included; none for a user who does not exist.
func (s *Store) TokensOf(ctx context.Context, user string) ([]users.Token, error) {
	return fetch(ctx, s, func(tx Reader) ([]users.Token, error) { return tokensOf(tx, user) })
}

// UseToken stores when a token was last used. A token that was revoked meanwhile stays revoked.
func (s *Store) UseToken(ctx context.Context, user, name string, at time.Time) error {
	return s.write(ctx, func(tx Writer) error {
		t, err := tokenTable.find(tx, tokenKey(user, name))
		if err != nil || t == nil || !at.After(t.UsedAt) {
			return err
		}
		after := *t
		after.UsedAt = at
		return tokenTable.put(tx, tokenKey(user, name), t, after)
	})
}

// RevokeToken removes a token, so that it is refused from now on, and notes in the audit who did it. The error is users.ErrNoToken if the user
// has none of that name.
func (s *Store) RevokeToken(ctx context.Context, user, name, by string, at time.Time) error {
	return s.write(ctx, func(tx Writer) error {
		t, err := tokenTable.find(tx, tokenKey(user, name))
		switch {
		case err != nil:
			return err
		case t == nil:
			return fmt.Errorf("%w: %s", users.ErrNoToken, name)
		}
		tokenTable.remove(tx, tokenKey(user, name), *t)
		return s.note(ctx, tx, users.AuditEntry{At: at, By: by, Act: users.ActTokenRevoke, Subject: user, Detail: name})
	})
}

func tokensOf(tx Reader, user string) ([]users.Token, error) {
	return tokenTable.in(tx, under(key(tokenOfUser).part(user)))
}
