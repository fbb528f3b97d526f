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

// signInRoutes are the routes of signing in, for everybody.
func (s *console) signInRoutes() []route {
	routes := []route{{http.MethodGet, signInPath, (*request).signInForm, ""}, {http.MethodPost, signInPath, (*request).signIn, ""}}
	if s.signin.HasProvider() {
		routes = append(routes,
			route{http.MethodGet, signInPath + "/sso", (*request).toProvider, ""}, route{http.MethodGet, signin.BackPath, (*request).fromProvider, ""})
	}
	return routes
}

var signOutRoutes = []route{
	{http.MethodPost, "/signout", (*request).signOut, ""},
	{http.MethodPost, "/signout/everywhere", (*request).signOutEverywhere, ""},
}

type signInPage struct {
	Name, Next string
	Problem    string
	Notice     string
	SSO        bool // people can also sign in at the identity provider
}

func (r *request) signInForm() error {
	notice := map[string]string{
		"idle":     "You were signed out after " + spell(r.console.Settings.Idle) + " without activity.",
		"password": "The password is changed. Sign in with the new one.",
		"out":      "You are signed out.",
	}[r.QueryParam("why")]
	return r.showSignIn(http.StatusOK, signInPage{Next: local(r.QueryParam("next")), Notice: notice})
}

func (r *request) showSignIn(status int, body signInPage) error {
	body.SSO = r.console.signin.HasProvider()
	return r.render(status, "signin", body)
}

// signIn takes a name and a password. Every wrong pair is answered the same.
func (r *request) signIn() error {
	typed, next := r.FormValue("name"), local(r.FormValue("next"))
	user, err := r.console.signin.Password(r.Request(), typed, r.FormValue("password"), r.RealIP(), r.now)
	body := signInPage{Name: typed, Next: next, Problem: "Wrong name or password."}
	var wait signin.Throttled
	switch {
	case errors.As(err, &wait):
		r.retryAfter(wait.Wait)
		body.Problem = tooManyTries(wait.Wait)
		return r.showSignIn(http.StatusTooManyRequests, body)
	case errors.Is(err, signin.ErrWrongPassword):
		return r.showSignIn(http.StatusUnauthorized, body)
	case err != nil:
		return err
	}
	return r.welcome(signin.Entry{User: user, Address: r.RealIP(), At: r.now}, next)
}

// tooManyTries returns what the page says after too many wrong passwords.
func tooManyTries(wait time.Duration) string {
	return "Too many wrong passwords. Wait " + spell(wait) + ", then try again."
}

// retryAfter sets the header of the same name, in seconds.
func (r *request) retryAfter(wait time.Duration) {
	r.Response().Header().Set(echo.HeaderRetryAfter, fmt.Sprint(int(wait.Seconds())+1))
}

// welcome begins a user's session.
func (r *request) welcome(entry signin.Entry, next string) error {
	r.user = entry.User
	if err := r.console.signin.Start(r.Response(), r.Request(), entry, r.now); err != nil {
		return err
	}
	return r.seeOther(next)
}

// toProvider sends a person to the identity provider.
func (r *request) toProvider() error {
	address, err := r.console.signin.ToProvider(r.ctx(), r.Response(), local(r.QueryParam("next")), r.QueryParam("again") != "")
	if err != nil {
		return err
	}
	return r.seeOther(address)
}

// fromProvider takes a person back from there.
func (r *request) fromProvider() error {
	entry, next, err := r.console.signin.FromProvider(r.Response(), r.Request(), r.RealIP(), r.now)
	var onward signin.Onward
	if errors.As(err, &onward) {
		return r.seeOther(onward.Address)
	}
	if err != nil {
		return err
	}
	return r.welcome(entry, local(next))
}

func (r *request) signOut() error {
	if err := r.console.signin.SignOut(r.ctx(), r.user, r.now); err != nil {
		return err
	}
	return r.seeOther(signInPath + "?why=out")
}

// signOutEverywhere ends all of the person's sessions, this one too, and revokes the tokens if that was wanted.
func (r *request) signOutEverywhere() error {
	if r.FormValue("tokens") != "" {
		if err := r.revokeTokens(); err != nil {
			return err
		}
	}
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
