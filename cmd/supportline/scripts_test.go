package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/phone"
)

// Every call of testdata/calls goes as it is written, on the shipped configuration.
func TestCallScripts(t *testing.T) {
	files, err := scriptsIn("../../testdata/calls")
	if err != nil {
		t.Fatal(err)
	}
	base := scriptConfig{name: "supportline.example.yaml", text: config.Example(), env: func(string) (string, bool) { return "", false }}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			script, err := phone.Parse(file, text)
			if err != nil {
				t.Fatal(err)
			}
			events, err := phone.Play(t.Context(), script, base.opener(filepath.Dir(file)))
			if err != nil {
				for _, e := range events {
					t.Log(e.At.Format("15:04:05"), e.Who, e.Did, e.Text)
				}
				t.Error(err)
			}
		})
	}
}
