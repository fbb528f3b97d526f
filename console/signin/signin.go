package signin

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"go.uber.org/zap"

	"github.com/officernd/supportline/policy/users"
)

// The reasons for which nobody is signed in.
var (
	ErrSignedOut     = errors.New("not signed in")
	ErrIdle          = fmt.Errorf("%w: the session was idle", ErrSignedOut)
	ErrWrongPassword = errors.New("name and password do not match")
	ErrNoPassword    = errors.New("the user has no password here")
	ErrBusy          = errors.New("too many sign-ins at once")
	ErrNotFresh      = errors.New("the sign-in was too long ago")
	ErrNoSession     = errors.New("no such session")
)

// Settings are the company's decisions about signing in, checked.
type Settings struct {
	// URL is where people reach the console through a proxy with TLS: https, no trailing slash, no path. Empty means direct, over plain http.
	URL string
	// Proxies are the addresses whose word is taken about where a visitor comes from, in the header X-Forwarded-For.
	Proxies []netip.Prefix
	Idle    time.Duration // after which a session without a page ends
	Session time.Duration // after which every session ends
	SSO     SSO
}

// secure reports whether cookies travel over TLS only.
func (s Settings) secure() bool { return strings.HasPrefix(s.URL, "https://") }

// SSO is single sign-on with an OpenID Connect provider. Without an Issuer there is none. Printing it leaves the secret out.
type SSO struct {
	Issuer       string // the provider's address, exactly as it calls itself
	ClientID     string
	ClientSecret string `json:"-"`
	RoleClaim    string // the claim that names a person's groups; dots lead to a claim within another
	// Roles map a group to a role; names are compared by GroupKey. A person has the highest role of their groups, and cannot sign in without one.
	Roles map[string]users.Role
}

// String returns the issuer, so that logs do not hold the secret.
func (s SSO) String() string { return s.Issuer }

// GoString returns the same as String, so that %#v does not print the secret either.
func (s SSO) GoString() string { return s.String() }

// Users are the people who may sign in. Errors are users.ErrNoUser, ErrUserExists and ErrUserName, or internal.
type Users interface {
	User(ctx context.Context, name string) (users.User, error)
	Users(ctx context.Context) iter.Seq2[users.User, error]
	AddUser(ctx context.Context, user users.User, by string) error
	// ChangeUser changes a user and notes it in the audit.
	ChangeUser(ctx context.Context, name string, change users.Change) (users.User, error)
}

// Sessions keep who is signed in, each session under the hash of its token, which browsers people signed in with before, and who tries to.
type Sessions interface {
	// Session returns what was kept, unless it is over at now.
	Session(ctx context.Context, key string, now time.Time) (data []byte, found bool, err error)
	// StartSession keeps a new session until its end, with what its user sees of it.
	StartSession(ctx context.Context, session users.Session, data []byte) error
	// PutSession keeps what is new in a session. One that was removed meanwhile stays removed.
	PutSession(ctx context.Context, session users.Session, data []byte) error
	RemoveSession(ctx context.Context, key string) error
	// SessionsOf returns a user's sessions that are not over at now, the one with the latest sign of life first.
	SessionsOf(ctx context.Context, user string, now time.Time) ([]users.Session, error)
	Devices
	Tries
}

// Tokens are the tokens of programs.
type Tokens interface {
	// Token returns the token whose secret has a hash, expired ones too. The error is users.ErrNoToken, or internal.
	Token(ctx context.Context, hash string) (users.Token, error)
	// UseToken keeps when a token was last used.
	UseToken(ctx context.Context, user, name string, at time.Time) error
}

// Audit notes what people did.
type Audit interface {
	Note(ctx context.Context, e users.AuditEntry) error
}

// Deps are the dependencies of a Service. All fields must be set.
type Deps struct {
	Settings Settings
	Users    Users
	Sessions Sessions
	Tokens   Tokens
	Audit    Audit
	Now      func() time.Time // the clock by which sessions expire
	Logger   *zap.Logger
}

// Service signs people and programs in.
type Service struct {
	deps      Deps
	sessions  *scs.SessionManager
	passwords *passwords
	tokens    *tokens
	provider  *provider
	unnamed   sync.Once // an address that may be a proxy's was logged
}

// New returns a service.
func New(d Deps) *Service {
	return &Service{deps: d, sessions: newSessions(d), passwords: newPasswords(), tokens: newTokens(), provider: newProvider(d.Settings)}
}

// Throttled is returned to somebody who has to wait, after too many wrong guesses or too many requests.
type Throttled struct {
	Err  error // what there was too much of
	Wait time.Duration
}

// Error returns the reason.
func (t Throttled) Error() string { return t.Err.Error() }

// Unwrap returns the reason.
func (t Throttled) Unwrap() error { return t.Err }

// RetryAfter returns how long to wait.
func (t Throttled) RetryAfter() time.Duration { return t.Wait }
