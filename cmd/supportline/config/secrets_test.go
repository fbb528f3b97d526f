package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
)

// hex is a token as the provider makes them.
const hex = "dd55a0b1c2d3e4f5a6b7c8d9eaf0b1c2"

// everySecret is a configuration in which each secret comes from a variable of its own.
func everySecret(t *testing.T) (text string, env map[string]string) {
	text = changed(t, "# recordings:\n#   keep: folder:data/recordings           # or a bucket: s3:https://s3.eu-west-1.amazonaws.com/bucket/prefix?region=eu-west-1\n",
		"recordings:\n  keep: s3:https://s3.example.com/calls\n  access_key: ${RECORDINGS_ACCESS_KEY}\n  secret_key: ${RECORDINGS_SECRET_KEY}\n",
		"  url: \"\"  ", "  url: https://console.example.com\n  sso: { issuer: https://login.example.com, client_id: supportline, client_secret: \"${SSO_CLIENT_SECRET}\", roles: { it: admin } }\n  # ")
	text += "notices:\n  from: a@example.com\n  ops: [b@example.com]\n" +
		"  smtp: { server: \"smtp.example.com:587\", user: supportline, password: \"${SMTP_PASSWORD}\" }\n" +
		"  webhook: { url: https://ops.example.com/x, secret: \"${NOTICES_SECRET}\" }\n" +
		"rotas: { night: { ical: \"${NIGHT_CALENDAR}\" } }\n" +
		"channels:\n  ops-slack: { slack: \"#support-line\", token: \"${SLACK_TOKEN}\" }\n" +
		"  pager: { pagerduty: \"${PAGERDUTY_KEY}\", webhook_secret: \"${PAGERDUTY_WEBHOOK_SECRET}\" }\n" +
		"  hook: { webhook: https://example.com/hooks/phone, secret: \"${HOOK_SECRET}\" }\n"
	return text, map[string]string{
		"TWILIO_ACCOUNT_SID": "AC00112233445566778899aabbccddeeff", "TWILIO_AUTH_TOKEN": hex, "TWILIO_NEXT_AUTH_TOKEN": hex,
		"TWILIO_API_KEY": "SK00112233445566778899aabbccddeeff", "TWILIO_API_SECRET": "Aa0Aa0Aa0Aa0Aa0Aa0Aa0Aa0Aa0Aa0Aa",
		"SSO_CLIENT_SECRET": "hush-hush", "SMTP_PASSWORD": "hush hush", "NOTICES_SECRET": "0123456789abcdef",
		"RECORDINGS_ACCESS_KEY": "AKIAEXAMPLE", "RECORDINGS_SECRET_KEY": "wJalr/XUtn+FEMI",
		"NIGHT_CALENDAR": "https://calendar.example.com/night-0123.ics", "SLACK_TOKEN": "xoxb-0123456789-abcdef", "PAGERDUTY_KEY": hex,
		"PAGERDUTY_WEBHOOK_SECRET": hex + hex, "HOOK_SECRET": "fedcba9876543210",
	}
}

// secretKeys names the key of each variable.
var secretKeys = map[string]string{
	"TWILIO_ACCOUNT_SID": "account_sid", "TWILIO_AUTH_TOKEN": "auth_token", "TWILIO_NEXT_AUTH_TOKEN": "next_auth_token", "TWILIO_API_KEY": "api_key",
	"TWILIO_API_SECRET": "api_secret", "SSO_CLIENT_SECRET": "client_secret", "SMTP_PASSWORD": "password", "NOTICES_SECRET": "secret",
	"RECORDINGS_ACCESS_KEY": "access_key", "RECORDINGS_SECRET_KEY": "secret_key",
	"NIGHT_CALENDAR": "ical", "SLACK_TOKEN": "token", "PAGERDUTY_KEY": "pagerduty", "PAGERDUTY_WEBHOOK_SECRET": "webhook_secret", "HOOK_SECRET": "secret",
}

// TestEverySecretIsLookedAt: what came along on the way into the environment is found for each of them, with the reason, the variable's name, and
// never the value.
func TestEverySecretIsLookedAt(t *testing.T) {
	text, right := everySecret(t)
	for name, row := range map[string]struct {
		change func(variable, value string) string
		what   string
	}{
		"quotes, which env files keep": {func(_, v string) string { return `"` + v + `"` }, "has quotation marks around it"},
		"single quotes":                {func(_, v string) string { return "'" + v + "'" }, "has quotation marks around it"},
		"quotes of a document":         {func(_, v string) string { return "“" + v + "”" }, "has quotation marks around it"},
		"quotes and a blank":           {func(_, v string) string { return ` "` + v + `" ` }, "has quotation marks around it"},
		"a blank behind":               {func(_, v string) string { return v + " " }, "begins or ends with a blank"},
		"a tab in front":               {func(_, v string) string { return "\t" + v }, "begins or ends with a blank"},
		"a wide blank":                 {func(_, v string) string { return v + "\u00a0" }, "begins or ends with a blank"},
		"blanks alone":                 {func(string, string) string { return "  " }, "holds nothing but blanks"},
		"a Windows line end":           {func(_, v string) string { return v + "\r" }, "has a line end in it"},
		"a second line":                {func(_, v string) string { return v + "\nx" }, "has a line end in it"},
		"a joiner of no width":         {func(_, v string) string { return v[:3] + "\u200d" + v[3:] }, "has a character in it that cannot be seen"},
		"a header":                     {func(_, v string) string { return "Bearer " + v }, `begins with "Bearer "`},
		"the whole line":               {func(n, v string) string { return n + "=" + v }, "begins with the variable's own name"},
		"the whole line of a shell":    {func(n, v string) string { return "export " + n + "=" + v }, "begins with the variable's own name"},
		"dots of a manual":             {func(string, string) string { return "..." }, "is a placeholder"},
		"a manual's words":             {func(string, string) string { return "<your token>" }, "is a placeholder"},
		"a reference":                  {func(n, _ string) string { return "${" + n + "}" }, "is a reference that nobody replaced"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, key := range secretKeys {
				value := row.change(variable, right[variable])
				_, got := parse(text, with(right, variable, value), config.Options{})
				want := " " + key + " (environment variable " + variable + ") " + row.what + "; "
				if len(got) != 1 || !strings.Contains(strings.Join(got, "\n"), want) {
					t.Errorf("%s: %q, want %q alone", variable, got, want)
				}
				if shows := strings.Trim(value, " \t\r\n\"'“”\u00a0"); len(shows) > 8 && strings.Contains(strings.Join(got, "\n"), right[variable]) {
					t.Errorf("%s: the value is shown: %q", variable, got)
				}
			}
		})
	}
}

// with returns an environment with one variable changed.
func with(all map[string]string, name, value string) func(string) (string, bool) {
	return func(asked string) (string, bool) {
		if asked == name {
			return value, true
		}
		v, ok := all[asked]
		return v, ok
	}
}

// TestSecretsOfAnotherKind are told apart where the kind has a form.
func TestSecretsOfAnotherKind(t *testing.T) {
	text, right := everySecret(t)
	for name, row := range map[string]struct{ variable, value, want string }{
		"the account's SID for the token": {"TWILIO_AUTH_TOKEN", right["TWILIO_ACCOUNT_SID"], "is a SID (AC...), which only names an account; write the account's auth token"},
		"a key's SID for the token":       {"TWILIO_AUTH_TOKEN", right["TWILIO_API_KEY"], "is a SID (SK...), which only names an API key"},
		"a key's SID for the next token":  {"TWILIO_NEXT_AUTH_TOKEN", right["TWILIO_API_KEY"], "is a SID (SK...)"},
		"a key's SID for its secret":      {"TWILIO_API_SECRET", right["TWILIO_API_KEY"], "is a SID (SK...), which only names an API key; write the secret of the API key"},
		"a number's SID for the secret":   {"SSO_CLIENT_SECRET", "PN" + hex, "is a SID (PN...), which only names something at the provider"},
		"a key for the account":           {"TWILIO_ACCOUNT_SID", right["TWILIO_API_KEY"], "is a SID (SK...), which only names an API key; write AC and 32"},
		"the account for a key":           {"TWILIO_API_KEY", right["TWILIO_ACCOUNT_SID"], "is a SID (AC...), which only names an account; write SK"},
		"the token for the account":       {"TWILIO_ACCOUNT_SID", hex, "is an auth token, or lacks the AC in front"},
		"a blank inside":                  {"TWILIO_AUTH_TOKEN", hex[:16] + " " + hex[16:], "has a blank in it"},
		"a quote in front":                {"TWILIO_AUTH_TOKEN", `"` + hex, "has a quotation mark in it"},
		"a letter of another alphabet":    {"TWILIO_AUTH_TOKEN", "dd55а" + hex[5:], "has letters or signs in it that none of the kind has"},
		"a dash of a document":            {"RECORDINGS_SECRET_KEY", "wJalr–XUtn", "has letters or signs in it that none of the kind has"},
		"too short":                       {"TWILIO_ACCOUNT_SID", "AC0011", "does not look right"},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := parse(text, with(right, row.variable, row.value), config.Options{})
			if len(got) != 1 || !strings.Contains(got[0], secretKeys[row.variable]+" (environment variable "+row.variable+") "+row.want) {
				t.Errorf("%q, want %q", got, row.want)
			}
			if strings.Contains(strings.Join(got, ""), row.value) {
				t.Errorf("the value is shown: %q", got)
			}
		})
	}
	if _, got := parse(text, with(right, "", ""), config.Options{}); len(got) > 0 {
		t.Errorf("all as it should be: %q", got)
	}
}

// TestATokenOfAnotherShapeIsNoted, and can be used: a test account may have any.
func TestATokenOfAnotherShapeIsNoted(t *testing.T) {
	for _, variable := range []string{"TWILIO_AUTH_TOKEN", "TWILIO_NEXT_AUTH_TOKEN"} {
		notesTheShapeOf(t, variable)
	}
}

func notesTheShapeOf(t *testing.T, variable string) {
	t.Helper()
	advice := secretKeys[variable] + " (environment variable " + variable + ") is not 32 hexadecimal digits, as the provider's tokens are"
	for token, noted := range map[string]bool{hex: false, "12345": true, hex + "0": true, strings.ToUpper(hex): true, "ghijklmnopqrstuvwxyzghijklmnopqr": true} {
		c, problems := parse(string(config.Example()), env(variable, token), config.Options{})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got := strings.Join(problemLines(c.Notes), "\n")
		if strings.Contains(got, advice) != noted || strings.Contains(got, token) {
			t.Errorf("%d characters: %q", len(token), got)
		}
	}
}

// TestAdviceNeverPutsASecretIntoTheFile, and a problem never shows a part of one.
func TestAdviceNeverPutsASecretIntoTheFile(t *testing.T) {
	text, right := everySecret(t)
	for variable, key := range secretKeys {
		lookup := func(name string) (string, bool) { return with(right, "", "")(name) }
		missing := func(name string) (string, bool) {
			if name == variable {
				return "", false
			}
			return lookup(name)
		}
		_, got := parse(text, missing, config.Options{})
		said := strings.Join(got, "\n")
		if strings.Contains(text, "${"+variable+":-}") { // it may be missing, and half of a pair is
			continue
		}
		want := key + " needs the environment variable " + variable + ", which is not set; export " + variable + "=..., or write that line into the env file"
		if !strings.Contains(said, want) || strings.Contains(said, ":-") {
			t.Errorf("%s: %q", variable, got)
		}
	}
	_, got := parse(changed(t, "auth_token: ${TWILIO_AUTH_TOKEN} ", "auth_token: pa${ss-wo}rd "), env(), config.Options{})
	if diff := cmp.Diff(1, len(got)); diff != "" || strings.Contains(got[0], "ss-wo") {
		t.Errorf("%q", got)
	}
}

// TestTheFirstVariableOfAValueIsNamed where a value is put together from several.
func TestTheFirstVariableOfAValueIsNamed(t *testing.T) {
	text, right := everySecret(t)
	text = strings.Replace(text, "${TWILIO_AUTH_TOKEN}", "${TWILIO_AUTH_TOKEN}${TOKEN_END}", 1)
	_, got := parse(text, with(right, "TOKEN_END", " "), config.Options{})
	if len(got) != 1 || !strings.Contains(got[0], "auth_token (environment variable TWILIO_AUTH_TOKEN) begins or ends with a blank") {
		t.Errorf("%q", got)
	}
}
