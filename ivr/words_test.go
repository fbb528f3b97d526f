package ivr_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// languages are those that are shipped.
var languages = []string{"en-US", "en-GB"}

// shippedTexts reads the texts of a language as its file says them.
func shippedTexts(t testing.TB, language string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("words/" + language + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]map[string]string
	if err := yaml.Load(text, &file); err != nil {
		t.Fatal(err)
	}
	return file[language]
}

// isSentence leaves out the lists: of days and months, and of what callers say.
func isSentence(id string) bool {
	return !strings.HasPrefix(id, "hear-") && !slices.Contains([]string{"hints", "halves", "weekdays", "months", "days"}, id)
}

func mustZone(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// said is a phrase with its values as name, value, name, value.
func said(id string, args ...string) ivr.Phrase {
	p := ivr.Phrase{ID: id, Args: map[string]string{}}
	for pair := range slices.Chunk(args, 2) {
		p.Args[pair[0]] = pair[1]
	}
	return p
}

func TestEveryTextExistsInEachLanguageWithTheSamePlaceholders(t *testing.T) {
	placeholders := func(language string) map[string][]string {
		found := map[string][]string{}
		for id, text := range shippedTexts(t, language) {
			names := regexp.MustCompile(`\{[a-z]+\}`).FindAllString(text, -1)
			slices.Sort(names)
			found[id] = names
		}
		return found
	}
	if diff := cmp.Diff(placeholders("en-US"), placeholders("en-GB")); diff != "" {
		t.Errorf("the languages differ (-US +GB):\n%s", diff)
	}
}

// A voice reads brackets, slashes and other signs aloud, or stumbles over them.
func TestTextsHoldOnlyWhatAVoiceReadsWell(t *testing.T) {
	good := regexp.MustCompile(`^([A-Za-z0-9 .,:'?-]|\{[a-z]+\})+$`)
	for _, language := range languages {
		for id, text := range shippedTexts(t, language) {
			if isSentence(id) && !good.MatchString(text) {
				t.Errorf("%s %s: %q holds something else", language, id, text)
			}
			if strings.Contains(text, "SEV") {
				t.Errorf("%s %s: a voice spells SEV letter by letter", language, id)
			}
		}
	}
}

func TestShippedWordsPassTheCheckOfACompanysOwn(t *testing.T) {
	for _, language := range languages {
		name := "words/" + language + ".yaml"
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, company := range []string{"", "OfficeRnD"} {
			_, problems := ivr.ParseWords(company, name, text)
			if diff := cmp.Diff([]ivr.WordsProblem(nil), problems); diff != "" {
				t.Errorf("%s of company %q (-want +got):\n%s", name, company, diff)
			}
		}
	}
}

// allItems is a menu with all five intents.
const allItems = "1=critical,2=restricted,3=ticket-status,4=raise-severity,5=question"

// worstArgs are the longest values that a phrase gets in practice.
var worstArgs = map[string]string{
	"digits": "12", "heard": "20451820459999", "items": allItems, "account": "North Harbor Flexible Office Company", "intent": "restricted",
	"ticket": "204518", "opens": "2026-09-23T11:30:00Z", "now": "2026-08-01T00:00:00Z",
}

// wordiest is a line whose zone and hours take long to say.
func wordiest(t testing.TB, language string) policy.Line {
	line := policy.Line{Language: language, Zone: mustZone(t, "America/Argentina/Buenos_Aires")}
	for _, day := range []time.Weekday{1, 2, 3, 4} {
		line.Hours.Week[day] = []policy.Span{{From: 510, To: 735}, {From: 825, To: 1050}}
	}
	line.Hours.Week[time.Saturday] = []policy.Span{{From: 570, To: 690}}
	return line
}

// Nobody listens longer than 10 seconds. The texts that sentences are put together from are held by those sentences.
func TestNoSentenceLastsLongerThanTenSeconds(t *testing.T) {
	for _, language := range languages {
		line := wordiest(t, language)
		for _, id := range append(slices.Collect(maps.Keys(shippedTexts(t, language))), "menu") {
			if text := ivr.DefaultWords().Speak(line, ivr.Phrase{ID: id, Args: worstArgs}); isSentence(id) && ivr.Seconds(text) > 10 {
				t.Errorf("%s %s: %.1f seconds: %q", language, id, ivr.Seconds(text), text)
			}
		}
	}
}

// TestPathsKeepTheirBudgets: from the greeting to the first ring nobody listens longer than the promise says, the announcement of a recording
// included. The seconds are printed: a first-time caller listens to all of this.
func TestPathsKeepTheirBudgets(t *testing.T) {
	words, _ := ivr.ParseWords("OfficeRnD", "", nil)
	for _, row := range []struct {
		name    string
		phrases []string
		seconds float64
	}{
		{"the number by keypad, platform down", []string{"welcome", "menu", "connecting", "recorded"}, 26},
		{"the number by keypad, news on a ticket", []string{"welcome", "menu", "ticket", "connecting", "recorded"}, 26},
		{"no number, platform down", []string{"welcome", "number-missing", "menu", "connecting", "recorded"}, 26},
		{"no number, and a key for the way to it", []string{"welcome", "number-missing", "menu", "number-text", "connecting", "recorded"}, 26},
		{"a known number, platform down", []string{"welcome-known", "menu", "connecting", "recorded"}, 20},
		{"a restricted account, platform down", []string{"welcome", "account-restricted", "connecting", "recorded"}, 26},
		{"a closed line, platform down", []string{"closed-critical", "number-plain", "connecting", "recorded"}, 26},
		{"a closed line, platform down, the team of another line", []string{"closed-critical", "number-plain", "closed-other-line", "recorded"}, 26},
	} {
		for _, language := range languages {
			line, total := policy.Line{Language: language}, 0.0
			for _, id := range row.phrases {
				text := words.Speak(line, ivr.Phrase{ID: id, Args: usualArgs})
				total += ivr.Seconds(text)
				if ivr.Seconds(text) > 10 {
					t.Errorf("%s, %s: %s takes %.1f seconds: %q", row.name, language, id, ivr.Seconds(text), text)
				}
			}
			t.Logf("%s, %s: %.1f seconds of %.0f", language, row.name, total, row.seconds)
			if total > row.seconds {
				t.Errorf("%s, %s: %.1f seconds, want at most %.0f", row.name, language, total, row.seconds)
			}
		}
	}
}

// TestSpecialistsAreToldInTenSeconds: all that a specialist can be told of a call before the keys, at its longest.
func TestSpecialistsAreToldInTenSeconds(t *testing.T) {
	for _, language := range languages {
		for _, intent := range policy.Intents() {
			all := [][]string{{"screen-unidentified", "screen-on-file"}, {"screen-account", "screen-over", "screen-restricted"}}
			if intent.AsksTicket() {
				all = [][]string{{"screen-account", "screen-ticket", "screen-over"}, {"screen-unidentified", "screen-ticket"}}
			}
			for _, facts := range all {
				text := ivr.DefaultWords().Speak(policy.Line{Language: language}, said("screen-intent", "intent", string(intent)))
				for _, id := range append(facts, "screen-recorded", "screen-keys") {
					text += " " + ivr.DefaultWords().Speak(policy.Line{Language: language}, ivr.Phrase{ID: id, Args: worstArgs})
				}
				if ivr.Seconds(text) > 10 {
					t.Errorf("%s, %s: %.1f seconds: %q", language, intent, ivr.Seconds(text), text)
				}
			}
		}
	}
}

// usualArgs are the values of the shipped configuration.
var usualArgs = map[string]string{"digits": "6", "key": "6", "items": allItems, "line": "USA and Canada"}

func TestSpeak(t *testing.T) {
	for _, row := range []struct {
		name, language string
		phrase         ivr.Phrase
		want           string
	}{
		{
			"welcome, American", "en-US", said("welcome", "digits", "6"),
			"Welcome to phone support. Please enter or say your 6 digit customer number. If you don't have it, press star.",
		},
		{
			"welcome, British", "en-GB", said("welcome", "digits", "6"),
			"Welcome to phone support. Please enter or say your 6 digit customer number. If you don't have it, press star.",
		},
		{"a language without words", "fr-CA", said("ticket"), "Please enter your ticket number, then pound. If you don't know it, just wait."},
		{
			"a number that nobody has is read back digit by digit", "en-GB", said("number-unknown", "heard", "204519", "digits", "6"),
			"Sorry, I couldn't find 2 0 4, 5 1 9. Please try again, or press star if you don't have it.",
		},
		{
			"of a long one 10 digits are read", "en-GB", said("number-unknown", "heard", "12345678901234"),
			"Sorry, I couldn't find 1 2, 3 4, 5 6, 7 8, 9 0. Please try again, or press star if you don't have it.",
		},
		{
			"without a digit there is nothing to read back", "en-US", said("number-unknown", "heard", "", "digits", "6"),
			"Sorry, I didn't hear your number. Please enter or say your 6 digit customer number. If you don't have it, press star.",
		},
		{
			"the whole menu", "en-US", said("menu", "items", allItems),
			"If your platform is down, press 1. If it partly works, 2. For news on a ticket, 3. To make one more urgent, 4. For a question, 5.",
		},
		{
			"a short menu with its own keys, in its own order", "en-GB", said("menu", "items", "7=question,0=critical"),
			"For a question, press 7. If your platform is down, 0.",
		},
		{"a menu with an intent that does not exist", "en-GB", said("menu", "items", "1=gossip,2,=,3=question"), "For a question, press 3."},
		{"an intent by its name", "en-US", said("screen-intent", "intent", "critical"), "Critical."},
		{"a ticket digit by digit", "en-US", said("screen-ticket", "ticket", "4711"), "Ticket 4 7, 1 1."},
		{"a menu without news on a ticket", "en-US", said("menu", "items", "1=critical,4=raise-severity"), "If your platform is down, press 1. To make a ticket more urgent, 4."},
		{"a menu that begins with restricted use", "en-US", said("menu", "items", "2=restricted,5=question"), "If your platform partly works, press 2. For a question, 5."},
		{
			"what refers does so to what comes just before", "en-US", said("menu", "items", "1=critical,3=ticket-status,2=restricted,4=raise-severity"),
			"If your platform is down, press 1. For news on a ticket, 3. If your platform partly works, 2. To make a ticket more urgent, 4.",
		},
		{"a menu without keys", "en-US", said("menu", "items", ""), "This is phone support."},
		{"digits in triples", "en-US", said("screen-ticket", "ticket", "204518"), "Ticket 2 0 4, 5 1 8."},
		{"digits in pairs", "en-US", said("screen-ticket", "ticket", "20451"), "Ticket 2 0, 4 5, 1."},
		{
			"an address", "en-US", said("training", "address", "https://www.example.com/book-training/?from=phone#now"),
			"To talk to our team, press 1. To book a training session, go to example dot com slash book-training.",
		},
		{
			"of a long address the host", "en-US", said("training", "address", "https://help.example.com/en/support/products/flex/training/sessions/book"),
			"To talk to our team, press 1. To book a training session, go to help dot example dot com.",
		},
		{"an account", "en-US", said("screen-account", "account", "Loft & Ledger"), "Loft & Ledger."},
		{"an account that ends in a full stop", "en-US", said("screen-account", "account", "Harbor Inc."), "Harbor Inc."},
		{"an account with control characters", "en-US", said("screen-account", "account", "A\x00B\n\tC\u202eD\xff"), "A B CD."},
		{"an account that looks like a placeholder", "en-US", said("screen-account", "account", "{intent} Ltd"), "{intent} Ltd."},
		{
			"an endless account", "en-US", said("screen-account", "account", strings.Repeat("ä", 500)),
			"" + strings.Repeat("ä", 60) + ".",
		},
		{"a phrase that does not exist (rule 11)", "en-US", said("welcom"), "This is phone support."},
	} {
		got := ivr.DefaultWords().Speak(policy.Line{Language: row.language}, row.phrase)
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

// TestCompanyIsNamed: the company's name is said where there is one, and the sentence stays natural where there is none.
func TestCompanyIsNamed(t *testing.T) {
	for _, row := range []struct{ company, id, want string }{
		{"OfficeRnD", "greeting", "Welcome to OfficeRnD support."},
		{"OfficeRnD", "here", "This is OfficeRnD support."},
		{"Harbor Inc.", "greeting", "Welcome to Harbor Inc support."},
		{"{digits} Ltd", "greeting", "Welcome to digits Ltd support."},
		{"", "greeting", "Welcome to phone support."},
		{"", "closed-urgent", "Phone support is closed right now, but we still take urgent calls."},
		{"", "closed-for-now", "Thanks for calling phone support. We're closed right now."},
	} {
		words, problems := ivr.ParseWords(row.company, "", nil)
		if got := words.Speak(policy.Line{}, said(row.id)); got != row.want || len(problems) > 0 {
			t.Errorf("%q, %s: %q, want %q; %v", row.company, row.id, got, row.want, problems)
		}
	}
	for _, language := range languages {
		for id, text := range shippedTexts(t, language) {
			if rest := strings.ReplaceAll(text, "{company} support", ""); strings.Contains(rest, "{company}") {
				t.Errorf("%s %s: %q is not natural without a company", language, id, text)
			}
		}
	}
}

// TestLongNames: a company's name that makes a path too long is told, and a short one is not.
func TestLongNames(t *testing.T) {
	for company, want := range map[string]string{
		"": "", "OfficeRnD": "", "Northwind": "",
		"North Harbor Flexible Offices": "with it, all that a caller about a ticket hears takes 26.5 seconds to say, and 26 are the most that a caller should listen to",
	} {
		if got := ivr.NameMistake(company); got != want {
			t.Errorf("%q: %q, want %q", company, got, want)
		}
	}
}

func TestZeroWordsSpeakAsTheShippedOnes(t *testing.T) {
	if diff := cmp.Diff("Putting you through to a specialist.", ivr.Words{}.Speak(policy.Line{Language: "en-GB"}, said("connecting"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever the values are, a caller hears something (rule 11); only the weekly hours may have nothing to say.
func TestSpeakIsNeverSilent(t *testing.T) {
	var ids []string
	for id := range shippedTexts(t, "en-US") {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	ids = slices.DeleteFunc(append(ids, "menu", "no such phrase"), func(id string) bool { return id == "closed-hours" })
	rapid.Check(t, func(t *rapid.T) {
		p := ivr.Phrase{
			ID: rapid.SampledFrom(ids).Draw(t, "phrase"),
			Args: rapid.MapOf(
				rapid.SampledFrom([]string{"digits", "heard", "items", "opens", "now", "account", "intent", "ticket", "key"}), rapid.String(),
			).Draw(t, "args"),
		}
		line := policy.Line{Language: rapid.SampledFrom([]string{"en-US", "en-GB", "", "xx"}).Draw(t, "language")}
		if ivr.DefaultWords().Speak(line, p) == "" {
			t.Fatalf("%v is silent", p)
		}
	})
}

func TestSeconds(t *testing.T) {
	for _, row := range []struct {
		name, text string
		words      int
	}{
		{"nothing", "", 0},
		{"marks alone", " ... - '", 0},
		{"a sentence", "Connecting you now.", 3},
		{"a severity", "Sev 1", 2},
		{"digits one by one", "2 0 4 5 1 8", 6},
		{"digits that a voice may read one by one", "204518", 6},
		{"a number of three figures", "120 people", 4},
		{"a day", "the 29th", 2},
		{"a time", "9:30 a.m.", 4},
		{"letters that a voice spells", "UK, UTC and IWG", 9},
		{"a word in capitals", "PLEASE", 1},
		{"a name with capitals inside", "OfficeRnD", 2},
		{"an apostrophe does not divide", "don't", 1},
		{"a hyphen does", "6-digit", 2},
		{"a dash and a sign are silent", "Loft & Ledger – Leeds", 3},
	} {
		if got, want := ivr.Seconds(row.text), float64(row.words)*60/170; got != want {
			t.Errorf("%s: %q takes %v seconds, want %v", row.name, row.text, got, want)
		}
	}
}

func ExampleWords_Speak() {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}
	line := policy.Line{Language: "en-GB", Zone: london}
	fmt.Println(ivr.DefaultWords().Speak(line, ivr.Phrase{ID: "closed", Args: map[string]string{
		"now": "2026-11-23T19:30:00Z", "opens": "2026-11-24T08:00:00Z",
	}}))
	// Output: Thanks for calling phone support. We're closed right now, and open again tomorrow, Tuesday, at 8 a.m. UK time.
}
