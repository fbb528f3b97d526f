package console

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/officernd/supportline/policy/users"
)

// How much one token may ask for. A program that reads page after page comes nowhere near it, and one that runs wild leaves the machine to
// the calls.
const (
	tokenRate  = 20 // requests a second
	tokenBurst = 60
)

// NewToken makes the secret of a token. It is shown once; what is kept of it is users.HashToken.
func NewToken() string { return users.TokenPrefix + rand.Text() }

// tokens lets programs in by their tokens. Its own guesses count wrong ones: a program's old token must not keep people from signing in.
type tokens struct {
	wrong *guesses
	mu    sync.Mutex
	rates map[string]*rate.Limiter // by user and name
}

func newTokens() *tokens { return &tokens{wrong: newGuesses(), rates: map[string]*rate.Limiter{}} }

// holder is whose token a request brings. errNoToken: it brings none; errWrongToken: it was revoked, or is nobody's; errTokenOver: its time is
// over; errShutOut: its user was shut out.
func (s *site) holder(ctx context.Context, header string, now time.Time) (users.User, users.Token, error) {
	kind, secret, _ := strings.Cut(header, " ")
	if secret = strings.TrimSpace(secret); !strings.EqualFold(kind, "Bearer") || secret == "" {
		return users.User{}, users.Token{}, errNoToken
	}
	if !strings.HasPrefix(secret, users.TokenPrefix) {
		return users.User{}, users.Token{}, errWrongToken
	}
	token, err := s.Tokens.Token(ctx, users.HashToken(secret))
	if errors.Is(err, users.ErrNoToken) {
		return users.User{}, users.Token{}, errWrongToken
	}
	if err != nil {
		return users.User{}, users.Token{}, err
	}
	user, err := s.Users.User(ctx, token.User)
	switch {
	case errors.Is(err, users.ErrNoUser):
		return user, token, errWrongToken
	case err == nil && user.Disabled():
		return user, token, errShutOut
	case err == nil && token.Over(now):
		return user, token, errTokenOver
	}
	return user, token, err
}

// used keeps when a token was last used, to a minute. A store that cannot be written refuses nothing: it is only for the person's list.
func (s *site) used(ctx context.Context, t users.Token, now time.Time) error {
	if now.Sub(t.UsedAt) < seenEvery {
		return nil
	}
	return s.Tokens.UseToken(ctx, t.User, t.Name, now)
}

// pause is how long a token has to wait before its next request; 0: go on.
func (t *tokens) pause(token users.Token, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := token.User + "/" + token.Name
	limit := t.rates[key]
	if limit == nil {
		if len(t.rates) >= maxGuessers { // of tokens that were revoked, by now
			clear(t.rates)
		}
		limit = rate.NewLimiter(tokenRate, tokenBurst)
		t.rates[key] = limit
	}
	if limit.AllowN(now, 1) {
		return 0
	}
	return time.Second
}

// missed counts a wrong token, and says how long its address has to wait for another answer than that; 0: it may try again. Right tokens are let
// in from there all the same: nobody guesses one, and behind an address there may be a whole office.
func (t *tokens) missed(address string, now time.Time) time.Duration {
	if wait := t.wrong.pauseFrom(address, now); wait > 0 {
		return wait
	}
	t.wrong.missedFrom(address, now)
	return 0
}
