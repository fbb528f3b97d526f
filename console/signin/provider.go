package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

// A person waits for the identity provider. The page that says why nothing comes has to be written before the server gives the request up.
const (
	providerWithin = 10 * time.Second // each request
	identityWithin = 15 * time.Second // all those of one sign-in
)

// provider is the company's identity provider, spoken to by OpenID Connect (the code flow with PKCE). Its description of itself is fetched on the
// first sign-in, so that the server starts without it, and kept.
type provider struct {
	settings SSO
	granted  granted
	back     string // the address to which it sends people
	client   *http.Client

	asking singleflight.Group // for the description: while the provider does not answer, all wait for one request
	mu     sync.Mutex
	found  *described
}

// described is a provider whose description is usable.
type described struct {
	Description
	keys oidc.KeySet
}

func newProvider(s Settings) *provider {
	return &provider{settings: s.SSO, granted: s.SSO.granted(), back: s.URL + BackPath, client: newClient()}
}

// discovered returns the provider as it describes itself.
func (p *provider) discovered(ctx context.Context) (*described, error) {
	p.mu.Lock()
	found := p.found
	p.mu.Unlock()
	if found != nil {
		return found, nil
	}
	shared := context.WithoutCancel(ctx) // others may wait for the same answer
	answer, err, _ := p.asking.Do("", func() (any, error) { return p.discover(shared) })
	if err != nil {
		return nil, err
	}
	return answer.(*described), nil
}

func (p *provider) discover(ctx context.Context) (*described, error) {
	got, err := p.get(ctx, DescriptionURL(p.settings.Issuer), nil)
	if err != nil {
		return nil, err
	}
	description, err := ParseDescription(got.body)
	switch {
	case got.status != http.StatusOK:
		err = fmt.Errorf("it answered %d to a request for its description", got.status)
	case err == nil:
		err = description.Check(p.settings.Issuer)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProviderAddress, err)
	}
	keys := *p.client
	keys.Transport = keysOnly{keys.Transport}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found = &described{description, oidc.NewRemoteKeySet(oidc.ClientContext(ctx, &keys), description.Keys)}
	return p.found, nil
}

// reply is an answer of the provider.
type reply struct {
	status int
	kind   string // media type
	body   []byte
}

// get asks an address of the provider. The error is ErrProvider or ErrProviderAnswer; any status but those that pass in a minute is an answer.
func (p *provider) get(ctx context.Context, address string, header http.Header) (reply, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return reply{}, fmt.Errorf("%w: %w", ErrProviderAddress, err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	response, err := p.client.Do(r)
	if err != nil {
		return reply{}, unasked(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return reply{}, unasked(err)
	case busy(response.StatusCode):
		return reply{}, fmt.Errorf("%w: %s answered %s", ErrProvider, r.URL.Path, response.Status)
	}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return reply{response.StatusCode, kind, body}, nil
}

func (p *provider) flow(found *described, a attempt) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.settings.ClientID, ClientSecret: p.settings.ClientSecret, Endpoint: found.endpoint(), RedirectURL: p.back,
		Scopes: found.scopes(!a.withoutGroups),
	}
}

// address returns where a person goes to sign in. With again the provider asks even whom it knows, and tells when it did.
func (p *provider) address(ctx context.Context, a attempt) (string, error) {
	found, err := p.discovered(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier)}
	if a.again {
		seconds := strconv.Itoa(int(FreshFor / time.Second))
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", seconds))
	}
	return p.flow(found, a).AuthCodeURL(a.state, options...), nil
}

// identity is a person as the provider vouches for them.
type identity struct {
	subject       string // issuer and subject, which identify the person under any name
	name          string // that the person can have here
	nameErr       error  // why there is no name
	groups        []string
	keptElsewhere bool      // the groups are
	shape         []string  // of the claims, for the log
	at            time.Time // when the provider asked the person to sign in; zero if it does not tell
}

// asked returns when the person signed in at the provider. If it does not tell, that is now after an attempt for which it was to ask anew, and zero
// after any other: it may have known the browser, and let in whoever sat there.
func (who identity) asked(again bool, now time.Time) time.Time {
	switch {
	case who.at.IsZero() && !again:
		return time.Time{}
	case who.at.IsZero() || who.at.After(now):
		return now
	}
	return who.at
}

// identity exchanges the code that a person brought back for an ID token and reads it, once it is known to be signed by the provider, for us, not
// expired, and of this attempt. What the token lacks is read at the userinfo endpoint. The shape is there with an error too.
func (p *provider) identity(ctx context.Context, a attempt, back url.Values, now time.Time) (who identity, err error) {
	ctx, cancel := context.WithTimeout(ctx, identityWithin)
	defer cancel()
	found, err := p.discovered(ctx)
	if err != nil {
		return who, err
	}
	if iss, given := back["iss"]; (given || found.IssuerWithCodes) && (len(iss) != 1 || iss[0] != p.settings.Issuer) {
		return who, fmt.Errorf("%w: the code is of another issuer", ErrProviderAnswer)
	}
	tokens, err := p.flow(found, a).Exchange(oidc.ClientContext(ctx, p.client), back.Get("code"), oauth2.VerifierOption(a.verifier))
	if err != nil {
		return who, exchangeFailed(err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return who, fmt.Errorf("%w: it gave no ID token", ErrProviderAnswer)
	}
	token, c, err := p.verified(ctx, found, raw, &oidc.Config{ClientID: p.settings.ClientID})
	if err != nil {
		return who, err
	}
	who.shape = c.shape("")
	if err := errors.Join(c.vouch(token, p.settings.ClientID, a.nonce), c.inTime(now)); err != nil {
		return who, err
	}
	who.subject = token.Issuer + "|" + token.Subject
	who.at, _ = c.time("auth_time")
	who.read(c, p)
	if len(who.groups) == 0 || who.name == "" {
		err = p.complete(ctx, found, tokens.AccessToken, token.Subject, &who)
	}
	return who, err
}

// read takes from claims what is not known yet of a person.
func (who *identity) read(c claims, p *provider) {
	if who.name == "" {
		name, err := c.person()
		who.name = name
		if !errors.Is(who.nameErr, ErrUnverified) {
			who.nameErr = err
		}
	}
	if len(who.groups) == 0 {
		who.groups = p.granted.groups(c.find(p.settings.RoleClaim))
		who.keptElsewhere = who.keptElsewhere || c.keptElsewhere(p.settings.RoleClaim)
	}
}
