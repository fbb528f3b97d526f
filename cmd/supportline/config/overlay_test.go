package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
)

func TestOverlays(t *testing.T) {
	uk := func(s policy.Settings) policy.Line { return s.Lines[1] }
	for _, row := range []struct {
		name, path, text string
		got              func(policy.Settings) any
		want             any
	}{
		{
			"a value", "identification.caller_id", "off",
			func(s policy.Settings) any { return s.Identification.CallerID }, policy.CallerID("off"),
		},
		{
			"a group", "after_hours", "{ default: message, critical: connect }",
			func(s policy.Settings) any { return s.AfterHours },
			policy.AfterHours{Default: policy.Message, ByIntent: map[policy.Intent]policy.AfterHoursAction{policy.Critical: policy.Connect}},
		},
		{
			"a key that the file lacks, of a line by its number", "lines.+448000668187.closed", "[{ date: 2026-12-24, reason: Christmas Eve }]",
			func(s policy.Settings) any { return uk(s).Hours.Closed },
			[]policy.Closure{{Date: policy.Date{Year: 2026, Month: 12, Day: 24}, Reason: "Christmas Eve"}},
		},
		{
			"an element by its index", "teams.critical.ring.1.for", "30s",
			func(s policy.Settings) any { return s.Teams["critical"].Steps[1].For.String() }, "30s",
		},
		{
			"a group that the file lacks", "lines.1.routes.critical", "general",
			func(s policy.Settings) any { return uk(s).Routes },
			map[policy.Intent]string{policy.Critical: "general"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, problems := parse(string(config.Example()), env(), config.Options{Overlays: []config.Overlay{{Path: row.path, Text: row.text}}})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(row.want, row.got(c.Settings)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestProblemsInOverlaysNameThem(t *testing.T) {
	for _, row := range []struct{ name, path, text, want string }{
		{"a wrong value", "identification.tries", "many", `identification.tries:1:1: tries is "many"; write a whole number from 1 to 5`},
		{"inside its text", "lines.1.closed", "\n- { date: 2026-02-30 }", `lines.1.closed:2:11: date: "2026-02-30" is not a date; write YYYY-MM-DD, for example 2026-12-24`},
		{"an unknown key", "identification.colour", "red", `identification.colour:1:1: the key "colour" is not known here; write digits, tries, unidentified, caller_id, wrong_numbers_per_hour or wrong_numbers_in_all`},
		{"no YAML", "packages", "[a", "packages:1:1: this is not YAML: did not find expected ',' or ']' while parsing a flow sequence"},
		{"no value", "packages", "", "packages:1:1: nothing is written here; write a value"},
		{"no such line", "lines.+15550100099.name", "x", `lines.+15550100099.name:1:1: the path lines.+15550100099.name leads nowhere: there is no "+15550100099"; write a path such as identification.caller_id`},
		{"an index too high", "lines.2.name", "x", `lines.2.name:1:1: the path lines.2.name leads nowhere: there is no "2"; write a path such as identification.caller_id`},
		{"below a value", "recording.loud", "on", `recording.loud:1:1: the path recording.loud leads nowhere: there is no "loud"; write a path such as identification.caller_id`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, got := parse(string(config.Example()), env(), config.Options{Overlays: []config.Overlay{{Path: row.path, Text: row.text}}})
			if diff := cmp.Diff([]string{row.want}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// An overlay of one use of an alias leaves the other uses as they are.
func TestOverlaysDoNotReachThroughAliases(t *testing.T) {
	text := changed(t,
		"name: USA and Canada", "name: USA and Canada\n    routes: &own { critical: general }",
		"name: United Kingdom", "name: United Kingdom\n    routes: *own")
	c, problems := parse(text, env(), config.Options{Overlays: []config.Overlay{{Path: "lines.1.routes.critical", Text: "critical"}}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got := []string{c.Settings.Lines[0].Routes[policy.Critical], c.Settings.Lines[1].Routes[policy.Critical]}
	if diff := cmp.Diff([]string{"general", "critical"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
