package ivr

import "github.com/officernd/supportline/policy"

// Source gives the company's settings as they are in force at this moment. It is asked once for each webhook, so it must be quick, and safe
// to call from many goroutines. Nobody changes what it gave: other settings are other values.
type Source func() *policy.Settings

// Always is the source of settings that do not change.
func Always(s policy.Settings) Source { return func() *policy.Settings { return &s } }
