package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

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
