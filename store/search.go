package store

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/officernd/supportline/policy"
)

// Search returns one page of the calls that a filter selects, newest first in the order of Calls and without their histories. It reads through
// the index of each condition, and leaps from one index to the other where there are several. A page costs bounded work however little is
// found: one that ended early says how far it came (policy.Found.SearchedTo). The limit of the filter is ignored.
func (s *Store) Search(ctx context.Context, filter policy.Filter, at policy.Page) (policy.Found[policy.Call], error) {
	sids := marks{func(id string) []byte { return []byte(id) }, func(sid []byte) string { return string(sid) }}
	return searchPage(ctx, s, at, sids, filter, searchCalls)
}

// Calls returns the calls that a filter selects, newest first by their start, calls of one start by SID in descending order. Calls without a
// known start come last. Their histories are left out; Call reads them. An error ends the sequence.
//
// Calls reads through the same indexes as Search, in short steps, and takes no snapshot: a consumer may be as slow as it likes, and sees each
// call as it is when its turn comes. A call that began after the listing did is not in it.
func (s *Store) Calls(ctx context.Context, filter policy.Filter) iter.Seq2[policy.Call, error] {
	return func(yield func(policy.Call, error) bool) {
		given, from := 0, []byte(nil)
		for more := true; more; {
			part, err := fetch(ctx, s, func(tx Reader) (page[policy.Call], error) {
				return searchCalls(tx, filter, towardsOlder, from, pageLength, s.work(listingWork))
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
	// pageLength is how many items one step of a listing returns at most.
	pageLength = 200
	// listingWork bounds a step of a listing. It is less than a page's, since nobody waits for the step alone.
	listingWork = 4000
)

// searchCalls looks for calls beyond a place, or at it where it is a time only; nil is the end.
func searchCalls(tx Reader, f policy.Filter, d direction, from []byte, many int, w *work) (page[policy.Call], error) {
	p, text := newPlan(tx, d, w), policy.ParseText(f.Text, f.Numbers)
	looked, few := p.text(text, fewIterators)
	if few {
		return p.seek(f, text, looked, from, many)
	}
	// A text that many accounts have may well be on the calls that come first: looking at some is quicker than starting so many iterators.
	spend := w.left
	w.left = glance
	found, err := p.seek(f, text, nil, from, many)
	if err != nil || !found.more || len(found.list) == many {
		return found, err
	}
	w.left = spend
	looked, _ = p.text(text, maxIterators)
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
	// fewIterators are started without a look at the calls that come first.
	fewIterators = 128
	// glance is the work of looking for a text on some 4000 calls.
	glance = 4000 * (1 + searchedCost)
)

// seek looks for calls by the facets that a filter names, and by the iterator of its text; looked is nil if there is no text, or if the text
// is looked for on one call after the other.
func (p plan) seek(f policy.Filter, text policy.Text, looked iterator, from []byte, many int) (page[policy.Call], error) {
	candidates, narrowed := p.calls(f, looked)
	s := query[policy.Call]{
		direction: p.direction, work: p.work, many: many, since: bound(f.Since), until: bound(f.Until),
		candidates: candidates, narrowed: narrowed, tx: p.tx, bucket: callsBucket, key: func(place []byte) []byte { return place },
		read: func(place, value []byte) (policy.Call, bool, error) {
			if p.lacks(text, value) {
				return policy.Call{}, false, nil
			}
			p.work.spend(readCost)
			r, err := readRecord(place, value)
			return r.Call, err == nil && f.Matches(r.Call), err
		},
	}
	if all, ok := candidates.(*postings); ok { // it iterates over the calls themselves
		s.value = func() []byte { return all.value }
	}
	return s.seek(from)
}

// lacks reports, without decoding the whole call, that a text does not find it.
func (p plan) lacks(text policy.Text, value []byte) bool {
	if text.Whole == "" {
		return false
	}
	p.work.spend(searchedCost)
	c, ok := decodeSearched(value)
	return ok && !text.MatchesCall(c)
}

// page has the finds of a search in one direction.
type page[T any] struct {
	list  []T    // in the order of the direction
	first []byte // the place of the first item
	to    []byte // the last place that was looked at
	more  bool   // there may be something beyond to; with a short list, the search was cut short
}

// query reads the calls, or other things, that iterators lead to.
type query[T any] struct {
	direction
	work         *work
	many         int
	since, until []byte // places; nil is no bound
	candidates   iterator
	narrowed     *intersect // the part of candidates that can be cut short

	tx     Reader
	bucket Bucket                                     // of what is read
	key    func(place []byte) []byte                  // there
	value  func() []byte                              // of the present candidate; nil: it is to be read
	read   func(place, value []byte) (T, bool, error) // spends its cost
	list   []candidate                                // a buffer
}

// candidate is a place, and what is there.
type candidate struct{ place, value []byte }

// maxAhead is how many candidates are read in one round trip at most.
const maxAhead = 64

func (s *query[T]) seek(from []byte) (page[T], error) {
	found := page[T]{list: make([]T, 0, s.many)}
	place := s.candidates.seek(s.start(from))
	if place != nil && bytes.Equal(place, from) {
		place = s.candidates.next()
	}
	for {
		switch {
		case s.isCut(place):
			found.to, found.more = s.narrowed.cut, !s.beyond(s.narrowed.cut)
			return found, nil
		case place == nil || s.beyond(place):
			found.more = false
			return found, nil
		case s.work.done() && found.to != nil:
			found.more = true
			return found, nil
		}
		ahead := 1
		if s.tx.Trips() > 0 {
			ahead = min(s.many-len(found.list)+1, maxAhead)
		}
		var list []candidate
		list, place = s.candidatesFrom(place, ahead)
		if full, err := s.readAll(&found, list); full || err != nil {
			return found, err
		}
		if place == nil {
			place = s.candidates.next()
		}
	}
}

// isCut reports whether nothing is known of a place, nil for the end, because the iterators were cut short before it.
func (s *query[T]) isCut(place []byte) bool {
	cut := s.narrowed.cut
	return cut != nil && (place == nil || s.compare(place, cut) > 0)
}

// candidatesFrom returns the candidates from a place on, so many at most, with what is there. next is the place behind them, nil if it was not looked
// for, or is the end.
func (s *query[T]) candidatesFrom(place []byte, most int) (list []candidate, next []byte) {
	list = s.list[:0]
	for next = place; ; {
		c := candidate{place: bytes.Clone(next)}
		if s.value != nil {
			c.value = s.value()
		}
		list = append(list, c)
		if len(list) == most {
			next = nil
			break
		}
		if next = s.candidates.next(); next == nil || s.isCut(next) || s.beyond(next) || s.work.done() {
			break
		}
	}
	if s.list = list; s.value == nil {
		s.fetch(list)
	}
	return list, next
}

// fetch reads what is at some places.
func (s *query[T]) fetch(list []candidate) {
	if len(list) == 1 {
		list[0].value = s.tx.Get(s.bucket, s.key(list[0].place))
		return
	}
	entries := make([]Entry, len(list))
	for i, c := range list {
		entries[i] = Entry{Bucket: s.bucket, Key: s.key(c.place)}
	}
	s.tx.Fetch(entries)
	for i, e := range entries {
		list[i].value = e.Value
	}
}

// readAll adds the candidates that are wanted to a page. full is that one of them found no room.
func (s *query[T]) readAll(found *page[T], list []candidate) (full bool, err error) {
	for _, c := range list {
		v, wanted, err := s.read(c.place, c.value)
		if err != nil {
			return false, err
		}
		if wanted && len(found.list) == s.many {
			found.more = true
			return true, nil
		}
		found.to = c.place
		if wanted {
			if found.list = append(found.list, v); len(found.list) == 1 {
				found.first = found.to
			}
		}
	}
	return false, nil
}

// start returns where to begin: at a place or at the bound, whichever comes later.
func (s *query[T]) start(from []byte) []byte {
	begin, end := s.since, beginOfTime
	if s.direction == towardsOlder {
		begin, end = s.until, endOfTime
	}
	if begin == nil {
		begin = placeAt(end)
	}
	if from == nil || s.compare(from, begin) < 0 {
		return begin
	}
	return from
}

// beyond reports whether a place is past the bound in the direction.
func (s *query[T]) beyond(place []byte) bool {
	if s.direction == towardsOlder {
		return s.since != nil && bytes.Compare(place, s.since) < 0
	}
	return s.until != nil && bytes.Compare(place, s.until) >= 0
}

// searchPage returns a page of what a filter selects.
func searchPage[T, F any](
	ctx context.Context, s *Store, at policy.Page, m marks, filter F,
	search func(tx Reader, filter F, d direction, from []byte, many int, w *work) (page[T], error),
) (policy.Found[T], error) {
	return fetch(ctx, s, func(tx Reader) (policy.Found[T], error) {
		return pageAt(at, m, func(d direction, from []byte, many, spend int) (page[T], error) {
			return search(tx, filter, d, from, many, s.work(spend))
		})
	})
}

// pageAt returns the page at a mark. It also looks in the opposite direction, whether there is anything.
func pageAt[T any](at policy.Page, m marks, search func(d direction, from []byte, many, spend int) (page[T], error)) (policy.Found[T], error) {
	d, from, size := towardsOlder, m.place(at.Older), at.Size()
	if newer := m.place(at.Newer); from == nil && newer != nil {
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
		*onwards = m.mark(ahead.to)
		if len(ahead.list) < size {
			found.SearchedTo = onwards.At
		}
	}
	if from == nil {
		return found, nil
	}
	begin := ahead.first
	if begin == nil { // the page is empty: what is exactly there counts as behind it
		at := readTime(from)
		if d == towardsNewer {
			at = at.Add(1)
		}
		begin = placeAt(at)
	}
	behind, err := search(!d, begin, 1, pageWork/4)
	if len(behind.list) > 0 || behind.more {
		*backwards = m.mark(begin)
	}
	return found, err
}

// marks turn places into the marks of pages and back. They know how what follows the time is written.
type marks struct {
	key  func(id string) []byte
	text func(key []byte) string
}

func (m marks) mark(place []byte) policy.Cursor {
	return policy.Cursor{At: readTime(place), ID: m.text(place[timeLength:])}
}

// place returns the place of a mark, nil for no mark.
func (m marks) place(c policy.Cursor) []byte {
	if c.IsZero() {
		return nil
	}
	return append(placeAt(c.At), m.key(c.ID)...)
}

// bound returns the place of a bound of time, nil for none.
func bound(t time.Time) []byte {
	if t.IsZero() {
		return nil
	}
	return placeAt(t)
}
