package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/officernd/supportline/console/signin"
)

const signInPath = "/signin"

// signInSection is signing in and out.
func (s *console) signInSection() section {
	return section{route: func(r routes) {
		r.echo.GET(signInPath, s.signInForm)
		r.echo.POST(signInPath, s.signIn)
		r.post("/signout", (*request).signOut)
		r.post("/signout/everywhere", (*request).signOutEverywhere)
		if s.signin.HasProvider() {
			r.echo.GET(signInPath+"/sso", s.toProvider)
			r.echo.GET(signin.BackPath, s.fromProvider)
		}
	}}
}

// signInPage is the data of the form.
type signInPage struct {
	Name, Next string
	Problem    string
	Notice     string
	SSO        bool // people can also sign in at the identity provider
}

func (s *console) signInForm(c echo.Context) error {
	body := signInPage{Next: local(c.QueryParam("next"))}
	switch c.QueryParam("why") {
	case "idle":
		body.Notice = "You were signed out after " + spell(s.Settings.Idle) + " without activity."
	case "password":
		body.Notice = "The password is changed. Sign in with the new one."
	case "out":
		body.Notice = "You are signed out."
	}
	return s.showSignIn(s.visitor(c), http.StatusOK, body)
}

func (s *console) showSignIn(r *request, status int, body signInPage) error {
	body.SSO = s.signin.HasProvider()
	return r.render(status, "signin", body)
}

// visitor returns the request of somebody who is not signed in.
func (s *console) visitor(c echo.Context) *request {
	return &request{Context: c, console: s, now: s.Now(), zone: time.UTC}
}

// signIn takes a name and a password. Every wrong pair is answered the same.
func (s *console) signIn(c echo.Context) error {
	r := s.visitor(c)
	typed, next := c.FormValue("name"), local(c.FormValue("next"))
	user, err := s.signin.Password(r.ctx(), typed, c.FormValue("password"), c.RealIP(), r.now)
	body := signInPage{Name: typed, Next: next, Problem: "Wrong name or password."}
	var wait signin.Throttled
	switch {
	case errors.As(err, &wait):
		r.retryAfter(wait.Wait)
		body.Problem = tooManyTries(wait.Wait)
		return s.showSignIn(r, http.StatusTooManyRequests, body)
	case errors.Is(err, signin.ErrWrongPassword):
		return s.showSignIn(r, http.StatusUnauthorized, body)
	case err != nil:
		return s.answer(r, err)
	}
	r.user = user
	return r.welcome(next, "")
}

// tooManyTries returns what the page says after too many wrong passwords.
func tooManyTries(wait time.Duration) string {
	return "Too many wrong passwords. Wait " + spell(wait) + ", then try again."
}

// retryAfter sets the header of the same name, in seconds.
func (r *request) retryAfter(wait time.Duration) {
	r.Response().Header().Set(echo.HeaderRetryAfter, fmt.Sprint(int(wait.Seconds())+1))
}

// welcome begins the user's session. how follows the address in the audit.
func (r *request) welcome(next, how string) error {
	if err := r.console.signin.Start(r.ctx(), r.user, "from "+r.RealIP()+how, r.now); err != nil {
		return r.console.answer(r, err)
	}
	return r.seeOther(next)
}

// toProvider sends a person to the identity provider.
func (s *console) toProvider(c echo.Context) error {
	r := s.visitor(c)
	address, err := s.signin.ToProvider(r.ctx(), c.Response(), local(c.QueryParam("next")))
	if err != nil {
		return s.answer(r, err)
	}
	return r.seeOther(address)
}

// fromProvider takes a person back from there.
func (s *console) fromProvider(c echo.Context) error {
	r := s.visitor(c)
	user, next, err := s.signin.FromProvider(c.Response(), c.Request(), c.RealIP(), r.now)
	if err != nil {
		return s.answer(r, err)
	}
	r.user = user
	return r.welcome(local(next), ", by the identity provider")
}

func (r *request) signOut() error {
	if err := r.console.signin.SignOut(r.ctx(), r.user, r.now); err != nil {
		return err
	}
	return r.seeOther(signInPath + "?why=out")
}

// signOutEverywhere ends all of the person's sessions, this one too.
func (r *request) signOutEverywhere() error {
	if err := r.console.signin.SignOutEverywhere(r.ctx(), r.user, r.now); err != nil {
		return err
	}
	return r.seeOther(signInPath + "?why=out")
}

// local returns an address on this site to go to after the sign-in. One that leads elsewhere becomes the first page.
func local(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(next, signInPath) {
		return "/"
	}
	return next
}

// spell returns a time to wait in words.
func spell(d time.Duration) string {
	if d > time.Minute {
		return fmt.Sprintf("%d minutes", int(d.Round(time.Minute)/time.Minute))
	}
	if seconds := int((d + time.Second - 1) / time.Second); seconds > 1 {
		return fmt.Sprintf("%d seconds", seconds)
	}
	return "a second"
}
