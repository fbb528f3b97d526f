package speech

import (
	"slices"
	"strings"
)

// run is a number that was said in one or several groups: "two oh four, five one eight".
type run struct {
	groups []group
	kind   kind
	beside bool // it corrects the number before it, or is another one: "sorry, one one"
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
		if g.kind != plain || dividesFigures(said, all, i) {
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

// alternatives sets the kind of a number that stands beside another to the same: "ticket 4711 or 4712", "ticket 4711, sorry, 4712".
func alternatives(said []token, all []run) {
	for i := 1; i < len(all); i++ {
		between := said[all[i-1].to():all[i].from()]
		if all[i].kind != plain || len(between) > 6 || !slices.ContainsFunc(between, isAlternative) {
			continue
		}
		all[i].kind, all[i].beside = all[i-1].kind, true
	}
}

func isAlternative(t token) bool { return t.text == "and" || t.text == "or" || corrections[t.text] }

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

// runOf makes a run of groups that belong together. Words that only sound like digits are one if the place wants it.
func runOf(said []token, all []group) (r run, ok bool) {
	if len(all) == 0 {
		return r, false
	}
	r.groups, r.kind = all, nounOf(said, all[0].from, all[len(all)-1].to)
	if !slices.ContainsFunc(all, func(g group) bool { return !g.weak }) {
		return r, wantsDigit(said, r)
	}
	if all[0].weak {
		all[0].leading(said, all[1])
	}
	previous := at(said, all[0].from-1)
	if one := &all[0]; isOne(said, *one) && len(all) > 1 && (pointers[previous] || !introduced(previous)) {
		one.readings, one.doubt = []string{"1", ""}, true
	}
	for i := len(all) - 1; i > 0 && all[i].weak; i-- {
		if all[i].trailing(said, all[i-1]); all[i].readings[0] != "" {
			break // what stands before a digit is one
		}
	}
	return r, true
}

// wantsDigit reports whether words that only sound like digits are digits where they stand: at the end, as the whole answer or after "option",
// "number" or "sev".
func wantsDigit(said []token, r run) bool {
	previous := at(said, r.from()-1)
	direct := (r.kind == severity || r.kind == key) && nouns[previous] == r.kind
	return ends(said, r.to()) && (previous == "" || direct || previous == "number")
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
	d, previous, word := g.readings[0], at(said, g.from-1), said[g.from].text
	afterPause := g.from > 0 && said[g.from].pauses()
	switch {
	case !introduced(previous) && !afterPause:
		g.readings, g.dropped = []string{""}, !isLong(next) // "waiting for seven one one"
	case !isPreposition(word) && !isSigh(word):
	case isLong(next) || said[next.from].pauses():
		g.readings = []string{"", d} // "for 4711", "oh, 4711"
	default:
		g.readings = []string{d, ""}
		named := previous == "number" || nouns[previous] != plain
		sighs := isSigh(word) && (previous == "" || afterPause)
		g.doubt = sighs || (isPreposition(word) && previous != "" && !named) // "it's for seven one one"
	}
}

func isSigh(word string) bool { return slices.Contains([]string{"oh", "o", "owe"}, word) }

// trailing decides what a word is that sounds like a digit and stands after a number.
func (g *group) trailing(said []token, previous group) {
	d, word := g.readings[0], said[g.from].text
	switch {
	case !isPreposition(word) && !isSigh(word):
	case !ends(said, g.to):
		g.readings = []string{"", d} // "4711 for Northwind"
		if isPreposition(word) {
			g.readings = []string{""}
		}
	case isPreposition(word) && isLong(previous):
		g.readings, g.doubt = []string{d, ""}, true
	}
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
