package phone

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A pattern describes how a statement is written: small letters stand for themselves, capitals for a value of a kind, and the end in brackets is
// optional. The patterns are the grammar, the error messages and the help at once.

// word is one word of a line. The quotes of a text are removed.
type word struct {
	text   string
	quoted bool
	at     int // where it begins in the line
}

// kinds holds the kinds of values that a pattern can have: the description of each in errors, and whether a word is one.
var kinds = map[string]struct {
	what string
	ok   func(word) bool
}{
	"TIME":     {"a time such as 2026-11-24T10:00 or 2026-11-24T10:00:30", func(w word) bool { _, err := parseTime(w.text, time.UTC); return err == nil }},
	"ZONE":     {"a time zone such as Europe/London", func(w word) bool { _, err := time.LoadLocation(w.text); return err == nil }},
	"DURATION": {"a duration such as 5s, 3m or 1m30s", func(w word) bool { d, err := time.ParseDuration(w.text); return err == nil && d >= 0 }},
	"KEY:":     {"a key of the configuration with a colon, such as identification.caller_id:", func(w word) bool { return keyPath.MatchString(w.text) }},
	"ADDRESS":  {"a number such as +15550100001, a sip: or tel: address, anonymous or nobody", func(w word) bool { return address.MatchString(w.text) }},
	"NUMBER":   {"a number such as +448000668187", func(w word) bool { return number.MatchString(w.text) }},
	"CUSTOMER": {"a customer number such as 204518", func(w word) bool { return customer.MatchString(w.text) }},
	"KEYS":     {"keys: 0 to 9, * and #", func(w word) bool { return keys(w.text) }},
	"TEXT":     {`a text in double quotes, such as "customer number"`, func(w word) bool { return w.quoted }},
	"HOW":      {"one of once, lost, twice, late, reordered", func(w word) bool { _, ok := deliveries[w.text]; return ok }},
	"VERSTAT":  {"the carrier's word, such as TN-Validation-Passed-B", func(w word) bool { return verstat.MatchString(w.text) }},
	"FIELD": {"a field of the call log: " + strings.Join(fields(), ", "), func(w word) bool {
		return slices.Contains(fields(), w.text)
	}},
	"PERSON": {"a name of specialists, such as ada, or a number such as +15550100001", func(w word) bool { return person.MatchString(w.text) }},
	"NAME":   {"a field of the follow-up, such as state, owner or result", func(w word) bool { return jsonName.MatchString(w.text) }},
	"RULE":   {"the name of a rule, such as hours.week", func(w word) bool { return rule.MatchString(w.text) }},
	"REST":   {"a value", func(word) bool { return true }},
}

var (
	keyPath  = regexp.MustCompile(`^[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*:$`)
	address  = regexp.MustCompile(`^(\+\d{3,15}|\d{1,15}|(sips?|tel|client):\S+|(?i:anonymous|blocked|private|restricted|unavailable|unknown|withheld)|nobody)$`)
	number   = regexp.MustCompile(`^\+\d{3,15}$`)
	customer = regexp.MustCompile(`^\d+$`)
	verstat  = regexp.MustCompile(`^(TN-Validation-[A-Za-z-]+|No-TN-Validation)$`)
	person   = regexp.MustCompile(`^([a-z0-9][a-z0-9_-]*|\+\d{3,15})$`)
	jsonName = regexp.MustCompile(`^[a-z_]+$`)
	rule     = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$`)
)

// split splits a line into words. A comment is a # at the start of the line or one with spaces on both sides, so that a # can be a key.
func split(line string) ([]word, error) {
	var words []word
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == ' ' || c == '\t':
			i++
		case c == '#' && (len(words) == 0 || strings.HasPrefix(line[i:], "# ")):
			return words, nil
		case c == '"':
			n := strings.IndexByte(line[i+1:], '"')
			if n < 0 {
				return nil, fmt.Errorf("a text is not closed: write a double quote at its end")
			}
			words = append(words, word{line[i+1 : i+1+n], true, i})
			i += n + 2
		default:
			n := strings.IndexAny(line[i:], " \t")
			if n < 0 {
				n = len(line) - i
			}
			words = append(words, word{line[i : i+n], false, i})
			i += n
		}
	}
	return words, nil
}

// match reads words by a pattern. values are those of the pattern's kinds, in order. far is the number of words that matched, and err is why the
// next did not.
func match(pattern, line string, words []word) (values []string, far int, err error) {
	optional := false
	for _, want := range strings.Fields(pattern) {
		optional = optional || strings.HasPrefix(want, "[")
		want = strings.Trim(want, "[]")
		if far == len(words) {
			if optional && strings.Contains(pattern, "["+want) {
				return values, far, nil
			}
			return nil, far, fmt.Errorf("%s is missing at the end", describe(want))
		}
		w := words[far]
		if want == "REST" {
			return append(values, rest(line, w)), len(words), nil
		}
		kind, isKind := kinds[want]
		switch {
		case isKind && kind.ok(w):
			values = append(values, w.text)
		case isKind:
			return nil, far, fmt.Errorf("%q is not %s", w.text, kind.what)
		case w.text != want || w.quoted:
			return nil, far, fmt.Errorf("%q is not expected here", w.text)
		}
		far++
	}
	if far < len(words) {
		return nil, far, fmt.Errorf("%q is too much", words[far].text)
	}
	return values, far, nil
}

// rest returns the line from a word on, without quotes around it and without a comment after it.
func rest(line string, from word) string {
	if from.quoted {
		return from.text
	}
	text, _, _ := strings.Cut(line[from.at:], " # ")
	return strings.TrimSpace(text)
}

func describe(want string) string {
	if kind, ok := kinds[want]; ok {
		return kind.what
	}
	return fmt.Sprintf("%q", want)
}

func parseTime(s string, zone *time.Location) (time.Time, error) {
	if t, err := time.ParseInLocation("2006-01-02T15:04:05", s, zone); err == nil {
		return t, nil
	}
	return time.ParseInLocation("2006-01-02T15:04", s, zone)
}
