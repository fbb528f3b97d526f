package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/officernd/supportline/policy/users"
)

// The rate of one token. A program that reads page after page stays far below it, and one that runs wild leaves the machine to the calls.
const (
	tokenRate  = 20 // requests a second
	tokenBurst = 60
)

// NewToken returns the secret of a new token. It is shown once; only users.HashToken of it is kept.
func NewToken() string { return users.TokenPrefix + rand.Text() }

// The rate at which wrong tokens are counted, wherever they come from. Each is written to the store, which has calls to write. Beyond it they are
// refused uncounted.
const (
	wrongRate  = 20 // a second
	wrongBurst = 100
)

// maxRates is how many tokens have a rate in memory.
const maxRates = 10_000

// tokens limits what programs may ask.
type tokens struct {
	wrong *rate.Limiter
	mu    sync.Mutex
	rates map[string]*rate.Limiter // by user and name
}

func newTokens() *tokens {
	return &tokens{wrong: rate.NewLimiter(wrongRate, wrongBurst), rates: map[string]*rate.Limiter{}}
}

// Bearer returns the user and the token of a request from an address, by its Authorization header. The error is users.ErrTokenMissing,
// ErrTokenUnknown, ErrTokenExpired, ErrTokenSuspended or ErrUserDisabled, Throttled with users.ErrManyWrongTokens or ErrManyRequests, or internal.
func (s *Service) Bearer(ctx context.Context, header, address string, now time.Time) (users.User, users.Token, error) {
	user, token, err := s.holder(ctx, header, now)
	switch {
	case errors.Is(err, users.ErrTokenUnknown):
		return user, token, s.wrongToken(ctx, address, now)
	case errors.Is(err, users.ErrUserDisabled), errors.Is(err, users.ErrTokenExpired), errors.Is(err, users.ErrTokenSuspended):
		s.deps.Logger.Warn("token refused", zap.String("user", user.Name), zap.String("token", token.Name), zap.Error(err))
		return user, token, err
	case err != nil:
		return user, token, err
	}
	if wait := s.tokens.pause(token, now); wait > 0 {
		return user, token, Throttled{users.ErrManyRequests, wait}
	}
	if now.Sub(token.UsedAt) >= seenEvery {
		if err := s.deps.Tokens.UseToken(ctx, token.User, token.Name, now); err != nil { // it is only for the person's list
			s.deps.Logger.Error("use of a token not written", zap.Error(err))
		}
	}
	return user, token, nil
}

// wrongToken counts a wrong token from an address, and returns why it is refused. Right tokens are let in meanwhile: nobody guesses one, and a whole
// office may share the address.
func (s *Service) wrongToken(ctx context.Context, address string, now time.Time) error {
	if !s.tokens.wrong.AllowN(now, 1) {
		return Throttled{users.ErrManyWrongTokens, time.Second}
	}
	failed := s.take(ctx, users.ErrManyWrongTokens, now, users.ByTokenAddress(network(address)))
	if errors.Is(failed, users.ErrManyWrongTokens) {
		return failed
	}
	s.deps.Logger.Warn("token refused: unknown", zap.String("address", address), zap.NamedError("uncounted", failed))
	return users.ErrTokenUnknown
}

// holder returns whose token a header brings.
func (s *Service) holder(ctx context.Context, header string, now time.Time) (users.User, users.Token, error) {
	kind, secret, _ := strings.Cut(header, " ")
	if secret = strings.TrimSpace(secret); !strings.EqualFold(kind, "Bearer") || secret == "" {
		return users.User{}, users.Token{}, users.ErrTokenMissing
	}
	if !strings.HasPrefix(secret, users.TokenPrefix) {
		return users.User{}, users.Token{}, users.ErrTokenUnknown
	}
	token, err := s.deps.Tokens.Token(ctx, users.HashToken(secret))
	if errors.Is(err, users.ErrNoToken) {
		err = users.ErrTokenUnknown
	}
	if err != nil {
		return users.User{}, users.Token{}, err
	}
	user, err := s.deps.Users.User(ctx, token.User)
	switch {
	case errors.Is(err, users.ErrNoUser):
		err = users.ErrTokenUnknown
	case err == nil && user.Disabled():
		err = users.ErrUserDisabled
	case err == nil && token.Over(now):
		err = users.ErrTokenExpired
	case err == nil:
		user, err = s.vouched(ctx, user, now)
	}
	return user, token, err
}

// vouched returns the user, unless the user's tokens are suspended. For a user whom an older version knew, which kept no sign-in at the identity
// provider, the time begins with the first token that is used.
func (s *Service) vouched(ctx context.Context, user users.User, now time.Time) (users.User, error) {
	if user.Subject != "" && user.VouchedAt.IsZero() && user.UnvouchedAt.IsZero() {
		return s.deps.Users.ChangeUser(ctx, user.Name, users.Vouched(now))
	}
	return user, user.Suspended(now)
}

// pause returns how long a token has to wait before its next request; 0 means not at all.
func (t *tokens) pause(token users.Token, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := token.User + "/" + token.Name
	limit := t.rates[key]
	if limit == nil {
		if len(t.rates) >= maxRates { // of tokens that were revoked, by now
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
