package config_test

import (
	"net/netip"
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
		{"too short", "console: { idle: ^1s }", `idle is "1s"; write a time from 1m to 24h, such as 20s or 20m`},
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
