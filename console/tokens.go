package console

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

const tokensPath = profilePath + "/tokens"

// tokensNoun is the tokens by which a person's programs use the API. They stand on the person's page.
func (s *site) tokensNoun() noun {
	return noun{path: tokensPath, route: func(r routes) {
		r.post(tokensPath, (*request).addToken)
		r.post(tokensPath+"/revoke", (*request).revokeToken)
	}}
}

// tokenForm is what a person wrote to make a token, where it was refused.
type tokenForm struct {
	Name, Days       string
	ReadOnly, Masked bool
	Problem          string
}

// addToken makes a token and shows it, this once. The page is the answer itself, because what it shows is kept nowhere; a reload makes no second
// token, since its name is taken by then.
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
		err = r.site.Tokens.AddToken(r.ctx(), token, r.user.Name)
	}
	for _, theirs := range []error{users.ErrTokenName, users.ErrTokenDays, users.ErrTokenExists, users.ErrManyTokens} {
		if errors.Is(err, theirs) {
			form.Problem = sentence(err)
			return r.showProfile(http.StatusUnprocessableEntity, profilePage{Form: form})
		}
	}
	if err != nil {
		return err
	}
	return r.showProfile(http.StatusOK, profilePage{NewToken: secret, NewName: token.Name})
}

func (r *request) revokeToken() error {
	name := r.FormValue("name")
	if name == "" {
		return fmt.Errorf("%w: no token was chosen", errWrongInput)
	}
	if err := r.site.Tokens.RevokeToken(r.ctx(), r.user.Name, name, r.user.Name, r.now); err != nil {
		return err
	}
	return r.seeOther(profilePath + "?done=revoked#tokens")
}

// tokenRow is a token in the list.
type tokenRow struct {
	users.Token
	Over bool
}

func (r *request) tokenRows() ([]tokenRow, error) {
	all, err := r.site.Tokens.TokensOf(r.ctx(), r.user.Name)
	rows := make([]tokenRow, len(all))
	for i, t := range all {
		rows[i] = tokenRow{t, t.Over(r.now)}
	}
	return rows, err
}
