package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

// What the API itself refuses.
var (
	errPanicked     = errors.New("a handler panicked")
	errNotPermitted = errors.New("not permitted")
	// ErrNoLine reports that the company has no line with a number.
	ErrNoLine = errors.New("no such line")

	errNotJSON  = errors.New("the body is no JSON")
	errTooLarge = errors.New("the body is too large")
	errNotReady = errors.New("the store cannot be read or written")
)

// Problem is an error as the API tells it (RFC 9457).
type Problem struct {
	Type   string `json:"type"` // names the kind, and leads to its explanation
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// problemType returns the address of a kind of problem, on the console's page about the API.
func problemType(kind string) string { return "/api#problem-" + kind }

// problems is the one table from an error to what the API says of it. A detail of "" means the error's own words. Any other error is internal: its
// details go to the log only.
var problems = []struct {
	kind   error
	status int
	name   string
	title  string
	detail string
}{
	{users.ErrTokenMissing, http.StatusUnauthorized, "no-token", "No token", "Send a token as: Authorization: Bearer sl_... Create one on your page in the console, or with \"supportline users token\"."},
	{users.ErrTokenUnknown, http.StatusUnauthorized, "wrong-token", "Wrong token", "The token was mistyped or revoked."},
	{users.ErrTokenExpired, http.StatusUnauthorized, "token-over", "Token expired", "Create a new token."},
	{users.ErrUserDisabled, http.StatusForbidden, "shut-out", "User disabled", "The user of this token is disabled. An admin can enable the user."},
	{users.ErrTokenSuspended, http.StatusForbidden, "token-suspended", "Token suspended", ""},
	{errNotPermitted, http.StatusForbidden, "not-permitted", "Not permitted", "The token's user may not do this, or the token is a read-only one."},
	{policy.ErrNoCall, http.StatusNotFound, "no-call", "No such call", "No call has this SID. It was never logged, or it was deleted at the end of its retention time."},
	{policy.ErrNoCase, http.StatusNotFound, "no-case", "No such case", "No case has this ID. The list of cases shows which there are."},
	{followup.ErrNone, http.StatusNotFound, "no-followup", "No such follow-up", "No follow-up has this ID. It never did, or its call was deleted at the end of its retention time."},
	{remedy.ErrNone, http.StatusNotFound, "no-offer", "No such offer", "No offer has this ID. It never did, or it was erased, or deleted at the end of its retention time."},
	{ErrNoLine, http.StatusNotFound, "no-line", "No such line", "The company has no line with this number. Write it as the list of lines does."},
	{ErrWrongInput, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrInput, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrCursor, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrOrder, http.StatusUnprocessableEntity, "wrong-input", "Wrong input", ""},
	{policy.ErrNoCustomer, http.StatusNotFound, "no-customer", "No such customer", "The directory has no customer with this number."},
	{policy.ErrCallChanged, http.StatusConflict, "call-changed", "The call changed", ""},
	{policy.ErrAlready, http.StatusConflict, "already", "Already in that state", ""},
	{policy.ErrNothingToWaive, http.StatusConflict, "nothing-to-waive", "Nothing to waive", ""},
	{policy.ErrNothingToUndo, http.StatusConflict, "nothing-to-undo", "Nothing to undo", ""},
	{policy.ErrManyActs, http.StatusConflict, "too-many-acts", "The call has as many entries as a call can have", ""},
	{followup.ErrTaken, http.StatusConflict, "taken", "Taken by somebody else", ""},
	{followup.ErrDone, http.StatusConflict, "done", "Done already", ""},
	{remedy.ErrNoPage, http.StatusConflict, "no-page", "The company has no such page", ""},
	{remedy.ErrNoReceiver, http.StatusConflict, "no-receiver", "Nothing can be sent", ""},
	{remedy.ErrSentToday, http.StatusConflict, "sent-today", "A text was sent today", ""},
	{remedy.ErrOffered, http.StatusConflict, "offered", "Sent already", ""},
	{policy.ErrCaseOpen, http.StatusConflict, "case-open", "The account has an open case", ""},
	{policy.ErrMoveNotAllowed, http.StatusConflict, "move-not-allowed", "The case cannot move so", ""},
	{policy.ErrNoEmail, http.StatusConflict, "no-email", "No e-mail address", ""},
	{errTooLarge, http.StatusRequestEntityTooLarge, "too-large", "Too large", "The body of a request has at most 64 kB."},
	{errNotJSON, http.StatusUnsupportedMediaType, "not-json", "Not JSON", "Send the body as JSON, with the header Content-Type: application/json."},
	{users.ErrManyWrongTokens, http.StatusTooManyRequests, "too-many-wrong-tokens", "Too many wrong tokens", "Too many wrong tokens came from this address, or from all addresses together. Wait as long as Retry-After says."},
	{users.ErrManyRequests, http.StatusTooManyRequests, "too-many-requests", "Too many requests", "A token may ask 20 times a second. Wait as long as Retry-After says."},
	{ErrManyExports, http.StatusTooManyRequests, "too-many-exports", "Too many exports at once", ""},
	{errNotReady, http.StatusServiceUnavailable, "not-ready", "Not ready", "The store cannot be read or written. The server's log says why."},
	{echo.ErrNotFound, http.StatusNotFound, "no-path", "No such path", "The API has no such path. GET " + Path + " shows which there are."},
	{echo.ErrMethodNotAllowed, http.StatusMethodNotAllowed, "wrong-method", "Wrong method", "The path is there, but not for this method. GET " + Path + " shows which there are."},
}

// internalProblem is the problem of every error that is not in the table.
var internalProblem = Problem{
	problemType("internal"), "Something went wrong", http.StatusInternalServerError, "The server's log has the reason. Try again. If it happens again, tell the people who run the server at what time.",
}

// Problems returns one problem of each kind, in the order of the table. Type is the kind's name, and Detail is "" for a kind whose detail differs
// each time.
func Problems() (all []Problem) {
	seen := map[string]bool{}
	for _, p := range problems {
		if !seen[p.name] {
			seen[p.name] = true
			all = append(all, Problem{p.name, p.title, p.status, p.detail})
		}
	}
	return append(all, Problem{"internal", internalProblem.Title, internalProblem.Status, internalProblem.Detail})
}

// problemOf returns what the API says of an error. known is false for an internal one.
func problemOf(err error) (p Problem, known bool) {
	for _, e := range problems {
		if !errors.Is(err, e.kind) {
			continue
		}
		detail := e.detail
		if detail == "" {
			detail = Sentence(err)
		}
		return Problem{problemType(e.name), e.title, e.status, detail}, true
	}
	return internalProblem, false
}

func (a *api) failed(err error, c echo.Context) {
	p, known := problemOf(err)
	r, _ := c.Get(requestKey).(*request)
	if !known {
		a.Logger.Error("API request failed", zap.String("route", c.Path()), zap.Error(err))
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
		a.Logger.Error("problem not sent", zap.Error(err))
	}
}
