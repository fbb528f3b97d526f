package ivr

import (
	"strings"

	"github.com/officernd/supportline/policy"
)

// inDoubt orders the intents that fit equally well. Who wants a severity raised names it; else the more urgent one is the safer mistake.
var inDoubt = []policy.Intent{
	policy.RaiseSeverity, policy.Critical, policy.Restricted, policy.TicketStatus, policy.Question,
}

// Intent is the reason to call that fits best to what a caller said: "our platform is down" is critical. ok is false when nothing fits.
func (w Words) Intent(language, speech string) (intent policy.Intent, ok bool) {
	return best(w.tongue(language), speech, inDoubt)
}

// Word is the short answer that fits best to what a caller said; WordNone when nothing fits. A reason to call may hold such a word ("no one
// can log in"), so at the menu Intent goes first.
func (w Words) Word(language, speech string) Word {
	word, _ := best(w.tongue(language), speech, []Word{WordLost, WordNo, WordYes, WordRepeat})
	return word
}

// Hints are the words that callers are likely to say, for the provider's recognition of speech: a list with commas.
func (w Words) Hints(language string) string {
	return strings.Join(entries(w.tongue(language)["hints"]), ", ")
}

// best is the meaning whose longest phrase was heard; of equal ones the first.
func best[T ~string](t tongue, speech string, meanings []T) (meaning T, ok bool) {
	said, longest := heardWords(speech), 0
	for _, m := range meanings {
		for _, phrase := range entries(t["hear-"+string(m)]) {
			if n := match(said, phrase); n > longest {
				meaning, longest = m, n
			}
		}
	}
	return meaning, longest > 0
}

// match counts the words of a phrase if they were all said, in order; 0 otherwise. "..." stands for any words between.
func match(said []string, phrase string) int {
	count := 0
	for part := range strings.SplitSeq(phrase, "...") {
		words := heardWords(part)
		at := index(said, words)
		if at < 0 {
			return 0
		}
		said, count = said[at+len(words):], count+len(words)
	}
	return count
}

// index is where words first stand side by side, -1 if they don't.
func index(said, words []string) int {
	for i := 0; i+len(words) <= len(said); i++ {
		if strings.Join(said[i:i+len(words)], " ") == strings.Join(words, " ") {
			return i
		}
	}
	return -1
}

// heardWords makes "Sev. One" and "sev 1" the same.
func heardWords(speech string) []string {
	words := spokenWords(speech)
	for i, word := range words {
		if figure := figures[word]; figure != "" {
			words[i] = figure
		}
	}
	return words
}
