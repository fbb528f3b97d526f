package policy

import (
	"slices"
	"strings"
	"unicode"
)

// What a free text has to have at least, so that it selects few calls: shorter ones find only what is called exactly so.
const (
	minNumberPrefix = 3 // characters of a customer number's beginning
	minWord         = 2 // characters of the beginning of a word of a name
	minSIDPrefix    = 6 // characters of a SID's beginning, its "CA" included
	// MinDigits is how many digits of a phone number find it.
	MinDigits = 4
)

// Text is what a person typed to find something: any of
//
//   - a customer number, or its beginning (3 characters at least);
//   - words of an account's name, in any order and case, each from its beginning (the longest has 2 characters at least);
//   - a call's SID, or its beginning (6 characters at least);
//   - a ticket number, whole;
//   - part of a phone number (4 digits at least, anything between them left out), for those who may see numbers. The zeros that stand
//     before a number at home are left out where the rest is long enough.
//
// The zero Text finds everything.
type Text struct {
	Whole  string   // without spaces around
	Words  []string // in lower case, the longest first; none: too short to find a name
	Digits []string // parts of a phone number, any of which will do; none: the text is no part of one
}

// ParseText reads what a person typed. numbers says whether the person may see phone numbers, and so may search for them.
func ParseText(typed string, numbers bool) Text {
	t := Text{Whole: strings.TrimSpace(typed)}
	t.Words = NameWords(t.Whole)
	slices.SortStableFunc(t.Words, func(a, b string) int { return len(b) - len(a) })
	if len(t.Words) > 0 && len([]rune(t.Words[0])) < minWord {
		t.Words = nil
	}
	if numbers {
		t.Digits = phoneParts(t.Whole)
	}
	return t
}

// phoneParts are the digits of a text that could be part of a phone number: as they are, and without zeros in front.
func phoneParts(text string) []string {
	digits := strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "/", "", "+", "").Replace(text)
	if len(digits) < MinDigits || strings.Trim(digits, "0123456789") != "" {
		return nil
	}
	parts := []string{digits}
	if national := strings.TrimLeft(digits, "0"); national != digits && len(national) >= MinDigits {
		parts = append(parts, national)
	}
	return parts
}

// NameWords are the words of a name, in lower case, as a Text looks for them.
func NameWords(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Empty says that nothing was typed.
func (t Text) Empty() bool { return t.Whole == "" }

// NumberPrefix says whether the text is looked for at the beginning of customer numbers, SIDPrefix the same of SIDs.
func (t Text) NumberPrefix() bool { return len(t.Whole) >= minNumberPrefix }

// SIDPrefix says whether the text is looked for at the beginning of SIDs.
func (t Text) SIDPrefix() bool { return len(t.Whole) >= minSIDPrefix }

// MatchesCall says whether the text finds a call.
func (t Text) MatchesCall(c Call) bool {
	return t.Empty() || t.matchesNumber(c.Customer) || t.MatchesName(c.Account) || t.Whole == string(c.Ticket) || t.MatchesPhone(c.From) ||
		t.Whole == string(c.SID) || (t.SIDPrefix() && strings.HasPrefix(string(c.SID), t.Whole))
}

// MatchesCustomer says whether the text finds an account: by its number, its name or one of its phone numbers.
func (t Text) MatchesCustomer(c Customer) bool {
	return t.Empty() || t.matchesNumber(c.Number) || t.MatchesName(c.Name) || slices.ContainsFunc(c.Phones(), t.MatchesPhone)
}

func (t Text) matchesNumber(n CustomerNumber) bool {
	return n != "" && (t.Whole == string(n) || (t.NumberPrefix() && strings.HasPrefix(string(n), t.Whole)))
}

// MatchesName says whether each word of the text begins a word of a name.
func (t Text) MatchesName(name string) bool {
	if len(t.Words) == 0 || name == "" {
		return false
	}
	words := NameWords(name)
	for _, typed := range t.Words {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, typed) }) {
			return false
		}
	}
	return true
}

// MatchesPhone says whether the text is part of a phone number. What is no number in E.164 is never found so.
func (t Text) MatchesPhone(p Phone) bool {
	return len(t.Digits) > 0 && p.IsNumber() && slices.ContainsFunc(t.Digits, func(part string) bool { return strings.Contains(p.Full(), part) })
}
