package speech_test

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/officernd/supportline/ivr/speech"
)

// ways are how each digit is said or written down. The later ones only sound like it.
var ways = [10][]string{
	{"zero", "0", "nought", "Zero,", "oh", "O"},
	{"one", "1", "One", "1,", "won"},
	{"two", "2", "two,", "2", "to", "too"},
	{"three", "3", "Three", "three.", "tree", "free"},
	{"four", "4", "4 -", "four", "for", "fore"},
	{"five", "5", "five,", "5", "fife", "five"},
	{"six", "6", "six", "6.", "six", "sicks"},
	{"seven", "7", "7 -", "seven", "seven", "seven"},
	{"eight", "8", "8.", "eight", "ate", "eight"},
	{"nine", "9", "nine", "niner", "nine", "nein"},
}

const sure = 4 // ways of a digit that can't be anything else

// spell draws words for digits: one by one, doubled, in pairs, or in threes.
func spell(t *rapid.T, digits string, alike bool) string {
	var said []string
	for i := 0; i < len(digits); {
		rest, words, used := digits[i:], "", 1
		switch way := rapid.IntRange(0, 5).Draw(t, "way"); {
		case way == 0 && len(rest) > 1 && rest[0] == rest[1]:
			words, used = "double "+ways[rest[0]-'0'][0], 2
		case way == 1 && len(rest) > 1 && rest[0] != '0' && i == 0:
			words, used = pair(rest[:2]), 2
		case way == 2 && len(rest) > 2 && rest[0] != '0' && len(digits)%3 == 0 && i%3 == 0:
			words, used = triple(rest[:3]), 3
		case alike:
			words = rapid.SampledFrom(ways[rest[0]-'0']).Draw(t, "word")
		default:
			words = ways[rest[0]-'0'][rapid.IntRange(0, sure-1).Draw(t, "word")]
		}
		said, i = append(said, words), i+used
	}
	return strings.Join(said, " ")
}

var teens = strings.Fields("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")

var tens = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")

// pair is a number from 10 to 99 in words.
func pair(digits string) string {
	n, _ := strconv.Atoi(digits)
	switch {
	case n < 20:
		return teens[n-10]
	case n%10 == 0:
		return tens[n/10] + ","
	}
	return tens[n/10] + "-" + ways[n%10][0]
}

// triple is a number from 100 to 999 in words.
func triple(digits string) string {
	head := ways[digits[0]-'0'][0] + " hundred"
	switch {
	case digits[1:] == "00":
		return head + ","
	case digits[1] == '0':
		return head + " and " + ways[digits[2]-'0'][0] + ","
	}
	return head + " and " + pair(digits[1:]) + ","
}

// However a number is put into words, it comes back as it was.
func TestNumbersInWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{6}`).Draw(t, "digits")
		said := spell(t, digits, false)
		if got := speech.Read(said).Number(len(digits)); got != digits {
			t.Fatalf("%q is %q, want %q", said, got, digits)
		}
		if got := speech.Read(said).Ticket(); got != digits {
			t.Fatalf("%q is ticket %q, want %q", said, got, digits)
		}
	})
}

var excuses = []string{
	"", "It's ", "I don't have one, oh wait, ", "Yes, my customer number is ", "I think ", "one moment please. ", "the one from yesterday, ", "two people raised it, ",
	"No one told me. ", "it's been 20 minutes. ", "since the 3rd of May. ", "sorry, ",
}

var thanks = []string{"", ".", " please", " thank you very much", ", it's for Northwind", ", one moment", ", two people are waiting", ", it's urgent"}

// A number is never taken for another, whatever its words sound like and whatever stands around it.
func TestNumbersAreNeverOthers(t *testing.T) {
	understood, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[0-9]{6}`).Draw(t, "digits")
		said := rapid.SampledFrom(excuses).Draw(t, "before") + spell(t, digits, true) + rapid.SampledFrom(thanks).Draw(t, "after")
		all++
		switch got := speech.Read(said).Number(len(digits)); {
		case got == digits:
			understood++
		case len(got) == len(digits):
			t.Fatalf("%q is %q, want %q", said, got, digits)
		}
	})
	if understood < all*8/10 {
		t.Errorf("%d of %d numbers were understood", understood, all)
	}
}

var openings = []string{
	"", "ticket ", "ticket number ", "It's ", "case number is ", "I think it's ", "one moment, ", "the one from the 3rd of May, ", "two people raised ", "not 9999, ", "not ticket 9999 but ",
	"ticket 9999, sorry, ", "customer 204518, ticket ", "it's a sev 1, ticket ", "call me on 07946 000001 about ticket ", "since 10:30, ",
}

var closings = []string{"", " please", ", from last Tuesday", ", from May 3, 2026", ", 20 minutes ago", ", it's a sev 2", ", for customer 204518", ", raised by two people", ", one second"}

// A ticket number is never taken for another number of the same sentence.
func TestTicketsAreNeverOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[1-8][0-9]{3,5}`).Draw(t, "digits")
		said := rapid.SampledFrom(openings).Draw(t, "before") + spell(t, digits, true) + rapid.SampledFrom(closings).Draw(t, "after")
		if got := speech.Read(said).Ticket(); got != digits && got != "" {
			t.Fatalf("%q is %q, want %q", said, got, digits)
		}
	})
}

func TestNumberOfALength(t *testing.T) {
	for _, row := range []struct {
		name, said string
		length     int
		want       string
	}{
		{"silence", "", 6, ""},
		{"figures of other scripts are dropped", "２０４ ٤٥", 6, ""},
		{"another length", "0 4 5 1 8", 5, "04518"},
		{"a short one is told", "four five one", 6, "451"},
		{"two short ones are not", "four five one or four five two", 6, ""},
		{"the length decides between readings", "twenty four five eighteen", 5, "24518"},
		{"and the other way", "twenty four five eighteen", 6, "204518"},
		{"a year", "2 0 2 6", 4, "2026"},
		{"an hour", "at 10:30", 4, ""},
		{"money", "we paid £204518", 6, ""},
		{"a phone number", "+44 204518", 6, ""},
		{"a number to call back", "you get me today on 7946000181", 6, ""},
		{"a part that is corrected", "204519, sorry, 18", 6, "204519"},
		{"a part of a short one that is corrected", "4519, sorry, 18", 6, ""},
		{"a hundred without a number", "a hundred", 6, ""},
		{"double without a digit", "double trouble 5", 1, "5"},
		{"said three times", "204518 204518 204518", 6, "204518"},
		{"longer than any number", strings.Repeat("1", 41), 6, ""},
		{"a thousand that waits for the rest", "204 thousand, 518", 6, "204518"},
		{"what is counted after a pause", "204518, people are waiting", 6, "204518"},
		{"taken back", "204518, no sorry, 204519", 6, "204519"},
		{"not taken back from afar", "204518 sorry but that was the old one of last year then 204519", 6, ""},
	} {
		if got := speech.Read(row.said).Number(row.length); got != row.want {
			t.Errorf("%s: %q is %q, want %q", row.name, row.said, got, row.want)
		}
	}
}

// No more of an utterance is read than anybody says: the rest is not there.
// A number that may be read in very many ways is read in none: each more group would double the work.
func TestReadingsAreBounded(t *testing.T) {
	said := strings.Repeat("twenty four ", 14)
	if n := testing.AllocsPerRun(1, func() { speech.Read(said).Number(42) }); n > 10_000 {
		t.Errorf("%.0f allocations to read %q", n, said)
	}
}

func TestUtterancesAreBounded(t *testing.T) {
	long := strings.Repeat("a ", 400) + "204518"
	if got := speech.Read(long).Number(6); got != "" {
		t.Errorf("a number behind 400 words is %q", got)
	}
	if n := len(strings.Fields(speech.Read(long).String())); n != 250 {
		t.Errorf("%d words were read, want 250", n)
	}
	if text := speech.Read(strings.Repeat("ü", 600)).String(); len(text) > 1000 || strings.ContainsRune(text, '\uFFFD') {
		t.Errorf("%d bytes were read: %q", len(text), text[900:])
	}
}
