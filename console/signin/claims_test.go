package signin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/policy/users"
)

// someRoles are roles of groups as a configuration writes them.
var someRoles = SSO{Roles: map[string]users.Role{
	"support": users.Operator, "IT": users.Admin, "Front Desk": users.Viewer, "/company/guests": users.Viewer, "17": users.Viewer, "cn=it,ou=groups": users.Admin,
}}.granted()

func mustClaims(t testing.TB, body string) claims {
	t.Helper()
	c, err := parseClaims([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The groups of a claim, in each of the shapes that providers send. An item of a list is one group, whatever is in its name.
func TestGroupsOfAClaim(t *testing.T) {
	for claim, want := range map[string][]string{
		`["support","staff"]`:             {"support", "staff"},
		`[]`:                              nil,
		`null`:                            nil,
		`true`:                            nil,
		`"support"`:                       {"support"},
		`" Support "`:                     {" Support "},
		`""`:                              nil,
		`" / "`:                           nil,
		`"support,it"`:                    {"support", "it"},
		`"support; it"`:                   {"support", " it"},
		`"staff\nit"`:                     {"staff", "it"},
		`"support it"`:                    {"support", "it"},
		`"front desk"`:                    {"front desk"},
		`"it helpdesk"`:                   {"it helpdesk"},
		`"staff it"`:                      {"staff it"},
		`"/support"`:                      {"/support"},
		`"CN=IT,OU=Groups"`:               {"CN=IT,OU=Groups"},
		`["staff, it", "support it"]`:     {"staff, it", "support it"},
		`"[\"support\",\"it\"]"`:          {"support", "it"},
		`"[support]"`:                     {"[support]"},
		`"[17, {\"name\":\"it\"}, null]"`: {"17", "it"},
		`[17, 1.5, "", false, ["it"], {"id":"it"}]`:     {"17", "1.5"},
		`[{"name":"it"},{"displayName":"staff"}]`:       {"it", "staff"},
		`[{"name":"staff","displayName":"it"}]`:         {"staff"},
		`{"name":"it"}`:                                 {"it"},
		`{"it":{"1":"example.com"},"b":true,"c":false}`: {"b", "it"},
		`{"roles":["it"]}`:                              nil,
	} {
		c := mustClaims(t, `{"groups":`+claim+`}`)
		got := someRoles.groups(c.find("groups"))
		if len(got) == 0 {
			got = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", claim, diff)
		}
	}
}

// A group has the role of its whole name, without case, and the highest role counts.
func TestBestRole(t *testing.T) {
	for groups, want := range map[string]users.Role{
		"": "", "staff": "", "SUPPORT": users.Operator, "/it": users.Admin, "it/": users.Admin, "support|it|17": users.Admin, "company/GUESTS": users.Viewer,
		"guests": "", "/company": "", "/company/guests/it": "", "/other/it": "", "front  desk": "", "front desk": users.Viewer, "itt": "", "i": "", "ıt": "",
	} {
		if got, ok := someRoles.best(strings.Split(groups, "|")); got != want || ok != (want != "") {
			t.Errorf("%q is %q, want %q", groups, got, want)
		}
	}
}

func TestNamesOfPeople(t *testing.T) {
	for body, want := range map[string]string{
		`{"preferred_username":"Mila"}`:           "mila",
		`{"preferred_username":["mila"]}`:         "mila",
		`{"preferred_username":["mila","admin"]}`: ErrNoName.Error(),
		`{"preferred_username":17}`:               ErrNoName.Error(),
		`{"Preferred_Username":"mila"}`:           ErrNoName.Error(),
		`{"preferred_username":"mila koch","email":"m@example.com","email_verified":true}`: "m@example.com",
		`{"email":"m@example.com"}`:                                                                    ErrUnverified.Error(),
		`{"email":"m@example.com","email_verified":"false"}`:                                           ErrUnverified.Error(),
		`{"email":"m@example.com","email_verified":"yes"}`:                                             ErrUnverified.Error(),
		`{"email":"m@example.com","email_verified":["true"]}`:                                          ErrUnverified.Error(),
		`{"email":"m@example.com","email_verified":2}`:                                                 ErrUnverified.Error(),
		`{"email":"m@example.com","email_verified":" TRUE "}`:                                          "m@example.com",
		`{"email":"m@example.com","email_verified":1}`:                                                 "m@example.com",
		`{"email":"m@example.com","email_verified":"1","preferred_username":"mila"}`:                   "mila",
		`{"email":"mila koch <m@example.com>","email_verified":true}`:                                  ErrNoName.Error(),
		`{"email":null,"email_verified":true}`:                                                         ErrNoName.Error(),
		`{"email":"m@example.com","EMAIL_VERIFIED":true}`:                                              ErrUnverified.Error(),
		`{"email":"m@example.com","email_verified":false,"email_verified":true,"x":{"a":[1,{"b":0}]}}`: "m@example.com",
	} {
		name, err := mustClaims(t, body).person()
		if err != nil {
			name = err.Error()
		}
		if name != want {
			t.Errorf("%s is %q, want %q", body, name, want)
		}
	}
}

func TestTimesOfClaims(t *testing.T) {
	for value, want := range map[string]int64{
		`1764000000`: 1764000000, `"1764000000"`: 1764000000, `1764000000.9`: 1764000000, `1.764e9`: 1764000000, `0`: 0, `-1`: -1, `"soon"`: -1, `true`: -1,
		`"NaN"`: -1, `"Infinity"`: -1, `1e300`: -1, `{}`: -1, `null`: -1, `""`: -1,
	} {
		at, ok := mustClaims(t, `{"exp":`+value+`}`).time("exp")
		if ok != (want >= 0) || ok && !at.Equal(time.Unix(want, 0)) {
			t.Errorf("%s is %v, %t", value, at, ok)
		}
	}
}

// What is no object of JSON is refused, and so is what follows one.
// The provider's clock and ours may differ by five minutes.
func TestClocksMayDiffer(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	const most = 5 * time.Minute
	for _, row := range []struct {
		exp, iat, nbf int64
		want          error
	}{
		{at(time.Minute), at(0), at(0), nil},
		{at(-most), at(most), at(most), nil},
		{at(-most - time.Second), at(0), at(0), ErrProviderClock},
		{at(time.Hour), at(most + time.Second), at(0), ErrProviderClock},
		{at(time.Hour), at(0), at(most + time.Second), ErrProviderClock},
	} {
		if err := mustClaims(t, fmt.Sprintf(`{"exp":%d,"iat":%d,"nbf":%d}`, row.exp, row.iat, row.nbf)).inTime(now); !errors.Is(err, row.want) {
			t.Errorf("%+v: %v", row, err)
		}
	}
}

func TestClaimsAreAnObject(t *testing.T) {
	for _, body := range []string{"", "null", "[]", `"a"`, "{", `{"a":1} {"a":2}`, `{"a":1}x`, "<html>", strings.Repeat(`{"a":`, 100000)} {
		if c, err := parseClaims([]byte(body)); err == nil {
			t.Errorf("%.40q is %v", body, c)
		}
	}
}

// The log shows types and numbers of items. What claims hold is not in it, and a line is bounded.
func TestShapeOfClaims(t *testing.T) {
	c := mustClaims(t, `{"sub":"secret","groups":["secret",{}],"exp":1,"email_verified":"true","a":null,"realm":{"secret":1},"ok":true}`)
	want := []string{"x.a: null", "x.email_verified: text", "x.exp: number", "x.groups: list of 2", "x.ok: boolean", "x.realm: object of 1", "x.sub: text"}
	if diff := cmp.Diff(want, c.shape("x.")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	many := claims{}
	for i := range 1000 {
		many[strings.Repeat("é", 100)+fmt.Sprint(i)] = nil
	}
	if got := many.shape(""); len(got) != shapeClaims+1 || got[shapeClaims] != "and 950 more" || len(got[0]) > 2*shapeName+20 {
		t.Errorf("%d lines, the first of %d bytes, and last %q", len(got), len(got[0]), got[len(got)-1])
	}
}

// A description is usable if it is that of the issuer, to the letter, and names what is needed, over TLS where the issuer has it.
func TestDescriptions(t *testing.T) {
	const issuer = "https://login.example.com"
	tests := []struct{ name, key, value, want string }{
		{"usable", "x", `"y"`, ""},
		{"a slash more", "issuer", `"https://login.example.com/"`, `calls itself "https://login.example.com/", and console.sso.issuer is "https://login.example.com"`},
		{"in another case", "issuer", `"https://LOGIN.example.com"`, "calls itself"},
		{"a secret in the open", "token_endpoint", `"http://login.example.com/token"`, "token_endpoint"},
		{"people in the open", "authorization_endpoint", `"http://login.example.com/"`, "authorization_endpoint"},
		{"keys in the open", "jwks_uri", `"http://login.example.com/"`, "jwks_uri"},
		{"claims in the open", "userinfo_endpoint", `"http://login.example.com/"`, "userinfo_endpoint"},
		{"no claims", "userinfo_endpoint", `null`, ""},
		{"no keys", "jwks_uri", `17`, "jwks_uri"},
		{"a path alone", "token_endpoint", `"/token"`, "token_endpoint"},
		{"a script", "authorization_endpoint", `"javascript:alert(1)"`, "authorization_endpoint"},
	}
	for _, test := range tests {
		body := fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":"https://a.example/","token_endpoint":"https://b.example/","jwks_uri":"https://c.example/",%q:%s}`,
			issuer, test.key, test.value)
		d, err := ParseDescription([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Check(issuer); (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// The provider may send us on to another path of its own, and not elsewhere, over another scheme, or in a circle: the console's secret goes with us.
func TestRedirectsOfTheProvider(t *testing.T) {
	ask := func(address string) *http.Request { return httptest.NewRequest(http.MethodPost, address, http.NoBody) }
	first := ask("https://login.example.com/token")
	for _, row := range []struct {
		to   string
		hops int
		want error
	}{
		{"https://login.example.com/oauth/token", 1, nil},
		{"https://login.example.com/oauth/token", 3, nil},
		{"https://login.example.com/oauth/token", 4, errElsewhere},
		{"https://evil.example/token", 1, errElsewhere},
		{"https://login.example.com:8443/token", 1, errElsewhere},
		{"http://login.example.com/token", 1, errElsewhere},
	} {
		if err := newClient().CheckRedirect(ask(row.to), slices.Repeat([]*http.Request{first}, row.hops)); !errors.Is(err, row.want) {
			t.Errorf("%s after %d: %v, want %v", row.to, row.hops, err, row.want)
		}
	}
}

// FuzzClaims holds that nothing which a provider can send breaks the reader, that a role comes from a group which the configuration names, and that
// the log shows nothing of what claims hold.
func FuzzClaims(f *testing.F) {
	for _, body := range []string{
		`{"groups":"support,it"}`, `{"groups":["/support",{"name":"it"}]}`, `{"a":{"b":"[\"it\"]"},"email":"x@example.com","email_verified":"True"}`,
		`{"groups":{"it":{}},"exp":"17","aud":["a","b"],"preferred_username":["x"]}`, `{"a.b":1,"a":{"b.c":[1e400]}}`, "{", "null", `{"groups":"it it"}`,
	} {
		f.Add(body, "groups")
	}
	f.Fuzz(func(t *testing.T, body, claim string) {
		c, err := parseClaims([]byte(body))
		if err != nil {
			return
		}
		value := c.find(claim)
		groups := someRoles.groups(value)
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if role, ok := someRoles.best(groups); ok && len(groups) == 0 || ok && value == nil || ok != (role != "") {
			t.Errorf("%s gave %q to %q", text, role, groups)
		}
		if name, err := c.person(); err == nil && name == "" || err != nil && !errors.Is(err, ErrNoName) && !errors.Is(err, ErrUnverified) {
			t.Errorf("%q, %v", name, err)
		}
		c.audience("a")
		c.list(claim)
		c.time(claim)
		for _, line := range c.shape("") {
			if _, what, _ := strings.Cut(line[strings.LastIndex(line, ": ")+1:], " "); strings.ContainsAny(what, `"@/`) {
				t.Errorf("the shape shows %q", line)
			}
		}
	})
}
