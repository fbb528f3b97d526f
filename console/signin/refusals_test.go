package signin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

// The pages of those who are not let in. Each says what is to be done, and one alone to try again.
const (
	unusable = "The identity provider cannot be used"
	noVouch  = unusable + ": its answer is not right"
	noClock  = unusable + ": the clocks differ"
	tryAgain = "Try again in a minute"
)

// A refusal is a sign-in that leads to no session.
type refusal struct {
	name   string
	change func(id *identityServer)
	status int
	want   string // on the page
	log    string // in the server's log
}

// claimed returns a change of the claims of a token.
func claimed(name string, value any) func(*identityServer) {
	return func(id *identityServer) { id.forge = func(c map[string]any) { with(c, map[string]any{name: value}) } }
}

// refuses plays the rows of a table: the page, the log with its cause and without what the claims hold, and nobody who is signed in.
func refuses(t *testing.T, rows []refusal) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p, id := mustSSO(t)
			id.info["nickname"] = "Milli"
			row.change(id)
			c := p.Visitor(t)
			page := c.Get("/signin/sso").Want(t, row.status, row.want)
			if row.want != tryAgain {
				page.Without(t, tryAgain)
			}
			if log := p.Log.String(); !strings.Contains(log, row.log) {
				t.Errorf("no %q in the log\n%s", row.log, log)
			}
			for _, secret := range []string{"mila", "Mila", "Milli", "staff", accessToken, clientSecret, theCode} {
				if strings.Contains(p.Log.String(), secret) {
					t.Errorf("%q is in the log\n%s", secret, p.Log)
				}
			}
			if got := c.Get("/calls"); got.Path != "/signin?next=%2Fcalls" {
				t.Errorf("the next page is %s", got.Path)
			}
		})
	}
}

// A person whom the provider vouches for and who cannot be let in learns why.
func TestSingleSignOnRefusesPeople(t *testing.T) {
	refuses(t, []refusal{
		{"no group with a role", claimed("groups", []string{"staff", "everyone", "staff-it"}), http.StatusForbidden, `No role here`, `"groups: list of 3"`},
		{"how many groups", claimed("groups", "staff,it-staff"), http.StatusForbidden, `none of the 2 in the claim "groups"`, `"groups: text"`},
		{"one group", claimed("groups", "staff"), http.StatusForbidden, `the one in the claim "groups" is not`, `"groups: text"`},
		{"no groups at all", claimed("groups", nil), http.StatusForbidden, "brought no groups at all", `"preferred_username: text"`},
		{"an empty list of groups", claimed("groups", []string{}), http.StatusForbidden, "brought no groups at all", `"groups: list of 0"`},
		{"groups that are none", claimed("groups", true), http.StatusForbidden, "brought no groups at all", `"groups: boolean"`},
		{"more groups than a token holds", func(id *identityServer) {
			delete(id.claims, "groups")
			id.claims["_claim_names"] = map[string]any{"groups": "src1"}
			id.claims["_claim_sources"] = map[string]any{"src1": map[string]any{"endpoint": id.URL + "/groups"}}
		}, http.StatusForbidden, "the provider left them out", `"_claim_names: object of 1"`},
		{"so many groups that a token says so", func(id *identityServer) {
			delete(id.claims, "groups")
			id.claims["hasgroups"] = "true"
		}, http.StatusForbidden, "the provider left them out", `"hasgroups: text"`},
		{"a name that cannot be one", claimed("preferred_username", "Mila Koch"), http.StatusForbidden, "No name for you", `"preferred_username: text"`},
		{"no name", claimed("preferred_username", nil), http.StatusForbidden, "No name for you", `"userinfo.nickname: text"`},
		{"an address that is not verified", func(id *identityServer) {
			delete(id.claims, "preferred_username")
			id.claims["email"], id.claims["email_verified"] = "mila@example.com", "false"
		}, http.StatusForbidden, "Your e-mail address is not verified", `"email_verified: text"`},
		{"an address of which nobody says that it is verified", func(id *identityServer) {
			delete(id.claims, "preferred_username")
			id.claims["email"] = "mila@example.com"
		}, http.StatusForbidden, "Your e-mail address is not verified", `"email: text"`},
		{"an address that is verified, and another that is not", func(id *identityServer) {
			delete(id.claims, "preferred_username")
			id.claims["email"] = "mila@example.com"
			id.info["email_verified"] = true
		}, http.StatusForbidden, "Your e-mail address is not verified", `"userinfo.email_verified: boolean"`},
		{"the name of a user with a password", claimed("preferred_username", "admin"), http.StatusForbidden, "Not allowed in: your name is taken", "belongs to another user"},
		{"cancelled there, or not let in", func(id *identityServer) { id.refusal = "access_denied" }, http.StatusForbidden, "Not signed in", "access_denied"},
		{"without the consent that is needed", func(id *identityServer) { id.refusal = "consent_required" }, http.StatusForbidden, "Not signed in", "consent_required"},
	})
}

// Whoever was disabled here stays out, whatever the provider says.
func TestSingleSignOnRefusesTheDisabled(t *testing.T) {
	p, id := mustSSO(t)
	p.Add(t, users.User{Name: "mila", Subject: id.URL + "|17", Role: users.Operator, DisabledAt: browsertest.Monday})
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusForbidden, "Not allowed in: your user is disabled").Without(t, tryAgain)
	if diff := cmp.Diff([]string{"sign-in-refused  by (unknown): the user is disabled, from 127.0.0.1"}, p.Audit(t)); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
}

// What everybody can bring back from the provider as often as they like fills no audit.
func TestRefusalsOfNobodyAreNotInTheAudit(t *testing.T) {
	p, id := mustSSO(t)
	id.refusal = "access_denied"
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusForbidden, "Not signed in")
	p.Visitor(t).Get(signin.BackPath+"?state=x&error=access_denied").Want(t, http.StatusBadRequest, "Please sign in again")
	if audit := p.Audit(t); len(audit) != 0 {
		t.Errorf("the audit has %q", audit)
	}
}

// A person is let in only by a token with which the provider vouches for them in this sign-in (OpenID Connect Core, section 3.1.3.7).
func TestSingleSignOnRefusesTokens(t *testing.T) {
	sign := func(sign func(id *identityServer, claims map[string]any) string) func(*identityServer) {
		return func(id *identityServer) {
			id.sign = func(claims map[string]any) string { return sign(id, claims) }
		}
	}
	other := otherKey()
	refuses(t, []refusal{
		{"for another client", claimed("aud", "other"), http.StatusBadGateway, noVouch, "audience"},
		{"for nobody", claimed("aud", nil), http.StatusBadGateway, noVouch, "audience"},
		{"for several, without the one who asked", claimed("aud", []string{clientID, "other"}), http.StatusBadGateway, noVouch, "azp"},
		{"for us, and asked for by another", claimed("azp", "other"), http.StatusBadGateway, noVouch, "azp"},
		{"for us, and asked for by nobody", claimed("azp", ""), http.StatusBadGateway, noVouch, "azp"},
		{"for us, and asked for by two", claimed("azp", []string{clientID, "other"}), http.StatusBadGateway, noVouch, "azp"},
		{"of another sign-in", claimed("nonce", "other"), http.StatusBadGateway, noVouch, "nonce"},
		{"of no sign-in", claimed("nonce", nil), http.StatusBadGateway, noVouch, "nonce"},
		{"of this sign-in in another claim", func(id *identityServer) {
			id.forge = func(c map[string]any) { c["NONCE"] = c["nonce"]; delete(c, "nonce") }
		}, http.StatusBadGateway, noVouch, "nonce"},
		{"of nobody", claimed("sub", nil), http.StatusBadGateway, noVouch, "sub"},
		{"of an empty subject", claimed("sub", ""), http.StatusBadGateway, noVouch, "sub"},
		{"of a blank subject", claimed("sub", " "), http.StatusBadGateway, noVouch, "sub"},
		{"of a subject that is a number", claimed("sub", 17), http.StatusBadGateway, noVouch, "sub"},
		{"of a subject that is too long", claimed("sub", strings.Repeat("1", 256)), http.StatusBadGateway, noVouch, "sub"},
		{"of a subject in another claim", func(id *identityServer) {
			id.forge = func(c map[string]any) { c["Sub"] = "18"; delete(c, "sub") }
		}, http.StatusBadGateway, noVouch, "sub"},
		{"of two subjects", claimed("ſub", "18"), http.StatusBadGateway, noVouch, "sub"},
		{"of two issuers in two claims", func(id *identityServer) {
			id.forge = func(c map[string]any) { c["iſs"], c["iss"] = id.URL, "https://evil.example" }
		}, http.StatusBadGateway, noVouch, "iss"},
		{"that is over", claimed("exp", browsertest.Monday.Add(-time.Hour).Unix()), http.StatusBadGateway, noClock, "over since 1h0m0s"},
		{"without an end", claimed("exp", nil), http.StatusBadGateway, noVouch, "exp"},
		{"from the future", claimed("iat", browsertest.Monday.Add(time.Hour).Unix()), http.StatusBadGateway, noClock, "1h0m0s from now"},
		{"that is not valid yet", claimed("nbf", browsertest.Monday.Add(time.Hour).Unix()), http.StatusBadGateway, noClock, "1h0m0s from now"},
		{"of another issuer", claimed("iss", "https://evil.example"), http.StatusBadGateway, noVouch, "different provider"},
		{"of two issuers", func(id *identityServer) {
			id.forge = func(c map[string]any) { c["iss"] = []string{id.URL, "https://evil.example"} }
		}, http.StatusBadGateway, noVouch, "iss"},
		{"that somebody else signed", sign(func(_ *identityServer, c map[string]any) string { return signed(jose.RS256, other, c) }), http.StatusBadGateway, noVouch, "signature"},
		{"that nobody signed", sign(func(_ *identityServer, c map[string]any) string { return unsigned(c) }), http.StatusBadGateway, noVouch, "signature algorithm"},
		{"signed with the secret", sign(func(_ *identityServer, c map[string]any) string {
			return signed(jose.HS256, []byte(strings.Repeat(clientSecret, 4)), c)
		}), http.StatusBadGateway, noVouch, "HS256"},
		{"signed with the secret, as announced", func(id *identityServer) {
			id.described["id_token_signing_alg_values_supported"] = []string{"HS256", "none"}
			id.sign = func(c map[string]any) string { return signed(jose.HS256, []byte(strings.Repeat(clientSecret, 4)), c) }
		}, http.StatusBadGateway, noVouch, "HS256"},
		{"that is none", func(id *identityServer) { id.answered["id_token"] = nil }, http.StatusBadGateway, noVouch, "no ID token"},
		{"by a code of another issuer", func(id *identityServer) {
			id.instead["/authorize"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				id.asked = r.URL.Query()
				http.Redirect(w, r, id.registered+"?code="+theCode+"&iss=https%3A%2F%2Fevil.example&state="+id.asked.Get("state"), http.StatusFound)
			})
		}, http.StatusBadGateway, noVouch, "code is of another issuer"},
		{"by a code of another issuer, though none was announced", func(id *identityServer) {
			id.described["authorization_response_iss_parameter_supported"] = nil
			id.instead["/authorize"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				id.asked = r.URL.Query()
				http.Redirect(w, r, id.registered+"?code="+theCode+"&iss=https%3A%2F%2Fevil.example&state="+id.asked.Get("state"), http.StatusFound)
			})
		}, http.StatusBadGateway, noVouch, "code is of another issuer"},
		{"by a code without the issuer that was announced", func(id *identityServer) {
			id.instead["/authorize"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				id.asked = r.URL.Query()
				http.Redirect(w, r, id.registered+"?code="+theCode+"&state="+id.asked.Get("state"), http.StatusFound)
			})
		}, http.StatusBadGateway, noVouch, "code is of another issuer"},
		{"with claims of somebody else", func(id *identityServer) {
			delete(id.claims, "groups")
			id.info = map[string]any{"groups": "it"}
			id.instead["/userinfo"] = answers(map[string]any{"sub": "18", "groups": "it"})
		}, http.StatusBadGateway, noVouch, "another sub"},
		{"with claims of nobody", func(id *identityServer) {
			delete(id.claims, "groups")
			id.instead["/userinfo"] = answers(map[string]any{"groups": "it"})
		}, http.StatusBadGateway, noVouch, "another sub"},
		{"with signed claims that somebody else signed", func(id *identityServer) {
			delete(id.claims, "groups")
			id.instead["/userinfo"] = asToken(func() string { return signed(jose.RS256, other, map[string]any{"sub": "17", "groups": "it"}) })
		}, http.StatusBadGateway, noVouch, "signature"},
		{"with signed claims that nobody signed", func(id *identityServer) {
			delete(id.claims, "groups")
			id.instead["/userinfo"] = asToken(func() string { return unsigned(map[string]any{"sub": "17", "groups": "it"}) })
		}, http.StatusBadGateway, noVouch, "signature algorithm"},
		{"with signed claims for another client", func(id *identityServer) {
			delete(id.claims, "groups")
			id.instead["/userinfo"] = asToken(func() string { return id.sign(map[string]any{"sub": "17", "aud": "other", "groups": "it"}) })
		}, http.StatusBadGateway, noVouch, "aud"},
		{"with signed claims of another issuer", func(id *identityServer) {
			delete(id.claims, "groups")
			id.instead["/userinfo"] = asToken(func() string {
				return id.sign(map[string]any{"sub": "17", "iss": "https://evil.example", "groups": "it"})
			})
		}, http.StatusBadGateway, noVouch, "iss"},
	})
}

func answers(body map[string]any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, body) })
}

func asToken(token func() string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwt")
		fmt.Fprint(w, token())
	})
}

// A provider that cannot be used is a page with what an admin has to change. One that does not answer is asked again.
func TestSingleSignOnNamesWhatIsWrongWithTheProvider(t *testing.T) {
	describes := func(name string, value any) func(*identityServer) {
		return func(id *identityServer) { id.described[name] = value }
	}
	status := func(path string, status int, body string) func(*identityServer) {
		return func(id *identityServer) {
			id.instead[path] = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				fmt.Fprint(w, body)
			})
		}
	}
	const described = "/.well-known/openid-configuration"
	rows := []refusal{
		{"down", func(id *identityServer) { id.Close() }, http.StatusBadGateway, tryAgain, "connection refused"},
		{"overloaded", status(described, 503, "<h1>Sorry</h1>"), http.StatusBadGateway, tryAgain, "503"},
		{"limits requests", status("/token", 429, ""), http.StatusBadGateway, tryAgain, "429"},
		{"fails for the moment", func(id *identityServer) { id.refusal = "temporarily_unavailable" }, http.StatusBadGateway, tryAgain, "temporarily_unavailable"},
		{"fails with the code", status("/token", 500, "{}"), http.StatusBadGateway, tryAgain, "500"},
		{"fails with the keys", status("/keys", 503, "{}"), http.StatusBadGateway, tryAgain, "503"},
		{"has no keys", status("/keys", 404, "staff"), http.StatusBadGateway, noVouch, "404 Not Found to a request for its keys"},
		{"has a page for keys", status("/keys", 200, "<html>staff</html>"), http.StatusBadGateway, noVouch, "its keys cannot be read"},
		{"fails with the claims", func(id *identityServer) {
			delete(id.claims, "groups")
			status("/userinfo", 502, "")(id)
		}, http.StatusBadGateway, tryAgain, "502"},
		{"is not there", status(described, 404, "staff"), http.StatusBadGateway, "console.sso.issuer", "404"},
		{"is a page", status(described, 200, "<html>staff</html>"), http.StatusBadGateway, "console.sso.issuer", "not an object of JSON"},
		{"is called otherwise", describes("issuer", "https://login.example.com/"), http.StatusBadGateway, "console.sso.issuer", `calls itself \"https://login.example.com/\"`},
		{"has no name", describes("issuer", nil), http.StatusBadGateway, "console.sso.issuer", `calls itself \"\"`},
		{"has no place for tokens", describes("token_endpoint", nil), http.StatusBadGateway, "console.sso.issuer", "token_endpoint"},
		{"does not know us", status("/token", 401, `{"error":"invalid_client"}`), http.StatusBadGateway, "console.sso.client_secret", "invalid_client"},
		{"does not let us ask", func(id *identityServer) { id.refusal = "unauthorized_client" }, http.StatusBadGateway, "console.sso.client_id", "unauthorized_client"},
		{"does not know the way back", status("/token", 400, `{"error":"redirect_uri_mismatch"}`), http.StatusBadGateway, "/signin/sso/back", "redirect_uri_mismatch"},
		{"does not take its code", status("/token", 400, `{"error":"invalid_grant","error_description":"Mila"}`), http.StatusBadGateway, "its code was refused", "invalid_grant"},
		{"does not understand", status("/token", 400, `{"error":"unsupported_grant_type"}`), http.StatusBadGateway, noVouch, "unsupported_grant_type"},
		{"answers with a page", status("/token", 200, "<html>Mila</html>"), http.StatusBadGateway, noVouch, "cannot parse json"},
		{"gives no access token", status("/token", 200, `{"id_token":"x"}`), http.StatusBadGateway, noVouch, "missing access_token"},
		{"takes no scope", func(id *identityServer) { id.refusal = "invalid_scope" }, http.StatusBadGateway, noVouch, "invalid_scope"},
		{"writes a novel", func(id *identityServer) { id.refusal = strings.Repeat("never ", 500) }, http.StatusBadGateway, noVouch, "never never"},
	}
	for _, path := range []string{described, "/keys", "/token", "/userinfo"} {
		rows = append(rows, refusal{"answers without end at " + path, endless(path), http.StatusBadGateway, noVouch, "longer than"},
			refusal{"sends us elsewhere from " + path, sendsElsewhere(t, path), http.StatusBadGateway, noVouch, "another host"})
	}
	refuses(t, rows)
}

// endless lets a path answer rightly, after more blanks than anybody reads.
func endless(path string) func(*identityServer) {
	return func(id *identityServer) {
		delete(id.claims, "groups")
		honest := id.Config.Handler
		id.instead[path] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, strings.Repeat(" ", 700<<10))
			delete(id.instead, path)
			honest.ServeHTTP(begun{w}, r)
		})
	}
}

// begun is an answer that has begun already.
type begun struct{ http.ResponseWriter }

func (begun) WriteHeader(int) {}

// sendsElsewhere lets a path send whoever asks to another server, which answers rightly.
func sendsElsewhere(t *testing.T, path string) func(*identityServer) {
	return func(id *identityServer) {
		delete(id.claims, "groups")
		id.info["groups"] = "support"
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			delete(id.instead, path)
			id.Config.Handler.ServeHTTP(w, r)
		}))
		t.Cleanup(other.Close)
		id.instead[path] = http.RedirectHandler(other.URL+path, http.StatusTemporaryRedirect)
	}
}
