package fake

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"time"
)

// The paths of the tokens.
const (
	secondaryToken = "/v1/AuthTokens/Secondary"
	tokenPromotion = "/v1/AuthTokens/Promote"
)

// createSecondary creates a secondary token. It refuses if there is one; the provider does not document what it does then.
func (a *Account) createSecondary(w http.ResponseWriter, _ *http.Request, _ string) {
	if a.state.Secondary != "" {
		Refuse(w, http.StatusConflict, 20409, "A secondary auth token exists already")
		return
	}
	var made [16]byte
	_, _ = rand.Read(made[:]) // never fails: it would end the program instead
	a.state.Secondary = hex.EncodeToString(made[:])
	a.token(w, http.StatusCreated, "secondary_auth_token", secondaryToken)
}

func (a *Account) deleteSecondary(w http.ResponseWriter, r *http.Request, _ string) {
	if a.state.Secondary == "" {
		Refuse(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
		return
	}
	a.state.Secondary = ""
	w.WriteHeader(http.StatusNoContent)
}

// promote replaces the primary token by the secondary one at once.
func (a *Account) promote(w http.ResponseWriter, r *http.Request, _ string) {
	if a.state.Secondary == "" {
		Refuse(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
		return
	}
	a.state.Token, a.state.Secondary = a.state.Secondary, ""
	a.token(w, http.StatusOK, "auth_token", tokenPromotion)
}

func (a *Account) token(w http.ResponseWriter, status int, field, path string) {
	text, now := a.state.Secondary, a.state.Now().UTC().Format(time.RFC3339)
	if text == "" {
		text = a.state.Token
	}
	reply(w, status, map[string]any{
		"account_sid": a.state.SID, field: text, "date_created": now, "date_updated": now,
		"url": "https://accounts.twilio.com" + path,
	})
}
