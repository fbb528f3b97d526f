package signin

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"go.uber.org/zap"
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

// Address returns the address of a visitor as Settings.Address does. The first time that somebody on a private address sends the header and is no
// proxy, it logs that: it may be a proxy that nobody named, and then all visitors share its address.
func (s *Service) Address(r *http.Request) string {
	address := s.deps.Settings.Address(r)
	if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && r.Header.Get("X-Forwarded-For") != "" {
		if peer := at.Addr().Unmap().WithZone(""); !s.deps.Settings.isProxy(peer) && (peer.IsPrivate() || peer.IsLoopback()) {
			s.unnamed.Do(func() {
				s.deps.Logger.Warn("X-Forwarded-For is not believed; if this is your proxy, name it in console.proxies", zap.String("address", peer.String()))
			})
		}
	}
	return address
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
