package speech

import (
	"slices"
	"strings"
)

// kind names what a number belongs to, by the words around it.
type kind int

const (
	plain    kind = iota // nothing says what it is
	ticket               // "case 4711", "4711 is the ticket"
	customer             // "my customer number is 204518"
	severity             // "sev one"
	key                  // "press two"
	foreign              // no number that is asked for: a date, a time, a quantity, a phone number
	pronoun              // the "one" of "the one from yesterday"
)

// nouns are the words that say of which kind the number after them is.
var nouns = nounKinds()

func nounKinds() map[string]kind {
	kinds := map[string]kind{}
	for k, words := range map[kind]string{
		ticket:   "ticket tickets case cases incident reference ref request issue",
		customer: "customer account client membership",
		severity: "sev severity priority prio p level",
		key:      "option options press pressing key button choice choose select dial hit push pick",
		foreign: "phone mobile cell landline extension error code version building floor room office location site desk windows invoice order step page line " +
			"microsoft http contract street unit wing gate postcode zip pin iphone ios android zone terminal suite password passcode birthday birth date",
	} {
		for word := range strings.FieldsSeq(words) {
			kinds[word] = k
		}
	}
	return kinds
}

// The words around numbers.
var (
	// fillers stand within a number, links between a noun and its number, and determiners between a "not" and a noun.
	fillers     = words("uh um er erm ah hmm mm mhm hm dash hyphen space then comma")
	links       = words("number numbers no nr num id is it was are be being the a an with called reads says that my our which uh um er erm ah hmm then")
	determiners = words("the a an my our this that number no id")
	polite      = words("please thanks thank cheers ok okay yes yeah sir madam mate uh um er erm sorry")
	months      = words("january february march april may june july august september october november december jan feb mar apr jun jul aug sept sep oct nov dec")
	days        = words("monday tuesday wednesday thursday friday saturday sunday")
	// measures follow what is counted, as do other words in the plural.
	measures = words("moment moments second sec minute min minutes hour hours day week month year people persons person percent times time am pm a.m p.m oclock " +
		"of more a per pound dollar euro men women children thing quid grand k per degrees th colleague user member")
	// notCounted are the words with an s at their end of which there are not several.
	notCounted = words("is was has this thanks yes its his hers us as always does perhaps ours theirs yours plus across minus less sometimes regards cheers was others")
	// pointers stand before "one" where it stands for something: "the one from yesterday", "I don't have one".
	pointers = words("the this that which any another every each have has had got get getting need want wants find given gave give a my your new old last other " +
		"same right wrong first only not nobody good me you him her them raised opened without see seen remember received make made send sent")
	corrections = words("no sorry mean meant correction wait rather actually oops")
)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// goesOn reports whether a group belongs to a foreign number before it: "not four seven one one", "on May 3, 2026".
func goesOn(said []token, last, g group) bool {
	if last.kind != foreign || g.from != last.to {
		return false
	}
	return !said[g.from].pauses() || isYear(g.readings[0])
}

// aside returns what a group is if it is no number that is asked for: a date, a time, a quantity, denied ("not 4711"), a part, or a pronoun.
func aside(said []token, g group) kind {
	if g.weak {
		return plain
	}
	previous, first := at(said, g.from-1), said[g.from]
	switch {
	case isAbroad(said, g.from), strings.ContainsAny(first.before, "$£€/"), g.to < len(said) && isSplit(said[g.to]), isSplit(first):
		return foreign
	case isOne(said, g) && pointers[previous] && !first.pauses() && !beginsNumber(said, g.to):
		return pronoun
	case isDenied(said, g.from), isPart(said, g.from-1):
		return foreign
	case isMeasure(said, g):
		return foreign
	case isDate(said, g):
		return foreign
	}
	return plain
}

func isOne(said []token, g group) bool { return said[g.from].text == "one" && g.to == g.from+1 }

// beginsNumber reports whether the digits of a number are said one by one from a place on: "raised one two three", not "the one 204518".
func beginsNumber(said []token, i int) bool {
	return i < len(said) && !said[i].pauses() && isDigitWord(said[i].text) && !(said[i].isFigure() && len(said[i].text) > 1)
}

// isDenied reports whether a number is said not to be the one: "not ticket number 4711".
func isDenied(said []token, i int) bool {
	for ; i > 0 && !said[i].pauses(); i-- {
		switch word := said[i-1].text; {
		case word == "not":
			return true
		case nouns[word] == plain && !determiners[word]:
			return false
		}
	}
	return false
}

// isPart reports whether only a part of a number follows: "ending in 47", "the last four digits are".
func isPart(said []token, i int) bool {
	for ; i >= 0 && (links[said[i].text] || at(said, i) == "in"); i-- {
	}
	switch root(at(said, i)) {
	case "end", "start", "begin", "digit", "figur":
		return root(at(said, i)) != "digit" || slices.ContainsFunc(said[:i], func(t token) bool { return t.text == "last" || t.text == "first" })
	}
	return false
}

// isAbroad reports whether a figure belongs to a phone number with a plus: "+44 7946 000001".
func isAbroad(said []token, i int) bool {
	for ; i >= 0 && said[i].isFigure(); i-- {
		if strings.Contains(said[i].before, "+") {
			return true
		}
	}
	return false
}

// isSplit reports whether a token is the later part of a time or a date: "10:30", "3/5".
func isSplit(t token) bool { return t.isFigure() && (t.before == ":" || t.before == "/") }

// isMeasure reports whether a group counts what follows: "20 minutes", "two people", "one moment".
func isMeasure(said []token, g group) bool {
	if g.to >= len(said) || said[g.to].pauses() {
		return false
	}
	next := said[g.to].text
	counts := strings.HasSuffix(next, "s") && !notCounted[next] && alike[next] == "" && !isDigitWord(next) && len(next) > 3 && nouns[next] != severity && len(g.readings[0]) < 4
	return measures[next] || counts
}

// isDate reports whether a group is a day, a year or an hour: "May 3", "since 9", "in 2024".
func isDate(said []token, g group) bool {
	digits, previous, next := g.readings[0], at(said, g.from-1), at(said, g.to)
	if said[g.from].pauses() {
		previous = ""
	}
	if g.to < len(said) && said[g.to].pauses() {
		next = ""
	}
	switch {
	case months[previous], months[next], days[previous]:
		return len(digits) <= 2 || isYear(digits)
	case slices.Contains([]string{"at", "since", "until", "till", "past", "by", "around"}, previous):
		return len(digits) <= 2 || (isYear(digits) && previous != "at")
	}
	return isYear(digits) && (previous == "in" || previous == "year")
}

func isYear(digits string) bool {
	return len(digits) == 4 && (strings.HasPrefix(digits, "19") || strings.HasPrefix(digits, "20"))
}

// nounOf returns the kind of the number between two places: by the noun before it, or by the one after "is".
func nounOf(said []token, from, to int) kind {
	for i := from - 1; i >= 0; i-- {
		word := said[i].text
		if k := nouns[word]; k != plain {
			return k
		}
		if !links[word] {
			break
		}
	}
	if next := at(said, to); next != "is" && next != "as" && next != "was" {
		return plain
	}
	for i := to + 1; i < len(said) && i < to+4; i++ {
		if k := nouns[said[i].text]; k == ticket || k == customer || k == foreign {
			return k
		}
	}
	return plain
}
