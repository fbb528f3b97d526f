package speech_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/officernd/supportline/ivr/speech"
)

// numerals are the words that stand for digits. Where none of them and no figure was said, there is no number.
var numerals = map[string]bool{}

func init() {
	rest := strings.Fields("naught aught nil zeros zeroes fourty double triple treble quadruple tu wan owe hate sics")
	keys := strings.Fields("star asterisk pound hash first second third fourth fifth")
	for _, list := range append(ways[:], teens, tens, rest, keys) {
		for _, word := range list {
			numerals[strings.ToLower(strings.Trim(word, " ,.-"))] = true
		}
	}
}

func FuzzRead(f *testing.F) {
	file, err := os.Open("testdata/utterances.txt")
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		said, _, _ := strings.Cut(lines.Text(), "|")
		f.Add(said)
	}
	f.Fuzz(func(t *testing.T, said string) {
		u := speech.Read(said)
		if again := speech.Read(u.String()).String(); again != u.String() && len(u.String()) <= 1000 {
			t.Errorf("%q read again is %q", u, again)
		}
		number, ticket, key := u.Number(6), u.Ticket(), u.Key()
		for _, digits := range []string{number, ticket, strings.Trim(key, "*#")} {
			if strings.Trim(digits, "0123456789") != "" || len(digits) > 40 {
				t.Errorf("%q is number %q, ticket %q, key %q", said, number, ticket, key)
			}
		}
		if len(key) > 1 {
			t.Errorf("%q is the key %q", said, key)
		}
		if len(number) == 6 && speech.Read(number).Number(6) != number {
			t.Errorf("the number %q is another when it is read", number)
		}
		if number+ticket+key != "" && !holdsNumeral(u.String()) {
			t.Errorf("%q holds no number, but is number %q, ticket %q, key %q", said, number, ticket, key)
		}
		if strings.Trim(said, "0123456789 ,.-") == "" && !isWithin(number, said) {
			t.Errorf("%q is number %q: these digits were not said", said, number)
		}
	})
}

func holdsNumeral(text string) bool {
	for word := range strings.FieldsSeq(strings.ReplaceAll(text, ",", " ")) {
		if numerals[word] || strings.ContainsAny(word, "0123456789") {
			return true
		}
	}
	return false
}

// isWithin reports whether digits occur in a text in their order.
func isWithin(digits, text string) bool {
	for _, d := range digits {
		i := strings.IndexRune(text, d)
		if i < 0 {
			return false
		}
		text = text[i+1:]
	}
	return true
}
