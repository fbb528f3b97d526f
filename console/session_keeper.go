package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/alexedwards/scs/v2"
	"go.uber.org/zap"

	"github.com/officernd/supportline/policy/users"
)

// What a session holds.
const (
	sessionUser       = "user"
	sessionGeneration = "generation"
	sessionSince      = "since" // seconds since 1970, as is the next
	sessionSeen       = "seen"
	sessionRevealed   = "revealed"
)

const (
	// seenEvery is how often a session's last sign of life is written. Each page would cost a write otherwise.
	seenEvery = time.Minute
	// maxRevealed bounds how many calls' and accounts' numbers a session remembers to show.
	maxRevealed = 100
)

// sessions are who is signed in.
type sessions struct {
	*scs.SessionManager
	idle, lasts time.Duration
}

func newSessions(d Deps) *sessions {
	m := scs.New()
	m.Store = sessionStore{d}
	m.HashTokenInStore = true
	m.Lifetime = d.Settings.Session
	m.Cookie.Name = "supportline"
	m.Cookie.Persist = false
	m.Cookie.Secure = d.Settings.secure()
	if m.Cookie.Secure {
		m.Cookie.Name = "__Host-supportline" // browsers let nothing but this very host set it, over TLS
	}
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		d.Logger.Error("a session could not be read or ended", zap.Error(err))
		http.Error(w, "The store of the sessions cannot be read or written. The server's log says why.", http.StatusServiceUnavailable)
	}
	return &sessions{m, d.Settings.Idle, d.Settings.Session}
}

// user is whose session it is. errSignedOut: nobody's, or it is over: at its end, idle for too long (errIdle), ended together with all others of the user,
// or the user was shut out. active says that the request is a sign of life.
func (s *sessions) user(ctx context.Context, people Users, now time.Time, active bool) (users.User, error) {
	name := s.GetString(ctx, sessionUser)
	if name == "" {
		return users.User{}, errSignedOut
	}
	seen := time.Unix(s.GetInt64(ctx, sessionSeen), 0)
	if now.Sub(time.Unix(s.GetInt64(ctx, sessionSince), 0)) >= s.lasts {
		return users.User{}, errors.Join(errSignedOut, s.Destroy(ctx))
	}
	if now.Sub(seen) > s.idle {
		return users.User{}, errors.Join(errIdle, s.Destroy(ctx))
	}
	user, err := people.User(ctx, name)
	switch {
	case errors.Is(err, users.ErrNoUser), err == nil && (user.Disabled() || user.Generation != s.GetInt(ctx, sessionGeneration)):
		return users.User{}, errors.Join(errSignedOut, s.Destroy(ctx))
	case err != nil:
		return users.User{}, err
	}
	if active && now.Sub(seen) >= min(seenEvery, s.idle/2) {
		s.Put(ctx, sessionSeen, now.Unix())
	}
	return user, nil
}

// start signs a user in, under a new token.
func (s *sessions) start(ctx context.Context, user users.User, now time.Time) error {
	if err := s.Clear(ctx); err != nil {
		return err
	}
	if err := s.RenewToken(ctx); err != nil {
		return err
	}
	s.Put(ctx, sessionUser, user.Name)
	s.Put(ctx, sessionGeneration, user.Generation)
	s.Put(ctx, sessionSince, now.Unix())
	s.Put(ctx, sessionSeen, now.Unix())
	return nil
}

// reveal remembers that the numbers of a call, or of an account, are shown in this session.
func (s *sessions) reveal(ctx context.Context, what string) {
	known := s.revealed(ctx)
	if !slices.Contains(known, what) {
		known = append(known, what)
	}
	s.Put(ctx, sessionRevealed, known[max(0, len(known)-maxRevealed):])
}

func (s *sessions) revealed(ctx context.Context) []string {
	known, _ := s.Get(ctx, sessionRevealed).([]string)
	return slices.Clone(known)
}

// sessionStore is the console's sessions as the session manager uses them. The manager reckons on the machine's clock, and the console on its
// own.
type sessionStore struct{ Deps }

// FindCtx is the manager's.
func (s sessionStore) FindCtx(ctx context.Context, key string) ([]byte, bool, error) {
	return s.Sessions.Session(ctx, key, s.Now())
}

// CommitCtx never fails: what is written here, the last sign of life, is not worth a page, and whatever is worth more is in the audit before,
// which failed already then.
func (s sessionStore) CommitCtx(ctx context.Context, key string, data []byte, ends time.Time) error {
	if err := s.Sessions.PutSession(ctx, key, data, s.Now().Add(time.Until(ends))); err != nil {
		s.Logger.Error("a session could not be written", zap.Error(err))
	}
	return nil
}

// DeleteCtx is the manager's.
func (s sessionStore) DeleteCtx(ctx context.Context, key string) error {
	return s.Sessions.RemoveSession(ctx, key)
}

// Find is FindCtx for a manager without a context; ours always has one.
func (s sessionStore) Find(key string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), key)
}

// Commit is CommitCtx for a manager without a context.
func (s sessionStore) Commit(key string, data []byte, ends time.Time) error {
	return s.CommitCtx(context.Background(), key, data, ends)
}

// Delete is DeleteCtx for a manager without a context.
func (s sessionStore) Delete(key string) error { return s.DeleteCtx(context.Background(), key) }
