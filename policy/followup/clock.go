package followup

import (
	"time"

	"github.com/officernd/supportline/policy"
)

// Clock is how long a caller waits for a person at most, by the reason to call.
type Clock policy.ByIntent[time.Duration]

// For returns how long callers with a reason wait at most.
func (c Clock) For(i policy.Intent) time.Duration { return policy.ByIntent[time.Duration](c).For(i) }
