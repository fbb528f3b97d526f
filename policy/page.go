package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Mark is a place in a list that is ordered by time, newest first: entries of one time are in the order of their IDs, from the last. For
// a call At is its start and ID its SID, for an entry of the audit its number; without an ID it is the place older than all of that time. There need
// be nothing at a mark. The zero Mark is no place.
type Mark struct {
	At time.Time
	ID string
}

// ErrMark says that a text is no mark.
var ErrMark = errors.New("no place in a list")

// IsZero says that this is no place.
func (m Mark) IsZero() bool { return m == Mark{} }

// String writes the mark as ParseMark reads it, such as "2026-11-23T14:00:00Z~CA0123"; "" for no place.
func (m Mark) String() string {
	if m.IsZero() {
		return ""
	}
	return m.At.UTC().Format(time.RFC3339Nano) + "~" + m.ID
}

// ParseMark reads a mark; "" is the zero one. The error is ErrMark.
func ParseMark(text string) (Mark, error) {
	if text == "" {
		return Mark{}, nil
	}
	at, id, ok := strings.Cut(text, "~")
	t, err := time.Parse(time.RFC3339Nano, at)
	if !ok || err != nil {
		return Mark{}, fmt.Errorf("%w: %q; write one that a list gave, such as 2026-11-23T14:00:00Z~CA0123", ErrMark, text)
	}
	return Mark{At: t.UTC(), ID: id}, nil
}

// Page says which part of a list is wanted. At most one of Older and Newer is set; neither: the newest.
type Page struct {
	Length int  // entries at most; 0: 50
	Older  Mark // those older than this
	Newer  Mark // those newer than this, the nearest ones
}

const (
	usualPage   = 50
	largestPage = 500
)

// Size is Length within its bounds: 1 to 500, 50 where nothing is said.
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
	Older, Newer Mark
	// SearchedTo is set where the search looked at as much as one page may, and ended before the page was full: it is the time that it
	// came to. The mark on that side goes on from there.
	SearchedTo time.Time
}

// ErrOrder says that times are not in their order.
var ErrOrder = errors.New("the times are not in order")
