package ivr_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

func TestOverridesReplaceShippedTexts(t *testing.T) {
	words, problems := ivr.ParseWords("", "words.yaml", []byte(`
# our own
en-US:
  goodbye: "So long."
  voicemail-empty: >
    Nothing
    was said.
  zone-America/New_York: "New York time"
  hear-critical: meltdown
  time-noon: &noon "twelve noon"
en-GB:
  time-noon: *noon
`))
	if diff := cmp.Diff([]ivr.WordsProblem(nil), problems); diff != "" {
		t.Fatalf("problems (-want +got):\n%s", diff)
	}
	noon := said("closed", "opens", "2026-12-01T17:00:00Z", "now", "2026-12-01T12:00:00Z")
	for _, row := range []struct {
		name   string
		line   policy.Line
		phrase ivr.Phrase
		want   string
	}{
		{"a sentence", policy.Line{Language: "en-US"}, said("goodbye"), "So long."},
		{"the other language keeps its own", policy.Line{Language: "en-GB"}, said("goodbye"), "Goodbye."},
		{"a text over several lines is one sentence", policy.Line{Language: "en-US"}, said("voicemail-empty"), "Nothing was said."},
		{
			"parts of sentences",
			policy.Line{Language: "en-US", Zone: mustZone(t, "America/New_York")},
			noon,
			"Thanks for calling phone support. We're closed right now, and open again today at twelve noon New York time.",
		},
		{"what is not overridden", policy.Line{Language: "en-US"}, said("connecting"), "I'm connecting you with a specialist."},
	} {
		if diff := cmp.Diff(row.want, words.Speak(row.line, row.phrase)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
	if got := words.Meaning("en-US", "menu", "a meltdown", 6).Intent; got != policy.Critical {
		t.Errorf("what is listened for was not replaced: %q", got)
	}
	if got := ivr.DefaultWords().Speak(policy.Line{}, said("goodbye")); got != "Goodbye." {
		t.Errorf("the shipped words changed: %q", got)
	}
}

// long takes 29 words, which is one too many.
var long = strings.TrimSpace(strings.Repeat("word ", 29))

// wordsFiles are files of words, and the problems found in each.
var wordsFiles = []struct {
	name, text string
	want       []string
}{
	{"an empty file overrides nothing", "", nil},
	{"nor does one of comments", "# later\nen-US:\n  # goodbye: Bye\n", nil},
	{"an unknown language", "fr-FR:\n  goodbye: Salut\n", []string{
		`w.yaml:1:1: "fr-FR" is a language without words; write en-GB or en-US`,
	}},
	{"an unknown ID, near a known one", "en-US:\n  welcom: Hi\n", []string{
		`w.yaml:2:3: there is no text "welcom"; write welcome`,
	}},
	{"an unknown ID, near none", "en-US:\n  greeting-of-the-day: Hi\n", []string{
		`w.yaml:2:3: there is no text "greeting-of-the-day"; delete it; the texts that exist are those of the shipped file`,
	}},
	{"a missing placeholder", "en-GB:\n  welcome: Enter your number.\n", []string{
		`w.yaml:2:12: welcome lacks {digits}; write it where its value is to be said`,
	}},
	{"an unknown placeholder", "en-GB:\n  menu-question: \"{intent} on {key}\"\n", []string{
		`w.yaml:2:18: menu-question has no value for {intent}; write {key}`,
	}},
	{"a placeholder where none has a value", "en-GB:\n  goodbye: Bye {name}.\n", []string{
		`w.yaml:2:12: goodbye has no value for {name}; delete it`,
	}},
	{"half a brace", "en-GB:\n  goodbye: Bye {name.\n", []string{
		`w.yaml:2:12: goodbye has a brace without its other half; write {name}, or no brace at all`,
	}},
	{"an empty text", "en-GB:\n  goodbye: \" \"\n", []string{
		`w.yaml:2:12: goodbye is empty; write a text, or delete the line to keep the shipped one`,
	}},
	{"a text without a word", "en-GB:\n  goodbye: \"...\"\n", []string{
		`w.yaml:2:12: goodbye has no word to say; write a text, or delete the line to keep the shipped one`,
	}},
	{"28 words are 10 seconds", "en-GB:\n  goodbye: " + long[5:] + "\n", nil},
	{"29 words are too many", "en-GB:\n  goodbye: " + long + "\n", []string{
		`w.yaml:2:12: goodbye takes 10.2 seconds to say; leave out 1 word or more, so that it stays within 10 seconds`,
	}},
	{"placeholders count at their worst", "en-GB:\n  number-unknown: " + long[50:] + " {heard}\n", []string{
		`w.yaml:2:19: number-unknown takes 10.2 seconds to say; leave out 1 word or more, so that it stays within 10 seconds`,
	}},
	{
		"a menu of short parts that is long as a whole", "en-US:\n  goodbye: Bye.\n  menu-question: \"A question about how it all works: {key}.\"\n" +
			"  menu-critical: \"Sev 1, that is, the whole platform is down: {key}.\"\n",
		[]string{
			`w.yaml:3:18: the whole menu takes 12.7 seconds to say; leave out 8 words or more, so that it stays within 10 seconds`,
		},
	},
	{"a long zone makes a closed line's sentence long", "en-US:\n  zone-UTC: " + long[25:] + "\n", []string{
		`w.yaml:2:13: the sentence on a closed line takes 15.9 seconds to say; leave out 17 words or more, so that it stays within 10 seconds`,
	}},
	{"so does a long month", "en-GB:\n  months: \"" + strings.Repeat("May, ", 11) + long + "\"\n", []string{
		`w.yaml:2:11: the sentence on a closed line takes 19.8 seconds to say; leave out 28 words or more, so that it stays within 10 seconds`,
	}},
	{"what a specialist hears is held as a whole", "en-GB:\n  screen-over: Over the fair use of its plan\n", []string{
		`w.yaml:2:16: what a specialist hears takes 10.9 seconds to say; leave out 3 words or more, so that it stays within 10 seconds`,
	}},
	{"so is what is heard of a restricted account", "en-US:\n  screen-restricted: This account is restricted to calls about a platform that is down\n", []string{
		`w.yaml:2:22: what a specialist hears takes 11.6 seconds to say; leave out 5 words or more, so that it stays within 10 seconds`,
	}},
	{"a known caller waits less long", "en-US:\n  welcome-known: Welcome to our support. For the account of this phone, press star. For another account, press 2 and enter its number.\n", []string{
		`w.yaml:2:18: all that a caller with a known number hears takes 20.8 seconds to say; leave out 3 words or more, so that it stays within 20 seconds`,
	}},
	{"a control character, escaped", "en-US:\n  goodbye: \"Bye\\a.\"\n", []string{
		`w.yaml:2:12: goodbye holds the control character U+0007; delete it`,
	}},
	{"control characters, as they are", "en-US:\n  goodbye: \"Bye\x07.\"\n  ticket: \"é\x7f\"\n", []string{
		`w.yaml:2:16: holds the control character U+0007; delete it`,
		`w.yaml:3:13: holds the control character U+007F; delete it`,
	}},
	{"not UTF-8", "en-US:\n  goodbye: \"\xe9\"\n", []string{`w.yaml:2:13: is not UTF-8 text; save the file as UTF-8`}},
	{"a byte order mark and CRLF are fine", "\ufeffen-US:\r\n  goodbye: Bye.\r\n", nil},
	{"not a mapping", "- goodbye\n", []string{
		`w.yaml:1:1: the file is not a list of names with a value each; write name: value, one a line`,
	}},
	{"a language that is not a mapping", "en-US: goodbye\n", []string{
		`w.yaml:1:8: en-US is not a list of names with a value each; write name: value, one a line`,
	}},
	{"a name that is none", "en-US:\n  ? [goodbye]\n  : Bye\n", []string{
		`w.yaml:2:5: is not a name; write name: value, one a line`,
	}},
	{"a text that is none", "en-US:\n  goodbye: [Bye]\n", []string{
		`w.yaml:2:12: goodbye is not a text; write it in quotes: "Goodbye."`,
	}},
	{"the same text twice", "en-US:\n  goodbye: Bye\n  goodbye: Ciao\n", []string{
		`w.yaml:3:3: "goodbye" stands here twice; delete one of them`,
	}},
	{"not YAML", "en-US: goodbye: Bye\n", []string{
		`w.yaml:1:15: is not YAML: mapping values are not allowed in this context; write a language, "en-US:", and indented below it id: "text"`,
	}},
	{"two documents", "en-US:\n---\nen-GB:\n", []string{`w.yaml:3:1: is a second document; write one document, without "---"`}},
	{"a week of six days", "en-US:\n  weekdays: So, Mo, Tu, We, Th, Fr\n", []string{
		`w.yaml:2:13: weekdays has 6 entries; write 7, divided by commas`,
	}},
	{"a list with a hole", "en-US:\n  hear-yes: yes,, aye\n", []string{
		`w.yaml:2:13: hear-yes has an entry without a word; write words between the commas`,
	}},
	{"what is listened for may be long", "en-US:\n  hear-yes: " + strings.ReplaceAll(long, " ", ", ") + "\n", nil},
	{"a prompt of other keys than before: the shipped one is said", "en-US:\n  account-restricted: For this one, please open a ticket online. Goodbye.\n", []string{
		`w.yaml:2:23: note: account-restricted names no key 1, so the shipped text is said instead; say what to press, as in "If your platform is down, press 1. At the moment, phone support for your account is for that only. For anything else, please open a ticket online."`,
	}},
	{"a way back of another key than it has", "en-US:\n  number-refused-again: To try another number, press 7.\n", []string{
		`w.yaml:2:25: note: number-refused-again names no key 2, so the shipped text is said instead; say what to press, as in "To enter your number, press 2."`,
	}},
	{"a known caller's key of before", "en-US:\n  known-plain: \"If you call from your usual phone, press 1.\"\n", []string{
		`w.yaml:2:16: note: known-plain names no key star, so the shipped text is said instead; say what to press, as in "For this phone's account, press star. For another account, press 2."`,
	}},
	{"a call-back that a voicemail would take", "en-US:\n  callback-confirm: Please hold the line.\n", []string{
		`w.yaml:2:21: note: callback-confirm names no key 1, so the shipped text is said instead; say what to press, as in "Press 1 to talk to us."`,
	}},
	{"an alarm that nobody could take", "en-GB:\n  alarm-keys: Please take it.\n", []string{
		`w.yaml:2:15: note: alarm-keys names no key 1, so the shipped text is said instead; say what to press, as in "To take it, press 1."`,
	}},
	{"its keys in words", "en-US:\n  closed-critical: We're closed. Platform down? Press one. A message? Press two.\n", nil},
	{"the company without a name", "en-US:\n  welcome: \"{company} here. Please enter your {digits} digit number.\"\n", []string{
		`w.yaml:2:12: welcome says {company}, and no company is configured; write company: in the configuration, or leave it out here`,
	}},
	{"new placeholders may be left out", "en-US:\n  closed-holiday: \"We have the day off, and open {opens}.\"\n  closed-other-line: Another team takes your call.\n", nil},
	{"old ones may not", "en-US:\n  closed-holiday: We have the day off.\n", []string{
		`w.yaml:2:19: closed-holiday lacks {opens}; write it where its value is to be said`,
	}},
	{
		"a first question that comes late", "en-US:\n  welcome: \"Welcome to our support line, where specialists for everything that you do with us are glad to help. Enter your {digits} digits.\"\n",
		[]string{`w.yaml:2:12: welcome takes 7.8 seconds to its first key or question; name it within 6 seconds`},
	},
	{"a menu that is long by one reason", "en-GB:\n  menu-question: \"If you would like to ask us anything at all about how something works in our product, {key}.\"\n", []string{
		`w.yaml:2:18: the whole menu takes 14.8 seconds to say; leave out 14 words or more, so that it stays within 10 seconds`,
	}},
	{
		"all that is heard before the first ring", "en-GB:\n  connecting: \"Thank you very much for your patience so far. I am now putting you through to one of our specialists.\"\n",
		[]string{
			`w.yaml:2:15: all that a caller about a ticket hears takes 30.4 seconds to say; leave out 13 words or more, so that it stays within 26 seconds`,
		},
	},
	{"several at once, by position", "en-GB:\n  goodby: x\n  ticket: \"\"\nen-US:\n  menu-question: no key\nxx: {}\n", []string{
		`w.yaml:2:3: there is no text "goodby"; write goodbye`,
		`w.yaml:3:11: ticket is empty; write a text, or delete the line to keep the shipped one`,
		`w.yaml:5:18: menu-question lacks {key}; write it where its value is to be said`,
		`w.yaml:6:1: "xx" is a language without words; write en-GB or en-US`,
	}},
}

func TestProblemsOfAFile(t *testing.T) {
	for _, row := range wordsFiles {
		_, problems := ivr.ParseWords("", "w.yaml", []byte(row.text))
		var got []string
		for _, p := range problems {
			note := ""
			if p.Note {
				note = "note: "
			}
			got = append(got, fmt.Sprintf("%s:%d:%d: %s%s; %s", p.File, p.Line, p.Column, note, p.What, p.Instead))
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

func TestShippedTextStaysWhereAnOverrideIsWrong(t *testing.T) {
	words, _ := ivr.ParseWords("", "w.yaml", []byte("en-US:\n  goodbye: \"\"\n  connecting: One moment.\n"))
	for id, want := range map[string]string{"goodbye": "Goodbye.", "connecting": "One moment."} {
		if got := words.Speak(policy.Line{Language: "en-US"}, said(id)); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
}

// TestTextsOfBeforeStandForTheirTwins: a company's own text from before is said in every situation that its text was for.
func TestTextsOfBeforeStandForTheirTwins(t *testing.T) {
	words, problems := ivr.ParseWords("OfficeRnD", "w.yaml", []byte("en-US:\n"+
		"  menu-restricted: \"Restricted use: {key}.\"\n  voicemail: Please leave a message.\n  menu-question: \"Question: {key}.\"\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, row := range []struct {
		phrase ivr.Phrase
		want   string
	}{
		{said("menu", "items", "2=restricted,5=question"), "Restricted use: press 2. Question: 5."},
		{said("voicemail-identified"), "Please leave a message."},
		{said("greeting"), "Welcome to OfficeRnD support."},
	} {
		if got := words.Speak(policy.Line{Language: "en-US"}, row.phrase); got != row.want {
			t.Errorf("%s: %q, want %q", row.phrase.ID, got, row.want)
		}
	}
}

// Whatever a file holds: problems stand inside it, nothing panics, and the words that come out speak within 10 seconds.
func FuzzParseWords(f *testing.F) {
	for _, seed := range []string{
		"", "en-US:\n  goodbye: Bye\n", "en-GB: {welcome: \"{digits}\"}", "a: &a [*a]", "en-US: &x {goodbye: *x}", "---\n---\n", "\xff\xfe", "? ? ?",
		"en-US:\n  weekdays: a,b,c,d,e,f,g\n  when-week: \"{weekday} {time} {zone}\"\n", "<<: {en-US: {goodbye: a}}",
		"en-US:\n  days: \"{day}\"\n", "\r\r0",
	} {
		f.Add(seed)
	}
	var ids []string
	for id := range shippedTexts(f, "en-US") {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	f.Fuzz(func(t *testing.T, text string) {
		words, problems := ivr.ParseWords("", "w.yaml", []byte(text))
		breaks := strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n") // YAML takes all of these
		lines := 2 + strings.Count(breaks.Replace(text), "\n")
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Line > lines || p.What == "" || p.Instead == "" {
				t.Errorf("%q: no place or no advice: %+v", text, p)
			}
		}
		if len(problems) > 0 {
			return
		}
		for _, language := range languages {
			for _, id := range append([]string{"menu"}, ids...) {
				said := words.Speak(policy.Line{Language: language}, ivr.Phrase{ID: id, Args: worstArgs})
				if isSentence(id) && (ivr.Seconds(said) > 10 || said == "" && id != "closed-hours") {
					t.Errorf("%q: %s %s is %q", text, language, id, said)
				}
			}
		}
	})
}
