package store

import (
	"bytes"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// plan finds the streams that lead to what a filter selects, in one transaction. What they give can be more than that, never less:
// policy.Filter.Matches has the last word.
type plan struct {
	direction
	work          *work
	tx            *bolt.Tx
	index, search *bolt.Bucket
}

func newPlan(tx *bolt.Tx, d direction, w *work) plan {
	return plan{d, w, tx, tx.Bucket(indexBucket), tx.Bucket(searchBucket)}
}

// maxStreams is how many streams a text may become. A text that finds more values than that is not looked up: it is on so many calls
// that looking at one after the other finds a page.
const maxStreams = 2000

// calls gives the candidates for a filter, and the part of them that can be cut short, if there is one. text is the stream of the
// filter's text; nil: it is not looked up.
func (p plan) calls(f policy.Filter, text stream) (candidates stream, narrowed *both) {
	streams := p.facets(f)
	if text != nil {
		streams = append(streams, text)
	}
	settled := len(streams) > 0
	if f.Customer != "" {
		streams = append(streams, p.account(string(f.Customer)))
	}
	if len(streams) == 0 {
		return &leaf{direction: p.direction, cursor: p.tx.Bucket(callsBucket).Cursor(), work: p.work}, nil
	}
	narrowed = &both{direction: p.direction, work: p.work, streams: streams}
	if !settled {
		return narrowed, narrowed
	}
	live := &leaf{direction: p.direction, cursor: p.search.Cursor(), work: p.work, prefix: key(byLive)}
	return &union{direction: p.direction, streams: []stream{narrowed, live}}, narrowed
}

// facets are the streams of settled calls with the values that a filter names.
func (p plan) facets(f policy.Filter) (streams []stream) {
	add := func(wanted bool, prefix indexKey) {
		if wanted {
			streams = append(streams, p.packed(prefix))
		}
	}
	outcome := f.Outcome
	if outcome == policy.InProgress {
		outcome = ""
	}
	add(f.Ticket != "", key(byTicket).part(string(f.Ticket)))
	add(f.Training, key(byMark).text(markTraining))
	add(f.Waived, key(byMark).text(markWaived))
	add(f.Specialist != "", facet(bySpecialist, f.Specialist))
	add(f.Outcome != "", facet(byOutcome, outcome))
	add(f.Intent != "", facet(byIntent, f.Intent))
	add(f.Line != "", facet(byLine, f.Line))
	few := f.Ticket != "" || f.Customer != "" // then it is quicker to read these than to leap in many bands
	if from, to, ok := f.TalkRange(); ok && !few {
		streams = append(streams, p.talk(f, from, to))
	}
	return streams
}

func (p plan) packed(prefix indexKey) *leaf {
	return &leaf{direction: p.direction, cursor: p.search.Cursor(), work: p.work, prefix: prefix, packed: true}
}

// account are an account's calls, live ones too.
func (p plan) account(number string) stream {
	return &leaf{direction: p.direction, cursor: p.index.Cursor(), work: p.work, prefix: key(byCustomer).part(number)}
}

func (p plan) talk(f policy.Filter, from, to int) stream {
	last := byte(allBands)
	if to > 0 {
		last = bandOf(to)
	}
	all := &union{direction: p.direction}
	for band := bandOf(from); band <= last; band++ {
		l := p.packed(talkKey(band))
		if f.OverLong > 0 || band == bandOf(from) || band == last {
			l.keep = func(value []byte) bool { return f.Talks(readTalk(value)) }
		}
		all.streams = append(all.streams, l)
	}
	return all
}

// text is the stream of the calls that a free text finds, of so many streams at most; nil where there is no text. Where it finds more than so
// many values, few is false.
func (p plan) text(t policy.Text, most int) (found stream, few bool) {
	if t.Empty() {
		return nil, true
	}
	all := &union{direction: p.direction, streams: []stream{p.packed(key(byTicket).part(t.Whole))}}
	for _, look := range []func(policy.Text, int) ([]stream, bool){p.sids, p.accounts, p.names, p.callers} {
		streams, few := look(t, most)
		if !few || len(streams)+len(all.streams) > most {
			return nil, false
		}
		all.streams = append(all.streams, streams...)
	}
	return all, true
}

// sids are the calls whose SID is the text, or begins with it.
func (p plan) sids(t policy.Text, most int) ([]stream, bool) {
	if !t.SIDPrefix() {
		if place := placeBySID(p.tx, t.Whole); place != nil {
			return []stream{&places{p.direction, [][]byte{place}}}, true
		}
		return nil, true
	}
	found := &places{direction: p.direction}
	prefix, cursor := key(bySID).text(t.Whole), p.index.Cursor()
	for k, start := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, start = cursor.Next() {
		if len(found.list) == most {
			return nil, false
		}
		found.list = append(found.list, append(bytes.Clone(start), k[1:]...))
	}
	found.sort()
	return []stream{found}, true
}

// accounts are those on calls whose number is the text, or begins with it.
func (p plan) accounts(t policy.Text, most int) (streams []stream, ok bool) {
	cursor, length := p.index.Cursor(), len(t.Whole)
	if length > maxPart {
		return nil, true
	}
	after := []byte(nil) // the account that was found last
	for {
		from := append(key(byCustomer), byte(length))
		if from = from.text(t.Whole); after != nil {
			from = append(append(key(byCustomer), after...), 0xff) // beyond the places of all its calls
		}
		k, _ := cursor.Seek(from)
		if len(k) < 2 || k[0] != byCustomer {
			return streams, true
		}
		number := partOf(k)
		switch {
		case strings.HasPrefix(string(number), t.Whole) && (t.NumberPrefix() || len(number) == len(t.Whole)):
			if len(streams) == most {
				return nil, false
			}
			streams = append(streams, p.account(string(number)))
			after = bytes.Clone(k[1 : 2+len(number)])
		case !t.NumberPrefix():
			return streams, true
		case len(number) > length:
			length, after = len(number), nil
		case length == maxPart:
			return streams, true
		default:
			length, after = length+1, nil
		}
	}
}

// names are the accounts that had a name on a call with all words of the text.
func (p plan) names(t policy.Text, most int) (streams []stream, ok bool) {
	if len(t.Words) == 0 {
		return nil, true
	}
	customers, few := underWords(p.search, byWord, t.Words, most)
	for _, c := range customers {
		if p.named(t, c) {
			streams = append(streams, p.account(c))
		}
	}
	return streams, few
}

func (p plan) named(t policy.Text, customer string) bool {
	prefix, cursor := namesKey(customer), p.search.Cursor()
	for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
		if t.MatchesName(string(k[len(prefix):])) {
			return true
		}
	}
	return false
}

// callers are the numbers with the text in them.
func (p plan) callers(t policy.Text, most int) (streams []stream, ok bool) {
	seen := map[string]bool{}
	for _, part := range t.Digits {
		numbers, few := underPart(p.search, byPart, part, most, func(number string) bool { return strings.Contains(number, part) })
		if !few {
			return nil, false
		}
		for _, number := range numbers {
			if !seen[number] {
				streams = append(streams, p.packed(key(byFrom).part(number)))
			}
			seen[number] = true
		}
	}
	return streams, true
}

// maxTerms is how many entries of one word, or of four digits, are looked at: a few milliseconds.
const maxTerms = 20_000

// rare is how many finds are few enough to look no further for something rarer.
const rare = 50

// underWords are the customers under the rarest of some words; few is false where there are more than many under each.
func underWords(search *bolt.Bucket, kind byte, words []string, many int) (customers []string, few bool) {
	for _, many := range []int{rare, many} {
		for _, word := range words {
			if customers, few = underWord(search, kind, word, many); few {
				return customers, true
			}
		}
	}
	return nil, false
}

// underWord are the customers under the words that begin with one, each once; few is false where there are more than many.
func underWord(search *bolt.Bucket, kind byte, word string, many int) (customers []string, few bool) {
	prefix, cursor, seen := key(kind).text(cutWord(word)), search.Cursor(), map[string]bool{}
	looked := 0
	for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
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

// underPart are what stands under four digits of a part of a number, and is wanted; few is false where there is more than many. It takes
// the rarest four, from the last: numbers share the first ones.
func underPart(search *bolt.Bucket, kind byte, part string, many int, wanted func(string) bool) (found []string, few bool) {
	for _, terms := range []int{rare, maxTerms} {
		for from := len(part) - gramLength; from >= 0; from-- {
			if found, few = underGram(search, partKey(kind, part[from:from+gramLength]), many, terms, wanted); few {
				return found, true
			}
		}
	}
	return nil, false
}

// underGram gives up after looking at so many terms.
func underGram(search *bolt.Bucket, prefix indexKey, many, terms int, wanted func(string) bool) (found []string, few bool) {
	cursor := search.Cursor()
	for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
		if terms--; terms < 0 || len(found) > many {
			return nil, false
		}
		if value := string(k[len(prefix):]); wanted(value) {
			found = append(found, value)
		}
	}
	return found, true
}
