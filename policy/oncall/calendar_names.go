package oncall

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/officernd/supportline/policy"
)

// nameList is whom a calendar can name: people by their whole name, their name in the configuration, or their e-mail address.
type nameList struct {
	names  []wordsOf
	emails map[string]int
}

// wordsOf are the words of a name of somebody, by their place in the configuration.
type wordsOf struct {
	words  []word
	person int
}

func newNameList(people []policy.Person) nameList {
	l := nameList{emails: map[string]int{}}
	for i, p := range people {
		for _, name := range []string{p.Name, string(p.ID)} {
			if words := wordsIn(name); len(words) > 0 {
				l.names = append(l.names, wordsOf{words, i})
			}
		}
		if p.Email != "" {
			l.emails[Folded(p.Email)] = i
		}
	}
	slices.SortStableFunc(l.names, func(a, b wordsOf) int { return len(b.words) - len(a.words) }) // Ada Lovelace is not the one who is "ada"
	return l
}

// Folded returns a text without regard to case, and to how its letters are put together.
func Folded(text string) string { return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text))) }

// event returns whom an entry of a calendar names, and what is shown of it. Those who are invited count where its title names nobody: a rota is
// often shared with all of its people.
func (l nameList) event(properties []ics.IANAProperty) (people []int, text string) {
	var invited []int
	for _, p := range properties {
		switch p.IANAToken {
		case "SUMMARY":
			people, text = append(people, l.find(p.Value)...), p.Value
		case "ATTENDEE":
			if strings.EqualFold(parameter(p, "PARTSTAT"), "DECLINED") {
				continue
			}
			named := l.find(p.Value)
			if len(named) == 0 {
				named = l.find(parameter(p, "CN"))
			}
			invited = append(invited, named...)
		}
	}
	if len(people) == 0 {
		people = invited
	}
	slices.Sort(people)
	return slices.Compact(people), text
}

// word is a word of a text.
type word struct {
	text   string // Folded
	beside bool   // nothing but blanks is between it and the word before
	proper bool   // begins with a capital letter
}

// find returns whom a text names. A longer name goes before a shorter one.
func (l nameList) find(text string) (people []int) {
	words := wordsIn(text)
	for i := 0; i < len(words); i++ {
		if person, ok := l.emails[words[i].text]; ok {
			people = append(people, person)
			continue
		}
		if n := slices.IndexFunc(l.names, func(name wordsOf) bool { return name.begins(words[i:]) }); n >= 0 {
			people = append(people, l.names[n].person)
			i += len(l.names[n].words) - 1
		}
	}
	return people
}

// dutyWords may stand beside a single name without being a part of it.
var dutyWords = []string{
	"is", "on", "on-call", "oncall", "call", "duty", "shift", "primary", "secondary", "backup", "support", "week", "day", "night", "weekend", "and", "p", "s",
}

// begins reports whether words begin with a name: not where a single word is the first name of somebody else, such as "Ben Smith" for "ben".
func (n wordsOf) begins(words []word) bool {
	if len(words) < len(n.words) {
		return false
	}
	for i, w := range n.words {
		if words[i].text != w.text || i > 0 && w.beside && !words[i].beside {
			return false
		}
	}
	if len(n.words) > 1 || len(words) == 1 {
		return true
	}
	next := words[1]
	return !next.beside || !next.proper || slices.Contains(dutyWords, next.text)
}

// wordsIn returns the words of a text. An e-mail address is one word, and so is what hyphens, dots and the like hold together.
func wordsIn(text string) (words []word) {
	separate := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`,;:()[]{}<>"|/\•·–—`, r) }
	edge := func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) }
	beside := false
	for text != "" {
		i := strings.IndexFunc(text, separate)
		if i < 0 {
			i = len(text)
		}
		field := text[:i]
		if bare := strings.TrimFunc(field, edge); bare != "" {
			first, _ := utf8.DecodeRuneInString(bare)
			plain := strings.TrimSuffix(strings.TrimSuffix(Folded(bare), "'s"), "’s")
			words = append(words, word{text: plain, beside: beside && strings.HasPrefix(field, bare), proper: unicode.IsUpper(first)})
			beside = strings.HasSuffix(field, bare)
		} else if field != "" {
			beside = false // a dash between blanks
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		beside = beside && unicode.IsSpace(r)
		text = text[i+size:]
	}
	return words
}
