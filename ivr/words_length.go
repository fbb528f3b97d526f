package ivr

import (
	"strings"
	"unicode"
)

const (
	wordsPerMinute = 170 // what a synthetic voice speaks at its usual rate
	maxSeconds     = 10  // longer than this nobody listens to
	maxWords       = maxSeconds * wordsPerMinute / 60
)

// Seconds is how long a voice speaks a text, at 170 words a minute. Digits that are read one by one count as a word each, and so do
// the figures of a number of three or more: "Sev 1" is two words, "9:30" two, "2026" four.
func Seconds(text string) float64 { return float64(countWords(text)) * 60 / wordsPerMinute }

func countWords(text string) int {
	count := 0
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("'’.", r)
	}) {
		count += wordsIn(word)
	}
	return count
}

func wordsIn(word string) int {
	figures := 0
	for _, r := range word {
		if unicode.IsDigit(r) {
			figures++
		}
	}
	switch {
	case strings.Trim(word, "'’.") == "":
		return 0
	case figures > 2:
		return figures
	}
	return 1
}
