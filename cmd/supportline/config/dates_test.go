package config_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
)

func TestDatesAsTheFileWritesThem(t *testing.T) {
	day := policy.Date{Year: 2026, Month: time.December, Day: 24}
	lines := []policy.Line{
		{Number: "+18883071053", Name: "USA\nand Canada"},
		{Number: "+448000668187", Name: "United Kingdom", Hours: policy.Hours{
			Closed:  []policy.Closure{{Date: day, Reason: `"Party" for ${ALL}`}, {Date: day.Plus(1)}},
			Special: []policy.SpecialHours{{Date: day.Plus(7), Spans: []policy.Span{{From: 480, To: 720}, {From: 780, To: 1440}}}, {Date: day.Plus(8)}},
		}},
	}
	want := `lines:
  - number: "+18883071053" # USA and Canada
    closed: []
    special: []
  - number: "+448000668187" # United Kingdom
    closed:
      - { date: 2026-12-24, reason: "\"Party\" for $${ALL}" }
      - { date: 2026-12-25 }
    special:
      - { date: 2026-12-31, hours: "08:00-12:00, 13:00-24:00" }
      - { date: 2027-01-01, hours: "closed" }
`
	if diff := cmp.Diff(want, string(config.DatesYAML(lines))); diff != "" {
		t.Errorf("the dates (-want +got):\n%s", diff)
	}
}

// reasons are texts that people can write.
var reasons = rapid.Map(rapid.StringN(1, 40, -1), func(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !strings.ContainsRune("\n\t", r) {
			return -1
		}
		return r
	}, s)
}).Filter(func(s string) bool { return strings.TrimSpace(s) != "" })

// Edited dates that are written out and pasted into the file have the same meaning, so that each edit is then known to be in the file.
func TestPastedDatesSayTheSame(t *testing.T) {
	before, problems := parse(string(config.Example()), env(), config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	at := time.Date(2026, time.November, 24, 15, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		line := before.Settings.Lines[1]
		var revision policy.ScheduleRevision
		for n := range rapid.IntRange(0, 4).Draw(t, "edits") {
			edit := policy.DateOverride{
				Date: policy.DateOf(at).Plus(10 * (n + 1)), Kind: rapid.SampledFrom([]policy.DateKind{policy.DateClosed, policy.DateSpecial}).Draw(t, "kind"),
				Reason: reasons.Draw(t, "reason"), By: "mila", At: at,
			}
			if edit.Kind == policy.DateSpecial && rapid.Bool().Draw(t, "open") {
				edit.Spans = []policy.Span{{From: 1, To: 600}, {From: 700, To: 1440}}
			}
			next, err := revision.Changed(policy.OverrideDate(line, edit))
			if err != nil {
				t.Fatal(err)
			}
			revision = next
		}
		edited := line.With(revision.Dates)
		_, lists, _ := strings.Cut(string(config.DatesYAML([]policy.Line{edited})), "Kingdom\n")
		text := strings.Replace(string(config.Example()), "    voice: Polly.Amy-Neural\n", "    voice: Polly.Amy-Neural\n"+lists, 1)
		after, problems := parse(text, env(), config.Options{})
		if len(problems) > 0 {
			t.Fatalf("%v\n%s", problems, lists)
		}
		pasted := after.Settings.Lines[1]
		if diff := cmp.Diff(edited.Hours, pasted.Hours, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("edited and pasted (-edited +pasted):\n%s\n%s", diff, lists)
		}
		for _, d := range revision.Dates {
			if !pasted.Configures(d) {
				t.Fatalf("the file does not say that somebody %s\n%s", d.Date, lists)
			}
		}
	})
}
