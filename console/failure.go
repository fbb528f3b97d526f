package console

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

// What the console itself refuses, and why.
var (
	errBroken       = errors.New("a page is broken")
	errNotPermitted = errors.New("not permitted")
	errOtherSite    = errors.New("the request came from another site")
	errWrongInput   = errors.New("the form was not filled in as it must be")
	errNotDerived   = errors.New("the figures are being derived")
	errManyStreams  = errors.New("too many streams at once")
)

// failure is an error as a person is shown it: what happened, and what to do.
type failure struct {
	Status        int
	Title, Advice string
	Detail        string // of the error itself, where that is for people
}

// failures is the one table from an error to its page. What it does not know is internal: its details go to the log alone.
var failures = []struct {
	kind    error
	failure failure
	detail  bool
}{
	{policy.ErrNoCall, failure{Status: http.StatusNotFound, Title: "No such call", Advice: "No call has this SID. It was never logged, or its time of keeping is over."}, false},
	{policy.ErrNoCustomer, failure{Status: http.StatusNotFound, Title: "No such account", Advice: "No customer has this number. It was never imported, or the customer was erased."}, false},
	{policy.ErrNoCase, failure{Status: http.StatusNotFound, Title: "No such case", Advice: "The review board shows the cases that are open, and leads to those that are closed."}, false},
	{policy.ErrNoRecording, failure{Status: http.StatusNotFound, Title: "No such recording", Advice: "The call has none of this name, or it was removed with the record of its call."}, false},
	{policy.ErrNotKept, failure{Status: http.StatusNotFound, Title: "Not fetched", Advice: "The recording is still at the provider. It is played here once it was fetched; the configuration says whether that is done."}, false},
	{policy.ErrNoNotice, failure{Status: http.StatusNotFound, Title: "No such notice", Advice: "It was delivered meanwhile, or belonged to a customer who was erased."}, false},
	{policy.ErrSent, failure{Status: http.StatusConflict, Title: "Delivered already", Advice: "There is nothing to try again."}, false},
	{policy.ErrMark, failure{Status: http.StatusUnprocessableEntity, Title: "No such place in the list", Advice: "Begin at its first page."}, false},
	{users.ErrNoUser, failure{Status: http.StatusNotFound, Title: "No such user", Advice: "The list of users shows who there is."}, false},
	{policy.ErrNoPhoneCall, failure{Status: http.StatusNotFound, Title: "No such call", Advice: "Nobody makes this call any more, or somebody else does. Your calls are on the page Phone."}, false},
	{errNoLine, failure{Status: http.StatusNotFound, Title: "No such line", Advice: "The configuration has no line with this number. The page of the lines shows those that there are."}, false},
	{errNotPermitted, failure{Status: http.StatusForbidden, Title: "Not permitted", Advice: "Your role does not include this. An admin can give you another role."}, false},
	{errOtherSite, failure{Status: http.StatusForbidden, Title: "Refused", Advice: "The form was sent from a page of another site. Open the console itself and do it there."}, false},
	{errWrongInput, failure{Status: http.StatusUnprocessableEntity, Title: "That did not work", Advice: "Go back, correct it, and send it again."}, true},
	{errNotDerived, failure{Status: http.StatusServiceUnavailable, Title: "The figures are being worked out", Advice: "They are derived from the log, which takes a few seconds. Try again then."}, false},
	{errManyExports, failure{Status: http.StatusTooManyRequests, Title: "Too many exports at once", Advice: "Others take lists out at this moment. Wait until one is done, and try again."}, false},
	{users.ErrNoToken, failure{Status: http.StatusNotFound, Title: "No such token", Advice: "It was revoked already. Your page shows the tokens that you have."}, false},
	{signin.ErrBusy, failure{Status: http.StatusServiceUnavailable, Title: "Too many sign-ins at once", Advice: "Wait a few seconds and try again."}, false},
	{errManyStreams, failure{Status: http.StatusServiceUnavailable, Title: "Too many pages are open", Advice: "Close some that follow a call or the present, and try again."}, false},
	{signin.ErrProvider, failure{Status: http.StatusBadGateway, Title: "The identity provider cannot be used", Advice: "Try again in a minute. If it stays, an admin finds the reason in the server's log."}, false},
	{signin.ErrStale, failure{Status: http.StatusBadRequest, Title: "Please sign in again", Advice: "The sign-in was begun in another browser, or too long ago. Begin again at the first page."}, false},
	{signin.ErrNoRole, failure{Status: http.StatusForbidden, Title: "No role here", Advice: "Your company's account is fine, but none of its groups has a role in this console. An admin can give one of them a role (console.sso.roles in the configuration)."}, false},
	{signin.ErrOtherUser, failure{Status: http.StatusForbidden, Title: "Not let in", Advice: "The console has another user of your name, or yours was shut out. An admin can tell."}, false},
	{echo.ErrNotFound, failure{Status: http.StatusNotFound, Title: "No such page", Advice: "The address is wrong, or the page has moved. The menu shows what there is."}, false},
	{echo.ErrMethodNotAllowed, failure{Status: http.StatusNotFound, Title: "No such page", Advice: "The address is wrong, or the page has moved. The menu shows what there is."}, false},
}

// internal is the page for what nobody foresaw.
var internal = failure{
	Status: http.StatusInternalServerError, Title: "Something went wrong",
	Advice: "It is in the server's log. Try again; if it stays, tell the people who run the server when it happened.",
}

// explain finds an error's page.
func explain(err error) (failure, bool) {
	for _, f := range failures {
		if errors.Is(err, f.kind) {
			found := f.failure
			if f.detail {
				found.Detail = wrong(err)
			}
			return found, true
		}
	}
	var refused *echo.HTTPError
	if errors.As(err, &refused) && refused.Code < http.StatusInternalServerError {
		return failure{Status: refused.Code, Title: http.StatusText(refused.Code), Advice: "Go back, and try it another way."}, true
	}
	return internal, false
}

// answer shows an error as a page.
func (s *site) answer(r *request, err error) error {
	f, known := explain(err)
	if !known {
		s.Logger.Error("a page failed", zap.String("route", r.Path()), zap.String("user", r.user.Name), zap.Error(err))
	}
	if r.Response().Committed {
		return nil
	}
	return r.render(f.Status, "error", f)
}

// failed answers for what failed outside of a page's handler.
func (s *site) failed(err error, c echo.Context) {
	if failed := s.answer(&request{Context: c, site: s, now: s.Now(), zone: time.UTC}, err); failed != nil {
		s.Logger.Error("no error page could be shown", zap.Error(failed))
	}
}

// outside answers with an error's page before it is known who asks.
func (s *site) outside(w http.ResponseWriter, err error) {
	f, _ := explain(err)
	var text bytes.Buffer
	if failed := s.views.write(&text, "error", page{Body: f, Now: s.Now(), Zone: time.UTC, assets: s.assets}); failed != nil {
		s.Logger.Error("no error page could be shown", zap.Error(failed))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(f.Status)
	_, _ = w.Write(text.Bytes()) // a client that is gone needs no answer
}

// wrong is what a person wrote wrong, as a sentence.
func wrong(err error) string {
	return sentence(errors.New(strings.TrimPrefix(err.Error(), errWrongInput.Error()+": ")))
}
