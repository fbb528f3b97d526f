package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// maxBody bounds what a program may send: acts and moves are short.
const maxBody = 64 << 10

// The bounds of a page of a list.
const (
	usualLimit = 50
	maxLimit   = 200
)

// requestKey is where the error handler finds the request that failed.
const requestKey = "request"

// request is one request of a program, in the name of its token's user.
type request struct {
	echo.Context
	api   *api
	user  users.User
	token users.Token
	now   time.Time // read once for each request
	zone  *time.Location
}

// ctx ends when the program has gone.
func (r *request) ctx() context.Context { return r.Request().Context() }

func (r *request) may(what users.Permission) bool {
	return r.api.Permissions.AllowToken(r.user, r.token, what)
}

// knowParams refuses a name in the query that means nothing: a misspelt filter would select everything.
func (r *request) knowParams(known []string) error {
	for name := range r.QueryParams() {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%w: %q is no parameter here; the document at %s shows which there are", ErrWrongInput, name, documentPath)
		}
	}
	return nil
}

// body reads what a program sent into v: one JSON object with known names.
func (r *request) body(v any) error {
	kind, _, err := mime.ParseMediaType(r.Request().Header.Get(echo.HeaderContentType))
	if err != nil || kind != echo.MIMEApplicationJSON {
		return errNotJSON
	}
	d := json.NewDecoder(http.MaxBytesReader(r.Response(), r.Request().Body, maxBody))
	d.DisallowUnknownFields()
	err = d.Decode(v)
	if err == nil {
		if _, rest := d.Token(); !errors.Is(rest, io.EOF) {
			err = errors.New("something follows the object")
		}
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge
	case err != nil:
		return fmt.Errorf("%w: the body cannot be read: %s", ErrWrongInput, err.Error())
	}
	return nil
}

// number returns a number in the query, from 1 to most, or the usual one.
func (r *request) number(name string, usual, most int) (int, error) {
	text := r.QueryParam(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%w: %s is %q; write a number from 1 to %d", ErrWrongInput, name, text, most)
	}
	return n, nil
}

// inZone sets the zone of days in the query, UTC by default.
func (r *request) inZone() error {
	name := r.QueryParam("zone")
	if name == "" {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return fmt.Errorf("%w: zone is %q; write a name of the zone database, such as Europe/London", ErrWrongInput, name)
	}
	r.zone = zone
	return nil
}

// page returns which part of a list by time is wanted, and sets the zone of days.
func (r *request) page() (page policy.Page, err error) {
	if page.Length, err = r.number("limit", usualLimit, maxLimit); err != nil {
		return page, err
	}
	if err := r.inZone(); err != nil {
		return page, err
	}
	page.Older, err = policy.ParseCursor(r.QueryParam("before"))
	return page, err
}

// part returns a part of the path with its escapes undone: a plus may be written as %2B.
func (r *request) part(name string) string {
	text, err := url.PathUnescape(r.Param(name))
	if err != nil {
		return r.Param(name)
	}
	return text
}

// sendList answers with a part of a list under a name, and with the cursor at which the list goes on: null at its end.
func (r *request) sendList(name string, entries any, cursor string) error {
	var next *string
	if cursor != "" {
		next = &cursor
	}
	return r.JSON(http.StatusOK, map[string]any{name: entries, "next": next})
}

// text returns a text of the log with telephone numbers masked, unless the program may see them.
func (r *request) text(text string) string {
	if r.may(users.SeeNumbers) {
		return text
	}
	return policy.MaskedText(text)
}

// masked returns a value with telephone numbers masked, unless they are shown.
func masked[T interface{ Masked() T }](v T, numbers bool) T {
	if numbers {
		return v
	}
	return v.Masked()
}

// full reports whether the program sees telephone numbers in full, and notes it in the audit if it gets some: those of what, in so many entries.
func (r *request) full(what string, customer policy.CustomerNumber, subject string, entries int) (bool, error) {
	if !r.may(users.SeeNumbers) {
		return false, nil
	}
	if entries == 0 {
		return true, nil
	}
	detail := fmt.Sprintf("the telephone numbers of %s, over the API with the token %q", what, r.token.Name)
	return true, r.api.Audit.Note(r.ctx(), users.AuditEntry{At: r.now, By: r.user.Name, Act: users.ActReveal, Customer: customer, Subject: subject, Detail: detail})
}
