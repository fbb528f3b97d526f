package store

import (
	"bytes"
	"container/heap"
)

// iterator returns places in one direction of time: from newer to older ones, or the other way. A place is good until the iterator moves on.
type iterator interface {
	// seek returns the first place at this one or beyond it, nil if there is none. It never goes back.
	seek(place []byte) []byte
	// next returns the place after the one that was returned last.
	next() []byte
}

// direction orders places so that the one that a search comes to first is less.
type direction bool

const (
	towardsOlder direction = false
	towardsNewer direction = true
)

func (d direction) compare(a, b []byte) int {
	if d == towardsNewer {
		return bytes.Compare(a, b)
	}
	return bytes.Compare(b, a)
}

// work counts down the work that one page may cost.
type work struct {
	left  int
	since int // work since the last yield
	yield func()

	reader Reader // whose round trips are work too; nil: none
	trips  int    // of the reader that are taken off already
}

const (
	// pageWork is how many moves in the index a page may take: some tens of milliseconds.
	pageWork = 20_000
	// readCost is the cost of reading a call, in moves; searchedCost is that of decodeSearched.
	readCost     = 8
	searchedCost = 1
	// tripCost is the cost of a round trip to an engine that is not on this machine.
	tripCost = 40
)

// yieldWork is the work done without yielding: less than half a millisecond.
const yieldWork = 16

func (s *Store) work(left int) *work { return &work{left: left, yield: s.options.Yield} }

// spend takes n off the work that is left, and yields from time to time.
func (w *work) spend(n int) {
	w.left -= n
	if w.since += n; w.since >= yieldWork {
		w.since = 0
		w.yield()
	}
}

// begin makes the round trips of a reader, from now on, part of the work.
func (w *work) begin(r Reader) { w.reader, w.trips = r, r.Trips() }

func (w *work) done() bool {
	if w.reader != nil {
		trips := w.reader.Trips()
		w.left -= tripCost * (trips - w.trips)
		w.trips = trips
	}
	return w.left <= 0
}

// postings iterates over the entries under one prefix.
type postings struct {
	direction
	cursor Cursor
	work   *work
	prefix []byte
	packed bool
	// keep, which may be nil, reports whether the entry with a value is wanted. It is not called when no work is left: the reader of the call
	// checks again.
	keep func(value []byte) bool

	key    []byte // buffer for seeking
	buffer []byte // for unpacking
	place  []byte // the present one; nil before the first and after the last
	value  []byte // of the present entry
	begun  bool
}

func (l *postings) seek(place []byte) []byte {
	if l.begun && (l.place == nil || l.compare(l.place, place) >= 0) {
		return l.place
	}
	if l.begun { // it is often the next one
		if p := l.next(); p == nil || l.compare(p, place) >= 0 {
			return p
		}
	}
	if l.begun {
		l.work.spend(2) // the first seek is free, so that each page makes progress however many iterators there are
	}
	l.begun = true
	l.key = append(l.key[:0], l.prefix...)
	if l.packed {
		l.key = appendPacked(l.key, place)
	} else {
		l.key = append(l.key, place...)
	}
	return l.take(l.cursor.Seek(l.key))
}

func (l *postings) next() []byte {
	if l.begun && l.place == nil {
		return nil
	}
	return l.take(l.move())
}

func (l *postings) move() (k, v []byte) {
	l.work.spend(1)
	return l.cursor.Next()
}

// take makes an entry the present one, or the next one that is wanted.
func (l *postings) take(k, v []byte) []byte {
	for l.keep != nil && k != nil && !l.work.done() && !l.keep(v) {
		k, v = l.move()
	}
	l.value = v
	switch {
	case k == nil:
		l.place = nil
	case l.packed:
		l.buffer = appendUnpacked(l.buffer[:0], k[len(l.prefix):])
		l.place = l.buffer
	default:
		l.place = k[len(l.prefix):]
	}
	return l.place
}

// places iterates over single places, which are in its direction.
type places struct {
	direction
	list [][]byte
}

func (p *places) seek(place []byte) []byte {
	for len(p.list) > 0 && p.compare(p.list[0], place) < 0 {
		p.list = p.list[1:]
	}
	return p.first()
}

func (p *places) next() []byte {
	if len(p.list) > 0 {
		p.list = p.list[1:]
	}
	return p.first()
}

func (p *places) first() []byte {
	if len(p.list) == 0 {
		return nil
	}
	return p.list[0]
}

// union iterates over the places that at least one of its iterators has.
type union struct {
	direction
	iterators []iterator // not begun yet
	ready     iteratorHeap
	begun     bool
}

// iteratorHeap is a heap of iterators by their present places.
type iteratorHeap struct {
	direction
	list []heapItem
}

type heapItem struct {
	place []byte
	iterator
}

func (a *iteratorHeap) Len() int           { return len(a.list) }
func (a *iteratorHeap) Less(i, j int) bool { return a.compare(a.list[i].place, a.list[j].place) < 0 }
func (a *iteratorHeap) Swap(i, j int)      { a.list[i], a.list[j] = a.list[j], a.list[i] }
func (a *iteratorHeap) Push(x any)         { a.list = append(a.list, x.(heapItem)) }
func (a *iteratorHeap) Pop() any {
	last := a.list[len(a.list)-1]
	a.list = a.list[:len(a.list)-1]
	return last
}

func (u *union) seek(place []byte) []byte {
	if !u.begun {
		u.begun, u.ready.direction = true, u.direction
		for _, s := range u.iterators {
			if p := s.seek(place); p != nil {
				u.ready.list = append(u.ready.list, heapItem{p, s})
			}
		}
		heap.Init(&u.ready)
	}
	for u.ready.Len() > 0 && u.compare(u.ready.list[0].place, place) < 0 {
		u.moved(u.ready.list[0].seek(place))
	}
	return u.first()
}

func (u *union) next() []byte {
	present := bytes.Clone(u.first())
	for u.ready.Len() > 0 && bytes.Equal(u.ready.list[0].place, present) {
		u.moved(u.ready.list[0].iterator.next())
	}
	return u.first()
}

// moved restores the heap after its first iterator moved.
func (u *union) moved(to []byte) {
	if to == nil {
		heap.Pop(&u.ready)
		return
	}
	u.ready.list[0].place = to
	heap.Fix(&u.ready, 0)
}

func (u *union) first() []byte {
	if u.ready.Len() == 0 {
		return nil
	}
	return u.ready.list[0].place
}

// intersect iterates over the places that all of its iterators have. Each in turn leaps to where the others are, so that the rarest leads.
type intersect struct {
	direction
	work      *work
	iterators []iterator
	// cut is set when no work is left to find the next place: nothing is known of what lies beyond cut.
	cut []byte
}

func (b *intersect) seek(place []byte) []byte {
	for begin := place; b.cut == nil; {
		agreed := true
		for _, s := range b.iterators {
			p := s.seek(place)
			if p == nil {
				return nil
			}
			if !bytes.Equal(p, place) {
				if b.work.done() && !bytes.Equal(begin, place) { // each page makes progress
					b.cut = bytes.Clone(place) // inclusive
					return nil
				}
				place, agreed = p, false
				break
			}
		}
		if agreed {
			return place
		}
	}
	return nil
}

func (b *intersect) next() []byte {
	p := b.iterators[0].next()
	if p == nil {
		return nil
	}
	return b.seek(p)
}

// Search terms are shared by calls: a caller's number leads to its calls, and each n-gram of its digits to the number; the calls of an account
// are found by its number, and each word of a name that the account had on a call leads to the number. A term is written when the first call
// needs it, and deleted with the last, so that an account that was erased, or a caller whose calls expired, leaves none.

// needsTerm reports whether an edit adds what a search term leads to.
func needsTerm(e Edit) bool { return firstTerm(e) != nil }

// leavesTerm reports whether an edit takes a call from a search term.
func leavesTerm(e Edit) bool {
	return e.Gone && (isCaller(e) || e.Bucket == indexBucket && e.Key[0] == byCustomer)
}

// isName reports whether an edit is a name that an account had on a call: its calls share the entry, so that no call's change removes it.
func isName(e Edit) bool { return e.Bucket == searchBucket && e.Key[0] == byNames }

// isCaller reports whether an edit is that of a call by its caller's number.
func isCaller(e Edit) bool { return e.Bucket == searchBucket && e.Key[0] == byFrom }

// termsThere are first terms, and whether the engine has each with all that it stands for.
type termsThere map[string]bool

// readTerms looks in one round trip which of the terms that some edits need are there.
func readTerms(tx Reader, edits []Edit) termsThere {
	var firsts []Entry
	there := termsThere{}
	for _, e := range edits {
		first := firstTerm(e)
		if _, seen := there[string(first)]; first != nil && !seen {
			there[string(first)] = false
			firsts = append(firsts, Entry{Bucket: searchBucket, Key: first})
		}
	}
	tx.Fetch(firsts)
	for _, e := range firsts {
		there[string(e.Key)] = e.Value != nil
	}
	return there
}

// firstTerm returns the term that is written first of those that an edit needs, nil if it needs none: a name itself, an n-gram of a number.
func firstTerm(e Edit) []byte {
	switch {
	case isName(e):
		return e.Key
	case isCaller(e) && !e.Gone:
		number := string(partOf(e.Key))
		return key(byPart).text(ngrams(number)[0]).text(number)
	}
	return nil
}

// of returns the terms that some edits need: those that are not there yet, to be written, and one entry for each of those that are, which stands
// for all of them.
func (there termsThere) of(edits []Edit) (fresh []Edit, first []Entry) {
	seen := map[string]bool{}
	for _, e := range edits {
		k := firstTerm(e)
		if k == nil || seen[string(k)] {
			continue
		}
		seen[string(k)] = true
		if there[string(k)] {
			first = append(first, Entry{Bucket: searchBucket, Key: k, Value: []byte{}})
		} else {
			fresh = append(fresh, termsWith(k)...)
		}
	}
	return fresh, first
}

// termsWith returns all terms of a number or a name, by the first one.
func termsWith(first []byte) []Edit {
	if first[0] == byNames {
		customer := string(partOf(first))
		terms := []Edit{{Bucket: searchBucket, Key: first}}
		for _, word := range words(string(first[2+len(customer):])) {
			terms = append(terms, Edit{Bucket: searchBucket, Key: wordKey(byWord, word).text(customer)})
		}
		return terms
	}
	return numberTerms(string(first[1+ngramLength:]), false)
}

// numberTerms returns the terms of a caller's number.
func numberTerms(number string, gone bool) (terms []Edit) {
	for _, ngram := range ngrams(number) {
		terms = append(terms, Edit{Bucket: searchBucket, Key: key(byPart).text(ngram).text(number), Gone: gone})
	}
	return terms
}

// removeUnusedTerms deletes the terms that no call needs any more, after some edits.
func removeUnusedTerms(tx Writer, edits []Edit) {
	numbers, accounts := map[string]bool{}, map[string]bool{}
	for _, e := range edits {
		switch {
		case e.Gone && e.Bucket == indexBucket && e.Key[0] == byCustomer:
			accounts[string(partOf(e.Key))] = true
		case e.Gone && isCaller(e):
			numbers[string(partOf(e.Key))] = true
		}
	}
	var gone []Edit
	for number := range numbers {
		if under(key(byFrom).part(number)).isEmpty(tx, searchBucket) {
			gone = append(gone, numberTerms(number, true)...)
		}
	}
	for customer := range accounts {
		if under(key(byCustomer).part(customer)).isEmpty(tx, indexBucket) {
			gone = append(gone, namesOf(tx, customer)...)
		}
	}
	for _, e := range gone {
		tx.Delete(e.Bucket, e.Key)
	}
}

// namesOf returns the edits that remove the names of an account, and their words.
func namesOf(tx Reader, customer string) (gone []Edit) {
	prefix := namesKey(customer)
	for k := range under(prefix).in(tx, searchBucket) {
		gone = append(gone, Edit{Bucket: searchBucket, Key: bytes.Clone(k)})
		for _, word := range words(string(k[len(prefix):])) {
			gone = append(gone, Edit{Bucket: searchBucket, Key: wordKey(byWord, word).text(customer)})
		}
	}
	return gone
}
