package console

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/officernd/supportline/console/api"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

const profilePath = "/profile"

// profileRoutes are the routes of what people set for themselves, with the tokens by which their programs use the API.
var profileRoutes = []route{
	{http.MethodGet, profilePath, (*request).profile, ""},
	{http.MethodPost, profilePath, (*request).setProfile, ""},
	{http.MethodPost, profilePath + "/password", (*request).setPassword, ""},
	{http.MethodPost, profilePath + "/tokens", (*request).addToken, ""},
	{http.MethodPost, profilePath + "/tokens/revoke", (*request).revokeToken, ""},
	{http.MethodGet, "/api", (*request).apiPage, ""},
}

type profilePage struct {
	Zone, Problem     string
	PasswordProblem   string
	Zones             []string // to choose from; any other of the zone database can be typed
	Tokens            []tokenRow
	Form              tokenForm
	NewToken, NewName string // of a token that was just made
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
	if body.Tokens, err = r.tokenRows(); err != nil {
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
	err := r.console.signin.SetPassword(r.ctx(), r.user, r.FormValue("old"), r.FormValue("new"), r.RealIP(), r.now)
	var wait signin.Throttled
	switch {
	case errors.Is(err, signin.ErrNoPassword):
		return fmt.Errorf("%w: you sign in at your company's identity provider, which has your password", api.ErrWrongInput)
	case errors.As(err, &wait):
		return refuse(http.StatusTooManyRequests, tooManyTries(wait.Wait))
	case errors.Is(err, signin.ErrWrongPassword):
		return refuse(http.StatusUnprocessableEntity, "The present password is wrong.")
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
	token := users.Token{User: r.user.Name, Hash: users.HashToken(secret), ReadOnly: form.ReadOnly, Masked: form.Masked, CreatedAt: r.now}
	var err error
	if token.Name, err = users.ParseTokenName(form.Name); err == nil {
		days, wrong := strconv.Atoi(form.Days)
		if wrong != nil {
			days = -1
		}
		token.ExpiresAt, err = users.TokenEnd(days, r.now)
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
