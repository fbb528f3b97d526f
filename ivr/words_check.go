package ivr

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/officernd/supportline/ivr/speech"
	"github.com/officernd/supportline/policy"
)

type mistake struct{ what, instead string }

// worst are the longest values that a sentence is likely to hold. Its length is measured with them.
var worst = map[string]string{
	"digits": "12", "minutes": "120", "heard": "2 0, 4 5, 1 8, 2 0, 4 5", "key": "press 1", "ticket": "2 0 4, 5 1 8",
	"account": "North Harbor Flexible Office Company", "intent": "Ticket status", "line": "Australia and New Zealand", "count": "117", "limit": "116", "owner": "Maximiliana Featherstonehaugh",
	"reason": "the National Day of Mourning", "address": "help dot example dot com slash training slash book a session",
	"opens":   "on Wednesday the 23rd of September at 11:30 a.m. Buenos Aires time",
	"weekday": "Wednesday", "month": "September", "day": "23rd", "time": "11:30 a.m.", "zone": "Buenos Aires time", "city": "Buenos Aires",
	"hour": "11", "minute": "30", "half": "a.m.", "offset": "11", "from": "11:30 a.m.", "to": "11:30 p.m.", "days": "Monday to Friday",
	"times": "8 a.m. to noon and 1:30 p.m. to 5:30 p.m.", "hours": "Monday to Friday, 8:30 a.m. to 5:30 p.m.",
}

// optional are the placeholders that a company's own text may leave out.
var optional = []string{"{address}", companyPlace, "{count}", "{limit}", "{line}", "{reason}"}

// textMistakes compares a company's text with the one that it replaces.
func textMistakes(id, text, shipped, company string) []mistake {
	if text == "" {
		return []mistake{{"is empty", "write a text, or delete the line to keep the shipped one"}}
	}
	mistakes := slices.Concat(characterMistakes(text), placeholderMistakes(text, shipped, company))
	if isList(id) {
		return append(mistakes, listMistakes(id, text, shipped)...)
	}
	at := filled(named(text, company, "phone"), worst)
	if over := countWords(at) - maxWords; over > 0 {
		return append(mistakes, mistake{tooLong(at), shorten(over, maxSeconds)})
	}
	if countWords(at) == 0 {
		return append(mistakes, mistake{"has no word to say", "write a text, or delete the line to keep the shipped one"})
	}
	if first := firstOption(id, at); countWords(first) > maxFirst {
		what := fmt.Sprintf("takes %.1f seconds to its first key or question", Seconds(first))
		return append(mistakes, mistake{what, fmt.Sprintf("name it within %d seconds", firstSeconds)})
	}
	return mistakes
}

func characterMistakes(text string) (mistakes []mistake) {
	for _, r := range text {
		if unicode.IsControl(r) {
			mistakes = append(mistakes, mistake{fmt.Sprintf("holds the control character %U", r), "delete it"})
		}
	}
	if strings.ContainsAny(placeholder.ReplaceAllString(text, ""), "{}") {
		mistakes = append(mistakes, mistake{"has a brace without its other half", "write {name}, or no brace at all"})
	}
	return mistakes
}

func placeholderMistakes(text, shipped, company string) (mistakes []mistake) {
	has, wants := placeholder.FindAllString(text, -1), placeholder.FindAllString(shipped, -1)
	for _, p := range has {
		switch {
		case p == companyPlace && company == "" && text != shipped:
			mistakes = append(mistakes, mistake{"says {company}, and no company is configured", "write company: in the configuration, or leave it out here"})
		case p != companyPlace && !slices.Contains(wants, p):
			instead := "delete it"
			if len(wants) > 0 {
				instead = "write " + strings.Join(wants, " and ")
			}
			mistakes = append(mistakes, mistake{"has no value for " + p, instead})
		}
	}
	for _, p := range wants {
		if !slices.Contains(has, p) && !slices.Contains(optional, p) {
			mistakes = append(mistakes, mistake{"lacks " + p, "write it where its value is to be said"})
		}
	}
	return mistakes
}

// asks are the keys that a prompt takes and has to name. Where a company's own text, written for a prompt that took other keys, names them not, the
// shipped one is said: callers would know of no way on.
var asks = map[string][]string{
	"welcome-known": {"star"}, "known-plain": {"star"}, "not-entitled": {"1"}, "account-restricted": {"1"}, "closed-critical": {"1", "2"}, "closed-critical-message": {"1", "2"}, "training": {"1"},
	"number-refused-critical": {"1"}, "number-refused-again": {"2"}, "number-refused-text": {"star"},
	"word-necessary": {"1"}, "word-training": {"2"}, "alarm-keys": {"1"}, "callback-keys": {"1"}, "callback-confirm": {"1"},
}

// unasked returns the keys that a text has to name and does not, in words.
func unasked(id, text string) string {
	said, missing := keyWords(text), []string{}
	for _, key := range asks[id] {
		if !slices.Contains(said, key) {
			missing = append(missing, key)
		}
	}
	return strings.Join(missing, " and ")
}

// keyWords returns the words of a text with figures for the keys that it names: "press one", and not "for this one".
func keyWords(text string) []string {
	figures := map[string]string{"one": "1", "two": "2", "asterisk": "star"}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range words {
		if i > 0 && slices.Contains(requests, words[i-1]) {
			words[i] = cmp.Or(figures[word], word)
		}
	}
	return words
}

// firstOption returns a prompt up to the first key or question in it: all of it where it has none, and "" where nothing is asked.
func firstOption(id, text string) string {
	if !slices.Contains(asking, id) {
		return ""
	}
	for at := range text {
		if strings.ContainsRune(".?!", rune(text[at])) && (at+1 == len(text) || text[at+1] == ' ') {
			if slices.ContainsFunc(keyWords(text[:at]), func(word string) bool { return slices.Contains(requests, word) }) {
				return text[:at]
			}
		}
	}
	return text
}

// asking are the prompts that ask for something, and requests the words by which they do.
var (
	asking = []string{
		"welcome", "welcome-known", "known-plain", "number-plain", "number-again", "not-entitled", "account-restricted", "ticket", "training",
		"closed-critical", "closed-critical-message", "trouble",
	}
	requests = []string{"press", "enter", "say", "key", "dial", "type", "hit", "star", "hash", "pound"}
)

// isList reports whether a text is a list with commas, which is never said as a whole.
func isList(id string) bool { return fixed(id) || id == "hints" || strings.HasPrefix(id, "hear-") }

// fixed reports whether a list has as many entries as the calendar or the clock needs.
func fixed(id string) bool {
	return slices.Contains([]string{"halves", "weekdays", "months", "days"}, id)
}

func listMistakes(id, text, shipped string) (mistakes []mistake) {
	parts, want := entries(text), len(entries(shipped))
	for _, p := range parts {
		if speech.Read(p).String() == "" {
			mistakes = append(mistakes, mistake{"has an entry without a word", "write words between the commas"})
			break
		}
	}
	if fixed(id) && len(parts) != want {
		mistakes = append(mistakes, mistake{fmt.Sprintf("has %d entries", len(parts)), fmt.Sprintf("write %d, divided by commas", want)})
	}
	return mistakes
}

func tooLong(text string) string {
	return fmt.Sprintf("takes %.1f seconds to say", Seconds(text))
}

func shorten(over, seconds int) string {
	words := "words"
	if over == 1 {
		words = "word"
	}
	return fmt.Sprintf("leave out %d %s or more, so that it stays within %d seconds", over, words, seconds)
}

// prompt is said as one although it is put together from several texts.
type prompt struct {
	what, text string
	ids        []string
	seconds    int // that it may take
}

// over returns how many words the prompt has to lose.
func (p prompt) over() int { return countWords(p.text) - p.seconds*wordsPerMinute/60 }

// prompts returns the longest prompts, the whole menu, the latest opening and all that a specialist can hear, and all that a caller hears from the
// greeting to the first ring.
func (t tongue) prompts() []prompt {
	all := []prompt{t.wholeMenu(), t.menuStart(), t.latestOpening(), t.refusal()}
	return append(append(append(all, t.screens()...), t.paths()...), slices.Concat(t.callBacks(), []prompt{t.alarm(), t.alarmTaken(), t.afterCall()})...)
}

// The longest that a caller may have to listen from the greeting to the first ring, in seconds.
const (
	keypadSeconds = 26 // who keys the customer number
	knownSeconds  = 20 // who confirms the account of their phone with one key
)

// paths returns all that a caller hears from the greeting to the first ring, the announcement of a recording included.
func (t tongue) paths() []prompt {
	menu := t.wholeMenu()
	path := func(what string, seconds int, before, after []string) prompt {
		texts := []string{menu.text}
		for _, id := range slices.Backward(before) {
			texts = append([]string{t.fill(id, worst)}, texts...)
		}
		for _, id := range after {
			texts = append(texts, t.fill(id, worst))
		}
		return prompt{what, strings.Join(texts, " "), slices.Concat(before, menu.ids, after), seconds}
	}
	return []prompt{
		path("all that a caller with a customer number hears", keypadSeconds, []string{"welcome"}, []string{"connecting", "recorded"}),
		path("all that a caller about a ticket hears", keypadSeconds, []string{"welcome"}, []string{"ticket", "connecting", "recorded"}),
		path("all that a caller without a customer number hears", keypadSeconds, []string{"welcome", "number-missing"}, []string{"connecting", "recorded"}),
		path("all that a caller with a known number hears", knownSeconds, []string{"welcome-known"}, []string{"connecting", "recorded"}),
	}
}

func (t tongue) wholeMenu() prompt {
	ids, items := []string{"menu-press"}, []string{}
	for i, intent := range policy.Intents() {
		ids, items = append(ids, "menu-"+string(intent)), append(items, fmt.Sprintf("%d=%s", i+1, intent))
	}
	return prompt{"the whole menu", t.menu(strings.Join(items, ",")), ids, maxSeconds}
}

// refusal returns all that a caller without a customer number hears who is refused.
func (t tongue) refusal() prompt {
	ids, texts := []string{"number-refused", "number-refused-critical", "number-refused-again"}, []string{}
	for _, id := range ids {
		texts = append(texts, t[id])
	}
	return prompt{"the refusal of a caller without a customer number", strings.Join(texts, " "), ids, maxSeconds}
}

// callBacks returns all that a specialist hears of whom to call back, and what the caller hears up to the key.
func (t tongue) callBacks() (all []prompt) {
	add := func(what string, seconds int, ids ...string) {
		var said []string
		for _, id := range ids {
			said = append(said, t.fill(id, worst))
		}
		all = append(all, prompt{what, strings.Join(said, " "), ids, seconds})
	}
	add("what a specialist hears of whom to call back", maxSeconds, "callback-account", "callback-about", "screen-ticket", "callback-keys")
	add("what a specialist hears of whom to call back", maxSeconds, "callback-unidentified", "callback-about", "screen-on-file", "callback-keys")
	add("what a caller hears who is called back", firstSeconds, "callback-greeting", "callback-confirm")
	add("what a caller hears who is called back", maxSeconds, "callback-greeting", "recorded", "callback-confirm")
	return all
}

// alarm returns the longest that somebody hears of an alarm up to the key.
func (t tongue) alarm() prompt {
	var events []string
	ids := []string{"here", "alarm-keys"}
	for _, id := range append(t.alarmEvents(), "alarm-other") {
		ids, events = append(ids, id), append(events, t.fill(id, worst))
	}
	text := t.fill("here", worst) + " " + wordiest(events) + " " + t["alarm-keys"]
	return prompt{"what asks somebody to take an alarm", text, ids, firstSeconds}
}

func (t tongue) alarmEvents() (ids []string) {
	for kind := range spokenKinds {
		ids = append(ids, "alarm-"+string(kind))
	}
	ids = slices.AppendSeq(ids, maps.Keys(alarmsOfSeveral))
	slices.Sort(ids)
	return ids
}

// alarmTaken returns all that who has taken an alarm hears of it.
func (t tongue) alarmTaken() prompt {
	ids, texts := []string{"alarm-yours", "alarm-account", "alarm-count", "alarm-followup"}, []string{}
	for _, id := range ids {
		texts = append(texts, t.fill(id, worst))
	}
	return prompt{"what somebody hears who takes an alarm", strings.Join(texts, " "), ids, maxSeconds}
}

// afterCall returns all that asks a specialist what a call was.
func (t tongue) afterCall() prompt {
	ids, texts := []string{"word-left", "word-necessary", "word-training"}, []string{}
	for _, id := range ids {
		texts = append(texts, t[id])
	}
	return prompt{"what asks a specialist what a call was", strings.Join(texts, " "), ids, maxSeconds}
}

// menuStart returns the longest first key of a menu.
func (t tongue) menuStart() prompt {
	var ids, starts []string
	for _, intent := range policy.Intents() {
		ids, starts = append(ids, menuText(intent, "")), append(starts, t.menu("1="+string(intent)))
	}
	return prompt{"the first key of the menu", wordiest(starts), append(ids, "menu-press"), firstSeconds}
}

func (t tongue) latestOpening() prompt {
	values := maps.Clone(worst)
	ids := []string{"closed"}
	for _, part := range []struct{ name, list string }{{"half", "halves"}, {"weekday", "weekdays"}, {"month", "months"}, {"day", "days"}} {
		values[part.name] = wordiest(entries(t[part.list]))
		ids = append(ids, part.list)
	}
	for _, part := range []struct{ name, prefix string }{{"time", "time-"}, {"zone", "zone-"}, {"opens", "when-"}} {
		var texts []string
		for _, id := range t.withPrefix(part.prefix) {
			ids, texts = append(ids, id), append(texts, t.fill(id, values))
		}
		values[part.name] = wordiest(texts)
	}
	return prompt{"the sentence on a closed line", t.fill("closed", values), ids, maxSeconds}
}

// screens returns the longest that a specialist can hear of a call: about a ticket, of a caller who gave no number, and of a restricted account.
func (t tongue) screens() (all []prompt) {
	var ticketed, others []string // the names of reasons
	for _, i := range policy.Intents() {
		if i.AsksTicket() {
			ticketed = append(ticketed, "intent-"+string(i))
		} else {
			others = append(others, "intent-"+string(i))
		}
	}
	for _, s := range []struct{ intents, facts []string }{
		{ticketed, []string{"screen-account", "screen-ticket", "screen-over"}},
		{others, []string{"screen-unidentified", "screen-on-file"}},
		{others, []string{"screen-account", "screen-over", "screen-restricted"}},
	} {
		values := maps.Clone(worst)
		var names []string
		for _, id := range s.intents {
			names = append(names, t[id])
		}
		values["intent"] = wordiest(names)
		ids := slices.Concat([]string{"screen-intent"}, s.facts, []string{"screen-recorded", "screen-keys"})
		said := make([]string, len(ids))
		for i, id := range ids {
			said[i] = t.fill(id, values)
		}
		all = append(all, prompt{"what a specialist hears", strings.Join(said, " "), append(ids, s.intents...), maxSeconds})
	}
	return all
}

func (t tongue) withPrefix(prefix string) (ids []string) {
	for id := range t {
		if strings.HasPrefix(id, prefix) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// wordiest returns the text that takes longest to say.
func wordiest(texts []string) string {
	return slices.MaxFunc(texts, func(a, b string) int { return countWords(a) - countWords(b) })
}

func nearestText(id string, known tongue) string {
	if best := policy.Nearest(id, slices.Sorted(maps.Keys(known)), len(id)/3+1); best != "" {
		return "write " + best
	}
	return "delete it; the texts that exist are those of the shipped file"
}

const (
	wordsPerMinute = 170 // the usual rate of a synthetic voice
	maxSeconds     = 10  // callers do not listen to longer prompts
	maxWords       = maxSeconds * wordsPerMinute / 60
	firstSeconds   = 6 // to the first key or question: callers who hear of none hang up
	maxFirst       = firstSeconds * wordsPerMinute / 60
)

// Seconds returns how long a voice speaks a text, at 170 words a minute. Digits and letters that are read one by one count as a word each, and so do
// the figures of a number of three or more: "Sev 1" is two words, "9:30" two, "2026" four, "UK" two, and "OfficeRnD" two.
func Seconds(text string) float64 { return float64(countWords(text)) * 60 / wordsPerMinute }

func countWords(text string) int {
	count := 0
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("'’.", r)
	}) {
		count += wordsIn(word)
	}
	return count
}

// maxSpelled is the length up to which a word in capitals is spelled.
const maxSpelled = 4

func wordsIn(word string) int {
	word = strings.Trim(word, "'’.")
	figures, capitals, letters := 0, 0, 0
	for _, r := range word {
		switch {
		case unicode.IsDigit(r):
			figures++
		case unicode.IsUpper(r):
			capitals++
			letters++
		case r != '.':
			letters++
		}
	}
	switch {
	case word == "":
		return 0
	case figures > 2:
		return figures
	case letters > 1 && letters == capitals && letters <= maxSpelled:
		return letters
	case letters > capitals && strings.ContainsFunc(word[1:], unicode.IsUpper), strings.Contains(word, "."):
		return 2 // "OfficeRnD", "a.m."
	}
	return 1
}
