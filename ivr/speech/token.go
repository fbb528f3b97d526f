package speech

import (
	"slices"
	"strings"
	"unicode"
)

const (
	maxBytes = 1000 // of an utterance that are read; the provider's result is cut there too
	maxWords = 250  // more than any sentence of that length holds, so that every later step is bounded
)

// token is a word or a figure of an utterance.
type token struct {
	text   string // in small letters; an apostrophe is gone
	before string // the marks and spaces between it and the token before; "": it is glued to that, or the first
}

func (t token) isFigure() bool { return isFigure(t.text) }

func isFigure(word string) bool {
	return word != "" && strings.Trim(word, "0123456789") == ""
}

// pauses reports whether the recogniser heard a pause before the token.
func (t token) pauses() bool { return strings.ContainsAny(t.before, ",.;:?!—–") }

// tokens returns the words of an utterance: short forms are written out ("isn't" is "is", "not"), and two words that mean one are joined.
func tokens(speech string) []token {
	if len(speech) > maxBytes {
		speech = strings.ToValidUTF8(speech[:maxBytes], "")
	}
	var said []token
	for _, t := range split(strings.ToLower(speech)) {
		for i, word := range written(t.text) {
			if i > 0 {
				t.before = " "
			}
			said = append(said, token{word, t.before})
		}
	}
	said = joined(said)
	return said[:min(len(said), maxWords)]
}

// marks are said as words.
var marks = map[rune]string{'%': "percent", '&': "and", '#': "number"}

// split divides a text at everything that is no letter, digit or apostrophe, and where letters and digits meet: "sev1" is "sev" and "1".
func split(text string) (said []token) {
	var last rune // 'a' within a word, '0' within a figure, 0 between
	before := ""
	for _, r := range text {
		class := classOf(r)
		if class == 0 {
			before, last = before+string(r), 0
			if word := marks[r]; word != "" {
				said, before = append(said, token{word, " "}), " "
			}
			continue
		}
		if class != last {
			said, before = append(said, token{"", before}), ""
		}
		if class == 'a' && (r == '’' || r == '‘' || r == '`') {
			r = '\''
		}
		said[len(said)-1].text += string(r)
		last = class
	}
	return slices.DeleteFunc(ordinals(said), func(t token) bool { return strings.Trim(t.text, "'") == "" })
}

func classOf(r rune) rune {
	switch {
	case r >= '0' && r <= '9':
		return '0'
	case unicode.IsLetter(r), strings.ContainsRune("'’‘`", r):
		return 'a'
	}
	return 0
}

// ordinals puts "3" and "rd" together again: a place in an order is no number of ours.
func ordinals(said []token) []token {
	kept := said[:0]
	for _, t := range said {
		if n := len(kept); n > 0 && t.before == "" && kept[n-1].isFigure() && slices.Contains([]string{"st", "nd", "rd", "th"}, t.text) {
			kept[n-1].text += t.text
			continue
		}
		kept = append(kept, t)
	}
	return kept
}

// shortForms are written out also where the apostrophe is missing. Those that are words of their own without it ("were", "well", "id") are not here.
var shortForms = map[string]string{
	"dont": "do not", "doesnt": "does not", "didnt": "did not", "isnt": "is not", "arent": "are not", "wasnt": "was not", "werent": "were not",
	"cant": "can not", "cannot": "can not", "wont": "will not", "wouldnt": "would not", "couldnt": "could not", "shouldnt": "should not",
	"havent": "have not", "hasnt": "has not", "hadnt": "had not", "aint": "is not", "dunno": "do not know", "neednt": "need not",
	"its": "it is", "thats": "that is", "whats": "what is", "wheres": "where is", "theres": "there is", "hows": "how is", "heres": "here is",
	"im": "i am", "ive": "i have", "weve": "we have", "theyre": "they are", "theyve": "they have", "youre": "you are", "youve": "you have",
	"lets": "let us", "gonna": "going to", "wanna": "want to", "gotta": "got to", "gimme": "give me", "lemme": "let me",
	"login": "log in", "logon": "log in", "noone": "nobody", "telephone": "phone", "cellphone": "phone",
}

// endings are the short forms that an apostrophe shows. A possessive loses its s: "the phone's account".
var endings = []struct{ short, long string }{
	{"n't", " not"},
	{"'re", " are"},
	{"'ve", " have"},
	{"'ll", " will"},
	{"'d", " would"},
	{"'m", " am"},
	{"'s", ""},
}

func written(word string) []string {
	plain := strings.ReplaceAll(word, "'", "")
	if long := shortForms[plain]; long != "" {
		return strings.Fields(long)
	}
	if digits, ok := strings.CutPrefix(word, "o'"); ok && isDigitWord(digits) {
		return []string{"oh", digits}
	}
	for _, e := range endings {
		if head, ok := strings.CutSuffix(word, e.short); ok && head != "" {
			return strings.Fields(strings.ReplaceAll(head, "'", "") + e.long)
		}
	}
	return []string{plain}
}

// sames are words side by side that mean others.
var sames = []struct{ said, means string }{
	{"no one", "nobody"},
	{"some one", "someone"},
	{"any one", "anyone"},
	{"every one", "everyone"},
	{"web site", "website"},
	{"not able to", "can not"},
	{"unable to", "can not"},
	{"stop working", "not working"},
	{"stopped working", "not working"},
	{"stops working", "not working"},
}

// joined writes words that mean others as these: "no one" is "nobody", but "no, one" and "no one four" are a denial and a number.
func joined(said []token) (kept []token) {
	for i := 0; i < len(said); {
		used := 0
		for _, s := range sames {
			words := strings.Fields(s.said)
			if !areSaid(said[i:], words) || (words[len(words)-1] == "one" && isDigitWord(at(said, i+len(words)))) {
				continue
			}
			used = len(words)
			for n, word := range strings.Fields(s.means) {
				kept = append(kept, token{word, said[i+n].before})
			}
			break
		}
		if used == 0 {
			kept, used = append(kept, said[i]), 1
		}
		i += used
	}
	return kept
}

// areSaid reports whether an utterance begins with words, without a pause between them.
func areSaid(said []token, words []string) bool {
	if len(words) > len(said) {
		return false
	}
	for i, word := range words {
		if said[i].text != word || (i > 0 && said[i].pauses()) {
			return false
		}
	}
	return true
}
