package console

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

const usersPath = "/users"

var usersRoutes = []route{
	{http.MethodGet, usersPath, (*request).users, users.ManageUsers},
	{http.MethodPost, usersPath, (*request).addUser, users.ManageUsers},
	{http.MethodPost, usersPath + "/:name", (*request).changeUser, users.ManageUsers},
}

type usersPage struct {
	Users          []users.User
	Roles          []users.Role
	Name, Problem  string // of a user who could not be added
	Done, DoneName string
}

func (r *request) users() error {
	return r.showUsers(http.StatusOK, usersPage{Done: usersDone[r.QueryParam("done")], DoneName: r.QueryParam("name")})
}

// usersDone are the ends of sentences about what was done, by the word in the address.
var usersDone = map[string]string{
	"add": "was added", "role": "has a new role", "disable": "is disabled and signed out everywhere", "enable": "may sign in again",
	"signout": "is signed out everywhere",
}

func (r *request) showUsers(status int, body usersPage) error {
	body.Roles = users.Roles()
	for u, err := range r.console.Users.Users(r.ctx()) {
		if err != nil {
			return err
		}
		body.Users = append(body.Users, u)
	}
	return r.render(status, "users", body)
}

func (r *request) addUser() error {
	typed := r.FormValue("name")
	name, err := users.ParseName(typed)
	var hash string
	var role users.Role
	if err == nil {
		role, err = users.ParseRole(r.FormValue("role"))
	}
	if err == nil {
		hash, err = r.console.signin.HashPassword(r.ctx(), name, r.FormValue("password"))
	}
	if err == nil {
		err = r.console.Users.AddUser(r.ctx(), users.User{Name: name, Role: role, Password: hash, CreatedAt: r.now}, r.user.Name)
	}
	return r.answerForm(err, userDone("add", name), func(status int, problem string) error {
		return r.showUsers(status, usersPage{Name: typed, Problem: problem})
	})
}

// changeUser changes a user's role or access. Nobody can take the console away from themselves.
func (r *request) changeUser() error {
	name, act := r.Param("name"), r.FormValue("act")
	if name == r.user.Name && act != "signout" {
		return fmt.Errorf("%w: this is you; another admin can change your role or disable you", api.ErrWrongInput)
	}
	var change users.Change
	switch act {
	case "role":
		role, err := users.ParseRole(r.FormValue("role"))
		if err != nil {
			return fmt.Errorf("%w: %w", api.ErrWrongInput, err)
		}
		change = users.WithRole(role, r.user.Name, r.now)
	case "disable":
		change = users.WithDisabled(r.user.Name, r.now)
	case "enable":
		change = users.WithEnabled(r.user.Name, r.now)
	case "signout":
		change = users.SignedOutEverywhere(r.user.Name, r.now)
	default:
		return fmt.Errorf("%w: choose what to do to the user", api.ErrWrongInput)
	}
	if _, err := r.console.Users.ChangeUser(r.ctx(), name, change); err != nil {
		return err
	}
	return r.seeOther(userDone(act, name))
}

func userDone(act, name string) string { return usersPath + query("done", act, "name", name) }

const profilePath = "/profile"

// profileRoutes are the routes of what people set for themselves, with the tokens by which their programs use the API.
var profileRoutes = []route{
	{http.MethodGet, profilePath, (*request).profile, ""},
	{http.MethodPost, profilePath, (*request).setProfile, ""},
	{http.MethodPost, profilePath + "/password", (*request).setPassword, ""},
	{http.MethodPost, profilePath + "/tokens", (*request).addToken, ""},
	{http.MethodPost, profilePath + "/tokens/revoke", (*request).revokeToken, ""},
	{http.MethodPost, profilePath + "/sessions/end", (*request).endSession, ""},
	{http.MethodGet, "/api", (*request).apiPage, ""},
}

type profilePage struct {
	Zone, Problem     string
	PasswordProblem   string
	Zones             []string // to choose from; any other of the zone database can be typed
	Tokens            []tokenRow
	Form              tokenForm
	NewToken, NewName string // of a token that was just made
	MaxDays           int    // that a new token can last
	Fresh             bool   // the person may make a token without signing in again
	Suspended         string // why the tokens do not work, or ""
	Sessions          []signin.OwnSession
}

// HasLong reports whether some token that works lasts longer than a new one can.
func (p profilePage) HasLong() bool {
	return slices.ContainsFunc(p.Tokens, func(t tokenRow) bool { return t.Long() && !t.Over })
}

// usualZones are offered besides those of the lines.
var usualZones = []string{
	"UTC", "Europe/London", "Europe/Berlin", "Europe/Sofia", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
	"America/Toronto", "Asia/Kolkata", "Asia/Singapore", "Australia/Sydney",
}

func (r *request) profile() error { return r.showProfile(http.StatusOK, profilePage{}) }

func (r *request) showProfile(status int, body profilePage) (err error) {
	body.Zones = usualZones
	if body.Zone == "" {
		body.Zone = r.zone.String()
	}
	if body.Form == (tokenForm{}) {
		body.Form.Days = strconv.Itoa(users.UsualTokenDays)
	}
	body.MaxDays, body.Fresh = users.LongestTokenDays, r.user.Password != "" || r.console.signin.IsFresh(r.ctx(), r.now)
	if why := r.user.Suspended(r.now); why != nil {
		body.Suspended = api.Sentence(why)
	}
	if body.Tokens, err = r.tokenRows(); err != nil {
		return err
	}
	if body.Sessions, err = r.console.signin.OwnSessions(r.ctx(), r.user, r.now); err != nil {
		return err
	}
	return r.render(status, "profile", body)
}

func (r *request) setProfile() error {
	zone, theme := r.FormValue("zone"), users.Theme(r.FormValue("theme"))
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		problem := fmt.Sprintf("%q is not a time zone: write a name such as Europe/London.", zone)
		return r.showProfile(http.StatusUnprocessableEntity, profilePage{Zone: zone, Problem: problem})
	}
	if theme != users.ThemeLight && theme != users.ThemeDark {
		theme = ""
	}
	if _, err := r.console.Users.ChangeUser(r.ctx(), r.user.Name, users.WithProfile(zone, theme, r.user.Name, r.now)); err != nil {
		return err
	}
	return r.seeOther(profilePath + "?done=profile")
}

// setPassword changes the person's own password, which ends all sessions.
func (r *request) setPassword() error {
	refuse := func(status int, problem string) error {
		return r.showProfile(status, profilePage{PasswordProblem: problem})
	}
	if r.FormValue("new") != r.FormValue("again") {
		return refuse(http.StatusUnprocessableEntity, "The new password was not typed the same twice.")
	}
	err := r.console.signin.SetPassword(r.Request(), r.user, r.FormValue("old"), r.FormValue("new"), r.RealIP(), r.now)
	if status, problem := unconfirmed(err); status != 0 {
		return refuse(status, problem)
	}
	switch {
	case errors.Is(err, signin.ErrNoPassword):
		return fmt.Errorf("%w: you sign in at your company's identity provider, which has your password", api.ErrWrongInput)
	case errors.Is(err, users.ErrPassword):
		return refuse(http.StatusUnprocessableEntity, api.Sentence(err))
	case err != nil:
		return err
	}
	return r.seeOther(signInPath + "?why=password")
}

// tokenForm is the form of a new token as it was sent, if it was refused.
type tokenForm struct {
	Name, Days       string
	ReadOnly, Masked bool
	Problem          string
}

// addToken creates a token and shows it once. The page is the answer itself, because its secret is kept nowhere; a reload creates no second token,
// because its name is taken then.
func (r *request) addToken() error {
	form := tokenForm{Name: r.FormValue("name"), Days: r.FormValue("days"), ReadOnly: r.FormValue("readonly") != "", Masked: r.FormValue("masked") != ""}
	secret := signin.NewToken()
	token, err := form.token(r.user.Name, secret, r.now)
	if err == nil {
		err = r.console.signin.Confirm(r.Request(), r.user, r.FormValue("password"), r.RealIP(), r.now)
	}
	if status, problem := unconfirmed(err); status != 0 {
		form.Problem = problem
		return r.showProfile(status, profilePage{Form: form})
	}
	if err == nil {
		err = r.console.Tokens.AddToken(r.ctx(), token, r.user.Name)
	}
	if status := formStatus(err); status != 0 {
		form.Problem = api.Sentence(err)
		return r.showProfile(status, profilePage{Form: form})
	}
	if err != nil {
		return err
	}
	return r.showProfile(http.StatusOK, profilePage{NewToken: secret, NewName: token.Name})
}

// token returns the token that the form asks for. The error is users.ErrTokenName or ErrTokenDays.
func (f tokenForm) token(user, secret string, now time.Time) (token users.Token, err error) {
	token = users.Token{User: user, Hash: users.HashToken(secret), ReadOnly: f.ReadOnly, Masked: f.Masked, CreatedAt: now}
	if token.Name, err = users.ParseTokenName(f.Name); err != nil {
		return token, err
	}
	days, err := strconv.Atoi(f.Days)
	if err != nil {
		return token, fmt.Errorf("%w: %q; write a number from 1 to %d", users.ErrTokenDays, f.Days, users.LongestTokenDays)
	}
	token.ExpiresAt, err = users.TokenEnd(days, now)
	return token, err
}

// unconfirmed returns what the page says if it is not sure that it is the user who asks, and its status: 0 for any other error and for none.
func unconfirmed(err error) (status int, problem string) {
	var wait signin.Throttled
	switch {
	case errors.As(err, &wait):
		return http.StatusTooManyRequests, tooManyTries(wait.Wait)
	case errors.Is(err, signin.ErrWrongPassword):
		return http.StatusUnprocessableEntity, "The present password is wrong."
	case errors.Is(err, signin.ErrNotFresh):
		return http.StatusUnprocessableEntity, "Sign in again first: the sign-in was too long ago. The link is below the list of tokens."
	}
	return 0, ""
}

func (r *request) revokeToken() error {
	name := r.FormValue("name")
	if name == "" {
		return fmt.Errorf("%w: no token was chosen", api.ErrWrongInput)
	}
	if err := r.console.Tokens.RevokeToken(r.ctx(), r.user.Name, name, r.user.Name, r.now); err != nil {
		return err
	}
	return r.seeOther(profilePath + "?done=revoked#tokens")
}

// revokeTokens revokes all tokens of the person.
func (r *request) revokeTokens() error {
	all, err := r.console.Tokens.TokensOf(r.ctx(), r.user.Name)
	if err != nil {
		return err
	}
	for _, t := range all {
		err := r.console.Tokens.RevokeToken(r.ctx(), r.user.Name, t.Name, r.user.Name, r.now)
		if err != nil && !errors.Is(err, users.ErrNoToken) { // which was revoked meanwhile
			return err
		}
	}
	return nil
}

// endSession ends one of the person's sessions.
func (r *request) endSession() error {
	err := r.console.signin.EndSession(r.ctx(), r.user, r.FormValue("session"), r.now)
	if err != nil && !errors.Is(err, signin.ErrNoSession) { // which is over, as was wanted
		return err
	}
	return r.seeOther(profilePath + "?done=session#sessions")
}

type tokenRow struct {
	users.Token
	Over bool
}

func (r *request) tokenRows() ([]tokenRow, error) {
	all, err := r.console.Tokens.TokensOf(r.ctx(), r.user.Name)
	rows := make([]tokenRow, len(all))
	for i, t := range all {
		rows[i] = tokenRow{t, t.Over(r.now)}
	}
	return rows, err
}

// apiPage names the OpenAPI file and explains the types of problems.
func (r *request) apiPage() error { return r.render(http.StatusOK, "api", api.Problems()) }
