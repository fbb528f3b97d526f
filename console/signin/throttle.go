package signin

import (
	"context"
	"net/netip"
	"time"

	"github.com/officernd/supportline/policy/users"
)

// Tries count who tries to sign in. Both methods are one step each, whoever else shares the store.
type Tries interface {
	// TakeTry counts a try under each of some origins, unless one of them is paused: then it counts nothing, and returns how long to wait.
	TakeTry(ctx context.Context, origins []users.Origin, now time.Time) (wait time.Duration, err error)
	// GiveBackTry undoes a try that was taken at a time, because it was right.
	GiveBackTry(ctx context.Context, origins []users.Origin, taken time.Time) error
}

// take takes a try before anything is compared: of a burst no more are compared than one after the other would be. The error is Throttled with
// the reason, or internal.
func (s *Service) take(ctx context.Context, reason error, now time.Time, origins ...users.Origin) error {
	wait, err := s.deps.Sessions.TakeTry(ctx, origins, now)
	if err == nil && wait > 0 {
		err = Throttled{reason, wait}
	}
	return err
}

// guesses returns where a try at a user's name is counted. A browser that signed in under the name before has a count of its own, so that
// nobody elsewhere keeps it out. Any other is paused by name and address first, then by address, and by name alone far later.
func guesses(name, address, device string) []users.Origin {
	if device != "" {
		return []users.Origin{users.ByDevice(name, device)}
	}
	return []users.Origin{users.ByNameAndAddress(name, network(address)), users.ByAddress(network(address)), users.ByName(name)}
}

// networkBits is how much of an IPv6 address names a network: who has one has all of its addresses.
const networkBits = 64

// network returns what counts as one address: the network of an IPv6 address, and any other as it is.
func network(address string) string {
	found, err := netip.ParseAddr(address)
	if err != nil || found.Is4() || found.Is4In6() {
		return address
	}
	return netip.PrefixFrom(found.WithZone(""), networkBits).Masked().String()
}
