package signin

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

// The values of a session.
const (
	sessionUser       = "user"
	sessionGeneration = "generation"
	sessionSince      = "since" // in Unix seconds, as is the next
	sessionSeen       = "seen"
	sessionRevealed   = "revealed"
)

const (
	// seenEvery is how often a session's last sign of life, and the last use of a token, are written: not with every request.
	seenEvery = time.Minute
	// maxRevealed bounds how many revealed calls and accounts a session remembers.
	maxRevealed = 100
)

// newSessions returns the manager of all people's sessions.
func newSessions(d Deps) *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{Deps: d}
	m.HashTokenInStore = true
	m.Lifetime = d.Settings.Session
	m.Cookie.Name = "supportline"
	m.Cookie.Persist = false
	m.Cookie.Secure = d.Settings.secure()
	if m.Cookie.Secure {
		m.Cookie.Name = "__Host-supportline" // browsers let only this host set it, over TLS
	}
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		d.Logger.Error("session not read or ended", zap.Error(err))
		http.Error(w, "The sessions cannot be read or written. The server's log says why.", http.StatusServiceUnavailable)
	}
	return m
}

// LoadAndSave returns a handler in which a request's session can be read and changed.
func (s *Service) LoadAndSave(next http.Handler) http.Handler { return s.sessions.LoadAndSave(next) }

// User returns the user of the request's session. The error is ErrSignedOut if there is none or it is over: at its end, after too long a pause
// (ErrIdle), with all others of the user, or because the user is disabled. An active request is a sign of life.
func (s *Service) User(ctx context.Context, now time.Time, active bool) (users.User, error) {
	name := s.sessions.GetString(ctx, sessionUser)
	if name == "" {
		return users.User{}, ErrSignedOut
	}
	seen := time.Unix(s.sessions.GetInt64(ctx, sessionSeen), 0)
	if now.Sub(time.Unix(s.sessions.GetInt64(ctx, sessionSince), 0)) >= s.deps.Settings.Session {
		return users.User{}, errors.Join(ErrSignedOut, s.sessions.Destroy(ctx))
	}
	if now.Sub(seen) > s.deps.Settings.Idle {
		return users.User{}, errors.Join(ErrIdle, s.sessions.Destroy(ctx))
	}
	user, err := s.deps.Users.User(ctx, name)
	switch {
	case errors.Is(err, users.ErrNoUser), err == nil && (user.Disabled() || user.Generation != s.sessions.GetInt(ctx, sessionGeneration)):
		return users.User{}, errors.Join(ErrSignedOut, s.sessions.Destroy(ctx))
	case err != nil:
		return users.User{}, err
	}
	if active && now.Sub(seen) >= min(seenEvery, s.deps.Settings.Idle/2) {
		s.sessions.Put(ctx, sessionSeen, now.Unix())
	}
	return user, nil
}

// Start begins a user's session under a new token, so that one which somebody knew before is worth nothing. from goes into the audit, which is
// written first.
func (s *Service) Start(ctx context.Context, user users.User, from string, now time.Time) error {
	if err := s.deps.Audit.Note(ctx, users.AuditEntry{At: now, By: user.Name, Act: users.ActSignIn, Subject: user.Name, Detail: from}); err != nil {
		return err
	}
	if err := s.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, sessionUser, user.Name)
	s.sessions.Put(ctx, sessionGeneration, user.Generation)
	s.sessions.Put(ctx, sessionSince, now.Unix())
	s.sessions.Put(ctx, sessionSeen, now.Unix())
	return nil
}

// SignOut ends the user's session.
func (s *Service) SignOut(ctx context.Context, user users.User, now time.Time) error {
	if err := s.deps.Audit.Note(ctx, users.AuditEntry{At: now, By: user.Name, Act: users.ActSignOut, Subject: user.Name}); err != nil {
		return err
	}
	return s.sessions.Destroy(ctx)
}

// SignOutEverywhere ends all sessions of the user, this one too.
func (s *Service) SignOutEverywhere(ctx context.Context, user users.User, now time.Time) error {
	if _, err := s.deps.Users.ChangeUser(ctx, user.Name, users.SignedOutEverywhere(user.Name, now)); err != nil {
		return err
	}
	return s.sessions.Destroy(ctx)
}

// Reveal remembers that something is shown in full for the rest of the session.
func (s *Service) Reveal(ctx context.Context, what string) {
	known := slices.Clone(s.revealed(ctx))
	if !slices.Contains(known, what) {
		known = append(known, what)
	}
	s.sessions.Put(ctx, sessionRevealed, known[max(0, len(known)-maxRevealed):])
}

// IsRevealed reports whether something was revealed in the session.
func (s *Service) IsRevealed(ctx context.Context, what string) bool {
	return slices.Contains(s.revealed(ctx), what)
}

func (s *Service) revealed(ctx context.Context) []string {
	known, _ := s.sessions.Get(ctx, sessionRevealed).([]string)
	return known
}

// sessionStore adapts Sessions to the session manager. The manager goes by the machine's clock, and sessions expire by Deps.Now. It requires the
// methods of scs.Store too, and never calls them.
type sessionStore struct {
	scs.Store
	Deps
}

// FindCtx returns a session's data.
func (s sessionStore) FindCtx(ctx context.Context, key string) ([]byte, bool, error) {
	return s.Sessions.Session(ctx, key, s.Now())
}

// CommitCtx writes a session's data. It never fails: a lost sign of life is not worth a refused page, and what matters more was noted in the
// audit first.
func (s sessionStore) CommitCtx(ctx context.Context, key string, data []byte, ends time.Time) error {
	if err := s.Sessions.PutSession(ctx, key, data, s.Now().Add(time.Until(ends))); err != nil {
		s.Logger.Error("session not written", zap.Error(err))
	}
	return nil
}

// DeleteCtx removes a session.
func (s sessionStore) DeleteCtx(ctx context.Context, key string) error {
	return s.Sessions.RemoveSession(ctx, key)
}
