package store

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/officernd/supportline/policy"
)

// plan finds the iterators that lead to what a filter selects, in one transaction. They may return more than that, never less:
// policy.Filter.Matches decides.
type plan struct {
	direction
	work *work
	tx   Reader
}

func newPlan(tx Reader, d direction, w *work) plan {
	w.begin(tx)
	return plan{d, w, tx}
}

// maxIterators is how many iterators a text may become. A text with more values is not looked up: so many calls have it that looking at one
// after the other fills a page.
const maxIterators = 2000

// calls returns the candidates for a filter, and the part of them that can be cut short. text is the iterator of the text of the
// filter, nil if it is not looked up.
func (p plan) calls(f policy.Filter, text iterator) (candidates iterator, narrowed *intersect) {
	iterators := p.facets(f)
	if text != nil {
		iterators = append(iterators, text)
	}
	faceted := len(iterators) > 0
	if f.Customer != "" {
		iterators = append(iterators, p.account(string(f.Customer)))
	}
	if len(iterators) == 0 {
		return p.under(callsBucket, nil), &intersect{}
	}
	narrowed = &intersect{direction: p.direction, work: p.work, iterators: iterators}
	if !faceted {
		return narrowed, narrowed
	}
	return &union{direction: p.direction, iterators: []iterator{narrowed, p.under(searchBucket, key(byUnindexed))}}, narrowed
}

// facets returns the iterators of the indexed calls with the values that a filter names.
func (p plan) facets(f policy.Filter) (iterators []iterator) {
	add := func(wanted bool, prefix indexKey) {
		if wanted {
			iterators = append(iterators, p.packed(prefix))
		}
	}
	outcome := f.Outcome
	if outcome == policy.InProgress {
		outcome = ""
	}
	add(f.Ticket != "", key(byTicket).part(string(f.Ticket)))
	add(f.Training, key(byMark).text(markTraining))
	add(f.Waived, key(byMark).text(markWaived))
	add(f.Unidentified, key(byMark).text(markNobody))
	if f.Person == "" {
		add(f.Specialist != "", facet(bySpecialist, f.Specialist))
	} else {
		iterators = append(iterators, p.person(f))
	}
	add(f.Outcome != "", facet(byOutcome, outcome))
	add(f.Intent != "", facet(byIntent, f.Intent))
	add(f.Line != "", facet(byLine, f.Line))
	few := f.Ticket != "" || f.Customer != "" // reading these is quicker than leaping in many bands
	if from, to, ok := talkRange(f); ok && !few {
		iterators = append(iterators, p.talk(f, from, to))
	}
	return iterators
}

// person returns an iterator over the indexed calls that a person may have accepted.
func (p plan) person(f policy.Filter) iterator {
	prefixes := []indexKey{facet(bySpecialist, f.Person)}
	for _, to := range []policy.Phone{f.Specialist, f.Texts} {
		if to != "" {
			prefixes = append(prefixes, facet(bySpecialist, to))
		}
	}
	return &union{direction: p.direction, iterators: together(p.each(searchBucket, true, prefixes))}
}

// talkRange returns the range of talk times, both ends in it, outside of which a filter selects none; to is 0 if there is no upper bound. ok is false if
// talk times do not matter.
func talkRange(f policy.Filter) (from, to int, ok bool) {
	from, to = f.TalkAtLeast, f.TalkAtMost
	if f.OverLong > 0 {
		from = max(from, int(f.OverLong/time.Second)+1)
	}
	return from, to, f.OverLong > 0 || from > 0 || to > 0
}

func (p plan) under(b Bucket, prefix indexKey) *postings {
	return p.each(b, false, []indexKey{prefix})[0]
}

func (p plan) packed(prefix indexKey) *postings {
	return p.each(searchBucket, true, []indexKey{prefix})[0]
}

// each returns an iterator for each of some prefixes. Their first entries are read in one round trip.
func (p plan) each(b Bucket, packed bool, prefixes []indexKey) []*postings {
	spans, found := make([]Span, len(prefixes)), make([]*postings, len(prefixes))
	for i, prefix := range prefixes {
		r := under(prefix)
		r.back = p.direction == towardsOlder
		spans[i] = r.of(b)
	}
	for i, cursor := range p.tx.Scan(spans...) {
		found[i] = &postings{direction: p.direction, cursor: cursor, work: p.work, prefix: prefixes[i], packed: packed}
	}
	return found
}

// together returns some of the same kind as iterators.
func together(list []*postings) []iterator {
	iterators := make([]iterator, len(list))
	for i, l := range list {
		iterators[i] = l
	}
	return iterators
}

// account returns an iterator over an account's calls, unindexed ones included.
func (p plan) account(number string) iterator { return p.under(indexBucket, accountKey(number)) }

func accountKey(number string) indexKey { return key(byCustomer).part(number) }

func (p plan) eachAccount(numbers []string) []iterator {
	prefixes := make([]indexKey, len(numbers))
	for i, number := range numbers {
		prefixes[i] = accountKey(number)
	}
	return together(p.each(indexBucket, false, prefixes))
}

func (p plan) talk(f policy.Filter, from, to int) iterator {
	last := byte(allBands)
	if to > 0 {
		last = bandOf(to)
	}
	var bands []indexKey
	for band := bandOf(from); band <= last; band++ {
		bands = append(bands, talkKey(band))
	}
	list := p.each(searchBucket, true, bands)
	for i, l := range list {
		band := bandOf(from) + byte(i)
		if f.OverLong > 0 || band == bandOf(from) || band == last {
			l.keep = func(value []byte) bool { return f.Talks(readTalk(value)) }
		}
	}
	return &union{direction: p.direction, iterators: together(list)}
}

// text returns an iterator over the calls that a free text finds, nil for no text. few is false if that takes more than most iterators.
func (p plan) text(t policy.Text, most int) (found iterator, few bool) {
	if t.Whole == "" {
		return nil, true
	}
	all := &union{direction: p.direction, iterators: []iterator{p.packed(key(byTicket).part(t.Whole))}}
	if t.Withheld {
		all.iterators = append(all.iterators, p.packed(key(byMark).text(markWithheld)))
	}
	for _, look := range []func(policy.Text, int) ([]iterator, bool){p.sids, p.accounts, p.names, p.callers} {
		iterators, few := look(t, most)
		if !few || len(iterators)+len(all.iterators) > most {
			return nil, false
		}
		all.iterators = append(all.iterators, iterators...)
	}
	return all, true
}

// sids returns the calls whose SID is the text, or begins with it.
func (p plan) sids(t policy.Text, most int) ([]iterator, bool) {
	if !t.SIDPrefix {
		if place := placeBySID(p.tx, t.Whole); place != nil {
			return []iterator{&places{p.direction, [][]byte{place}}}, true
		}
		return nil, true
	}
	found := &places{direction: p.direction}
	for k, start := range under(key(bySID).text(t.Whole)).first(most).in(p.tx, indexBucket) {
		if len(found.list) == most {
			return nil, false
		}
		found.list = append(found.list, append(bytes.Clone(start), k[1:]...))
	}
	slices.SortFunc(found.list, found.compare)
	return []iterator{found}, true
}

// accounts returns the calls of the accounts whose number is the text, or begins with it.
func (p plan) accounts(t policy.Text, most int) (iterators []iterator, ok bool) {
	length := len(t.Whole)
	if length > maxPart {
		return nil, true
	}
	every := under(key(byCustomer)).of(indexBucket)
	every.Few = 1
	cursor := p.tx.Scan(every)[0]
	var numbers []string
	after := []byte(nil) // the account that was found last, with its length
	for {
		from := append(key(byCustomer), byte(length))
		if from = from.text(t.Whole); after != nil {
			from = append(append(key(byCustomer), after...), 0xff) // beyond the places of all its calls
		}
		k, _ := cursor.Seek(from)
		if len(k) < 2 {
			return p.eachAccount(numbers), true
		}
		number := partOf(k)
		switch {
		case strings.HasPrefix(string(number), t.Whole) && (t.NumberPrefix || len(number) == len(t.Whole)):
			if len(numbers) == most {
				return nil, false
			}
			numbers = append(numbers, string(number))
			after = bytes.Clone(k[1 : 2+len(number)])
		case !t.NumberPrefix:
			return p.eachAccount(numbers), true
		case len(number) > length:
			length, after = len(number), nil
		case length == maxPart:
			return p.eachAccount(numbers), true
		default:
			length, after = length+1, nil
		}
	}
}

// names returns the calls of the accounts that had a name with all words of the text.
func (p plan) names(t policy.Text, most int) (iterators []iterator, ok bool) {
	if len(t.Words) == 0 {
		return nil, true
	}
	customers, few := underWords(p.tx, byWord, t.Words, most)
	return p.eachAccount(p.named(t, customers)), few
}

// named returns the customers among some that have a name with all words of the text. It reads their names in one round trip.
func (p plan) named(t policy.Text, customers []string) (found []string) {
	spans := make([]Span, len(customers))
	for i, c := range customers {
		spans[i] = under(namesKey(c)).of(searchBucket)
	}
	for i, names := range p.tx.Scan(spans...) {
		for k, _ := names.Next(); k != nil; k, _ = names.Next() {
			if t.MatchesName(string(k[len(namesKey(customers[i])):])) {
				found = append(found, customers[i])
				break
			}
		}
	}
	return found
}

// callers returns the calls from the numbers that contain the text.
func (p plan) callers(t policy.Text, most int) (iterators []iterator, ok bool) {
	seen := map[string]bool{}
	var prefixes []indexKey
	for _, part := range t.Digits {
		numbers, few := underPart(p.tx, byPart, part, most, func(number string) bool { return strings.Contains(number, part) })
		if !few {
			return nil, false
		}
		for _, number := range numbers {
			if !seen[number] {
				prefixes = append(prefixes, key(byFrom).part(number))
			}
			seen[number] = true
		}
	}
	return together(p.each(searchBucket, true, prefixes)), true
}

// maxTerms is how many entries of one word, or of one n-gram, are looked at: a few milliseconds.
const maxTerms = 20_000

// rare is how many finds are few enough to look for nothing rarer.
const rare = 50

// underWords returns the customers under the rarest of some words; few is false if each word has more than many.
func underWords(tx Reader, kind byte, words []string, many int) (customers []string, few bool) {
	for _, many := range []int{rare, many} {
		for _, word := range words {
			if customers, few = underWord(tx, kind, word, many); few {
				return customers, true
			}
		}
	}
	return nil, false
}

// underWord returns the customers under the words that begin with word, each once; few is false if there are more than many.
func underWord(tx Reader, kind byte, word string, many int) (customers []string, few bool) {
	looked, seen := 0, map[string]bool{}
	for k := range under(key(kind).text(cutWord(word))).in(tx, searchBucket) {
		_, customer, _ := strings.Cut(string(k[1:]), "\x00")
		if seen[customer] {
			continue
		}
		if looked++; looked > maxTerms || len(customers) == many {
			return nil, false
		}
		seen[customer] = true
		customers = append(customers, customer)
	}
	return customers, true
}

// underPart returns the values under one n-gram of a part of a number that are wanted; few is false if there are more than many. It takes the
// rarest n-gram, from the last: numbers share their first ones.
func underPart(tx Reader, kind byte, part string, many int, wanted func(string) bool) (found []string, few bool) {
	for _, terms := range []int{rare, maxTerms} {
		for from := len(part) - ngramLength; from >= 0; from-- {
			if found, few = underNgram(tx, key(kind).text(part[from:from+ngramLength]), many, terms, wanted); few {
				return found, true
			}
		}
	}
	return nil, false
}

// underNgram returns the wanted values under one n-gram; few is false after so many terms, or more than many values.
func underNgram(tx Reader, prefix indexKey, many, terms int, wanted func(string) bool) (found []string, few bool) {
	for k := range under(prefix).in(tx, searchBucket) {
		if terms--; terms < 0 || len(found) > many {
			return nil, false
		}
		if value := string(k[len(prefix):]); wanted(value) {
			found = append(found, value)
		}
	}
	return found, true
}
