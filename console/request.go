package console

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/alarm"
	"github.com/officernd/supportline/policy/followup"
	"github.com/officernd/supportline/policy/oncall"
	"github.com/officernd/supportline/policy/remedy"
	"github.com/officernd/supportline/policy/users"
)

// request is a request of a person who is signed in.
type request struct {
	echo.Context
	console *console
	user    users.User
	now     time.Time // read once for each request
	zone    *time.Location
}

// guarded returns the handler of a page for people who are signed in and have the permission it needs. Others are sent to the sign-in, or refused.
func (s *console) guarded(page route) echo.HandlerFunc {
	return s.handled(func(r *request) error {
		user, err := s.signin.User(r.ctx(), r.now, !streams(r))
		if errors.Is(err, signin.ErrSignedOut) {
			return r.toSignIn(err)
		}
		if err != nil {
			return err
		}
		r.user, r.zone = user, zoneOf(user)
		if page.needs != "" && !r.may(page.needs) {
			s.Logger.Warn("not permitted", zap.String("user", user.Name), zap.String("route", r.Path()), zap.String("permission", string(page.needs)))
			return errNotPermitted
		}
		if ownPages[r.Path()] && fromElsewhere(r.Request()) {
			s.Logger.Warn("request from another site refused", zap.String("route", r.Path()))
			return errOtherSite
		}
		return page.handle(r)
	})
}

// handled returns the handler of a page for everybody. An error becomes a page.
func (s *console) handled(handle func(*request) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := s.visitor(c)
		if err := handle(r); err != nil {
			return s.answer(r, err)
		}
		return nil
	}
}

// visitor returns the request of somebody who is not signed in.
func (s *console) visitor(c echo.Context) *request {
	return &request{Context: c, console: s, now: s.Now(), zone: time.UTC}
}

// zoneOf returns the zone in which a user sees times.
func zoneOf(u users.User) *time.Location {
	zone, err := time.LoadLocation(cmp.Or(u.Zone, "UTC"))
	if err != nil { // a zone that was renamed since it was chosen
		return time.UTC
	}
	return zone
}

func (r *request) may(what users.Permission) bool {
	return r.console.Settings.Permissions.Allow(r.user, what)
}

// render answers with a page: view/NAME.html around the body. Nothing is sent unless the whole page could be made.
func (r *request) render(status int, name string, body any) error {
	return r.show(status, name, r.page(body))
}

func (r *request) show(status int, name string, p page) error {
	var text bytes.Buffer
	if err := r.console.views.write(yieldingWriter{&text, r.console.Yield}, name, p); err != nil {
		return err
	}
	r.Response().Header().Set("Cache-Control", "no-store") // a page holds what only this person may see
	return r.HTMLBlob(status, text.Bytes())
}

// yieldingWriter lets calls go first between two pieces of a page, which takes milliseconds to make.
type yieldingWriter struct {
	io.Writer
	yield func()
}

func (c yieldingWriter) Write(p []byte) (int, error) {
	c.yield()
	return c.Writer.Write(p)
}

// seeOther redirects the browser after a change, so that a reload does not repeat it.
func (r *request) seeOther(path string) error { return r.Redirect(http.StatusSeeOther, path) }

func (r *request) note(act, subject, detail string) error {
	return r.console.Audit.Note(r.ctx(), users.AuditEntry{At: r.now, By: r.user.Name, Act: act, Subject: subject, Detail: detail})
}

// reveal shows what has a name in full to the person for the rest of the session, and notes that in the audit first.
func (r *request) reveal(name, path string, entry users.AuditEntry) error {
	entry.At, entry.By, entry.Act = r.now, r.user.Name, users.ActReveal
	if err := r.console.Audit.Note(r.ctx(), entry); err != nil {
		return err
	}
	r.console.signin.Reveal(r.ctx(), name)
	return r.seeOther(path)
}

// revealedPage is page with telephone numbers in full, if the person revealed them under a name.
func (r *request) revealedPage(body any, name string) page {
	p := r.page(body)
	p.Numbers = r.may(users.SeeNumbers) && r.console.signin.IsRevealed(r.ctx(), name)
	return p
}

func (r *request) home() error { return r.seeOther(nowPath) }

// toSignIn redirects somebody who is not signed in to the form, and from there back to the address that they asked for.
func (r *request) toSignIn(why error) error {
	next, reason := r.Request().URL.RequestURI(), ""
	if r.Request().Method != http.MethodGet || next == "/" {
		next = ""
	}
	if errors.Is(why, signin.ErrIdle) {
		reason = "idle"
	}
	path := signInPath + query("next", next, "why", reason)
	if r.Request().Header.Get("HX-Request") == "true" { // a script asked for a part of a page, and the whole page must be replaced
		r.Response().Header().Set("HX-Redirect", path)
		return r.NoContent(http.StatusOK)
	}
	return r.seeOther(path)
}

// ctx ends when the person's browser has gone.
func (r *request) ctx() context.Context { return r.Request().Context() }

// What the console itself refuses.
var (
	errBroken       = errors.New("a page panicked")
	errNotPermitted = errors.New("not permitted")
	errOtherSite    = errors.New("the request came from another site")
	errNotDerived   = errors.New("the figures are being derived")
	errManyStreams  = errors.New("too many streams at once")
	errNoForm       = errors.New("the body is no form")
	errLargeForm    = errors.New("the form is too large")
	errCutForm      = errors.New("the form did not come whole")
)

// failure is an error as a page shows it: what happened, and what to do.
type failure struct {
	Status        int
	Title, Advice string
	Detail        string // of the error itself, if it is for people
}

// providerTitle begins the title of each page about the identity provider, which can't be used for one of several reasons.
const providerTitle = "The identity provider cannot be used"

// failures is the one table from an error to its page. Any other error is internal: its details go to the log only.
var failures = []struct {
	kind    error
	failure failure
	detail  bool
}{
	{policy.ErrNoCall, failure{Status: http.StatusNotFound, Title: "No such call", Advice: "No call has this SID. It was never logged, or it was deleted at the end of its retention time."}, false},
	{policy.ErrNoCustomer, failure{Status: http.StatusNotFound, Title: "No such account", Advice: "No customer has this number. It was never imported, or the customer was erased."}, false},
	{policy.ErrNoCase, failure{Status: http.StatusNotFound, Title: "No such case", Advice: "The review board shows open cases and links to closed ones."}, false},
	{followup.ErrNone, failure{Status: http.StatusNotFound, Title: "No such follow-up", Advice: "It was deleted at the end of its retention time, or there never was one. The Follow-ups page lists those that there are."}, false},
	{alarm.ErrNone, failure{Status: http.StatusNotFound, Title: "No such alarm", Advice: "It was deleted at the end of its retention time, or there never was one."}, false},
	{remedy.ErrNone, failure{Status: http.StatusNotFound, Title: "No such link was sent", Advice: "It went with its call, or there never was one. The call's page shows what was sent."}, false},
	{errNoRota, failure{Status: http.StatusNotFound, Title: "No such rota", Advice: "The configuration has no rota of this name. The On call page shows all rotas."}, false},
	{policy.ErrNoRecording, failure{Status: http.StatusNotFound, Title: "No such recording", Advice: "The call has none of this name, or it was removed with the record of its call."}, false},
	{policy.ErrNotStored, failure{Status: http.StatusNotFound, Title: "Not fetched", Advice: "The recording is still at the provider. It can be played here once it is fetched, if the configuration says so."}, false},
	{policy.ErrNoNotice, failure{Status: http.StatusNotFound, Title: "No such notice", Advice: "It was delivered meanwhile, or belonged to a customer who was erased."}, false},
	{policy.ErrWithdrawn, failure{Status: http.StatusConflict, Title: "Withdrawn", Advice: "Somebody took or finished what it is about: there is nothing to send."}, false},
	{policy.ErrSent, failure{Status: http.StatusConflict, Title: "Delivered already", Advice: "There is nothing to retry."}, false},
	{policy.ErrCursor, failure{Status: http.StatusUnprocessableEntity, Title: "No such place in the list", Advice: "Begin at its first page."}, false},
	{users.ErrNoUser, failure{Status: http.StatusNotFound, Title: "No such user", Advice: "The Users page lists all users."}, false},
	{ErrNoPhoneCall, failure{Status: http.StatusNotFound, Title: "No such call", Advice: "The call is over, or somebody else's. Your calls are on the Phone page."}, false},
	{api.ErrNoLine, failure{Status: http.StatusNotFound, Title: "No such line", Advice: "The configuration has no line with this number. The Lines page shows all lines."}, false},
	{errNotPermitted, failure{Status: http.StatusForbidden, Title: "Not permitted", Advice: "Your role does not include this. An admin can give you another role."}, false},
	{errOtherSite, failure{Status: http.StatusForbidden, Title: "Refused", Advice: "A page of another site asked for this. Open the console itself and do it there."}, false},
	{errNoForm, failure{Status: http.StatusUnsupportedMediaType, Title: "Not a form", Advice: "The console takes forms of its own pages (application/x-www-form-urlencoded), and a file on the Import page alone. Programs use the API."}, false},
	{errLargeForm, failure{Status: http.StatusRequestEntityTooLarge, Title: "Too large", Advice: "A form has at most 64 kB. Shorten the texts, or send less at once."}, false},
	{errCutForm, failure{Status: http.StatusBadRequest, Title: "The form did not come whole", Advice: "The connection was too slow, or broke. Go back, and send it again."}, false},
	{api.ErrWrongInput, failure{Status: http.StatusUnprocessableEntity, Title: "That did not work", Advice: "Go back, correct it, and send it again."}, true},
	{policy.ErrInput, failure{Status: http.StatusUnprocessableEntity, Title: "That did not work", Advice: "Go back, correct it, and send it again."}, true},
	{errNotDerived, failure{Status: http.StatusServiceUnavailable, Title: "The figures are being calculated", Advice: "This takes a few seconds. Try again then."}, false},
	{api.ErrManyExports, failure{Status: http.StatusTooManyRequests, Title: "Too many exports at once", Advice: "Wait until one is done, and try again."}, true},
	{users.ErrNoToken, failure{Status: http.StatusNotFound, Title: "No such token", Advice: "It was revoked already. Your page shows your tokens."}, false},
	{signin.ErrBusy, failure{Status: http.StatusServiceUnavailable, Title: "Too many sign-ins at once", Advice: "Wait a few seconds and try again."}, false},
	{errManyStreams, failure{Status: http.StatusServiceUnavailable, Title: "Too many pages are open", Advice: "Close some that follow a call or the present, and try again."}, true},
	{signin.ErrProvider, failure{Status: http.StatusBadGateway, Title: providerTitle, Advice: "It does not answer. Try again in a minute. If it happens again, an admin finds the reason in the server's log."}, false},
	{signin.ErrProviderAddress, failure{Status: http.StatusBadGateway, Title: providerTitle + ": its address is wrong", Advice: "Signing in again does not help. An admin has to correct console.sso.issuer in the configuration; \"supportline doctor\" shows what the provider calls itself."}, false},
	{signin.ErrProviderClient, failure{Status: http.StatusBadGateway, Title: providerTitle + ": it refused this console", Advice: "Signing in again does not help. An admin has to correct console.sso.client_id and console.sso.client_secret in the configuration: the application does not exist there, or its secret is wrong or has expired."}, false},
	{signin.ErrProviderRedirect, failure{Status: http.StatusBadGateway, Title: providerTitle + ": it does not know the way back", Advice: "Signing in again does not help. An admin has to register the redirect address of this console there: console.url with /signin/sso/back behind it, as \"supportline doctor\" prints it."}, false},
	{signin.ErrProviderCode, failure{Status: http.StatusBadGateway, Title: providerTitle + ": its code was refused", Advice: "The sign-in took too long on its way back. Sign in again. If it happens again, an admin has to compare the redirect address that is registered there with the one that \"supportline doctor\" prints."}, false},
	{signin.ErrProviderClock, failure{Status: http.StatusBadGateway, Title: providerTitle + ": the clocks differ", Advice: "By this server's clock, what the provider sent is from the future or over already. Signing in again does not help. An admin has to set the clock of this server, or the provider's; \"supportline doctor\" looks at this one."}, false},
	{signin.ErrProviderAnswer, failure{Status: http.StatusBadGateway, Title: providerTitle + ": its answer is not right", Advice: "What it sent does not vouch for you in this sign-in, so nobody is let in by it. An admin finds in the server's log which rule it broke, and corrects the application there, or console.sso in the configuration."}, false},
	{signin.ErrDenied, failure{Status: http.StatusForbidden, Title: "Not signed in", Advice: "The sign-in was cancelled at the identity provider, or it does not let your account use this console. Sign in again. If you did not cancel it, ask an admin to let you use the application there."}, false},
	{signin.ErrStale, failure{Status: http.StatusBadRequest, Title: "Please sign in again", Advice: "The sign-in was started in another browser, or too long ago. Start again at the first page."}, false},
	{signin.ErrNoGroups, failure{Status: http.StatusForbidden, Title: "No role here", Advice: "Your company's account brought no groups at all. An admin has to put you into a group there, and to let the provider send groups in the claim that console.sso.role_claim names."}, true},
	{signin.ErrNoRole, failure{Status: http.StatusForbidden, Title: "No role here", Advice: "Your company's account is fine, but none of its groups has a role in this console. An admin can give one of them a role (console.sso.roles in the configuration)."}, true},
	{signin.ErrNoName, failure{Status: http.StatusForbidden, Title: "No name for you", Advice: "Your company's account brought no user name (preferred_username) of letters, digits and . _ - + @, and no e-mail address. An admin has to let the provider send one of them."}, false},
	{signin.ErrUnverified, failure{Status: http.StatusForbidden, Title: "Your e-mail address is not verified", Advice: "Verify it at the identity provider, and sign in again. If it is verified there, an admin has to let the provider send email_verified with it, or a user name (preferred_username)."}, false},
	{signin.ErrOtherUser, failure{Status: http.StatusForbidden, Title: "Not allowed in: your name is taken", Advice: "The console has another user with your name, who signs in otherwise, and nobody becomes that user by having the name. An admin has to give you another user name at the identity provider (preferred_username)."}, false},
	{signin.ErrDisabled, failure{Status: http.StatusForbidden, Title: "Not allowed in: your user is disabled", Advice: "Somebody disabled your user in this console. An admin can let you in again on the Users page."}, false},
	{echo.ErrNotFound, failure{Status: http.StatusNotFound, Title: "No such page", Advice: "The address is wrong, or the page has moved. Use the menu."}, false},
	{echo.ErrMethodNotAllowed, failure{Status: http.StatusNotFound, Title: "No such page", Advice: "The address is wrong, or the page has moved. Use the menu."}, false},
}

// The errors that a page shows beside its form: mistakes of the person, and conflicts with what somebody else did since the person looked.
var (
	formMistakes = []error{
		api.ErrWrongInput, policy.ErrInput, policy.ErrNoCustomer, policy.ErrNoEmail, users.ErrName, users.ErrRole, users.ErrPassword, users.ErrExists,
		followup.ErrUnreachable, followup.ErrNoPhone, remedy.ErrNoPage, remedy.ErrNoReceiver, users.ErrTokenName, users.ErrTokenDays, users.ErrTokenExists, users.ErrManyTokens,
	}
	formConflicts = []error{
		policy.ErrCallChanged, policy.ErrAlready, policy.ErrNothingToWaive, policy.ErrNothingToUndo, policy.ErrManyActs, policy.ErrNotOnFile, policy.ErrScheduleChanged,
		policy.ErrCaseOpen, policy.ErrMoveNotAllowed, followup.ErrTaken, followup.ErrDone, oncall.ErrChanged,
		followup.ErrUnderWay, followup.ErrOnThePhone, followup.ErrOutsideHours, remedy.ErrOffered, remedy.ErrSentToday,
	}
)

// formStatus returns the status of a page that shows an error beside its form, or 0 for any other error and for none.
func formStatus(err error) int {
	is := func(kind error) bool { return errors.Is(err, kind) }
	switch {
	case slices.ContainsFunc(formMistakes, is):
		return http.StatusUnprocessableEntity
	case slices.ContainsFunc(formConflicts, is):
		return http.StatusConflict
	}
	return 0
}

// answerForm redirects to a path after a form was done. If it was refused, it shows the page of the form with the reason instead.
func (r *request) answerForm(err error, path string, show func(status int, problem string) error) error {
	if status := formStatus(err); status != 0 {
		return show(status, api.Sentence(err))
	}
	if err != nil {
		return err
	}
	return r.seeOther(path)
}

// internal is the page of every error that is not in the table.
var internal = failure{
	Status: http.StatusInternalServerError, Title: "Something went wrong",
	Advice: "The server's log has the reason. Try again. If it happens again, tell the people who run the server at what time.",
}

// explain returns an error's page, and whether the error is known.
func explain(err error) (failure, bool) {
	for _, f := range failures {
		if errors.Is(err, f.kind) {
			found := f.failure
			if f.detail {
				found.Detail = api.Sentence(err)
			}
			return found, true
		}
	}
	var refused *echo.HTTPError
	if errors.As(err, &refused) && refused.Code < http.StatusInternalServerError {
		return failure{Status: refused.Code, Title: http.StatusText(refused.Code), Advice: "Go back and try another way."}, true
	}
	return internal, false
}

// answer renders an error as a page.
func (s *console) answer(r *request, err error) error {
	f, known := explain(err)
	if !known {
		s.Logger.Error("page failed", zap.String("route", r.Path()), zap.String("user", r.user.Name), zap.Error(err))
	}
	if r.Response().Committed {
		return nil
	}
	return r.render(f.Status, "error", f)
}

// failed renders an error that occurred outside of a page's handler.
func (s *console) failed(err error, c echo.Context) {
	if failed := s.answer(s.visitor(c), err); failed != nil {
		s.Logger.Error("error page not shown", zap.Error(failed))
	}
}
