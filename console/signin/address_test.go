package signin_test

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/officernd/supportline/console/signin"
)

// Only what a proxy of ours added to X-Forwarded-For is believed, from the end up to the first address that is no proxy.
func TestAddressOfAVisitor(t *testing.T) {
	usual := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	chain := append(usual, netip.MustParsePrefix("10.0.0.5/32"), netip.MustParsePrefix("fd00::/8"))
	tests := []struct {
		name      string
		proxies   []netip.Prefix
		remote    string
		forwarded []string
		want      string
	}{
		{"no proxy is known", nil, "127.0.0.1:4000", []string{"9.9.9.9"}, "127.0.0.1"},
		{"a client on a private address forges it", usual, "10.0.0.6:4000", []string{"9.9.9.9, 10.0.0.6"}, "10.0.0.6"},
		{"the same behind the proxy", usual, "127.0.0.1:4000", []string{"9.9.9.9, 10.0.0.6"}, "10.0.0.6"},
		{"a client elsewhere forges it", usual, "203.0.113.9:4000", []string{"9.9.9.9"}, "203.0.113.9"},
		{"the proxy adds the visitor", usual, "127.0.0.1:4000", []string{"203.0.113.9"}, "203.0.113.9"},
		{"over IPv6", usual, "[::1]:4000", []string{"2001:db8::7"}, "2001:db8::7"},
		{"two proxies", chain, "127.0.0.1:4000", []string{"9.9.9.9, 203.0.113.9, 10.0.0.5"}, "203.0.113.9"},
		{"two proxies, each with a line of its own", chain, "127.0.0.1:4000", []string{"9.9.9.9", "203.0.113.9", "10.0.0.5"}, "203.0.113.9"},
		{"nothing but proxies", chain, "127.0.0.1:4000", []string{"10.0.0.5, 127.0.0.1"}, "10.0.0.5"},
		{"the proxy adds nothing", usual, "127.0.0.1:4000", nil, "127.0.0.1"},
		{"no address", usual, "127.0.0.1:4000", []string{"203.0.113.9, unknown"}, "127.0.0.1"},
		{"an empty place", usual, "127.0.0.1:4000", []string{"203.0.113.9,"}, "127.0.0.1"},
		{"with ports", usual, "127.0.0.1:4000", []string{"203.0.113.9:55001"}, "203.0.113.9"},
		{"IPv6 with a port", usual, "127.0.0.1:4000", []string{"[2001:db8::7]:55001"}, "2001:db8::7"},
		{"IPv4 written as IPv6", usual, "[::ffff:127.0.0.1]:4000", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"a zone", usual, "[fe80::1%eth0]:4000", []string{"9.9.9.9"}, "fe80::1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = test.remote
			for _, line := range test.forwarded {
				r.Header.Add("X-Forwarded-For", line)
			}
			if got := (signin.Settings{Proxies: test.proxies}).Address(r); got != test.want {
				t.Errorf("the visitor is at %s, want %s", got, test.want)
			}
		})
	}
}

// Only what may be a proxy of ours is named in the log, once: whoever writes the header from elsewhere must not use the hint up.
func TestAProxyThatNobodyNamed(t *testing.T) {
	core, lines := observer.New(zap.WarnLevel)
	s := signin.New(signin.Deps{Settings: signin.Settings{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, Logger: zap.New(core)})
	ask := func(remote, forwarded string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = remote
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		s.Address(r)
	}
	ask("203.0.113.9:4000", "9.9.9.9")
	ask("127.0.0.1:4000", "203.0.113.9")
	ask("10.0.0.5:4000", "")
	if lines.Len() != 0 {
		t.Errorf("the log has %v", lines.All())
	}
	ask("10.0.0.5:4000", "203.0.113.9")
	ask("10.0.0.6:4000", "203.0.113.9")
	if all := lines.All(); len(all) != 1 || all[0].ContextMap()["address"] != "10.0.0.5" {
		t.Errorf("the log has %v, want 10.0.0.5 once", all)
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("9.9.9.9, 10.0.0.6")
	f.Add("[::1]:80,,fe80::1%eth0")
	s := signin.Settings{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "127.0.0.1:4000"
		r.Header.Set("X-Forwarded-For", header)
		if _, err := netip.ParseAddr(s.Address(r)); err != nil {
			t.Errorf("%q: %v", header, err)
		}
	})
}
