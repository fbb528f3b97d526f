package config

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/notices"
)

//go:embed supportline.example.yaml
var example []byte

//go:embed customers.example.csv
var exampleCustomers []byte

// Example returns the configuration that is shipped, supportline.example.yaml. It refers to TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, and without
// them it passes the check offline only.
func Example() []byte { return bytes.Clone(example) }

// ExampleCustomers returns the directory that is shipped, customers.example.csv.
func ExampleCustomers() []byte { return bytes.Clone(exampleCustomers) }

// DemoAccount is the path on the console's address at which a demo plays the provider's REST API.
const DemoAccount = "/demo/twilio"

// DemoChat and DemoPager are the paths on the console's address at which a demo plays Slack's and PagerDuty's APIs.
const (
	DemoChat  = "/demo/slack"
	DemoPager = "/demo/pagerduty"
)

// ofDemo returns channels as a demo has them: chat and pager are played at its console's address.
func ofDemo(c Config) []notices.Channel {
	base, is := strings.CutSuffix(c.Twilio.APIURL, DemoAccount)
	if !is {
		return c.Notices.Named
	}
	named := slices.Clone(c.Notices.Named)
	for i, channel := range named {
		switch channel := channel.(type) {
		case notices.Slack:
			channel.API = base + DemoChat
			named[i] = channel
		case notices.PagerDuty:
			channel.API = base + DemoPager
			named[i] = channel
		}
	}
	return named
}

// Demo returns a configuration for trying things on this machine: the shipped example with an account of its own, whose SID and token are random,
// with two loopback addresses (host:port) to listen on, and with critical calls connected day and night. Written to a file, it passes the check
// without any environment, and its store and its recordings are in the folder of the file.
func Demo(webhooks, console string) []byte {
	text := "# Made by `supportline demo`: an account that exists on this machine alone. Change what you like and start the demo again.\n\n" +
		string(example)
	for _, r := range []struct{ key, value string }{
		{"public_url", "http://" + webhooks},
		{"  webhooks", webhooks},
		{"  console", console},
		{"store", "bolt:supportline.db"},
		{"  account_sid", "AC" + random()},
		{"  auth_token", random()},
		{"  next_auth_token", `""`},
		{"  api_key", `""`},
		{"  api_secret", `""`},
		{"  api_url", "http://" + console + DemoAccount},
		{"after_hours", "{ default: voicemail, critical: connect }"},
		{"retention", "11y"}, // a log that is made up can go back ten years
	} {
		line := regexp.MustCompile(`(?m)^` + r.key + `: .*?( +#|$)`)
		text = line.ReplaceAllStringFunc(text, func(old string) string {
			said, comment := strings.CutSuffix(old, " #")
			if !comment {
				return r.key + ": " + r.value
			}
			return fmt.Sprintf("%-*s #", len(said), r.key+": "+r.value) // comments stay in their column
		})
	}
	return []byte(text + demoRecordings)
}

const demoRecordings = "\nrecordings: { keep: \"folder:recordings\" }\n"

// random returns 32 hexadecimal digits that nobody can guess.
func random() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it would end the program instead
	return hex.EncodeToString(b[:])
}
