package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/notices"
	"github.com/officernd/supportline/policy"
)

const channelsBlock = `
channels:
  ops-mail: { email: [support@example.com] }
  ops-slack: { slack: "#support-line", token: xoxb-0000-hush-hush }
  pager: { pagerduty: R0hush0hush0hush0hush0hush0hush0, webhook_secret: hush-hush-hush-hush }
  hook: { webhook: "https://example.com/hooks/phone?key=hush", secret: "0123456789abcdef" }
`

// channelled returns the example with a notices block and a channels block, in which the first text of each pair was replaced by the second.
func channelled(pairs ...string) string {
	return told() + strings.NewReplacer(pairs...).Replace(channelsBlock)
}

// Named channels stand beside those of notices: they tell of what names them, and of nothing else.
func TestChannelsAsTheFileSays(t *testing.T) {
	got, problems := parse(channelled(), env(), config.Options{})
	if diff := cmp.Diff([]string{}, problems); diff != "" {
		t.Fatal(diff)
	}
	want := []notices.Channel{
		notices.Email{
			Called: "ops-mail", From: "Support <support@example.com>", Ops: []string{"support@example.com"},
			Server: "smtp.example.com:587", Hello: "support.example.com", User: "supportline", Password: "hush-hush", TLS: notices.TLSStart,
		},
		notices.Slack{Called: "ops-slack", Channel: "#support-line", Token: "xoxb-0000-hush-hush", Public: "support.example.com"},
		notices.PagerDuty{Called: "pager", Key: "R0hush0hush0hush0hush0hush0hush0", Region: "us", Secret: "hush-hush-hush-hush", Public: "support.example.com"},
		notices.Webhook{Called: "hook", URL: "https://example.com/hooks/phone?key=hush", Secret: "0123456789abcdef"},
	}
	if diff := cmp.Diff(want, got.Notices.Named); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for to, want := range map[policy.Channel]string{
		"":         "email ops@example.com, email lead@example.com, webhook ",
		"ops":      "email ops@example.com, email lead@example.com",
		"webhook":  "webhook ",
		"ops-mail": "ops-mail support@example.com",
		"hook":     "hook ",
		"slack":    "ops-slack ",
		"pager":    "pager ",
		"nobody":   "",
	} {
		var told []string
		for _, n := range got.Notices.Addressed(policy.Notice{Key: "k", Channel: to}) {
			told = append(told, fmt.Sprintf("%s %s", n.Channel, n.To))
			if !strings.HasPrefix(n.Key, "k/"+string(n.Channel)) || strings.Contains(n.Key, "@") {
				t.Errorf("%s has the key %s", n.Channel, n.Key)
			}
		}
		if got := strings.Join(told, ", "); got != want {
			t.Errorf("an event for %q is told by %s, want %s", to, got, want)
		}
	}
}

func TestChannelsAreChecked(t *testing.T) {
	for _, row := range []struct {
		name, old, changed string
		want               string
	}{
		{"no kind", "{ email: [support@example.com] }", "^{ fax: 1 }", `ops-mail is no channel of a known kind; write the key email, slack, pagerduty or webhook, as in { email: [support@example.com] }`},
		{"nothing at all", "{ email: [support@example.com] }", "^{}", `ops-mail is no channel of a known kind; write the key email, slack, pagerduty or webhook, as in { email: [support@example.com] }`},
		{"a kind misspelt", "{ email: [support@example.com] }", "^{ emial: [support@example.com] }", `ops-mail is no channel of a known kind; write email`},
		{
			"two kinds in one", "{ email: [support@example.com] }", `^{ email: [support@example.com], webhook: "https://example.com", secret: "0123456789abcdef" }`,
			`ops-mail is several channels at once: email and webhook; write a channel for each, under a name of its own`,
		},
		{"no block", "{ email: [support@example.com] }", "^support@example.com", `ops-mail is a single value where keys and values belong; write ops-mail: { email: [support@example.com] }`},
		{"an unknown key", `secret: "0123456789abcdef"`, `secret: "0123456789abcdef", ^secrt: x`, `the key "secrt" is not known here; write secret`},
		{"a single address", "[support@example.com]", "^support@example.com", `email is a single value where a list belongs; write email: [...]`},
		{"no address", "[support@example.com]", "^[]", `email names nobody; write email: [support@example.com]`},
		{"an address that is none", "[support@example.com]", "[^support]", `email holds "support", which is not an e-mail address; write an address alone, such as ops@example.com`},
		{"a reserved name", "  ops-mail:", "  ^sms:", `channels has a channel named sms, which has a meaning of its own in alarms; write another name, such as team-sms`},
		{"ops", "  ops-mail:", "  ^ops:", `channels has a channel named ops, which has a meaning of its own in alarms; write another name, such as team-ops`},
		{"a name with a colon", "  ops-mail:", `  ^"rota:night":`, `channels has a channel named "rota:night"; write a name of small letters, digits and hyphens that begins with a letter, such as ops-mail`},
		{
			"an address in clear", `"https://example.com/hooks/phone?key=hush"`, `^"http://example.com/hooks/phone?key=hush"`,
			`webhook does not begin with https:// (http:// is for this machine only); write it like https://ops.example.com/supportline`,
		},
		{"an easy secret", `"0123456789abcdef"`, `^"hush"`, `secret is too easy to guess, or has spaces in it; write at least 16 random characters, for example from openssl rand -hex 16`},
	} {
		t.Run(row.name, func(t *testing.T) {
			text, places := marked(channelled(row.old, row.changed))
			_, problems := parse(text, env(), config.Options{})
			if diff := cmp.Diff([]string{places[0] + row.want}, problems); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if strings.Contains(strings.Join(problems, ""), "hush") {
				t.Error("a secret is shown")
			}
		})
	}
}

// What the environment lacks is no problem offline, and one of its own otherwise.
func TestSecretsOfChannelsFromTheEnvironment(t *testing.T) {
	text := channelled("R0hush0hush0hush0hush0hush0hush0", `"${PAGERDUTY_KEY:-}"`, "hush-hush-hush-hush", `"${PAGERDUTY_WEBHOOK_SECRET:-}"`, "xoxb-0000-hush-hush", `"${SLACK_TOKEN:-}"`, `"0123456789abcdef"`, `"${HOOK_SECRET}"`)
	if _, problems := parse(text, env(), config.Options{Offline: true}); len(problems) > 0 {
		t.Errorf("offline: %q", problems)
	}
	if _, problems := parse(text, env(), config.Options{}); len(problems) != 3 || !strings.Contains(problems[0], "token is empty; write the bot token") {
		t.Errorf("%q", problems)
	}
}

// The mail server of notices serves every list of addresses.
func TestNamedEmailNeedsTheMailServer(t *testing.T) {
	_, problems := parse(string(config.Example())+channelsBlock, env(), config.Options{})
	if len(problems) != 1 || !strings.Contains(problems[0], "email needs a mail server, and there is none; add notices: { from: support@example.com, smtp:") {
		t.Errorf("%q", problems)
	}
}
