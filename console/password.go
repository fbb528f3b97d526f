package console

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/officernd/supportline/policy/users"
)

// hashing costs 19 MB and some 20 ms, the least that OWASP recommends: enough to make guessing from a stolen file dear, and little enough
// for a machine that answers calls meanwhile.
var hashing = &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashWithin is how long somebody waits for their turn.
const hashWithin = 5 * time.Second

// HashPassword makes what is kept of a user's new password. users.ErrPassword says what is wrong with the password.
func HashPassword(name, password string) (string, error) {
	if err := users.CheckPassword(name, password); err != nil {
		return "", err
	}
	hash, err := argon2id.CreateHash(password, hashing)
	if err != nil {
		return "", fmt.Errorf("the password of %s could not be hashed: %w", name, err)
	}
	return hash, nil
}

// passwords compares passwords, one at a time, so that a crowd at the sign-in takes neither memory nor processors from the calls.
type passwords struct {
	turn chan struct{}
	// dummy is the hash that an unknown name is compared with, so that it takes as long as a known one. It is made once, when it is needed.
	dummy func() (string, error)
}

func newPasswords() *passwords {
	dummy := func() (string, error) { return argon2id.CreateHash(rand.Text(), hashing) }
	return &passwords{turn: make(chan struct{}, 1), dummy: sync.OnceValues(dummy)}
}

// right says whether a password is a user's own. hash is empty for a user who has none, or is not there: that takes as long, and is false.
// errBusy where too many others wait.
func (p *passwords) right(ctx context.Context, password, hash string) (bool, error) {
	known := hash != ""
	var right bool
	err := p.inTurn(ctx, func() (err error) {
		if !known {
			if hash, err = p.dummy(); err != nil {
				return err
			}
		}
		right, err = argon2id.ComparePasswordAndHash(password, hash)
		return err
	})
	return right && known, err
}

// hash is HashPassword in turn.
func (p *passwords) hash(ctx context.Context, name, password string) (hash string, err error) {
	err = p.inTurn(ctx, func() (err error) {
		hash, err = HashPassword(name, password)
		return err
	})
	return hash, err
}

func (p *passwords) inTurn(ctx context.Context, work func() error) error {
	ctx, cancel := context.WithTimeout(ctx, hashWithin)
	defer cancel()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
		return work()
	case <-ctx.Done():
		return errBusy
	}
}
