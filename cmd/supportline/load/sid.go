package load

import (
	"fmt"
	"sync/atomic"
)

// SIDPrefix begins the SID of every made-up call and leg.
const SIDPrefix = "CA10ad10ad"

// sids makes the SIDs of one run. After the prefix and the run they are spread over all values, as the provider's are: keys that follow each other
// would fall together in the store, which those of real calls don't.
type sids struct {
	run  uint32
	last atomic.Uint64
}

func (s *sids) next() string {
	const spread = 0x9E3779B97F4A7C15 // odd, so that no two products are equal
	return fmt.Sprintf("%s%08x%016x", SIDPrefix, s.run, s.last.Add(1)*spread)
}
