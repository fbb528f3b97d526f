package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/policy"
)

// TestCallersWithoutANumber: one word stands for all reasons to call, or a table has a word for each.
func TestCallersWithoutANumber(t *testing.T) {
	const plain = "unidentified: connect "
	for _, row := range []struct {
		name, text string
		want       policy.Unidentified
		problems   []string
	}{
		{"one word", "unidentified: voicemail ", policy.Unidentified{Default: policy.UnidentifiedVoicemail}, nil},
		{"by reason", "unidentified: { critical: connect, default: refuse } ", policy.Unidentified{
			Default: policy.UnidentifiedRefuse, ByIntent: map[policy.Intent]policy.UnidentifiedAction{policy.Critical: policy.UnidentifiedConnect},
		}, nil},
		{"another word", "unidentified: refused ", policy.Unidentified{}, []string{`supportline.yaml:54:17: unidentified is "refused"; write refuse`}},
		{"no default", "unidentified: { critical: connect } ", policy.Unidentified{}, []string{
			"supportline.yaml:54:17: unidentified does not say what happens to most callers without a number; " +
				"add default: connect, default: voicemail, or default: refuse",
		}},
		{"no such reason", "unidentified: { criticle: connect, default: refuse } ", policy.Unidentified{}, []string{
			`supportline.yaml:54:19: unidentified has the key "criticle"; write critical`,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, problems := parse(changed(t, plain, row.text), env(), config.Options{})
			if diff := cmp.Diff(append([]string{}, row.problems...), problems); diff != "" {
				t.Fatalf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(row.want, c.Settings.Identification.Unidentified); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestAfterHoursOnAnotherLine: callers of a closed line can be sent to the team of another line of the file.
func TestAfterHoursOnAnotherLine(t *testing.T) {
	const usual = "after_hours: { default: voicemail } "
	c, problems := parse(changed(t, usual, `after_hours: { default: voicemail, critical: "line +18883071053" } `), env(), config.Options{})
	number, ok := c.Settings.AfterHours.For(policy.Critical).Line()
	if len(problems) > 0 || !ok || number != "+18883071053" {
		t.Errorf("%q, %v: %v", number, ok, problems)
	}
	for text, want := range map[string]string{
		`critical: "line +18883071054"`: `is "line +18883071054", which is no line of this file; write line +18883071053`,
		`critical: "line 18883071053"`:  `is "line 18883071053", which is no line of this file; write line +18883071053`,
		`critical: closed`:              `critical is "closed"; write voicemail, message or connect`,
	} {
		_, problems := parse(changed(t, usual, "after_hours: { default: voicemail, "+text+" } "), env(), config.Options{})
		if len(problems) != 1 || !strings.Contains(problems[0], want) {
			t.Errorf("%s: %v", text, problems)
		}
	}
}

// TestCompanyAndLinks: the company's name can be said, and its links are addresses of pages.
func TestCompanyAndLinks(t *testing.T) {
	for text, want := range map[string]string{
		"company: \"{name}\" ":                                 `company is "{name}", which cannot be said; write the name as a voice would read it, in letters`,
		"company: A company whose name has very many letters ": "company has 42 characters; write at most 40: it is said in the greeting",
	} {
		_, problems := parse(changed(t, "company: OfficeRnD ", text), env(), config.Options{})
		if len(problems) != 1 || !strings.Contains(problems[0], want) {
			t.Errorf("%s: %v", text, problems)
		}
	}
	if _, problems := parse(changed(t, "company: OfficeRnD ", "company: "+strings.Repeat("ü", 40)+" "), env(), config.Options{}); len(problems) > 0 {
		t.Errorf("40 letters that are more bytes: %v", problems)
	}
	for text, want := range map[string]string{
		"links: { policy: help.example.com } ":            "which is not the address of a page; write it like https://help.example.com/phone-support",
		"links: { ticket: \"https://h.example.com/t\" } ": "ticket has no place for the ticket's number; write {ticket} where it belongs",
		"links: { trainings: x } ":                        `the key "trainings" is not known here; write training`,
	} {
		_, problems := parse(changed(t, "links: {} ", text), env(), config.Options{})
		if len(problems) != 1 || !strings.Contains(problems[0], want) {
			t.Errorf("%s: %v", text, problems)
		}
	}
	c, problems := parse(changed(t, "links: {} ", "links: { ticket: \"https://h.example.com/t/{ticket}\", policy: \"https://h.example.com/p?a=1#b\" } "), env(), config.Options{})
	if want := (policy.Links{Ticket: "https://h.example.com/t/{ticket}", Policy: "https://h.example.com/p?a=1#b"}); len(problems) > 0 || c.Settings.Links != want {
		t.Errorf("%+v: %v", c.Settings.Links, problems)
	}
}

// TestShortStepsOfSeveralAreNoted: the time that a voicemail's pick-up leaves the others (rule 16). One alone has all of it.
func TestShortStepsOfSeveralAreNoted(t *testing.T) {
	for step, want := range map[string]string{
		`{ to: ["sip:oncall@example.com", "+15550100002"], for: 19s }`: "note: for is 19s for 2 at once",
		`{ to: ["sip:oncall@example.com", "+15550100002"], for: 20s }`: "",
		`{ to: ["+15550100002"], for: 5s }`:                            "",
		`{ to: ["sip:oncall@example.com", "+15550100002"] }`:           "",
	} {
		c, problems := parse(changed(t, `{ to: ["sip:oncall@example.com", "+15550100002"], for: 25s }`, step), env(), config.Options{})
		if len(problems) > 0 || (len(c.Notes) > 0) != (want != "") || want != "" && !strings.Contains(c.Notes[0].String(), want) {
			t.Errorf("%s: %v, %v", step, problems, c.Notes)
		}
	}
}

// TestStepsThatWouldQueueAreNoted: with announcements, who is rung by outbound legs waits for the provider to start them.
func TestStepsThatWouldQueueAreNoted(t *testing.T) {
	five := `{ to: ["+15550100011", "+15550100012", "+15550100013", "+15550100014", "+15550100015"], for: 25s }`
	for notice, want := range map[string]bool{"notice: notify ": false, "notice: whisper ": true} {
		for perSecond, late := range map[string]bool{"calls_per_second: 1 ": true, "calls_per_second: 2 ": false} {
			text := changed(t, `{ to: ["sip:oncall@example.com", "+15550100002"], for: 25s }`, five, "notice: notify ", notice, "calls_per_second: 1 ", perSecond)
			c, problems := parse(text, env(), config.Options{})
			noted := len(c.Notes) > 0 && strings.Contains(c.Notes[0].String(), "note: to rings 5 at once, and with calls_per_second 1 the last would ring late")
			if len(problems) > 0 || noted != (want && late) {
				t.Errorf("%s, %s: %v, %v", notice, perSecond, problems, c.Notes)
			}
		}
	}
}

// TestNotes: advice is no problem, and the configuration can be used.
func TestNotes(t *testing.T) {
	c, problems := parse(changed(t, "company: OfficeRnD ", `company: "" `), env(), config.Options{})
	if len(problems) > 0 || len(c.Notes) != 1 || !strings.Contains(c.Notes[0].String(), "note: company is not set, so the greeting names nobody") {
		t.Errorf("%v, %v", problems, c.Notes)
	}
}
