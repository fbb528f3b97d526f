package oncall

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// MaxCalendar bounds the calendar that is read, in bytes: one of a year of hourly shifts is smaller.
const MaxCalendar = 1 << 20

// Answer is the last good answer of a rota's calendar feed, and how far asking for a newer one got.
type Answer struct {
	Rota   string `json:"rota"`
	Source string `json:"source"` // SourceOf the address that gave it: the answer of another address is none of this rota
	// Body is the last answer that was a whole calendar, at most MaxCalendar bytes; nil before the first one. ETag and LastModified are the
	// server's marks of it.
	Body         []byte `json:"body,omitempty"`
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`

	FetchedAt time.Time `json:"fetched_at,omitzero"` // when Body was last known to be current: came, or had not changed
	CheckedAt time.Time `json:"checked_at,omitzero"` // when the feed was asked last, whatever it answered
	FailedAt  time.Time `json:"failed_at,omitzero"`  // since when it has failed; zero: the last answer was good
	Error     string    `json:"error,omitempty"`     // why the last one failed, in words, without the address
}

// Age returns how long ago the calendar was last known to be current. known is false where there never was one.
func (a Answer) Age(now time.Time) (age time.Duration, known bool) {
	return max(now.Sub(a.FetchedAt), 0), !a.FetchedAt.IsZero()
}

// SourceOf returns a name of a feed's address that does not tell it: whoever knows the address of a calendar can read it.
func SourceOf(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:8])
}

// Reading is how a calendar is read.
type Reading struct {
	Zone   *time.Location  // of times without one; nil: the calendar's own
	Home   *time.Location  // where the calendar has no zone of its own either; nil: UTC
	People []policy.Person // whose names are looked for
}

// Calendar is who is on call by a calendar, from Since to Until. The zero Calendar knows nobody at any time.
type Calendar struct {
	Since, Until time.Time // what was worked out, around the time at which the calendar was read
	shifts       []Shift   // in order, without the times in which nothing is written
}

// at implements base. In a time in which nobody was recognised, the Note is what is written.
func (c Calendar) at(at time.Time) Shift {
	switch i := c.first(at); {
	case c.Until.IsZero():
		return Shift{Note: "the calendar was never read"}
	case i == len(c.shifts) || c.shifts[i].From.After(at):
		return Shift{Why: ByCalendar}
	default:
		return Shift{People: c.shifts[i].People, Why: ByCalendar, Note: c.shifts[i].Note}
	}
}

// next implements base.
func (c Calendar) next(at time.Time) time.Time {
	switch i := c.first(at); {
	case i == len(c.shifts):
		return time.Time{}
	case c.shifts[i].From.After(at):
		return c.shifts[i].From
	default:
		return c.shifts[i].Until
	}
}

// first returns the place of the first shift that ends after a time.
func (c Calendar) first(at time.Time) int {
	i, _ := slices.BinarySearchFunc(c.shifts, at, func(s Shift, at time.Time) int {
		if s.Until.After(at) {
			return 1
		}
		return -1
	})
	return i
}

// Has reports whether anybody is on call at a time or later.
func (c Calendar) Has(from time.Time) bool {
	return slices.ContainsFunc(c.shifts, func(s Shift) bool { return s.Until.After(from) && len(s.People) > 0 })
}
