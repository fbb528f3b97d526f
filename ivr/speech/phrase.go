package speech

import (
	"slices"
	"strconv"
	"strings"
)

// stem is a word as phrases are compared: without its ending, and a number as its figure.
type stem struct {
	text   string
	pauses bool
}

// quiet are the words that change no meaning: "it's really not working".
var quiet = words("actually really currently even just simply literally basically honestly quite uh um er erm please")

func (u Utterance) stems() []stem {
	found := make([]stem, 0, len(u.said))
	pauses := false
	for i, t := range u.said {
		pauses = pauses || t.pauses()
		if quiet[t.text] {
			continue
		}
		found = append(found, stem{u.figure(i), pauses})
		pauses = false
	}
	return found
}

// figure returns a word as it is compared: "sev one" and "sev won" are "sev", "1". The digits of a long number are no words of a phrase.
func (u Utterance) figure(i int) string {
	for _, r := range u.runs {
		if i < r.from() || i >= r.to() {
			continue
		}
		if len(r.said()) > 2 {
			return "#"
		}
		if r.to() == r.from()+1 && (r.kind == severity || r.kind == key) {
			return r.said()
		}
	}
	word := u.said[i].text
	if n := small[word]; n > 0 {
		return strconv.Itoa(n)
	}
	return root(word)
}

// Match is where a phrase was heard: the number of its words, 0 if it was not, and the part of the utterance that it spans.
type Match struct{ Words, from, to int }

// Phrase holds words that a caller may say, read once.
type Phrase struct {
	parts [][]stem // between them any words may stand
	small bool     // nothing but small words, such as "it is"
}

// ParsePhrase reads a phrase. "..." in it stands for any words between.
func ParsePhrase(text string) (p Phrase) {
	p.small = true
	for part := range strings.SplitSeq(text, "...") {
		if stems := Read(part).stem; len(stems) > 0 {
			p.parts = append(p.parts, stems)
			p.small = p.small && !slices.ContainsFunc(stems, func(s stem) bool { return !smallWords[s.text] })
		}
	}
	return p
}

// Match returns where a phrase was heard: all of its words in order, outside of another match. Words are the same in all their forms: "questions"
// is "question", "doesn't" is "does not". What is denied was not said: "it isn't down" does not hold "down". A phrase of small words alone must be
// the whole answer.
func (u Utterance) Match(p Phrase, outside Match) (m Match) {
	for _, part := range p.parts {
		i := u.find(part, m.to, outside)
		if i < 0 {
			return Match{}
		}
		if m.Words == 0 {
			m.from = i
		}
		m.to = i + len(part)
		m.Words += len(part)
	}
	if p.small && m.Words > 0 && !u.isOnly(m) {
		return Match{}
	}
	return m
}

// find returns where words occur side by side and undenied, at a place or after it and outside of a match, and -1 if they don't.
func (u Utterance) find(wanted []stem, from int, outside Match) int {
	for i := from; i+len(wanted) <= len(u.stem); i++ {
		within := i >= outside.from && i+len(wanted) <= outside.to
		if !within && !u.denied(from, i) && slices.EqualFunc(u.stem[i:i+len(wanted)], wanted, func(a, b stem) bool { return a.text == b.text }) {
			return i
		}
	}
	return -1
}

var (
	deniers = roots("not never without nothing")
	// light words stand between a denial and what it denies: "it is not that it is down".
	light = roots("a an the that this it is are was be been being so very completely entirely fully totally all quite yet as my our any need want to exactly " +
		"necessarily think believe say saying said mean anything like")
	thinking = roots("think believe say mean")
)

func roots(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[root(word)] = true
	}
	return set
}

// denied reports whether the words that begin at a place are denied: by a "no" before them, or by a "not" that only light words divide from them.
// Words before from belong to the same phrase, and deny nothing of it: "nothing ... working".
func (u Utterance) denied(from, i int) bool {
	if u.undenied {
		return false
	}
	if i > from && u.stem[i-1].text == "no" && !u.stem[i].pauses {
		return true
	}
	for ; i > from && !u.stem[i].pauses; i-- {
		before := u.stem[i-1].text
		switch {
		case deniers[before]:
			return true
		case light[before]:
		case slices.Contains([]string{"we", "i", "they"}, before) && i > 1 && thinking[u.stem[i-2].text]:
		default:
			return false
		}
	}
	return false
}

// smallWords stand in any sentence, and say something alone: "okay" is a yes, "okay, let me look" is none.
var smallWords = roots("what it is the that this 1 one a am i do does did was be you we of would ok okay right sure fine correct true perfect exactly")

// isOnly reports whether nothing was said outside of a match but a yes, a hello or a thank you.
func (u Utterance) isOnly(m Match) bool {
	for i, s := range u.stem {
		if (i < m.from || i >= m.to) && !politeRoots[s.text] {
			return false
		}
	}
	return true
}

var politeRoots = roots("please thanks thank you yes yeah yep ok okay hi hello well oh ah then thing cheers")

// denials are the words that make an answer a no, wherever they stand.
var denials = words("no nope nah nay not never neither wrong incorrect negative nobody none")

// Denies reports whether an answer holds a denial: "no, of course not", "please do not", "I don't think that's right".
func (u Utterance) Denies() bool {
	return slices.ContainsFunc(u.said, func(t token) bool { return denials[t.text] })
}

// irregular words have a root that no rule finds, or none but themselves.
var irregular = map[string]string{
	"went": "go", "goes": "go", "gone": "go", "going": "go", "broke": "break", "broken": "break", "froze": "freeze", "frozen": "freeze",
	"got": "get", "getting": "get", "gotten": "get", "does": "do", "did": "do", "done": "do", "doing": "do", "has": "have", "had": "have", "having": "have",
	"using": "use", "used": "use", "uses": "use", "lose": "lost", "losing": "lost", "forgotten": "forgot", "forget": "forgot", "worse": "worse",
	"worsening": "worse",
	"couldve":   "could", "paid": "pay", "paying": "pay", "trainings": "training", "spoke": "speak", "spoken": "speak",
	"wrote": "writ", "written": "writ", "note": "note", "notes": "note", "noted": "note", "noting": "note", // "not" is another word
	"news": "news", "status": "status", "training": "training", "building": "building", "nothing": "nothing", "something": "something", "anything": "anything",
	"everything": "everything", "this": "this", "is": "is", "was": "was", "yes": "yes", "always": "always", "during": "during", "morning": "morning",
	// What was done is not what is to be done.
	"raised": "raised", "opened": "opened", "logged": "logged", "submitted": "submitted", "reported": "reported", "missed": "missed",
	"statuses": "status", "people": "person", "persons": "person",
	"folks": "folks", "someone": "somebody", "anyone": "anybody", "everyone": "everybody",
}

// product are the names that callers give to what is supported.
var product = words("system systems app apps application applications site sites website websites portal software dashboard programme program tool " +
	"server servers")

// root returns a word without its ending, so that its forms are the same: "crashes", "crashed" and "crashing" are "crash".
func root(word string) string {
	if r := irregular[word]; r != "" {
		return r
	}
	if product[word] {
		return "platform"
	}
	for _, ending := range []struct {
		from, to string
		least    int // letters that must remain
	}{{"ies", "y", 2}, {"ied", "y", 2}, {"ing", "", 3}, {"eed", "eed", 1}, {"ed", "", 3}, {"ss", "ss", 1}, {"us", "us", 1}, {"s", "", 3}} {
		head, ok := strings.CutSuffix(word, ending.from)
		if !ok || len(head) < ending.least {
			continue
		}
		if word = head + ending.to; ending.from == "ing" || ending.from == "ed" {
			word = undoubled(word)
		}
		break
	}
	if len(word) > 3 {
		word = strings.TrimSuffix(word, "e")
	}
	return word
}

// undoubled returns a root without the letter that an ending doubled: "stopped" is "stop". "Crash" and "fail" stay, as do "ss" and "ll".
func undoubled(word string) string {
	if n := len(word); n > 3 && word[n-1] == word[n-2] && !strings.ContainsRune("sl", rune(word[n-1])) {
		return word[:n-1]
	}
	return word
}
