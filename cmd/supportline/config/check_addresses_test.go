package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/officernd/supportline/cmd/supportline/config"
)

func TestAddresses(t *testing.T) {
	const public, like = "public_url: https://support.example.com", "; write it like https://support.example.com"
	check(t, []mistake{
		one("a path", public, "public_url: https://support.example.com:8443/phone/"),
		one("http on this machine", public, "public_url: http://127.0.0.1:8080"),
		one("http elsewhere", public, "public_url: ^http://support.example.com", "public_url does not begin with https:// (http:// is for this machine only)"+like),
		one("no scheme", public, "public_url: ^support.example.com", "public_url is not the address of a web server"+like),
		one("an empty one", public, `public_url: ^""`, "public_url is empty"+like),
		one("an underscore in the host", public, "public_url: ^https://support_line.example.com",
			"public_url has an underscore in the host's name, which the provider refuses"+like),
		one("all its faults at once", public, "public_url: ^https://me:secret@support.example.com:70000/a//b?c=d",
			"public_url holds a user name or password, which the provider does not sign and has a port that does not exist and "+
				"has a path with // or dots in it and holds a ? or a #"+like),
		one("a fallback on its own host", `fallback_url: ""`, "fallback_url: https://static.example.com/phone"),
		one("a fallback without TLS", `fallback_url: ""`, "fallback_url: ^http://static.example.com",
			"fallback_url does not begin with https:// (http:// is for this machine only)"+like),
		one("an edge with a dot", "api_url: https://api.twilio.com", "edge: ^evil.example.com",
			`edge is not a name; write an edge of the provider: dublin, frankfurt, singapore, or ""`),
		one("the provider's REST elsewhere", "api_url: https://api.twilio.com", "api_url: ^api.twilio.com", "api_url is not the address of a web server"+like),
		one("webhooks without a port", "webhooks: 127.0.0.1:8080", "webhooks: ^127.0.0.1",
			`webhooks is "127.0.0.1", which is not an address to listen on; write host:port, such as 127.0.0.1:8080`),
		one("a port that does not exist", "webhooks: 127.0.0.1:8080", "webhooks: ^127.0.0.1:808080",
			`webhooks is "127.0.0.1:808080", which is not an address to listen on; write host:port, such as 127.0.0.1:8080`),
		one("webhooks for all the world", "webhooks: 127.0.0.1:8080", "webhooks: :8080"),
		one("a console for all the world", "console: 127.0.0.1:8081", "console: ^0.0.0.0:8081",
			`console is "0.0.0.0:8081", which can be reached from outside: the console is for ops only; `+
				"write a loopback or private address, such as 127.0.0.1:8081"),
		one("a console under a public name", "console: 127.0.0.1:8081", "console: ^ops.example.com:8081",
			`console is "ops.example.com:8081", which can be reached from outside: the console is for ops only; `+
				"write a loopback or private address, such as 127.0.0.1:8081"),
		one("a console on a private network", "console: 127.0.0.1:8081", "console: 10.1.2.3:8081"),
		one("a console in a container's network", "console: 127.0.0.1:8081", "console: supportline:8081"),
		one("one port for both", "console: 127.0.0.1:8081", "console: ^127.0.0.1:8080",
			"listen has 127.0.0.1:8080 for webhooks and 127.0.0.1:8080 for the console, and only one can have the port; write two different ports"),
		{
			"one port of all addresses",
			[]string{"webhooks: 127.0.0.1:8080", "webhooks: :8081", "console: 127.0.0.1:8081", "console: ^127.0.0.1:8081"},
			[]string{"listen has :8081 for webhooks and 127.0.0.1:8081 for the console, and only one can have the port; write two different ports"},
		},
		one("metrics on a private network", `metrics: "" `, "metrics: 10.1.2.3:8082 "),
		one("metrics for all the world", `metrics: "" `, "metrics: ^0.0.0.0:8082 ",
			`metrics is "0.0.0.0:8082", which can be reached from outside: health and metrics are for your own programs only; `+
				"write a loopback or private address, such as 127.0.0.1:8082"),
		one("metrics on the console's port", `metrics: "" `, "metrics: ^127.0.0.1:8081 ",
			"metrics is 127.0.0.1:8081, and listen has 127.0.0.1:8081 already; write another port"),
	})
}

func TestAccountIsCheckedAndNeverShown(t *testing.T) {
	const key = "SK00112233445566778899aabbccddeeff"
	for _, row := range []struct {
		name string
		env  []string
		want []string
	}{
		{"an account and a token", nil, []string{}},
		{"a key and its secret", []string{"TWILIO_API_KEY", key, "TWILIO_API_SECRET", "hush"}, []string{}},
		{"an SID of something else", []string{"TWILIO_ACCOUNT_SID", key}, []string{
			"supportline.yaml:24:16: account_sid (environment variable TWILIO_ACCOUNT_SID) is a SID (SK...), which only names an API key; write AC and 32 hexadecimal digits, as the provider's console shows it",
		}},
		{"an empty token", []string{"TWILIO_AUTH_TOKEN", ""}, []string{
			"supportline.yaml:25:15: auth_token (environment variable TWILIO_AUTH_TOKEN) is empty; set the variable to the account's auth token, without spaces",
		}},
		{"a token with a line end", []string{"TWILIO_AUTH_TOKEN", "12345\n"}, []string{
			"supportline.yaml:25:15: auth_token (environment variable TWILIO_AUTH_TOKEN) has a line end in it; write the value alone; a file with Windows line ends leaves one after each value",
		}},
		{"a key without its secret", []string{"TWILIO_API_KEY", key}, []string{
			"supportline.yaml:28:15: twilio has only one of api_key and api_secret; write both, or neither",
		}},
		{"a secret without its key", []string{"TWILIO_API_SECRET", "hush"}, []string{
			"supportline.yaml:27:12: twilio has only one of api_key and api_secret; write both, or neither",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, got := parse(string(config.Example()), env(row.env...), config.Options{})
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
