package config_test

import (
	"fmt"
	"strings"
	"testing"
	_ "time/tzdata"

	"github.com/officernd/supportline/cmd/supportline/config"
)

const name = "supportline.yaml"

// env returns an environment with the account of the tests, and the pairs given.
func env(pairs ...string) func(string) (string, bool) {
	set := map[string]string{
		"TWILIO_ACCOUNT_SID": "AC00112233445566778899aabbccddeeff",
		"TWILIO_AUTH_TOKEN":  "00112233445566778899aabbccddeeff",
	}
	for i := 0; i < len(pairs); i += 2 {
		set[pairs[i]] = pairs[i+1]
	}
	return func(key string) (string, bool) {
		value, ok := set[key]
		return value, ok
	}
}

func nothing(string) (string, bool) { return "", false }

// changed returns the shipped example with each first text of the pairs replaced by the second.
func changed(t testing.TB, pairs ...string) string {
	t.Helper()
	text := string(config.Example())
	for i := 0; i < len(pairs); i += 2 {
		if n := strings.Count(text, pairs[i]); n != 1 {
			t.Fatalf("%q is %d times in the example", pairs[i], n)
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// marked removes the carets from a text and returns the place of each as "supportline.yaml:line:column: ".
func marked(text string) (clean string, places []string) {
	for {
		before, after, found := strings.Cut(text, "^")
		if !found {
			return text, places
		}
		line := strings.Count(before, "\n") + 1
		column := len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1
		places = append(places, fmt.Sprintf("%s:%d:%d: ", name, line, column))
		text = before + after
	}
}

func problemLines(problems []config.Problem) []string {
	lines := []string{}
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return lines
}

func parse(text string, lookup func(string) (string, bool), o config.Options) (config.Config, []string) {
	c, problems := config.Parse(name, []byte(text), lookup, o)
	return c, problemLines(problems)
}
