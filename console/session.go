package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

const signInPath = "/signin"

// sessionNoun is signing in and out.
func (s *site) sessionNoun() noun {
	return noun{route: func(r routes) {
		r.echo.GET(signInPath, s.signInForm)
		r.echo.POST(signInPath, s.signIn)
		r.post("/signout", (*request).signOut)
		r.post("/signout/everywhere", (*request).signOutEverywhere)
	}}
}

// signInPage is what the form shows.
type signInPage struct {
	Name, Next string
	Problem    string
	Notice     string
	SSO        bool // there is another way in
}

func (s *site) signInForm(c echo.Context) error {
	body := signInPage{Next: local(c.QueryParam("next"))}
	switch c.QueryParam("why") {
	case "idle":
		body.Notice = "You were signed out, because nothing was asked for in " + spell(s.Settings.Idle) + "."
	case "password":
		body.Notice = "The password is changed. Sign in with the new one."
	case "out":
		body.Notice = "You are signed out."
	}
	return s.showSignIn(s.visitor(c), http.StatusOK, body)
}

func (s *site) showSignIn(r *request, status int, body signInPage) error {
	body.SSO = s.Settings.SSO.Issuer != ""
	return r.render(status, "signin", body)
}

// visitor is somebody who is not signed in.
func (s *site) visitor(c echo.Context) *request {
	return &request{Context: c, site: s, now: s.Now(), zone: time.UTC}
}

// signIn looks whether name and password belong together. An unknown name takes as long as a known one, and is answered the same.
func (s *site) signIn(c echo.Context) error {
	r := s.visitor(c)
	typed, password, next := c.FormValue("name"), c.FormValue("password"), local(c.FormValue("next"))
	name, _ := users.ParseName(typed) // what is no name is nobody's
	refuse := func(status int, problem string) error {
		return s.showSignIn(r, status, signInPage{Name: typed, Next: next, Problem: problem})
	}
	if wait := s.guesses.pause(name, c.RealIP(), r.now); wait > 0 {
		c.Response().Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds())+1))
		return refuse(http.StatusTooManyRequests, "Too many wrong tries. Wait "+spell(wait)+", then try again.")
	}
	user, err := s.Users.User(r.ctx(), name)
	if err != nil && !errors.Is(err, users.ErrNoUser) {
		return s.answer(r, err)
	}
	right, err := s.passwords.right(r.ctx(), password, user.Password)
	if err != nil {
		return s.answer(r, err)
	}
	if !right || user.Disabled() {
		s.guesses.missed(name, c.RealIP(), r.now)
		if err := s.noteRefused(r, user); err != nil {
			return s.answer(r, err)
		}
		return refuse(http.StatusUnauthorized, "Name and password do not belong together.")
	}
	s.guesses.hit(name)
	return s.welcome(r, user, next, "")
}

// noteRefused takes a sign-in that failed down. A name that nobody has is not repeated: it may be a password in the wrong field.
func (s *site) noteRefused(r *request, user users.User) error {
	by, detail := user.Name, "wrong password"
	switch {
	case user.Name == "":
		by, detail = "(unknown)", "a name that nobody has"
	case user.Disabled():
		detail = "shut out"
	}
	s.Logger.Warn("sign-in refused", zap.String("user", by), zap.String("address", r.RealIP()))
	return s.Audit.Note(r.ctx(), policy.AuditEntry{
		At: r.now, By: by, Act: users.ActSignInRefuse, Subject: user.Name, Detail: detail + ", from " + r.RealIP(),
	})
}

// welcome begins a user's session. how stands in the audit behind where the person came from.
func (s *site) welcome(r *request, user users.User, next, how string) error {
	r.user = user
	if err := r.note(users.ActSignIn, user.Name, "from "+r.RealIP()+how); err != nil {
		return s.answer(r, err)
	}
	if err := s.sessions.start(r.ctx(), user, r.now); err != nil {
		return s.answer(r, err)
	}
	return r.seeOther(next)
}

func (r *request) signOut() error {
	if err := r.note(users.ActSignOut, r.user.Name, ""); err != nil {
		return err
	}
	if err := r.site.sessions.Destroy(r.ctx()); err != nil {
		return err
	}
	return r.seeOther(signInPath + "?why=out")
}

// signOutEverywhere ends all of the person's sessions, this one too.
func (r *request) signOutEverywhere() error {
	if _, err := r.site.Users.ChangeUser(r.ctx(), r.user.Name, users.SignedOutEverywhere(r.user.Name, r.now)); err != nil {
		return err
	}
	if err := r.site.sessions.Destroy(r.ctx()); err != nil {
		return err
	}
	return r.seeOther(signInPath + "?why=out")
}

// local is an address on this site to go to after the sign-in: what leads elsewhere becomes the first page.
func local(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(next, signInPath) {
		return "/"
	}
	return next
}

// spell is a time that somebody has to wait, in words.
func spell(d time.Duration) string {
	if d > time.Minute {
		return fmt.Sprintf("%d minutes", int(d.Round(time.Minute)/time.Minute))
	}
	if seconds := int((d + time.Second - 1) / time.Second); seconds > 1 {
		return fmt.Sprintf("%d seconds", seconds)
	}
	return "a second"
}
