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

	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/browsertest"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy/users"
)

// mustSSO returns a place whose people can also sign in at an identity provider.
func mustSSO(t testing.TB, changes ...func(*signin.SSO)) (*browsertest.Place, *identityServer) {
	t.Helper()
	id := newIdentityServer(t)
	id.claims = map[string]any{"sub": "17", "preferred_username": "Mila", "groups": []string{"staff", "support"}}
	var p *browsertest.Place
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.Server.Config.Handler.ServeHTTP(w, r) }))
	t.Cleanup(front.Close)
	p = browsertest.NewPlace(t, func(d *console.Deps) {
		d.Settings.URL = front.URL
		d.Settings.SSO = signin.SSO{
			Issuer: id.URL, ClientID: clientID, ClientSecret: clientSecret, RoleClaim: "groups",
			Roles: map[string]users.Role{"support": users.Operator, "it": users.Admin, "guests": users.Viewer, "Front Desk": users.Viewer},
		}
		for _, change := range changes {
			change(&d.Settings.SSO)
		}
	})
	id.registered, id.now = front.URL+signin.BackPath, func() time.Time { return p.Now }
	p.Server.Close()
	p.Server.URL = front.URL
	return p, id
}

func TestSingleSignOn(t *testing.T) {
	p, id := mustSSO(t)
	c := p.Visitor(t)
	c.Get("/signin").Want(t, http.StatusOK, "Sign in with your company's account")
	got := c.Get("/signin/sso?next=%2Fcalls%3Foutcome%3Dserved").Want(t, http.StatusOK, "Sign out", "You are signed in as operator.")
	if got.Path != "/calls?outcome=served" {
		t.Errorf("the sign-in led to %s", got.Path)
	}
	user, err := p.Store.User(t.Context(), "mila")
	if diff := cmp.Diff(users.User{Name: "mila", Role: users.Operator, Subject: id.URL + "|17", CreatedAt: browsertest.Monday, VouchedAt: browsertest.Monday}, user); diff != "" || err != nil {
		t.Errorf("the user: %v (-want +got):\n%s", err, diff)
	}
	// Another group means another role from the next sign-in on, also for who is called something else by now.
	id.claims["groups"], id.claims["preferred_username"] = "it", "mila.koch"
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusOK, "You are signed in as admin.")
	c.Get("/profile").Want(t, http.StatusOK, "signed in as admin").Without(t, "Present password")
	c.Post("/profile/password", "old", "", "new", browsertest.Password, "again", browsertest.Password).Want(t, http.StatusUnprocessableEntity, "which has your password")
	p.Visitor(t).SignIn("mila", "").Want(t, http.StatusUnauthorized)
	if diff := cmp.Diff([]string{
		"user-add mila by sso: operator", "sign-in mila by mila: from 127.0.0.1, by the identity provider", "user-role mila by sso: now admin",
		"sign-in mila by mila: from 127.0.0.1, by the identity provider", "sign-in-refused mila by mila: wrong password, from 127.0.0.1",
	}, p.Audit(t)); diff != "" {
		t.Errorf("the audit (-want +got):\n%s", diff)
	}
}

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

// What providers send is not always what the standard says. A person whom they vouch for comes in all the same.
func TestSingleSignOnReadsWhatProvidersSend(t *testing.T) {
	mail := func(verified any) func(*identityServer) {
		return func(id *identityServer) {
			delete(id.claims, "preferred_username")
			id.claims["email"], id.claims["email_verified"] = "Mila@example.com", verified
		}
	}
	atUserinfo := func(info map[string]any, token ...string) func(*identityServer) {
		return func(id *identityServer) {
			for _, name := range token {
				delete(id.claims, name)
			}
			id.info = info
		}
	}
	const someone = "mila"
	tests := []struct {
		name   string
		change func(*identityServer)
		user   string
		role   users.Role
	}{
		{"a verified address", mail(true), "mila@example.com", users.Operator},
		{"verified as text", mail("true"), "mila@example.com", users.Operator},
		{"verified as text with a capital", mail("True"), "mila@example.com", users.Operator},
		{"verified as a number", mail(1), "mila@example.com", users.Operator},
		{"a name that cannot be one, and an address", func(id *identityServer) {
			mail(true)(id)
			id.claims["preferred_username"] = `CORP\mila`
		}, "mila@example.com", users.Operator},
		{"groups as one text", claimed("groups", "support,it"), someone, users.Admin},
		{"groups as one text with blanks", claimed("groups", "staff, support"), someone, users.Operator},
		{"groups as words", claimed("groups", "support it"), someone, users.Admin},
		{"groups as a path", claimed("groups", []string{"/staff", "/support"}), someone, users.Operator},
		{"groups in another case", claimed("groups", []string{"SUPPORT", "Staff"}), someone, users.Operator},
		{"groups with names", claimed("groups", []map[string]any{{"id": 7, "name": "support"}, {"displayName": "Staff"}}), someone, users.Operator},
		{"groups as the text of a list", claimed("groups", `["staff","support"]`), someone, users.Operator},
		{"a group with a blank", claimed("groups", "front desk"), someone, users.Viewer},
		{"an audience of one", claimed("aud", []string{clientID}), someone, users.Operator},
		{"several audiences, asked for by us", func(id *identityServer) {
			id.forge = func(c map[string]any) { c["aud"], c["azp"] = []string{"other", clientID}, clientID }
		}, someone, users.Operator},
		{"times as text", func(id *identityServer) {
			id.forge = func(c map[string]any) { c["exp"], c["iat"] = fmt.Sprint(c["exp"]), fmt.Sprint(c["iat"]) }
		}, someone, users.Operator},
		{"a clock that is a little ahead", claimed("iat", browsertest.Monday.Add(time.Minute).Unix()), someone, users.Operator},
		{"a clock that is a little behind", claimed("exp", browsertest.Monday.Add(-time.Minute).Unix()), someone, users.Operator},
		{"the token's time as text", func(id *identityServer) { id.answered["expires_in"] = "3600" }, someone, users.Operator},
		{"no time of the token", func(id *identityServer) { id.answered["expires_in"] = nil }, someone, users.Operator},
		{"groups at userinfo only", atUserinfo(map[string]any{"groups": []string{"it"}}, "groups"), someone, users.Admin},
		{"a name at userinfo only", atUserinfo(map[string]any{"preferred_username": "Mila", "groups": "it"}, "preferred_username"), someone, users.Operator},
		{"an address at userinfo only", atUserinfo(map[string]any{"email": "mila@example.com", "email_verified": "true"}, "preferred_username"), "mila@example.com", users.Operator},
		{"an address that is verified at userinfo only", func(id *identityServer) {
			delete(id.claims, "preferred_username")
			id.claims["email"] = "somebody@example.com"
			id.info = map[string]any{"email": "mila@example.com", "email_verified": true}
		}, "mila@example.com", users.Operator},
		{"signed userinfo", func(id *identityServer) {
			delete(id.claims, "groups")
			id.instead["/userinfo"] = asToken(func() string {
				return id.sign(map[string]any{"iss": id.URL, "aud": []string{clientID}, "sub": "17", "groups": "it"})
			})
		}, someone, users.Admin},
		{"a scope for groups", func(id *identityServer) {
			delete(id.claims, "groups")
			id.scopes = append(id.scopes, "groups")
			id.info = map[string]any{"groups": "it"}
		}, someone, users.Admin},
		{"a scope for groups that we may not ask for", func(id *identityServer) {
			id.described["scopes_supported"] = []string{"openid", "profile", "email", "groups"}
		}, someone, users.Operator},
		{"the secret in the form", func(id *identityServer) {
			id.described["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"}
		}, someone, users.Operator},
		{"nothing about the secret", func(id *identityServer) { id.described["token_endpoint_auth_methods_supported"] = nil }, someone, users.Operator},
		{"keys that have moved on the same host", func(id *identityServer) {
			id.instead["/keys"] = http.RedirectHandler("/keys2", http.StatusMovedPermanently)
			id.instead["/keys2"] = http.HandlerFunc(id.keys)
		}, someone, users.Operator},
		{"no userinfo", func(id *identityServer) { id.described["userinfo_endpoint"] = nil }, someone, users.Operator},
		{"an issuer that is not named with the code", func(id *identityServer) {
			id.described["authorization_response_iss_parameter_supported"] = nil
		}, someone, users.Operator},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, id := mustSSO(t)
			test.change(id)
			p.Visitor(t).Get("/signin/sso?next=%2Fcalls").Want(t, http.StatusOK, "You are signed in as "+string(test.role)+".")
			if _, err := p.Store.User(t.Context(), test.user); err != nil {
				t.Errorf("%s: %v\n%s", test.user, err, p.Log)
			}
		})
	}
}

// A role is found in a claim within another claim, and under a key that is written in another way.
func TestRoleClaims(t *testing.T) {
	roles := map[string]users.Role{"/Company/Support": users.Operator, "IT": users.Admin}
	tests := []struct {
		name, claim string
		claims      map[string]any
		role        users.Role // "": none
	}{
		{"within another", "realm_access.roles", map[string]any{"realm_access": map[string]any{"roles": []string{"it"}}}, users.Admin},
		{"within another with a dot in its name", "resource_access.my.app.roles", map[string]any{"resource_access": map[string]any{"my.app": map[string]any{"roles": "it"}}}, users.Admin},
		{"an address", "https://example.com/groups", map[string]any{"https://example.com/groups": []string{"it"}}, users.Admin},
		{"the very name first", "a.b", map[string]any{"a.b": "/company/support", "a": map[string]any{"b": "it"}}, users.Operator},
		{"a whole path", "groups", map[string]any{"groups": []string{"/company/support"}}, users.Operator},
		{"a path of another branch", "groups", map[string]any{"groups": []string{"/guests/it", "/other/company/support", "it/"}}, users.Admin},
		{"the end of a path", "groups", map[string]any{"groups": []string{"/guests/it", "support"}}, ""},
		{"a part of a name", "groups", map[string]any{"groups": []string{"it staff", "it,staff"}}, ""},
		{"words of a name", "groups", map[string]any{"groups": "it helpdesk"}, ""},
		{"roles by name, as objects", "roles", map[string]any{"roles": map[string]any{"it": map[string]string{"17": "example.com"}}}, users.Admin},
		{"what is denied", "roles", map[string]any{"roles": map[string]any{"it": false}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, id := mustSSO(t, func(s *signin.SSO) { s.RoleClaim, s.Roles = test.claim, roles })
			id.claims = with(map[string]any{"sub": "17", "preferred_username": "mila"}, test.claims)
			page := p.Visitor(t).Get("/signin/sso?next=%2Fcalls")
			if test.role == "" {
				page.Want(t, http.StatusForbidden, "No role here")
				return
			}
			page.Want(t, http.StatusOK, "You are signed in as "+string(test.role)+".")
		})
	}
}

// A person who is known needs no name any more, and the provider is asked for nothing that the token has.
func TestSingleSignOnAsksNoMoreThanItNeeds(t *testing.T) {
	p, id := mustSSO(t)
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusOK)
	want := []string{"/.well-known/openid-configuration", "/authorize", "/token", "/keys"}
	if diff := cmp.Diff(want, id.requests); diff != "" || id.asked.Get("scope") != "openid profile email" {
		t.Errorf("scope %q (-want +got):\n%s", id.asked.Get("scope"), diff)
	}
	delete(id.claims, "preferred_username")
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusOK, "You are signed in as operator.")
	// One who may not look at userinfo is refused for what is missing, not for the refusal.
	delete(id.claims, "groups")
	id.instead["/userinfo"] = http.NotFoundHandler()
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusForbidden, "brought no groups at all")
	if log := p.Log.String(); !strings.Contains(log, "userinfo: answered 404 Not Found") {
		t.Errorf("the log does not say why\n%s", log)
	}
}

// A provider that lists the scope groups and refuses it is asked again without, once, with what was asked for otherwise.
func TestSingleSignOnAsksAgainWithoutTheScope(t *testing.T) {
	p, id := mustSSO(t)
	id.described["scopes_supported"] = []string{"openid", "profile", "email", "groups"}
	got := p.Visitor(t).Get("/signin/sso?next=%2Fcalls&again=yes").Want(t, http.StatusOK)
	if got.Path != "/calls" || id.asked.Get("prompt") != "login" || id.asked.Get("scope") != "openid profile email" {
		t.Errorf("%s, and asked %v", got.Path, id.asked)
	}
	id.requests, id.refusal = nil, "invalid_scope"
	p.Visitor(t).Get("/signin/sso").Want(t, http.StatusBadGateway, noVouch)
	if diff := cmp.Diff([]string{"/authorize", "/authorize"}, id.requests); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A sign-in is finished in the browser that began it, once.
func TestSingleSignOnIsOnePersons(t *testing.T) {
	p, _ := mustSSO(t)
	c := p.Visitor(t)
	c.Get("/signin/sso/back?state=x&code="+theCode).Want(t, http.StatusBadRequest, "Please sign in again")
	c.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Get("/signin/sso")
	c.Get("/signin/sso/back?state=other&code="+theCode).Want(t, http.StatusBadRequest, "Please sign in again")
	c.Get("/signin/sso")
	c.Get("/signin/sso/back?error=access_denied").Want(t, http.StatusBadRequest, "Please sign in again")
	other := browsertest.NewPlace(t)
	other.Visitor(t).Get("/signin/sso").Want(t, http.StatusOK, "Sign in").Without(t, "company's account")
}
