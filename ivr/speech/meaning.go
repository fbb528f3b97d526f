package speech

import (
	"slices"
	"strings"
)

// Utterance holds the words of a caller, read once.
type Utterance struct {
	said []token
	runs []run
	stem []stem

	undenied bool // what is denied counts as said
}

// Undenied returns an utterance in which what is denied counts as said: "it isn't down" holds "down".
func (u Utterance) Undenied() Utterance {
	u.undenied = true
	return u
}

// Read reads an utterance as a recogniser wrote it down: its first 1000 bytes and 250 words.
func Read(speech string) Utterance {
	u := Utterance{said: tokens(speech)}
	u.runs = runs(u.said)
	u.stem = u.stems()
	return u
}

// String returns the words that were read, in small letters, with short forms written out and a comma for each pause.
func (u Utterance) String() string {
	var text strings.Builder
	for i, t := range u.said {
		switch {
		case i > 0 && t.pauses():
			text.WriteString(", ")
		case i > 0:
			text.WriteString(" ")
		}
		text.WriteString(t.text)
	}
	return text.String()
}

// maxDigits bounds a number: no customer or ticket number is longer, and what is longer is noise.
const maxDigits = 40

// Number returns the customer number that was said. Among several numbers, its length decides; one that is whole wins over everything around
// it. Where no number has that length it returns the only one that was said, so that the caller can be told what was heard. It returns "" if there
// is none, or if two disagree.
func (u Utterance) Number(length int) string {
	named, any := u.ofKind(customer), u.ofKind(customer, plain)
	for _, candidates := range [][]run{named, any} {
		for _, all := range []bool{false, true} {
			if whole := distinct(corrected(u.said, candidates), all, length); len(whole) > 0 {
				return only(whole)
			}
		}
	}
	if whole := distinct(u.withAnd(any), false, length); len(whole) > 0 {
		return only(whole)
	}
	return only(short(u.said, any))
}

// Ticket returns the digits of the ticket number that was said: of what is named a ticket or a case, else of the only number that nothing speaks
// against. It returns "" if there is none, or if two disagree.
func (u Utterance) Ticket() string {
	candidates := u.ofKind(ticket)
	if len(candidates) == 0 {
		candidates = slices.DeleteFunc(u.ofKind(plain), func(r run) bool { return len(r.said()) < 3 && !r.beside && !u.isWhole(r) })
	}
	candidates = corrected(u.said, candidates)
	if slices.ContainsFunc(candidates, func(r run) bool { return slices.ContainsFunc(r.groups, func(g group) bool { return g.dropped }) }) {
		return ""
	}
	return only(distinct(candidates, false, 0))
}

// HasNumber reports whether a number was said that may be one of ours, if only in doubt.
func (u Utterance) HasNumber() bool { return len(u.runs) > 0 }

func only(found []string) string {
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

func (u Utterance) ofKind(kinds ...kind) (found []run) {
	for _, r := range u.runs {
		if slices.Contains(kinds, r.kind) && !(r.kind == plain && u.isPhone(r)) {
			found = append(found, r)
		}
	}
	return found
}

// isPhone reports whether a number is one to call back: "call me on oh seven nine four six ...".
func (u Utterance) isPhone(r run) bool {
	i := r.from() - 1
	if !slices.Contains([]string{"on", "at", "from", "under"}, at(u.said, i)) {
		return false
	}
	return len(r.said()) >= 9 || slices.Contains([]string{"me", "us", "back"}, at(u.said, i-1))
}

// distinct returns the readings of some runs, each once; of a length, where that is known.
func distinct(candidates []run, all bool, length int) (found []string) {
	for _, r := range candidates {
		readings := r.readings(all)
		if length == 0 && len(readings) == 1 {
			readings = []string{r.said()}
		}
		for _, digits := range readings {
			if digits = once(digits, length); digits != "" && len(digits) <= maxDigits && (length == 0 || len(digits) == length) {
				found = append(found, digits)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// once returns a number that was said several times in a row as the one that it is, if its length is known.
func once(digits string, length int) string {
	if length > 0 && len(digits) > length && len(digits)%length == 0 && strings.Repeat(digits[:length], len(digits)/length) == digits {
		return digits[:length]
	}
	return digits
}

// short returns the numbers whose length is not the wanted one. A word that only sounds like a digit is not told to anybody as a number.
func short(said []token, candidates []run) (found []string) {
	for _, r := range corrected(said, candidates) {
		strong := slices.ContainsFunc(r.groups, func(g group) bool { return !g.weak })
		if digits := r.said(); strong && digits != "" && len(digits) <= maxDigits {
			found = append(found, digits)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// corrected drops a number that the caller took back: "4711, sorry, 4712". A shorter number may correct a part only: both stay.
func corrected(said []token, candidates []run) (kept []run) {
	for i, r := range candidates {
		if i+1 < len(candidates) && takesBack(said[r.to():candidates[i+1].from()]) && len(r.said()) == len(candidates[i+1].said()) {
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

func takesBack(between []token) bool {
	return len(between) < 6 && slices.ContainsFunc(between, func(t token) bool { return corrections[t.text] })
}

// withAnd joins numbers between which only an "and" stands: "204 and 518".
func (u Utterance) withAnd(candidates []run) (found []run) {
	for i, r := range candidates {
		if n := len(found); n > 0 && r.from() == candidates[i-1].to()+1 && at(u.said, r.from()-1) == "and" {
			found[n-1].groups = slices.Concat(found[n-1].groups, r.groups)
			continue
		}
		found = append(found, r)
	}
	return found
}

// keyWords are the names of the keys that are no digits.
var keyWords = map[string]string{"star": "*", "asterisk": "*", "pound": "#", "hash": "#"}

// places name a choice by its place: "the second option".
var places = map[string]string{"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5"}

var chosen = words("option choice one")

// asides are the words around a key that is the whole answer.
var asides = words("i would like want will take go with let us do think guess suppose just say that be number it is the yes yeah ok okay uh um er erm please thank thanks you " +
	"hi hello option key hm hmm well so for me cheers")

// Key returns the one key that was said, alone or after a word that wants a key: "two", "press one", "option to", "star". It returns "" if there
// is none, or if two disagree.
func (u Utterance) Key() string {
	var found []string
	for _, r := range u.runs {
		d := r.key()
		if d != "" && (r.kind == key || (r.kind == plain && (u.isWhole(r) || at(u.said, r.from()-1) == "number"))) {
			found = append(found, d)
		}
	}
	for i, t := range u.said {
		if k := keyWords[t.text]; k != "" && (nouns[at(u.said, i-1)] == key || u.isAround(i, i+1)) {
			found = append(found, k)
		}
		if k := places[t.text]; k != "" && (u.isAround(i, i+1) || (chosen[at(u.said, i+1)] && u.isAround(i, i+2))) {
			found = append(found, k)
		}
	}
	slices.Sort(found)
	return only(slices.Compact(found))
}

// key returns the digit of a run that holds only one, however often, and "" for any other.
func (r run) key() (key string) {
	for _, g := range r.groups {
		d := g.readings[0]
		if g.doubt || len(d) > 1 || (key != "" && d != "" && d != key) {
			return ""
		}
		key = max(key, d)
	}
	return key
}

// isWhole reports whether a number is all that was said. One that only sounds like it must be alone: "I would like to" is no two.
func (u Utterance) isWhole(r run) bool {
	strong := slices.ContainsFunc(r.groups, func(g group) bool { return !g.weak })
	if !strong {
		return (r.from() == 0 || at(u.said, r.from()-1) == "number") && ends(u.said, r.to()) && u.isAround(r.from(), r.to())
	}
	return u.isAround(r.from(), r.to())
}

func (u Utterance) isAround(from, to int) bool {
	for i, t := range u.said {
		if (i < from || i >= to) && !asides[t.text] {
			return false
		}
	}
	return true
}
