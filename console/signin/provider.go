package signin

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/officernd/supportline/policy/users"
)

// providerWithin bounds each request to the identity provider, for which a person waits.
const providerWithin = 10 * time.Second

// provider is the company's identity provider, spoken to by OpenID Connect (the code flow with PKCE). Its description of itself is fetched on the
// first sign-in, so that the server starts without it, and kept.
type provider struct {
	settings SSO
	back     string // the address to which it sends people
	client   *http.Client

	mu    sync.Mutex
	found *oidc.Provider
}

func newProvider(s Settings) *provider {
	return &provider{settings: s.SSO, back: s.URL + BackPath, client: &http.Client{Timeout: providerWithin}}
}

// discovered returns the provider as it describes itself.
func (p *provider) discovered(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// The keys are fetched with this context later, when the request that found the provider is over.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.settings.Issuer)
	if err == nil {
		p.found = found
	}
	return found, err
}

func (p *provider) flow(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.settings.ClientID, ClientSecret: p.settings.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: p.back,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}
}

// address returns where a person goes to sign in. With again the provider asks even whom it knows, and tells when it did.
func (p *provider) address(ctx context.Context, a attempt, again bool) (string, error) {
	found, err := p.discovered(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier)}
	if again {
		seconds := strconv.Itoa(int(FreshFor / time.Second))
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", seconds))
	}
	return p.flow(found).AuthCodeURL(a.state, options...), nil
}

// identity is a person as the provider vouches for them.
type identity struct {
	subject string // issuer and subject, which identify the person under any name
	name    string
	groups  []string
	at      time.Time // when the provider asked the person to sign in; zero if it does not tell
}

// asked returns when the person signed in at the provider: at now, if that is all that is known.
func (i identity) asked(now time.Time) time.Time {
	if i.at.IsZero() || i.at.After(now) {
		return now
	}
	return i.at
}

// askedAt returns the claim of when the provider asked the person to sign in, zero if the token has none that can be read.
func askedAt(token *oidc.IDToken) time.Time {
	var claim struct {
		At float64 `json:"auth_time"`
	}
	if err := token.Claims(&claim); err != nil || claim.At <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(claim.At), 0)
}

// identity exchanges the code that a person brought back for an ID token and reads it, once it is known to be signed by the provider, for us, not
// expired, and of this attempt.
func (p *provider) identity(ctx context.Context, a attempt, code string) (identity, error) {
	found, err := p.discovered(ctx)
	if err != nil {
		return identity{}, err
	}
	tokens, err := p.flow(found).Exchange(oidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(a.verifier))
	if err != nil {
		return identity{}, exchangeFailed(err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return identity{}, errors.New("it gave no ID token")
	}
	token, err := found.Verifier(&oidc.Config{ClientID: p.settings.ClientID}).Verify(ctx, raw)
	if err != nil {
		return identity{}, err
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(a.nonce)) != 1 {
		return identity{}, errors.New("the ID token is of another attempt")
	}
	who, err := p.read(token)
	who.at = askedAt(token)
	return who, err
}

// exchangeFailed keeps only the provider's error code: the rest of its answer could hold a secret.
func exchangeFailed(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return fmt.Errorf("it did not take the code: %s", cmp.Or(refused.ErrorCode, refused.Response.Status))
	}
	return err
}

// read returns the name and the groups in a token. The name is the user name, or else an e-mail address that the provider has verified.
func (p *provider) read(token *oidc.IDToken) (identity, error) {
	var standard struct {
		Username string `json:"preferred_username"`
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	var all map[string]any
	if err := errors.Join(token.Claims(&standard), token.Claims(&all)); err != nil {
		return identity{}, err
	}
	if !standard.Verified {
		standard.Email = ""
	}
	name, err := users.ParseName(cmp.Or(standard.Username, standard.Email))
	if err != nil {
		return identity{}, errors.New("it gave neither a preferred_username nor a verified email that can be a name here")
	}
	return identity{subject: token.Issuer + "|" + token.Subject, name: name, groups: texts(all[p.settings.RoleClaim])}, nil
}

// texts returns the texts of a claim, which is one text or a list of them.
func texts(claim any) []string {
	switch v := claim.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, each := range v {
			if text, ok := each.(string); ok {
				list = append(list, text)
			}
		}
		return list
	}
	return nil
}
