package ivr

import (
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
	"digits": "12", "minutes": "120", "heard": "2 0 4 5 1 8 2 0 4 5", "key": "press 1", "ticket": "2 0 4 5 1 8",
	"company": "North Harbor", "account": "North Harbor Flexible Office Company", "intent": "Critical, Sev 1",
	"opens":   "on Wednesday the 23rd of September at 11:30 a.m. Buenos Aires time",
	"weekday": "Wednesday", "month": "September", "day": "23rd", "time": "11:30 a.m.", "zone": "Buenos Aires time", "city": "Buenos Aires",
	"hour": "11", "minute": "30", "half": "a.m.", "offset": "11", "from": "11:30 a.m.", "to": "11:30 p.m.", "days": "Monday to Friday",
	"times": "8 a.m. to noon and 1:30 p.m. to 5:30 p.m.", "hours": "Monday to Friday, 8:30 a.m. to 5:30 p.m.",
}

// textMistakes compares a company's text with the one that it replaces.
func textMistakes(id, text, shipped string) []mistake {
	if text == "" {
		return []mistake{{"is empty", "write a text, or delete the line to keep the shipped one"}}
	}
	mistakes := slices.Concat(characterMistakes(text), placeholderMistakes(text, shipped))
	if isList(id) {
		return append(mistakes, listMistakes(id, text, shipped)...)
	}
	at := filled(text, worst)
	if over := countWords(at) - maxWords; over > 0 {
		mistakes = append(mistakes, mistake{tooLong(at), shorten(over)})
	} else if countWords(at) == 0 {
		mistakes = append(mistakes, mistake{"has no word to say", "write a text, or delete the line to keep the shipped one"})
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

func placeholderMistakes(text, shipped string) (mistakes []mistake) {
	has, wants := placeholder.FindAllString(text, -1), placeholder.FindAllString(shipped, -1)
	for _, p := range has {
		if !slices.Contains(wants, p) {
			instead := "delete it"
			if len(wants) > 0 {
				instead = "write " + strings.Join(wants, " and ")
			}
			mistakes = append(mistakes, mistake{"has no value for " + p, instead})
		}
	}
	for _, p := range wants {
		if !slices.Contains(has, p) && p != "{company}" {
			mistakes = append(mistakes, mistake{"lacks " + p, "write it where its value is to be said"})
		}
	}
	return mistakes
}

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

func shorten(over int) string {
	words := "words"
	if over == 1 {
		words = "word"
	}
	return fmt.Sprintf("leave out %d %s or more, so that it stays within %d seconds", over, words, maxSeconds)
}

// prompt is said as one although it is put together from several texts.
type prompt struct {
	what, text string
	ids        []string
}

// prompts returns the longest prompts: the whole menu, the latest opening, and all that a specialist can hear.
func (t tongue) prompts() []prompt { return []prompt{t.wholeMenu(), t.latestOpening(), t.fullScreen()} }

func (t tongue) wholeMenu() prompt {
	ids, items := []string{"menu-press", "menu-repeat"}, []string{}
	for i, intent := range policy.Intents() {
		ids, items = append(ids, "menu-"+string(intent)), append(items, fmt.Sprintf("%d=%s", i+1, intent))
	}
	return prompt{"the whole menu", t.menu(strings.Join(items, ",")), ids}
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
	return prompt{"the sentence on a closed line", t.fill("closed", values), ids}
}

func (t tongue) fullScreen() prompt {
	asked := []string{"intent-ticket-status", "intent-raise-severity"} // only these come with a ticket
	values := maps.Clone(worst)
	values["intent"] = wordiest([]string{t[asked[0]], t[asked[1]]})
	ids := []string{"screen-account", "screen-known", "screen-intent", "screen-ticket", "screen-recorded", "screen-keys"}
	said := make([]string, len(ids))
	for i, id := range ids {
		said[i] = t.fill(id, values)
	}
	return prompt{"what a specialist hears", strings.Join(said, " "), append(ids, asked...)}
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
)

// Seconds returns how long a voice speaks a text, at 170 words a minute. Digits that are read one by one count as a word each, and so do the
// figures of a number of three or more: "Sev 1" is two words, "9:30" two, "2026" four.
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

func wordsIn(word string) int {
	figures := 0
	for _, r := range word {
		if unicode.IsDigit(r) {
			figures++
		}
	}
	switch {
	case strings.Trim(word, "'’.") == "":
		return 0
	case figures > 2:
		return figures
	}
	return 1
}
