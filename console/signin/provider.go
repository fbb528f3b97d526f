package signin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
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

// providerWithin bounds each request to the identity provider, for which a person waits.
const providerWithin = 10 * time.Second

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
	subject string // issuer and subject, which identify the person under any name
	name    string // that the person can have here
	nameErr error  // why there is no name
	groups  []string
	shape   []string  // of the claims, for the log
	at      time.Time // when the provider asked the person to sign in; zero if it does not tell
}

// asked returns when the person signed in at the provider: at now, if that is all that is known.
func (who identity) asked(now time.Time) time.Time {
	if who.at.IsZero() || who.at.After(now) {
		return now
	}
	return who.at
}

// identity exchanges the code that a person brought back for an ID token and reads it, once it is known to be signed by the provider, for us, not
// expired, and of this attempt. What the token lacks is read at the userinfo endpoint. The shape is there with an error too.
func (p *provider) identity(ctx context.Context, a attempt, back url.Values, now time.Time) (who identity, err error) {
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

// verified returns a token and its claims, once it is known to be signed by the provider and what else a configuration asks for. Times are not
// looked at.
func (p *provider) verified(ctx context.Context, found *described, raw string, conf *oidc.Config) (*oidc.IDToken, claims, error) {
	keys := &watchedKeys{KeySet: found.keys}
	conf.SkipExpiryCheck = true
	conf.SupportedSigningAlgs = found.Signatures()
	if len(conf.SupportedSigningAlgs) == 0 {
		return nil, nil, fmt.Errorf("%w: it signs with %q, and must sign with a key of its own, such as RS256", ErrProviderAnswer, found.Algorithms)
	}
	token, err := oidc.NewVerifier(p.settings.Issuer, keys, conf).Verify(ctx, raw)
	if err != nil {
		return nil, nil, keys.failed(err)
	}
	var body json.RawMessage
	if err := token.Claims(&body); err != nil {
		return nil, nil, err
	}
	c, err := parseClaims(body)
	return token, c, err
}

// watchedKeys remembers why a signature could not be verified: the verifier keeps the words alone.
type watchedKeys struct {
	oidc.KeySet
	err error
}

// VerifySignature returns what was signed.
func (k *watchedKeys) VerifySignature(ctx context.Context, token string) (payload []byte, err error) {
	payload, k.err = k.KeySet.VerifySignature(ctx, token)
	return payload, k.err
}

// failed returns the error of a token that was not verified: the keys may not have come.
func (k *watchedKeys) failed(err error) error {
	var unreached *url.Error
	switch {
	case errors.As(k.err, &unreached):
		return unasked(unreached)
	case errors.Unwrap(k.err) != nil: // what came instead of keys is in the words
		return fmt.Errorf("%w: its keys cannot be read", ErrProviderAnswer)
	}
	return fmt.Errorf("%w: %w", ErrProviderAnswer, err)
}

// clockLeeway is how far the provider's clock and ours may differ: what providers allow each other.
const clockLeeway = 5 * time.Minute

// maxSubject is the length that the standard allows to a subject.
const maxSubject = 255

// vouch returns an error unless the claims of an ID token, which was verified, are those of this sign-in: the rest of section 3.1.3.7 of OpenID
// Connect Core but the times. The verifier takes claims whose names differ in case for the same; here they are others.
func (c claims) vouch(token *oidc.IDToken, clientID, nonce string) error {
	given, _ := c["nonce"].(string)
	by, named := c["azp"]
	ours, others := c.audience(clientID)
	wrong := ""
	switch {
	case c.text("sub") == "" || c["sub"] != token.Subject || len(token.Subject) > maxSubject:
		wrong = "its sub is missing, empty or too long"
	case c["iss"] != token.Issuer || !ours:
		wrong = "its iss or its audience is written in another way"
	case subtle.ConstantTimeCompare([]byte(given), []byte(nonce)) != 1:
		wrong = "its nonce is that of another attempt"
	case named && by != clientID, !named && others:
		wrong = "its azp is not console.sso.client_id"
	}
	if wrong != "" {
		return fmt.Errorf("%w: the ID token was refused: %s", ErrProviderAnswer, wrong)
	}
	return nil
}

// audience reports whether a client is in the audience of a token, and whether others are.
func (c claims) audience(clientID string) (ours, others bool) {
	list, ok := c["aud"].([]any)
	if !ok {
		list = []any{c["aud"]}
	}
	for _, each := range list {
		ours, others = ours || each == clientID, others || each != clientID
	}
	return ours, others
}

// inTime returns an error unless a token is valid at now.
func (c claims) inTime(now time.Time) error {
	ends, ok := c.time("exp")
	if !ok {
		return fmt.Errorf("%w: the ID token was refused: its exp is missing", ErrProviderAnswer)
	}
	if ago := now.Sub(ends); ago > clockLeeway {
		return fmt.Errorf("%w: the new ID token is over since %v", ErrProviderClock, ago)
	}
	for _, name := range []string{"iat", "nbf"} {
		if begins, ok := c.time(name); ok && begins.Sub(now) > clockLeeway {
			return fmt.Errorf("%w: the %s of the ID token is %v from now", ErrProviderClock, name, begins.Sub(now))
		}
	}
	return nil
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
	}
}

// complete reads what an ID token lacks at the userinfo endpoint (OpenID Connect Core, section 5.3). A provider that refuses to show it has nothing more.
func (p *provider) complete(ctx context.Context, found *described, access, subject string, who *identity) error {
	if found.UserInfo == "" {
		return nil
	}
	got, err := p.get(ctx, found.UserInfo, http.Header{"Authorization": {"Bearer " + access}, "Accept": {"application/json, application/jwt"}})
	switch {
	case err != nil:
		return err
	case got.status != http.StatusOK:
		who.shape = append(who.shape, fmt.Sprintf("userinfo: answered %d %s", got.status, http.StatusText(got.status)))
		return nil
	}
	c, err := p.userinfo(ctx, found, got)
	if err != nil {
		return err
	}
	who.shape = append(who.shape, c.shape("userinfo.")...)
	if c["sub"] != subject {
		return fmt.Errorf("%w: userinfo is of another sub", ErrProviderAnswer)
	}
	who.read(c, p)
	return nil
}

// userinfo returns the claims in an answer of the userinfo endpoint: an object, or a signed token with one.
func (p *provider) userinfo(ctx context.Context, found *described, got reply) (claims, error) {
	if got.kind != "application/jwt" {
		c, err := parseClaims(got.body)
		if err != nil {
			return nil, fmt.Errorf("%w: userinfo is %w", ErrProviderAnswer, err)
		}
		return c, nil
	}
	conf := &oidc.Config{SkipClientIDCheck: true, SkipIssuerCheck: true} // both may be missing here
	_, c, err := p.verified(ctx, found, string(got.body), conf)
	if err != nil {
		return nil, err
	}
	if iss := c["iss"]; iss != nil && iss != p.settings.Issuer {
		return nil, fmt.Errorf("%w: the iss of userinfo is another", ErrProviderAnswer)
	}
	if ours, _ := c.audience(p.settings.ClientID); c["aud"] != nil && !ours {
		return nil, fmt.Errorf("%w: the aud of userinfo is not console.sso.client_id", ErrProviderAnswer)
	}
	return c, nil
}
