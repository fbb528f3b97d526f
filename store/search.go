package store

import (
	"context"
	"iter"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// Search is one page of the calls that a filter selects, newest first as Calls has them and without their stories. It reads through the
// index of what was asked for, and where several things were asked for it leaps from one index to the other. However little is found, a
// page costs bounded work: one that ended early says how far it came (policy.Found.SearchedTo). The limit of the filter is not looked at.
func (s *Store) Search(ctx context.Context, filter policy.Filter, page policy.Page) (policy.Found[policy.Call], error) {
	var found policy.Found[policy.Call]
	err := s.view(ctx, func(tx *bolt.Tx) (err error) {
		found, err = searchPage(placeOfMark(page.Older), placeOfMark(page.Newer), page.Size(), markOfCall, func(d direction, from []byte, many, spend int) (reach[policy.Call], error) {
			return searchCalls(tx, filter, d, from, many, s.work(spend))
		})
		return err
	})
	return found, err
}

// Calls are the calls that a filter selects, newest first by their start, those with one start by SID from the last. Calls of which the
// start is not known come last. They come without their stories, which Call reads. An error ends the sequence.
//
// It reads through the same indexes as Search, in short steps, and takes no snapshot: a consumer may be as slow as it likes, and sees
// each call as it is when its turn comes. A call that began after the listing did is not in it.
func (s *Store) Calls(ctx context.Context, filter policy.Filter) iter.Seq2[policy.Call, error] {
	return func(yield func(policy.Call, error) bool) {
		given, from := 0, []byte(nil)
		for more := true; more; {
			var part reach[policy.Call]
			err := s.view(ctx, func(tx *bolt.Tx) (err error) {
				part, err = searchCalls(tx, filter, towardsOlder, from, pageLength, s.work(listingWork))
				return err
			})
			if err != nil {
				yield(policy.Call{}, err)
				return
			}
			for _, c := range part.list {
				if !yield(c, nil) {
					return
				}
				if given++; given == filter.Limit {
					return
				}
			}
			from, more = part.to, part.more
		}
	}
}

const (
	// pageLength is how many things one step of a listing gives at most.
	pageLength = 200
	// listingWork bounds a step of a listing. It is less than a page's: nobody waits for the step alone.
	listingWork = 4000
)

// searchCalls looks for calls beyond a place, or at it where it is a time only; nil: from the end.
func searchCalls(tx *bolt.Tx, f policy.Filter, d direction, from []byte, many int, w *work) (reach[policy.Call], error) {
	p, text := newPlan(tx, d, w), policy.ParseText(f.Text, f.Numbers)
	looked, few := p.text(text, fewStreams)
	if few {
		return p.seek(f, text, looked, from, many)
	}
	// What is on many accounts may well be on the calls that come first: to glance at some is quicker than to begin so many streams.
	spend := w.left
	w.left = glance
	found, err := p.seek(f, text, nil, from, many)
	if err != nil || !found.more || len(found.list) == many {
		return found, err
	}
	w.left = spend
	looked, _ = p.text(text, maxStreams)
	rest, err := p.seek(f, text, looked, found.to, many-len(found.list))
	if len(found.list) > 0 {
		rest.first = found.first
	}
	if rest.to == nil {
		rest.to = found.to
	}
	rest.list = append(found.list, rest.list...)
	return rest, err
}

const (
	// fewStreams are begun without a glance at the calls that come first.
	fewStreams = 128
	// glance is the work of looking whether a text is on some 4000 calls.
	glance = 4000 * (1 + glimpseCost)
)

// seek looks for calls by the facets that a filter names, and by the streams of its text where they are given; nil: no text, or it is looked for
// on one call after the other.
func (p plan) seek(f policy.Filter, text policy.Text, looked stream, from []byte, many int) (reach[policy.Call], error) {
	candidates, narrowed := p.calls(f, looked)
	valueAt := p.tx.Bucket(callsBucket).Get
	if all, ok := candidates.(*leaf); ok { // it goes through the calls themselves
		valueAt = func([]byte) []byte { return all.value }
	}
	s := seeker[policy.Call]{
		direction: p.direction, work: p.work, many: many, candidates: candidates, narrowed: narrowed,
		read: func(place []byte) (policy.Call, bool, error) {
			value := valueAt(place)
			if p.lacks(text, value) {
				return policy.Call{}, false, nil
			}
			p.work.spend(readCost)
			r, err := readRecord(place, value)
			return r.Call, err == nil && f.Matches(r.Call), err
		},
	}
	s.since, s.until = bounds(f.Since, f.Until)
	return s.seek(from)
}

// lacks says, without reading the whole of a call, that a text does not find it.
func (p plan) lacks(text policy.Text, value []byte) bool {
	if text.Empty() {
		return false
	}
	p.work.spend(glimpseCost)
	c, ok := glimpse(value)
	return ok && !text.MatchesCall(c)
}
