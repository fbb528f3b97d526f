package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// What the API itself refuses, and why.
var (
	errManyExports = errors.New("too many exports at once")
	errNotJSON     = errors.New("the body is no JSON")
	errTooLarge    = errors.New("the body is too large")
	errNotReady    = errors.New("the store cannot be read or written")
)

// problem is an error as the API tells it (RFC 9457).
type problem struct {
	Type   string `json:"type"` // names the kind, and leads to it in the readable document
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// problemType makes a kind's name an address.
func problemType(kind string) string { return "/api#problem-" + kind }

// problems is the one table from an error to what the API says of it. A detail of "" is the error's own words. What the table does not know is
// internal: its details go to the log alone.
var problems = []struct {
	kind   error
	status int
	name   string
	title  string
	detail string
}{
	{users.ErrTokenMissing, http.StatusUnauthorized, "no-token", "No token", "Send a token as: Authorization: Bearer sl_... You make one on your page in the console, or with \"supportline users token\"."},
	{users.ErrTokenUnknown, http.StatusUnauthorized, "wrong-token", "Wrong token", "Nobody has this token. It was mistyped, or it was revoked."},
	{users.ErrTokenExpired, http.StatusUnauthorized, "token-over", "The token's time is over", "Make a new token."},
	{users.ErrUserDisabled, http.StatusForbidden, "shut-out", "Shut out", "The user of this token was shut out. An admin can let the user in again."},
	{errNotPermitted, http.StatusForbidden, "not-permitted", "Not permitted", "The token's user may not do this, or the token is a read-only one."},
	{policy.ErrNoCall, http.StatusNotFound, "no-call", "No such call", "No call has this SID. It was never logged, or its time of keeping is over."},
	{policy.ErrNoCase, http.StatusNotFound, "no-case", "No such case", "No case has this ID. The list of cases shows which there are."},
	{errNoLine, http.StatusNotFound, "no-line", "No such line", "The company has no line with this number. Write it as the list of lines does."},
	{errWrongInput, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrNoReason, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrNoValue, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrNoNote, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrNoVia, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrNoAlternative, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrMark, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrOrder, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrMonth, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrMonthAhead, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrNoCustomer, http.StatusNotFound, "no-customer", "No such customer", "The directory has no customer with this number."},
	{policy.ErrCallChanged, http.StatusConflict, "call-changed", "The call changed", ""},
	{policy.ErrAlready, http.StatusConflict, "already", "It is so already", ""},
	{policy.ErrNothingToWaive, http.StatusConflict, "nothing-to-waive", "Nothing to waive", ""},
	{policy.ErrNothingToUndo, http.StatusConflict, "nothing-to-undo", "Nothing to undo", ""},
	{policy.ErrCaseOpen, http.StatusConflict, "case-open", "The account has an open case", ""},
	{policy.ErrMoveNotAllowed, http.StatusConflict, "move-not-allowed", "The case cannot move so", ""},
	{policy.ErrNoEmail, http.StatusConflict, "no-email", "No e-mail address", ""},
	{errTooLarge, http.StatusRequestEntityTooLarge, "too-large", "Too large", "The body of a request has at most 64 kB."},
	{errNotJSON, http.StatusUnsupportedMediaType, "not-json", "Not JSON", "Send the body as JSON, with the header Content-Type: application/json."},
	{users.ErrManyWrongTokens, http.StatusTooManyRequests, "too-many-wrong-tokens", "Too many wrong tokens", "Wrong tokens came from this address again and again. Wait as long as Retry-After says."},
	{users.ErrManyRequests, http.StatusTooManyRequests, "too-many-requests", "Too many requests", "A token may ask 20 times a second. Wait as long as Retry-After says."},
	{errManyExports, http.StatusTooManyRequests, "too-many-exports", "Too many exports at once", "Others take lists out at this moment. Wait as long as Retry-After says."},
	{errNotReady, http.StatusServiceUnavailable, "not-ready", "Not ready", "The store cannot be read or written. The server's log says why."},
	{echo.ErrNotFound, http.StatusNotFound, "no-path", "No such path", "The API has no such path. GET " + apiPath + " shows which there are."},
	{echo.ErrMethodNotAllowed, http.StatusMethodNotAllowed, "wrong-method", "Wrong method", "The path is there, but not for this method. GET " + apiPath + " shows which there are."},
}

// internalProblem is what is said of what nobody foresaw.
var internalProblem = problem{
	problemType("internal"), "Something went wrong", http.StatusInternalServerError, "It is in the server's log. Try again; if it stays, tell the people who run the server when it happened.",
}

// problemOf finds what the API says of an error; known is false for one that is internal.
func problemOf(err error) (p problem, known bool) {
	for _, e := range problems {
		if !errors.Is(err, e.kind) {
			continue
		}
		detail := e.detail
		if detail == "" {
			detail = wrong(err)
		}
		return problem{problemType(e.name), e.title, e.status, detail}, true
	}
	return internalProblem, false
}

// apiFailed answers with a problem.
func (s *site) apiFailed(err error, c echo.Context) {
	p, known := problemOf(err)
	r, _ := c.Get(requestKey).(*request)
	if !known {
		s.Logger.Error("the API failed", zap.String("route", c.Path()), zap.Error(err))
	}
	if c.Response().Committed {
		return
	}
	if r == nil || !r.may(users.SeeNumbers) {
		p.Detail = policy.MaskedText(p.Detail)
	}
	h := c.Response().Header()
	if p.Status == http.StatusUnauthorized {
		h.Set(echo.HeaderWWWAuthenticate, "Bearer")
	}
	var wait interface{ RetryAfter() time.Duration }
	if errors.As(err, &wait) {
		h.Set(echo.HeaderRetryAfter, fmt.Sprint(int(wait.RetryAfter()/time.Second)+1))
	}
	text, err := json.Marshal(p)
	if err == nil {
		err = c.Blob(p.Status, "application/problem+json", text)
	}
	if err != nil {
		s.Logger.Error("no problem could be told", zap.Error(err))
	}
}
