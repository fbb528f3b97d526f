package signin

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Address returns the address of a visitor: that of the connection, or, if it is one of Proxies, what the proxy added to the header
// X-Forwarded-For. The header is read from its end, where the nearest proxy writes, up to the first address that is no proxy; what stands
// before it is anybody's word. An IPv4 address that is written as an IPv6 one is returned as IPv4.
func (s Settings) Address(r *http.Request) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	found := at.Addr().Unmap().WithZone("")
	rest := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	for rest != "" && s.isProxy(found) {
		comma := strings.LastIndexByte(rest, ',')
		next, ok := forwarded(rest[comma+1:])
		if !ok {
			break
		}
		found, rest = next, rest[:max(comma, 0)]
	}
	return found.String()
}

func (s Settings) isProxy(a netip.Addr) bool {
	return slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// forwarded reads one address of the header, with a port or without.
func forwarded(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone(""), true
	}
	found, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return found.Unmap().WithZone(""), err == nil
}
