package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/phone"
)

// outboundLegs holds where a script's figures differ with outbound legs: they begin to ring with the words that the caller is put through, not after them.
var outboundLegs = map[string][2]string{
	"hunt-still-trying-between-rounds.call": {"log wait_seconds 59", "log wait_seconds 53"},
}

// TestCallScripts: every call of testdata/calls goes as it is written, on the shipped configuration. Acceptance by key, hunting, hang-up and talk
// time are the same with dialled and with outbound legs.
func TestCallScripts(t *testing.T) {
	files, err := demo.ScriptsIn("../../testdata/calls")
	if err != nil {
		t.Fatal(err)
	}
	shipped := config.Example()
	announcing := bytes.Replace(shipped, []byte("\nnotice: notify "), []byte("\nnotice: whisper "), 1)
	if bytes.Equal(shipped, announcing) {
		t.Fatal("the shipped configuration has no notice: notify to change")
	}
	for _, file := range files {
		name := filepath.Base(file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { playsAsWritten(t, file, text, shipped) })
		if other := outboundLegs[name]; other[0] != "" {
			text = bytes.Replace(text, []byte(other[0]), []byte(other[1]), 1)
		}
		t.Run(name+" outbound legs", func(t *testing.T) { playsAsWritten(t, file, text, announcing) })
	}
}

// TestScriptsNeverAskTheRESTAddress: calls of a script are placed in the script's own account, whatever address the configuration has, one with a path
// as the demo's included.
func TestScriptsNeverAskTheRESTAddress(t *testing.T) {
	asked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("a script asked %s %s", r.Method, r.URL)
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(asked.Close)
	file := "../../testdata/calls/whisper-at-the-call-limit.call"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("a demo's configuration", func(t *testing.T) { // its address has a path at the console
		playsAsWritten(t, file, text, config.Demo("127.0.0.1:1", asked.Listener.Addr().String()))
	})
	for _, address := range []string{asked.URL, asked.URL + "/provider", asked.URL + "/a/b/"} {
		t.Run(address, func(t *testing.T) {
			twilio := []byte("with twilio.api_url: " + address + "\nwith twilio.edge: dublin\nwith twilio.region: ie1\n")
			playsAsWritten(t, file, append(twilio, text...), config.Example())
		})
	}
}

func playsAsWritten(t *testing.T, file string, text, configuration []byte) {
	t.Parallel()
	base := demo.Script{Name: "supportline.example.yaml", Text: configuration, Env: func(string) (string, bool) { return "", false }}
	script, err := phone.Parse(file, text)
	if err != nil {
		t.Fatal(err)
	}
	events, err := phone.Play(t.Context(), script, base.Opener(filepath.Dir(file)))
	if err != nil {
		for _, e := range events {
			t.Log(e.At.Format("15:04:05"), e.Who, e.Did, e.Text)
		}
		t.Error(err)
	}
}

// smallest matches the configuration that the manual calls the smallest.
var smallest = regexp.MustCompile("(?s)## The smallest configuration.*?```yaml\n(.*?)```")

// TestTheSmallestConfigurationOfTheManualTakesACall: it is right, and a call on it reaches the only team, whatever the reason.
func TestTheSmallestConfigurationOfTheManualTakesACall(t *testing.T) {
	manual, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	found := smallest.FindSubmatch(manual)
	if found == nil {
		t.Fatal("the manual has no smallest configuration")
	}
	env := func(name string) (string, bool) {
		value, set := map[string]string{"TWILIO_ACCOUNT_SID": "AC" + strings.Repeat("0", 32), "TWILIO_AUTH_TOKEN": strings.Repeat("0", 32)}[name]
		return value, set
	}
	conf, problems := config.Parse("supportline.yaml", found[1], env, config.Options{})
	for _, p := range problems {
		t.Error(p)
	}
	folder := t.TempDir()
	customers := []byte("number,name,package,line,account_holder,email,phone,caller_numbers\n204518,Northwind Flex Offices,Ultimate,+18883071053,,,,\n")
	if err := os.WriteFile(filepath.Join(folder, "customers.csv"), customers, 0o600); err != nil {
		t.Fatal(err)
	}
	const call = "customers customers.csv\nclock 2026-11-24T10:00 America/New_York\nspecialist +15550100003 accepts after 8s\ndial %s from +12125550142\n" +
		"hear \"customer number\"\npress 204518\nhear \"press\"\npress %s\ntalk 1m\nhang up\nlog outcome served\nlog specialist +15550100003\n"
	for _, key := range []string{"1", "2", "5"} {
		t.Run(key, func(t *testing.T) {
			playsAsWritten(t, filepath.Join(folder, "smallest.call"), fmt.Appendf(nil, call, conf.Settings.Lines[0].Number.Full(), key), found[1])
		})
	}
}
