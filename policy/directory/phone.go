package directory

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

const phoneExample = "write it with + and the country, like +442079460018, or nothing"

var (
	// rounded matches a number as a spreadsheet shows one that is long: 4.42079E+11.
	rounded = regexp.MustCompile(`(?i)^[+-]?\d+([.,]\d+)?e[+-]?\d+$`)
	// decimal matches a whole number with decimals: 204518.0.
	decimal = regexp.MustCompile(`^\d+[.,]0+$`)
	// digitsOfPhone matches a telephone number with what people put between its digits.
	digitsOfPhone = regexp.MustCompile(`\+[\d\s().\-/\x{2010}-\x{2015}]*\d`)
	// extension matches the digits that are dialled after a number.
	extension = regexp.MustCompile(`(?i)^[\s,;(]*(ext(ension|n)?|x|#|dw|durchwahl|poste)\.?\s*:?\s*\d+`)
)

// unmarked returns a number without what spreadsheets put around it so that they do not take it for one: '204518 and ="204518".
func unmarked(cell string) string {
	if inner, ok := strings.CutPrefix(cell, `="`); ok && strings.HasSuffix(inner, `"`) {
		cell = strings.TrimSuffix(inner, `"`)
	}
	return strings.TrimSpace(strings.TrimLeft(cell, "'’"))
}

// phone reads a number as people write it, with the country in front, into E.164. What stands around it, such as an extension, is left out with a
// warning.
func phone(cell string) reading {
	cell = unmarked(cell)
	if cell == "" {
		return reading{}
	}
	if rounded.MatchString(cell) {
		return wrong(quoted(cell)+" is how a spreadsheet shows a long number, and digits are lost", "format the column as text, and "+phoneExample)
	}
	if !strings.Contains(cell, "+") {
		return withoutCountry(cell)
	}
	if at := digitsOfPhone.FindStringIndex(cell); at != nil {
		if number, ok := e164(cell[at[0]:at[1]]); ok {
			return reading{kept: number, warning: leftOut(cell[:at[0]], cell[at[1]:])}
		}
	}
	if number, ok := e164(cell); ok { // with letters in place of digits, as on a keypad
		return reading{kept: number}
	}
	return wrong(quoted(cell)+" is not a phone number", phoneExample)
}

// withoutCountry returns what is wrong with a number without a plus. Spreadsheets drop it, and people write 00 in its place.
func withoutCountry(cell string) reading {
	digits := strings.TrimPrefix(strings.TrimSpace(cell), "00")
	instead := phoneExample
	if number, ok := e164("+" + digits); ok && strings.Trim(digits, "0123456789 ") == "" && !strings.HasPrefix(digits, "0") {
		instead = fmt.Sprintf("write %s if that is the number: a spreadsheet drops the +, unless the column is formatted as text", number)
	}
	return wrong(quoted(cell)+" has no country", instead)
}

func e164(text string) (number string, ok bool) {
	parsed, err := phonenumbers.Parse(text, "")
	if err != nil || !phonenumbers.IsPossibleNumber(parsed) || parsed.GetExtension() != "" {
		return "", false
	}
	return phonenumbers.Format(parsed, phonenumbers.E164), true
}

// leftOut returns the warning about what stands before and after a number, or none where that is only punctuation.
func leftOut(before, after string) Problem {
	empty := func(text string) bool {
		return !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	}
	switch {
	case empty(before) && empty(after):
		return Problem{}
	case extension.MatchString(after) && empty(before):
		return Problem{What: fmt.Sprintf("the extension %s is left out", quoted(after))}
	case empty(before):
		return Problem{What: quoted(after) + " is left out"}
	case empty(after):
		return Problem{What: quoted(before) + " is left out"}
	}
	return Problem{What: fmt.Sprintf("%s and %s are left out", quoted(before), quoted(after))}
}

// callerNumbers reads several numbers with ; between them. Where only a plus begins the next one, it is read as well.
func callerNumbers(cell string) reading {
	var numbers, left []string
	for _, part := range strings.Split(cell, ";") {
		for _, one := range beforeEachPlus(part) {
			found := phone(one)
			if found.wrong.What != "" {
				return wrong(found.wrong.What, found.wrong.Instead+"; put ; between several")
			}
			if found.warning.What != "" {
				left = append(left, found.warning.What)
			}
			numbers = append(numbers, found.kept)
		}
	}
	return reading{kept: strings.Join(numbers, ";"), warning: Problem{What: strings.Join(left, ", ")}}
}

// betweenNumbers matches what people write between two numbers in place of the ;.
var betweenNumbers = regexp.MustCompile(`(?i)\s*(,|/|&|\||\bor\b|\band\b)?\s*$`)

// beforeEachPlus splits a text before each plus but the first, without what people write between two numbers.
func beforeEachPlus(text string) (parts []string) {
	for {
		first := strings.IndexByte(text, '+')
		next := strings.IndexByte(text[first+1:], '+')
		if first < 0 || next < 0 {
			return append(parts, strings.TrimSpace(text))
		}
		next += first + 1
		parts = append(parts, betweenNumbers.ReplaceAllString(text[:next], ""))
		text = text[next:]
	}
}
