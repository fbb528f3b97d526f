package ivr

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/officernd/supportline/policy"
)

// Words are the sentences that callers and specialists hear, and the phrases that callers may say, in each language, with the company's name in
// them. They are read-only and safe for concurrent use. The zero value speaks as DefaultWords.
type Words struct{ tongues map[string]tongue }

// tongue holds the texts of one language by their IDs, as in its file in words/.
type tongue map[string]string

// wordsOf returns the words of a company, whose name may be "": then support is "phone support".
func wordsOf(company string, tongues map[string]tongue) Words {
	w := Words{tongues: make(map[string]tongue, len(tongues))}
	for language, t := range tongues {
		w.tongues[language] = make(tongue, len(t))
		for id, text := range t {
			w.tongues[language][id] = named(text, company, t["company-unnamed"])
		}
	}
	return w
}

// named returns a text with the company's name, or with the words that stand for a company without one, which begin a sentence with a capital.
func named(text, company, unnamed string) string {
	if company = strings.NewReplacer("{", "", "}", "").Replace(tidy(company)); company != "" {
		return strings.ReplaceAll(text, companyPlace, company)
	}
	parts := strings.Split(text, companyPlace)
	said := parts[0]
	for _, part := range parts[1:] {
		if before := strings.TrimSpace(said); before == "" || strings.ContainsAny(before[len(before)-1:], ".?!") {
			said += capitalised(unnamed) + part
		} else {
			said += unnamed + part
		}
	}
	return said
}

func capitalised(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// companyPlace stands for the company's name in a text.
const companyPlace = "{company}"

// otherwise is the language of lines for whose own there are no words.
const otherwise = "en-US"

//go:embed words/*.yaml
var shippedFiles embed.FS

var shipped = sync.OnceValue(func() map[string]tongue {
	tongues := map[string]tongue{}
	for _, language := range []string{"en-US", "en-GB"} {
		text, err := shippedFiles.ReadFile("words/" + language + ".yaml")
		if err == nil {
			err = yaml.Load(text, &tongues)
		}
		if err != nil { // the binary itself is broken: nothing can be said
			panic(fmt.Sprintf("the shipped words in %s: %v", language, err))
		}
	}
	return tongues
})

var unnamedWords = sync.OnceValue(func() Words { return wordsOf("", shipped()) })

// DefaultWords returns the shipped sentences for a company without a name: American (en-US) and British English (en-GB).
func DefaultWords() Words { return unnamedWords() }

func (w Words) tongue(language string) tongue {
	tongues := w.tongues
	if tongues == nil {
		tongues = DefaultWords().tongues
	}
	if t, ok := tongues[language]; ok {
		return t
	}
	return tongues[otherwise]
}

// Speak returns the words of a phrase in the line's language, or in American English if that has none. Values are given as the machine knows them:
// digits as they were keyed, times in RFC 3339 (spoken in the line's zone), an intent by its name, an address as it is written. Some sentences are
// put together:
//
//   - menu: items is "1=critical,5=question", spoken in that order
//   - closed: opens, now and reason; without opens it leaves out when, and without reason, which is the name of a holiday, why. With told the
//     caller knows already that the line is closed
//   - closed-hours: the line's weekly hours. The only phrase that can be empty: when the line has no weekly hours, or hours too
//     irregular to be said in 10 seconds
//   - fallback-day: date, and open in minutes after midnight ("480-720"); the text is fallback-closed or fallback-hours
//   - number-unknown: heard, of which 10 digits are read, and digits; where nothing was heard it is number-again
//
// A phrase that does not exist becomes a neutral sentence, so that nobody hears silence (rule 11).
func (w Words) Speak(line policy.Line, p Phrase) string {
	t := w.tongue(line.Language)
	switch p.ID {
	case "menu":
		return t.menu(p.Args["items"])
	case "closed":
		return t.closed(line, p.Args)
	case "closed-hours":
		return t.weekHours(line)
	case "fallback-day":
		return t.exception(p.Args)
	case "number-unknown":
		if spaced(p.Args["heard"]) == "" {
			return t.say("number-again", p.Args)
		}
	}
	if text := t.say(p.ID, p.Args); strings.TrimSpace(text) != "" {
		return text
	}
	return t["here"] // values alone, and all of them are empty
}

// say returns a single text with the machine's values in it.
func (t tongue) say(id string, args map[string]string) string {
	values := make(map[string]string, len(args))
	for name, value := range args {
		values[name] = t.spoken(name, value)
	}
	return t.fill(id, values)
}

func (t tongue) spoken(name, value string) string {
	switch name {
	case "heard", "ticket":
		return spaced(value)
	case "address":
		return t.address(value)
	case "intent":
		if text, ok := t["intent-"+value]; ok {
			return text
		}
	}
	return tidy(value)
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// fill puts values that are words already into a text. Placeholders within values stay: an account may be called "{intent}".
func (t tongue) fill(id string, values map[string]string) string {
	text, ok := t[id]
	if !ok {
		return t["here"]
	}
	return filled(text, values)
}

func filled(text string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string { return values[p[1:len(p)-1]] })
}

// menu returns the words of the menu's keys. Only the first says "press".
func (t tongue) menu(items string) string {
	var parts []string
	before := policy.Intent("")
	for item := range strings.SplitSeq(items, ",") {
		key, name, _ := strings.Cut(item, "=")
		intent := policy.Intent(name)
		if !slices.Contains(policy.Intents(), intent) {
			continue
		}
		if key = tidy(key); len(parts) == 0 {
			key = t.fill("menu-press", map[string]string{"key": key})
		}
		parts = append(parts, t.fill(menuText(intent, before), map[string]string{"key": key}))
		before = intent
	}
	if len(parts) == 0 {
		return t["here"]
	}
	return strings.Join(parts, " ")
}

// menuText returns the ID of the words for a reason. Two of them refer to the reason before: "If your platform is down, press 1. If it partly
// works, 2."
func menuText(i, before policy.Intent) string {
	refersTo := map[policy.Intent]policy.Intent{policy.Restricted: policy.Critical, policy.RaiseSeverity: policy.TicketStatus}
	if to, refers := refersTo[i]; refers && to != before {
		return "menu-" + string(i) + "-alone"
	}
	return "menu-" + string(i)
}

// maxAddress bounds an address as it is spoken, in words; of a longer one the host is said.
const maxAddress = 12

// address returns an address as people say it: "example dot com slash book-training".
func (t tongue) address(address string) string {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		rest = address
	}
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	rest = strings.TrimPrefix(strings.Trim(rest, "/"), "www.")
	host, _, _ := strings.Cut(rest, "/")
	said := func(text string) string {
		return strings.Join(strings.Fields(strings.NewReplacer(".", " "+t["dot"]+" ", "/", " "+t["slash"]+" ").Replace(tidy(text))), " ")
	}
	if text := said(rest); countWords(text) <= maxAddress {
		return text
	}
	return said(host)
}

// spaced returns digits as people read them to each other, one by one with a short pause after two or three: "2 0 4, 5 1 8". At most 10 are read,
// however many a caller keyed.
func spaced(text string) string {
	kept := digits(text)
	kept = kept[:min(len(kept), 10)]
	size := 2
	if len(kept)%3 == 0 {
		size = 3
	}
	var groups []string
	for group := range slices.Chunk(strings.Split(kept, ""), size) {
		groups = append(groups, strings.Join(group, " "))
	}
	return strings.Join(groups, ", ")
}

// tidy returns a text from outside as a voice can say it: one line of at most 60 characters without control characters, and without a full stop
// at its end, since the sentence has its own.
func tidy(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > 60 {
		text = string(runes[:60])
	}
	return strings.TrimRight(text, ". ")
}

// Heard holds what the caller or a specialist heard in answer to a webhook of a logged call.
type Heard struct {
	Specialist bool     // a specialist heard it; else the caller
	Sentences  []string // in today's words, which the company may have changed since
}

// Transcript returns the words of the reply in an exchange of a call to line. A reply that another version wrote has none.
func (w Words) Transcript(line policy.Line, e policy.Exchange) Heard {
	h := Heard{Specialist: ofLeg(e)}
	reply, _ := replyOf(e)
	for _, p := range reply.Say {
		if text := w.Speak(line, p); text != "" {
			h.Sentences = append(h.Sentences, text)
		}
	}
	switch reply.Then {
	case ThenRing, ThenWait, ThenCallBack:
		h.Sentences = append(h.Sentences, "(ringing)")
	case ThenRecord:
		h.Sentences = append(h.Sentences, "(tone)")
	}
	return h
}
