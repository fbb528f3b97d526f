package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// identityServer is an OpenID Connect provider as far as a sign-in needs one, and as strict as RFC 6749 and OpenID Connect Core let it be: it sends
// people back to the registered address alone, gives a token once for a code, to the client that has its secret and the verifier of the challenge
// (RFC 7636), and shows its claims of a person to the bearer of that token only.
type identityServer struct {
	*httptest.Server
	key        *rsa.PrivateKey         // the one that it tells everybody
	registered string                  // the redirect address of the client
	claims     map[string]any          // of the person who is signed in there, in ID tokens
	info       map[string]any          // at the userinfo endpoint, beside sub, as far as the scopes go
	scopes     []string                // that the client may ask for
	described  map[string]any          // what its description of itself says otherwise; nil leaves a name out
	answered   map[string]any          // what the token's answer says otherwise
	instead    map[string]http.Handler // of a path
	forge      func(claims map[string]any)
	sign       func(claims map[string]any) string
	refusal    string           // with which it sends people back
	now        func() time.Time // by its own clock
	asked      url.Values       // the last request for a sign-in
	spent      bool             // its code
	requests   []string
}

const (
	clientID     = "supportline"
	clientSecret = "hush+hush %41"
	theCode      = "code-17"
	accessToken  = "access-17"
)

func newIdentityServer(t testing.TB) *identityServer {
	t.Helper()
	s := &identityServer{
		key: aKey(), scopes: []string{"openid", "profile", "email"}, instead: map[string]http.Handler{}, described: map[string]any{},
		answered: map[string]any{}, info: map[string]any{}, forge: func(map[string]any) {},
	}
	s.sign = func(claims map[string]any) string { return signed(jose.RS256, s.key, claims) }
	routes := http.NewServeMux()
	routes.HandleFunc("GET /.well-known/openid-configuration", s.describe)
	routes.HandleFunc("GET /keys", s.keys)
	routes.HandleFunc("GET /authorize", s.authorize)
	routes.HandleFunc("POST /token", s.token)
	routes.HandleFunc("GET /userinfo", s.userinfo)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests = append(s.requests, r.URL.Path)
		if other := s.instead[r.URL.Path]; other != nil {
			other.ServeHTTP(w, r)
			return
		}
		routes.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// aKey is the key of every provider, and otherKey is nobody's: keys are slow to make.
var aKey, otherKey = sync.OnceValue(newKey), sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func (s *identityServer) describe(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, with(map[string]any{
		"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys",
		"userinfo_endpoint": s.URL + "/userinfo", "scopes_supported": s.scopes, "response_types_supported": []string{"code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic"}, "code_challenge_methods_supported": []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	}, s.described))
}

func (s *identityServer) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.key.Public(), KeyID: "k1", Algorithm: "RS256", Use: "sig"}}})
}

func (s *identityServer) authorize(w http.ResponseWriter, r *http.Request) {
	s.asked, s.spent = r.URL.Query(), false
	if s.asked.Get("client_id") != clientID || s.asked.Get("redirect_uri") != s.registered {
		http.Error(w, "This application is not registered here.", http.StatusBadRequest) // nobody is sent to an address that anybody could have made up
		return
	}
	back := url.Values{"state": {s.asked.Get("state")}, "iss": {s.URL}}
	scopes := strings.Fields(s.asked.Get("scope"))
	switch {
	case s.asked.Get("response_type") != "code":
		back.Set("error", "unsupported_response_type")
	case s.asked.Get("code_challenge_method") != "S256" || s.asked.Get("code_challenge") == "":
		back.Set("error", "invalid_request")
	case !slices.Contains(scopes, "openid") || slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(s.scopes, scope) }):
		back.Set("error", "invalid_scope")
	case s.refusal != "":
		back.Set("error", s.refusal)
	default:
		back.Set("code", theCode)
	}
	http.Redirect(w, r, s.registered+"?"+back.Encode(), http.StatusFound)
}

func (s *identityServer) token(w http.ResponseWriter, r *http.Request) {
	if !s.authenticated(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="tokens"`)
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if s.spent || r.PostFormValue("grant_type") != "authorization_code" || r.PostFormValue("code") != theCode ||
		r.PostFormValue("redirect_uri") != s.asked.Get("redirect_uri") || base64.RawURLEncoding.EncodeToString(sum[:]) != s.asked.Get("code_challenge") {
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	s.spent = true
	claims := with(map[string]any{
		"iss": s.URL, "aud": clientID, "exp": s.now().Add(time.Minute).Unix(), "iat": s.now().Unix(), "nonce": s.asked.Get("nonce"),
	}, s.claims)
	s.forge(claims)
	answer(w, http.StatusOK, with(map[string]any{
		"access_token": accessToken, "token_type": "Bearer", "expires_in": 3600, "id_token": s.sign(claims),
	}, s.answered))
}

// authenticated reports whether the client shows its secret in the way that the description names, and in no other.
func (s *identityServer) authenticated(r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	id, secret = unescaped(id), unescaped(secret) // RFC 6749, section 2.3.1
	if methods, ok := s.described["token_endpoint_auth_methods_supported"].([]string); ok && !slices.Contains(methods, "client_secret_basic") {
		if basic {
			s.spent = true // whoever shows a code without the right to it has stolen it
		}
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	return id == clientID && secret == clientSecret
}

func unescaped(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return ""
	}
	return plain
}

// userinfo answers with the claims for which the sign-in has scopes (OpenID Connect Core, section 5.4).
func (s *identityServer) userinfo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+accessToken {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	answer(w, http.StatusOK, s.shown())
}

func (s *identityServer) shown() map[string]any {
	needs := map[string]string{"preferred_username": "profile", "email": "email", "email_verified": "email"}
	if slices.Contains(s.scopes, "groups") {
		needs["groups"] = "groups"
	}
	claims := map[string]any{"sub": s.claims["sub"]}
	for name, value := range s.info {
		if scope := needs[name]; scope == "" || slices.Contains(strings.Fields(s.asked.Get("scope")), scope) {
			claims[name] = value
		}
	}
	return claims
}

// signed returns a token of the claims.
func signed(by jose.SignatureAlgorithm, key any, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: by, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k1"))
	if err != nil {
		panic(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	return token
}

// unsigned returns a token of the claims that says it needs no signature.
func unsigned(claims map[string]any) string {
	body, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"k1"}`)) + "." + base64.RawURLEncoding.EncodeToString(body) + "."
}

// with returns an object with other values, and without those that are nil there.
func with(object, other map[string]any) map[string]any {
	maps.Copy(object, other)
	maps.DeleteFunc(object, func(_ string, value any) bool { return value == nil })
	return object
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(err)
	}
}
