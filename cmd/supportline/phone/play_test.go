package phone_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/phone"
	"github.com/officernd/supportline/policy"
)

const head = "clock 2026-11-24T10:00\nspecialist +15550100001 accepts after 5s\ndial +448000668187 from +442079460018\n"

// TestPlay checks scripts that follow the call, and the first difference of those that do not.
func TestPlay(t *testing.T) {
	for _, row := range []struct{ name, script, want string }{
		{"a whole call", head + `hear "two digits"
press 12
hear "connecting"
talk 3m
specialist +15550100001 hears "press 1"
specialist hangs up
hear "goodbye"
leave message 4s
press #
hear "saved"
hear nothing more
rung +15550100001
log from +442079460018
log started_at 2026-11-24T10:00:00Z
log talk_seconds null
log waived false
trace digits.given "keys=12"
no trace digits.refused`, ""},
		{"hear without regard to case and line breaks", head + `hear "TWO  digits"` + "\nhang up", ""},
		{"press ahead of the prompt", head + "press 12\nhear \"connecting\"\nhang up", ""},
		{"speech", head + "say \"one two\"\nhear \"connecting\"\nhang up", ""},
		{"silence", head + "hear \"two digits\"\nstay silent\nhear \"connecting\"\nhang up", ""},
		{"time passes between calls", head + "hang up\nwait 5m\ndial +448000668187 from anonymous\nhang up\nlog started_at 2026-11-24T10:05:00Z", ""},
		{"the caller stays to the end without a statement", head + `press 12
specialist +15550100001 does not answer
dial +448000668187 from anonymous
hear "two digits"
stay silent
hear "goodbye"
hear "(tone)"
rung +15550100001
not rung +15550100002`, ""},
		{"a talk that nobody ends", head + "press 12\ntalk 1m\nlog outcome served", `a.call:6: expected ` + "`log outcome served`" + `, but the talk goes on; write hang up, or specialist hangs up, before it`},
		{"not heard", head + `hear "three digits"`, `a.call:4: expected ` + "`hear \"three digits\"`" + `, but the line waits for an answer; heard: "two digits please"`},
		{"heard after all", head + `hear not "digits"`, `a.call:4: expected ` + "`hear not \"digits\"`" + `, but the line waits for an answer; heard: "two digits please"`},
		{"more is heard", head + "press 12\ntalk 1m\nspecialist hangs up\nhear nothing more", `a.call:7: expected ` + "`hear nothing more`" + `, but the line records; heard: "goodbye (tone)"`},
		{"no talk comes", head + "talk 1m", `a.call:4: expected ` + "`talk 1m`" + `, but the line waits for an answer; heard: "two digits please"`},
		{"no key is wanted", head + "press 12\nwait 7s\npress 1", `a.call:6: expected ` + "`press 1`" + `, but caller and specialist talk; nothing was heard`},
		{"the call is over", head + "hang up\npress 1", `a.call:5: expected ` + "`press 1`" + `, but the call is over; heard: "two digits please"`},
		{"not rung", head + "hang up\nrung +15550100001", `a.call:5: expected ` + "`rung +15550100001`" + `, but the call is over`},
		{"rung after all", head + "press 12\ntalk 1s\nhang up\nnot rung +15550100001", `a.call:7: expected ` + "`not rung +15550100001`" + `, but the call is over, and it rang`},
		{"another value in the log", head + "hang up\nlog outcome served", `a.call:5: expected ` + "`log outcome served`" + `, but the log has outcome null`},
		{"another trace", head + "press 12\nhang up\ntrace digits.given \"34\"", `a.call:6: expected ` + "`trace digits.given \"34\"`" + `, but the trace has it with: two, keys=12`},
		{"no such rule in the trace", head + "press 12\nhang up\ntrace hours.week", `a.call:6: expected ` + "`trace hours.week`" + `, but the trace has only: digits.given`},
		{"a rule too many", head + "press 12\nhang up\nno trace digits.given", `a.call:6: expected ` + "`no trace digits.given`" + `, but the trace has it: two, keys=12`},
		{"the server fails its caller", "break the store\n" + head, "a.call:4: expected a line that never fails its caller (rule 11), but " +
			"11200 /voice: answered 500; 11200 /fallback: answered 404"},
		{"the clock goes back", head + "hang up\nclock 2026-11-24T09:00", "a.call:5: the clock shows 2026-11-24T10:00:00 already; write a later time"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := ""
			if err := play(t, row.script); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlayTellsDifferencesFromFailures(t *testing.T) {
	var different *phone.Difference
	if err := play(t, head+"hear \"nothing of the kind\""); !errors.As(err, &different) || different.Line != 4 {
		t.Errorf("got %v, want a difference in line 4", err)
	}
	s, err := phone.Parse("a.call", []byte(head+"hang up"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = phone.Play(t.Context(), s, func(phone.Setup) (phone.Server, error) { return nil, errors.New("no such key") })
	if err == nil || errors.As(err, &different) || err.Error() != "a.call:3: the server can't be opened: no such key" {
		t.Errorf("got %v, want an error that is no difference", err)
	}
}

func TestPlaySetsTheHouseUp(t *testing.T) {
	var seen phone.Setup
	closed := false
	s, err := phone.Parse("a.call", []byte("with menu.9: { a: b } # two words\nwith x: \"off\"\ncustomers others.csv\nrestricted 204518\n"+head+"hang up"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := phone.Play(t.Context(), s, opener(&closed, &seen)); err != nil {
		t.Fatal(err)
	}
	want := []phone.Override{{Path: "menu.9", YAML: "{ a: b }"}, {Path: "x", YAML: "off"}}
	if diff := cmp.Diff(want, seen.Overrides); diff != "" {
		t.Error(diff)
	}
	if seen.Customers != "others.csv" || !closed {
		t.Errorf("customers %q, closed %v; want others.csv, true", seen.Customers, closed)
	}
	if diff := cmp.Diff([]policy.CustomerNumber{"204518"}, seen.Restricted); diff != "" {
		t.Error(diff)
	}
	if now := seen.Now(); now.Before(time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("the server's clock shows %v", now)
	}
}

// TestParse checks the problems of scripts: all at once, each with its line and what to write instead.
func TestParse(t *testing.T) {
	for _, row := range []struct{ name, script, want string }{
		{"comments, quotes and keys", head + "# a comment\npress #\npress \"#\" # the hash key\npress *# # both\nsay \"# no comment\" # comment\nhang up", ""},
		{"an unknown statement", head + "shout \"help\"", `a.call:4: "shout" begins no statement; write one of: break, call, callbacks, clock, customers, dial, followup, hang, hear, leave, log, mend, no, not, press, restricted, retry, rung, say, specialist, stay, take, talk, texted, trace, wait, with`},
		{"a bad duration", head + "wait six", `a.call:4: "six" is not a duration such as 5s, 3m or 1m30s; write: wait DURATION`},
		{"a missing word", head + "leave message", `a.call:4: a duration such as 5s, 3m or 1m30s is missing at the end; write: leave message DURATION`},
		{"a word too many", head + "hang up now", `a.call:4: "now" is too much; write: hang up`},
		{"a missing quote", head + `hear "two`, `a.call:4: a text is not closed: write a double quote at its end`},
		{"a text without quotes", head + "say yes", `a.call:4: "yes" is not a text in double quotes, such as "customer number"; write: say TEXT`},
		{"letters for keys", head + "press one", `a.call:4: "one" is not keys: 0 to 9, * and #; write: press KEYS`},
		{"a field that no call has", head + "hang up\nlog result served", `a.call:5: "result" is not a field of the call log: account, answered_at, callback_of, counted, customer, ended_at, from, intent, line, month, on_file, outcome, over_long, sid, specialist, specialist_name, started_at, talk_seconds, ticket, total_seconds, training, wait_seconds, waived; write: log FIELD VALUE`},
		{"no customer number", "restricted Northwind\n" + head, `a.call:1: "Northwind" is not a customer number such as 204518; write: restricted CUSTOMER`},
		{"a zone that does not exist", "clock 2026-11-24T10:00 Europe/Londno\n" + head, `a.call:1: "Europe/Londno" is not a time zone such as Europe/London; write: clock TIME [ZONE]`},
		{"several forms", head + "specialist +15550100001 naps", `a.call:4: "naps" is not expected here; write: specialist ADDRESS accepts | specialist ADDRESS accepts after DURATION [thinking DURATION] | specialist ADDRESS passes on [after DURATION] | specialist ADDRESS presses KEYS then KEYS [after DURATION] | specialist ADDRESS presses KEYS [after DURATION] | specialist ADDRESS voicemail [after DURATION] | specialist ADDRESS sends KEYS [after DURATION] | specialist ADDRESS hangs up after DURATION | specialist ADDRESS refuses [after DURATION] | specialist ADDRESS fails [after DURATION] | specialist ADDRESS does not answer | specialist ADDRESS hears TEXT`},
		{"no clock", "dial +448000668187 from nobody", `a.call:1: nobody knows what time it is; write a clock statement before the first dial`},
		{"no call", "clock 2026-11-24T10:00", `a.call:1: nobody calls; write a dial statement, such as: dial +448000668187 from +442079460018`},
		{"too early", "press 1\n" + head, `a.call:1: nobody has called yet; write a dial statement before it`},
		{"too late", head + "hang up\nwith x: 1", `a.call:5: the server is open already; write this before the first dial`},
		{"two problems", "press one\nwait\n" + head, "a.call:1: \"one\" is not keys: 0 to 9, * and #; write: press KEYS\na.call:2: a duration such as 5s, 3m or 1m30s is missing at the end; write: wait DURATION"},
		{"not a text", "\xff\xfe", "a.call:1: this is not a script: write a text file in UTF-8 of less than 1 MB"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := ""
			if _, err := phone.Parse("a.call", []byte(row.script)); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseTakesFilesOfOtherSystems(t *testing.T) {
	if _, err := phone.Parse("a.call", []byte("\uFEFF"+strings.ReplaceAll(head, "\n", "\r\n"))); err != nil {
		t.Error(err)
	}
}

// FuzzScript parses any text and plays what is a script: neither may panic or hang.
func FuzzScript(f *testing.F) {
	f.Add(head + "hear \"two digits\"\npress 12\ntalk 1m\nspecialist hangs up\nhear \"goodbye\"\nleave message 3s\nhang up\nlog outcome null")
	f.Add("with a.b: { c: d }\n" + head + "say \"x\"\nstay silent\nwait 1h\ntrace a.b \"c\"")
	f.Add("retry every webhook\ncallbacks reordered\n" + head + "press #*\nbreak the store\nhang up\nmend the store")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := phone.Parse("a.call", []byte(text))
		if err != nil {
			return
		}
		var different *phone.Difference
		if _, err := phone.Play(t.Context(), s, opener(nil, nil)); errors.As(err, &different) && different.Line == 0 {
			t.Errorf("a difference without a line: %v", err)
		}
	})
}
