package ivr_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/officernd/supportline/ivr"
	"github.com/officernd/supportline/policy"
)

// utterance is what a caller said, and what it means at a step.
type utterance struct {
	language, said, step, meaning string
	asksAgain                     bool // it means something that the reader does not understand
}

// utterances reads the table of what callers say.
func utterances(tb testing.TB) (table []utterance) {
	tb.Helper()
	text, err := os.ReadFile("speech/testdata/utterances.txt")
	if err != nil {
		tb.Fatal(err)
	}
	var tongues []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			tongues = strings.Split(strings.Trim(line, "[]"), ", ")
			continue
		}
		if line == "" || strings.HasPrefix(line, "# ") || line == "#" {
			continue
		}
		parts := strings.Split(line, "|")
		for _, part := range parts[1:] {
			step, meaning, _ := strings.Cut(strings.TrimSpace(part), " ")
			meaning, again := strings.CutSuffix(meaning, "?")
			for _, language := range tongues {
				table = append(table, utterance{language, strings.TrimSpace(parts[0]), step, meaning, again})
			}
		}
	}
	return table
}

const customerDigits = 6

// heardAs returns what a step takes an utterance for.
func (u utterance) heardAs() string {
	m := ivr.DefaultWords().Meaning(u.language, u.step, u.said, customerDigits)
	whole := len(m.Number) == customerDigits
	switch u.step {
	case "known":
		switch {
		case m.Word == ivr.WordYes, m.Key == "1", m.Key == "*":
			return "yes"
		case m.Word == ivr.WordNo:
			return "no"
		case whole:
			return m.Number
		}
	case "number":
		reason := ""
		if m.Intent == policy.Critical {
			reason = " critical"
		}
		switch {
		case m.Key == "0", m.Key == "*":
			return "lost"
		case whole:
			return m.Number + reason
		case m.Word == ivr.WordLost, m.Word == ivr.WordPerson:
			return string(m.Word) + reason
		case m.Number != "":
			return "part " + m.Number + reason
		}
		return "again" + reason
	case "menu":
		switch {
		case m.Intent != "":
			return string(m.Intent)
		case m.Key == "0", m.Key == "*":
			return "person"
		case m.Key != "":
			return "key " + m.Key
		case slices.Contains([]ivr.Word{ivr.WordPerson, ivr.WordTraining, ivr.WordRepeat}, m.Word):
			return string(m.Word)
		}
	case "ticket":
		switch {
		case m.Ticket != "":
			return m.Ticket
		case m.Word == ivr.WordLost, m.Word == ivr.WordNo:
			return "none"
		case m.Word == ivr.WordPerson:
			return string(m.Word)
		}
	}
	return "again"
}

// What callers say is understood, or they are asked again: it is never taken for something else.
func TestWhatCallersSay(t *testing.T) {
	rows := map[string]map[string]bool{}
	for _, u := range utterances(t) {
		if rows[u.language] == nil {
			rows[u.language] = map[string]bool{}
		}
		rows[u.language][u.said] = true
		want := u.meaning
		if u.asksAgain {
			want = "again"
		}
		if got := u.heardAs(); got != want {
			t.Errorf("%s, %s: %q is %q, want %q", u.language, u.step, u.said, got, want)
		}
	}
	for _, language := range languages {
		if n := len(rows[language]); n < 200 {
			t.Errorf("%s has %d utterances, 200 at least", language, n)
		}
	}
}

// BenchmarkWhatCallersSay prints how much of the table is understood: what means nothing at its step, or is in doubt even to people, is asked again,
// and refused is what has a meaning and is asked again all the same.
func BenchmarkWhatCallersSay(b *testing.B) {
	table := utterances(b)
	var understood, again, refused, misunderstood int
	for b.Loop() {
		understood, again, refused, misunderstood = 0, 0, 0, 0
		for _, u := range table {
			switch got := u.heardAs(); {
			case got == "again" && u.meaning == got:
				again++
			case got == "again":
				refused++
			case got == u.meaning:
				understood++
			default:
				misunderstood++
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(table)), "µs/utterance")
	b.ReportMetric(float64(understood), "understood")
	b.ReportMetric(float64(again), "asked-again")
	b.ReportMetric(float64(refused), "refused")
	b.ReportMetric(float64(misunderstood), "misunderstood")
}
