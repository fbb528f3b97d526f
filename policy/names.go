package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
)

// Phone is a party's address as the provider gave it: usually E.164 ("+448000668187"), but a caller can also be "anonymous", "",
// "client:x" or "sip:a@b". Nothing may assume a number. Printing a Phone masks it, so that no log line can leak one (rule 13); Full
// returns the whole address for those who may see it.
type Phone string

// Full returns the address as it came.
func (p Phone) Full() string { return string(p) }

// FullNumbers returns addresses as they came.
func FullNumbers(phones []Phone) []string { return mapped(phones, Phone.Full) }

// schemes are the schemes of addresses that are no bare number. Any other text before a colon may itself be a name or a number.
var schemes = []string{"sip", "sips", "client", "tel"}

// String masks all but the first two and the last two digits of a number, the user and the parameters of a SIP or client address, and any other
// text that could name somebody. A word for a withheld number names nobody and stays; any other spelling of one becomes "withheld".
func (p Phone) String() string {
	s := string(p)
	switch {
	case withheldWord(s):
		return s
	case p.Withheld():
		return "withheld"
	}
	if scheme, rest, ok := p.scheme(); ok {
		_, host, at := strings.Cut(rest, "@")
		if !at {
			return scheme + ":***"
		}
		return scheme + ":***@" + host[:untilAny(host, ";?")]
	}
	if !p.IsNumber() || len(s) < 8 {
		return "***"
	}
	return s[:3] + strings.Repeat("*", len(s)-5) + s[len(s)-2:]
}

// scheme returns the parts of an address before and after the colon of its scheme. ok is false for an address without one.
func (p Phone) scheme() (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(string(p), ":")
	return scheme, rest, ok && slices.Contains(schemes, strings.ToLower(scheme))
}

func untilAny(s, chars string) int {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return i
	}
	return len(s)
}

// IsNumber reports whether the address is an E.164 number.
func (p Phone) IsNumber() bool {
	if len(p) < 3 || p[0] != '+' {
		return false
	}
	for _, c := range p[1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// CallSID names one leg of a call at the provider ("CA" and 32 hex digits).
type CallSID string

// CustomerNumber is the number by which a caller identifies an account: digits, leading zeros kept.
type CustomerNumber string

// Ticket is the number of a ticket in the company's help desk, as the caller keyed it.
type Ticket string

// Month is a calendar month, "2026-11". The zero value is "no month".
type Month string

// MonthOf returns the calendar month of t in zone (rule 4).
func MonthOf(t time.Time, zone *time.Location) Month { return Month(t.In(zone).Format(monthLayout)) }

// maxNamed bounds the names that are compared: no known one is that long, and the work is quadratic.
const maxNamed = 60

// Nearest returns the known name that was probably meant by a wrong one: the one with the fewest edits, at most limit, without regard to case. It is
// "" where none is near, and where two are equally near.
func Nearest(name string, known []string, limit int) string {
	best, fewest := "", limit+1
	if len(name) > maxNamed {
		return ""
	}
	for _, k := range known {
		switch d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(k)); {
		case d < fewest:
			best, fewest = k, d
		case d == fewest:
			best = ""
		}
	}
	return best
}

// testPrefix begins the address of a user who tries a line from the console. No number begins so, and no customer's telephone has such an address.
const testPrefix = "client:test-"

// TestCaller returns the address from which a user of the console calls a line to try it.
func TestCaller(user string) Phone { return Phone(testPrefix + user) }

// Test reports whether the call was made to try the line, by a user of the console. It is logged and explained as every call is, and nothing follows from
// it for an account: it adds no ticket, is never over-long, and nobody is told of it.
func (c Call) Test() bool { return strings.HasPrefix(string(c.From), testPrefix) }
