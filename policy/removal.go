package policy

import "time"

// Removal is a recording that has to go, of a call that no longer knows of it. It is written in one step with what took it from the call,
// and stays until everything is gone: so nothing that somebody can be heard in is forgotten half-way.
type Removal struct {
	SID string        `json:"sid"` // of the recording
	Why RemovalReason `json:"why"`
	At  time.Time     `json:"at"` // of the wish
	// Bucket is where a copy was kept, as the log had it; empty where none was known. One that was being made just then has the same name.
	Bucket string `json:"place,omitempty"`

	Tries  int       `json:"tries,omitempty"`
	NextAt time.Time `json:"next_at,omitzero"`
	Error  string    `json:"error,omitempty"`
}

// RemovalReason says why a recording has to go. It decides where.
type RemovalReason string

// The reasons.
const (
	RemovalErased  RemovalReason = "erased"  // the customer was erased: here and at the provider
	RemovalExpired RemovalReason = "expired" // past its time: here, and at the provider where recordings are deleted there
)

// Removals are what has to be removed when a call forgets its recordings.
func (c Call) Removals(why RemovalReason, at time.Time) []Removal {
	var all []Removal
	for _, r := range c.Recorded() {
		if !StorableSID(r.SID) {
			continue
		}
		gone := Removal{SID: r.SID, Why: why, At: at}
		if r.Copy != nil {
			gone.Bucket = r.Copy.Bucket
		}
		all = append(all, gone)
	}
	return all
}

// Merged is what two wishes to remove one recording say together: erasing asks for more than retention, and a place that is known stays known.
func (r Removal) Merged(other Removal) Removal {
	if other.Why == RemovalErased && r.Why != RemovalErased {
		r.Why, r.NextAt = other.Why, time.Time{} // there is more to do: now
	}
	if r.Bucket == "" {
		r.Bucket = other.Bucket
	}
	return r
}
