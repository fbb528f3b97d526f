package ivr

import (
	"slices"
	"strings"
	"sync"

	"github.com/officernd/supportline/ivr/speech"
	"github.com/officernd/supportline/policy"
)

// inDoubt orders the intents that fit equally well. A caller who wants a severity raised names it; else the more urgent one is the safer mistake.
var inDoubt = []policy.Intent{
	policy.RaiseSeverity, policy.Critical, policy.Restricted, policy.TicketStatus, policy.Question,
}

// spokenWords are the short answers that are understood, those first that win where two fit equally well.
var spokenWords = []Word{WordTraining, WordPerson, WordLost, WordNo, WordYes, WordRepeat}

// Meaning holds what an utterance means at a step of a call. Whatever it does not hold, or holds in doubt, is empty.
type Meaning struct {
	Number string // digits of a customer number; of another length than asked for if no other number was said
	Ticket string // digits of a ticket number
	Key    string // the one key that was named
	Intent policy.Intent
	Word   Word
}

// Meaning returns what a caller said at a step, in the language of the line. digits is the length of a customer number.
func (w Words) Meaning(language, step, said string, digits int) Meaning {
	t, u := w.tongue(language), speech.Read(said)
	word, where := t.word(u)
	m := Meaning{Number: u.Number(digits), Ticket: u.Ticket(), Key: u.Key(), Word: word, Intent: t.intent(u)}
	switch {
	case step == stepTicket:
		if u.HasNumber() {
			m.Word = WordNone // "I don't have it here, wait: 4711", "4711 and another one, 4712"
		}
	case step == stepNumber || step == stepKnown:
		m.identifies(step, digits)
		if word == WordLost && t.longest(u, "hear-critical", where).Words == 0 {
			m.Intent = "" // "nobody can find it"
		}
	case m.Intent == "" && !slices.Contains([]Word{WordTraining, WordPerson, WordRepeat}, word):
		m.Intent = t.trouble(u)
	case m.Intent == policy.Question && word == WordTraining && where.Words > 1:
		m.Intent = "" // "how do I book a training session"
	}
	if m.Intent == policy.Critical && t.longest(u, "hear-over", speech.Match{}).Words > 0 {
		m.Intent = "" // "it was down, but it's up again"
	}
	if m.Word == WordYes && t.longest(u, "hear-wait", speech.Match{}).Words > 0 {
		m.Word = WordNone // "yes, hang on, let me find the number"
	}
	return m
}

// identifies settles what an answer means where a number, or a yes to the account of the caller's phone, was asked for: a whole number wins over an
// excuse around it, and a key is the answer that the prompt names.
func (m *Meaning) identifies(step string, digits int) {
	switch whole := len(m.Number) == digits; {
	case whole && m.Word != WordNo:
		m.Word = WordNone
	case step == stepNumber || m.Word == WordNo:
	case m.Key == "*":
		m.Word = WordYes
	case m.Key == "2":
		m.Word = WordNo
	}
}

// Hints returns the words that callers are likely to say, for the provider's speech recognition: a list with commas.
func (w Words) Hints(language string) string {
	return strings.Join(entries(w.tongue(language)["hints"]), ", ")
}

// intent returns the reason whose longest phrase was heard. What makes a call more urgent wins over longer phrases, unless it is a part of them:
// "we can't invoice and everything is down" is critical, "any update on my sev one ticket" is not.
func (t tongue) intent(u speech.Utterance) policy.Intent {
	found, longest, aside := policy.Intent(""), speech.Match{}, t.longest(u, "hear-aside", speech.Match{}) // "I wrote it down"
	for _, i := range inDoubt {
		if m := t.longest(u, "hear-"+string(i), aside); m.Words > longest.Words {
			found, longest = i, m
		}
	}
	for _, urgent := range moreUrgent[found] {
		id := "hear-" + string(urgent)
		if t.longest(u, id, longest).Words > 0 && t.longest(u, id, aside).Words > 0 {
			return urgent
		}
	}
	return found
}

// trouble returns the reason of a caller who names none, but something that is wrong: it is critical if they say that it is urgent, or that it is
// everything, else restricted. "It isn't down", or "it's not urgent", and nothing else, is restricted too.
func (t tongue) trouble(u speech.Utterance) policy.Intent {
	heard := func(u speech.Utterance, id string) bool { return t.longest(u, id, speech.Match{}).Words > 0 }
	wrong := heard(u, "hear-trouble")
	switch {
	case heard(u, "hear-urgent"), wrong && heard(u, "hear-everything"):
		return policy.Critical
	case wrong, heard(u, "hear-mild"), !heard(u, "hear-aside") && heard(u.Undenied(), "hear-critical"):
		return policy.Restricted
	}
	return ""
}

// moreUrgent are the reasons that win over one beside which they are heard, the first one first.
var moreUrgent = map[policy.Intent][]policy.Intent{
	policy.Restricted:   {policy.Critical},
	policy.TicketStatus: {policy.Critical, policy.RaiseSeverity},
	policy.Question:     {policy.Critical},
}

// word returns the short answer whose longest phrase was heard, and where. A denial anywhere makes a yes a no.
func (t tongue) word(u speech.Utterance) (word Word, where speech.Match) {
	for _, one := range spokenWords {
		if m := t.longest(u, "hear-"+string(one), speech.Match{}); m.Words > where.Words {
			word, where = one, m
		}
	}
	if (word == WordYes || word == WordNone) && u.Denies() {
		return WordNo, where
	}
	return word, where
}

// longest returns the longest phrase of a list that was heard, outside of another match.
func (t tongue) longest(u speech.Utterance, id string, outside speech.Match) (longest speech.Match) {
	for _, phrase := range phrases(t[id]) {
		if m := u.Match(phrase, outside); m.Words > longest.Words {
			longest = m
		}
	}
	return longest
}

// readPhrases holds the phrases of each list by its text, which is read once for each version of a file of words.
var readPhrases sync.Map

func phrases(list string) []speech.Phrase {
	if known, ok := readPhrases.Load(list); ok {
		return known.([]speech.Phrase)
	}
	var read []speech.Phrase
	for _, text := range entries(list) {
		read = append(read, speech.ParsePhrase(text))
	}
	readPhrases.Store(list, read)
	return read
}
