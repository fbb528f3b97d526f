package console

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// request is what one signed-in person asks for.
type request struct {
	echo.Context
	site *site
	user users.User
	// token is set for a program that asks in the user's name.
	token *users.Token
	now   time.Time // read once for each request
	zone  *time.Location
}

// guarded lets people who are signed in, and may what a page needs, to its handler. Others go to the sign-in first, or are refused.
func (s *site) guarded(handle func(*request) error, needs []users.Permission) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := &request{Context: c, site: s, now: s.Now(), zone: time.UTC}
		user, err := s.signin.User(r.ctx(), r.now, !streams(c))
		if errors.Is(err, signin.ErrSignedOut) {
			return r.toSignIn(err)
		}
		if err != nil {
			return s.answer(r, err)
		}
		r.user, r.zone = user, zoneOf(user)
		for _, p := range needs {
			if !r.may(p) {
				s.Logger.Warn("not permitted", zap.String("user", user.Name), zap.String("route", c.Path()), zap.String("permission", string(p)))
				return s.answer(r, errNotPermitted)
			}
		}
		if err := handle(r); err != nil {
			return s.answer(r, err)
		}
		return nil
	}
}

// zoneOf is the zone that a user sees times in.
func zoneOf(u users.User) *time.Location {
	zone, err := time.LoadLocation(cmp.Or(u.Zone, "UTC"))
	if err != nil { // a zone that was renamed since it was chosen
		return time.UTC
	}
	return zone
}

// may says whether the person may do something.
func (r *request) may(what users.Permission) bool {
	if r.token != nil {
		return r.site.Settings.Permissions.AllowToken(r.user, *r.token, what)
	}
	return r.site.Settings.Permissions.Allow(r.user, what)
}

// render answers with a page: view/NAME.html around the body. Nothing is sent unless the whole page could be made.
func (r *request) render(status int, name string, body any) error {
	return r.show(status, name, r.page(body))
}

func (r *request) show(status int, name string, p page) error {
	var text bytes.Buffer
	if err := r.site.views.write(courteous{&text, r.site.Yield}, name, p); err != nil {
		return err
	}
	r.Response().Header().Set("Cache-Control", "no-store") // pages hold what only this person may see
	return r.HTMLBlob(status, text.Bytes())
}

// courteous lets calls go first between two pieces of a page, which takes milliseconds as a whole.
type courteous struct {
	io.Writer
	yield func()
}

func (c courteous) Write(p []byte) (int, error) {
	c.yield()
	return c.Writer.Write(p)
}

// seeOther sends the browser on after something was done, so that a reload does not do it again.
func (r *request) seeOther(path string) error { return r.Redirect(http.StatusSeeOther, path) }

// note takes down in the audit what the person did.
func (r *request) note(act, subject, detail string) error {
	return r.site.Audit.Note(r.ctx(), policy.AuditEntry{At: r.now, By: r.user.Name, Act: act, Subject: subject, Detail: detail})
}

// home is the first page that the person may see.
func (r *request) home() error { return r.seeOther(r.site.home()) }

func (s *site) home() string { return s.nouns[0].path }

// toSignIn sends somebody who is not signed in to the form, and from there back to where they wanted to go.
func (r *request) toSignIn(why error) error {
	query := url.Values{}
	if next := r.Request().URL.RequestURI(); r.Request().Method == http.MethodGet && next != "/" {
		query.Set("next", next)
	}
	if errors.Is(why, signin.ErrIdle) {
		query.Set("why", "idle")
	}
	path := signInPath
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	if r.Request().Header.Get("HX-Request") == "true" { // a part of a page was asked for, and the whole page has to go
		r.Response().Header().Set("HX-Redirect", path)
		return r.NoContent(http.StatusOK)
	}
	return r.seeOther(path)
}

// ctx ends when the person's browser has gone.
func (r *request) ctx() context.Context { return r.Request().Context() }
