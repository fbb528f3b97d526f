package doctor

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console/signin"
)

// TestDoctorLooksAtTheIdentityProvider by its description, and names what has to be registered there.
func TestDoctorLooksAtTheIdentityProvider(t *testing.T) {
	for name, row := range map[string]struct {
		change func(description map[string]any)
		status int
		want   string // the first finding that is not ok
		fix    string
	}{
		"right":                {},
		"called otherwise":     {change: func(d map[string]any) { d["issuer"] = "https://login.example.com/" }, want: `calls itself "https://login.example.com/"`, fix: "write console.sso.issuer: https://login.example.com/"},
		"without a name":       {change: func(d map[string]any) { delete(d, "issuer") }, want: `calls itself ""`, fix: "ask those who run the provider"},
		"without tokens":       {change: func(d map[string]any) { delete(d, "token_endpoint") }, want: "token_endpoint", fix: "ask those who run the provider"},
		"no code flow":         {change: func(d map[string]any) { d["response_types_supported"] = []string{"id_token"} }, want: "lists id_token, and not the code flow", fix: "allow the code flow"},
		"PKCE is not listed":   {change: func(d map[string]any) { delete(d, "code_challenge_methods_supported") }, want: "warning single sign-on: it does not list PKCE with S256", fix: "nothing, if people can sign in"},
		"PKCE is plain":        {change: func(d map[string]any) { d["code_challenge_methods_supported"] = []string{"plain"} }, want: "lists PKCE with plain, and not with S256", fix: "allow PKCE with S256"},
		"signs with a secret":  {change: func(d map[string]any) { d["id_token_signing_alg_values_supported"] = []string{"HS256", "none"} }, want: "signs ID tokens with HS256, none alone", fix: "RS256"},
		"not there":            {status: http.StatusNotFound, want: "/.well-known/openid-configuration answers 404", fix: "the part before /.well-known"},
		"elsewhere":            {status: http.StatusFound, want: "answers 302", fix: "the part before /.well-known"},
		"flows are not listed": {change: func(d map[string]any) { delete(d, "response_types_supported") }},
		"broken":               {status: http.StatusInternalServerError, want: "answers 500", fix: "try again in a minute"},
		"overloaded":           {status: http.StatusServiceUnavailable, want: "answers 503", fix: "try again in a minute"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newInstallation(t).doctor()
			provider := describing(t, row.change, row.status)
			d.HTTP, d.Conf.Console.URL, d.Conf.Console.SSO = noRedirects(), "https://console.example.com", signin.SSO{Issuer: provider.URL}
			found := d.sso(t.Context())
			problems := sick(found)
			if (row.want == "") != (len(problems) == 0) || !strings.Contains(strings.Join(problems, "\n"), row.want) {
				t.Errorf("found %q, want %q", problems, row.want)
			}
			if !strings.Contains(found[0].Fix, row.fix) {
				t.Errorf("the fix is %q, want %q", found[0].Fix, row.fix)
			}
			last := found[len(found)-1].Found
			if last != "the redirect address to register there, to the letter: https://console.example.com/signin/sso/back" {
				t.Errorf("the last finding is %q", last)
			}
		})
	}
}

// describing returns a provider that describes itself, with a change, or answers with a status alone.
func describing(t *testing.T, change func(map[string]any), status int) *httptest.Server {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status != 0 || r.URL.Path != "/.well-known/openid-configuration" {
			w.WriteHeader(max(status, http.StatusFound))
			return
		}
		description := map[string]any{
			"issuer": server.URL, "authorization_endpoint": server.URL + "/authorize", "token_endpoint": server.URL + "/token", "jwks_uri": server.URL + "/keys",
			"response_types_supported": []string{"code"}, "code_challenge_methods_supported": []string{"S256"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		}
		if change != nil {
			change(description)
		}
		_ = json.NewEncoder(w).Encode(description)
	}))
	t.Cleanup(server.Close)
	return server
}

// TestWhoSignsInWithPasswordsHasNoIdentityProvider to look at.
func TestWhoSignsInWithPasswordsHasNoIdentityProvider(t *testing.T) {
	if diff := cmp.Diff([]Finding(nil), newInstallation(t).doctor().sso(t.Context())); diff != "" {
		t.Error(diff)
	}
}
