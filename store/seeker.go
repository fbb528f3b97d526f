package store

import (
	"bytes"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// reach is how far a search came in one direction.
type reach[T any] struct {
	list  []T    // in that direction
	first []byte // the place of its first
	to    []byte // the last place that is known
	more  bool   // there is something beyond it, or may be: where the list is not full, the search was cut short
}

// seeker reads what streams lead to.
type seeker[T any] struct {
	direction
	work         *work
	many         int
	since, until []byte // places; nil: no bound
	candidates   stream
	narrowed     *both                               // the part of candidates that can be cut short; nil: none
	read         func(place []byte) (T, bool, error) // it spends what it costs
}

func (s *seeker[T]) seek(from []byte) (reach[T], error) {
	found := reach[T]{list: make([]T, 0, s.many)}
	place := s.candidates.seek(s.start(from))
	if place != nil && bytes.Equal(place, from) {
		place = s.candidates.next()
	}
	for ; ; place = s.candidates.next() {
		if cut := s.cut(); cut != nil && (place == nil || s.compare(place, cut) > 0) {
			found.to, found.more = cut, !s.beyond(cut)
			return found, nil
		}
		if place == nil || s.beyond(place) {
			found.more = false
			return found, nil
		}
		if s.work.done() && found.to != nil {
			found.more = true
			return found, nil
		}
		v, wanted, err := s.read(place)
		if err != nil {
			return found, err
		}
		if wanted && len(found.list) == s.many {
			found.more = true
			return found, nil
		}
		found.to = bytes.Clone(place)
		if wanted {
			if found.list = append(found.list, v); len(found.list) == 1 {
				found.first = found.to
			}
		}
	}
}

// start is where to begin: at a place or at the bound, whichever comes later.
func (s *seeker[T]) start(from []byte) []byte {
	bound := s.since
	if s.direction == towardsOlder {
		bound = s.until
	}
	switch {
	case from == nil && bound == nil && s.direction == towardsOlder:
		return placeAt(endOfTime)
	case from == nil && bound == nil:
		return placeAt(beginOfTime)
	case from == nil || bound != nil && s.compare(from, bound) < 0:
		return bound
	}
	return from
}

// beyond says whether a place is outside of the bound in the direction.
func (s *seeker[T]) beyond(place []byte) bool {
	if s.direction == towardsOlder {
		return s.since != nil && bytes.Compare(place, s.since) < 0
	}
	return s.until != nil && bytes.Compare(place, s.until) >= 0
}

func (s *seeker[T]) cut() []byte {
	if s.narrowed == nil {
		return nil
	}
	return s.narrowed.cut
}

// searchPage makes a page of what a search reaches from the place of one of two marks, nil for none. It looks on the other side too,
// whether there is anything.
func searchPage[T any](
	older, newer []byte, size int, mark func(place []byte) policy.Mark, search func(d direction, from []byte, many, spend int) (reach[T], error),
) (policy.Found[T], error) {
	d, from := towardsOlder, older
	if from == nil && newer != nil {
		d, from = towardsNewer, newer
	}
	ahead, err := search(d, from, size, pageWork)
	if err != nil {
		return policy.Found[T]{}, err
	}
	found := policy.Found[T]{List: ahead.list}
	onwards, backwards := &found.Older, &found.Newer
	if d == towardsNewer {
		slices.Reverse(found.List)
		onwards, backwards = backwards, onwards
	}
	if ahead.more {
		*onwards = mark(ahead.to)
		if len(ahead.list) < size {
			found.SearchedTo = onwards.At
		}
	}
	if from == nil {
		return found, nil
	}
	begin := ahead.first
	if begin == nil { // where the page would be: what is exactly there counts as behind it
		begin = placeAt(timeOf(from, d))
	}
	behind, err := search(!d, begin, 1, pageWork/4)
	if len(behind.list) > 0 || behind.more {
		*backwards = mark(begin)
	}
	return found, err
}

// timeOf is the time from which, without a SID, what is at a place is reached in the direction opposite to d.
func timeOf(place []byte, d direction) time.Time {
	at := readTime(place)
	if d == towardsNewer {
		at = at.Add(1)
	}
	return at
}

func markOfCall(place []byte) policy.Mark {
	return policy.Mark{At: readTime(place), ID: string(place[timeLength:])}
}

// placeOfMark is nil for no mark.
func placeOfMark(m policy.Mark) []byte {
	if m.IsZero() {
		return nil
	}
	return append(placeAt(m.At), m.ID...)
}

// bounds are the places of a range of time; nil: without bound on that side.
func bounds(since, until time.Time) (from, to []byte) {
	if !since.IsZero() {
		from = placeAt(since)
	}
	if !until.IsZero() {
		to = placeAt(until)
	}
	return from, to
}
