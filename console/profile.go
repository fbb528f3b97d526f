package console

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

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

// setPassword changes the person's own password, and ends all sessions with it. It wants the old one: a screen that was left open is not
// enough.
func (r *request) setPassword() error {
	refuse := func(status int, problem string) error {
		return r.showProfile(status, profilePage{PasswordProblem: problem})
	}
	if r.user.Password == "" {
		return fmt.Errorf("%w: you sign in at your company's identity provider, which has your password", errWrongInput)
	}
	if wait := r.site.guesses.pause(r.user.Name, r.RealIP(), r.now); wait > 0 {
		return refuse(http.StatusTooManyRequests, "Too many wrong tries. Wait "+spell(wait)+", then try again.")
	}
	right, err := r.site.passwords.right(r.ctx(), r.FormValue("old"), r.user.Password)
	if err != nil {
		return err
	}
	if !right {
		r.site.guesses.missed(r.user.Name, r.RealIP(), r.now)
		return refuse(http.StatusUnprocessableEntity, "The present password is another one.")
	}
	if r.FormValue("new") != r.FormValue("again") {
		return refuse(http.StatusUnprocessableEntity, "The new password was not typed the same twice.")
	}
	hash, err := r.site.passwords.hash(r.ctx(), r.user.Name, r.FormValue("new"))
	if errors.Is(err, users.ErrPassword) {
		return refuse(http.StatusUnprocessableEntity, sentence(err))
	}
	if err != nil {
		return err
	}
	if _, err := r.site.Users.ChangeUser(r.ctx(), r.user.Name, users.WithPassword(hash, r.user.Name, r.now)); err != nil {
		return err
	}
	if err := r.site.sessions.Destroy(r.ctx()); err != nil {
		return err
	}
	return r.seeOther(signInPath + "?why=password")
}
