package signin

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/oauth2"

	"github.com/officernd/supportline/policy/users"
)

// BackPath is the path of the console to which the identity provider sends people back.
const BackPath = "/signin/sso/back"

// attemptSeconds is how long a person may take at the provider.
const attemptSeconds = 10 * 60

// attempt is one sign-in under way. It is kept in a cookie of the browser that began it, and nowhere else.
type attempt struct {
	state, nonce, verifier, next string
	again                        bool // the provider asks even whom it knows
	withoutGroups                bool // the scope groups is not asked for
}

// The endings of an attempt's text, in this order.
const (
	again         = ".again"
	withoutGroups = ".without-groups"
)

// String returns the attempt as parseAttempt reads it.
func (a attempt) String() string {
	text := strings.Join([]string{a.state, a.nonce, a.verifier, base64.RawURLEncoding.EncodeToString([]byte(a.next))}, ".")
	if a.again {
		text += again
	}
	if a.withoutGroups {
		text += withoutGroups
	}
	return text
}

func parseAttempt(text string) (attempt, error) {
	text, without := strings.CutSuffix(text, withoutGroups)
	text, asked := strings.CutSuffix(text, again)
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return attempt{}, ErrStale
	}
	next, err := base64.RawURLEncoding.DecodeString(parts[3])
	if err != nil {
		return attempt{}, ErrStale
	}
	return attempt{parts[0], parts[1], parts[2], string(next), asked, without}, nil
}

// cookie returns a cookie that holds an attempt, or removes it if value is empty. The provider sends the browser back by a link, which needs
// SameSite=Lax.
func (s *Service) cookie(value string) *http.Cookie {
	name, age := "supportline-sso", attemptSeconds
	secure := s.deps.Settings.secure()
	if secure {
		name = "__Host-" + name
	}
	if value == "" {
		age = -1
	}
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode}
}

// HasProvider reports whether people can sign in at an identity provider.
func (s *Service) HasProvider() bool { return s.deps.Settings.SSO.Issuer != "" }

// ToProvider returns the address at which a person signs in, and sets the cookie with which FromProvider takes them back. next is returned there.
// With again the provider asks the person anew, even if it knows the browser. The error is ErrProvider, ErrProviderAddress or ErrProviderAnswer.
func (s *Service) ToProvider(ctx context.Context, w http.ResponseWriter, next string, again bool) (address string, err error) {
	return s.toProvider(ctx, w, attempt{next: next, again: again})
}

func (s *Service) toProvider(ctx context.Context, w http.ResponseWriter, a attempt) (address string, err error) {
	a.state, a.nonce, a.verifier = rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	if address, err = s.provider.address(ctx, a); err != nil {
		return "", s.unsigned(ctx, identity{}, err, "", time.Time{})
	}
	http.SetCookie(w, s.cookie(a.String()))
	return address, nil
}

// Onward is returned for a sign-in that goes on at the provider.
type Onward struct{ Address string }

// Error returns what becomes of the sign-in.
func (Onward) Error() string { return "the sign-in goes on at the identity provider" }

// FromProvider returns the sign-in of a user for whom the provider vouches, and the next of ToProvider. A person who comes for the first time
// becomes a user. The error is Onward, one of those about the provider or the person, or internal. from is the person's address, for the audit.
func (s *Service) FromProvider(w http.ResponseWriter, r *http.Request, from string, now time.Time) (in Entry, next string, err error) {
	cookie, err := r.Cookie(s.cookie("").Name)
	if err != nil {
		return in, "", ErrStale
	}
	http.SetCookie(w, s.cookie(""))
	back := r.URL.Query()
	begun, err := parseAttempt(cookie.Value)
	if err != nil || subtle.ConstantTimeCompare([]byte(begun.state), []byte(back.Get("state"))) != 1 {
		return in, "", ErrStale
	}
	var who identity
	switch code := back.Get("error"); {
	case code == "invalid_scope" && !begun.withoutGroups: // some list the scope groups, and refuse it to this application
		begun.withoutGroups = true
		address, err := s.toProvider(r.Context(), w, begun)
		return in, "", cmp.Or(err, error(Onward{address}))
	case code != "":
		err = codeFailed(code)
	default:
		who, err = s.provider.identity(r.Context(), begun, back, now)
	}
	var user users.User
	if err == nil {
		user, err = s.known(r.Context(), who, now)
	}
	if err != nil {
		return in, "", s.unsigned(r.Context(), who, err, from, now)
	}
	return Entry{user, from, ", by the identity provider", who.asked(begun.again, now)}, begun.next, nil
}

// unsigned logs why a sign-in led nowhere, with the shape of the claims if there were any, and returns the error. What is about the person is in the
// audit too.
func (s *Service) unsigned(ctx context.Context, who identity, err error, from string, now time.Time) error {
	fields := []zap.Field{
		zap.Error(err), zap.String("role_claim", s.deps.Settings.SSO.RoleClaim), zap.Int("groups", len(who.groups)), zap.Strings("claims", who.shape),
	}
	if !slices.ContainsFunc(people, func(kind error) bool { return errors.Is(err, kind) }) {
		s.deps.Logger.Error("no sign-in at the identity provider", fields...)
		return err
	}
	s.deps.Logger.Warn("person from the identity provider refused", fields...)
	entry := users.AuditEntry{At: now, By: "(unknown)", Act: users.ActSignInRefuse, Detail: err.Error() + ", from " + from}
	return errors.Join(err, s.deps.Audit.Note(ctx, entry))
}

// known returns the user of an identity, with the role that its groups have now. A person who comes for the first time becomes a user. Nobody
// becomes a user that was made otherwise by having the same name.
func (s *Service) known(ctx context.Context, who identity, now time.Time) (users.User, error) {
	role, ok := s.provider.granted.best(who.groups)
	user, err := s.bySubject(ctx, who.subject)
	switch {
	case !ok:
		return users.User{}, errors.Join(s.provider.noRole(who), s.suspend(ctx, user, err, now))
	case errors.Is(err, users.ErrNoUser) && who.name == "":
		return users.User{}, who.nameErr
	case errors.Is(err, users.ErrNoUser):
		user = users.User{Name: who.name, Role: role, Subject: who.subject, CreatedAt: now, VouchedAt: now}
		if err = s.deps.Users.AddUser(ctx, user, "sso"); errors.Is(err, users.ErrExists) {
			err = ErrOtherUser
		}
		return user, err
	case err != nil:
		return users.User{}, err
	case user.Disabled():
		return users.User{}, ErrDisabled
	}
	if user.Role != role {
		if _, err := s.deps.Users.ChangeUser(ctx, user.Name, users.WithRole(role, "sso", now)); err != nil {
			return users.User{}, err
		}
	}
	return s.deps.Users.ChangeUser(ctx, user.Name, users.Vouched(now))
}

// suspend suspends the tokens of a user who was looked for, and has no role any more.
func (s *Service) suspend(ctx context.Context, user users.User, found error, now time.Time) error {
	if errors.Is(found, users.ErrNoUser) {
		return nil
	}
	if found != nil {
		return found
	}
	_, err := s.deps.Users.ChangeUser(ctx, user.Name, users.Unvouched("sso", now))
	return err
}

// bySubject looks through all users: there are few, and it is done on sign-ins only.
func (s *Service) bySubject(ctx context.Context, subject string) (users.User, error) {
	for u, err := range s.deps.Users.Users(ctx) {
		if err != nil {
			return users.User{}, err
		}
		if u.Subject == subject {
			return u, nil
		}
	}
	return users.User{}, users.ErrNoUser
}

// noRole returns why a person has no role: ErrNoGroups or ErrNoRole, with the claim and how many groups are in it.
func (p *provider) noRole(who identity) error {
	switch n := len(who.groups); {
	case n == 0 && who.keptElsewhere:
		return fmt.Errorf("%w in the claim %q: the provider left them out, as some do with more than a token holds", ErrNoGroups, p.settings.RoleClaim)
	case n == 0:
		return fmt.Errorf("%w in the claim %q", ErrNoGroups, p.settings.RoleClaim)
	case n == 1:
		return fmt.Errorf("%w: the one in the claim %q is not in console.sso.roles", ErrNoRole, p.settings.RoleClaim)
	default:
		return fmt.Errorf("%w: none of the %d in the claim %q is in console.sso.roles", ErrNoRole, n, p.settings.RoleClaim)
	}
}
