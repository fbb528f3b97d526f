package signin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

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
	case errors.Is(k.err, context.DeadlineExceeded):
		return unasked(k.err)
	case errors.Unwrap(k.err) != nil: // what came instead of keys is in the words
		return fmt.Errorf("%w: its keys cannot be read", ErrProviderAnswer)
	}
	return fmt.Errorf("%w: %s", ErrProviderAnswer, cut(err.Error(), maxCause))
}

// maxCause bounds what an error of the library repeats of a token.
const maxCause = 300

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
