package signin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// identityServer is an OpenID Connect provider as far as a sign-in needs one: it describes itself, sends people back with a code at once, and
// gives a signed token for the code to the client that has its secret and the verifier of the challenge (RFC 7636).
type identityServer struct {
	*httptest.Server
	key    *rsa.PrivateKey // the one that it tells everybody
	signer *rsa.PrivateKey // the one that it signs with: the same, for an honest one
	claims map[string]any  // of the person who is signed in there
	forge  func(claims map[string]any)
	asked  url.Values // the last request for a sign-in
}

const (
	clientID     = "supportline"
	clientSecret = "hush-hush"
	theCode      = "code-17"
)

func newIdentityServer(t testing.TB) *identityServer {
	t.Helper()
	key := newKey(t)
	s := &identityServer{key: key, signer: key, forge: func(map[string]any) {}}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /.well-known/openid-configuration", s.describe)
	routes.HandleFunc("GET /keys", s.keys)
	routes.HandleFunc("GET /authorize", s.authorize)
	routes.HandleFunc("POST /token", s.token)
	s.Server = httptest.NewServer(routes)
	t.Cleanup(s.Close)
	return s
}

func newKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (s *identityServer) describe(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{
		"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
	})
}

func (s *identityServer) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.key.Public(), KeyID: "k1", Algorithm: "RS256", Use: "sig"}}})
}

func (s *identityServer) authorize(w http.ResponseWriter, r *http.Request) {
	s.asked = r.URL.Query()
	back := s.asked.Get("redirect_uri") + "?" + url.Values{"state": {s.asked.Get("state")}, "code": {theCode}}.Encode()
	http.Redirect(w, r, back, http.StatusFound)
}

func (s *identityServer) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	if id == "" {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	if id != clientID || secret != clientSecret || r.PostFormValue("code") != theCode || challenge != s.asked.Get("code_challenge") ||
		s.asked.Get("code_challenge_method") != "S256" {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]string{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{
		"iss": s.URL, "aud": clientID, "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(), "nonce": s.asked.Get("nonce"),
	}
	for name, value := range s.claims {
		claims[name] = value
	}
	s.forge(claims)
	answer(w, map[string]any{"access_token": "unused", "token_type": "Bearer", "id_token": s.sign(claims)})
}

func (s *identityServer) sign(claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: s.signer}, (&jose.SignerOptions{}).WithHeader("kid", "k1"))
	if err != nil {
		panic(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	return token
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(err)
	}
}
