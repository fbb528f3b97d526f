package console

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

const profilePath = "/profile"

// profileNoun is what people set for themselves.
func (s *site) profileNoun() noun {
	return noun{path: profilePath, route: func(r routes) {
		r.get(profilePath, (*request).profile)
		r.post(profilePath, (*request).setProfile)
		r.post(profilePath+"/password", (*request).setPassword)
	}}
}

// profilePage is what the page shows.
type profilePage struct {
	Zone, Problem     string
	PasswordProblem   string
	Done              string
	Zones             []string // to choose from; any other of the zone database may be written
	Tokens            []tokenRow
	Form              tokenForm
	NewToken, NewName string // of a token that was just made
}

// usualZones are offered besides those of the lines.
var usualZones = []string{
	"UTC", "Europe/London", "Europe/Berlin", "Europe/Sofia", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
	"America/Toronto", "Asia/Kolkata", "Asia/Singapore", "Australia/Sydney",
}

// profileDone says what was done.
var profileDone = map[string]string{"profile": "Saved.", "revoked": "The token is revoked: it is refused from now on."}

func (r *request) profile() error {
	return r.showProfile(http.StatusOK, profilePage{Done: profileDone[r.QueryParam("done")]})
}

// showProfile adds to a page what it always shows.
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
	if _, err := r.site.Users.ChangeUser(r.ctx(), r.user.Name, users.WithProfile(zone, theme, r.user.Name, r.now)); err != nil {
		return err
	}
	return r.seeOther(profilePath + "?done=profile")
}

// setPassword changes the person's own password, and ends all sessions with it.
func (r *request) setPassword() error {
	refuse := func(status int, problem string) error {
		return r.showProfile(status, profilePage{PasswordProblem: problem})
	}
	if r.FormValue("new") != r.FormValue("again") {
		return refuse(http.StatusUnprocessableEntity, "The new password was not typed the same twice.")
	}
	err := r.site.signin.SetPassword(r.ctx(), r.user, r.FormValue("old"), r.FormValue("new"), r.RealIP(), r.now)
	var wait signin.Throttled
	switch {
	case errors.Is(err, signin.ErrNoPassword):
		return fmt.Errorf("%w: you sign in at your company's identity provider, which has your password", errWrongInput)
	case errors.As(err, &wait):
		return refuse(http.StatusTooManyRequests, tooManyTries(wait.Wait))
	case errors.Is(err, signin.ErrWrongPassword):
		return refuse(http.StatusUnprocessableEntity, "The present password is another one.")
	case errors.Is(err, users.ErrPassword):
		return refuse(http.StatusUnprocessableEntity, sentence(err))
	case err != nil:
		return err
	}
	return r.seeOther(signInPath + "?why=password")
}
