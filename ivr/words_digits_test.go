package ivr_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/ivr"
)

func TestSpokenDigits(t *testing.T) {
	for _, row := range []struct{ name, speech, want string }{
		{"silence", "", ""},
		{"no number", "I don't have it", ""},
		{"figures", "204518", "204518"},
		{"figures in groups", "204-518", "204518"},
		{"figures with spaces and a full stop", "2 0 4 5 1 8.", "204518"},
		{"words with a pause", "two oh four, five one eight", "204518"},
		{"the letter o", "2 O 4 five 1 eight", "204518"},
		{"nought", "nought one nought", "010"},
		{"zero first is kept", "zero zero seven", "007"},
		{"double", "double five five oh one oh", "555010"},
		{"double oh", "three one double oh two two", "310022"},
		{"triple", "triple 5 zero one zero", "555010"},
		{"double without a figure", "double trouble 5", "5"},
		{"tens and one", "twenty four", "24"},
		{"tens alone", "twenty, forty five, eighteen", "204518"},
		{"tens and oh", "twenty oh four", "2004"},
		{"teens", "three ten oh twenty two", "310022"},
		{"hyphenated", "Forty-seven eleven", "4711"},
		{"hundred", "one eight hundred", "1800"},
		{"thousand", "one eighteen thousand", "118000"},
		{"a sentence around it", "Yes, my customer number is 204518, thank you.", "204518"},
		{"a sigh is no zero", "oh, it's 204518", "204518"},
		{"oh at the end is one", "five one oh", "510"},
		{"for and to are no figures", "to the number for 2045", "2045"},
		{"letters among the figures are dropped", "AB204C518", "204518"},
		{"figures of other scripts are dropped", "２０４ ٤٥", ""},
	} {
		if got := ivr.SpokenDigits(row.speech); got != row.want {
			t.Errorf("%s: %q is %q, want %q", row.name, row.speech, got, row.want)
		}
	}
}

// However digits are put into words, they come back as they were.
func TestSpokenDigitsGivesBackWhatWasSaid(t *testing.T) {
	words := [10][]string{
		{"zero", "oh", "0", "nought", "O"},
		{"one", "1"},
		{"two", "2"},
		{"three", "Three"},
		{"four", "4"},
		{"five", "five,"},
		{"six", "6"},
		{"seven", "7 -"},
		{"eight", "8."},
		{"nine", "9"},
	}
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{0,12}`).Draw(t, "digits")
		var speech []string
		for i := 0; i < len(digits); i++ {
			word := rapid.SampledFrom(words[digits[i]-'0']).Draw(t, "word")
			if i+1 < len(digits) && digits[i+1] == digits[i] && rapid.Bool().Draw(t, "double") {
				word = "double " + word
				i++
			}
			speech = append(speech, word)
		}
		if got := ivr.SpokenDigits(strings.Join(speech, " ")); got != digits {
			t.Fatalf("%q is %q, want %q", speech, got, digits)
		}
	})
}
