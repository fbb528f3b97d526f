package store

import (
	"bytes"
	"slices"
	"strings"

	"github.com/officernd/supportline/policy"
)

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
