package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// InProgress stands in a filter for the calls that have no outcome: they go on, or their end was never reported.
const InProgress Outcome = "in-progress"

// Filter selects logged calls. Zero fields select all.
type Filter struct {
	Since      time.Time // start at or after
	Until      time.Time // start before
	Line       Phone
	Customer   CustomerNumber
	Intent     Intent
	Outcome    Outcome // or InProgress
	Specialist Phone   // at which the call was accepted
	// Person is who accepted: on a leg that is known as theirs, or on one of nobody's at Specialist or Texts, which are then their addresses.
	Person PersonID
	Texts  Phone // where Person gets texts, as Specialist
	Ticket Ticket
	// OverLong is a call limit: calls that talked longer and that nobody waived (rules 5 and 6).
	OverLong time.Duration
	Waived   bool
	Training bool
	// Unidentified selects calls that were served to nobody (Call.ServedToNobody).
	Unidentified bool
	TalkAtLeast  int // seconds, known ones: a call that reached no specialist has none
	TalkAtMost   int // seconds, known ones
	// Text is what a person typed, as Text takes it.
	Text string
	// Numbers lets Text be part of a caller's number: the person who asks may see those.
	Numbers bool
	Limit   int
}

// Matches reports whether a call is selected, its start and the limit aside, which a store's index decides.
func (f Filter) Matches(c Call) bool {
	return (f.Line == "" || c.Line == f.Line) &&
		(f.Customer == "" || c.Customer == f.Customer) &&
		(f.Intent == "" || c.Intent == f.Intent) &&
		(f.Outcome == "" || c.Outcome() == f.ending()) &&
		(f.Ticket == "" || c.Ticket == f.Ticket) &&
		(!f.Waived || c.Waived) && (!f.Training || c.Training) && (!f.Unidentified || c.ServedToNobody()) &&
		f.matchesSpecialist(c) && f.matchesTalk(c) &&
		(f.Text == "" || ParseText(f.Text, f.Numbers).MatchesCall(c))
}

func (f Filter) ending() Outcome {
	if f.Outcome == InProgress {
		return ""
	}
	return f.Outcome
}

func (f Filter) matchesSpecialist(c Call) bool {
	if f.Specialist == "" && f.Person == "" {
		return true
	}
	leg, accepted := c.Accepted()
	if f.Person == "" || leg.Person == "" {
		return accepted && leg.To != "" && (leg.To == f.Specialist || leg.To == f.Texts)
	}
	return accepted && leg.Person == f.Person
}

func (f Filter) matchesTalk(c Call) bool {
	if f.OverLong == 0 && f.TalkAtLeast == 0 && f.TalkAtMost == 0 {
		return true
	}
	seconds, _, talked := c.Talk()
	return talked && f.Talks(seconds, c.Waived)
}

// Talks reports whether a talk time in seconds, of a call that was waived or not, is within TalkAtLeast, TalkAtMost and OverLong.
func (f Filter) Talks(seconds int, waived bool) bool {
	return seconds >= f.TalkAtLeast && (f.TalkAtMost == 0 || seconds <= f.TalkAtMost) &&
		(f.OverLong == 0 || !waived && seconds > int(f.OverLong/time.Second))
}

// What a free text has to have at least, so that it selects few calls: shorter ones find only what is called exactly so.
const (
	minNumberPrefix = 3 // characters of a customer number's beginning
	minWord         = 2 // characters of the beginning of a word of a name
	minSIDPrefix    = 6 // characters of a SID's beginning, its "CA" included
	// minDigits is how many digits of a phone number find it.
	minDigits = 4
)

// Text is a search text of a person: any of
//
//   - a customer number, or its beginning (3 characters at least);
//   - words of an account's name, in any order and case, each from its beginning (the longest has 2 characters at least);
//   - a call's SID, or its beginning (6 characters at least);
//   - a ticket number, whole;
//   - part of a phone number (4 digits at least, anything between them left out), for those who may see numbers. The zeros that stand
//     before a number at home are left out where the rest is long enough.
//
// The zero Text finds everything.
type Text struct {
	Whole string   // without spaces around
	Words []string // in lower case, the longest first; none: too short to find a name
	// NumberPrefix reports whether the text is looked for at the beginning of customer numbers, SIDPrefix the same of SIDs.
	NumberPrefix, SIDPrefix bool

	Digits []string // parts of a phone number, any of which will do; none: the text is no part of one
	// Withheld reports whether the text asks for calls from withheld numbers.
	Withheld bool
}

// ParseText parses what a person typed. numbers is whether the person may see phone numbers, and so search for them.
func ParseText(typed string, numbers bool) Text {
	t := Text{Whole: strings.TrimSpace(typed)}
	t.NumberPrefix, t.SIDPrefix = len(t.Whole) >= minNumberPrefix, len(t.Whole) >= minSIDPrefix
	t.Words = NameWords(t.Whole)
	slices.SortStableFunc(t.Words, func(a, b string) int { return len(b) - len(a) })
	if len(t.Words) > 0 && len([]rune(t.Words[0])) < minWord {
		t.Words = nil
	}
	t.Withheld = asksWithheld(t.Whole)
	if numbers {
		t.Digits = phoneParts(t.Whole)
	}
	return t
}

// phoneParts returns the digits of a text that could be part of a phone number: as they are, and without zeros in front.
func phoneParts(text string) []string {
	user, _ := Phone(text).user()
	digits := strings.NewReplacer("/", "", "+", "").Replace(undecorated(user))
	if len(digits) < minDigits || strings.Trim(digits, "0123456789") != "" {
		return nil
	}
	parts := []string{digits}
	if national := strings.TrimLeft(digits, "0"); national != digits && len(national) >= minDigits {
		parts = append(parts, national)
	}
	return parts
}

// NameWords returns the words of a name, in lower case, as a Text looks for them.
func NameWords(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// MatchesCall reports whether the text finds a call.
func (t Text) MatchesCall(c Call) bool {
	return t.Whole == "" || t.matchesNumber(c.Customer) || t.MatchesName(c.Account) || t.Whole == string(c.Ticket) || t.matchesPhone(c.From) ||
		t.Withheld && c.Withheld() || t.Whole == string(c.SID) || (t.SIDPrefix && strings.HasPrefix(string(c.SID), t.Whole))
}

// MatchesCustomer reports whether the text finds an account: by its number, its name or one of its phone numbers.
func (t Text) MatchesCustomer(c Customer) bool {
	return t.Whole == "" || t.matchesNumber(c.Number) || t.MatchesName(c.Name) || slices.ContainsFunc(c.Phones(), t.matchesPhone)
}

func (t Text) matchesNumber(n CustomerNumber) bool {
	return n != "" && (t.Whole == string(n) || (t.NumberPrefix && strings.HasPrefix(string(n), t.Whole)))
}

// MatchesName reports whether each word of the text begins a word of a name.
func (t Text) MatchesName(name string) bool {
	if len(t.Words) == 0 || name == "" {
		return false
	}
	words := NameWords(name)
	for _, typed := range t.Words {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, typed) }) {
			return false
		}
	}
	return true
}

// matchesPhone reports whether the text is part of a phone number, in whatever way that is spelled.
func (t Text) matchesPhone(p Phone) bool {
	if len(t.Digits) == 0 {
		return false
	}
	number := p.Number().Full()
	return slices.ContainsFunc(t.Digits, func(part string) bool { return strings.Contains(number, part) })
}

// Cursor is a place in a list that is ordered by time, newest first: entries of one time are in the order of their IDs, from the last. For
// a call At is its start and ID its SID, for an entry of the audit its number; without an ID it is the place older than all of that time. There need
// be nothing at a cursor. The zero Cursor is no place.
type Cursor struct {
	At time.Time
	ID string
}

// ErrCursor reports a text that is no cursor.
var ErrCursor = errors.New("invalid cursor")

// IsZero reports whether the cursor is no place.
func (m Cursor) IsZero() bool { return m == Cursor{} }

// String returns the cursor as ParseCursor reads it, such as "2026-11-23T14:00:00Z~CA0123"; "" for no place.
func (m Cursor) String() string {
	if m.IsZero() {
		return ""
	}
	return m.At.UTC().Format(time.RFC3339Nano) + "~" + m.ID
}

// ParseCursor reads a cursor; "" is the zero one. The error is ErrCursor.
func ParseCursor(text string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	at, id, ok := strings.Cut(text, "~")
	t, err := time.Parse(time.RFC3339Nano, at)
	if !ok || err != nil {
		return Cursor{}, fmt.Errorf("%w: %q; write one that a list gave, such as 2026-11-23T14:00:00Z~CA0123", ErrCursor, text)
	}
	return Cursor{At: t.UTC(), ID: id}, nil
}

// Page selects a part of a list. At most one of Older and Newer is set; neither: the newest.
type Page struct {
	Length int    // entries at most; 0: 50
	Older  Cursor // those older than this
	Newer  Cursor // those newer than this, the nearest ones
}

const (
	usualPage   = 50
	largestPage = 500
)

// Size returns Length within its bounds: 1 to 500, or 50 if it is not set.
func (p Page) Size() int {
	if p.Length <= 0 {
		return usualPage
	}
	return min(p.Length, largestPage)
}

// Found is a part of a list, newest first.
type Found[T any] struct {
	List []T
	// Older is where to go on towards older entries, Newer towards newer ones; zero: there are none. Where the search ended early on
	// that side, nobody knows yet whether there are any.
	Older, Newer Cursor
	// SearchedTo is set where the search looked at as much as one page may, and ended before the page was full: it is the time that it
	// came to. The cursor on that side goes on from there.
	SearchedTo time.Time
}

// ErrOrder reports times that are not in ascending order.
var ErrOrder = errors.New("the times are not in order")
