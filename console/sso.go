package console

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const (
	ssoPath     = signInPath + "/sso"
	ssoBackPath = ssoPath + "/back"
	// ssoSeconds is how long a person may take at the provider.
	ssoSeconds = 10 * 60
)

// ssoNoun is signing in at the company's identity provider.
func (s *site) ssoNoun() noun {
	return noun{route: func(r routes) {
		if s.Settings.SSO.Issuer == "" {
			return
		}
		r.echo.GET(ssoPath, s.toProvider)
		r.echo.GET(ssoBackPath, s.fromProvider)
	}}
}

// attempt is one sign-in under way. It is kept in a cookie of the browser that began it, and nowhere else.
type attempt struct{ state, nonce, verifier, next string }

func (a attempt) String() string {
	return strings.Join([]string{a.state, a.nonce, a.verifier, base64.RawURLEncoding.EncodeToString([]byte(a.next))}, ".")
}

func parseAttempt(text string) (attempt, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return attempt{}, errStale
	}
	next, err := base64.RawURLEncoding.DecodeString(parts[3])
	if err != nil {
		return attempt{}, errStale
	}
	return attempt{parts[0], parts[1], parts[2], local(string(next))}, nil
}

// ssoCookie holds an attempt; without a value it takes it away. The provider sends the browser back with a link, so that Lax must do.
func (s *site) ssoCookie(value string, seconds int) *http.Cookie {
	name := "supportline-sso"
	if s.Settings.secure() {
		name = "__Host-" + name
	}
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: s.Settings.secure(), SameSite: http.SameSiteLaxMode,
	}
}

// toProvider sends a person to the provider.
func (s *site) toProvider(c echo.Context) error {
	r := s.visitor(c)
	begun := s.provider.begin(local(c.QueryParam("next")))
	address, err := s.provider.address(r.ctx(), begun)
	if err != nil {
		return s.answer(r, s.providerFailed(err))
	}
	c.SetCookie(s.ssoCookie(begun.String(), ssoSeconds))
	return r.seeOther(address)
}

// fromProvider takes a person back, and lets them in if the provider vouches for them and one of their groups has a role.
func (s *site) fromProvider(c echo.Context) error {
	r := s.visitor(c)
	cookie, err := c.Cookie(s.ssoCookie("", 0).Name)
	if err != nil {
		return s.answer(r, errStale)
	}
	c.SetCookie(s.ssoCookie("", -1))
	begun, err := parseAttempt(cookie.Value)
	if err != nil || subtle.ConstantTimeCompare([]byte(begun.state), []byte(c.QueryParam("state"))) != 1 {
		return s.answer(r, errStale)
	}
	if refused := c.QueryParam("error"); refused != "" {
		return s.answer(r, s.providerFailed(fmt.Errorf("it answered %q", refused)))
	}
	who, err := s.provider.identity(r.ctx(), begun, c.QueryParam("code"))
	if err != nil {
		return s.answer(r, s.providerFailed(err))
	}
	user, err := s.known(r, who)
	if errors.Is(err, errNoRole) || errors.Is(err, errOtherUser) {
		return s.answer(r, errors.Join(err, s.noteStranger(r, err)))
	}
	if err != nil {
		return s.answer(r, err)
	}
	return s.welcome(r, user, begun.next, ", by the identity provider")
}

func (s *site) providerFailed(err error) error {
	s.Logger.Error("no sign-in at the identity provider", zap.Error(err))
	return errProvider
}

// noteStranger takes down that somebody was not let in whom the provider vouches for.
func (s *site) noteStranger(r *request, why error) error {
	detail := why.Error() + ", from " + r.RealIP()
	return s.Audit.Note(r.ctx(), policy.AuditEntry{At: r.now, By: "(unknown)", Act: users.ActSignInRefuse, Detail: detail})
}

// known is the user of the console that an identity stands for, with the role that its groups have now. A person who comes for the first time
// becomes one. Nobody becomes a user that was made otherwise by having the same name.
func (s *site) known(r *request, who identity) (users.User, error) {
	role, ok := s.Settings.SSO.role(who.groups)
	if !ok {
		return users.User{}, errNoRole
	}
	user, err := s.bySubject(r.ctx(), who.subject)
	switch {
	case errors.Is(err, users.ErrNoUser):
		user = users.User{Name: who.name, Role: role, Subject: who.subject, CreatedAt: r.now}
		if err = s.Users.AddUser(r.ctx(), user, "sso"); errors.Is(err, users.ErrExists) {
			err = errOtherUser
		}
		return user, err
	case err != nil:
		return users.User{}, err
	case user.Disabled():
		return users.User{}, errOtherUser
	case user.Role == role:
		return user, nil
	}
	return s.Users.ChangeUser(r.ctx(), user.Name, users.WithRole(role, "sso", r.now))
}

// bySubject looks through all users, of whom there are few, and on sign-ins alone.
func (s *site) bySubject(ctx context.Context, subject string) (users.User, error) {
	for u, err := range s.Users.Users(ctx) {
		if err != nil {
			return users.User{}, err
		}
		if u.Subject == subject {
			return u, nil
		}
	}
	return users.User{}, users.ErrNoUser
}

// role is the highest that any of the groups has.
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
