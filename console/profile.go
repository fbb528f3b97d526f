package console

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/officernd/supportline/policy"
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
	Zone, Problem   string
	PasswordProblem string
	Done            bool
	Zones           []string // to choose from; any other of the zone database may be written
}

// usualZones are offered besides those of the lines.
var usualZones = []string{
	"UTC", "Europe/London", "Europe/Berlin", "Europe/Sofia", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
	"America/Toronto", "Asia/Kolkata", "Asia/Singapore", "Australia/Sydney",
}

func (r *request) profile() error {
	return r.render(http.StatusOK, "profile", profilePage{Zone: r.zone.String(), Zones: usualZones, Done: r.QueryParam("done") != ""})
}

func (r *request) setProfile() error {
	zone, theme := r.FormValue("zone"), policy.Theme(r.FormValue("theme"))
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		problem := fmt.Sprintf("%q is not a time zone: write a name such as Europe/London.", zone)
		return r.render(http.StatusUnprocessableEntity, "profile", profilePage{Zone: zone, Zones: usualZones, Problem: problem})
	}
	if theme != policy.ThemeLight && theme != policy.ThemeDark {
		theme = ""
	}
	if _, err := r.site.Users.ChangeUser(r.ctx(), r.user.Name, policy.WithProfile(zone, theme, r.user.Name, r.now)); err != nil {
		return err
	}
	return r.seeOther(profilePath + "?done=profile")
}

// setPassword changes the person's own password, and ends all sessions with it. It wants the old one: a screen that was left open is not
// enough.
func (r *request) setPassword() error {
	refuse := func(status int, problem string) error {
		return r.render(status, "profile", profilePage{Zone: r.zone.String(), Zones: usualZones, PasswordProblem: problem})
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
	if errors.Is(err, policy.ErrPassword) {
		return refuse(http.StatusUnprocessableEntity, sentence(err))
	}
	if err != nil {
		return err
	}
	if _, err := r.site.Users.ChangeUser(r.ctx(), r.user.Name, policy.WithPassword(hash, r.user.Name, r.now)); err != nil {
		return err
	}
	if err := r.site.sessions.Destroy(r.ctx()); err != nil {
		return err
	}
	return r.seeOther(signInPath + "?why=password")
}
