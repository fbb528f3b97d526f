package ivr

import (
	"strings"
	"unicode"

	"github.com/officernd/supportline/policy"
)

// inDoubt orders the intents that fit equally well. A caller who wants a severity raised names it; else the more urgent one is the safer mistake.
var inDoubt = []policy.Intent{
	policy.RaiseSeverity, policy.Critical, policy.Restricted, policy.TicketStatus, policy.Question,
}

// Intent returns the reason to call that fits best to what a caller said: "our platform is down" is critical. ok is false if none fits.
func (w Words) Intent(language, speech string) (intent policy.Intent, ok bool) {
	return best(w.tongue(language), speech, inDoubt)
}

// Word returns the short answer that fits best to what a caller said, or WordNone. A reason to call may hold such a word ("no one can log in"), so
// at the menu Intent goes first.
func (w Words) Word(language, speech string) Word {
	word, _ := best(w.tongue(language), speech, []Word{WordLost, WordNo, WordYes, WordRepeat, WordPerson, WordTraining})
	return word
}

// Hints returns the words that callers are likely to say, for the provider's speech recognition: a list with commas.
func (w Words) Hints(language string) string {
	return strings.Join(entries(w.tongue(language)["hints"]), ", ")
}

// best returns the meaning whose longest phrase was heard, and the first of equal ones.
func best[T ~string](t tongue, speech string, meanings []T) (meaning T, ok bool) {
	said, longest := heardWords(speech), 0
	for _, m := range meanings {
		for _, phrase := range entries(t["hear-"+string(m)]) {
			if n := match(said, phrase); n > longest {
				meaning, longest = m, n
			}
		}
	}
	return meaning, longest > 0
}

// match returns the number of words of a phrase if all were said, in order, and 0 otherwise. "..." stands for any words between.
func match(said []string, phrase string) int {
	count := 0
	for part := range strings.SplitSeq(phrase, "...") {
		words := heardWords(part)
		at := index(said, words)
		if at < 0 {
			return 0
		}
		said, count = said[at+len(words):], count+len(words)
	}
	return count
}

// index returns where words first occur side by side, and -1 if they don't.
func index(said, words []string) int {
	for i := 0; i+len(words) <= len(said); i++ {
		if strings.Join(said[i:i+len(words)], " ") == strings.Join(words, " ") {
			return i
		}
	}
	return -1
}

// heardWords returns the words of a text with figures for numbers, so that "Sev. One" and "sev 1" are the same.
func heardWords(speech string) []string {
	words := spokenWords(speech)
	for i, word := range words {
		if figure := figures[word]; figure != "" {
			words[i] = figure
		}
	}
	return words
}

// figures are the words for numbers below 20, as they are written. The letter o is zero only where it is said as one.
var figures = map[string]string{
	"zero": "0", "nought": "0", "naught": "0", "nil": "0", "oh": "0", "o": "0",
	"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
	"ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14",
	"fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19",
}

var tens = map[string]string{
	"twenty": "2", "thirty": "3", "forty": "4", "fourty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8", "ninety": "9",
}

var times = map[string]int{"double": 2, "triple": 3, "treble": 3}

// noughts are the words that add zeros to a figure: "five hundred".
var noughts = map[string]string{"hundred": "00", "thousand": "000"}

// SpokenDigits returns the digits in what a caller said, in their order: "two oh four, five one eight", "204-518", "double five", "twenty four".
// Everything else is dropped. The words are English.
func SpokenDigits(speech string) string {
	var digits strings.Builder
	said := spokenWords(speech)
	for i := 0; i < len(said); {
		text, used := number(said[i:])
		digits.WriteString(text)
		i += used
	}
	return digits.String()
}

// number returns the digits that the first words stand for, and how many words it used, at least one.
func number(said []string) (digits string, used int) {
	word, next := said[0], ""
	if len(said) > 1 {
		next = said[1]
	}
	switch {
	case word == "oh" || word == "o":
		if next != "" && !isNumber(next) { // "oh, it's ..." is a sigh
			return "", 1
		}
	case times[word] > 0:
		if one := figure(next); len(one) == 1 {
			return strings.Repeat(one, times[word]), 2
		}
	case tens[word] != "":
		if one := figure(next); len(one) == 1 && one != "0" {
			return tens[word] + one, 2
		}
		return tens[word] + "0", 1
	}
	return figure(word) + noughts[word], 1
}

// figure returns the digits of a number or of a word for one below 20, and "" for anything else.
func figure(word string) string {
	if word != "" && word[0] >= '0' && word[0] <= '9' {
		return word
	}
	return figures[word]
}

func isNumber(word string) bool {
	return figure(word) != "" || tens[word] != "" || times[word] > 0 || noughts[word] != ""
}

// spokenWords returns the words of a text in small letters and without marks. An apostrophe joins ("don't" is "dont"), and a change between
// letters and digits divides ("sev1" is "sev" and "1").
func spokenWords(speech string) []string {
	var words []string
	var last rune
	for _, r := range strings.ToLower(speech) {
		isDigit := r >= '0' && r <= '9'
		switch {
		case r == '\'' || r == '’':
			continue
		case !isDigit && !unicode.IsLetter(r):
			last = 0
			continue
		case last == 0 || isDigit != (last >= '0' && last <= '9'):
			words = append(words, "")
		}
		words[len(words)-1] += string(r)
		last = r
	}
	return words
}
