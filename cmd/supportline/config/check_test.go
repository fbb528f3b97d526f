package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
)

// mistake is the example with something changed, carets where problems are expected, and what they say.
type mistake struct {
	name   string
	change []string
	want   []string
}

// one is a row with one change. Without problems wanted, the change is right.
func one(name, old, changed string, want ...string) mistake {
	return mistake{name, []string{old, changed}, want}
}

func check(t *testing.T, rows []mistake) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			text, places := marked(changed(t, row.change...))
			if len(places) != len(row.want) {
				t.Fatalf("%d carets for %d problems", len(places), len(row.want))
			}
			want := []string{}
			for i := range places {
				want = append(want, places[i]+row.want[i])
			}
			_, got := parse(text, env(), config.Options{})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestShapes(t *testing.T) {
	check(t, []mistake{
		one("an unknown key names the nearest", "no_answer:", "^no_anwser:",
			`the key "no_anwser" is not known here; write no_answer`),
		one("an unknown key near to none lists all", "  tries:", "  ^colour: red\n  tries:",
			`the key "colour" is not known here; write digits, tries, unidentified, caller_id, wrong_numbers_per_hour or wrong_numbers_in_all`),
		one("a key written twice", "recording: off", "recording: off\n^no_answer: message",
			`"no_answer" is written twice, first in line 90; keep one of the two`),
		one("a menu key used twice", `  "2": restricted `, `  ^1: restricted `, `"1" is written twice, first in line 64; keep one of the two`),
		one("a group where a value belongs", "tries: 3 ", "tries: ^{ a: 1 } ",
			"tries is a group of keys where a single value belongs; write one value after tries:"),
		one("a list where a value belongs", "recording: off", "recording: ^[off]",
			"recording is a list where a single value belongs; write one value after recording:"),
		one("a value where a list belongs", "packages: [Ultimate]", "packages: ^Ultimate",
			"packages is a single value where a list belongs; write packages: [...]"),
		one("a value where a group belongs", "after_hours: { default: voicemail }", "after_hours: ^voicemail",
			"after_hours is a single value where keys and values belong; write after_hours: { key: value }"),
		one("a value where known keys belong", "charges: { currency: USD, per_ticket: 0, per_minute: 0, per_minute_over_tickets: 0 }", "charges: ^5",
			"charges is a single value where keys and values belong; write charges: { currency: ... }"),
		one("an empty element of a list", "packages: [Ultimate]", "packages: [Ultimate, ^~]",
			"packages holds an empty name; write the name of a package, as the customers file has it"),
		one("a key that is no word", `  "1": critical`, "  ^[a]: b\n  \"1\": critical", "a key must be a single word; write key: value"),
		one("a missing required key", "  - number: \"+448000668187\"\n    name: United Kingdom\n    time_zone: Europe/London\n", "  - ^number: \"+448000668187\"\n    name: United Kingdom\n",
			"the key time_zone is missing; write time_zone: America/New_York"),
		one("a key without a value has its default", "retention: 400d", "retention:"),
		one("an alias stands for its value", "language: en-GB\n    voice: Polly.Amy-Neural",
			"language: &gb en-GB\n    voice: Polly.Amy-Neural\n    closed: [{ date: 2026-12-24, reason: *gb }]"),
		one("a mistake behind an alias is said once", "packages: [Ultimate]", "packages: [^&none \"\", *none]",
			"packages holds an empty name; write the name of a package, as the customers file has it"),
	})
}

func TestIdentificationAndMenu(t *testing.T) {
	check(t, []mistake{
		one("digits too few", "digits: 6", "digits: ^2", `digits is "2"; write a whole number from 3 to 12`),
		one("digits too many", "digits: 6", "digits: ^13", `digits is "13"; write a whole number from 3 to 12`),
		one("digits at the limits", "digits: 6", "digits: 12"),
		one("tries in words", "tries: 3", "tries: ^three", `tries is "three"; write a whole number from 1 to 5`),
		one("tries with a fraction", "tries: 3", "tries: ^2.5", `tries is "2.5"; write a whole number from 1 to 5`),
		one("tries with a sign", "tries: 3", "tries: ^+3", `tries is "+3"; write a whole number from 1 to 5`),
		one("unidentified misspelt (rule 12)", "unidentified: connect", "unidentified: ^conect", `unidentified is "conect"; write connect`),
		one("unidentified refused (rule 12)", "unidentified: connect", "unidentified: refuse"),
		one("off needs no quotes", "caller_id: attested", "caller_id: off"),
		one("false is not off", "caller_id: attested", "caller_id: ^false", `caller_id is "false"; write attested, any or off`),
		one("no wrong number of anybody", "wrong_numbers_in_all: 200", "wrong_numbers_in_all: ^0", `wrong_numbers_in_all is "0"; write a whole number from 1 to 100000`),
		one("no wrong number at all", "wrong_numbers_per_hour: 10", "wrong_numbers_per_hour: ^0",
			`wrong_numbers_per_hour is "0"; write a whole number from 1 to 1000`),
		one("no package", "packages: [Ultimate]", "packages: ^[]", "packages names none, so nobody may call; write packages: [Ultimate]"),
		one("a package twice", "packages: [Ultimate]", "packages: [Ultimate, ^Ultimate]", `packages names "Ultimate" twice; keep one of the two`),
		one("9 repeats the menu", `  "5": question`, `  ^"9": question`, `menu key "9" is taken: it repeats the menu; write one of 0 to 8`),
		one("a star in the menu", `  "5": question`, `  ^"*": question`, `menu has the key "*"; write one digit, 0 to 8 (9 repeats the menu)`),
		one("two digits in the menu", `  "5": question`, `  ^"55": question`, `menu has the key "55"; write one digit, 0 to 8 (9 repeats the menu)`),
		one("0 is a menu key", `  "5": question`, `  "0": question`),
		one("a reason misspelt", `"3": ticket-status`, `"3": ^ticket-staus`, `3 is "ticket-staus", which is not a reason to call; write ticket-status`),
		one("a reason on two keys", `"2": restricted`, `"2": ^critical`, "2 stands for critical, which is on key 1 already; keep one of the two"),
		one("a reason left out", `  "4": raise-severity                      # a submitted ticket became more severe`, ""),
	})
}

func TestEndings(t *testing.T) {
	check(t, []mistake{
		one("no answer", "no_answer: voicemail", "no_answer: ^music", `no_answer is "music"; write voicemail or message`),
		one("no answer cannot connect", "no_answer: voicemail", "no_answer: ^connect", `no_answer is "connect"; write voicemail or message`),
		one("after hours without default", "{ default: voicemail }", "^{ critical: connect }",
			"after_hours does not say what most calls get; add default: voicemail, or default: message"),
		one("after hours by reason", "{ default: voicemail }", "{ default: message, critical: connect, question: voicemail }"),
		one("connect is not for all", "{ default: voicemail }", "{ default: ^connect }", `default is "connect"; write voicemail or message`),
		one("after hours with an unknown reason", "{ default: voicemail }", "{ default: voicemail, ^critcal: connect }",
			`after_hours has the key "critcal"; write critical`),
		{
			"after hours with a reason that no key chooses",
			[]string{`  "2": restricted `, `  # `, "{ default: voicemail }", "{ default: voicemail, ^restricted: connect }"},
			[]string{"after_hours names restricted, which no key of the menu chooses; remove it, or put it on a key of the menu"},
		},
		one("retention in weeks", "retention: 400d", "retention: 60w"),
		one("retention in years", "retention: 400d", "retention: 2y"),
		one("retention without unit", "retention: 400d", "retention: ^400",
			`retention is "400"; write days, weeks or years from 1d to 100y, such as 400d`),
		one("retention of nothing", "retention: 400d", "retention: ^0d", `retention is "0d"; write days, weeks or years from 1d to 100y, such as 400d`),
		one("recording on (rule 13)", "recording: off", "recording: on"),
		one("recording in other words", "recording: off", "recording: ^no", `recording is "no"; write off or on`),
	})
}

func TestFairUse(t *testing.T) {
	check(t, []mistake{
		one("the limit without unit", "call_limit: 20m", "call_limit: ^1200", `call_limit is "1200"; write the unit too: 1200s`),
		one("the limit with part of a second", "call_limit: 20m", "call_limit: ^90.5s", `call_limit is "90.5s"; write a time from 1m to 4h`),
		one("a limit of nothing", "tickets_per_month: 16", "tickets_per_month: ^0", `tickets_per_month is "0"; write a whole number from 1 to 100000`),
		one("more months than there are", "{ months: 3, within: 6 }", "{ months: ^7, within: 6 }",
			"sustained asks for 7 months within 6, which is impossible; write months no larger than within"),
		one("fewer months than the default needs", "{ months: 3, within: 6 }", "{ within: ^2 }",
			"sustained asks for 3 months within 2, which is impossible; write months no larger than within"),
		one("currency in small letters", "currency: USD", "currency: ^usd",
			`currency is "usd"; write the three capital letters of a currency, such as USD or GBP`),
		one("parts of a cent", "per_ticket: 0", "per_ticket: ^0.355", `per_ticket is "0.355"; write an amount in USD with at most 2 decimals`),
		one("money back", "per_ticket: 0", "per_ticket: ^-1", `per_ticket is "-1"; write an amount from 0 to 1000000, such as 2.50`),
		one("not a number", "per_minute: 0", "per_minute: ^nan", `per_minute is "nan"; write an amount from 0 to 1000000, such as 2.50`),
		one("an amount with cents", "per_minute: 0", "per_minute: 0.35"),
		one("nobody is warned", "warn_at: [80, 100]", "warn_at: []"),
		one("warned beyond the limit", "warn_at: [80, 100]", "warn_at: [150, 50]"),
		one("warned at nothing", "warn_at: [80, 100]", "warn_at: [^0, 100]", `warn_at is "0"; write a whole number from 1 to 1000`),
		one("warned in percent signs", "warn_at: [80, 100]", "warn_at: [^80%]", `warn_at is "80%"; write a whole number from 1 to 1000`),
		one("warned twice", "warn_at: [80, 100]", "warn_at: [80, ^80]", "warn_at names 80 twice; keep one of the two"),
		one("warned without a list", "warn_at: [80, 100]", "warn_at: ^80", "warn_at is a single value where a list belongs; write warn_at: [...]"),
		one("let through for an unknown reason", "let_through: [critical]", "let_through: [^critcal]",
			`let_through is "critcal", which is not a reason to call; write critical`),
		one("let through twice", "let_through: [critical]", "let_through: [question, ^question]", "let_through names question twice; keep one of the two"),
	})
}
