package signin

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Description holds what an identity provider publishes about itself (OpenID Connect Discovery 1.0, section 3), as far as a sign-in needs it.
type Description struct {
	Issuer          string
	Authorization   string // where people sign in
	Token           string
	Keys            string
	UserInfo        string // "" if there is none
	Scopes          []string
	ResponseTypes   []string
	Challenges      []string // the methods of PKCE; some providers know it and leave them out
	Authentication  []string // how it takes client_secret
	Algorithms      []string // of the signatures of ID tokens
	IssuerWithCodes bool     // RFC 9207
}

// DescriptionURL returns where the provider of an issuer publishes its description.
func DescriptionURL(issuer string) string {
	return strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
}

// ParseDescription reads a description. It need not be usable.
func ParseDescription(body []byte) (Description, error) {
	c, err := parseClaims(body)
	if err != nil {
		return Description{}, fmt.Errorf("the description of the provider is %w", err)
	}
	return Description{
		Issuer: c.text("issuer"), Authorization: c.text("authorization_endpoint"), Token: c.text("token_endpoint"), Keys: c.text("jwks_uri"),
		UserInfo: c.text("userinfo_endpoint"), Scopes: c.list("scopes_supported"), ResponseTypes: c.list("response_types_supported"),
		Challenges: c.list("code_challenge_methods_supported"), Authentication: c.list("token_endpoint_auth_methods_supported"),
		Algorithms: c.list("id_token_signing_alg_values_supported"), IssuerWithCodes: c.isTrue("authorization_response_iss_parameter_supported"),
	}, nil
}

// Check returns an error unless the description is that of an issuer, to the letter, and names the endpoints that a sign-in needs, all of them over
// TLS if the issuer is: the console's secret is sent there.
func (d Description) Check(issuer string) error {
	if d.Issuer != issuer {
		return fmt.Errorf("the provider calls itself %q, and console.sso.issuer is %q", cut(d.Issuer, shapeName), issuer)
	}
	secure := strings.HasPrefix(issuer, "https://")
	for _, endpoint := range []struct{ name, address string }{
		{"authorization_endpoint", d.Authorization},
		{"token_endpoint", d.Token},
		{"jwks_uri", d.Keys},
		{"userinfo_endpoint", cmp.Or(d.UserInfo, d.Token)},
	} {
		u, err := url.Parse(endpoint.address)
		if err != nil || u.Host == "" || u.Scheme != "https" && (secure || u.Scheme != "http") {
			return fmt.Errorf("the provider's %s is %q, which is no address over TLS", endpoint.name, cut(endpoint.address, shapeName))
		}
	}
	return nil
}

// asymmetric are the algorithms of signatures that are accepted: the keys of all others are known to whoever is to be convinced.
var asymmetric = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// Signatures returns the algorithms that are accepted from the provider, none if it has only others.
func (d Description) Signatures() []string {
	if len(d.Algorithms) == 0 {
		return []string{oidc.RS256} // the one that every provider has
	}
	return slices.DeleteFunc(slices.Clone(d.Algorithms), func(name string) bool { return !slices.Contains(asymmetric, name) })
}

// endpoint returns the endpoints, and how the secret is shown there: a code that was shown in the wrong way is spent.
func (d Description) endpoint() oauth2.Endpoint {
	e := oauth2.Endpoint{AuthURL: d.Authorization, TokenURL: d.Token}
	switch {
	case slices.Contains(d.Authentication, "client_secret_basic"):
		e.AuthStyle = oauth2.AuthStyleInHeader
	case slices.Contains(d.Authentication, "client_secret_post"):
		e.AuthStyle = oauth2.AuthStyleInParams
	}
	return e
}

// groupsScope is asked for where the provider lists it. It is none of the standard's, so that others refuse it.
const groupsScope = "groups"

// scopes returns what a sign-in asks for.
func (d Description) scopes(groups bool) []string {
	asked := []string{oidc.ScopeOpenID, "profile", "email"}
	if groups && slices.Contains(d.Scopes, groupsScope) {
		asked = append(asked, groupsScope)
	}
	return asked
}
