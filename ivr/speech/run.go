package speech

import (
	"slices"
	"strings"
)

// kind is what a number is a number of, by the words around it.
type kind int

const (
	plain    kind = iota // nothing says what it is
	ticket               // "case 4711", "4711 is the ticket"
	customer             // "my customer number is 204518"
	severity             // "sev one"
	key                  // "press two"
	foreign              // no number that is asked for: a date, a time, a quantity, a phone number, a pronoun
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
			"microsoft http contract street unit wing gate postcode zip pin iphone ios android zone terminal suite password passcode",
	} {
		for word := range strings.FieldsSeq(words) {
			kinds[word] = k
		}
	}
	return kinds
}

// words that stand between other words without changing what they mean.
var (
	fillers = words("uh um er erm ah hmm mm mhm hm dash hyphen space then comma")
	links   = words("number numbers no nr num id is it was are be being the a an with called reads says that my our which uh um er erm ah hmm then")
	polite  = words("please thanks thank cheers ok okay yes yeah sir madam mate uh um er erm sorry")
	months  = words("january february march april may june july august september october november december jan feb mar apr jun jul aug sept sep oct nov dec")
	days    = words("monday tuesday wednesday thursday friday saturday sunday")
	// measures follow what is counted, as do other words in the plural.
	measures = words("moment moments second sec minute min minutes hour hours day week month year people persons person percent times time am pm a.m p.m oclock " +
		"of more a per pound dollar euro men women children thing quid grand k per degrees th colleague user member")
	// counted are the words with an s at their end that count nothing.
	notCounted = words("is was has this thanks yes its his hers us as always does perhaps ours theirs yours plus across minus less sometimes regards cheers was others")
	// pointers stand before "one" where it stands for something: "the one from yesterday", "I don't have one".
	pointers = words("the this that which any another every each have has had got get getting need want wants find given gave give a my your new old last other " +
		"same right wrong first only not nobody good me you him her them raised opened without see seen remember received make made send sent")
	corrections = words("sorry mean meant correction wait rather actually oops")
)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// run is a number that was said in one or several groups: "two oh four, five one eight".
type run struct {
	groups []group
	kind   kind
}

func (r run) from() int { return r.groups[0].from }
func (r run) to() int   { return r.groups[len(r.groups)-1].to }

// runs puts the groups of an utterance together, and leaves out those that are numbers of nothing.
func runs(said []token) (found []run) {
	var open []group
	done := func() {
		if r, ok := runOf(said, open); ok {
			found = append(found, r)
		}
		open = nil
	}
	all, last := groups(said), group{}
	for i, g := range all {
		if g.kind = aside(said, g); goesOn(said, last, g) {
			g.kind = foreign
		}
		last = g
		if g.kind == foreign || dividesFigures(said, all, i) {
			done()
			continue
		}
		if len(open) > 0 && !joins(said, open[len(open)-1], g) {
			done()
		}
		open = append(open, g)
	}
	done()
	alternatives(said, found)
	return found
}

// goesOn reports whether a group belongs to a foreign number before it: "not four seven one one", "on May 3, 2026". A pronoun is no number.
func goesOn(said []token, last, g group) bool {
	if last.kind != foreign || g.from != last.to || said[last.from].text == "one" {
		return false
	}
	return !said[g.from].pauses() || isYear(g.readings[0])
}

// alternatives gives a number that stands beside another the same kind: "ticket 4711 or 4712", "press one or two".
func alternatives(said []token, all []run) {
	for i := 1; i < len(all); i++ {
		between := said[all[i-1].to():all[i].from()]
		if all[i].kind == plain && len(between) < 4 && slices.ContainsFunc(between, func(t token) bool { return t.text == "and" || t.text == "or" }) {
			all[i].kind = all[i-1].kind
		}
	}
}

// joins reports whether only pauses and fillers stand between two groups.
func joins(said []token, a, b group) bool {
	for i := a.to; i < b.from; i++ {
		letter := len(said[i].text) == 1 && said[i].before == "" && said[i+1].before == "" // "204C518"
		if !fillers[said[i].text] && !letter {
			return false
		}
	}
	return true
}

// dividesFigures reports whether a "to" or "for" stands between two long figures: "from 4711 to 4712".
func dividesFigures(said []token, all []group, i int) bool {
	if i == 0 || i+1 == len(all) || !all[i].weak || !isPreposition(said[all[i].from].text) {
		return false
	}
	return isLong(all[i-1]) && isLong(all[i+1])
}

func isLong(g group) bool { return len(g.readings[0]) > 2 }

func isPreposition(word string) bool {
	return slices.Contains([]string{"to", "too", "for", "fore"}, word)
}

// aside returns foreign for a group that is a date, a time, a quantity or a pronoun, and for one that is denied ("not 4711").
func aside(said []token, g group) kind {
	if g.weak {
		return plain
	}
	previous, next, first := at(said, g.from-1), at(said, g.to), said[g.from]
	switch {
	case isAbroad(said, g.from), strings.ContainsAny(first.before, "$£€/"), g.to < len(said) && isSplit(said[g.to]), isSplit(first):
		return foreign
	case first.text == "one" && g.to == g.from+1 && pointers[previous] && !first.pauses():
		return foreign
	case previous == "not", isPart(said, g.from-1):
		return foreign
	case isMeasure(said, g):
		return foreign
	case isDate(g.readings[0], previous, next):
		return foreign
	}
	return plain
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
	counts := strings.HasSuffix(next, "s") && !notCounted[next] && len(next) > 3 && nouns[next] != severity && len(g.readings[0]) < 4
	return measures[next] || counts
}

func isDate(digits, previous, next string) bool {
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

// runOf makes a run of groups that belong together. Words that only sound like digits are one if the place wants it.
func runOf(said []token, all []group) (r run, ok bool) {
	if len(all) == 0 {
		return r, false
	}
	r.groups, r.kind = all, nounOf(said, all[0].from, all[len(all)-1].to)
	if !slices.ContainsFunc(all, func(g group) bool { return !g.weak }) {
		return r, ends(said, r.to()) && (r.from() == 0 || ((r.kind == severity || r.kind == key) && nouns[at(said, r.from()-1)] == r.kind) || at(said, r.from()-1) == "number")
	}
	if all[0].weak {
		all[0].leading(said, all[1])
	}
	if one := &all[0]; said[one.from].text == "one" && one.to == one.from+1 && len(all) > 1 && !introduced(at(said, one.from-1)) {
		one.readings, one.doubt = []string{"1", ""}, true
	}
	for i := len(all) - 1; i > 0 && all[i].weak; i-- {
		all[i].trailing(said, all[len(all)-1].to, all[i-1])
	}
	return r, true
}

// ends reports whether an utterance ends at a place, or goes on after a pause or with a thank you.
func ends(said []token, i int) bool {
	return i >= len(said) || said[i].pauses() || polite[said[i].text]
}

// introduced reports whether a number is expected after a word; "" is the beginning.
func introduced(previous string) bool {
	return previous == "" || nouns[previous] != plain || links[previous] || polite[previous]
}

// leading decides what a word is that sounds like a digit and stands before a number: "for 4711", "oh two four".
func (g *group) leading(said []token, next group) {
	d, previous := g.readings[0], at(said, g.from-1)
	switch word := said[g.from].text; {
	case !introduced(previous):
		g.readings = []string{""} // "waiting for 4711"
	case isPreposition(word) || (isSigh(word) && previous == ""):
		if g.readings = []string{d, ""}; isLong(next) || said[next.from].pauses() {
			g.readings = []string{"", d}
		} else if isSigh(word) || (previous != "" && nouns[previous] == plain && previous != "number") {
			g.doubt = true // "it's for seven one one"
		}
	}
}

func isSigh(word string) bool { return slices.Contains([]string{"oh", "o", "owe"}, word) }

// trailing decides what a word is that sounds like a digit and stands after a number that ends at to.
func (g *group) trailing(said []token, to int, previous group) {
	d, word := g.readings[0], said[g.from].text
	switch {
	case !isPreposition(word) && !isSigh(word):
	case !ends(said, to):
		g.readings = []string{"", d} // "4711 for Northwind"
		if isPreposition(word) {
			g.readings = []string{""}
		}
	case isPreposition(word) && isLong(previous):
		g.readings, g.doubt = []string{d, ""}, true
	}
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

// maxReadings bounds in how many ways a number is read. Whoever says more is asked again.
const maxReadings = 64

// readings returns what a run may stand for, each once: the likely readings, or all.
func (r run) readings(all bool) []string {
	found := []string{""}
	for _, g := range r.groups {
		ways := g.readings
		if !all && !g.doubt {
			ways = ways[:1]
		}
		if len(found)*len(ways) > maxReadings {
			return nil
		}
		var longer []string
		for _, head := range found {
			for _, way := range ways {
				longer = append(longer, head+way)
			}
		}
		found = longer
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// said returns the likeliest reading of a run. A number of four or more figures that is said twice counts once; shorter ones are its parts.
func (r run) said() string {
	var digits strings.Builder
	same := len(r.groups) > 1
	for _, g := range r.groups {
		digits.WriteString(g.readings[0])
		same = same && len(g.readings[0]) > 3 && g.readings[0] == r.groups[0].readings[0]
	}
	if same {
		return r.groups[0].readings[0]
	}
	return digits.String()
}
