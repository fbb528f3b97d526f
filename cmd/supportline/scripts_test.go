package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/demo"
	"github.com/officernd/supportline/cmd/supportline/phone"
)

// beside is what a script finds otherwise where specialists are rung beside the call: there the ringing begins with "Connecting you now", not
// after it.
var beside = map[string][2]string{
	"hunt-still-trying-between-rounds.call": {"log wait_seconds 58", "log wait_seconds 53"},
}

// Every call of testdata/calls goes as it is written, on the shipped configuration: acceptance by key, hunting, hang-up and talk time are the
// same whether specialists are rung on the call or beside it.
func TestCallScripts(t *testing.T) {
	files, err := scriptsIn("../../testdata/calls")
	if err != nil {
		t.Fatal(err)
	}
	shipped := config.Example()
	whisper := bytes.Replace(shipped, []byte("\nnotice: notify "), []byte("\nnotice: whisper "), 1)
	if bytes.Equal(shipped, whisper) {
		t.Fatal("the shipped configuration has no notice: notify to change")
	}
	for _, file := range files {
		name := filepath.Base(file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { playsAsWritten(t, file, text, shipped) })
		if other := beside[name]; other[0] != "" {
			text = bytes.Replace(text, []byte(other[0]), []byte(other[1]), 1)
		}
		t.Run(name+" beside the call", func(t *testing.T) { playsAsWritten(t, file, text, whisper) })
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
