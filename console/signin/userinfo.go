package signin

import (
	"context"
	"fmt"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
)

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
