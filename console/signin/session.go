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
	sessionSince      = "since" // in Unix seconds, as are the next two
	sessionSeen       = "seen"
	sessionFresh      = "fresh" // when the person gave a password, or the identity provider asked for one
	sessionAddress    = "address"
	sessionBrowser    = "browser"
	sessionRevealed   = "revealed"
)

const (
	// seenEvery is how often a session's last sign of life, and the last use of a token, are written: not with every request.
	seenEvery = time.Minute
	// maxRevealed bounds how many revealed calls and accounts a session remembers.
	maxRevealed = 100
	// FreshFor is how long after it a sign-in is as good as a password.
	FreshFor = 5 * time.Minute
)

// newSessions returns the manager of all people's sessions.
func newSessions(d Deps) *scs.SessionManager {
	m := scs.New()
	m.Codec = codec
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
// (ErrIdle), with all others of the user, because the user is disabled, or, for a request that goes on for long, because the session was ended
// meanwhile. An active request is a sign of life.
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
	if !active {
		return user, s.goesOn(ctx, now)
	}
	if now.Sub(seen) >= min(seenEvery, s.deps.Settings.Idle/2) {
		s.sessions.Put(ctx, sessionSeen, now.Unix())
	}
	return user, nil
}

// goesOn returns ErrSignedOut if the session was ended since the request began.
func (s *Service) goesOn(ctx context.Context, now time.Time) error {
	_, found, err := s.deps.Sessions.Session(ctx, s.sessionKey(ctx), now)
	if err == nil && !found {
		err = ErrSignedOut
	}
	return err
}

// Entry is a sign-in that succeeded.
type Entry struct {
	User    users.User
	Address string    // from which it came
	How     string    // follows the address in the audit
	At      time.Time // when the person gave a password, or the identity provider asked for one; zero if it may not have
}

// Start begins a user's session under a new token, so that one which somebody knew before is worth nothing. The audit is written first. A browser
// in which a password was typed is known from then on.
func (s *Service) Start(w http.ResponseWriter, r *http.Request, e Entry, now time.Time) error {
	ctx, user := r.Context(), e.User
	entry := users.AuditEntry{At: now, By: user.Name, Act: users.ActSignIn, Subject: user.Name, Detail: "from " + e.Address + e.How}
	if err := s.deps.Audit.Note(ctx, entry); err != nil {
		return err
	}
	if err := errors.Join(s.sessions.Clear(ctx), s.sessions.RenewToken(ctx)); err != nil {
		return err
	}
	s.sessions.Put(ctx, sessionUser, user.Name)
	s.sessions.Put(ctx, sessionGeneration, user.Generation)
	s.sessions.Put(ctx, sessionSince, now.Unix())
	s.sessions.Put(ctx, sessionSeen, now.Unix())
	s.sessions.Put(ctx, sessionFresh, e.At.Unix())
	s.sessions.Put(ctx, sessionAddress, e.Address)
	s.sessions.Put(ctx, sessionBrowser, browser(r.UserAgent()))
	if user.Password != "" {
		s.remember(w, r, user, now)
	}
	_, _, err := s.sessions.Commit(context.WithValue(ctx, starting{}, true))
	return err
}

// starting marks the context in which a session is written for the first time.
type starting struct{}

// IsFresh reports whether the person was asked to sign in within FreshFor. One whom the identity provider let in without asking was not.
func (s *Service) IsFresh(ctx context.Context, now time.Time) bool {
	return now.Sub(time.Unix(s.sessions.GetInt64(ctx, sessionFresh), 0)) <= FreshFor
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

// codec is how the session manager writes the values of a session.
var codec scs.GobCodec

// listed returns what its user sees of a session with some data.
func listed(key string, data []byte, ends time.Time) (users.Session, error) {
	_, values, err := codec.Decode(data)
	if err != nil {
		return users.Session{}, err
	}
	text := func(name string) string { found, _ := values[name].(string); return found }
	at := func(name string) time.Time { found, _ := values[name].(int64); return time.Unix(found, 0).UTC() }
	generation, _ := values[sessionGeneration].(int)
	return users.Session{
		Key: key, User: text(sessionUser), Generation: generation, Since: at(sessionSince), Seen: at(sessionSeen), Ends: ends,
		Address: text(sessionAddress), Browser: text(sessionBrowser),
	}, nil
}

// FindCtx returns a session's data.
func (s sessionStore) FindCtx(ctx context.Context, key string) ([]byte, bool, error) {
	return s.Sessions.Session(ctx, key, s.Now())
}

// CommitCtx writes a session's data, unless the session was ended meanwhile. It never fails: a lost sign of life is not worth a refused page, and
// what matters more was noted in the audit first.
func (s sessionStore) CommitCtx(ctx context.Context, key string, data []byte, ends time.Time) error {
	session, err := listed(key, data, s.Now().Add(time.Until(ends)).UTC())
	switch {
	case err != nil:
	case ctx.Value(starting{}) != nil:
		err = s.Sessions.StartSession(ctx, session, data)
	default:
		err = s.Sessions.PutSession(ctx, session, data)
	}
	if err != nil {
		s.Logger.Error("session not written", zap.Error(err))
	}
	return nil
}

// DeleteCtx removes a session.
func (s sessionStore) DeleteCtx(ctx context.Context, key string) error {
	return s.Sessions.RemoveSession(ctx, key)
}
