package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// The bounds of what people write, in characters. MaxWritten bounds a text: a note, a reason, a word about a case. A page of a book has about as
// many. MaxLine bounds a name, a number, or what is searched for; e-mail addresses, which are names too, are no longer.
const (
	MaxWritten = 2000
	MaxLine    = 254
)

// WrittenText returns what a person wrote, without the blanks around it. An empty text is none, which is for the caller to refuse. The error
// matches ErrInput for a text of more than MaxWritten characters, and for one with characters that are no text; what names it ("the note").
func WrittenText(what, text string) (string, error) {
	return written(what, strings.ReplaceAll(text, "\r\n", "\n"), MaxWritten) // forms send both, and count one
}

// WrittenLine is WrittenText for a name, a number or what is searched for: one line of at most MaxLine characters.
func WrittenLine(what, text string) (string, error) {
	text, err := written(what, text, MaxLine)
	if strings.ContainsAny(text, "\r\n") {
		return "", inputError(what + " has several lines: write one")
	}
	return text, err
}

func written(what, text string, most int) (string, error) {
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, notWritten):
		return "", inputError(what + " has characters that are no text: write it again")
	case n > most:
		return "", inputError(fmt.Sprintf("%s has %d characters: write at most %d", what, n, most))
	}
	return text, nil
}

// notWritten reports whether a character is none that people write: a control character other than those of lines.
func notWritten(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }

// MaskedText returns a text in which every telephone number and every address with a scheme is masked, for those who may read the text and not the
// numbers in it (rule 13). What counts as a number is any run of seven digits and more, however it is spelt: with blanks, commas, dots, dashes,
// slashes, brackets or plus signs between the digits, in digits of any script, or in the words of single digits, "double seven" included. All but its
// last two digits are masked; a number with its country is masked as Phone masks itself. Dates, SIDs, amounts of money, versions, durations, lists of
// customer numbers and of months, and addresses of machines stay. What could be one of them and a number too is masked.
func MaskedText(text string) string {
	if !mayHoldNumber(text) {
		return text
	}
	var masked strings.Builder
	from := 0
	for _, kept := range noNumber.FindAllStringIndex(text, -1) {
		if partOfMore(text, kept[0], kept[1]) {
			continue
		}
		masked.WriteString(number.ReplaceAllStringFunc(text[from:kept[0]], maskedNumber))
		masked.WriteString(text[kept[0]:kept[1]])
		from = kept[1]
	}
	if from == 0 {
		return number.ReplaceAllStringFunc(text, maskedNumber)
	}
	masked.WriteString(number.ReplaceAllStringFunc(text[from:], maskedNumber))
	return masked.String()
}

const (
	// fewestMasked is how many digits a number has at least that is masked; one with a plus sign has one less.
	fewestMasked = 7

	repeatPattern = `\b(?i:double|triple|treble|quadruple)[\s-]{1,2}`
	digitPattern  = `(?:(?:` + repeatPattern + `)?(?:[\p{Nd}\p{No}]|\b(?i:zero|oh|nought|naught|nil|one|two|three|four|five|six|seven|eight|nine)\b))`
	// escapePattern is a sign in a quoted text.
	escapePattern = `\\(?:[abfnrtv]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})`
	// betweenPattern is one sign between two digits of a number: the usual ones, and what cannot be seen. Recognisers put commas where a caller pauses.
	betweenPattern = `(?:` + escapePattern + `|[\s\p{Z}\p{Cf}\p{Pd}\p{Ps}\p{Pe}.,·․•．，。/⁄∕／\\_~+＋−])`
)

var (
	digit  = regexp.MustCompile(digitPattern)
	escape = regexp.MustCompile(escapePattern)
	// number finds addresses with a scheme, and runs of digits of any length.
	number = regexp.MustCompile(`(?i:\b(?:sips?|client|tel)):[^\s,;"<>]+|[+＋]?[(\[]?[+＋]?` + digitPattern +
		`(?:` + betweenPattern + `{0,8}` + digitPattern + `)*`)

	digitWords = map[string]string{
		"zero": "0", "oh": "0", "nought": "0", "naught": "0", "nil": "0",
		"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
	}
	repeats = map[string]int{"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
)

// noNumber finds what has many digits and is no telephone number.
var noNumber = regexp.MustCompile(strings.Join([]string{
	`\b(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0[1-9]|[12]\d|3[01]|[1-9])(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:-\d\d:\d\d)?)?`, // 2026-11-28 10:30
	`\b(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)\d\d(?:,? \d\d?:\d\d)?\b`,                                     // 28/11/2026 10:30
	`\b(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d\d?(?:st|nd|rd|th)?,? (?:19|20)\d\d(?:,? \d\d?:\d\d)?\b`,
	`\b[A-Z]{2}[0-9a-f]{32}\b`, // a SID
	`\p{Sc} ?\d[\d.,]*`,        // money
	`\b[1-9]\d{0,2}(?:,\d{3})+\.\d\d\b`,
	`\b\d{6}(?:, \d{6})+\b`, // customer numbers, in a list
	`\b(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?:, (?:19|20)\d\d-(?:0[1-9]|1[0-2]))+\b`, // months
	`\b\d{1,4}\.\d{1,9}(?:ms|µs|s)\b`,                                           // a duration
	`\b(?:v|[Vv]ersion |[Cc]hrome |[Ff]irefox |[Ss]afari |[Ee]dge |[Ww]indows |macOS |iOS |Android )\d+(?:\.\d+)+(?:-[\w.-]+)?(?:\+\w+)?`,
	`\bconfiguration [0-9a-f]{12}\b`,
	`\b(?:` + octet + `\.){3}` + octet + `\b`,
}, "|"))

// octet is a part of the address of a machine.
const octet = `(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`

// mayHoldNumber reports whether a text has enough digits for a number, or a colon as an address has. It is much faster than to look for them.
func mayHoldNumber(text string) bool {
	digits, word, next := 0, 0, 0 // word: where the present one began
	for i := 0; i < len(text); i = next {
		r, size := utf8.DecodeRuneInString(text[i:])
		next = i + size
		letter := 'a' <= r|0x20 && r|0x20 <= 'z'
		switch {
		case r == ':':
			return true
		case unicode.IsNumber(r):
			digits++
		case !letter:
			digits += digitsSaid(text[word:i])
		}
		if !letter {
			word = next
		}
	}
	digits += digitsSaid(text[word:])
	return digits >= fewestMasked || digits == fewestMasked-1 && strings.ContainsAny(text, "+＋")
}

// digitsSaid returns how many digits a word adds to a number: one that names a digit, and one less than it says that repeats the next.
func digitsSaid(word string) int {
	if len(word) < len("oh") || len(word) > len("quadruple") {
		return 0
	}
	word = strings.ToLower(word)
	if digitWords[word] != "" {
		return 1
	}
	return max(repeats[word], 1) - 1
}

var (
	// fourPairs is a telephone number in some countries, and so no address of a machine.
	fourPairs = regexp.MustCompile(`^\d\d\.\d\d\.\d\d\.\d\d$`)
	goesOn    = regexp.MustCompile(`^[.\-/_+]?\d`)
	// machine matches the address of one. Beside other digits it is none: people write "020 7.9.4.6" with dots as well.
	machine     = regexp.MustCompile(`^(?:` + octet + `\.){3}` + octet + `$`)
	digitBefore = regexp.MustCompile(`[\p{Nd}\p{No}]` + aroundPattern + `{1,8}$`)
	digitAfter  = regexp.MustCompile(`^` + aroundPattern + `{1,8}[\p{Nd}\p{No}]`)
)

// aroundPattern is one sign between the address of a machine and digits that make it a part of a number: those of betweenPattern that end no sentence.
const aroundPattern = `(?:` + escapePattern + `|[\s\p{Z}\p{Cf}\p{Pd}\p{Ps}\p{Pe}/⁄∕／\\_~+＋−])`

// maxAround is how many bytes aroundPattern can take eight times, and the digit before them.
const maxAround = 9 * len(`\U00000000`)

// partOfMore reports whether what noNumber found between two places is the part of a longer number, or one itself.
func partOfMore(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	found, behind := text[from:to], text[to:]
	if machine.MatchString(found) && (digitBefore.MatchString(text[max(0, from-maxAround):from]) || digitAfter.MatchString(behind)) {
		return true
	}
	return strings.ContainsRune("0123456789.-/_+", before) || goesOn.MatchString(behind) || fourPairs.MatchString(found)
}

// maskedNumber returns what number found as people may see it who may not see numbers.
func maskedNumber(found string) string {
	if _, _, ok := Phone(found).scheme(); ok {
		return Phone(found).String()
	}
	if several := strings.Fields(found); len(several) > 1 && !slices.ContainsFunc(several, func(one string) bool { return !Phone(one).IsNumber() }) {
		return strings.Join(mapped(several, maskedNumber), " ")
	}
	if parts := strings.Split(found, ","); slices.ContainsFunc(parts, whole) && len(parts) > 1 {
		return maskedList(parts)
	}
	digits := digitsOf(found)
	bracket := ""
	if opened := strings.TrimLeft(found, "(["); !strings.ContainsAny(found, ")]") {
		bracket, found = found[:len(found)-len(opened)], opened
	}
	international := Phone("+" + strings.Join(digits, ""))
	country := strings.HasPrefix(strings.TrimLeft(found, "(["), "+")
	switch {
	case len(digits) < fewestMasked && !(country && len(digits) == fewestMasked-1):
		return bracket + found
	case country && international.IsNumber():
		return bracket + international.String()
	}
	return bracket + strings.Repeat("*", len(digits)-2) + strings.Join(digits[len(digits)-2:], "")
}

// wholeDigits is how many digits a number has at least that a comma ends. Fewer may go on after it, as they do where a caller paused.
const wholeDigits = 10

func whole(found string) bool { return len(digitsOf(found)) >= wholeDigits }

// maskedList returns what number found between commas: each whole number masked by itself, and what is left between them as one.
func maskedList(parts []string) string {
	var masked, rest []string
	add := func(found string) {
		number := strings.TrimLeft(found, " ")
		masked = append(masked, found[:len(found)-len(number)]+maskedNumber(number))
	}
	for i, part := range parts {
		if !whole(part) {
			rest = append(rest, part)
		}
		if len(rest) > 0 && (whole(part) || i == len(parts)-1) {
			add(strings.Join(rest, ","))
			rest = nil
		}
		if whole(part) {
			add(part)
		}
	}
	return strings.Join(masked, ",")
}

// digitsOf returns the digits of what number found.
func digitsOf(found string) (digits []string) {
	for _, said := range digit.FindAllString(escape.ReplaceAllString(found, " "), -1) {
		times := 1
		if at := strings.LastIndexAny(said, " -\t\n\r\f"); at >= 0 {
			times, said = repeats[strings.ToLower(strings.TrimRight(said[:at], " -\t\n\r\f"))], said[at+1:]
		}
		if figure, word := digitWords[strings.ToLower(said)]; word {
			said = figure
		}
		digits = append(digits, slices.Repeat([]string{said}, times)...)
	}
	return digits
}

// Shortened returns a text in at most so many columns of a screen, with an ellipsis where something was cut: between two letters as people see them, so
// that none loses its accent or a part of its picture.
func Shortened(text string, columns int) string {
	if uniseg.StringWidth(text) <= columns {
		return text
	}
	kept, width := "", 0
	for letters := uniseg.NewGraphemes(text); letters.Next(); kept += letters.Str() {
		if width += letters.Width(); width >= columns {
			break
		}
	}
	return strings.TrimRight(kept, " ") + "…"
}
