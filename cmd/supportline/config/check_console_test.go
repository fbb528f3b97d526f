package config_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/console"
	"github.com/officernd/supportline/console/signin"
	"github.com/officernd/supportline/policy"
	"github.com/officernd/supportline/policy/users"
)

func TestConsole(t *testing.T) {
	usual := console.Settings{Settings: signin.Settings{Proxies: thisMachine, Idle: 30 * time.Minute, Session: 12 * time.Hour}, Permissions: users.UsualPermissions()}
	with := func(change func(*console.Settings)) console.Settings {
		s := usual
		s.Permissions = users.UsualPermissions()
		change(&s)
		return s
	}
	tests := []struct {
		name, block string
		want        console.Settings
	}{
		{"nothing", "", usual},
		{"an address", "console: { url: https://console.example.com/ }", with(func(s *console.Settings) { s.URL = "https://console.example.com" })},
		{"proxies", `console: { proxies: [10.0.0.6, "10.1.2.3/16", "::ffff:192.0.2.1", "fd00::/8"] }`, with(func(s *console.Settings) {
			s.Proxies = []netip.Prefix{
				netip.MustParsePrefix("10.0.0.6/32"), netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("fd00::/8"),
			}
		})},
		{"no proxy", "console: { proxies: [] }", with(func(s *console.Settings) { s.Proxies = nil })},
		{"times", "console: { idle: 5m, session: 1h }", with(func(s *console.Settings) { s.Idle, s.Session = 5*time.Minute, time.Hour })},
		{"a viewer who sees numbers", "console: { permissions: { viewer: [recordings, numbers] } }", with(func(s *console.Settings) {
			s.Permissions[users.Viewer] = []users.Permission{users.SeeNumbers, users.HearRecordings}
		})},
		{"an operator without any", "console: { permissions: { operator: [] } }", with(func(s *console.Settings) {
			s.Permissions[users.Operator] = nil
		})},
		{"test lines", `console: { test_lines: ["+448000668187", "+18883071053"] }`, with(func(s *console.Settings) {
			s.TestLines = []policy.Phone{"+18883071053", "+448000668187"}
		})},
		{"single sign-on", "console: { url: https://c.example.com, sso: " + ssoBlock + " }", with(func(s *console.Settings) {
			s.URL = "https://c.example.com"
			s.SSO = signin.SSO{
				Issuer: "https://login.example.com/", ClientID: "supportline", ClientSecret: "hush-hush", RoleClaim: "groups",
				Roles: map[string]users.Role{"support": users.Operator, "it": users.Admin},
			}
		})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, problems := parse(withConsole(t, test.block), env(), config.Options{})
			if diff := cmp.Diff([]string{}, problems); diff != "" {
				t.Fatal(diff)
			}
			equal := cmp.Comparer(func(a, b []users.Permission) bool {
				return cmp.Equal(append([]users.Permission{}, a...), append([]users.Permission{}, b...))
			})
			if diff := cmp.Diff(test.want, got.Console, equal, networks); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

const ssoBlock = `{ issuer: https://login.example.com/, client_id: supportline, client_secret: hush-hush, roles: { support: operator, it: admin } }`

func TestConsoleProblems(t *testing.T) {
	tests := []struct{ name, block, want string }{
		{"plain http", "console: { url: ^http://console.example.com }", "url does not begin with https://"},
		{"a path", "console: { url: ^https://example.com/console }", `url is "https://example.com/console", which has a path; write it like https://console.example.com`},
		{"a proxy that is no address", "console: { proxies: [^proxy] }", `proxies holds "proxy", which is not an address; write an address or a network, such as 10.0.0.6 or 10.0.0.0/24`},
		{"everybody as a proxy", "console: { proxies: [^0.0.0.0/0] }", `proxies holds "0.0.0.0/0", which is everybody; write the address of the proxy, such as 10.0.0.6`},
		{"a proxy twice", `console: { proxies: [10.0.0.6, ^"::ffff:10.0.0.6"] }`, `proxies names "::ffff:10.0.0.6" twice; keep one of the two`},
		{"too short", "console: { idle: ^1s }", `idle is "1s"; write a time from 1m to 24h`},
		{"idle past the end", "console: { idle: ^13h }", "console has idle 13h, and session 12h ends before that; write idle no longer than session"},
		{"an unknown permission", "console: { permissions: { viewer: [^number] } }", `viewer holds "number", which is not a permission; write numbers`},
		{"an admin's permission", "console: { permissions: { operator: [^audit] } }", `operator holds "audit", which only admins have; give the person the role admin, or leave it out`},
		{"twice", "console: { permissions: { viewer: [numbers, ^numbers] } }", `viewer names "numbers" twice; keep one of the two`},
		{"the phone is an admin's", "console: { permissions: { operator: [^phone] } }", `operator holds "phone", which only admins have; give the person the role admin, or leave it out`},
		{"a test line that is none", `console: { test_lines: [^"+448000668188"] }`, `test_lines holds "+448000668188", which is not a line; write +448000668187`},
		{"a test line twice", `console: { test_lines: ["+18883071053", ^"+18883071053"] }`, `test_lines names "+18883071053" twice; keep one of the two`},
		{"sso without an address", "console: { sso: ^" + ssoBlock + " }", "console has sso and no url, so that the provider cannot send people back; add url: https://console.example.com"},
		{"sso in the open", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "https", "^http", 1) + " }", "issuer does not begin with https://"},
		{"sso without roles", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "{ support: operator, it: admin }", "^{}", 1) + " }", "roles names no group, so nobody can sign in by sso; write roles: { support: operator }"},
		{"sso with a role that is none", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "operator", "^operater", 1) + " }", `support is "operater"; write operator`},
		{"sso without a secret", "console: { url: https://c.example.com, sso: ^" + strings.Replace(ssoBlock, "client_secret: hush-hush, ", "", 1) + " }", "the key client_secret is missing; write client_secret: ${SSO_CLIENT_SECRET}"},
		{"sso by the address of the description", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "https://login.example.com/", "^https://login.example.com/.well-known/openid-configuration", 1) + " }", `issuer is "https://login.example.com/.well-known/openid-configuration", which is where the provider describes itself; write https://login.example.com`},
		{"sso with an issuer in quotes", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "https://login.example.com/", `^"'https://login.example.com'"`, 1) + " }", "issuer has quotation marks around it; write it without them"},
		{"sso with a client in quotes", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "client_id: supportline", `client_id: ^"'supportline'"`, 1) + " }", "client_id has quotation marks around it; write it without them"},
		{"sso with a secret in quotes", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "hush-hush", `^"'hush-hush'"`, 1) + " }", "client_secret has quotation marks around it; write it without them"},
		{"sso with a secret and a line end", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "hush-hush", `^"hush-hush\n"`, 1) + " }", "client_secret has a line end in it"},
		{"sso without a claim", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "roles:", `role_claim: ^"", roles:`, 1) + " }", "role_claim is empty, so nobody has a role; write the claim that names a person's groups, such as groups or realm_access.roles"},
		{"sso with a blank claim", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "roles:", `role_claim: ^" ", roles:`, 1) + " }", "role_claim holds nothing but blanks"},
		{"sso with a claim and a blank", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "roles:", `role_claim: ^"groups ", roles:`, 1) + " }", "role_claim begins or ends with a blank; write it without"},
		{"sso with a group twice", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "it: admin", "^/Support: admin", 1) + " }", `roles has "support" and "/Support", which are the same group: case and slashes at the ends do not count; keep one of the two`},
		{"sso with a group that is none", "console: { url: https://c.example.com, sso: " + strings.Replace(ssoBlock, "it: admin", "^/: admin", 1) + " }", `roles has "/", which is no group`},
		{"an unknown role", "console: { permissions: { ^boss: [numbers] } }", `the key "boss" is not known here; write viewer or operator`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, places := marked(withConsole(t, test.block))
			_, got := parse(text, env(), config.Options{})
			if len(got) != 1 || !strings.HasPrefix(got[0], places[0]+test.want) {
				t.Errorf("got %q, want %q", got, places[0]+test.want)
			}
		})
	}
}

// An issuer that ends with a slash is one that ends with a slash: it is kept to the letter, and noted.
func TestIssuerWithASlashIsNoted(t *testing.T) {
	for block, noted := range map[string]bool{ssoBlock: true, strings.Replace(ssoBlock, ".com/", ".com", 1): false} {
		c, problems := parse(withConsole(t, "console: { url: https://c.example.com, sso: "+block+" }"), env(), config.Options{})
		found := slices.ContainsFunc(c.Notes, func(p config.Problem) bool { return strings.Contains(p.String(), "issuer ends with a slash") })
		if len(problems) > 0 || found != noted || strings.HasSuffix(c.Console.SSO.Issuer, "/") != noted {
			t.Errorf("%s: %v, noted %v, issuer %q", block, problems, c.Notes, c.Console.SSO.Issuer)
		}
	}
}

// withConsole returns the example with a console block of its own.
func withConsole(t testing.TB, block string) string {
	t.Helper()
	before, rest, found := strings.Cut(string(config.Example()), "\nconsole:\n")
	if !found {
		t.Fatal("the example has no console")
	}
	_, after, _ := strings.Cut(rest, "\n\n")
	return before + "\n" + block + "\n\n" + after
}
