package store

import (
	"bytes"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

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
