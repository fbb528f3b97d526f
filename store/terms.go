package store

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/officernd/supportline/policy"
)

// Search terms are shared by calls: a caller's number leads to its calls, and each n-gram of its digits to the number; the calls of an account
// are found by its number, and each word of a name that the account had on a call leads to the number. A term is written when the first call
// needs it, and deleted with the last, so that an account that was erased, or a caller whose calls expired, leaves none.

// searchTerms are the numbers and accounts of which the edits of one transaction may have added the first or removed the last call.
type searchTerms struct {
	put      func(k []byte) error // writes a term, now or later
	number   []byte               // the last that was added: in a load many calls in a row have the same
	name     []byte               // the last that was added
	numbers  map[string]bool      // those that lost a call
	accounts map[string]bool      // those that lost a call
}

// see looks at an edit before it is written, and reports whether it needs writing.
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

// withSearchTerms returns edits that only add, together with the terms that they need, in the order of their keys.
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
	slices.SortStableFunc(all, edit.compare)
	return all, nil
}

func lose(from *map[string]bool, k []byte) {
	if *from == nil {
		*from = map[string]bool{}
	}
	(*from)[string(partOf(k))] = true
}

// removeUnused deletes the terms that no call needs any more.
func (t *searchTerms) removeUnused(tx *bolt.Tx) error {
	var gone [][]byte
	search := tx.Bucket(searchBucket)
	for number := range t.numbers {
		if !under(key(byFrom).part(number)).isEmpty(search) {
			continue
		}
		for _, ngram := range ngrams(number) {
			gone = append(gone, key(byPart).text(ngram).text(number))
		}
	}
	for customer := range t.accounts {
		if !under(key(byCustomer).part(customer)).isEmpty(tx.Bucket(indexBucket)) {
			continue
		}
		prefix := namesKey(customer)
		for k := range under(prefix).in(search) {
			gone = append(gone, bytes.Clone(k))
			for _, word := range words(string(k[len(prefix):])) {
				gone = append(gone, wordKey(byWord, word).text(customer))
			}
		}
	}
	return deleteAll(search, gone)
}

func (t *searchTerms) addNumber(tx *bolt.Tx, number string) error {
	for i, ngram := range ngrams(number) {
		k := key(byPart).text(ngram).text(number)
		if i == 0 && tx.Bucket(searchBucket).Get(k) != nil {
			return nil
		}
		if err := t.put(k); err != nil {
			return err
		}
	}
	return nil
}

// addName writes the words of a name, and reports whether the name is new to the account.
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

// partOf returns the first part of a key.
func partOf(k []byte) []byte { return k[2 : 2+int(k[1])] }

// ngramLength is how many digits an n-gram of a number has: the fewest that a search takes.
const ngramLength = 4

// ngrams returns the n-grams of a number, each once.
func ngrams(number string) []string {
	digits := searchable(policy.Phone(number))
	var parts []string
	for i := 0; i+ngramLength <= len(digits); i++ {
		parts = append(parts, digits[i:i+ngramLength])
	}
	slices.Sort(parts)
	return slices.Compact(parts)
}

// searchable returns the digits of a number that can be found by a part of it, or "" if it cannot.
func searchable(p policy.Phone) string {
	if !p.IsNumber() || len(p) <= ngramLength || len(p) > maxPart {
		return ""
	}
	return p.Full()[1:]
}

// maxWordKey bounds a word in a key, in bytes; a longer word is found by its beginning.
const maxWordKey = 60

// words returns the words of a name, each once.
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
