package copies

import (
	"slices"
	"strings"
	"time"
)

// The names of the server's backups hold when they were begun, in UTC.
const (
	namePrefix = "supportline-"
	nameSuffix = ".db"
	nameTime   = "20060102T150405Z"
)

func nameOf(at time.Time) string { return namePrefix + at.UTC().Format(nameTime) + nameSuffix }

// timeOf returns when a backup was begun, by its name. ok is false for a file that is none of the server's, which it never touches.
func timeOf(name string) (at time.Time, ok bool) {
	middle, prefixed := strings.CutPrefix(name, namePrefix)
	middle, suffixed := strings.CutSuffix(middle, nameSuffix)
	at, err := time.Parse(nameTime, middle)
	return at, prefixed && suffixed && err == nil
}

// Kept is a backup in its place.
type Kept struct {
	Name string
	At   time.Time
	Good bool // it is whole, as far as can be told without reading all of it
}

// rotated returns the backups that a new one makes superfluous: what is older than the newest good ones that are to be kept. Age alone removes nothing,
// so that those from before backups began to fail stay.
func rotated(all []Kept, keep int) (gone []Kept) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Kept) int { return b.At.Compare(a.At) })
	good := 0
	for _, k := range all {
		if good >= max(keep, MinKept) {
			gone = append(gone, k)
		} else if k.Good {
			good++
		}
	}
	return gone
}

// newest returns when the newest good backup was begun; the zero time if there is none.
func newest(all []Kept) (at time.Time) {
	for _, k := range all {
		if k.Good && k.At.After(at) {
			at = k.At
		}
	}
	return at
}
