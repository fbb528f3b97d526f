package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
)

func TestEnvironment(t *testing.T) {
	for _, row := range []struct {
		name, value string
		env         []string
		offline     bool
		want        string // the line's name
		problems    []string
	}{
		{name: "a variable", value: "${LINE_NAME}", env: []string{"LINE_NAME", "Britain"}, want: "Britain"},
		{name: "inside a value", value: "The ${LINE_NAME} line", env: []string{"LINE_NAME", "British"}, want: "The British line"},
		{name: "two in a value", value: "${A}${B}", env: []string{"A", "x", "B", "y"}, want: "xy"},
		{name: "its value is never structure", value: "${LINE_NAME}", env: []string{"LINE_NAME", "{ a: [b, &c *d] }"}, want: "{ a: [b, &c *d] }"},
		{name: "its value is not replaced again", value: "${A}", env: []string{"A", "${B}", "B", "y"}, want: "${B}"},
		{name: "a default", value: "${LINE_NAME:-Britain}", want: "Britain"},
		{name: "a default for an empty one, as in a shell", value: "${LINE_NAME:-Britain}", env: []string{"LINE_NAME", ""}, want: "Britain"},
		{name: "a default is not used", value: "${LINE_NAME:-Britain}", env: []string{"LINE_NAME", "UK"}, want: "UK"},
		{name: "the characters themselves", value: "$${LINE_NAME} costs $5", want: "${LINE_NAME} costs $5"},
		{name: "missing", value: "${LINE_NAME}", problems: []string{
			"supportline.yaml:44:11: name needs the environment variable LINE_NAME, which is not set; set LINE_NAME, or write ${LINE_NAME:-default}",
		}},
		{name: "two missing", value: "${A} ${B}", problems: []string{
			"supportline.yaml:44:11: name needs the environment variable A, which is not set; set A, or write ${A:-default}",
			"supportline.yaml:44:11: name needs the environment variable B, which is not set; set B, or write ${B:-default}",
		}},
		{name: "set and empty is checked like any value", value: "${LINE_NAME}", env: []string{"LINE_NAME", ""}, problems: []string{
			"supportline.yaml:44:11: name is empty; write what people call the line, such as United Kingdom",
		}},
		{name: "missing offline is empty", value: "UK${LINE_NAME}", offline: true, want: "UK"},
		{name: "no name", value: "${}", problems: []string{
			`supportline.yaml:44:11: name holds "${}", which is no reference to the environment; write ${NAME} or ${NAME:-default}; $${ stands for ${ itself`,
		}},
		{name: "no end", value: "${LINE_NAME", problems: []string{
			`supportline.yaml:44:11: name holds "${LINE_NAME", which is no reference to the environment; write ${NAME} or ${NAME:-default}; $${ stands for ${ itself`,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := changed(t, "name: United Kingdom", "name: "+row.value)
			c, problems := parse(text, env(row.env...), config.Options{Offline: row.offline})
			got := ""
			if len(c.Settings.Lines) == 2 {
				got = c.Settings.Lines[1].Name
			}
			if diff := cmp.Diff(append([]string{row.want}, row.problems...), append([]string{got}, problems...)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestOfflineAcceptsEmptySecretsOnly(t *testing.T) {
	for _, row := range []struct {
		name    string
		lookup  func(string) (string, bool)
		offline bool
		want    []string
	}{
		{"nothing set, offline", nothing, true, []string{}},
		{"nothing set", nothing, false, []string{
			"supportline.yaml:24:16: account_sid needs the environment variable TWILIO_ACCOUNT_SID, which is not set; " +
				"export TWILIO_ACCOUNT_SID=..., or write that line into the env file that the service is started with",
			"supportline.yaml:25:15: auth_token needs the environment variable TWILIO_AUTH_TOKEN, which is not set; " +
				"export TWILIO_AUTH_TOKEN=..., or write that line into the env file that the service is started with",
		}},
		{"one of a pair set, offline", env("TWILIO_API_SECRET", "hush"), true, []string{}},
		{"set and wrong, offline", env("TWILIO_ACCOUNT_SID", "me"), true, []string{
			"supportline.yaml:24:16: account_sid (environment variable TWILIO_ACCOUNT_SID) does not look right; write AC and 32 hexadecimal digits, as the provider's console shows it",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, got := parse(string(config.Example()), row.lookup, config.Options{Offline: row.offline})
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
