package store

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// Terms are what calls share: a caller's number leads to its calls, and each four digits of it to the number; an account's calls stand
// under its number, and each word of a name that it had on a call leads there. A term is written when the first call needs it, and goes
// with the last: an account that was erased, or a caller whose calls expired, leaves none behind.

// searchTerms are the numbers and accounts that the edits of one transaction may have brought or taken the last call of.
type searchTerms struct {
	put      func(k []byte) error // writes a term, or keeps it to be written
	number   []byte               // that was added last: in a load many calls in a row have one
	name     []byte               // the same of names
	numbers  map[string]bool      // that lost a call
	accounts map[string]bool      // that lost one
}

// see looks at an edit before it is written. It gives false for an entry that needs no writing.
func (t *searchTerms) see(tx *bolt.Tx, e edit) (needed bool, err error) {
	switch {
	case e.in == inIndex && e.key[0] == byCustomer && e.gone:
		lose(&t.accounts, e.key)
	case e.in == inSearch && e.key[0] == byFrom && e.gone:
		lose(&t.numbers, e.key)
	case e.in == inSearch && e.key[0] == byFrom:
		number := partOf(e.key)
		if bytes.Equal(number, t.number) {
			return true, nil
		}
		t.number = number
		return true, t.addNumber(tx, string(number))
	case e.in == inSearch && e.key[0] == byNames:
		if e.gone || bytes.Equal(e.key, t.name) {
			return false, nil
		}
		t.name = e.key
		return t.addName(tx, e.key)
	}
	return true, nil
}

// withSearchTerms are edits that only add, with the terms that they need, in the order of their keys: what comes in order is written fast, however much
// of it there is.
func withSearchTerms(tx *bolt.Tx, edits []edit) ([]edit, error) {
	all := make([]edit, 0, len(edits))
	terms := searchTerms{put: func(k []byte) error {
		all = append(all, edit{in: inSearch, key: k})
		return nil
	}}
	for _, e := range edits {
		needed, err := terms.see(tx, e)
		if err != nil {
			return nil, fmt.Errorf("key %x: %w", e.key, err)
		}
		if needed {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b edit) int { return cmp.Or(cmp.Compare(a.in, b.in), bytes.Compare(a.key, b.key)) })
	return all, nil
}

func lose(from *map[string]bool, k []byte) {
	if *from == nil {
		*from = map[string]bool{}
	}
	(*from)[string(partOf(k))] = true
}

// settle takes out what no call needs any more.
func (t *searchTerms) removeUnused(tx *bolt.Tx) error {
	search := tx.Bucket(searchBucket)
	for number := range t.numbers {
		if !under(key(byFrom).part(number)).isEmpty(search) {
			continue
		}
		for _, ngram := range ngrams(number) {
			if err := search.Delete(partKey(byPart, ngram).text(number)); err != nil {
				return err
			}
		}
	}
	for customer := range t.accounts {
		if !under(key(byCustomer).part(customer)).isEmpty(tx.Bucket(indexBucket)) {
			continue
		}
		if err := dropNames(search, customer); err != nil {
			return err
		}
	}
	return nil
}

func (t *searchTerms) addNumber(tx *bolt.Tx, number string) error {
	for i, ngram := range ngrams(number) {
		k := partKey(byPart, ngram).text(number)
		if i == 0 && tx.Bucket(searchBucket).Get(k) != nil {
			return nil
		}
		if err := t.put(k); err != nil {
			return err
		}
	}
	return nil
}

// addName says whether a name is new to an account.
func (t *searchTerms) addName(tx *bolt.Tx, k []byte) (bool, error) {
	if tx.Bucket(searchBucket).Get(k) != nil {
		return false, nil
	}
	customer := string(partOf(k))
	for _, word := range words(string(k[2+len(customer):])) {
		if err := t.put(wordKey(byWord, word).text(customer)); err != nil {
			return false, err
		}
	}
	return true, nil
}

func dropNames(search *bolt.Bucket, customer string) error {
	prefix := namesKey(customer)
	var gone [][]byte
	for k := range under(prefix).in(search) {
		gone = append(gone, bytes.Clone(k))
		for _, word := range words(string(k[len(prefix):])) {
			gone = append(gone, wordKey(byWord, word).text(customer))
		}
	}
	for _, k := range gone {
		if err := search.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// partOf reads back the first part of a key.
func partOf(k []byte) []byte { return k[2 : 2+int(k[1])] }

// ngramLength is how many digits of a number lead to it.
const ngramLength = policy.MinDigits

// ngrams are the parts of a number by which it is found, each once.
func ngrams(number string) []string {
	digits := searchable(policy.Phone(number))
	var parts []string
	for i := 0; i+ngramLength <= len(digits); i++ {
		parts = append(parts, digits[i:i+ngramLength])
	}
	slices.Sort(parts)
	return slices.Compact(parts)
}

// searchable are the digits of a number that can be found by part of it; none: it cannot.
func searchable(p policy.Phone) string {
	if !p.IsNumber() || len(p) <= ngramLength || len(p) > maxPart {
		return ""
	}
	return p.Full()[1:]
}

// maxWordKey bounds a word in a key; a longer one is found by its beginning.
const maxWordKey = 60

// words are those of a name, each once.
func words(name string) []string {
	found := policy.NameWords(name)
	for i, w := range found {
		found[i] = cutWord(w)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func cutWord(w string) string { return strings.ToValidUTF8(w[:min(len(w), maxWordKey)], "") }

func wordKey(kind byte, word string) indexKey { return append(key(kind).text(word), 0) }

func partKey(kind byte, ngram string) indexKey { return key(kind).text(ngram) }
