package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"
	"go.uber.org/zap"

	"github.com/officernd/supportline/policy/users"
)

// hashing costs 19 MB and about 20 ms, the least that OWASP recommends: guessing from a stolen file stays expensive, and the machine can still
// answer calls meanwhile.
var hashing = &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashWithin is how long somebody waits until the hashing of others is done.
const hashWithin = 5 * time.Second

// HashPassword returns what is kept of a user's new password. The error is users.ErrPassword for a weak one.
func HashPassword(name, password string) (string, error) {
	if err := users.CheckPassword(name, password); err != nil {
		return "", err
	}
	hash, err := argon2id.CreateHash(password, hashing)
	if err != nil {
		return "", fmt.Errorf("hash the password of %s: %w", name, err)
	}
	return hash, nil
}

// passwords hashes and compares passwords, one at a time, so that many sign-ins take neither memory nor processors from the calls.
type passwords struct {
	slot chan struct{}
	// dummy returns the hash that an unknown name is compared with, so that it takes as long as a known one. It is made once, on demand.
	dummy func() (string, error)
}

func newPasswords() *passwords {
	dummy := func() (string, error) { return argon2id.CreateHash(rand.Text(), hashing) }
	return &passwords{slot: make(chan struct{}, 1), dummy: sync.OnceValues(dummy)}
}

// match reports whether a password is the one that was hashed. It runs within alone. An empty hash, of a user without a password or of nobody, takes
// as long and matches nothing.
func (p *passwords) match(password, hash string) (bool, error) {
	known := hash != ""
	if !known {
		var err error
		if hash, err = p.dummy(); err != nil {
			return false, err
		}
	}
	same, err := argon2id.ComparePasswordAndHash(password, hash)
	return same && known, err
}

// alone runs work while no other hashing runs.
func (p *passwords) alone(ctx context.Context, work func() error) error {
	ctx, cancel := context.WithTimeout(ctx, hashWithin)
	defer cancel()
	select {
	case p.slot <- struct{}{}:
		defer func() { <-p.slot }()
		return work()
	case <-ctx.Done():
		return ErrBusy
	}
}

// errGuesses is why somebody waits who typed wrong passwords.
var errGuesses = errors.New("too many wrong passwords")

// check compares a password with a user's own. The error is Throttled, ErrBusy, ErrWrongPassword or internal.
func (s *Service) check(r *http.Request, name string, user users.User, password, address string, now time.Time) error {
	device, err := s.device(r, user, now)
	if err != nil {
		return err
	}
	origins := guesses(name, address, device)
	return s.passwords.alone(r.Context(), func() error { return s.try(r.Context(), origins, user, password, now) })
}

// try takes a try before it compares the password, and gives it back if it was right, so that guesses at once are counted like those one after the
// other. It runs within alone, so that however many guess, the store writes for one at a time.
func (s *Service) try(ctx context.Context, origins []users.Origin, user users.User, password string, now time.Time) error {
	if err := s.take(ctx, errGuesses, now, origins...); err != nil {
		return err
	}
	same, err := s.passwords.match(password, user.Password)
	switch {
	case err != nil:
		return err
	case !same || user.Disabled():
		return ErrWrongPassword
	}
	return s.deps.Sessions.GiveBackTry(ctx, origins, now)
}

// Password returns the user whose name and password were typed in a request from an address. The error is ErrWrongPassword, also for an unknown
// name and a disabled user, Throttled after too many of those, ErrBusy, or internal. An unknown name takes as long as a known one.
func (s *Service) Password(r *http.Request, typed, password, address string, now time.Time) (users.User, error) {
	name, _ := users.ParseName(typed) // what is no name is nobody's
	user, err := s.deps.Users.User(r.Context(), name)
	if err != nil && !errors.Is(err, users.ErrNoUser) {
		return users.User{}, err
	}
	err = s.check(r, name, user, password, address, now)
	if errors.Is(err, ErrWrongPassword) {
		if failed := s.noteRefused(r.Context(), user, address, now); failed != nil {
			return users.User{}, failed
		}
	}
	if err != nil {
		return users.User{}, err
	}
	return user, nil
}

// noteRefused notes a failed sign-in in the audit. A name that nobody has is left out: it may be a password in the wrong field.
func (s *Service) noteRefused(ctx context.Context, user users.User, address string, now time.Time) error {
	by, detail := user.Name, "wrong password"
	switch {
	case user.Name == "":
		by, detail = "(unknown)", "a name that nobody has"
	case user.Disabled():
		detail = "disabled"
	}
	s.deps.Logger.Warn("sign-in refused", zap.String("user", by), zap.String("address", address))
	return s.deps.Audit.Note(ctx, users.AuditEntry{At: now, By: by, Act: users.ActSignInRefuse, Subject: user.Name, Detail: detail + ", from " + address})
}

// SetPassword changes a user's own password and ends all of the user's sessions. It wants the old one, because a screen left open must not be
// enough. The error is ErrNoPassword for a user of the identity provider, ErrWrongPassword, users.ErrPassword, Throttled, ErrBusy or internal.
func (s *Service) SetPassword(r *http.Request, user users.User, old, password, address string, now time.Time) error {
	if user.Password == "" {
		return ErrNoPassword
	}
	if err := s.check(r, user.Name, user, old, address, now); err != nil {
		return err
	}
	hash, err := s.HashPassword(r.Context(), user.Name, password)
	if err != nil {
		return err
	}
	if _, err := s.deps.Users.ChangeUser(r.Context(), user.Name, users.WithPassword(hash, user.Name, now)); err != nil {
		return err
	}
	return s.sessions.Destroy(r.Context())
}

// Confirm makes sure that it is the user who asks for something, and nobody at a screen that was left open: by the password, or for a user of the
// identity provider by a sign-in within FreshFor. The error is ErrNotFresh, ErrWrongPassword, Throttled, ErrBusy or internal.
func (s *Service) Confirm(r *http.Request, user users.User, password, address string, now time.Time) error {
	if user.Password != "" {
		return s.check(r, user.Name, user, password, address, now)
	}
	if !s.IsFresh(r.Context(), now) {
		return ErrNotFresh
	}
	return nil
}

// HashPassword is the function of the same name, one at a time. The error is also ErrBusy.
func (s *Service) HashPassword(ctx context.Context, name, password string) (hash string, err error) {
	err = s.passwords.alone(ctx, func() (err error) {
		hash, err = HashPassword(name, password)
		return err
	})
	return hash, err
}
