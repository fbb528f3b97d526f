package config_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
)

func TestTeams(t *testing.T) {
	const first = `{ to: ["+15550100001"], for: 20s }`
	ten := `"+15550100011", "+15550100012", "+15550100013", "+15550100014", "+15550100015", ` +
		`"+15550100016", "+15550100017", "+15550100018", "+15550100019", "+15550100020"`
	check(t, []mistake{
		one("ten at once", first, `{ to: [`+ten+`], for: 20s }`),
		one("eleven at once", first, `{ to: [`+ten+`, ^"+15550100001"], for: 20s }`,
			"to names 11 addresses, and at most 10 ring at once; move the rest to a step of its own"),
		one("a step that rings nobody", first, `{ to: ^[], for: 20s }`, `to names nobody; write at least one number: to: ["+15550100001"]`),
		one("a step without to", first, `^{ for: 20s }`, `the key to is missing; write to: ["+15550100001"]`),
		one("a step without a time", first, `{ to: ["+15550100001"] }`),
		one("a time without unit", first, `{ to: ["+15550100001"], for: ^20 }`, `for is "20"; write the unit too: 20s`),
		one("a time too short to answer", first, `{ to: ["+15550100001"], for: ^4s }`, `for is "4s"; write a time from 5s to 10m`),
		one("somebody twice at once", first, `{ to: ["+15550100001", ^"+15550100001"], for: 20s }`, `to names "+15550100001" twice in one step; keep one of the two`),
		one("a line that would call itself", first, `{ to: [^"+448000668187"], for: 20s }`,
			"to is +448000668187, which is a line of this file and would call itself; write a specialist's own number"),
		one("a line that would call itself over SIP", first, `{ to: [^"sip:448000668187@pbx.example.com"], for: 20s }`,
			"to is sip:448000668187@pbx.example.com, which is a line of this file and would call itself; write a specialist's own number"),
		one("a SIP address with port and parameter", first, `{ to: ["sip:oncall@10.0.0.7:5061;transport=tls"], for: 20s }`),
		one("a SIP address without user", first, `{ to: [^"sip:example.com"], for: 20s }`, `to is "sip:example.com", which is not a SIP address; write sip:user@host`),
		one("a name in place of an address", first, `{ to: [^oncall], for: 20s }`,
			`to is "oncall", which is not a telephone number; write + and the country code, then the rest, such as +448000668187`),
		one("no round", "repeat: 2", "repeat: ^0", `repeat is "0"; write a whole number from 1 to 10`),
		one("a team with no step", "ring:\n      - { to: [\"+15550100003\"], for: 25s }", "ring: ^[]",
			`ring has no step, so the team "general" is never rung; write ring: [{ to: ["+15550100001"], for: 20s }]`),
		one("a team that nobody needs", "routes:\n", "  spare: { ring: [{ to: [\"+15550100009\"] }] }\nroutes:\n"),
	})
}

func TestRoutes(t *testing.T) {
	check(t, []mistake{
		one("no such team", "  question: general", "  question: ^genral", `question leads to the team "genral", which is not in teams; write general`),
		one("no such reason", "  question: general", "  question: general\n  ^questoin: general",
			`routes has the key "questoin", which is not a reason to call; write question`),
		{
			"a reason of the menu without team",
			[]string{"  critical: critical\n", "  ^critical: critical\n", "  raise-severity: critical\n", ""},
			[]string{"calls with the reason raise-severity have no team on the line +18883071053; add raise-severity: TEAM to routes"},
		},
		{
			"questions need a team even off the menu",
			[]string{"  critical: critical\n", "  ^critical: critical\n", "  question: general\n", "", `  "5": question`, "  # "},
			[]string{"calls with the reason question have no team on the line +18883071053; add question: TEAM to routes"},
		},
		{
			"each line has its own",
			[]string{
				"  question: general\n", "",
				"voice: Polly.Joanna-Neural", "routes: { question: general }\n    voice: Polly.Joanna-Neural",
				"voice: Polly.Amy-Neural", "routes: { question: critical }\n    voice: Polly.Amy-Neural",
			},
			nil,
		},
		{
			"no routes and two teams",
			[]string{"company: OfficeRnD", "^company: OfficeRnD", routesOfExample, ""},
			[]string{"routes does not say which of the 2 teams takes which calls; write " +
				"routes: { critical: critical, question: general, raise-severity: general, restricted: general, ticket-status: general }"},
		},
		{
			"routes of nothing and two teams",
			[]string{routesOfExample, "routes: ^{}\n"},
			[]string{"routes does not say which of the 2 teams takes which calls; write " +
				"routes: { critical: critical, question: general, raise-severity: general, restricted: general, ticket-status: general }"},
		},
		one("a line's own to nowhere", "voice: Polly.Amy-Neural", "routes: { question: ^nobody }\n    voice: Polly.Amy-Neural",
			`question leads to the team "nobody", which is not in teams; write critical or general`),
	})
}

const routesOfExample = "routes:\n  critical: critical\n  restricted: critical\n  ticket-status: general\n  raise-severity: critical\n  question: general\n"

// TestOneTeamTakesEveryCall where there are no routes; a line can still name it itself.
func TestOneTeamTakesEveryCall(t *testing.T) {
	teams := regexp.MustCompile(`(?s)\nteams:\n.*?\n\n`).ReplaceAllString(string(config.Example()), "\nteams: { everybody: { ring: [{ to: [\"+15550100003\"] }] } }\n\n")
	for _, routes := range []string{"", "routes: {}\n", "routes:\n"} {
		c, problems := parse(strings.Replace(teams, routesOfExample, routes, 1), env(), config.Options{})
		if diff := cmp.Diff([]string{}, problems); diff != "" {
			t.Errorf("%q (-want +got):\n%s", routes, diff)
		}
		for _, intent := range policy.Intents() {
			if got := c.Settings.Routes[intent]; got != "everybody" {
				t.Errorf("%q: %s leads to %q", routes, intent, got)
			}
		}
	}
	_, problems := parse(strings.Replace(teams, routesOfExample, "routes: { question: everybody }\n", 1), env(), config.Options{})
	if len(problems) == 0 || !strings.Contains(problems[0], "calls with the reason critical have no team") {
		t.Errorf("routes that leave a reason out: %q", problems)
	}
}
