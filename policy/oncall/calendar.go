package oncall

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
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

// FeedAddress returns the https address under which the calendar at an address is asked for: webcal:// and webcals:// mean https.
func FeedAddress(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if ok && (strings.EqualFold(scheme, "webcal") || strings.EqualFold(scheme, "webcals")) {
		return "https://" + rest
	}
	return address
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

const whyCalendar = "calendar"

// Shifts returns who is on call from a time until another, without a break: a time for which nothing is written, or in which nobody was
// recognised, is a shift of nobody. The Note of the latter is what was written.
func (c Calendar) Shifts(from, until time.Time) (all []Shift) {
	i, _ := slices.BinarySearchFunc(c.shifts, from, func(s Shift, t time.Time) int {
		if s.Until.After(t) {
			return 1
		}
		return -1
	})
	for at := from; at.Before(until); at = all[len(all)-1].Until {
		switch {
		case i >= len(c.shifts) || !c.shifts[i].From.Before(until):
			all = append(all, Shift{From: at, Until: until, Why: whyCalendar})
		case c.shifts[i].From.After(at):
			all = append(all, Shift{From: at, Until: c.shifts[i].From, Why: whyCalendar})
		default:
			s := c.shifts[i]
			s.From, s.Until = at, earlier(s.Until, until)
			all = append(all, s)
			i++
		}
	}
	return all
}

// Has reports whether anybody is on call at a time or later.
func (c Calendar) Has(from time.Time) bool {
	return slices.ContainsFunc(c.shifts, func(s Shift) bool { return s.Until.After(from) && len(s.People) > 0 })
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
