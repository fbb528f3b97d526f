package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
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
type attempt struct{ state, nonce, verifier, next string }

// String returns the attempt as ParseAttempt reads it.
func (a attempt) String() string {
	return strings.Join([]string{a.state, a.nonce, a.verifier, base64.RawURLEncoding.EncodeToString([]byte(a.next))}, ".")
}

func parseAttempt(text string) (attempt, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return attempt{}, ErrStale
	}
	next, err := base64.RawURLEncoding.DecodeString(parts[3])
	if err != nil {
		return attempt{}, ErrStale
	}
	return attempt{parts[0], parts[1], parts[2], string(next)}, nil
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
// With again the provider asks the person anew, even if it knows the browser. The error is ErrProvider.
func (s *Service) ToProvider(ctx context.Context, w http.ResponseWriter, next string, again bool) (address string, err error) {
	begun := attempt{state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier(), next: next}
	if address, err = s.provider.address(ctx, begun, again); err != nil {
		return "", s.providerFailed(err)
	}
	http.SetCookie(w, s.cookie(begun.String()))
	return address, nil
}

// FromProvider returns the sign-in of a user for whom the provider vouches, and the next of ToProvider. A person who comes for the first time
// becomes a user. The error is ErrStale, ErrProvider, ErrNoRole, ErrOtherUser or internal. from is the person's address, for the audit.
func (s *Service) FromProvider(w http.ResponseWriter, r *http.Request, from string, now time.Time) (in Entry, next string, err error) {
	cookie, err := r.Cookie(s.cookie("").Name)
	if err != nil {
		return in, "", ErrStale
	}
	http.SetCookie(w, s.cookie(""))
	begun, err := parseAttempt(cookie.Value)
	if err != nil || subtle.ConstantTimeCompare([]byte(begun.state), []byte(r.FormValue("state"))) != 1 {
		return in, "", ErrStale
	}
	if refused := r.FormValue("error"); refused != "" {
		return in, "", s.providerFailed(fmt.Errorf("it answered %q", refused))
	}
	who, err := s.provider.identity(r.Context(), begun, r.FormValue("code"))
	if err != nil {
		return in, "", s.providerFailed(err)
	}
	user, err := s.known(r.Context(), who, now)
	if errors.Is(err, ErrNoRole) || errors.Is(err, ErrOtherUser) {
		entry := users.AuditEntry{At: now, By: "(unknown)", Act: users.ActSignInRefuse, Detail: err.Error() + ", from " + from}
		err = errors.Join(err, s.deps.Audit.Note(r.Context(), entry))
	}
	return Entry{user, from, ", by the identity provider", who.asked(now)}, begun.next, err
}

func (s *Service) providerFailed(err error) error {
	s.deps.Logger.Error("no sign-in at the identity provider", zap.Error(err))
	return ErrProvider
}

// known returns the user of an identity, with the role that its groups have now. A person who comes for the first time becomes a user. Nobody
// becomes a user that was made otherwise by having the same name.
func (s *Service) known(ctx context.Context, who identity, now time.Time) (users.User, error) {
	role, ok := s.deps.Settings.SSO.role(who.groups)
	user, err := s.bySubject(ctx, who.subject)
	switch {
	case !ok:
		return users.User{}, errors.Join(ErrNoRole, s.suspend(ctx, user, err, now))
	case errors.Is(err, users.ErrNoUser):
		user = users.User{Name: who.name, Role: role, Subject: who.subject, CreatedAt: now, VouchedAt: now}
		if err = s.deps.Users.AddUser(ctx, user, "sso"); errors.Is(err, users.ErrExists) {
			err = ErrOtherUser
		}
		return user, err
	case err != nil:
		return users.User{}, err
	case user.Disabled():
		return users.User{}, ErrOtherUser
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

// role returns the highest role that any of the groups has.
func (s SSO) role(groups []string) (best users.Role, ok bool) {
	for _, role := range users.Roles() { // from the lowest
		for _, g := range groups {
			if s.Roles[g] == role {
				best, ok = role, true
			}
		}
	}
	return best, ok
}
